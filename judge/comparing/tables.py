"""Comparisons and gates for the terminal, as rich renderables; all text in them is made safe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from judge.reporting.tables import text_table
from judge.reporting.wording import cited, one_line, plain
from results.comparison.pairing import named
from results.comparison.values import (
    Comparison,
    Flip,
    GateResult,
    GateVerdict,
    MetricComparison,
    RuleResult,
)
from results.records import Interval
from results.statistics import TOO_FEW, CorrectedShare, VarianceComponents

_SHOWN_FLIPS = 30
_SHOWN_ALONE = 12
_LONGEST_REASON = 160
_STYLES = {
    GateVerdict.PASS: "bold green",
    GateVerdict.FAIL: "bold red",
    GateVerdict.INCONCLUSIVE: "bold yellow",
}


def comparison_tables(comparison: Comparison, primary: str) -> list[RenderableType]:
    """The metrics, their slices, what flipped in the primary one, and what was left out."""
    whole = [metric for metric in comparison.metrics if not metric.slice]
    parts = [m for m in comparison.metrics if m.slice and not m.slice.startswith("task=")]
    title = f"{comparison.candidate} against {comparison.baseline}"
    shown: list[RenderableType] = [_metric_table(whole, title)]
    if parts:
        shown.append(_metric_table([m for m in parts if m.name == primary], f"{primary}, by slice"))
    shown += [_corrections(metric) for metric in whole if metric.corrected is not None]
    flipped = next((metric for metric in whole if metric.name == primary), None)
    if flipped is not None:
        shown += flip_tables(flipped.flips.harmful, flipped.flips.beneficial)
    shown += _alone(comparison)
    for name, spread in (
        (comparison.baseline, comparison.baseline_spread),
        (comparison.candidate, comparison.candidate_spread),
    ):
        if spread is not None:
            shown.append(_spread(name, spread))
    if comparison.allowed is not None:
        shown.append(f"ALLOWED, although measured otherwise: {plain(comparison.allowed)}")
    return shown


def gate_tables(result: GateResult) -> list[RenderableType]:
    """A row for each rule with its verdict, what flipped, and the verdict over all."""
    table = Table(box=None, pad_edge=False, title_justify="left")
    for name in ("verdict", "rule", "baseline", "candidate", "difference", "interval", "margin"):
        table.add_column(name, overflow="fold")
    table.add_column("would have seen", overflow="fold")
    for rule in result.rules:
        table.add_row(
            Text(rule.verdict.value, style=_STYLES[rule.verdict]),
            Text(one_line(rule.rule, 60)),
            value(rule.baseline, rule.unit),
            value(rule.candidate, rule.unit),
            value(rule.difference, rule.unit, signed=True),
            "nothing flipped" if _is_unchanged(rule) else interval(rule.ci, rule.unit),
            rule.limit or value(rule.margin, rule.unit),
            _detectable(rule),
        )
    shown: list[RenderableType] = [table]
    for rule in result.rules:
        shown.append(f"{rule.verdict.value}  {plain(rule.rule)}: {plain(rule.reason)}")
        shown += [f"  {plain(warning)}" for warning in rule.warnings]
    not_passed = [rule for rule in result.rules if rule.verdict is not GateVerdict.PASS]
    for rule in not_passed[:1]:
        shown += flip_tables(rule.flips.harmful, ())
    shown += _alone(result.comparison)
    if result.comparison.allowed is not None:
        shown.append(f"ALLOWED, although measured otherwise: {plain(result.comparison.allowed)}")
    shown.append(
        f"{result.verdict.value}: {result.comparison.candidate} after {result.comparison.baseline}"
    )
    return shown


def flip_tables(harmful: Sequence[Flip], beneficial: Sequence[Flip]) -> Iterator[Table]:
    """What got worse, then what got better, with the first evidence of both sides."""
    for title, flips in (("got worse", harmful), ("got better", beneficial)):
        if not flips:
            continue
        rows = [
            (
                named(flip),
                f"{flip.baseline:g} → {flip.candidate:g}",
                _said(flip.baseline_reason, flip.baseline_evidence),
                _said(flip.candidate_reason, flip.candidate_evidence),
            )
            for flip in flips[:_SHOWN_FLIPS]
        ]
        left = len(flips) - len(rows)
        more = f"; {left} more in --json" if left else ""
        yield text_table(
            rows, ("unit", "value", "baseline", "candidate"), f"{len(flips)} {title}{more}"
        )


def value(number: float | None, unit: str, *, signed: bool = False) -> str:
    """A share in percent (a difference in points), anything else with its unit."""
    if number is None:
        return "-"
    sign = "+" if signed else ""
    if unit == "share":
        return f"{100 * number:{sign}.1f} {'points' if signed else '%'}"
    return f"{number:{sign}.4g}" + (f" {unit}" if unit != "value" else "")


def interval(found: Interval | None, unit: str) -> str:
    """`[low, high]` in points or in the metric's unit."""
    if found is None:
        return "-"
    if found.method.endswith(TOO_FEW):
        return "unbounded"
    scale, digits = (100, ".1f") if unit == "share" else (1, ".4g")
    return f"[{scale * found.low:+{digits}}, {scale * found.high:+{digits}}]"


