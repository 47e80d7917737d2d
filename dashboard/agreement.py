"""How judges stand against labels and against each other, as values that the page draws.

Agreement itself is `judge.alignment`; here are its parts by category, the confusion of outcomes,
and the pairs of judges that judged the same outputs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from dashboard.agreement_runs import Labels, RunLine
from devai_tasks.rates import Flags
from judge.alignment import Alignment, Pair, align, pair_requirements
from judge.reporting.judged import JudgedRun
from results.errors import InputError
from results.records import Outcome

NO_CATEGORY = "no category"


@dataclass(frozen=True)
class Agreement:
    """One run of a judge against one set of labels."""

    line: RunLine
    alignment: Alignment


@dataclass(frozen=True)
class CategoryAgreement:
    """Agreement over the requirements of one category; `agree` of `decided` of `n`."""

    category: str
    n: int
    decided: int
    agree: int
    false_passes: int
    """Unsatisfied by the labels, satisfied by the judge."""
    false_failures: int


@dataclass(frozen=True)
class JudgePair:
    """Two judges over the same outputs: on how many requirements both decided they agree."""

    first: str
    second: str
    n: int
    agree: int
    kappa: float | None


def against(labels: Labels, line: RunLine, run: JudgedRun) -> Agreement | None:
    """The run's agreement with the labels; None where they have no labelled outputs in common."""
    flags = labels.flags_for(line)
    if not flags:
        return None
    try:
        said = {task: of_task for task, of_task in run.flags.items() if task in flags}
        return Agreement(line, align(flags, said))
    except InputError:
        return None


def confusion(labels: Flags, run: Flags) -> dict[tuple[Outcome, Outcome], int]:
    """(label, what the judge said) -> how many requirements; labels are decided ones."""
    return dict(
        Counter((pair.label.outcome, pair.judgment.outcome) for pair in _pairs(labels, run))
    )


def by_category(labels: Labels, line: RunLine, run: JudgedRun) -> tuple[CategoryAgreement, ...]:
    """Agreement by the requirement's category, the largest category first."""
    categories = {
        (task.name, requirement.requirement_id): requirement.category or NO_CATEGORY
        for task in labels.judged.tasks
        for requirement in task.requirements
    }
    grouped: dict[str, list[Pair]] = {}
    for task, flags in labels.flags_for(line).items():
        for pair in _pairs({task: flags}, run.flags):
            key = (task, pair.label.requirement_id)
            grouped.setdefault(categories.get(key, NO_CATEGORY), []).append(pair)
    found = [_of_category(category, pairs) for category, pairs in grouped.items()]
    return tuple(sorted(found, key=lambda row: (-row.n, row.category)))


def judge_pairs(runs: Sequence[tuple[RunLine, JudgedRun]]) -> tuple[JudgePair, ...]:
    """Every two judges with runs over the same outputs, each judge by its newest such run.

    `runs` are newest first. Pairs are summed over agents.
    """
    totals: dict[tuple[str, str], list[Alignment]] = {}
    for group in _same_outputs(runs).values():
        newest: dict[str, JudgedRun] = {}
        for line, run in group:
            newest.setdefault(line.who, run)
        for first, second in combinations(sorted(newest), 2):
            try:
                found = align(newest[first].flags, newest[second].flags)
            except InputError:
                continue
            totals.setdefault((first, second), []).append(found)
    return tuple(
        JudgePair(
            first,
            second,
            n=sum(a.decided for a in parts),
            agree=sum(a.agree for a in parts),
            # Kappa does not add up over agents; one agent's is shown, several have none.
            kappa=parts[0].kappa if len(parts) == 1 else None,
        )
        for (first, second), parts in totals.items()
    )


def _same_outputs(
    runs: Iterable[tuple[RunLine, JudgedRun]],
) -> Mapping[tuple[tuple[str, str], ...], list[tuple[RunLine, JudgedRun]]]:
    grouped: dict[tuple[tuple[str, str], ...], list[tuple[RunLine, JudgedRun]]] = {}
    for line, run in runs:
        if line.outputs:
            grouped.setdefault(tuple(sorted(line.outputs.items())), []).append((line, run))
    return grouped


def _of_category(category: str, pairs: Sequence[Pair]) -> CategoryAgreement:
    decided = [pair for pair in pairs if pair.judgment.outcome.is_decided]
    wrong = [pair for pair in decided if pair.label.outcome is not pair.judgment.outcome]
    return CategoryAgreement(
        category=category,
        n=len(pairs),
        decided=len(decided),
        agree=len(decided) - len(wrong),
        false_passes=sum(pair.judgment.outcome is Outcome.SATISFIED for pair in wrong),
        false_failures=sum(pair.judgment.outcome is Outcome.UNSATISFIED for pair in wrong),
    )


def _pairs(labels: Flags, run: Flags) -> list[Pair]:
    return [
        pair
        for task, of_task in labels.items()
        for pair in pair_requirements(of_task, run.get(task, ()))
        if pair.label.outcome.is_decided
    ]
