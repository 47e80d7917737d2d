"""The picture of a comparison: the difference of every metric and part, with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from dashboard.units import difference, shown_as, span, title, written
from dashboard.untrusted import name
from results.comparison import MetricComparison

MOST_ROWS = 40
# Okabe and Ito's green and vermilion, and a grey, each dark enough for both grounds.
_COLOURS = {"better": "#0B8A63", "worse": "#C4541A", "not told apart": "#7F8894"}


def verdict(metric: MetricComparison) -> str:
    """Whether the whole interval lies on one side of no difference."""
    if metric.ci is None or metric.ci.low <= 0 <= metric.ci.high:
        return "not told apart"
    is_up = metric.ci.low > 0
    return "better" if is_up == metric.higher_is_better else "worse"


def difference_chart(metrics: Sequence[MetricComparison], unit: str, *, parts: bool) -> Any:
    """Differences of metrics that share a unit, as an Altair chart; at most `MOST_ROWS`.

    With `parts` they are parts of one metric, and called what the part is.
    """
    how = shown_as(unit)
    data = pd.DataFrame([_row(metric, how.factor, parts=parts) for metric in metrics[:MOST_ROWS]])
    names = list(_COLOURS)
    colour = alt.Color(
        "verdict:N",
        scale=alt.Scale(domain=names, range=list(_COLOURS.values())),
        legend=alt.Legend(orient="top", title=None),
    )
    base = alt.Chart(data).encode(
        y=alt.Y(
            "what:N",
            sort=None,
            title=None,
            axis=alt.Axis(labelLimit=330, labelOverlap=False, labelFlush=False, labelBound=False),
        ),
        color=colour,
        tooltip=[
            alt.Tooltip("what:N", title="metric"),
            alt.Tooltip("before:N", title="baseline"),
            alt.Tooltip("now:N", title="candidate"),
            alt.Tooltip("told:N", title="difference"),
            alt.Tooltip("interval:N"),
            alt.Tooltip("n:Q", title="units"),
            alt.Tooltip("clusters:Q"),
        ],
    )
    points = "points" if how.unit == "%" else how.unit
    along = alt.X("difference:Q", title=f"candidate − baseline, {points}")
    zero = alt.Chart(pd.DataFrame([{"zero": 0.0}])).mark_rule(color="#7F8894", strokeDash=[4, 4])
    return alt.layer(
        zero.encode(x="zero:Q"),
        base.mark_rule(strokeWidth=3, opacity=0.5).encode(x=alt.X("low:Q"), x2="high:Q"),
        base.mark_point(size=90, filled=True, opacity=1).encode(x=along),
    ).properties(height=alt.Step(26))


def _row(metric: MetricComparison, factor: float, *, parts: bool) -> dict[str, Any]:
    change = (metric.difference or 0.0) * factor
    ci = metric.ci
    what = metric.slice.partition("=")[2] or metric.slice if parts else title(metric.name)
    return {
        "what": name(what, 64),
        "difference": change,
        "low": change if ci is None else ci.low * factor,
        "high": change if ci is None else ci.high * factor,
        "verdict": verdict(metric),
        "before": written(metric.baseline, metric.unit),
        "now": written(metric.candidate, metric.unit),
        "told": difference(metric.difference, metric.unit),
        "interval": "" if ci is None else span(ci.low, ci.high, metric.unit),
        "n": metric.n,
        "clusters": metric.clusters,
    }
