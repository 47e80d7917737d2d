"""Charts of the leaderboard. Names of strangers are data in them, never titles or formats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from dashboard.figures import Column
from dashboard.ranking import Row
from dashboard.units import shown_as, span, written
from dashboard.untrusted import name

# Okabe and Ito's; the two keep a contrast of at least 3 to 1 to the light and the dark ground.
MEASURED_COLOUR, PUBLISHED_COLOUR = "#1A86C7", "#A67C2E"
MOST_BARS = 10
_ROW_HEIGHT = 24


def ranking_charts(
    measured: Sequence[Row], published: Sequence[Row], column: Column, baseline: Row | None
) -> dict[str, Any]:
    """Kind -> its first rows as dots with their intervals, in their order, where it has any.

    The kinds are to stand one above the other: they share one scale.
    """
    how = shown_as(column.unit)
    panels: dict[str, Any] = {}
    frames = []
    for kind, rows in (("Measured here", measured), ("Published", published)):
        lines = [_line(row, column, kind) for row in rows if row.cells[0].value is not None]
        if lines:
            frames.append((kind, pd.DataFrame(lines[:MOST_BARS])))
    if not frames:
        return {}
    low = min(float(frame["low"].min()) for _, frame in frames)
    high = max(float(frame["high"].max()) for _, frame in frames)
    room = (high - low) * 0.08 or abs(high) * 0.05 or 1.0
    scale = alt.Scale(domain=[low - room, high + room], nice=False, zero=False)
    better = {True: "higher is better", False: "lower is better", None: ""}
    arrow = better[column.higher_is_better]
    unit = f"{how.unit}, {arrow}".strip(", ")
    for kind, frame in frames:
        colour = MEASURED_COLOUR if kind == "Measured here" else PUBLISHED_COLOUR
        last = kind == frames[-1][0]
        base = alt.Chart(frame).encode(
            y=alt.Y(
                "who:N",
                sort=None,
                title=None,
                axis=alt.Axis(
                    labelLimit=330,
                    minExtent=330,
                    labelOverlap=False,
                    labelFlush=False,
                    labelBound=False,
                    ticks=False,
                    domain=False,
                ),
            )
        )
        x = alt.X(
            "value:Q",
            scale=scale,
            title=unit if last else None,
            axis=alt.Axis(labels=last, ticks=last, domain=False),
        )
        spans = base.mark_rule(strokeWidth=3, opacity=0.45, color=colour).encode(
            x=alt.X("low:Q", scale=scale), x2="high:Q"
        )
        dots = base.mark_point(
            size=90, filled=kind == "Measured here", color=colour, opacity=1, strokeWidth=2
        ).encode(
            x=x,
            tooltip=[
                alt.Tooltip("who:N", title="system"),
                alt.Tooltip("shown:N", title="value"),
                alt.Tooltip("interval:N"),
                alt.Tooltip("by:N"),
                alt.Tooltip("kind:N", title="source"),
            ],
        )
        texts = base.mark_text(align="left", dx=9, fontSize=12, color="#7F8894").encode(
            x=alt.X("high:Q", scale=scale), text="shown:N"
        )
        layers = [spans, dots, texts]
        if baseline is not None and baseline.cells[0].value is not None:
            held = pd.DataFrame([{"value": baseline.cells[0].value * how.factor}])
            layers.insert(
                0,
                alt.Chart(held)
                .mark_rule(strokeDash=[5, 4], color="#7F8894", strokeWidth=1.5)
                .encode(x=alt.X("value:Q", scale=scale)),
            )
        panels[kind] = alt.layer(*layers).properties(
            height=alt.Step(_ROW_HEIGHT),
            title=alt.TitleParams(kind, anchor="start", fontSize=13, color=colour),
        )
    return panels


def _line(row: Row, column: Column, kind: str) -> dict[str, Any]:
    cell, how = row.cells[0], shown_as(column.unit)
    value = cell.value or 0.0
    ends = (cell.low, cell.high) if cell.low is not None else (value, value)
    about = row.about
    # The key keeps two rows of one name apart; a chart draws one mark a name.
    who = name(" · ".join(part for part in (row.system, row.variant) if part), 52)
    by = name(about.get("by") or "", 60)
    if kind == "Published":
        who = name(f"{who} · {by}", 64)
    elif about.get("run_id"):
        who = f"{who} · {name(about['date'], 10)} {row.key[-4:]}"
    return {
        "who": who,
        "value": value * how.factor,
        "low": (ends[0] if ends[0] is not None else value) * how.factor,
        "high": (ends[1] if ends[1] is not None else value) * how.factor,
        "shown": written(value, column.unit),
        "interval": span(cell.low, cell.high, column.unit) or "none given",
        "by": by,
        "kind": kind,
    }
