"""A panel takes the weighted majority of those that decide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pytest

from judge.judges.interface import Case, Question
from judge.judges.panel import Member, PanelJudge, effective_votes
from results.records import ArtifactEvidence, Outcome, Usage, Verdict

S, U, A, E = Outcome.SATISFIED, Outcome.UNSATISFIED, Outcome.ABSTAINED, Outcome.ERROR
QUESTION = Question("t", 0, "It is done.")
CASE = cast(Case, None)


class Says:
    """Always gives one outcome, and took one call for a cent."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.name = f"says {outcome}"

    def describe(self) -> dict[str, Any]:
        return {"says": self.outcome.value}

    def judge(self, case: Case, question: Question, earlier: Mapping[int, Verdict]) -> Verdict:
        evidence = (ArtifactEvidence(path="a", fact=f"{self.outcome}"),)
        return question.verdict(
            self.outcome, 0.99, f"because {self.outcome}", evidence, Usage(calls=1, cost=0.01)
        )


def verdict_of(*outcomes: Outcome, weights: tuple[float, ...] | None = None) -> Verdict:
    shares = weights or (1.0,) * len(outcomes)
    members = [Member(Says(o), w) for o, w in zip(outcomes, shares, strict=True)]
    return PanelJudge(members).judge(CASE, QUESTION, {})


@pytest.mark.parametrize(
    ("outcomes", "expected", "confidence"),
    [
        ((S, S, U), S, 2 / 3),
        ((U, U, U), U, 1.0),
        ((S, U), A, 0.0),
        ((S, A, E), S, 1.0),
        ((A, E), A, 0.0),
        ((E, E), E, 0.0),
    ],
)
def test_the_majority_of_those_that_decide_wins_and_a_tie_abstains(
    outcomes: tuple[Outcome, ...], expected: Outcome, confidence: float
) -> None:
    found = verdict_of(*outcomes)
    assert found.outcome is expected
    assert found.confidence == pytest.approx(confidence, abs=1e-4)


def test_a_heavier_member_outvotes_two_lighter_ones() -> None:
    assert verdict_of(S, U, U, weights=(3, 1, 1)).outcome is S


def test_evidence_is_that_of_the_majority_and_usage_that_of_all() -> None:
    found = verdict_of(S, S, U)
    assert {e.fact for e in found.evidence if isinstance(e, ArtifactEvidence)} == {"satisfied"}
    assert found.usage.calls == 3
    assert found.usage.cost == pytest.approx(0.03)
    assert "3.0 effective votes" in found.reason


def test_a_panel_without_members_or_weight_is_refused() -> None:
    with pytest.raises(ValueError, match="members"):
        PanelJudge([])
    with pytest.raises(ValueError, match="weight"):
        PanelJudge([Member(Says(S), 0)])


def test_unequal_weights_amount_to_fewer_votes() -> None:
    assert effective_votes([1, 1]) == 2
    assert effective_votes([9, 1]) == pytest.approx(100 / 82)
