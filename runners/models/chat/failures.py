"""What can go wrong between us and a model endpoint, which of it passes, and how long to wait."""

from __future__ import annotations

import email.utils
import math
import random
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from enum import StrEnum

from results.errors import ModelError
from results.records import Usage

_TOO_LONG = re.compile(
    r"context.{0,20}(length|window|size)|maximum.{0,20}tokens|too (long|many tokens)|prompt is too",
    re.IGNORECASE,
)
_NO_QUOTA = re.compile(r"insufficient_quota|exceeded your current quota|billing", re.IGNORECASE)
_NO_TOOLS = re.compile(
    r"(?=.*(\btools?\b|tool[ _-](use|call|choice)|function[ _-]?call))"
    r"(?=.*(support|unknown|unrecogni[sz]ed|not (permitted|allowed|available|enabled)|--enable))",
    re.IGNORECASE | re.DOTALL,
)
_LONGEST_DETAIL = 300


class FailureKind(StrEnum):
    """What a call came to; the value goes after "The model … at …" in a sentence."""

    UNREACHABLE = "cannot be reached"
    TIMEOUT = "did not answer in time"
    DROPPED = "dropped the connection"
    RATE_LIMITED = "is rate limited"
    NO_QUOTA = "says that the quota is used up"
    SERVER_FAULT = "has a fault"
    UNREADABLE = "sent an answer that cannot be read"
    NO_API = "is not there: the address answers with a page"
    KEY_REFUSED = "refused the key"
    NOT_FOUND = "was not found"
    TOO_LONG = "says that the prompt is too long"
    NO_TOOLS = "does not offer tools"
    NO_LIKELIHOODS = "does not tell how likely a text is"
    BAD_REQUEST = "refused the request"
    NOT_KEPT = "was not asked this in the run that is replayed"
    STOPPED = "was no longer waited for, because the run was stopped"


_MENDS = {
    FailureKind.UNREACHABLE: "check OPENAI_BASE_URL or the endpoint's base_url",
    FailureKind.TIMEOUT: "raise chat.timeout_seconds in the config file",
    FailureKind.NO_QUOTA: "add credit to the account",
    FailureKind.NO_API: "check the base URL, which often ends in /v1",
    FailureKind.KEY_REFUSED: "check OPENAI_API_KEY or the endpoint's api_key",
    FailureKind.NOT_FOUND: "check the model's name and the base URL",
    FailureKind.TOO_LONG: "use a model with a longer context",
    FailureKind.NO_TOOLS: "use a model that can call tools",
}
_TRANSIENT = {
    FailureKind.UNREACHABLE,
    FailureKind.TIMEOUT,
    FailureKind.DROPPED,
    FailureKind.RATE_LIMITED,
    FailureKind.SERVER_FAULT,
    FailureKind.UNREADABLE,
}
# What no other question to the same model would fare better with.
HOPELESS = frozenset(
    {
        FailureKind.KEY_REFUSED,
        FailureKind.NO_API,
        FailureKind.NO_LIKELIHOODS,
        FailureKind.NO_QUOTA,
        FailureKind.NO_TOOLS,
        FailureKind.NOT_FOUND,
        FailureKind.UNREACHABLE,
    }
)
# The endpoint may have done the work, and so bill it, though its answer never came whole.
_WORK_UNSEEN = {
    FailureKind.TIMEOUT,
    FailureKind.DROPPED,
    FailureKind.UNREADABLE,
    FailureKind.STOPPED,
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

    @property
    def usage(self) -> Usage:
        """What the call took: nothing where the endpoint refused it, else nobody knows."""
        is_refused = self.status is not None or self.kind not in _WORK_UNSEEN
        return Usage(calls=1, cost=0.0 if is_refused else None)


class ChatError(ModelError):
    """A question that got no answer; `usage` is what its calls took all the same."""

    def __init__(self, message: str, failure: Failure, usage: Usage) -> None:
        super().__init__(message)
        self.failure = failure
        self.usage = usage


def failure_of_status(
    status: int, detail: str, headers: Mapping[str, str], *, has_tools: bool
) -> Failure:
    """The failure that an HTTP status and the words with it tell of."""
    if status == 429:
        kind = FailureKind.NO_QUOTA if _NO_QUOTA.search(detail) else FailureKind.RATE_LIMITED
    elif status == 402:
        kind = FailureKind.NO_QUOTA
    elif status == 408:
        kind = FailureKind.TIMEOUT
    elif has_tools and status in (400, 404, 422, 501) and _NO_TOOLS.search(detail):
        kind = FailureKind.NO_TOOLS
    elif (status >= 500 and status != 501) or status in (409, 425):
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
                date = email.utils.parsedate_to_datetime(value)
                date = date if date.tzinfo is not None else date.replace(tzinfo=UTC)
                seconds = date.timestamp() - time.time()
            except (TypeError, ValueError, OverflowError):
                continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    return None


def seconds_to_wait(retry: int, first: float, longest: float) -> float:
    """Exponential backoff with jitter before retry 0, 1, 2 …"""
    backoff: float = min(longest, first * 2.0 ** min(retry, 30))
    return backoff * random.uniform(0.5, 1.0)


def sentence(where: str, model: str, failure: Failure, calls: int, detail: str) -> str:
    """One sentence for a person; `detail` is redacted already."""
    said = " ".join(detail.split())
    if len(said) > _LONGEST_DETAIL:
        said = said[:_LONGEST_DETAIL] + "…"
    status = f" (status {failure.status})" if failure.status is not None else ""
    times = f" after {calls} calls" if calls > 1 else ""
    mend = _MENDS.get(failure.kind)
    text = f"The model {model} at {where} {failure.kind.value}{status}{times}"
    if said:
        text += f": {said.rstrip('.')}"
    return f"{text}; {mend}." if mend else f"{text}."
