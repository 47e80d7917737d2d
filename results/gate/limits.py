"""Budgets of what a run takes, and the drift of a variant from its reference."""

from __future__ import annotations

from collections import defaultdict

from results.comparison.pairing import SAME
from results.comparison.values import Direction, GateVerdict, RuleResult, Side
from results.errors import InputError
from results.gate.deciding import find_units
from results.gate.policy import Budget, Drift, Policy
from results.statistics import bootstrap_interval, fewest_to_flip

_UNITS = {"cost": "USD", "cost_per_unit": "USD", "seconds": "s", "seconds_per_unit": "s"}


def try_budget(budget: Budget, baseline: Side, candidate: Side) -> RuleResult:
    """Whether the candidate took no more than it may; unknown amounts are inconclusive.

    What a run took is a fact and no sample of anything, so there is no interval. InputError where
    the candidate's run measured nothing of that name.
    """
    if budget.measure not in candidate.totals:
        known = ", ".join(sorted(candidate.totals)) or "nothing"
        raise InputError(
            f"A budget is on {budget.measure!r}, which {candidate.name} did not measure; it has"
            f" {known}."
        )
    took, before = candidate.totals[budget.measure], baseline.totals.get(budget.measure)
    verdict, reason = _within(budget, took, before)
    return RuleResult(
        rule=budget.name or f"budget of {budget.measure}",
        metric=budget.measure,
        verdict=verdict,
        baseline=before,
        candidate=took,
        difference=None if took is None or before is None else took - before,
        limit=_said_limit(budget),
        n=1,
        unit=_UNITS.get(budget.measure, "value"),
        higher_is_better=budget.minimum is not None,
        reason=reason,
    )


def try_drift(drift: Drift, policy: Policy, baseline: Side, candidate: Side) -> RuleResult:
    """Whether the mean absolute change of a unit stays within a limit.

    Two runs can have one mean and agree on nothing: a variant that gains here what it loses there
    has drifted. The interval is the BCa cluster bootstrap of sum(|change|) / n. PASS where it ends
    within the limit or nothing changed, FAIL where it begins beyond, and else inconclusive, as it
    is with fewer than `fewest_to_flip` clusters.
    """
    metric, paired = find_units(drift.metric, drift.slice, baseline, candidate, drift.name)
    alpha = drift.alpha or policy.alpha
    changes: dict[str, list[float]] = defaultdict(list)
    for before, _, old, new in paired.decided:
        changes[before.cluster].append(0.0 if abs(new - old) <= SAME else abs(new - old))
    sums, sizes = [sum(c) for c in changes.values()], [len(c) for c in changes.values()]
    mean = sum(sums) / paired.n if paired.n else None
    interval = bootstrap_interval(sums, sizes, level=1 - alpha) if paired.n else None
    fewest = fewest_to_flip(1 - alpha)
    if mean is None or paired.n < drift.minimum_n:
        verdict = GateVerdict.INCONCLUSIVE
        reason = f"{paired.n} units are decided on both sides."
    elif mean == 0:
        verdict, reason = GateVerdict.PASS, f"None of {paired.n} units changed."
    elif interval is None or paired.clusters < fewest:
        verdict = GateVerdict.INCONCLUSIVE
        reason = f"{paired.clusters} clusters cannot tell; it takes at least {fewest}."
    else:
        span = f"a unit changes by {mean:.4f} [{interval.low:.4f}, {interval.high:.4f}] on average"
        if interval.high <= drift.maximum:
            verdict, reason = GateVerdict.PASS, f"Within the limit: {span}."
        elif interval.low > drift.maximum:
            verdict, reason = GateVerdict.FAIL, f"Beyond the limit: {span}."
        else:
            verdict, reason = GateVerdict.INCONCLUSIVE, f"About the limit: {span}."
    return RuleResult(
        rule=drift.name or f"drift of {metric}",
        metric=metric,
        slice=drift.slice,
        verdict=verdict,
        baseline=paired.baseline,
        candidate=paired.candidate,
        difference=mean,
        ci=interval,
        limit=f"mean absolute change at most {drift.maximum:g}",
        margin=drift.maximum,
        alpha=alpha,
        n=paired.n,
        clusters=paired.clusters,
        power=policy.power,
        unit=paired.unit,
        higher_is_better=paired.higher_is_better,
        direction=Direction.EITHER,
        reason=reason,
        flips=paired.flips,
    )


def _within(budget: Budget, took: float | None, before: float | None) -> tuple[GateVerdict, str]:
    measure = budget.measure
    if took is None:
        return GateVerdict.INCONCLUSIVE, f"What the candidate took of {measure} is not known."
    if budget.maximum is not None and took > budget.maximum:
        return GateVerdict.FAIL, f"{measure} is {took:g}, more than {budget.maximum:g}."
    if budget.minimum is not None and took < budget.minimum:
        return GateVerdict.FAIL, f"{measure} is {took:g}, less than {budget.minimum:g}."
    if budget.maximum_ratio is None:
        return GateVerdict.PASS, f"{measure} is {took:g}, within the budget."
    if before is None:
        return GateVerdict.INCONCLUSIVE, f"What the baseline took of {measure} is not known."
    if took > budget.maximum_ratio * before:
        return (
            GateVerdict.FAIL,
            f"{measure} is {took:g}, more than {budget.maximum_ratio:g} times the baseline's"
            f" {before:g}.",
        )
    return GateVerdict.PASS, f"{measure} is {took:g} after {before:g}, within the budget."


def _said_limit(budget: Budget) -> str:
    said = {
        "at most {:g}": budget.maximum,
        "at least {:g}": budget.minimum,
        "at most {:g} times the baseline's": budget.maximum_ratio,
    }
    return ", ".join(words.format(limit) for words, limit in said.items() if limit is not None)
