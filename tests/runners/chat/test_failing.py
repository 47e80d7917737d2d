"""What passes is asked again, what asks to wait is waited for, and nothing waits for ever."""

from __future__ import annotations

import email.utils
import resource
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from results.records import Usage
from runners.models.chat import ChatError, FailureKind, Message, open_chat
from runners.models.chat.failures import seconds_asked_for, seconds_to_wait
from tests.runners.chat.opening import KEY, QUESTION, client_of, settings_of
from tests.support.chat_server import (
    Answer,
    ChatServer,
    cut_body,
    drips,
    fails,
    floods,
    is_silent,
    page,
    resets,
    says,
    slowly,
    truncated_json,
)

PRICES = {"m": {"input": 1.0, "output": 1.0}}


@pytest.mark.parametrize(
    ("failing", "cost_is_known"),
    [
        (fails(500), True),
        (fails(503, "overloaded"), True),
        (fails(529), True),
        (fails(429, "slow down"), True),
        (fails(408), True),
        (page(502), True),
        (truncated_json(), False),
        (cut_body(), False),
        (resets(), False),
        (Answer(b"[]"), False),
        (Answer(b'{"choices": []}'), False),
    ],
)
def test_what_passes_is_asked_again_and_every_call_is_counted(
    chat_server: ChatServer, failing: Answer, cost_is_known: bool
) -> None:
    chat_server.queue(failing, failing, says("at last", tokens=(10, 5)))
    client = client_of(chat_server, prices=PRICES)
    reply = client.complete(QUESTION)
    assert (reply.text, reply.usage.calls, chat_server.calls) == ("at last", 3, 3)
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (10, 5)
    # An endpoint that answered with an error did no work; one that broke off may have.
    assert (reply.usage.cost is not None) == cost_is_known
    assert client.usage == reply.usage


def test_tokens_of_an_answer_that_cannot_be_used_are_counted(chat_server: ChatServer) -> None:
    empty = b'{"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 2}}'
    chat_server.queue(Answer(empty), says("yes", tokens=(7, 1)))
    usage = client_of(chat_server, prices=PRICES).complete(QUESTION).usage
    assert usage == Usage(calls=2, input_tokens=14, output_tokens=3, cost=17e-6)


def test_tries_end_and_the_error_says_what_they_took(chat_server: ChatServer) -> None:
    chat_server.rule = lambda asked: fails(500, "the disk is full")
    with pytest.raises(
        ChatError, match=r"\(status 500\) after 3 calls: the disk is full"
    ) as caught:
        client_of(chat_server, retries=2).complete(QUESTION)
    assert (chat_server.calls, caught.value.usage.calls) == (3, 3)
    assert caught.value.failure.kind is FailureKind.SERVER_FAULT


def test_an_address_where_nobody_listens_is_named(chat_server: ChatServer) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
    settings = settings_of(retries=1)
    client = open_chat("openai:m", settings=settings, environment={"OPENAI_BASE_URL": address})
    with pytest.raises(ChatError, match=f"{address} cannot be reached.*check OPENAI_BASE_URL"):
        client.complete(QUESTION)


@pytest.mark.parametrize("seconds", [1, 1.3])
def test_retry_after_in_seconds_is_waited_for(chat_server: ChatServer, seconds: float) -> None:
    chat_server.queue(fails(429, retry_after=seconds), says("yes"))
    assert client_of(chat_server).complete(QUESTION).text == "yes"
    first, second = chat_server.requests
    assert seconds <= second.at - first.at < seconds + 1


def test_retry_after_as_a_date_is_waited_for(chat_server: ChatServer) -> None:
    until = int(time.time()) + 2
    date = email.utils.formatdate(until, usegmt=True)
    chat_server.queue(fails(503, retry_after=date), says("yes"))
    client_of(chat_server).complete(QUESTION)
    assert until <= time.time() < until + 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "-5"}, 0.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_where_it_can_be(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert seconds_asked_for(headers) == seconds


def test_backoff_doubles_with_jitter_up_to_its_limit() -> None:
    for retry, longest in ((0, 1.0), (1, 2.0), (3, 8.0), (4, 10.0), (1000, 10.0)):
        waits = {seconds_to_wait(retry, 1.0, 10.0) for _ in range(200)}
        assert longest / 2 <= min(waits) < max(waits) <= longest
        assert len(waits) > 100


def test_coming_back_when_asked_to_uses_up_no_try(chat_server: ChatServer) -> None:
    chat_server.queue(*[fails(429, retry_after=0.1)] * 6, says("yes"))
    assert client_of(chat_server, retries=1).complete(QUESTION).usage.calls == 7


def test_an_endpoint_that_asks_to_wait_too_long_is_not_waited_for(chat_server: ChatServer) -> None:
    chat_server.rule = lambda asked: fails(429, "come back tomorrow", retry_after=86400)
    began = time.monotonic()
    with pytest.raises(ChatError, match="asks to wait 86400 s"):
        client_of(chat_server).complete(QUESTION)
    assert time.monotonic() - began < 2 and chat_server.calls == 1


def test_a_question_is_given_up_in_time_however_often_it_could_be_asked(
    chat_server: ChatServer,
) -> None:
    chat_server.rule = lambda asked: fails(429, retry_after=0.2)
    began = time.monotonic()
    with pytest.raises(ChatError, match="is rate limited"):
        client_of(chat_server, give_up_seconds=1.0).complete(QUESTION)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    "hanging", [is_silent(), slowly(says("late"), 30), drips(0.1)], ids=["silent", "slow", "drips"]
)
def test_an_answer_that_does_not_come_whole_in_time_is_a_timeout(
    chat_server: ChatServer, hanging: Answer
) -> None:
    chat_server.rule = lambda asked: hanging
    began = time.monotonic()
    with pytest.raises(
        ChatError, match=r"did not answer in time after 2 calls: 0\.5 sec"
    ) as caught:
        client_of(chat_server, timeout_seconds=0.5, retries=1).complete(QUESTION)
    assert time.monotonic() - began < 3
    assert caught.value.failure.kind is FailureKind.TIMEOUT
    assert caught.value.usage == Usage(calls=2, cost=None)


