"""Two sides compared, metric by metric and slice by slice."""

from __future__ import annotations

from collections.abc import Iterator

from results.comparison.comparability import reasons_against
from results.comparison.pairing import PairedUnits, only_in, paired_units
from results.comparison.values import Comparison, CorrectedDifference, MetricComparison, Side
from results.errors import InputError
from results.records import Value
from results.statistics import (
    FEWEST_BY_T,
    fewest_to_flip,
    interval_of,
    mcnemar,
    rogan_gladen,
)

_SHOWN = 3


class JudgeAccuracy(Value):
    """A judge's sensitivity and specificity, and how many labelled units each rests on."""

    sensitivity: float
    specificity: float
    positives: int | None = None
    negatives: int | None = None


def compare(
    baseline: Side,
    candidate: Side,
    *,
    allow: str | None = None,
    level: float = 0.95,
    accuracy: JudgeAccuracy | None = None,
) -> Comparison:
    """Every metric that both sides have, on the units that both have and both decided.

    The interval is `paired_interval` at `level` and p its two-sided test, by cluster.
    `accuracy` adds the Rogan-Gladen correction to metrics of 0 and 1. InputError where the sides
    were not measured alike, unless `allow` says why that is of no matter, and where they have
    nothing in common.
    """
    reasons = check_comparable(baseline, candidate, allow)
    others = {series.name: series for series in candidate.series}
    metrics: list[MetricComparison] = []
    for series in baseline.series:
        if series.name in others:
            paired = paired_units(series, others[series.name])
            metrics += _slice_by_slice(series.name, paired, level, accuracy)
    if not metrics:
        raise InputError(
            f"{baseline.name} and {candidate.name} have nothing in common to compare: "
            f"the one has {_examples(baseline)}, the other {_examples(candidate)}."
        )
    mine = {series.name for series in baseline.series}
    warnings = [f"Compared although {reason}." for reason in reasons if allow is not None]
    warnings += [
        f"Only {side} has the metric {name}."
        for side, names in (
            (baseline.name, sorted(mine - others.keys())),
            (candidate.name, sorted(others.keys() - mine)),
        )
        for name in names
    ]
    lone = only_in(baseline.series, candidate.series)
    lone_in_candidate = only_in(candidate.series, baseline.series)
    warnings += [
        f"{len(units)} units are only in {side} and were left out."
        for side, units in ((baseline.name, lone), (candidate.name, lone_in_candidate))
        if units
    ]
    return Comparison(
        baseline=baseline.name,
        candidate=candidate.name,
        kind=baseline.kind,
        metrics=tuple(metrics),
        only_in_baseline=lone,
        only_in_candidate=lone_in_candidate,
        baseline_spread=baseline.spread,
        candidate_spread=candidate.spread,
        allowed=allow if reasons else None,
        warnings=(*warnings, *baseline.notes, *candidate.notes),
    )


def check_comparable(baseline: Side, candidate: Side, allow: str | None) -> tuple[str, ...]:
    """What was measured otherwise, where `allow` lets it pass; else InputError that names it."""
    reasons = reasons_against(baseline, candidate)
    if reasons and allow is None:
        more = f"; and {len(reasons) - _SHOWN} more" if len(reasons) > _SHOWN else ""
        raise InputError(
            f"{baseline.name} and {candidate.name} cannot be compared: "
            f"{'; '.join(reasons[:_SHOWN])}{more}. Make both in one way, or say with"
            " --allow REASON why it is of no matter."
        )
    return reasons


def _slice_by_slice(
    name: str, paired: PairedUnits, level: float, accuracy: JudgeAccuracy | None
) -> Iterator[MetricComparison]:
    if paired.pairs:
        for part, pairs in paired.by_slice().items():
            yield compared(name, part, pairs, level, accuracy)


def compared(
    name: str,
    part: str,
    paired: PairedUnits,
    level: float = 0.95,
    accuracy: JudgeAccuracy | None = None,
) -> MetricComparison:
    """One metric on one slice."""
    test = paired.test(level)
    extremes = paired.extremes()
    return MetricComparison(
        name=name,
        slice=part,
        baseline=paired.baseline,
        candidate=paired.candidate,
        difference=paired.difference,
        ci=None
        if test is None
        else interval_of(test, level=level, bound=1.0 if paired.is_share else None),
        p=None if test is None else test.p,
        n=paired.n,
        clusters=paired.clusters,
        higher_is_better=paired.higher_is_better,
        undecided=len(paired.pairs) - paired.n,
        worst=None if extremes is None else extremes[0],
        best=None if extremes is None else extremes[1],
        unit=paired.unit,
        mcnemar_p=mcnemar(len(paired.flips.harmful), len(paired.flips.beneficial))
        if paired.n and paired.is_binary
        else None,
        corrected=_corrected(paired, accuracy),
        flips=paired.flips,
        warnings=tuple(_warnings(paired, level)),
    )


def _warnings(paired: PairedUnits, level: float) -> Iterator[str]:
    if not paired.n:
        yield "No unit is decided on both sides."
        return
    undecided = len(paired.pairs) - paired.n
    if undecided:
        yield f"{undecided} of {len(paired.pairs)} common units are undecided on a side."
    if paired.clusters < FEWEST_BY_T:
        yield (
            f"{_counted(paired.clusters, 'cluster')} cannot tell anything: it takes at least"
            f" {FEWEST_BY_T}."
        )
    elif paired.clusters < fewest_to_flip(level):
        yield (
            f"{paired.clusters} clusters are too few for an exact test at {level:.0%}: the interval"
            " takes their differences as normal."
        )


def _corrected(paired: PairedUnits, accuracy: JudgeAccuracy | None) -> CorrectedDifference | None:
    before, now = paired.baseline, paired.candidate
    if accuracy is None or before is None or now is None or not paired.is_binary:
        return None
    n = paired.n / (paired.baseline_design_effect or 1.0)
    first, second = (
        rogan_gladen(
            raw,
            accuracy.sensitivity,
            accuracy.specificity,
            n=n,
            positives=accuracy.positives,
            negatives=accuracy.negatives,
        )
        for raw in (before, now)
    )
    known = first.corrected is not None and second.corrected is not None
    return CorrectedDifference(
        baseline=first,
        candidate=second,
        difference=(second.corrected or 0.0) - (first.corrected or 0.0) if known else None,
    )


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _examples(side: Side) -> str:
    clusters = sorted({unit.cluster for series in side.series for unit in series.units})
    more = f" and {len(clusters) - _SHOWN} more" if len(clusters) > _SHOWN else ""
    return ", ".join(clusters[:_SHOWN]) + more if clusters else "nothing"
