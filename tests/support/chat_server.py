"""A scripted OpenAI-compatible server on loopback: a callable turns what was asked into an answer.

    def rule(asked: Asked) -> Answer:
        return calls_tools(("read_file", {"path": "a.py"})) if asked.turn == 1 else says("done")

    server.rule = rule                     # answers whatever the queue does not
    server.queue(fails(429), says("hi"))   # these come first, one a request

A conftest that imports `chat_server` has it as a fixture.
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self

import pytest

Ending = Literal["whole", "cut", "reset", "silent"]
_PATHS = ("/v1/chat/completions", "/v1/completions", "/v1/embeddings")


@dataclass(frozen=True)
class Asked:
    """One request as it came; `at` is the server's monotonic clock, `number` counts from 1."""

    number: int
    at: float
    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]
    size: int

    @property
    def messages(self) -> list[dict[str, Any]]:
        return list(self.body.get("messages", []))

    @property
    def turn(self) -> int:
        """1 before the model said anything, 2 after its first message, and so on."""
        return 1 + len([m for m in self.messages if m["role"] == "assistant"])

    @property
    def text(self) -> str:
        """All text of all messages."""
        return "\n".join(_text_of(message) for message in self.messages)

    @property
    def last(self) -> str:
        """The text of the last message."""
        return _text_of(self.messages[-1])

    @property
    def tool_results(self) -> dict[str, str]:
        """What tools gave, by the id of the call."""
        found = (message for message in self.messages if message["role"] == "tool")
        return {message["tool_call_id"]: _text_of(message) for message in found}


def _text_of(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, list):
        return "\n".join(part.get("text", "") for part in content)
    return content or ""


@dataclass(frozen=True)
class Answer:
    """What goes back, and how: after `delay` seconds, in pieces, ending as `ending` says."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    delay: float = 0.0
    ending: Ending = "whole"
    repeats: int = 1
    seconds_between: float = 0.0


Rule = Callable[[Asked], Answer]


def says(
    text: str | None,
    *,
    finish: str | None = "stop",
    usage: Mapping[str, Any] | None = None,
    tokens: tuple[int, int] | None = (10, 5),
    cached: int | None = None,
    model: str = "scripted",
    **message: Any,
) -> Answer:
    """A reply; `tokens` are prompt and completion, None leaves usage out."""
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text, **message},
        "finish_reason": finish,
    }
    body: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [choice],
    }
    if usage is not None:
        body["usage"] = dict(usage)
    elif tokens is not None:
        asked, answered = tokens
        body["usage"] = {
            "prompt_tokens": asked,
            "completion_tokens": answered,
            "total_tokens": asked + answered,
        }
        if cached is not None:
            body["usage"]["prompt_tokens_details"] = {"cached_tokens": cached}
    return Answer(json.dumps(body, ensure_ascii=False).encode())


def says_object(content: object, **options: Any) -> Answer:
    """A reply whose text is one JSON value."""
    return says(json.dumps(content, ensure_ascii=False), **options)


def calls_tools(*calls: tuple[str, object], text: str | None = None, **options: Any) -> Answer:
    """Tool calls, in parallel; arguments that are a string go as they are, broken or not."""
    wanted = [
        {
            "id": f"call_{name}_{number}",
            "type": "function",
            "function": {
                "name": name,
                "arguments": given if isinstance(given, str) else json.dumps(given),
            },
        }
        for number, (name, given) in enumerate(calls)
    ]
    return says(text, finish="tool_calls", tool_calls=wanted, **options)


def refuses(words: str = "I cannot help with that.") -> Answer:
    """A refusal by the model itself."""
    return says(None, refusal=words)


def filtered() -> Answer:
    """A reply that the endpoint's content filter stopped."""
    return says("", finish="content_filter")


def fails(
    status: int,
    message: str = "it failed",
    *,
    code: str | None = None,
    retry_after: str | float | None = None,
) -> Answer:
    """An error status in OpenAI's form; `retry_after` is seconds or an HTTP date."""
    error = {"message": message, "type": "error", "param": None, "code": code}
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Answer(json.dumps({"error": error}).encode(), status, headers)


def overflows() -> Answer:
    """The refusal of a prompt that is longer than the model's context."""
    return fails(
        400,
        "This model's maximum context length is 4096 tokens. However, you requested 9000.",
        code="context_length_exceeded",
    )