def test_headers_that_drip_in_byte_by_byte_are_a_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        is_over = threading.Event()

        def drip() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
                while not is_over.wait(0.05):
                    connection.sendall(b"a")

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        settings = settings_of(timeout_seconds=0.5, retries=0)
        client = open_chat("openai:m", settings=settings, environment={"OPENAI_BASE_URL": address})
        began = time.monotonic()
        try:
            with pytest.raises(ChatError, match="did not answer in time"):
                client.complete(QUESTION)
            assert time.monotonic() - began < 2
        finally:
            is_over.set()
            thread.join(5)


@pytest.mark.parametrize("status", [200, 500])
def test_half_a_gigabyte_of_answer_is_neither_read_nor_held(
    chat_server: ChatServer, status: int
) -> None:
    chat_server.rule = lambda asked: floods(500 << 20, status)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ChatError):
        client_of(chat_server, retries=0, timeout_seconds=60).complete(QUESTION)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown < 150  # MiB; the client reads 32 of them and Python copies them once
    assert chat_server.bytes_out < 100 << 20


def test_many_threads_share_the_limit_and_lose_no_reply(chat_server: ChatServer) -> None:
    chat_server.rule = lambda asked: slowly(says(asked.last.upper(), tokens=(3, 1)), 0.01)
    client = client_of(chat_server, max_concurrent=3, give_up_seconds=60)
    other = client_of(chat_server, model="other", max_concurrent=3, give_up_seconds=60)

    def ask(number: int) -> str:
        chosen = client if number % 2 else other
        return chosen.complete([Message("user", f"question {number}")]).text

    with ThreadPoolExecutor(32) as pool:
        replies = list(pool.map(ask, range(96)))
    assert replies == [f"QUESTION {number}" for number in range(96)]
    assert chat_server.most_at_once == 3
    total = client.usage + other.usage
    assert (total.calls, total.input_tokens, total.output_tokens) == (96, 288, 96)


def test_a_pause_that_the_endpoint_asks_for_holds_every_thread(chat_server: ChatServer) -> None:
    chat_server.queue(fails(429, retry_after=1))
    client = client_of(chat_server, max_concurrent=1)
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: client.complete(QUESTION).text, range(8)))
    assert replies == ["ok"] * 8
    first, second, *_ = sorted(asked.at for asked in chat_server.requests)
    assert second - first >= 1
    assert chat_server.calls == 9


def test_threads_under_a_storm_of_failures_all_get_their_answer(chat_server: ChatServer) -> None:
    failures = [fails(500), resets(), truncated_json(), fails(429, retry_after=0.05), cut_body()]

    def rule(number: int) -> Answer:
        return failures[number % 15] if number % 15 < len(failures) else says("ok")

    chat_server.rule = lambda asked: rule(asked.number)
    client = client_of(chat_server, retries=30, max_concurrent=16, longest_wait_seconds=0.05)
    with ThreadPoolExecutor(32) as pool:
        replies = list(pool.map(lambda _: client.complete(QUESTION), range(100)))
    assert {reply.text for reply in replies} == {"ok"}
    assert sum(reply.usage.calls for reply in replies) == chat_server.calls == client.usage.calls


@pytest.mark.parametrize(
    "waiting",
    [
        lambda server: setattr(server, "rule", lambda asked: is_silent()),
        lambda server: setattr(server, "rule", lambda asked: fails(429, retry_after=3)),
    ],
    ids=["for an answer", "for a retry"],
)
def test_stopping_ends_all_waiting_at_once(
    chat_server: ChatServer, waiting: Callable[[ChatServer], None]
) -> None:
    waiting(chat_server)
    stop = threading.Event()
    client = client_of(chat_server, stop=stop, timeout_seconds=60, max_concurrent=2)
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(client.complete, QUESTION) for _ in range(4)]
        while chat_server.calls < 2:
            time.sleep(0.01)
        stopped = time.monotonic()
        stop.set()
        for future in asked:
            with pytest.raises(ChatError, match="the run was stopped") as caught:
                future.result(5)
            assert caught.value.failure.kind is FailureKind.STOPPED
    assert time.monotonic() - stopped < 1
    calls = chat_server.calls
    with pytest.raises(ChatError, match="the run was stopped"):
        client.complete(QUESTION)
    assert chat_server.calls == calls


def test_a_key_that_the_endpoint_echoes_is_in_no_error(chat_server: ChatServer) -> None:
    chat_server.rule = lambda asked: fails(401, f"Incorrect key {asked.headers['authorization']}")
    with pytest.raises(ChatError, match="refused the key") as caught:
        client_of(chat_server).complete(QUESTION)
    chain = [caught.value, caught.value.__cause__, caught.value.__context__]
    assert not any(KEY in f"{error} {error!r} {vars(error)}" for error in chain if error)
