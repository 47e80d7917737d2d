"""How judges stand against labels and against each other, as values that the page draws.

Agreement itself is `judge.alignment`; here are its parts by category, the confusion of outcomes,
the pairs of judges that judged the same outputs, and what changed between versions of one judge.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from dashboard.agreement_runs import RunLine, Side, side
from devai_tasks.rates import Flags
from judge.alignment import Alignment, Pair, align, pair_requirements
from judge.reporting.judged import JudgedRun
from results.errors import InputError
from results.records import Outcome

NO_CATEGORY = "no category"


@dataclass(frozen=True)
class JudgeVersion:
    """All that one judge in one version said; `side` holds its newest run on each output."""

    who: str
    identity: str
    since: str
    """When its first run began, ISO 8601."""
    runs: int
    side: Side


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
    """Two judges over the same outputs: on how many requirements that both decided they agree."""

    first: str
    second: str
    n: int
    agree: int
    kappa: float | None


@dataclass(frozen=True)
class Drift:
    """One judge before and after a change of version or prompts, over the same outputs."""

    who: str
    before: str
    after: str
    n: int
    same: int
    now_satisfied: int
    now_unsatisfied: int
    now_undecided: int
    newly_decided: int


def judge_versions(runs: Sequence[tuple[RunLine, JudgedRun]]) -> tuple[JudgeVersion, ...]:
    """Each version of each judge, by judge and then oldest first; `runs` are newest first."""
    grouped: dict[tuple[str, str], list[tuple[RunLine, JudgedRun]]] = {}
    for line, run in runs:
        grouped.setdefault((line.who, line.identity), []).append((line, run))
    found = [
        JudgeVersion(
            who,
            identity,
            since=min(line.started_at for line, _ in of),
            runs=len(of),
            side=side(identity, [(line.outputs, run) for line, run in of]),
        )
        for (who, identity), of in grouped.items()
    ]
    return tuple(sorted(found, key=lambda version: (version.who, version.since)))


def against(labels: Side, judge: Side) -> Alignment | None:
    """The judge's agreement with the labels; None where they share no labelled output."""
    shared = labels.flags.keys() & judge.flags.keys()
    try:
        return align(labels.only(shared), judge.only(shared))
    except InputError:
        return None


def confusion(labels: Side, judge: Side) -> dict[tuple[Outcome, Outcome], int]:
    """(label, what the judge said) -> how many requirements; labels are decided ones."""
    pairs = _pairs(labels.flags, judge.flags)
    return dict(Counter((pair.label.outcome, pair.judgment.outcome) for _, pair in pairs))


def by_category(labels: Side, judge: Side) -> tuple[CategoryAgreement, ...]:
    """Agreement by the requirement's category, the largest category first."""
    grouped: dict[str, list[Pair]] = {}
    for key, pair in _pairs(labels.flags, judge.flags):
        category = labels.categories.get((key, pair.label.requirement_id), NO_CATEGORY)
        grouped.setdefault(category, []).append(pair)
    found = [_of_category(category, pairs) for category, pairs in grouped.items()]
    return tuple(sorted(found, key=lambda row: (-row.n, row.category)))


def judge_pairs(sides: Sequence[Side]) -> tuple[JudgePair, ...]:
    """Every two sides over the outputs that both judged; none where they share none."""
    found = []
    for first, second in combinations(sides, 2):
        compared = against(first, second)
        if compared is not None and compared.decided:
            pair = JudgePair(
                first.name, second.name, compared.decided, compared.agree, compared.kappa
            )
            found.append(pair)
    return tuple(found)


def drifts(versions: Sequence[JudgeVersion]) -> tuple[Drift, ...]:
    """What changed from each version of a judge to its next, over outputs that both judged."""
    found = []
    for before, after in pairwise(versions):
        if before.who != after.who:
            continue
        shared = before.side.flags.keys() & after.side.flags.keys()
        pairs = [
            (pair.label.outcome, pair.judgment.outcome)
            for key in shared
            for pair in pair_requirements(before.side.flags[key], after.side.flags[key])
        ]
        if pairs:
            found.append(_drift(before, after, pairs))
    return tuple(found)


def _drift(
    before: JudgeVersion, after: JudgeVersion, pairs: Sequence[tuple[Outcome, Outcome]]
) -> Drift:
    was_decided = [(was, now) for was, now in pairs if was.is_decided]
    changed = [(was, now) for was, now in was_decided if was is not now]
    return Drift(
        who=before.who,
        before=before.identity.removeprefix(f"{before.who} · "),
        after=after.identity.removeprefix(f"{after.who} · "),
        n=len(pairs),
        same=sum(was is now for was, now in pairs),
        now_satisfied=sum(now is Outcome.SATISFIED for _, now in changed),
        now_unsatisfied=sum(now is Outcome.UNSATISFIED for _, now in changed),
        now_undecided=sum(not now.is_decided for _, now in changed),
        newly_decided=sum(now.is_decided and not was.is_decided for was, now in pairs),
    )


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


def _pairs(labels: Flags, judged: Flags) -> list[tuple[str, Pair]]:
    return [
        (key, pair)
        for key, flags in labels.items()
        for pair in pair_requirements(flags, judged.get(key, ()))
        if pair.label.outcome.is_decided
    ]
