"""The chat client: asks, retries what passes, adds up what it took, and keeps replies."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from results.records import Usage
from runners.models.chat.cache import ReplyCache, cache_key
from runners.models.chat.endpoints import Endpoint
from runners.models.chat.failures import (
    ChatError,
    Failure,
    FailureKind,
    seconds_to_wait,
    sentence,
)
from runners.models.chat.redaction import Redactor
from runners.models.chat.settings import ChatSettings, Price
from runners.models.chat.values import (
    Message,
    ObjectSchema,
    Reply,
    Request,
    Tool,
    ToolCall,
    ToolChoice,
)

_log = logging.getLogger(__name__)

# What an endpoint may refuse to be asked for, and how its refusal speaks of it.
_CONCESSIONS = {
    "response_format": re.compile(
        r"response.?format|json.?schema|structured.?output|guided", re.IGNORECASE
    ),
    "temperature": re.compile(r"temperature", re.IGNORECASE),
    "max_tokens": re.compile(r"max_completion_tokens", re.IGNORECASE),
}


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Function(_Lenient):
    name: str
    arguments: str | None = None


class _Call(_Lenient):
    id: str | None = None
    function: _Function


class _Part(_Lenient):
    text: str | None = None


class _Message(_Lenient):
    content: str | list[_Part] | None = None
    refusal: str | None = None
    tool_calls: list[_Call] | None = None


class _Choice(_Lenient):
    message: _Message
    finish_reason: str | None = None


class _Tokens(_Lenient):
    prompt_tokens: int | None = Field(default=None, ge=0)
    completion_tokens: int | None = Field(default=None, ge=0)


class _Answer(_Lenient):
    choices: list[_Choice] = Field(min_length=1)
    model: str | None = None
    usage: _Tokens | None = None


class ChatClient:
    """Asks one model. Safe for threads. Its repr, errors and logs show no key."""

    def __init__(
        self,
        spec: str,
        model: str,
        endpoint: Endpoint,
        settings: ChatSettings,
        *,
        price: Price | None = None,
        cache: ReplyCache | None = None,
        redactor: Redactor | None = None,
    ) -> None:
        self.spec = spec
        self.model = model
        self.settings = settings
        self.cache = cache
        self._endpoint = endpoint
        self._price = price
        self._redactor = redactor or Redactor()
        self._lock = threading.Lock()
        self._usage = Usage()
        self._conceded: set[str] = set()

    def __repr__(self) -> str:
        return f"ChatClient({self.spec!r} at {self._endpoint.address})"

    @property
    def address(self) -> str:
        """Where the requests go, without credentials."""
        return self._endpoint.address

    @property
    def usage(self) -> Usage:
        """What every call of this client took so far, retries included."""
        with self._lock:
            return self._usage

    @property
    def has_price(self) -> bool:
        """Whether a call's cost can be told."""
        return self._cost(1, 1) is not None

    def complete(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[Tool] = (),
        tool_choice: ToolChoice | None = None,
        schema: ObjectSchema | None = None,
        sample: int = 0,
    ) -> Reply:
        """The model's reply, from the cache where the same was asked before.

        Raises ChatError, a ModelError with the usage, when the endpoint gives no answer.
        """
        request = Request(
            messages=tuple(messages),
            tools=tuple(tools),
            tool_choice=tool_choice,
            schema=schema,
            temperature=self.settings.temperature,
            max_output_tokens=self.settings.max_output_tokens,
            sample=sample,
        )
        key = cache_key(
            {
                "endpoint": self._endpoint.address,
                "request": request.wire(self.model),
                "sample": sample,
            }
        )
        kept = self._kept(key)
        if kept is not None:
            return kept
        reply = replace(self._ask(request), cache_key=key)
        if self.cache is not None and reply.is_complete:
            self._keep(self.cache, reply)
        return reply

    def forget(self, reply: Reply) -> None:
        """Keeps this reply no longer, because it could not be used."""
        if self.cache is not None and reply.cache_key:
            self.cache.forget(reply.cache_key)

    def close(self) -> None:
        self._endpoint.close()

    def _ask(self, request: Request) -> Reply:
        spent = Usage()
        retries = 0
        while True:
            body = self._body(request)
            answer = self._endpoint.send(body, self.settings.timeout_seconds)
            reply = answer if isinstance(answer, Failure) else self._read(answer)
            used = Usage(calls=1) if isinstance(reply, Failure) else reply.usage
            spent += used
            with self._lock:
                self._usage += used
            if not isinstance(reply, Failure):
                return replace(reply, usage=spent)
            if self._concedes(reply, body):
                continue
            longest = self.settings.longest_wait_seconds
            asks_too_much = (reply.retry_after or 0.0) > max(longest, 1.0) * 2
            if not reply.is_transient or asks_too_much or retries >= self.settings.retries:
                raise self._error(reply, spent)
            wait = seconds_to_wait(
                retries, self.settings.first_wait_seconds, longest, reply.retry_after
            )
            _log.info("%s %s; asking again in %.1f s", self.address, reply.kind.value, wait)
            time.sleep(wait)
            retries += 1

    def _body(self, request: Request) -> dict[str, Any]:
        body = request.wire(self.model)
        with self._lock:
            conceded = frozenset(self._conceded)
        for name in conceded:
            value = body.pop(name, None)
            if name == "max_tokens" and value is not None:
                body["max_completion_tokens"] = value
        return body

    def _concedes(self, failure: Failure, body: dict[str, Any]) -> bool:
        """True when the endpoint refused a part that the request can do without."""
        if failure.status not in (400, 404, 422, 501) or failure.kind is FailureKind.TOO_LONG:
            return False
        for name, refusal in _CONCESSIONS.items():
            if name in body and refusal.search(failure.detail):
                _log.info("%s refuses %s; asking without it", self.address, name)
                with self._lock:
                    self._conceded.add(name)
                return True
        return False

    def _read(self, answer: dict[str, Any]) -> Reply | Failure:
        try:
            read = _Answer.model_validate(answer)
        except ValidationError as error:
            where = ".".join(str(part) for part in error.errors()[0]["loc"])
            return Failure(FailureKind.UNREADABLE, f"the answer has no usable {where}")
        choice = read.choices[0]
        content = choice.message.content
        if isinstance(content, list):
            content = "".join(part.text or "" for part in content)
        refusal = choice.message.refusal or None
        if refusal is None and choice.finish_reason == "content_filter":
            refusal = "the endpoint's content filter stopped the reply"
        calls = tuple(
            ToolCall(call.id or f"call_{n}", call.function.name, call.function.arguments or "{}")
            for n, call in enumerate(choice.message.tool_calls or ())
        )
        finish = choice.finish_reason or ("tool_calls" if calls else "stop")
        return Reply(
            text=content or "",
            tool_calls=calls,
            refusal=refusal,
            finish_reason="tool_calls" if finish == "function_call" else finish,
            model=read.model or self.model,
            usage=self._usage_of(read.usage),
        )

    def _usage_of(self, tokens: _Tokens | None) -> Usage:
        if tokens is None or tokens.prompt_tokens is None or tokens.completion_tokens is None:
            return Usage(calls=1, cost=None)
        asked, answered = tokens.prompt_tokens, tokens.completion_tokens
        return Usage(
            calls=1,
            input_tokens=asked,
            output_tokens=answered,
            cost=self._cost(asked, answered),
        )

    def _cost(self, input_tokens: int, output_tokens: int) -> float | None:
        if self._price is not None:
            return self._price.cost(input_tokens, output_tokens)
        return self._endpoint.cost(self.model, input_tokens, output_tokens)

    def _error(self, failure: Failure, spent: Usage) -> ChatError:
        detail = self._redactor.redact(failure.detail)
        if failure.retry_after is not None:
            detail += f" (it asks to wait {failure.retry_after:.0f} s)"
        message = sentence(self.address, self.model, failure, spent.calls, detail)
        return ChatError(message, replace(failure, detail=detail), spent)

    def _kept(self, key: str) -> Reply | None:
        entry = self.cache.get(key) if self.cache is not None else None
        if entry is None:
            return None
        try:
            return Reply(
                text=str(entry["text"]),
                tool_calls=tuple(ToolCall(*map(str, call)) for call in entry["tool_calls"]),
                finish_reason=str(entry["finish_reason"]),
                model=str(entry["model"]),
                is_cached=True,
                cache_key=key,
            )
        except (KeyError, TypeError):
            return None

    def _keep(self, cache: ReplyCache, reply: Reply) -> None:
        calls = [[call.id, call.name, call.arguments] for call in reply.tool_calls]
        everything = "\n".join([reply.text, *(part for call in calls for part in call)])
        if self._redactor.knows_secret_in(everything):
            return
        entry = {
            "text": reply.text,
            "tool_calls": calls,
            "finish_reason": reply.finish_reason,
            "model": reply.model,
        }
        cache.put(reply.cache_key, entry)
