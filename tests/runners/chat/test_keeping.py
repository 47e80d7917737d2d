"""The reply cache: asks nothing twice, keeps no secret, stays under its size."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from results.errors import InputError
from results.records import Usage
from runners.models.chat import ChatError, Message, ObjectSchema, Tool, open_cache
from runners.models.chat.cache import ReplyCache, cache_key
from tests.runners.chat.opening import KEY, QUESTION, client_of, settings_of
from tests.support.chat_server import Answer, Asked, ChatServer, calls_tools, fails, says

LOOK = Tool("look", "Looks.", {"type": "object"})


def written_under(folder: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_the_same_question_is_asked_once_and_the_reply_kept_costs_nothing(
    chat_server: ChatServer, tmp_path: Path
) -> None:
    chat_server.rule = lambda asked: calls_tools(("look", '{"broken'), text="ä 😀", model="real-1")
    first = client_of(chat_server, tmp_path).complete(QUESTION, tools=[LOOK])
    again = client_of(chat_server, tmp_path).complete(QUESTION, tools=[LOOK])
    assert chat_server.calls == 1
    assert (again.text, again.tool_calls, again.finish_reason, again.model) == (
        first.text,
        first.tool_calls,
        first.finish_reason,
        first.model,
    )
    assert (again.is_cached, again.usage) == (True, Usage())


@pytest.mark.parametrize(
    "other",
    [
        {"messages": [Message("user", "Is it done? ")]},
        {"messages": [Message("system", "Is it done?")]},
        {"sample": 1},
        {"temperature": 0.5},
        {"max_output_tokens": 5},
        {"tools": [LOOK]},
        {"schema": ObjectSchema("verdict", {"type": "object"})},
    ],
)
def test_another_question_has_another_reply(
    chat_server: ChatServer, tmp_path: Path, other: dict[str, Any]
) -> None:
    chat_server.rule = lambda asked: says(f"reply {asked.number}")
    client = client_of(chat_server, tmp_path)
    assert client.complete(QUESTION).text == "reply 1"
    assert client.complete(**{"messages": QUESTION, **other}).text == "reply 2"
    assert client_of(chat_server, tmp_path, model="n").complete(QUESTION).text == "reply 3"
    assert client.complete(QUESTION).text == "reply 1"


def test_another_endpoint_has_replies_of_its_own(tmp_path: Path) -> None:
    for words in ("one", "two"):
        with ChatServer() as server:
            server.queue(says(words))
            assert client_of(server, tmp_path).complete(QUESTION).text == words


def test_a_volatile_word_is_no_other_question_and_comes_back_as_it_is_now(
    chat_server: ChatServer, tmp_path: Path
) -> None:
    chat_server.rule = lambda asked: says(f"the fence is {asked.text.split()[-1]}")
    client = client_of(chat_server, tmp_path)
    for nonce in ("7f3a9c", "b81d02"):
        messages = [Message("user", f"fence {nonce}")]
        assert client.complete(messages, volatile={"nonce": nonce}).text == f"the fence is {nonce}"
    assert chat_server.calls == 1
    assert client.complete([Message("user", "fence b81d02")]).text == "the fence is b81d02"
    assert chat_server.calls == 2


def test_a_reply_that_is_forgotten_is_asked_for_again(
    chat_server: ChatServer, tmp_path: Path
) -> None:
    client = client_of(chat_server, tmp_path)
    client.forget(client.complete(QUESTION))
    assert not client.complete(QUESTION).is_cached


def test_failures_are_not_kept(chat_server: ChatServer, tmp_path: Path) -> None:
    chat_server.queue(fails(400, "no"))
    client = client_of(chat_server, tmp_path)
    with pytest.raises(ChatError):
        client.complete(QUESTION)
    assert client.complete(QUESTION).text == "ok"


@pytest.mark.parametrize("damage", [b"", b"{", b"[1]", b'{"format": 1}', b"\xff\xfe"])
def test_a_damaged_entry_is_asked_for_again(
    chat_server: ChatServer, tmp_path: Path, damage: bytes
) -> None:
    client = client_of(chat_server, tmp_path)
    client.complete(QUESTION)
    (entry,) = tmp_path.rglob("*.json")
    entry.write_bytes(damage)
    assert not client.complete(QUESTION).is_cached
    assert client.complete(QUESTION).is_cached


def test_an_entry_under_another_name_is_not_taken_for_its_reply(tmp_path: Path) -> None:
    cache = ReplyCache(tmp_path, 1 << 20)
    mine, other = cache_key({"a": 1}), cache_key({"a": 2})
    cache.put(mine, {"text": "mine"})
    (tmp_path / other[:2]).mkdir(exist_ok=True)
    (tmp_path / mine[:2] / f"{mine}.json").rename(tmp_path / other[:2] / f"{other}.json")
    assert cache.get(other) is None


def test_the_oldest_replies_leave_when_the_folder_is_full(tmp_path: Path) -> None:
    limit = 20_000
    cache = ReplyCache(tmp_path, limit)
    keys = [cache_key({"n": n}) for n in range(100)]
    for key in keys:
        cache.put(key, {"text": "x" * 1000})
        assert cache.size() <= limit
    kept = [key for key in keys if cache.get(key) is not None]
    assert kept == keys[-len(kept) :] and len(kept) >= 10
    cache.put(cache_key({}), {"text": "x" * limit})
    assert cache.get(cache_key({})) is None and cache.get(keys[-1]) is not None


def test_purging_drops_replies_and_nothing_else(tmp_path: Path) -> None:
    cache = ReplyCache(tmp_path, 1 << 20)
    for n in range(3):
        cache.put(cache_key({"n": n}), {"text": "x"})
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "ab").mkdir(exist_ok=True)
    (tmp_path / "ab" / "other.json").write_text("mine")
    assert cache.purge() == 3
    assert cache.size() == 0
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {
        "notes.txt",
        "other.json",
    }


def test_many_threads_write_and_read_one_folder(tmp_path: Path) -> None:
    cache = ReplyCache(tmp_path, 50_000)
    damaged = threading.Event()

    def use(number: int) -> None:
        key = cache_key({"n": number % 50})
        cache.put(key, {"text": str(number % 50) * 200})
        found = cache.get(key)
        if found is not None and found["text"] != str(number % 50) * 200:
            damaged.set()

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(use, range(600)))
    assert not damaged.is_set()
    assert 0 < cache.size() <= 50_000
    assert not list(tmp_path.rglob("*.part"))


def test_a_folder_that_cannot_be_made_is_an_error_and_a_full_disk_is_none(
    chat_server: ChatServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="JUDGE_CACHE_DIR"):
        open_cache(settings_of(tmp_path / "file" / "cache"))
    client = client_of(chat_server, tmp_path / "cache")
    (tmp_path / "cache").rmdir()
    (tmp_path / "cache").write_text("in the way")
    assert client.complete(QUESTION).text == "ok"
    assert "could not be kept" in caplog.text


def echo(asked: Asked) -> Answer:
    """A server that leaks the key wherever it can."""
    key = asked.headers["authorization"].removeprefix("Bearer ")
    if asked.number == 1:
        return fails(500, f"the key {key} made me fall")
    if asked.turn == 1:
        arguments = {"path": key}
        return calls_tools(("look", arguments), text=f"your key is {key}", model=f"m-{key}")
    return fails(400, f"Authorization: Bearer {key} is wrong")


def test_the_key_is_in_no_file_log_reply_or_error(
    chat_server: ChatServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    chat_server.rule = echo
    client = client_of(chat_server, tmp_path)
    reply = client.complete(QUESTION, tools=[LOOK])
    assert "your key is [hidden]" in reply.text
    with pytest.raises(ChatError) as caught:
        client.complete([*QUESTION, reply.message, *QUESTION])
    shown = [repr(reply), repr(client), repr(client.settings), repr(vars(client))]
    shown += [str(caught.value), repr(caught.value), repr(caught.value.failure), caplog.text]
    assert chat_server.requests[-1].headers["authorization"] == f"Bearer {KEY}"
    assert not any(KEY in text for text in shown)
    assert KEY.encode() not in written_under(tmp_path)


def test_a_reply_with_a_short_key_is_left_as_it_is_and_not_kept(
    chat_server: ChatServer, tmp_path: Path
) -> None:
    chat_server.rule = lambda asked: says("it runs on ollama")
    client = client_of(chat_server, tmp_path, key="ollama")
    assert client.complete(QUESTION).text == "it runs on ollama"
    assert b"ollama" not in written_under(tmp_path)


def test_no_cache_is_written_where_its_size_is_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    assert open_cache(settings_of(folder, cache_max_mb=0)) is None
    assert not folder.exists()
