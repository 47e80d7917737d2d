"""The `panel` judge: several judges, or repeated draws of one, and what most of them say.

A tie gives `abstained`. Confidence is the agreement among the votes, not what a model says of
itself. Kish's effective number of votes, (sum w)^2 / sum w^2, says how many equal votes the weights
amount to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from judge.judges.interface import Case, Judge, Question
from results.records import Evidence, Outcome, Usage, Verdict

MOST_CITATIONS = 12


@dataclass(frozen=True)
class Member:
    """A judge with a vote; `weight` is relative and positive."""

    judge: Judge
    weight: float = 1.0
    label: str = ""

    @property
    def name(self) -> str:
        return self.label or self.judge.name


class PanelJudge:
    """Asks every member and takes the weighted majority of those that decide."""

    name = "panel"

    def __init__(self, members: Sequence[Member]) -> None:
        if not members or any(member.weight <= 0 for member in members):
            raise ValueError("a panel needs members, each with a positive weight")
        self.members = tuple(members)

    def describe(self) -> dict[str, Any]:
        return {
            "members": [
                {"judge": m.name, "weight": m.weight, **m.judge.describe()} for m in self.members
            ]
        }

    def judge(self, case: Case, question: Question, earlier: Mapping[int, Verdict]) -> Verdict:
        votes = [(m, m.judge.judge(case, question, earlier)) for m in self.members]
        return tally(question, votes)


def tally(question: Question, votes: Sequence[tuple[Member, Verdict]]) -> Verdict:
    """One verdict from many. Members that abstain or fail have no vote; all failed is `error`."""
    usage = sum((verdict.usage for _, verdict in votes), Usage())
    said = "; ".join(f"{member.name}: {verdict.outcome.value}" for member, verdict in votes)
    decided = [(member, verdict) for member, verdict in votes if verdict.outcome.is_decided]
    if not decided:
        failed = all(verdict.outcome is Outcome.ERROR for _, verdict in votes)
        outcome = Outcome.ERROR if failed else Outcome.ABSTAINED
        reasons = "; ".join(dict.fromkeys(verdict.reason for _, verdict in votes))
        return question.verdict(outcome, 0.0, f"no member decided ({said}): {reasons}", usage=usage)
    weights = [member.weight for member, _ in decided]
    total = sum(weights)
    met = sum(m.weight for m, v in decided if v.outcome is Outcome.SATISFIED)
    votes_in_effect = effective_votes(weights)
    counted = f"{said}; {votes_in_effect:.1f} effective votes"
    if met * 2 == total:
        return question.verdict(Outcome.ABSTAINED, 0.0, f"a tie ({counted})", usage=usage)
    outcome = Outcome.SATISFIED if met * 2 > total else Outcome.UNSATISFIED
    of_majority = [verdict for _, verdict in decided if verdict.outcome is outcome]
    share = max(met, total - met) / total
    reason = f"{share:.0%} of the votes ({counted}): {of_majority[0].reason}"
    return question.verdict(outcome, share, reason, _evidence(of_majority), usage)


def effective_votes(weights: Sequence[float]) -> float:
    """Kish's effective sample size of weighted votes.

    >>> effective_votes([1, 1, 1]), round(effective_votes([3, 1]), 2)
    (3.0, 1.6)
    """
    return sum(weights) ** 2 / sum(weight**2 for weight in weights)


def _evidence(verdicts: Sequence[Verdict]) -> tuple[Evidence, ...]:
    found = dict.fromkeys(evidence for verdict in verdicts for evidence in verdict.evidence)
    return tuple(found)[:MOST_CITATIONS]
