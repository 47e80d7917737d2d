"""The two ways to a model: an OpenAI-compatible endpoint, and litellm for the rest.

Both take the body of a Chat Completions request, or of a Completions request where it holds a
`prompt`, and give back the body of the answer, or the failure, as values: an exception of theirs
may carry headers, and so never leaves this module.
"""

from __future__ import annotations

import importlib
import json
import os
import threading
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import openai

from results.errors import MissingExtra
from runners.models.chat.deadline import in_time
from runners.models.chat.failures import Failure, FailureKind, failure_of_status
from runners.models.chat.redaction import without_credentials

OPENAI_URL = "https://api.openai.com/v1"
_LARGEST_ANSWER = 32 << 20
_LARGEST_REFUSAL = 64 << 10
# The HTTP library that openai stands on: httpx in its second version, httpx2 in its third.
_http: Any = importlib.import_module(
    openai.DefaultHttpxClient.__mro__[1].__module__.partition(".")[0]
)


class Endpoint(Protocol):
    """Where requests go."""

    @property
    def address(self) -> str:
        """What a person reads and what replies are kept under; holds no secret."""
        ...

    def send(
        self, body: dict[str, Any], timeout: float, stop: threading.Event
    ) -> dict[str, Any] | Failure:
        """The answer's body; back after `timeout` seconds or when `stop` is set, whatever comes."""
        ...

    def cost(
        self, model: str, input_tokens: int, output_tokens: int, cached_input_tokens: int
    ) -> float | None:
        """USD, or None where this endpoint knows no price."""
        ...

    def close(self) -> None: ...


class _Refused(Exception):
    """An answer with an error status, and the beginning of its body."""

    def __init__(self, status: int, words: str, headers: Mapping[str, str]) -> None:
        super().__init__(status)
        self.status = status
        self.words = words
        self.headers = headers


def _raise_refusal(response: Any) -> None:
    """Reads a bounded part of an error's body, because openai would read all of it."""
    if response.status_code < 400:
        return
    content = bytearray()
    try:
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > _LARGEST_REFUSAL:
                break
    except (_http.HTTPError, OSError):
        content += b" (cut)"
    raise _Refused(response.status_code, _words_in(bytes(content)), dict(response.headers))


class OpenAIEndpoint:
    """Chat Completions and Completions over HTTP by the openai package, its own retries off."""

    def __init__(self, base_url: str, api_key: str | None) -> None:
        self.address = without_credentials(base_url)
        parts = urlsplit(base_url)
        self._client = openai.OpenAI(
            base_url=urlunsplit((parts.scheme, parts.netloc, parts.path, "", "")),
            default_query=dict(parse_qsl(parts.query)),
            api_key=api_key or "no-key-is-set",
            max_retries=0,
            # Uncompressed, so that what is read is as large as what was sent.
            default_headers={"Accept-Encoding": "identity"},
            http_client=openai.DefaultHttpxClient(event_hooks={"response": [_raise_refusal]}),
        )
        if base_url != OPENAI_URL:
            # They come from the environment and name an account of OpenAI's.
            self._client.organization = self._client.project = None

    def __repr__(self) -> str:
        return f"OpenAIEndpoint({self.address!r})"

    def send(
        self, body: dict[str, Any], timeout: float, stop: threading.Event
    ) -> dict[str, Any] | Failure:
        return in_time(lambda is_left: self._send(body, timeout, is_left), timeout, stop)

    def _send(
        self, body: dict[str, Any], timeout: float, is_left: threading.Event
    ) -> dict[str, Any] | Failure:
        asked: Any = self._client if "prompt" in body else self._client.chat
        create: Any = asked.completions.with_streaming_response.create
        content = bytearray()
        try:
            with create(**body, timeout=timeout) as response:
                kind = str(response.headers.get("content-type", "")).lower()
                for chunk in response.iter_bytes():
                    content += chunk
                    if len(content) > _LARGEST_ANSWER:
                        return Failure(FailureKind.UNREADABLE, "the answer is larger than 32 MiB")
                    if is_left.is_set():
                        return Failure(FailureKind.TIMEOUT)
        except (openai.OpenAIError, _http.HTTPError, _Refused, OSError) as error:
            return failure_of(error, timeout, has_tools="tools" in body)
        try:
            answer = json.loads(bytes(content))
        except (ValueError, RecursionError):
            if kind.startswith("text/html"):
                return Failure(FailureKind.NO_API)
            return Failure(FailureKind.UNREADABLE, "the answer is not whole JSON")
        if not isinstance(answer, dict):
            return Failure(FailureKind.UNREADABLE, "the answer is not a JSON object")
        return answer

    def cost(
        self, model: str, input_tokens: int, output_tokens: int, cached_input_tokens: int
    ) -> float | None:
        return None

    def close(self) -> None:
        self._client.close()


