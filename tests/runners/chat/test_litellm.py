"""litellm: models, against the same server; skipped where the extra is not installed."""

from __future__ import annotations

import importlib.util
import threading
import time
from pathlib import Path

import pytest

from runners.models.chat import ChatClient, ChatError, FailureKind, ObjectSchema, Tool, open_chat
from tests.runners.chat.opening import KEY, QUESTION, settings_of
from tests.support.chat_server import (
    Answer,
    ChatServer,
    calls_tools,
    fails,
    is_silent,
    says,
    truncated_json,
    without,
)

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("litellm") is None, reason="the extra litellm is not installed"
)


def opened(server: ChatServer, cache_dir: Path | None = None, **chat: object) -> ChatClient:
    settings = settings_of(cache_dir, **chat)
    content = settings.model_dump() | {
        "endpoints": {"loop": {"base_url": server.url, "api_key": KEY}}
    }
    settings = type(settings).model_validate(content)
    return open_chat("litellm:openai/some-model@loop", settings=settings, environment={})


def test_a_question_goes_through_litellm_with_its_key_and_usage(chat_server: ChatServer) -> None:
    chat_server.queue(says("yes ✓", tokens=(11, 4), cached=3))
    reply = opened(chat_server).complete(QUESTION, schema=ObjectSchema("v", {"type": "object"}))
    assert reply.text == "yes ✓"
    assert (reply.usage.calls, reply.usage.input_tokens, reply.usage.output_tokens) == (1, 11, 4)
    assert reply.usage.cached_input_tokens == 3
    assert reply.usage.cost is None
    (asked,) = chat_server.requests
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.body["model"] == "some-model"
    assert asked.body["response_format"]["type"] == "json_schema"


def test_tool_calls_come_through(chat_server: ChatServer) -> None:
    chat_server.queue(calls_tools(("look", {"path": "a"}), ("look", '{"broken')))
    tools = [Tool("look", "Looks.", {"type": "object", "properties": {}})]
    calls = opened(chat_server).complete(QUESTION, tools=tools).tool_calls
    assert [(call.name, call.arguments) for call in calls] == [
        ("look", '{"path": "a"}'),
        ("look", '{"broken'),
    ]


def test_what_passes_is_asked_again(chat_server: ChatServer) -> None:
    chat_server.queue(fails(500), fails(429, retry_after=1), truncated_json(), says("at last"))
    reply = opened(chat_server).complete(QUESTION)
    assert (reply.text, reply.usage.calls, chat_server.calls) == ("at last", 4, 4)
    assert chat_server.requests[2].at - chat_server.requests[1].at >= 1


def test_what_an_endpoint_refuses_is_left_out(chat_server: ChatServer) -> None:
    chat_server.rule = without("response_format", lambda asked: says("fine"))
    reply = opened(chat_server).complete(QUESTION, schema=ObjectSchema("v", {"type": "object"}))
    assert reply.text == "fine"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (fails(401, f"bad key {KEY}"), FailureKind.KEY_REFUSED),
        (
            fails(400, "maximum context length is 9", code="context_length_exceeded"),
            FailureKind.TOO_LONG,
        ),
    ],
)
def test_what_does_not_pass_is_told_apart_and_the_key_hidden(
    chat_server: ChatServer, tmp_path: Path, answer: Answer, kind: FailureKind
) -> None:
    chat_server.rule = lambda asked: answer
    with pytest.raises(ChatError) as caught:
        opened(chat_server, tmp_path).complete(QUESTION)
    assert caught.value.failure.kind is kind
    assert chat_server.calls == 1
    assert KEY not in f"{caught.value} {caught.value.failure!r}"


def test_silence_is_a_timeout_and_stopping_ends_it(chat_server: ChatServer) -> None:
    chat_server.rule = lambda asked: is_silent()
    client = opened(chat_server, timeout_seconds=0.5, retries=0)
    with pytest.raises(ChatError, match="did not answer in time"):
        client.complete(QUESTION)
    client = opened(chat_server, timeout_seconds=30)
    began = time.monotonic()
    threading.Timer(0.3, client.stop.set).start()
    with pytest.raises(ChatError, match="the run was stopped"):
        client.complete(QUESTION)
    assert time.monotonic() - began < 3


def test_a_known_model_has_a_price_and_an_unknown_one_has_none() -> None:
    settings = settings_of()
    known = open_chat("litellm:gpt-4o-mini", settings=settings, environment={})
    unknown = open_chat("litellm:nobody/knows-it", settings=settings, environment={})
    assert known.has_price and not unknown.has_price
