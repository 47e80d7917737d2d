"""The chat client: asks, retries what passes, adds up what it took, and keeps replies."""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from results.records import Usage
from runners.models.chat.answers import read_answer, tokens_in
from runners.models.chat.cache import ReplyCache, cache_key
from runners.models.chat.endpoints import Endpoint
from runners.models.chat.exchanges import Exchanges
from runners.models.chat.failures import (
    ChatError,
    Failure,
    FailureKind,
    seconds_to_wait,
    sentence,
)
from runners.models.chat.pacing import Lane
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

if TYPE_CHECKING:
    from runners.models.language.interface import LanguageModel

_log = logging.getLogger(__name__)

# What an endpoint may refuse to be asked for, and how its refusal speaks of it.
_CONCESSIONS = {
    "response_format": re.compile(
        r"response.?format|json.?schema|structured.?output|guided", re.IGNORECASE
    ),
    "temperature": re.compile(r"temperature", re.IGNORECASE),
    "max_tokens": re.compile(r"max_completion_tokens", re.IGNORECASE),
    "tool_choice": re.compile(r"tool.?choice", re.IGNORECASE),
}
_REFUSALS = (400, 404, 422, 501)


class ChatClient:
    """Asks one model. Safe for threads. Its repr, errors and logs show no key.

    Setting `stop` ends every wait at once with a ChatError; nothing is asked after that.
    """

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
        lane: Lane | None = None,
        stop: threading.Event | None = None,
        exchanges: Exchanges | None = None,
    ) -> None:
        self.spec = spec
        self.model = model
        self.settings = settings
        self.cache = cache
        self.exchanges = exchanges
        self.stop = stop or threading.Event()
        self._endpoint = endpoint
        self._price = price
        self._redactor = redactor or Redactor()
        self._lane = lane or Lane(settings.max_concurrent)
        self._lock = threading.Lock()
        self._usage = Usage()
        self._conceded: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"ChatClient({self.spec!r} at {self._endpoint.address})"

    @property
    def address(self) -> str:
        """Where the requests go, without credentials."""
        return self._endpoint.address

    @property
    def local_model(self) -> LanguageModel | None:
        """The model that runs in this process; None for one that is reached over a network."""
        from runners.models.chat.local import LocalEndpoint

        return self._endpoint.model if isinstance(self._endpoint, LocalEndpoint) else None

    @property
    def usage(self) -> Usage:
        """What every call of this client took so far, retries included."""
        with self._lock:
            return self._usage

    @property
    def has_price(self) -> bool:
        """Whether a call's cost can be told."""
        return self.cost_of(1, 1) is not None

    def cost_of(self, input_tokens: int, output_tokens: int) -> float | None:
        """USD of so many tokens, none of them kept by the endpoint; None without a price."""
        return self._cost(input_tokens, output_tokens, 0)

    def complete(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[Tool] = (),
        tool_choice: ToolChoice | None = None,
        schema: ObjectSchema | None = None,
        temperature: float | None = None,
        max_output_tokens: int | None = None,
        top_p: float | None = None,
        seed: int | None = None,
        sample: int = 0,
        volatile: Mapping[str, str] | None = None,
    ) -> Reply:
        """The model's reply, from the cache where the same was asked before.

        `temperature` and `max_output_tokens` go before those of the settings. Raises ChatError, a
        ModelError with the usage, when the endpoint gives no answer.
        """
        chosen = self.settings
        request = Request(
            messages=tuple(messages),
            tools=tuple(tools),
            tool_choice=tool_choice,
            schema=schema,
            temperature=chosen.temperature if temperature is None else temperature,
            max_output_tokens=max_output_tokens or chosen.max_output_tokens,
            top_p=top_p,
            seed=seed,
            sample=sample,
            volatile=volatile or {},
        )
        key = self._key(request)
        kept = self._exchanged(key, request) or self._kept(key, request)
        if kept is None:
            kept = replace(self._ask(request), cache_key=key)
            if self.cache is not None and kept.is_complete:
                self._keep(self.cache, kept, request)
        elif kept.is_exchanged:
            return kept
        entry = self._entry(kept, request) if self.exchanges is not None else None
        if self.exchanges is not None and entry is not None:
            self.exchanges.put(key, entry, kept.usage)
        return kept

    def forget(self, reply: Reply) -> None:
        """Keeps this reply no longer, because it could not be used."""
        if self.cache is not None and reply.cache_key:
            self.cache.forget(reply.cache_key)
        if self.exchanges is not None and reply.cache_key:
            self.exchanges.spoil(reply.cache_key)

    def close(self) -> None:
        self._endpoint.close()

    def _ask(self, request: Request) -> Reply:
        settings = self.settings
        give_up_at = time.monotonic() + settings.give_up_seconds
        conceded = self._conceded
        spent = Usage()
        retries = 0
        while True:
            body = _body(request.wire(self.model), conceded)
            reply, used = self._call(body, give_up_at)
            spent += used
            if not isinstance(reply, Failure):
                with self._lock:
                    self._conceded |= conceded
                return replace(reply, usage=spent)
            if (refused := _concession(reply, body)) is not None:
                _log.info("%s refuses %s; asking without it", self.address, refused)
                conceded |= {refused}
                continue
            wait = self._wait_before_retry(reply, retries)
            if wait is None or time.monotonic() + wait >= give_up_at:
                raise self._error(reply, spent)
            _log.info("%s %s; asking again in %.1f s", self.address, reply.kind.value, wait)
            if self.stop.wait(wait):
                raise self._error(Failure(FailureKind.STOPPED), spent)
            # Coming back when the endpoint says so is no failed try: only time ends that.
            if (reply.retry_after or 0.0) <= settings.first_wait_seconds:
                retries += 1

    def _call(self, body: dict[str, Any], give_up_at: float) -> tuple[Reply | Failure, Usage]:
        if not self._lane.enter(self.stop, give_up_at):
            if self.stop.is_set():
                return Failure(FailureKind.STOPPED), Usage()
            return Failure(FailureKind.TIMEOUT, "no call could be made in time"), Usage()
        try:
            timeout = min(self.settings.timeout_seconds, give_up_at - time.monotonic())
            answer = self._endpoint.send(body, max(timeout, 0.001), self.stop)
        finally:
            self._lane.leave()
        used = answer.usage if isinstance(answer, Failure) else self._usage_of(answer)
        with self._lock:
            self._usage += used
        if isinstance(answer, Failure):
            return answer, used
        reply = read_answer(answer, self.model)
        return (reply if isinstance(reply, Failure) else self._without_keys(reply)), used

    def _wait_before_retry(self, failure: Failure, retries: int) -> float | None:
        """Seconds before the next try; None when there is to be none."""
        settings = self.settings
        longest = settings.longest_wait_seconds
        asked = failure.retry_after or 0.0
        asks_too_much = asked > max(longest, 1.0) * 2
        if not failure.is_transient or asks_too_much or retries >= settings.retries:
            return None
        backoff = seconds_to_wait(retries, settings.first_wait_seconds, longest)
        self._lane.pause(asked)
        if asked <= settings.first_wait_seconds:
            return max(asked, backoff)
        return asked + 0.1 * min(backoff, asked)

    def _usage_of(self, answer: dict[str, Any]) -> Usage:
        asked, answered, kept = tokens_in(answer)
        is_known = asked is not None and answered is not None
        return Usage(
            calls=1,
            input_tokens=asked or 0,
            output_tokens=answered or 0,
            cost=self._cost(asked or 0, answered or 0, kept) if is_known else None,
            cached_input_tokens=kept,
        )

    def _cost(self, input_tokens: int, output_tokens: int, cached: int) -> float | None:
        if self._price is not None:
            return self._price.cost(input_tokens, output_tokens, cached)
        return self._endpoint.cost(self.model, input_tokens, output_tokens, cached)

    def _error(self, failure: Failure, spent: Usage) -> ChatError:
        detail = self._redactor.redact(failure.detail)
        if failure.retry_after is not None:
            detail += f" (it asks to wait {failure.retry_after:.0f} s)"
        message = sentence(self.address, self.model, failure, spent.calls, detail)
        return ChatError(message, replace(failure, detail=detail), spent)

    def _without_keys(self, reply: Reply) -> Reply:
        hidden = self._redactor.without_keys
        return replace(
            reply,
            text=hidden(reply.text),
            tool_calls=tuple(
                ToolCall(hidden(call.id), hidden(call.name), hidden(call.arguments))
                for call in reply.tool_calls
            ),
            refusal=None if reply.refusal is None else hidden(reply.refusal),
            finish_reason=hidden(reply.finish_reason),
            model=hidden(reply.model),
        )

    def _key(self, request: Request) -> str:
        body = _swapped(request.wire(self.model), _placeholders(request))
        return cache_key(
            {"endpoint": self._endpoint.address, "request": body, "sample": request.sample}
        )

    def _exchanged(self, key: str, request: Request) -> Reply | None:
        """What this run was answered before, with the usage that was paid for it then."""
        found = self.exchanges.get(key) if self.exchanges is not None else None
        if found is None:
            return None
        entry, usage = found
        reply = _reply_of(entry, key, request)
        return None if reply is None else replace(reply, usage=usage, is_exchanged=True)

    def _kept(self, key: str, request: Request) -> Reply | None:
        entry = self.cache.get(key) if self.cache is not None else None
        return None if entry is None else _reply_of(entry, key, request)

    def _keep(self, cache: ReplyCache, reply: Reply, request: Request) -> None:
        entry = self._entry(reply, request)
        if entry is not None:
            cache.put(reply.cache_key, entry)

    def _entry(self, reply: Reply, request: Request) -> dict[str, Any] | None:
        """The reply as it is kept: what differs from run to run stands under its name.

        None where it holds a secret.
        """
        entry = {
            "text": reply.text,
            "tool_calls": [[call.id, call.name, call.arguments] for call in reply.tool_calls],
            "finish_reason": reply.finish_reason,
            "refusal": reply.refusal,
            "model": reply.model,
        }
        if self._redactor.knows_secret_in(json.dumps(entry, ensure_ascii=False)):
            return None
        swapped: dict[str, Any] = _swapped(entry, _placeholders(request))
        return swapped