class NoEndpoint:
    """Stands in for an endpoint in a replay: whatever was not kept has no answer."""

    def __init__(self, address: str) -> None:
        self.address = address

    def send(
        self, body: dict[str, Any], timeout: float, stop: threading.Event
    ) -> dict[str, Any] | Failure:
        return Failure(FailureKind.NOT_KEPT)

    def cost(
        self, model: str, input_tokens: int, output_tokens: int, cached_input_tokens: int
    ) -> float | None:
        return None

    def close(self) -> None:
        return None


class LiteLLMEndpoint:
    """Every provider that litellm speaks to; it finds their keys in the environment itself."""

    def __init__(self, base_url: str | None, api_key: str | None) -> None:
        # litellm reads a .env file of the current folder and fetches a price list unless told not
        # to, and what the current folder holds may be an agent's.
        os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
        os.environ.setdefault("LITELLM_MODE", "PRODUCTION")
        try:
            import litellm
        except ImportError as error:
            raise MissingExtra("A litellm: model", "litellm") from error
        litellm.suppress_debug_info = True
        litellm.telemetry = False
        self._litellm: Any = litellm
        self.address = "litellm" if base_url is None else without_credentials(base_url)
        self._base_url = base_url
        self._api_key = api_key

    def __repr__(self) -> str:
        return f"LiteLLMEndpoint({self.address!r})"

    def send(
        self, body: dict[str, Any], timeout: float, stop: threading.Event
    ) -> dict[str, Any] | Failure:
        return in_time(lambda _: self._send(body, timeout), timeout, stop)

    def _send(self, body: dict[str, Any], timeout: float) -> dict[str, Any] | Failure:
        where = {"api_base": self._base_url, "api_key": self._api_key}
        chosen = {name: value for name, value in where.items() if value is not None}
        try:
            complete = (
                self._litellm.text_completion if "prompt" in body else self._litellm.completion
            )
            answer = complete(**body, **chosen, timeout=timeout, num_retries=0, max_retries=0)
            content = answer.model_dump()
        except Exception as error:  # noqa: BLE001 -- its adapters let any exception through
            return failure_of(error, timeout, has_tools="tools" in body)
        if not isinstance(content, dict):
            return Failure(FailureKind.UNREADABLE, "the answer is not an object")
        return content

    def cost(
        self, model: str, input_tokens: int, output_tokens: int, cached_input_tokens: int
    ) -> float | None:
        try:
            known = self._litellm.get_model_info(model)
        except Exception:  # noqa: BLE001 -- litellm raises a bare Exception for an unknown model
            return None
        asked, answered = known.get("input_cost_per_token"), known.get("output_cost_per_token")
        if asked is None or answered is None:
            return None
        kept = known.get("cache_read_input_token_cost")
        kept = asked if kept is None else kept
        fresh = input_tokens - cached_input_tokens
        return float(fresh * asked + cached_input_tokens * kept + output_tokens * answered)

    def close(self) -> None:
        return None


def failure_of(error: Exception, timeout: float, *, has_tools: bool = False) -> Failure:
    """The failure that an exception of openai, of its HTTP library or of litellm stands for."""
    chain = [error]
    while isinstance(inner := chain[-1].__cause__, Exception) and len(chain) < 10:
        chain.append(inner)
    for link in chain:
        if isinstance(link, _Refused):
            return failure_of_status(link.status, link.words, link.headers, has_tools=has_tools)
    if any(isinstance(e, (openai.APITimeoutError, _http.TimeoutException)) for e in chain):
        return Failure(FailureKind.TIMEOUT, f"{timeout:g} seconds passed")
    if isinstance(error, openai.APIStatusError):
        headers = error.response.headers
        words = _words_of(error.body) or str(error.message)
        return failure_of_status(error.status_code, words, headers, has_tools=has_tools)
    if any(isinstance(e, _http.ConnectError) for e in chain):
        return Failure(FailureKind.UNREACHABLE, str(chain[-1]))
    if isinstance(error, (openai.APIConnectionError, _http.TransportError, OSError)):
        return Failure(FailureKind.DROPPED, str(chain[-1]))
    return Failure(FailureKind.BAD_REQUEST, str(error))


def _words_in(content: bytes) -> str:
    """The message of an error's body, or the body where it is no JSON."""
    text = content.decode("utf-8", "replace")
    try:
        return _words_of(json.loads(text)) or text
    except (ValueError, RecursionError):
        return text


def _words_of(body: object) -> str:
    """The endpoint's message and code, without the rest of the body."""
    if not isinstance(body, Mapping):
        return ""
    inner = body.get("error", body)
    if isinstance(inner, Mapping):
        words = (inner.get("message") or inner.get("detail"), inner.get("code"), inner.get("param"))
        return " ".join(str(word) for word in words if word)
    return str(inner)
