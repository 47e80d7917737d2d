"""Embeddings come from the endpoint in the order of the texts, or as one clear error."""

from __future__ import annotations

import json
from typing import Any

import pytest

from results.errors import ModelError
from runners.models.chat.embedding import open_embedding
from tests.support.chat_server import Answer, Asked, ChatServer, fails

KEY = "sk-loopback-0123456789abcdef"


def environment(server: ChatServer) -> dict[str, str]:
    return {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": KEY}


def embeds(asked: Asked) -> Answer:
    """The length of each text as its vector, sent in the wrong order."""
    texts: list[Any] = asked.body["input"]
    data = [
        {"object": "embedding", "index": n, "embedding": [float(len(text)), 1.0]}
        for n, text in enumerate(texts)
    ]
    usage = {"prompt_tokens": 1, "total_tokens": 1}
    body = {"object": "list", "model": "e", "data": data[::-1], "usage": usage}
    return Answer(json.dumps(body).encode())


def test_vectors_stand_in_the_order_of_the_texts(chat_server: ChatServer) -> None:
    chat_server.rule = embeds
    embed = open_embedding("e", environment(chat_server))
    assert embed(["a", "four"]) == [[1.0, 1.0], [4.0, 1.0]]
    assert chat_server.requests[0].path.endswith("/embeddings")
    assert chat_server.requests[0].body["model"] == "e"


def test_an_endpoint_without_embeddings_is_an_error_that_shows_no_key(
    chat_server: ChatServer,
) -> None:
    chat_server.rule = lambda asked: fails(404, f"no such route for {KEY}")
    with pytest.raises(ModelError, match="gave no vectors") as caught:
        open_embedding("e", environment(chat_server))(["a"])
    assert KEY not in str(caught.value)


def test_search_ranks_by_bm25_when_embeddings_fail(chat_server: ChatServer, tmp_path: Any) -> None:
    from judge.inspection import Inspection
    from judge.modules.search import Search
    from judge.workspace import Workspace

    (tmp_path / "a.txt").write_text("cats and dogs\n")
    chat_server.rule = lambda asked: fails(404)
    search = Search(
        Inspection(Workspace.open(tmp_path), None), open_embedding("e", environment(chat_server))
    )
    found = search.ranked("cats")
    assert [hit.path for hit in found.hits] == ["a.txt"]
    assert "without embeddings" in found.left_out
