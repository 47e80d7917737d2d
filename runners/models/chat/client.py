"""The chat client: asks a model through its caller, and keeps replies."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from results.records import Usage
from runners.models.chat.answers import read_answer
from runners.models.chat.cache import ReplyCache, cache_key
from runners.models.chat.calling import Caller
from runners.models.chat.exchanges import Exchanges
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


class ChatClient:
    """Asks one model. Safe for threads. Its repr, errors and logs show no key.

    Setting `stop` ends every wait at once with a ChatError; nothing is asked after that.
    """

    def __init__(
        self,
        spec: str,
        caller: Caller,
        *,
        cache: ReplyCache | None = None,
        exchanges: Exchanges | None = None,
        weights: str | None = None,
    ) -> None:
        """weights: what tells a local model from others of its name, so that it is given no reply
        in the cache that is another's."""
        self.spec = spec
        self.model = caller.model
        self.settings = caller.settings
        self.cache = cache
        self.exchanges = exchanges
        self.stop = caller.stop
        self._caller = caller
        self._weights = weights

    def __repr__(self) -> str:
        return f"ChatClient({self.spec!r} at {self._caller.address})"

    @property
    def address(self) -> str:
        """Where the requests go, without credentials."""
        return self._caller.address

    @property
    def local_model(self) -> LanguageModel | None:
        """The model that runs in this process; None for one that is reached over a network."""
        from runners.models.chat.local import LocalEndpoint

        endpoint = self._caller.endpoint
        return endpoint.model if isinstance(endpoint, LocalEndpoint) else None

    @property
    def usage(self) -> Usage:
        """What every call of this client took so far, retries included."""
        return self._caller.usage

    @property
    def has_price(self) -> bool:
        """Whether a call's cost can be told."""
        return self.cost_of(1, 1) is not None

    def cost_of(self, input_tokens: int, output_tokens: int) -> float | None:
        """USD of so many tokens, none of them kept by the endpoint; None without a price."""
        return self._caller.cost(input_tokens, output_tokens)

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
            self.cache.forget(self._place(reply.cache_key))
        if self.exchanges is not None and reply.cache_key:
            self.exchanges.spoil(reply.cache_key)

    def close(self) -> None:
        self._caller.close()

    def _ask(self, request: Request) -> Reply:
        body = request.wire(self.model)
        reply, usage = self._caller.ask(body, lambda answer: read_answer(answer, self.model))
        return replace(self._without_keys(reply), usage=usage)

    def _without_keys(self, reply: Reply) -> Reply:
        hidden = self._caller.redactor.without_keys
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
            {"endpoint": self._caller.address, "request": body, "sample": request.sample}
        )

    def _place(self, key: str) -> str:
        """Where the cache has the reply to a question of this key."""
        return key if self._weights is None else cache_key({"of": key, "weights": self._weights})

    def _exchanged(self, key: str, request: Request) -> Reply | None:
        """What this run was answered before, with the usage that was paid for it then."""
        found = self.exchanges.get(key) if self.exchanges is not None else None
        if found is None:
            return None
        entry, usage = found
        reply = _reply_of(entry, key, request)
        return None if reply is None else replace(reply, usage=usage, is_exchanged=True)

    def _kept(self, key: str, request: Request) -> Reply | None:
        entry = self.cache.get(self._place(key)) if self.cache is not None else None
        return None if entry is None else _reply_of(entry, key, request)

    def _keep(self, cache: ReplyCache, reply: Reply, request: Request) -> None:
        entry = self._entry(reply, request)
        if entry is not None:
            cache.put(self._place(reply.cache_key), entry)

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
        if self._caller.redactor.knows_secret_in(json.dumps(entry, ensure_ascii=False)):
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
