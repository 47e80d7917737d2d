"""What can go wrong between us and a model endpoint, which of it passes, and how long to wait."""

from __future__ import annotations

import email.utils
import random
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from results.errors import ModelError
from results.records import Usage

_TOO_LONG = re.compile(
    r"context.{0,20}(length|window|size)|maximum.{0,20}tokens|too (long|many tokens)|prompt is too",
    re.IGNORECASE,
)
_NO_QUOTA = re.compile(r"insufficient_quota|exceeded your current quota|billing", re.IGNORECASE)
_LONGEST_DETAIL = 300


class FailureKind(StrEnum):
    UNREACHABLE = "cannot be reached"
    TIMEOUT = "did not answer in time"
    DROPPED = "dropped the connection"
    RATE_LIMITED = "is rate limited"
    NO_QUOTA = "says that the quota is used up"
    SERVER_FAULT = "has a fault"
    UNREADABLE = "sent an answer that cannot be read"
    KEY_REFUSED = "refused the key"
    NOT_FOUND = "does not know the model or the path"
    TOO_LONG = "says that the prompt is too long"
    BAD_REQUEST = "refused the request"


_MENDS = {
    FailureKind.UNREACHABLE: "check OPENAI_BASE_URL or the endpoint's base_url",
    FailureKind.TIMEOUT: "raise chat.timeout_seconds in the config file",
    FailureKind.NO_QUOTA: "add credit to the account",
    FailureKind.KEY_REFUSED: "check OPENAI_API_KEY or the endpoint's api_key",
    FailureKind.NOT_FOUND: "check the model's name and the base URL",
    FailureKind.TOO_LONG: "use a model with a longer context",
}
_TRANSIENT = {
    FailureKind.UNREACHABLE,
    FailureKind.TIMEOUT,
    FailureKind.DROPPED,
    FailureKind.RATE_LIMITED,
    FailureKind.SERVER_FAULT,
    FailureKind.UNREADABLE,
}


@dataclass(frozen=True, slots=True)
class Failure:
    """One call that gave no answer. `detail` is the endpoint's own words, still unredacted."""

    kind: FailureKind
    detail: str = ""
    status: int | None = None
    retry_after: float | None = None

    @property
    def is_transient(self) -> bool:
        return self.kind in _TRANSIENT


class ChatError(ModelError):
    """A question that got no answer; `usage` is what its calls took all the same."""

    def __init__(self, message: str, failure: Failure, usage: Usage) -> None:
        super().__init__(message)
        self.failure = failure
        self.usage = usage


def failure_of_status(status: int, detail: str, headers: Mapping[str, str]) -> Failure:
    """The failure that an HTTP status and the words with it tell of."""
    if status == 429:
        kind = FailureKind.NO_QUOTA if _NO_QUOTA.search(detail) else FailureKind.RATE_LIMITED
    elif status == 408:
        kind = FailureKind.TIMEOUT
    elif status >= 500 or status in (409, 425):
        kind = FailureKind.SERVER_FAULT
    elif status in (401, 403):
        kind = FailureKind.KEY_REFUSED
    elif status == 404:
        kind = FailureKind.NOT_FOUND
    elif status == 413 or _TOO_LONG.search(detail):
        kind = FailureKind.TOO_LONG
    else:
        kind = FailureKind.BAD_REQUEST
    return Failure(kind, detail, status, seconds_asked_for(headers))


def seconds_asked_for(headers: Mapping[str, str]) -> float | None:
    """What Retry-After says: seconds, or an HTTP date; None when it says nothing readable."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name)
        if value is None:
            continue
        try:
            seconds = float(value) * unit
        except ValueError:
            try:
                seconds = email.utils.parsedate_to_datetime(value).timestamp() - time.time()
            except (TypeError, ValueError, OverflowError):
                continue
        if seconds == seconds and seconds != float("inf"):
            return max(0.0, seconds)
    return None


def seconds_to_wait(retry: int, first: float, longest: float, asked: float | None) -> float:
    """Exponential backoff with jitter before retry 0, 1, 2 …; never less than was asked for."""
    backoff = min(longest, first * 2.0 ** min(retry, 30)) * random.uniform(0.5, 1.0)
    return backoff if asked is None else max(asked, min(backoff, asked * 1.1))


def sentence(where: str, model: str, failure: Failure, calls: int, detail: str) -> str:
    """One sentence for a person; `detail` is redacted already."""
    said = " ".join(detail.split())
    if len(said) > _LONGEST_DETAIL:
        said = said[:_LONGEST_DETAIL] + "…"
    status = f" (status {failure.status})" if failure.status is not None else ""
    times = f" after {calls} calls" if calls > 1 else ""
    mend = _MENDS.get(failure.kind)
    text = f"The model endpoint {where} {failure.kind.value}{status} for {model}{times}"
    if said:
        text += f": {said.rstrip('.')}"
    return f"{text}; {mend}." if mend else f"{text}."
