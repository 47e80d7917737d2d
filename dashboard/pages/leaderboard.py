"""Leaderboard: what was measured here, and beside it what the papers print, by family."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from dashboard import disagreement, ranking, state
from dashboard.charts import MOST_BARS, ranking_charts
from dashboard.data import View
from dashboard.families import AGENTS, TITLES
from dashboard.figures import PUBLISHED, Column
from dashboard.ranking import ROWS_A_PAGE, Asked, Row, Table
from dashboard.tables import csv_of, label, show
from dashboard.untrusted import escaped, name

MOST_COLUMNS, MOST_ALONE = 10, 12
ALL = "all"
_NONE = "none"
_BEST_FIRST = "best first"
_ORDERS = {_BEST_FIRST: None, "low to high": True, "high to low": False}
_ROW_WORDS = {"run": "runs", "model": "models and variants", "paper": "systems"}


def render(view: View, store: Path, runs_dir: Path) -> None:
    """Draws the page."""
    st.title("Leaderboard")
    st.caption(
        "What runs of this store measured, and what papers print. The two stand in tables of their"
        " own: a paper's figure was made with other code, data and machines."
    )
    if view.fault:
        _how_to_begin(view)
    there = ranking.families(view)
    if not there:
        st.info("There are no figures of any kind: this install lacks the published ones.")
        return
    family = _chosen_family(view, there)
    _totals(view, family)
    asked = _filters(view, family)
    papers = asked.to_papers()
    most = MOST_ALONE if asked.bench else MOST_COLUMNS
    own, printed = ranking.columns(view, asked, most), ranking.columns(view, papers, most)
    if not own and not printed:
        st.info("Nothing matches. Clear the search or the filters above.")
        return
    by_key = {column.key: column for column in [*own, *printed]}
    left, middle, right = st.columns(3)
    sort, ascending = _sorting(by_key, (left, middle), alone=bool(asked.bench))
    measured = _page_of(view, asked, own, sort, ascending)
    published = _page_of(view, papers, printed, sort, ascending)
    with right:
        held = _pinned(view, asked, measured, published)
    _chart(view, asked, by_key[sort], held, ascending)
    _section(view, asked, measured, held)
    _section(view, papers, published, held)
    _disagreements(view, family)


def _how_to_begin(view: View) -> None:
    with st.container(border=True):
        st.markdown("**No results of your own yet.** Published figures are below. To add yours:")
        st.text(name(view.fault, 300))
        st.code(
            "judge run                       # judges the bundled example\n"
            "judge bench list                # what models can be measured on\n"
            "judge results sync              # brings in run folders that are not stored yet",
            language="sh",
        )


def _chosen_family(view: View, there: list[str]) -> str:
    with_runs = [family for family in there if ranking.totals(view, family).runs]
    models = [family for family in with_runs if family != AGENTS]
    first = (models or there)[0]
    by_title = {TITLES[family]: family for family in there}
    chosen = state.segments(
        "Family",
        list(by_title),
        "family",
        default=TITLES[first],
        label_visibility="collapsed",
    )
    return by_title[chosen]


def _totals(view: View, family: str) -> None:
    found = ranking.totals(view, family)
    share = f"{100 * found.verified / found.figures:.0f} %" if found.figures else "–"
    cards: dict[str, tuple[str, str | None]] = {
        "Published figures": (f"{found.figures:,}", f"Of {found.systems} systems."),
        "of them verified": (share, "Seen where the paper or its project page prints them."),
    }
    if found.runs:
        own: dict[str, tuple[str, str | None]] = {
            "Runs measured here": (f"{found.runs:,}", None),
            "Models measured here": (f"{found.models:,}", "Each variant counts as one."),
        }
        cards = {**own, **cards}
    else:
        cards["Systems"] = (f"{found.systems:,}", "Each variant counts as one.")
        cards["Papers"] = (f"{found.papers:,}", None)
    for column, (title, (value, help_)) in zip(st.columns(4), cards.items(), strict=True):
        column.metric(title, value, border=True, help=help_)


def _filters(view: View, family: str) -> Asked:
    benchmarks = ranking.benchmarks(view, family)
    left, middle, right, last = st.columns([3, 3, 3, 2], vertical_alignment="bottom")
    with left:
        bench = state.choice(
            "Benchmark",
            [ALL, *benchmarks],
            "bench",
            named=lambda key: "All of the family" if key == ALL else name(benchmarks[key]),
        )
    one = "" if bench in (ALL, None) else str(bench)
    parts = ranking.slices(view, family, one) if one else [""]
    with middle:
        part = state.choice(
            "Part of the benchmark",
            parts,
            "slice",
            named=lambda words: name(words) if words else "all of it",
            disabled=len(parts) == 1,
        )
    with right:
        search = state.text(
            "Search", "q", placeholder="System, variant, paper or run", icon=":material/search:"
        )
    with last:
        verified = state.switch(
            "Verified only", "verified", help="Leaves out published figures that nobody has seen."
        )
    return Asked(family, "run" if one else "model", one, part or "", search, verified)


def _sorting(
    by_key: dict[str, Column], places: tuple[Any, Any], *, alone: bool
) -> tuple[str, bool | None]:
    """The key of the column to sort by, and whether upwards; None is best first."""
    with places[0]:
        chosen = state.choice(
            "Sort by", list(by_key), "sort", named=lambda key: label(by_key[key], alone=alone)
        )
    with places[1]:
        order = state.choice("Order", list(_ORDERS), "order", named=str)
    assert chosen is not None and order is not None
    return chosen, _ORDERS[order]


def _page_of(
    view: View, asked: Asked, wanted: list[Column], sort: str, ascending: bool | None
) -> Table:
    keys = [column.key for column in wanted]
    nth = keys.index(sort) if sort in keys else 0
    page = state.number(_page_key(asked)) or 1
    found = ranking.table(view, asked, wanted, sort=nth, ascending=ascending, page=page - 1)
    if page > 1 and not found.rows:
        # The filters left fewer pages than the address names.
        state.keep(_page_key(asked), None)
        found = ranking.table(view, asked, wanted, sort=nth, ascending=ascending)
    return found


def _page_key(asked: Asked) -> str:
    return "ppage" if asked.source == PUBLISHED else "page"


def _pinned(view: View, asked: Asked, measured: Table, published: Table) -> str:
    """The key of the row that a person pinned; empty without."""
    rows = {row.key: row for row in (*measured.rows, *published.rows)}
    pinned = st.query_params.get("baseline", "")
    if pinned and pinned not in rows:
        # On another page of a table, or filtered away, it stays pinned.
        columns = published.columns if pinned.startswith("paper-") else measured.columns
        found = ranking.baseline(view, asked, columns, pinned)
        rows = rows if found is None else {pinned: found, **rows}
    chosen = state.choice(
        "Pinned baseline",
        [_NONE, *rows],
        "baseline",
        named=lambda key: "none" if key == _NONE else _named(rows[key]),
        help="Every row then shows its difference to this one, in the metric's own unit.",
    )
    return "" if chosen in (None, _NONE) else str(chosen)


def _named(row: Row) -> str:
    words = [
        row.system,
        row.variant,
        str(row.about.get("by") or ""),
        str(row.about.get("date", "")),
    ]
    kind = "published" if row.key.startswith("paper-") else "measured"
    return name(f"{kind}: {' · '.join(word for word in words if word)}", 110)


def _chart(view: View, asked: Asked, column: Column, held: str, ascending: bool | None) -> None:
    """The first rows of each kind by the column that is sorted by."""
    measured, published = (
        ranking.table(view, side, [column], ascending=ascending).rows
        for side in (asked, asked.to_papers())
    )
    baseline = ranking.baseline(view, asked, [column], held)
    panels = ranking_charts(measured, published, column, baseline)
    if not panels:
        return
    with st.container(border=True):
        st.markdown(f"**{escaped(label(column, alone=False), 80)}**")
        for kind, panel in panels.items():
            st.altair_chart(panel, width="stretch", alt=f"{kind}: the first rows as dots.")
        st.caption(
            f"At most {MOST_BARS} of each kind. Lines are confidence intervals where the run has"
            " one; papers rarely print any."
        )


def _section(view: View, asked: Asked, table: Table, held: str) -> None:
    published = asked.source == PUBLISHED
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Published in papers" if published else "Measured here", width="content")
        st.badge(
            f"{table.total:,} {_ROW_WORDS[asked.rows]}", color="orange" if published else "blue"
        )
    if not table.rows:
        st.caption(
            "No paper prints any of these."
            if published
            else "No run measured any of these. `judge bench list` shows what can be run."
        )
        return
    baseline = ranking.baseline(view, asked, table.columns, held)
    if published and not asked.bench:
        st.caption("Where a paper prints a figure several times, the one of its last table stands.")
    key = "published" if published else "measured"
    show(
        table,
        baseline,
        key,
        alone=bool(asked.bench),
        contradicted=disagreement.others(view) if published else {},
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        _pages(asked, table)
        st.download_button(
            "These rows as CSV",
            lambda: csv_of(table),
            file_name=f"{key}-{asked.family}.csv",
            mime="text/csv",
            key=f"csv_{key}",
            on_click="ignore",
            icon=":material/download:",
            type="tertiary",
        )


def _pages(asked: Asked, table: Table) -> None:
    pages = -(-table.total // ROWS_A_PAGE)
    if pages < 2:
        return
    key = _page_key(asked)
    now = min(state.number(key) or 1, pages)
    for words, number, there in (("Previous", now - 1, now > 1), ("Next", now + 1, now < pages)):
        st.button(
            words,
            key=f"{key}_{words}",
            disabled=not there,
            on_click=state.keep,
            args=(key, None if number == 1 else str(number)),
        )
    st.caption(f"Page {now:,} of {pages:,}", width="content")


def _disagreements(view: View, family: str) -> None:
    rows = disagreement.rows_of(view, family)
    if not rows:
        return
    things = sum(bool(row["spread"]) for row in rows)
    # A table in a closed expander would be sent and drawn all the same.
    if not state.switch(f"Show the {things} figures on which papers disagree", "disagreements"):
        return
    st.caption(
        "Tables that print different values for one system, benchmark, split and metric, by more"
        " than rounding explains. They are shown, not resolved: which one is right, or whether"
        " they measured the same thing, a reader has to judge."
    )
    text = st.column_config.TextColumn
    st.dataframe(
        rows,
        hide_index=True,
        height="content" if len(rows) < 20 else 500,
        placeholder="",
        column_config={
            "system": text("System", pinned=True),
            "of": text("What"),
            "value": text("Printed"),
            "spread": st.column_config.NumberColumn("Spread", format="%.2f"),
            "paper": text("Paper"),
            "table": text("Table"),
            "variant": text("Variant"),
            "split": text("Split as printed"),
        },
        key="disagreeing",
        alt="Figures of papers that contradict one another.",
    )
