"""How far people agree: the figures of DevAI's human study (arXiv 2410.10934, section 3.2).

- disagreement of each pair of annotators: the share of requirements that both decided on which
  they said different things;
- error of each annotator: the share of decided requirements on which they differ from the majority
  of all, and from the consensus, which the study takes for the truth;
- error of the majority vote against the consensus: what voting alone, without discussion, gets.

Everything is `judge.alignment` with people on both sides.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from devai_tasks import FlaggedRequirement
from devai_tasks.rates import Flags
from judge.alignment import Alignment, align
from judge.labelling.consensus import Standing, settle
from judge.labelling.sessions import Study
from results.errors import InputError
from results.records import Outcome, Value

MAJORITY = "majority vote"


class Compared(Value):
    """Two sides over the requirements that both decided; shares in 0..1, None where n is 0."""

    first: str
    second: str
    n: int
    differ: int
    disagreement: float | None = Field(description="differ / n; an error rate against a truth")
    low: float | None = Field(description="95 % interval of `disagreement`, tasks as clusters")
    high: float | None
    kappa: float | None


class Effort(Value):
    """What one annotator did."""

    name: str
    labelled: int
    cannot_tell: int
    seconds: float


class Agreements(Value):
    """All figures of one study."""

    requirements: int
    labelled_by_all: int
    disputed: int = Field(description="two people said something different")
    open: int = Field(description="no majority and no decision yet")
    efforts: tuple[Effort, ...]
    pairs: tuple[Compared, ...] = Field(description="each pair of annotators")
    against_majority: tuple[Compared, ...] = Field(description="first is `majority vote`")
    against_consensus: tuple[Compared, ...] = Field(description="the majority vote among them")


def agreements(study: Study) -> Agreements:
    """The figures of a study as its labels stand now."""
    standings = settle(study)
    names = [session.about.annotator for session in study.annotators]
    people = {name: _flags(standings, [_said_by(s, name) for s in standings]) for name in names}
    voted = _flags(standings, [standing.majority for standing in standings])
    recorded = [s.recorded.outcome if s.recorded is not None else None for s in standings]
    agreed = _flags(standings, recorded)
    everyone = {**people, MAJORITY: voted} if len(people) > 1 else people
    return Agreements(
        requirements=len(standings),
        labelled_by_all=sum(len(standing.votes) == len(names) for standing in standings),
        disputed=sum(standing.is_disputed for standing in standings),
        open=sum(standing.is_open for standing in standings),
        efforts=tuple(_effort(standings, name) for name in names),
        pairs=tuple(
            _compared(first, second, people[first], people[second])
            for place, first in enumerate(names)
            for second in names[place + 1 :]
        ),
        against_majority=tuple(
            _compared(MAJORITY, name, voted, said) for name, said in people.items()
        ),
        against_consensus=tuple(
            _compared("consensus", name, agreed, said) for name, said in everyone.items()
        )
        if study.consensus is not None
        else (),
    )


def _compared(first: str, second: str, truth: Flags, said: Flags) -> Compared:
    found = _aligned(truth, said)
    share = None if found is None or found.alignment is None else 1 - found.alignment
    interval = None if found is None else found.ci
    return Compared(
        first=first,
        second=second,
        n=0 if found is None else found.decided,
        differ=0 if found is None else found.decided - found.agree,
        disagreement=share,
        low=None if interval is None else 1 - interval.high,
        high=None if interval is None else 1 - interval.low,
        kappa=None if found is None else found.kappa,
    )


def _aligned(truth: Flags, said: Flags) -> Alignment | None:
    """None where the first side has decided nothing yet."""
    try:
        return align(truth, said)
    except InputError:
        return None


def _effort(standings: Sequence[Standing], name: str) -> Effort:
    labels = [label for s in standings for annotator, label in s.votes if annotator == name]
    return Effort(
        name=name,
        labelled=len(labels),
        cannot_tell=sum(not label.outcome.is_decided for label in labels),
        seconds=sum(label.seconds for label in labels),
    )


def _said_by(standing: Standing, name: str) -> Outcome | None:
    return next((label.outcome for who, label in standing.votes if who == name), None)


def _flags(standings: Sequence[Standing], outcomes: Sequence[Outcome | None]) -> Flags:
    """Task -> its requirements; one without an outcome counts as undecided."""
    found: dict[str, list[FlaggedRequirement]] = {}
    for standing, outcome in zip(standings, outcomes, strict=True):
        asked = standing.requirement
        found.setdefault(standing.task, []).append(
            FlaggedRequirement(
                asked.requirement_id,
                asked.criteria,
                asked.prerequisites,
                outcome or Outcome.ABSTAINED,
            )
        )
    return found