def _metric_table(metrics: Sequence[MetricComparison], title: str) -> Table:
    rows = [
        (
            " ".join(filter(None, (metric.slice or metric.name,))),
            value(metric.baseline, metric.unit),
            value(metric.candidate, metric.unit),
            value(metric.difference, metric.unit, signed=True),
            "nothing flipped" if _is_unchanged(metric) else interval(metric.ci, metric.unit),
            "-" if metric.p is None else f"{metric.p:.3g}",
            f"{metric.n} in {metric.clusters}",
            f"{len(metric.flips.harmful)} / {len(metric.flips.beneficial)}",
            _undecided(metric),
        )
        for metric in metrics
    ]
    names = ("", "baseline", "candidate", "difference", "interval", "p", "n", "worse/better")
    return text_table(rows, (*names, "undecided"), title)


def _is_unchanged(found: MetricComparison | RuleResult) -> bool:
    return found.clusters > 0 and not found.flips.harmful and not found.flips.beneficial


def _undecided(metric: MetricComparison) -> str:
    if not metric.undecided:
        return ""
    if metric.worst is None or metric.best is None:
        return str(metric.undecided)
    worst, best = (value(v, metric.unit, signed=True) for v in (metric.worst, metric.best))
    return f"{metric.undecided} ({worst} to {best})"


def _corrections(metric: MetricComparison) -> Table:
    assert metric.corrected is not None
    sides = {"baseline": metric.corrected.baseline, "candidate": metric.corrected.candidate}
    rows = [(name, *_corrected(share)) for name, share in sides.items()]
    rows.append(
        (
            "difference",
            value(metric.difference, "share", signed=True),
            value(metric.corrected.difference, "share", signed=True),
            "",
            "",
        )
    )
    return text_table(
        rows, (metric.name, "raw", "corrected", "interval", "mind"), "corrected for the judge"
    )


def _corrected(share: CorrectedShare) -> tuple[str, str, str, str]:
    return (
        value(share.raw, "share"),
        value(share.corrected, "share"),
        interval(share.interval, "share"),
        share.warning,
    )


def _alone(comparison: Comparison) -> Iterator[Table]:
    for side, names in (
        (comparison.baseline, comparison.only_in_baseline),
        (comparison.candidate, comparison.only_in_candidate),
    ):
        if names:
            rows = [(name,) for name in names[:_SHOWN_ALONE]]
            left = len(names) - len(rows)
            more = f"; {left} more in --json" if left else ""
            yield text_table(rows, ("unit",), f"{len(names)} only in {side}{more}")


def _spread(name: str, spread: VarianceComponents) -> str:
    shares = {"task": spread.task, "agent": spread.agent, "judge": spread.judge}
    said = ", ".join(
        f"{what} {'not repeated' if found is None else f'{found:.4g}'}"
        for what, found in shares.items()
    )
    return f"variance within {plain(name)}: {said}"


def _detectable(rule: RuleResult) -> str:
    effect = rule.minimum_detectable_effect
    if rule.limit:
        return ""
    if effect is None:
        return "no worsening"
    return f"{value(effect, rule.unit)} ({100 * rule.power:.0f} % power)"


def _said(reason: str, evidence: Sequence[object]) -> str:
    first = f" [{cited(evidence[0])}]" if evidence else ""  # type: ignore[arg-type]
    return one_line(f"{reason}{first}", _LONGEST_REASON)
