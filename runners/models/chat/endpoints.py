"""The two ways to a model: an OpenAI-compatible endpoint, and litellm for the rest.

Both take the body of a Chat Completions request and give back the body of the answer, or the
failure, as values: an exception of theirs may carry headers, and so never leaves this module.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from typing import Any, Protocol

import httpx
import openai

from results.errors import MissingExtra
from runners.models.chat.failures import Failure, FailureKind, failure_of_status
from runners.models.chat.redaction import without_credentials

_LARGEST_ANSWER = 32 * 1024 * 1024


class Endpoint(Protocol):
    """Where requests go."""

    @property
    def address(self) -> str:
        """What a person reads and what replies are kept under; holds no secret."""
        ...

    def send(self, body: dict[str, Any], timeout: float) -> dict[str, Any] | Failure: ...

    def cost(self, model: str, input_tokens: int, output_tokens: int) -> float | None:
        """USD, or None where this endpoint knows no price."""
        ...

    def close(self) -> None: ...


class OpenAIEndpoint:
    """Chat Completions over HTTP through the openai package, its own retries off."""

    def __init__(self, base_url: str, api_key: str | None) -> None:
        self.address = without_credentials(base_url)
        self._client = openai.OpenAI(
            base_url=base_url, api_key=api_key or "no-key-is-set", max_retries=0
        )

    def __repr__(self) -> str:
        return f"OpenAIEndpoint({self.address!r})"

    def send(self, body: dict[str, Any], timeout: float) -> dict[str, Any] | Failure:
        create: Any = self._client.chat.completions.with_streaming_response.create
        deadline = time.monotonic() + timeout
        content = bytearray()
        try:
            with create(**body, timeout=timeout) as response:
                for chunk in response.iter_bytes():
                    content += chunk
                    if len(content) > _LARGEST_ANSWER:
                        return Failure(FailureKind.UNREADABLE, "the answer is larger than 32 MiB")
                    if time.monotonic() > deadline:
                        return Failure(FailureKind.TIMEOUT, f"{timeout:g} seconds passed")
        except (openai.OpenAIError, httpx.HTTPError, OSError) as error:
            return failure_of(error, timeout)
        try:
            answer = json.loads(bytes(content))
        except (ValueError, RecursionError):
            return Failure(FailureKind.UNREADABLE, "the answer is not whole JSON")
        if not isinstance(answer, dict):
            return Failure(FailureKind.UNREADABLE, "the answer is not a JSON object")
        return answer

    def cost(self, model: str, input_tokens: int, output_tokens: int) -> float | None:
        return None

    def close(self) -> None:
        self._client.close()


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

    def send(self, body: dict[str, Any], timeout: float) -> dict[str, Any] | Failure:
        where = {"api_base": self._base_url, "api_key": self._api_key}
        chosen = {name: value for name, value in where.items() if value is not None}
        try:
            answer = self._litellm.completion(
                **body, **chosen, timeout=timeout, num_retries=0, max_retries=0
            )
        except (openai.OpenAIError, httpx.HTTPError, OSError, ValueError) as error:
            return failure_of(error, timeout)
        content = answer.model_dump()
        if not isinstance(content, dict):
            return Failure(FailureKind.UNREADABLE, "the answer is not an object")
        return content

    def cost(self, model: str, input_tokens: int, output_tokens: int) -> float | None:
        try:
            known = self._litellm.get_model_info(model)
        except Exception:  # noqa: BLE001 -- litellm raises a bare Exception for an unknown model
            return None
        prices = known.get("input_cost_per_token"), known.get("output_cost_per_token")
        if prices[0] is None or prices[1] is None:
            return None
        return float(input_tokens * prices[0] + output_tokens * prices[1])

    def close(self) -> None:
        return None


def failure_of(error: Exception, timeout: float) -> Failure:
    """The failure that an exception of openai, httpx or litellm stands for."""
    chain = [error]
    while (inner := chain[-1].__cause__) is not None and isinstance(inner, Exception):
        chain.append(inner)
    if any(isinstance(e, (openai.APITimeoutError, httpx.TimeoutException)) for e in chain):
        return Failure(FailureKind.TIMEOUT, f"{timeout:g} seconds passed")
    status = getattr(error, "status_code", None)
    if isinstance(error, openai.APIStatusError) and isinstance(status, int):
        return failure_of_status(status, _words_of(error), error.response.headers)
    if any(isinstance(e, httpx.ConnectError) for e in chain):
        return Failure(FailureKind.UNREACHABLE, str(chain[-1]))
    if isinstance(error, (openai.APIConnectionError, httpx.TransportError, OSError)):
        return Failure(FailureKind.DROPPED, str(chain[-1]))
    return Failure(FailureKind.BAD_REQUEST, str(error))


def _words_of(error: openai.APIStatusError) -> str:
    """The endpoint's message and code, without the rest of the body."""
    body = error.body
    if isinstance(body, Mapping):
        inner = body.get("error", body)
        if isinstance(inner, Mapping):
            words = (inner.get("message"), inner.get("code"), inner.get("param"))
            return " ".join(str(word) for word in words if word)
        return str(inner)
    return str(error.message)
