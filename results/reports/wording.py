"""How a gate's figures are put in words."""

from __future__ import annotations

from collections.abc import Iterable

from results.comparison.values import Flip, GateResult, RuleResult


def title_of(result: GateResult) -> str:
    """`<candidate> against <baseline>`."""
    return f"{result.comparison.candidate} against {result.comparison.baseline}"


def rule_text(rule: RuleResult) -> str:
    """The rule's figures in a line: both values, their difference, what it would have seen."""
    parts = [
        f"{amount(rule.baseline, rule.unit)} -> {amount(rule.candidate, rule.unit)}",
        f"difference {change(rule.difference, rule.unit)}",
    ]
    if rule.ci is not None:
        parts.append(
            f"{100 * rule.ci.level:.4g} % interval {change(rule.ci.low, rule.unit)} to"
            f" {change(rule.ci.high, rule.unit)}"
        )
    parts.append(f"margin {amount(rule.margin, rule.unit)}")
    parts.append(f"{rule.n} units in {rule.clusters} clusters")
    if rule.minimum_detectable_effect is not None:
        effect = amount(rule.minimum_detectable_effect, rule.unit)
        parts.append(f"a worsening of {effect} is seen with {100 * rule.power:.4g} % power")
    if rule.limit:
        parts.append(rule.limit)
    return "; ".join(parts)


def flips_text(flips: Iterable[Flip]) -> list[str]:
    """A line for each flip: where, both values, and why the candidate's is what it is."""
    return [
        f"{flip.cluster} / {flip.key}: {flip.baseline:.4g} -> {flip.candidate:.4g}"
        f" {' '.join(flip.candidate_reason.split())[:300]}".rstrip()
        for flip in flips
    ]


def amount(value: float | None, unit: str) -> str:
    """A value with its unit; shares in percent, `n/a` for none.

    >>> amount(0.4372, "share"), amount(12.5, "ms"), amount(None, "share")
    ('43.7 %', '12.5 ms', 'n/a')
    """
    if value is None:
        return "n/a"
    return f"{100 * value:.1f} %" if unit == "share" else f"{value:.4g} {unit}".rstrip()


def change(value: float | None, unit: str) -> str:
    """A difference with its sign; of shares in percentage points.

    >>> change(-0.012, "share"), change(3, "ms")
    ('-1.2 points', '+3 ms')
    """
    if value is None:
        return "n/a"
    return f"{100 * value:+.1f} points" if unit == "share" else f"{value:+.4g} {unit}".rstrip()
