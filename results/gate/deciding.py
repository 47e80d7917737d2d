"""From paired units to a verdict: what fails, what passes, and what cannot be told.

FAIL is only said where the whole interval of the paired difference lies beyond the margin, PASS
where none of it does or nothing flipped; between the two the data cannot tell, and the gate says
so rather than guess. The interval is `results.statistics.paired_interval` at 1 - alpha, by task,
video or dialogue, whose docstring says why: where nothing changed, a rule is red in at most
alpha / 2 of all cases. `python -m tests.measures.gate_simulation` measures it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from results.comparison.pairing import PairedUnits, paired_units
from results.comparison.values import Direction, GateVerdict, RuleResult, Side
from results.errors import InputError
from results.gate.detectable import detectable_effect
from results.gate.policy import DEFAULT_MARGIN, Policy, Rule
from results.records import Interval
from results.statistics import (
    FEWEST_BY_T,
    fewest_to_flip,
    holm,
    interval_of,
    is_inferior,
    is_non_inferior,
)


@dataclass(frozen=True)
class Tried:
    """A rule with all that its verdict rests on; `p` is two-sided, of a change beyond `margin`."""

    rule: Rule
    metric: str
    paired: PairedUnits
    margin: float
    alpha: float
    interval: Interval | None
    p: float
    errors: int


def try_rule(rule: Rule, policy: Policy, baseline: Side, candidate: Side) -> Tried:
    """Looks at what a rule is about; InputError where the sides have no such metric or slice."""
    metric, paired = find_units(rule.metric, rule.slice, baseline, candidate, rule.name)
    alpha = rule.alpha or policy.alpha
    margin = _margin(rule, policy, paired)
    test = paired.test(1 - alpha)
    interval, p = None, 1.0
    if test is not None:
        bound = 1.0 if paired.is_share else None
        interval = interval_of(test, level=1 - alpha, bound=bound)
        worse, better = test.p_worse(margin), test.p_better(margin)
        if not paired.higher_is_better:
            worse, better = better, worse
        one_sided = {
            Direction.WORSE: worse,
            Direction.BETTER: better,
            Direction.EITHER: min(worse, better),
        }
        p = min(1.0, 2 * one_sided[rule.direction])
    errors = sum(now.is_error for _, now in paired.pairs)
    return Tried(rule, metric, paired, margin, alpha, interval, p, errors)


def decide(tried: Sequence[Tried], policy: Policy) -> tuple[RuleResult, ...]:
    """Each rule's verdict. With Holm's correction a FAIL must also stand among all the rules.

    A PASS needs no correction: all rules must pass, and each must be shown (Berger 1982).
    """
    adjusted: Sequence[float] = [one.p for one in tried]
    if policy.correction == "holm":
        # Rules may have alphas of their own: p is put in units of each, then back.
        scaled = holm([min(1.0, one.p / one.alpha * _least(tried)) for one in tried])
        adjusted = [
            min(1.0, p * one.alpha / _least(tried)) for p, one in zip(scaled, tried, strict=True)
        ]
    return tuple(_result(one, p, policy) for one, p in zip(tried, adjusted, strict=True))


def find_units(
    metric: str | None, part: str, baseline: Side, candidate: Side, rule: str = ""
) -> tuple[str, PairedUnits]:
    """(the metric's name, its paired units in a slice); InputError that lists what there is."""
    name = metric or baseline.primary
    ours = {series.name: series for series in baseline.series}
    theirs = {series.name: series for series in candidate.series}
    of_rule = f"The rule {rule!r}" if rule else "A rule"
    if name not in ours or name not in theirs:
        known = ", ".join(sorted(ours.keys() & theirs.keys())) or "none"
        raise InputError(
            f"{of_rule} is about the metric {name!r}, which the two runs do not share; they share"
            f" {known}."
        )
    paired = paired_units(ours[name], theirs[name])
    found = paired.of_slice(part)
    if found is None:
        known = ", ".join(sorted(paired.by_slice().keys() - {""})[:12]) or "none"
        raise InputError(
            f"{of_rule} is about the slice {part!r} of {name}, which the two runs do not share;"
            f" they share {known}."
        )
    return name, found


def _least(tried: Sequence[Tried]) -> float:
    return min(one.alpha for one in tried)


def _margin(rule: Rule, policy: Policy, paired: PairedUnits) -> float:
    given = rule.margin if rule.margin is not None else policy.margin
    if given is not None:
        return given
    is_share = paired.unit == "share"
    return DEFAULT_MARGIN if is_share else DEFAULT_MARGIN * abs(paired.baseline or 0.0)


def _result(tried: Tried, adjusted: float, policy: Policy) -> RuleResult:
    paired, rule = tried.paired, tried.rule
    verdict, reason = _verdict(tried, adjusted)
    return RuleResult(
        rule=rule.name or " ".join(filter(None, (tried.metric, rule.slice))),
        metric=tried.metric,
        slice=rule.slice,
        verdict=verdict,
        baseline=paired.baseline,
        candidate=paired.candidate,
        difference=paired.difference,
        ci=tried.interval,
        margin=tried.margin,
        alpha=tried.alpha,
        n=paired.n,
        clusters=paired.clusters,
        minimum_detectable_effect=detectable_effect(
            paired, alpha=tried.alpha, power=policy.power, margin=tried.margin
        ),
        power=policy.power,
        p=adjusted if tried.paired.n else None,
        unit=paired.unit,
        higher_is_better=paired.higher_is_better,
        direction=rule.direction,
        reason=reason,
        flips=paired.flips,
        warnings=_warnings(tried),
    )


def _verdict(tried: Tried, adjusted: float) -> tuple[GateVerdict, str]:
    """The verdict and why, tried in this order: errors, too little, no change, the interval."""
    rule, paired, interval = tried.rule, tried.paired, tried.interval
    if rule.allowed_errors is not None and tried.errors > rule.allowed_errors:
        return (
            GateVerdict.FAIL,
            f"{tried.errors} units of the candidate are in error, and {rule.allowed_errors} are"
            " allowed.",
        )
    if not paired.n:
        return GateVerdict.INCONCLUSIVE, "No unit is decided on both sides."
    if paired.n < rule.minimum_n:
        return (
            GateVerdict.INCONCLUSIVE,
            f"{paired.n} common units, and the rule asks for at least {rule.minimum_n}.",
        )
    if _is_tipped(tried):
        return (
            GateVerdict.INCONCLUSIVE,
            "What only the candidate left undecided could tip it: counted against it, the"
            f" difference is {paired.with_lost_units():+.4g}.",
        )
    if paired.is_unchanged:
        return GateVerdict.PASS, f"None of {paired.n} units flipped."
    if paired.clusters < FEWEST_BY_T:
        return (
            GateVerdict.INCONCLUSIVE,
            f"Too few tasks, videos or dialogues ({paired.clusters}) to tell anything: it takes at"
            f" least {FEWEST_BY_T}.",
        )
    if interval is None:
        return GateVerdict.INCONCLUSIVE, "Nothing bounds the difference."
    return _by_interval(tried, interval, adjusted)


def _by_interval(tried: Tried, interval: Interval, adjusted: float) -> tuple[GateVerdict, str]:
    rule, margin, up = tried.rule, tried.margin, tried.paired.higher_is_better
    is_worse = is_inferior(interval, margin, higher_is_better=up)
    is_better = is_inferior(interval, margin, higher_is_better=not up)
    fails = (is_worse and rule.direction is not Direction.BETTER) or (
        is_better and rule.direction is not Direction.WORSE
    )
    span = f"the {interval.level:.3g} interval [{interval.low:+.4f}, {interval.high:+.4f}]"
    if fails and adjusted > tried.alpha:
        return (
            GateVerdict.INCONCLUSIVE,
            f"{_capital(span)} lies beyond the margin {margin:g}, but not so clearly as to stand"
            f" among all the rules (adjusted p = {adjusted:.3g}).",
        )
    if fails:
        way = "worse" if is_worse else "better"
        return GateVerdict.FAIL, f"{way.capitalize()}: {span} lies wholly beyond {margin:g}."
    not_worse = is_non_inferior(interval, margin, higher_is_better=up)
    not_better = is_non_inferior(interval, margin, higher_is_better=not up)
    passes = (not_worse or rule.direction is Direction.BETTER) and (
        not_better or rule.direction is Direction.WORSE
    )
    if passes:
        return GateVerdict.PASS, f"{_capital(span)} stays within the margin {margin:g}."
    return GateVerdict.INCONCLUSIVE, f"{_capital(span)} reaches beyond the margin {margin:g}."


def _is_tipped(tried: Tried) -> bool:
    """Whether a worsening beyond the margin may hide in what only the candidate left undecided."""
    paired = tried.paired
    lost = paired.with_lost_units()
    if tried.rule.direction is Direction.BETTER or lost is None:
        return False
    newly_undecided = any(b.value is not None and c.value is None for b, c in paired.pairs)
    if not newly_undecided or not paired.is_share or paired.difference is None:
        return False
    sign = 1 if paired.higher_is_better else -1
    return sign * lost < -tried.margin <= sign * paired.difference


def _warnings(tried: Tried) -> tuple[str, ...]:
    said = []
    undecided = len(tried.paired.pairs) - tried.paired.n
    if undecided:
        said.append(f"{undecided} of {len(tried.paired.pairs)} common units are undecided.")
    if FEWEST_BY_T <= tried.paired.clusters < fewest_to_flip(1 - tried.alpha):
        said.append(
            f"{tried.paired.clusters} clusters are too few for an exact test: the interval takes"
            " their differences as normal."
        )
    if tried.errors:
        said.append(f"{tried.errors} units of the candidate are in error.")
    return tuple(said)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
