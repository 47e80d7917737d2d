"""Numbers, outcomes and hostile text as a terminal or a report may show them."""

from __future__ import annotations

import re

from results.records import (
    ArtifactEvidence,
    Evidence,
    ExecutionEvidence,
    FileEvidence,
    Interval,
    Outcome,
    Rate,
    TrajectoryEvidence,
    Usage,
)

SIGNS = {
    Outcome.SATISFIED: "✔",
    Outcome.UNSATISFIED: "✘",
    Outcome.ABSTAINED: "?",
    Outcome.ERROR: "!",
}
STYLES = {
    Outcome.SATISFIED: "green",
    Outcome.UNSATISFIED: "red",
    Outcome.ABSTAINED: "yellow",
    Outcome.ERROR: "magenta",
}
UNJUDGED = "not judged"
LONGEST_QUOTE = 240

# C0 and C1 controls, which can command a terminal, and marks that reorder or hide text.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
)


def plain(text: str) -> str:
    """The text with nothing in it that a terminal would obey.

    >>> plain("a\\x1b[31mb")
    'a�[31mb'
    """
    return _UNSAFE.sub("�", text.encode("utf-8", "backslashreplace").decode("utf-8"))


def one_line(text: str, longest: int = LONGEST_QUOTE) -> str:
    """The text on one safe line, cut with an ellipsis where it is longer than `longest`."""
    folded = " ".join(plain(text).split())
    return folded if len(folded) <= longest else f"{folded[: longest - 1]}…"


def cited(evidence: Evidence) -> str:
    """A citation in a line: where it points, and what stands there."""
    match evidence:
        case FileEvidence(path=path, start_line=first, end_line=last, quote=quote):
            lines = f"{first}" if first == last else f"{first}-{last}"
            return f"{one_line(path)}:{lines}  {one_line(quote)}"
        case TrajectoryEvidence(step=step, quote=quote):
            return f"step {step}  {one_line(quote)}"
        case ArtifactEvidence(path=path, fact=fact):
            return f"{one_line(path)}  {one_line(fact)}"
        case ExecutionEvidence(command=command, exit_status=status, output=output):
            return f"$ {one_line(command)}  exit status {status}  {one_line(output)}"


def percent(share: float | None) -> str:
    """A share in 0..1 as a person reads it.

    >>> percent(0.5), percent(None)
    ('50.0 %', '–')
    """
    return "–" if share is None else f"{100 * share:.1f} %"


def rate(value: Rate) -> str:
    """A rate with its worst and best case, where undecided units make them differ."""
    if value.worst == value.best:
        return percent(value.value)
    return f"{percent(value.value)}  ({percent(value.worst)} to {percent(value.best)})"


def interval(value: Interval | None) -> str:
    if value is None:
        return "–"
    low, high = percent(value.low), percent(value.high)
    return f"{low} to {high}  ({100 * value.level:.0f} %, {value.clusters} clusters)"


def number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def spent(usage: Usage) -> str:
    """What model calls took; an unknown price is said, not counted as nothing."""
    if not usage.calls:
        return "no model calls"
    cost = "price unknown" if usage.cost is None else f"${usage.cost:.4f}"
    return (
        f"{usage.calls:,} calls, {usage.input_tokens:,} input and {usage.output_tokens:,} output"
        f" tokens, {cost}"
    )
