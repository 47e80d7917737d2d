"""What one probe found, and how findings together make a verdict."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from results.records import Evidence, Outcome

MOST_EVIDENCE = 6
MOST_REASONS = 3


class State(StrEnum):
    """Whether what was asked for is so."""

    HOLDS = "holds"
    FAILS = "fails"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Finding:
    """One fact that bears on a requirement; `strength` in 0..1 is how surely it is so."""

    state: State
    strength: float
    text: str  # a clause without a full stop
    evidence: tuple[Evidence, ...] = ()


def holds(text: str, strength: float, *evidence: Evidence | None) -> Finding:
    return Finding(State.HOLDS, strength, text, tuple(e for e in evidence if e is not None))


def fails(text: str, strength: float, *evidence: Evidence | None) -> Finding:
    return Finding(State.FAILS, strength, text, tuple(e for e in evidence if e is not None))


def unknown(text: str, *evidence: Evidence | None) -> Finding:
    return Finding(State.UNKNOWN, 0.0, text, tuple(e for e in evidence if e is not None))


@dataclass(frozen=True)
class Conclusion:
    outcome: Outcome
    confidence: float
    reason: str
    evidence: tuple[Evidence, ...]


def conclude(findings: Iterable[Finding]) -> Conclusion:
    """One failing fact decides against; only when every fact holds does it decide for."""
    found = list(dict.fromkeys(findings))
    failing = sorted((f for f in found if f.state is State.FAILS), key=lambda f: -f.strength)
    if failing:
        return Conclusion(
            Outcome.UNSATISFIED,
            failing[0].strength,
            _reason(failing[:2]),
            _evidence(failing),
        )
    open_ones = [f for f in found if f.state is State.UNKNOWN]
    holding = [f for f in found if f.state is State.HOLDS]
    if open_ones or not holding:
        reason = _reason(open_ones[:2]) if open_ones else "Nothing that code can check is asked."
        return Conclusion(Outcome.ABSTAINED, 0.0, reason, _evidence(open_ones + holding))
    return Conclusion(
        Outcome.SATISFIED,
        min(f.strength for f in holding),
        _reason(holding[:MOST_REASONS]),
        _evidence(holding),
    )


def _reason(findings: list[Finding]) -> str:
    texts = dict.fromkeys(finding.text for finding in findings)
    return " ".join(f"{_as_sentence(text)}." for text in texts if text)


def _as_sentence(text: str) -> str:
    """With a capital, unless it begins with a path or a name, which are written as they are."""
    first = text.split(maxsplit=1)[0]
    is_word = first.rstrip(",:").isalpha() and first.islower()
    return text[0].upper() + text[1:] if is_word else text


def _evidence(findings: list[Finding]) -> tuple[Evidence, ...]:
    cited: dict[str, Evidence] = {}
    for finding in findings:
        for evidence in finding.evidence:
            cited.setdefault(evidence.model_dump_json(), evidence)
    return tuple(cited.values())[:MOST_EVIDENCE]
