"""How far a judge moved on a labelled set: its agreement with people, and what flipped."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from results.records import Interval, Outcome, Value
from results.statistics import mcnemar, wilson

ALPHA = 0.05
MOST_DROP = 0.05

Outcomes = Mapping[tuple[str, int], Outcome]


class AnchorFlip(Value):
    """A requirement on which the judge says something else than it did."""

    task: str
    requirement_id: int
    label: bool
    before: Outcome
    after: Outcome


class Agreement(Value):
    """How often a judge agrees with labels; what it left undecided agrees with nothing."""

    agree: int
    undecided: int
    n: int
    share: float | None
    ci: Interval | None = Field(description="Wilson, requirements taken as independent")


class Movement(Value):
    """Two judgments of the same labelled requirements.

    `p_agreement` and `p_verdicts` are exact McNemar tests of the agreements won and lost, and of
    the verdicts that went from met to unmet and back. `moved` says why the judge is taken to have
    moved; None where the difference is within noise.
    """

    before: Agreement
    after: Agreement
    drop: float = Field(description="agreement before minus agreement after, in shares")
    p_agreement: float
    p_verdicts: float
    flips: tuple[AnchorFlip, ...]
    moved: str | None


def movement(
    labels: Mapping[tuple[str, int], bool],
    before: Outcomes,
    after: Outcomes,
    *,
    alpha: float = ALPHA,
    most_drop: float = MOST_DROP,
) -> Movement:
    """What changed between two judgments of labelled requirements; a missing one is an error.

    >>> labels = {("t", n): True for n in range(10)}
    >>> met = {key: Outcome.SATISFIED for key in labels}
    >>> moved = movement(labels, met, met | {("t", 3): Outcome.UNSATISFIED})
    >>> round(moved.drop, 2), moved.p_agreement, moved.moved
    (0.1, 1.0, 'agreement with the labels fell by 10.0 points, more than 5.0')
    """
    won = lost = stricter = milder = 0
    flips = []
    for key, label in sorted(labels.items()):
        first = before.get(key, Outcome.ERROR)
        second = after.get(key, Outcome.ERROR)
        if first is second:
            continue
        flips.append(
            AnchorFlip(task=key[0], requirement_id=key[1], label=label, before=first, after=second)
        )
        lost += _agrees(label, first) and not _agrees(label, second)
        won += _agrees(label, second) and not _agrees(label, first)
        stricter += first is Outcome.SATISFIED
        milder += second is Outcome.SATISFIED
    old, new = _agreement(labels, before), _agreement(labels, after)
    drop = (old.share or 0.0) - (new.share or 0.0)
    p_agreement, p_verdicts = mcnemar(lost, won), mcnemar(stricter, milder)
    reason = None
    if drop > most_drop + 1e-12:
        reason = (
            f"agreement with the labels fell by {100 * drop:.1f} points, more than"
            f" {100 * most_drop:.1f}"
        )
    elif p_agreement < alpha:
        reason = f"{lost} agreements were lost and {won} won (McNemar p = {p_agreement:.3g})"
    elif p_verdicts < alpha:
        reason = (
            f"{stricter} verdicts left satisfied and {milder} became it"
            f" (McNemar p = {p_verdicts:.3g})"
        )
    return Movement(
        before=old,
        after=new,
        drop=drop,
        p_agreement=p_agreement,
        p_verdicts=p_verdicts,
        flips=tuple(flips),
        moved=reason,
    )


def _agrees(label: bool, outcome: Outcome) -> bool:
    return outcome is (Outcome.SATISFIED if label else Outcome.UNSATISFIED)


def _agreement(labels: Mapping[tuple[str, int], bool], outcomes: Outcomes) -> Agreement:
    found = [(label, outcomes.get(key, Outcome.ERROR)) for key, label in labels.items()]
    agree = sum(_agrees(label, outcome) for label, outcome in found)
    return Agreement(
        agree=agree,
        undecided=sum(not outcome.is_decided for _, outcome in found),
        n=len(found),
        share=agree / len(found) if found else None,
        ci=wilson(agree, len(found)),
    )
