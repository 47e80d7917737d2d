"""The picture of a trade-off: every system as a point, the front, and variants by their parent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from dashboard.charts import MEASURED_COLOUR, PUBLISHED_COLOUR
from dashboard.figures import MEASURED, Column
from dashboard.tradeoffs import Point, front
from dashboard.units import shown_as, title, written
from dashboard.untrusted import name

_FRONT_COLOUR = "#2E9E6B"
_LINK_COLOUR = "#B06FC4"
_MOST_NAMED = 24
_WIDE_RANGE = 25


def tradeoff_chart(found: Sequence[Point], x: Column, y: Column) -> Any:
    """An Altair chart of the points, at most a few hundred.

    Points of the front are filled and named; so are all where there are few. Dashed lines go from
    a model to the variants made from it.
    """
    colour = MEASURED_COLOUR if found[0].source == MEASURED else PUBLISHED_COLOUR
    rows = [_row(point, x, y, all_named=len(found) <= _MOST_NAMED) for point in found]
    data = pd.DataFrame(rows)
    along = alt.X("x:Q", title=axis_title(x), scale=_scale(data[["x", "x_low", "x_high"]]))
    up = alt.Y("y:Q", title=axis_title(y), scale=_scale(data[["y", "y_low", "y_high"]], log=False))
    base = alt.Chart(data).encode(x=along, y=up)
    best = base.transform_filter("datum.best")
    tooltip = [
        alt.Tooltip("who:N", title="system"),
        alt.Tooltip("variant:N"),
        alt.Tooltip("shown_y:N", title="is worth"),
        alt.Tooltip("shown_x:N", title="takes"),
        alt.Tooltip("by:N", title="paper"),
        alt.Tooltip("date:N"),
        alt.Tooltip("front:N", title="on the front"),
    ]
    layers = [
        alt.Chart(pd.DataFrame([_ends(p, x, y) for p in front(found)]))
        .mark_line(color=_FRONT_COLOUR, strokeWidth=2, opacity=0.7, interpolate="linear")
        .encode(x=along, y=up, order="x:Q")
    ]
    links = [
        {**_ends(point, x, y), "x2": _ends(of, x, y)["x"], "y2": _ends(of, x, y)["y"]}
        for point in found
        if point.parent is not None
        for of in [found[point.parent]]
    ]
    if links:
        layers.append(
            alt.Chart(pd.DataFrame(links))
            .mark_rule(color=_LINK_COLOUR, strokeDash=[5, 4], strokeWidth=1.6)
            .encode(x=along, y=up, x2="x2:Q", y2="y2:Q")
        )
    for low, high, channel in (("y_low", "y_high", "y"), ("x_low", "x_high", "x")):
        if data[low].notna().any():
            spans = base.transform_filter(f"isValid(datum.{low})").mark_rule(
                color=colour, opacity=0.4, strokeWidth=1.5
            )
            ends = {
                "y": {"y": alt.Y(f"{low}:Q", title=axis_title(y)), "y2": f"{high}:Q"},
                "x": {"x": alt.X(f"{low}:Q", title=axis_title(x)), "x2": f"{high}:Q"},
            }[channel]
            layers.append(spans.encode(**ends))
    layers += [
        base.mark_point(size=85, filled=False, color=colour, strokeWidth=2).encode(tooltip=tooltip),
        best.mark_point(size=110, filled=True, color=_FRONT_COLOUR, opacity=1).encode(
            tooltip=tooltip
        ),
        base.transform_filter("datum.label != ''")
        .mark_text(align="left", dx=8, dy=-8, fontSize=11.5, color="#7F8894", limit=190)
        .encode(text="label:N"),
    ]
    return alt.layer(*layers).properties(height=460)


def axis_title(column: Column) -> str:
    """What stands on an axis: the metric, where it was measured, its unit, which way is better."""
    unit = shown_as(column.unit).unit
    way = {True: "more is better", False: "less is better", None: ""}[column.higher_is_better]
    told = ", ".join(part for part in (unit, way) if part)
    return name(f"{title(column.metric)} · {column.label.rpartition(':')[0]}  ({told})", 110)


def _row(point: Point, x: Column, y: Column, *, all_named: bool) -> dict[str, Any]:
    who = name(point.system, 60)
    variant = name(point.variant, 60)
    label = name(" ".join(part for part in (who.rpartition("/")[2], variant) if part), 34)
    x_low, x_high = point.x_interval
    y_low, y_high = point.y_interval
    return {
        **_ends(point, x, y),
        "x_low": _scaled(x_low, x),
        "x_high": _scaled(x_high, x),
        "y_low": _scaled(y_low, y),
        "y_high": _scaled(y_high, y),
        "who": who,
        "variant": variant or "–",
        "by": name(point.by, 60) or "measured here",
        "date": name(point.date, 10) or "–",
        "shown_x": written(point.x, x.unit),
        "shown_y": written(point.y, y.unit),
        "best": point.is_best,
        "front": "yes" if point.is_best else "no",
        "label": label if all_named or point.is_best else "",
    }


def _ends(point: Point, x: Column, y: Column) -> dict[str, float]:
    return {"x": point.x * shown_as(x.unit).factor, "y": point.y * shown_as(y.unit).factor}


def _scaled(value: float | None, column: Column) -> float | None:
    return None if value is None else value * shown_as(column.unit).factor


def _scale(values: pd.DataFrame, *, log: bool = True) -> Any:
    """Wide enough for the values and their names; logarithmic where they lie far apart."""
    numbers = values.astype(float)
    low, high = float(numbers.min().min()), float(numbers.max().max())
    if log and low > 0 and high / low > _WIDE_RANGE:
        return alt.Scale(type="log", domain=[low / 1.3, high * 1.5], nice=False)
    room = (high - low) * 0.12 or abs(high) * 0.1 or 1.0
    lowest = max(0.0, low - room) if low >= 0 else low - room
    return alt.Scale(zero=False, domain=[lowest, high + room * 1.4], nice=False)
