"""Calls a model until it answers: retries what passes, keeps to its pace, adds up what it took."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from results.records import Usage
from runners.models.chat.answers import tokens_in
from runners.models.chat.endpoints import Endpoint
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

_log = logging.getLogger(__name__)
Read = TypeVar("Read")

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


class Caller:
    """Calls one model at one endpoint. Safe for threads. Its repr, errors and logs show no key.

    Setting `stop` ends every wait at once with a ChatError; nothing is asked after that.
    """

    def __init__(
        self,
        model: str,
        endpoint: Endpoint,
        settings: ChatSettings,
        *,
        price: Price | None = None,
        redactor: Redactor | None = None,
        lane: Lane | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self.model = model
        self.endpoint = endpoint
        self.settings = settings
        self.redactor = redactor or Redactor()
        self.stop = stop or threading.Event()
        self._price = price
        self._lane = lane or Lane(settings.max_concurrent)
        self._lock = threading.Lock()
        self._usage = Usage()
        self._conceded: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"Caller({self.model!r} at {self.address})"

    @property
    def address(self) -> str:
        """Where the requests go, without credentials."""
        return self.endpoint.address

    @property
    def places(self) -> int:
        """How many calls the endpoint gets at once."""
        return self._lane.places

    @property
    def usage(self) -> Usage:
        """What every call of this caller took so far, retries included."""
        with self._lock:
            return self._usage

    def cost(self, input_tokens: int, output_tokens: int, cached: int = 0) -> float | None:
        """USD of so many tokens, `cached` of the first kept by the endpoint; None without a
        price."""
        if self._price is not None:
            return self._price.cost(input_tokens, output_tokens, cached)
        return self.endpoint.cost(self.model, input_tokens, output_tokens, cached)

    def close(self) -> None:
        self.endpoint.close()

    def ask(
        self, body: dict[str, Any], read: Callable[[dict[str, Any]], Read | Failure]
    ) -> tuple[Read, Usage]:
        """What `read` makes of the answer, and what all calls for it took.

        A failure that `read` gives is treated as one of the endpoint's own. Raises ChatError, a
        ModelError with the usage, when there is no answer that can be read.
        """
        settings = self.settings
        give_up_at = time.monotonic() + settings.give_up_seconds
        conceded = self._conceded
        spent = Usage()
        retries = 0
        while True:
            sent = _without(body, conceded)
            answer, used = self._call(sent, read, give_up_at)
            spent += used
            if not isinstance(answer, Failure):
                with self._lock:
                    self._conceded |= conceded
                return answer, spent
            if (refused := _concession(answer, sent)) is not None:
                _log.info("%s refuses %s; asking without it", self.address, refused)
                conceded |= {refused}
                continue
            wait = self._wait_before_retry(answer, retries)
            if wait is None or time.monotonic() + wait >= give_up_at:
                raise self.error(answer, spent)
            _log.info("%s %s; asking again in %.1f s", self.address, answer.kind.value, wait)
            if self.stop.wait(wait):
                raise self.error(Failure(FailureKind.STOPPED), spent)
            # Coming back when the endpoint says so is no failed try: only time ends that.
            if (answer.retry_after or 0.0) <= settings.first_wait_seconds:
                retries += 1

    def error(self, failure: Failure, spent: Usage) -> ChatError:
        """What a person is told of a failure, without secrets."""
        detail = self.redactor.redact(failure.detail)
        if failure.retry_after is not None:
            detail += f" (it asks to wait {failure.retry_after:.0f} s)"
        message = sentence(self.address, self.model, failure, spent.calls, detail)
        return ChatError(message, replace(failure, detail=detail), spent)

    def _call(
        self,
        body: dict[str, Any],
        read: Callable[[dict[str, Any]], Read | Failure],
        give_up_at: float,
    ) -> tuple[Read | Failure, Usage]:
        if not self._lane.enter(self.stop, give_up_at):
            if self.stop.is_set():
                return Failure(FailureKind.STOPPED), Usage()
            return Failure(FailureKind.TIMEOUT, "no call could be made in time"), Usage()
        try:
            timeout = min(self.settings.timeout_seconds, give_up_at - time.monotonic())
            answer = self.endpoint.send(body, max(timeout, 0.001), self.stop)
        finally:
            self._lane.leave()
        used = answer.usage if isinstance(answer, Failure) else self._usage_of(answer)
        with self._lock:
            self._usage += used
        return (answer if isinstance(answer, Failure) else read(answer)), used

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
            cost=self.cost(asked or 0, answered or 0, kept) if is_known else None,
            cached_input_tokens=kept,
        )


def _without(body: dict[str, Any], conceded: frozenset[str]) -> dict[str, Any]:
    """The request without what the endpoint refuses to be asked for."""
    sent = dict(body)
    for name in conceded:
        value = sent.pop(name, None)
        if name == "max_tokens" and value is not None:
            sent["max_completion_tokens"] = value
    return sent


def _concession(failure: Failure, body: dict[str, Any]) -> str | None:
    """The part that the endpoint refused and that the request can do without."""
    if failure.status not in _REFUSALS or failure.kind is FailureKind.TOO_LONG:
        return None
    refused = (name for name, said in _CONCESSIONS.items() if said.search(failure.detail))
    return next((name for name in refused if name in body), None)
