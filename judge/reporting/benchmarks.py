"""Benchmark runs as a person reads them: their figures, and the samples that failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.table import Table

from judge.reporting.tables import text_table
from judge.reporting.wording import one_line, percent
from results.records import Interval, Metric, Score, ScoreStatus
from results.store import StoredRun

SHOWN_METRICS = 3
SHOWN_SAMPLES = 20


def benchmark_runs_table(
    runs: Sequence[StoredRun], metrics: Mapping[str, Sequence[Metric]]
) -> Table:
    """A row for each run; `metrics` holds the figures over all samples by run id."""
    rows = [
        (
            run.record.run_id,
            " ".join(filter(None, (run.record.benchmark, run.record.split))),
            run.record.model or "",
            run.record.variant or "",
            run.record.scorer or "",
            run.status.value,
            sample_counts(run.samples),
            headline(metrics.get(run.record.run_id, ())),
        )
        for run in runs
    ]
    names = ("run", "benchmark", "model", "variant", "scorer", "status", "samples", "metrics")
    return text_table(rows, names)


def headline(metrics: Sequence[Metric]) -> str:
    """The first figures over all samples, a line each, and how many more there are."""
    overall = [metric for metric in metrics if not metric.slice]
    shown = "\n".join(
        f"{metric.name} {measured(metric)}{_spread(metric.interval, metric.unit)} (n={metric.n:,})"
        for metric in overall[:SHOWN_METRICS]
    )
    more = len(overall) - SHOWN_METRICS
    return f"{shown}\nand {more} more" if more > 0 else shown


def sample_counts(samples: Mapping[ScoreStatus, int]) -> str:
    """How many samples have a score, and how many failed, which no figure may hide.

    >>> sample_counts({ScoreStatus.SCORED: 8, ScoreStatus.UNPARSED: 1, ScoreStatus.ERROR: 2})
    '8 scored, 1 unparsed, 2 failed'
    """
    parts = [f"{samples.get(ScoreStatus.SCORED, 0):,} scored"]
    for status, word in ((ScoreStatus.UNPARSED, "unparsed"), (ScoreStatus.ERROR, "failed")):
        if samples.get(status):
            parts.append(f"{samples[status]:,} {word}")
    return ", ".join(parts)


def metrics_table(metrics: Sequence[Metric], title: str) -> Table:
    """Every figure with its slice, interval, worst and best case, and how many samples went in."""
    rows = [
        (
            metric.name,
            metric.slice,
            measured(metric),
            _interval(metric.interval, metric.unit),
            _range(metric),
            f"{metric.n:,}",
            metric.note,
        )
        for metric in metrics
    ]
    names = ("metric", "slice", "value", "interval", "worst to best", "n", "note")
    return text_table(rows, names, title)


def failed_table(scores: Sequence[Score]) -> Table:
    """The first samples that failed, and why."""
    failed = [score for score in scores if score.status is ScoreStatus.ERROR]
    rows = [(score.sample, one_line(score.reason)) for score in failed[:SHOWN_SAMPLES]]
    more = len(failed) - SHOWN_SAMPLES
    if more > 0:
        rows.append((f"and {more:,} more", ""))
    return text_table(rows, ("failed sample", "reason"), f"samples that failed: {len(failed):,}")


def measured(metric: Metric) -> str:
    """The value with its unit; a share in percent.

    >>> measured(Metric(name="J&F", value=0.877, n=61))
    '87.7 %'
    >>> measured(Metric(name="fps", value=15.7, n=61, unit="frames/s"))
    '15.7 frames/s'
    """
    return _amount(metric.value, metric.unit, with_unit=True)


def _amount(value: float | None, unit: str, *, with_unit: bool = False) -> str:
    if value is None or unit == "share":
        return percent(value)
    text = f"{value:,.0f}" if value == int(value) or abs(value) >= 10_000 else f"{value:.4g}"
    return f"{text} {unit}" if with_unit else text


def _spread(interval: Interval | None, unit: str) -> str:
    if interval is None:
        return ""
    return f" [{_amount(interval.low, unit)}, {_amount(interval.high, unit)}]"


def _interval(interval: Interval | None, unit: str) -> str:
    if interval is None:
        return "–"
    return (
        f"{_amount(interval.low, unit)} to {_amount(interval.high, unit)}"
        f"  ({100 * interval.level:.0f} %, {interval.clusters:,} clusters)"
    )


def _range(metric: Metric) -> str:
    if metric.worst is None and metric.best is None:
        return ""
    return f"{_amount(metric.worst, metric.unit)} to {_amount(metric.best, metric.unit)}"
