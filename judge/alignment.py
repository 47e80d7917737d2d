"""How far judgments agree with human labels, and how far the rates that follow from both differ.

Alignment and judge shift are DevAI's (arXiv 2410.10934, section 4). Only pairs of the same
question are compared: a requirement pairs by id where the texts agree, else with the most alike
text of its task, because labelled files and instances are not always one version of a task.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from pydantic import Field

from devai_tasks.rates import Flagged, Flags, Rates, rates
from results import statistics
from results.errors import InputError
from results.records import Interval, Outcome, Rate, Value

# From this likeness on two texts are one requirement reworded. In the released files the least
# alike rewording has 0.67, and in task 52 the most alike of different requirements has 0.44.
NEAR = 0.6


class Reworded(Value):
    """A pair whose texts differ: near enough to compare, and shown so that a person can object."""

    task: str
    label_id: int
    judgment_id: int
    label_text: str
    judgment_text: str
    similarity: float


class LeftOut(Value):
    """A requirement of one side that is not compared, and why."""

    task: str
    side: Literal["labels", "judgments"]
    requirement_id: int
    criteria: str
    reason: str


class Shift(Value):
    """|rate of the judge - rate of the labels|; None where either has no rate."""

    independent: float | None
    dependent: float | None
    transitive: float | None
    solve: float | None


class Alignment(Value):
    """Agreement of judgments with labels over the requirements that both have.

    `alignment`, `kappa`, `sensitivity`, `specificity` and `ci` are over decided pairs;
    `alignment_worst` and `alignment_best` count abstained and error as disagreement and as
    agreement; `majority_baseline` is what the commonest label alone would agree with, over all n.
    """

    n: int = Field(description="paired requirements that have a label")
    decided: int
    abstained: int
    errors: int
    coverage: float = Field(description="decided / n")
    agree: int
    alignment: float | None
    alignment_worst: float
    alignment_best: float
    kappa: float | None
    sensitivity: float | None
    specificity: float | None
    majority_baseline: float | None
    ci: Interval | None = Field(description="of `alignment`, tasks as clusters")
    labels: Rates
    judgments: Rates
    shift: Shift
    reworded: tuple[Reworded, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True)
class Pair:
    """A label and the judgment on the same requirement; `similarity` of their texts in 0..1."""

    label: Flagged
    judgment: Flagged
    similarity: float


def align(
    labels: Flags, judgments: Flags, dependency: Literal["direct", "transitive"] = "direct"
) -> Alignment:
    """Agreement of `judgments` with `labels`, both task name -> requirements with outcomes.

    `dependency` says which reading the `dependent` rates have; agreement itself is always on the
    requirements' own outcomes. InputError when the two sides have no labelled requirement in
    common.
    """
    pairs, left_out = _pair_all(labels, judgments)
    compared = [pair for of_task in pairs.values() for pair in of_task]
    if not compared:
        raise InputError(
            "The labels and the judgments have no labelled requirement in common: "
            f"labels are of {_named(labels)}, judgments of {_named(judgments)}; "
            "give two runs over the same tasks."
        )
    decided = [pair for pair in compared if pair.judgment.outcome.is_decided]
    truth = [_is_met(pair.label) for pair in decided]
    said = [_is_met(pair.judgment) for pair in decided]
    n, agree = len(compared), sum(a == b for a, b in zip(truth, said, strict=True))
    label_rates = rates(labels, dependency, _ids(pairs, "label"))
    judgment_rates = rates(judgments, dependency, _ids(pairs, "judgment"))
    return Alignment(
        n=n,
        decided=len(decided),
        abstained=sum(pair.judgment.outcome is Outcome.ABSTAINED for pair in compared),
        errors=sum(pair.judgment.outcome is Outcome.ERROR for pair in compared),
        coverage=len(decided) / n,
        agree=agree,
        alignment=statistics.share(agree, len(decided)),
        alignment_worst=agree / n,
        alignment_best=(agree + n - len(decided)) / n,
        kappa=statistics.cohen_kappa(truth, said),
        sensitivity=statistics.sensitivity(truth, said),
        specificity=statistics.specificity(truth, said),
        majority_baseline=statistics.majority_share([_is_met(pair.label) for pair in compared]),
        ci=_interval(pairs),
        labels=label_rates,
        judgments=judgment_rates,
        shift=Shift(
            independent=_distance(label_rates.independent, judgment_rates.independent),
            dependent=_distance(label_rates.dependent, judgment_rates.dependent),
            transitive=_distance(label_rates.transitive, judgment_rates.transitive),
            solve=_distance(label_rates.solve, judgment_rates.solve),
        ),
        reworded=tuple(
            _reworded(task, pair)
            for task, of_task in pairs.items()
            for pair in of_task
            if pair.similarity < 1
        ),
        left_out=tuple(left_out),
    )


def pair_requirements(labels: Sequence[Flagged], judgments: Sequence[Flagged]) -> list[Pair]:
    """The pairs of one task, in the labels' order.

    First equal texts under one id, then the other equal texts, then the most alike texts from
    NEAR on, each requirement once; where two are equally alike the nearer id is taken.
    """
    left = {requirement.requirement_id: requirement for requirement in labels}
    right = {requirement.requirement_id: requirement for requirement in judgments}
    pairs: dict[int, Pair] = {}
    for identifier in left.keys() & right.keys():
        if _words(left[identifier].criteria) == _words(right[identifier].criteria):
            pairs[identifier] = Pair(left[identifier], right.pop(identifier), 1.0)
    candidates = sorted(
        (-similarity, abs(label_id - judgment_id), label_id, judgment_id)
        for label_id in left.keys() - pairs.keys()
        for judgment_id in right
        if (similarity := likeness(left[label_id].criteria, right[judgment_id].criteria)) >= NEAR
    )
    for opposite, _, label_id, judgment_id in candidates:
        if label_id not in pairs and judgment_id in right:
            pairs[label_id] = Pair(left[label_id], right.pop(judgment_id), -opposite)
    return [pairs[identifier] for identifier in left if identifier in pairs]


def likeness(first: str, second: str) -> float:
    """Share of words that two texts have in common, in order; 1 when their words are equal.

    >>> likeness('Saved as "a.txt".', 'saved as `a.txt`')
    1.0
    """
    words, others = _words(first), _words(second)
    if words == others:
        return 1.0
    return SequenceMatcher(None, words, others, autojunk=False).ratio()


def _words(text: str) -> tuple[str, ...]:
    """The text without case, quotes, punctuation and white space: its normalised form."""
    return tuple(re.findall(r"\w+", text.casefold()))


def _pair_all(labels: Flags, judgments: Flags) -> tuple[dict[str, list[Pair]], list[LeftOut]]:
    """The labelled pairs of each task, and everything that is in none."""
    pairs: dict[str, list[Pair]] = {}
    left_out: list[LeftOut] = []
    for task in sorted(labels.keys() | judgments.keys()):
        of_labels, of_judgments = labels.get(task, ()), judgments.get(task, ())
        matched = pair_requirements(of_labels, of_judgments)
        pairs[task] = [pair for pair in matched if pair.label.outcome.is_decided]
        without_label = [pair.label for pair in matched if not pair.label.outcome.is_decided]
        left_out += _left_out(task, "labels", without_label, "it has no label")
        lone_labels = _others(of_labels, [pair.label for pair in matched])
        lone_judgments = _others(of_judgments, [pair.judgment for pair in matched])
        for side, lone, other, is_absent in (
            ("labels", lone_labels, "judgments", task not in judgments),
            ("judgments", lone_judgments, "labels", task not in labels),
        ):
            reason = f"the {other} have no such " + ("task" if is_absent else "requirement")
            left_out += _left_out(task, side, lone, reason)
    return {task: of_task for task, of_task in pairs.items() if of_task}, left_out


def _others(requirements: Sequence[Flagged], paired: Sequence[Flagged]) -> list[Flagged]:
    known = {requirement.requirement_id for requirement in paired}
    return [requirement for requirement in requirements if requirement.requirement_id not in known]


def _left_out(task: str, side: str, requirements: Sequence[Flagged], reason: str) -> list[LeftOut]:
    return [
        LeftOut(
            task=task,
            side="labels" if side == "labels" else "judgments",
            requirement_id=requirement.requirement_id,
            criteria=requirement.criteria,
            reason=reason,
        )
        for requirement in requirements
    ]


def _reworded(task: str, pair: Pair) -> Reworded:
    return Reworded(
        task=task,
        label_id=pair.label.requirement_id,
        judgment_id=pair.judgment.requirement_id,
        label_text=pair.label.criteria,
        judgment_text=pair.judgment.criteria,
        similarity=round(pair.similarity, 4),
    )


def _interval(pairs: dict[str, list[Pair]]) -> Interval | None:
    agreements: dict[str, int] = defaultdict(int)
    decided: dict[str, int] = defaultdict(int)
    for task, of_task in pairs.items():
        for pair in of_task:
            decided[task] += pair.judgment.outcome.is_decided
            agreements[task] += pair.judgment.outcome is pair.label.outcome
    tasks = list(decided)
    return statistics.clustered_ratio_interval(
        [agreements[task] for task in tasks], [decided[task] for task in tasks]
    )


def _ids(pairs: dict[str, list[Pair]], side: Literal["label", "judgment"]) -> dict[str, set[int]]:
    return {
        task: {
            (pair.label if side == "label" else pair.judgment).requirement_id for pair in of_task
        }
        for task, of_task in pairs.items()
    }


def _is_met(requirement: Flagged) -> bool:
    return requirement.outcome is Outcome.SATISFIED


def _distance(first: Rate, second: Rate) -> float | None:
    if first.value is None or second.value is None:
        return None
    return abs(second.value - first.value)


def _named(tasks: Flags) -> str:
    names = sorted(tasks)
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return (", ".join(names[:3]) + more) or "no task"