def truncated_json() -> Answer:
    """A whole HTTP answer whose JSON ends in the middle."""
    answer = says("never to be read")
    return replace(answer, body=answer.body[: len(answer.body) // 2])


def cut_body() -> Answer:
    """An HTTP answer that ends before its announced length."""
    return replace(says("never to be read"), ending="cut")


def resets() -> Answer:
    """A connection that is reset before any answer."""
    return Answer(ending="reset")


def is_silent() -> Answer:
    """No answer until the server closes."""
    return Answer(ending="silent")


def page(status: int = 200) -> Answer:
    """An HTML page, as proxies and wrong addresses give."""
    return Answer(b"<html><body>Welcome</body></html>", status, content_type="text/html")


def slowly(answer: Answer, seconds: float) -> Answer:
    return replace(answer, delay=seconds)


def drips(seconds_between: float, repeats: int = 1_000_000) -> Answer:
    """White space without end: each byte comes in time, the answer never does."""
    return Answer(b" ", repeats=repeats, seconds_between=seconds_between)


def floods(bytes_in_all: int, status: int = 200) -> Answer:
    """An answer of so many bytes."""
    piece = b" " * (1 << 20)
    return Answer(piece, status, repeats=bytes_in_all // len(piece))


def without(part: str, rule: Rule, *, status: int = 400, words: str | None = None) -> Rule:
    """The rule on a server that refuses requests with this part of the body."""
    message = words or f"'{part}' is not supported with this model."

    def refusing(asked: Asked) -> Answer:
        return fails(status, message) if part in asked.body else rule(asked)

    return refusing


class ChatServer:
    """The server; `requests` holds what came, in order. Safe for threads."""

    def __init__(self) -> None:
        self.rule: Rule = lambda asked: says("ok")
        self.requests: list[Asked] = []
        self.bytes_in = 0
        self.bytes_out = 0
        self.most_at_once = 0
        self._queue: deque[Answer] = deque()
        self._lock = threading.Lock()
        self._at_once = 0
        self._closing = threading.Event()
        self._http = _HTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    @property
    def calls(self) -> int:
        return len(self.requests)

    def queue(self, *answers: Answer) -> None:
        """Answers that come before the rule's, one a request."""
        with self._lock:
            self._queue.extend(answers)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)

    def answer(self, path: str, headers: Mapping[str, str], content: bytes) -> Answer:
        with self._lock:
            asked = Asked(
                len(self.requests) + 1,
                time.monotonic(),
                path,
                {name.lower(): value for name, value in headers.items()},
                json.loads(content),
                len(content),
            )
            self.requests.append(asked)
            self.bytes_in += len(content)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            queued = self._queue.popleft() if self._queue else None
        if path.partition("?")[0] not in _PATHS:
            return fails(404, f"no such path: {path}")
        return queued if queued is not None else self.rule(asked)

    def finished(self) -> None:
        with self._lock:
            self._at_once -= 1

    def sent(self, count: int) -> None:
        with self._lock:
            self.bytes_out += count

    def waits(self, seconds: float | None) -> bool:
        """Sleeps; True when the server closed meanwhile."""
        return self._closing.wait(seconds)


class _HTTPServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is what some tests are about."""


def _handler_of(server: ChatServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            answer = server.answer(self.path, dict(self.headers), content)
            try:
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    self._give(answer)
            finally:
                server.finished()

        def _give(self, answer: Answer) -> None:
            if answer.delay and server.waits(answer.delay):
                self.close_connection = True
                return
            if answer.ending == "silent":
                server.waits(None)
                self.close_connection = True
                return
            if answer.ending == "reset":
                # Without lingering, closing sends a reset instead of an end.
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.close_connection = True
                return
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body) * answer.repeats))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if answer.ending == "cut":
                self.wfile.write(answer.body[: len(answer.body) // 2])
                self.close_connection = True
                return
            for _ in range(answer.repeats):
                self.wfile.write(answer.body)
                server.sent(len(answer.body))
                if answer.seconds_between and server.waits(answer.seconds_between):
                    self.close_connection = True
                    return

        def log_message(self, format: str, *args: Any) -> None:
            return

    return Handler


@pytest.fixture
def chat_server() -> Iterator[ChatServer]:
    with ChatServer() as server:
        yield server
