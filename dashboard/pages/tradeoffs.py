"""Trade-offs: what accuracy costs in time, size, memory or money, and who is best for the price."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard import state, tradeoffs
from dashboard.data import View
from dashboard.families import TITLES
from dashboard.figures import MEASURED, PUBLISHED
from dashboard.tradeoff_chart import axis_title, tradeoff_chart
from dashboard.tradeoffs import Axis, Point
from dashboard.units import written
from dashboard.untrusted import csv_bytes, name

_TITLES = {MEASURED: "Measured here", PUBLISHED: "Published in papers"}


def render(view: View, store: Path, runs_dir: Path) -> None:
    """Draws the page."""
    st.title("Trade-offs")
    st.caption(
        "How good a model is against what it takes. The green line joins those that none beats in"
        " both; a dashed line joins a variant to the model it was made from."
    )
    there = {
        TITLES[family]: family
        for family in TITLES
        if any(tradeoffs.qualities(view, source, family) for source in _TITLES)
    }
    if not there:
        st.info("No figures of quality and of cost stand together yet.")
        return
    family = there[
        state.segments(
            "Family",
            list(there),
            "family",
            default=next(iter(there)),
            label_visibility="collapsed",
        )
    ]
    for source in _TITLES:
        _section(view, source, family)


def _section(view: View, source: str, family: str) -> None:
    """One source with axes of its own: a paper's machine is another than this one."""
    axes = tradeoffs.qualities(view, source, family)
    st.subheader(_TITLES[source])
    if not axes:
        st.caption(
            "No run of this family measured both how good a model is and what it takes."
            if source == MEASURED
            else "No paper prints both for the systems of this family."
        )
        return
    left, right = st.columns(2)
    short = "m" if source == MEASURED else "p"
    with left:
        y = _axis("What it is worth", axes, f"{short}y")
    costs = tradeoffs.costs(view, source, family, y.column)
    with right:
        x = _axis("What it takes", costs, f"{short}x")
    found = tradeoffs.points(view, source, family, x.column, y.column)
    if not found:
        st.caption("No system has both.")
        return
    with st.container(border=True):
        st.altair_chart(
            tradeoff_chart(found, x.column, y.column),
            width="stretch",
            key=f"chart_{source}",
            alt=f"{len(found)} systems by worth and cost; {_best(found)} are on the front.",
        )
    _table(found, x, y, source, family)


def _axis(words: str, axes: list[Axis], key: str) -> Axis:
    by_key = {axis.column.key: axis for axis in axes}
    chosen = state.choice(
        words,
        list(by_key),
        key,
        named=lambda k: name(f"{axis_title(by_key[k].column)} · {by_key[k].points} systems", 140),
    )
    assert chosen is not None
    return by_key[chosen]


def _best(found: list[Point]) -> int:
    return sum(point.is_best for point in found)


def _table(found: list[Point], x: Axis, y: Axis, source: str, family: str) -> None:
    rows = [
        {
            "front": "●" if point.is_best else "",
            "system": name(point.system),
            "variant": name(point.variant, 60),
            "worth": written(point.y, y.column.unit),
            "takes": written(point.x, x.column.unit),
            "of": _parent(found, point),
            "by": name(point.by, 60),
            "date": name(point.date, 10),
        }
        for point in found
    ]
    shown = [key for key in rows[0] if any(row[key] for row in rows)]
    text = st.column_config.TextColumn
    if not state.switch(f"Show the {len(rows)} systems in numbers", f"{source}_numbers"):
        return
    st.dataframe(
        [{key: row[key] for key in shown} for row in rows],
        hide_index=True,
        key=f"table_{source}",
        height="content" if len(rows) < 16 else 520,
        column_config={
            "front": text("Front", width=60),
            "system": text("System", pinned=True),
            "variant": text("Variant"),
            "worth": text("Worth"),
            "takes": text("Takes"),
            "of": text("Variant of"),
            "by": text("Paper"),
            "date": text("Date"),
        },
        alt="The systems of the chart.",
    )
    st.download_button(
        "As CSV",
        lambda: csv_bytes(rows, shown),
        file_name=f"tradeoff-{source}-{family.replace(' ', '-')}.csv",
        mime="text/csv",
        key=f"csv_{source}",
        on_click="ignore",
        icon=":material/download:",
        type="tertiary",
    )


def _parent(found: list[Point], point: Point) -> str:
    if point.parent is None:
        return ""
    of = found[point.parent]
    return name(" ".join(part for part in (of.system, of.variant) if part))
