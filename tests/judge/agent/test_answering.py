"""A free question gets an answer whose citations hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from judge.judges.agent.answering import answer
from results.errors import ModelError
from tests.judge.agent.conftest import Judges, case_of, quote
from tests.support.chat_server import ChatServer, calls_tools, says


def test_an_answer_comes_with_checked_citations(
    judges: Judges, folder: Path, chat_server: ChatServer
) -> None:
    said = {"answer": "It fits an SVC.", "citations": [quote("model.fit(x, y)", 6)]}
    chat_server.queue(
        calls_tools(("search", {"query": "fit", "how": "exact"})),
        calls_tools(("submit_answer", said)),
    )
    found = answer(judges().chat, case_of(folder).inspection, "Which model is trained?")
    assert found.answer == "It fits an SVC."
    assert len(found.evidence) == 1
    assert found.dropped == ()
    assert found.usage.calls == 2
    assert "Which model is trained?" in chat_server.requests[0].text


def test_a_citation_that_does_not_hold_goes_back_once_and_is_dropped(
    judges: Judges, folder: Path, chat_server: ChatServer
) -> None:
    said = {"answer": "It is saved.", "citations": [quote("joblib.dump(model)", 7)]}
    chat_server.queue(*[calls_tools(("submit_answer", said))] * 2)
    found = answer(judges().chat, case_of(folder).inspection, "Is it saved?")
    assert found.evidence == ()
    assert len(found.dropped) == 1
    assert "Not accepted" in chat_server.requests[1].last


def test_a_model_that_gives_no_answer_is_an_error(
    judges: Judges, folder: Path, chat_server: ChatServer
) -> None:
    chat_server.rule = lambda asked: says("I would rather chat.")
    with pytest.raises(ModelError, match="No answer"):
        answer(judges().chat, case_of(folder).inspection, "Is it saved?")