def _reply_of(entry: dict[str, Any], key: str, request: Request) -> Reply | None:
    """The reply that was kept; None where the entry is damaged."""
    back = {placeholder: value for value, placeholder in _placeholders(request).items()}
    entry = _swapped(entry, back)
    try:
        refusal = entry.get("refusal")
        return Reply(
            text=str(entry["text"]),
            tool_calls=tuple(ToolCall(*map(str, call)) for call in entry["tool_calls"]),
            refusal=None if refusal is None else str(refusal),
            finish_reason=str(entry["finish_reason"]),
            model=str(entry["model"]),
            is_cached=True,
            cache_key=key,
        )
    except (KeyError, TypeError):
        return None


def _body(body: dict[str, Any], conceded: frozenset[str]) -> dict[str, Any]:
    """The request without what the endpoint refuses to be asked for."""
    for name in conceded:
        value = body.pop(name, None)
        if name == "max_tokens" and value is not None:
            body["max_completion_tokens"] = value
    return body


def _concession(failure: Failure, body: dict[str, Any]) -> str | None:
    """The part that the endpoint refused and that the request can do without."""
    if failure.status not in _REFUSALS or failure.kind is FailureKind.TOO_LONG:
        return None
    refused = (name for name, said in _CONCESSIONS.items() if said.search(failure.detail))
    return next((name for name in refused if name in body), None)


def _placeholders(request: Request) -> dict[str, str]:
    return {value: f"{{{{volatile {name}}}}}" for name, value in request.volatile.items() if value}


def _swapped(value: Any, words: Mapping[str, str]) -> Any:
    """The JSON value with words exchanged in every string."""
    if not words:
        return value
    if isinstance(value, str):
        for word, other in words.items():
            value = value.replace(word, other)
        return value
    if isinstance(value, list):
        return [_swapped(item, words) for item in value]
    if isinstance(value, dict):
        return {key: _swapped(item, words) for key, item in value.items()}
    return value
