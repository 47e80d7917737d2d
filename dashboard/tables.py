"""A page of a leaderboard as a table that a browser shows and a file that a person takes along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.disagreement import Place
from dashboard.figures import Column
from dashboard.ranking import Cell, Row, Table
from dashboard.units import shown_as, span, title
from dashboard.untrusted import csv_bytes, name

# Text on these tints keeps its contrast in the light and in the dark theme.
_BEST = "background-color: rgba(0, 158, 115, 0.18)"
_PINNED = "background-color: rgba(86, 180, 233, 0.20)"
_BETTER, _WORSE = "color: #0B8A63", "color: #C4541A"
_REST = ("differs", "verified", "source", "runs", "date", "status", "run")
VERIFIED = {
    "true": "verified",
    "secondary": "second-hand",
    "recomputed": "recomputed",
    "approx": "read off a figure",
    "false": "not verified",
}
"""What a row of published figures says of its verification."""


def show(
    table: Table,
    baseline: Row | None,
    key: str,
    *,
    alone: bool,
    contradicted: Mapping[Place, str],
) -> None:
    """Draws a page of rows; `contradicted` is what other papers print for figures in it.

    `alone` is for one benchmark: every metric then has its interval and n beside it. With a
    baseline, the difference to it stands beside each value, in the value's own unit.
    """
    frame, settings = _frame(table, baseline, contradicted, alone=alone)
    st.dataframe(
        _styled(frame, table, baseline),
        hide_index=True,
        key=key,
        placeholder="",
        column_config=settings,
        height="content" if len(frame) <= 16 else 600,
        alt=f"{len(table.rows)} of {table.total} rows, {len(table.columns)} metrics.",
    )


def csv_of(table: Table) -> bytes:
    """The page of rows as CSV, with every figure's interval and n; no cell is a formula."""
    rows = [_csv_row(row, table.columns) for row in table.rows]
    names = list(rows[0]) if rows else ["system"]
    return csv_bytes(rows, names)


def label(column: Column, *, alone: bool) -> str:
    """The head of a column; an arrow says which way is better."""
    arrow = "" if column.higher_is_better is None else " ↑" if column.higher_is_better else " ↓"
    unit = shown_as(column.unit).unit
    told = f", {unit}" if unit and unit != "%" else ""
    split = "" if column.split in ("", "-") else f" {column.split}"
    if alone:
        return name(f"{title(column.metric)}{split and f' ·{split}'}{told}", 40) + arrow
    where = f"{column.benchmark}{split}"
    return name(f"{where} · {title(column.metric)}{told}", 60) + arrow


def _frame(
    table: Table, baseline: Row | None, contradicted: Mapping[Place, str], *, alone: bool
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Column names are of our own making; what they are called stands in the settings."""
    rows = [{**_about(row), **_contradiction(row, table, contradicted)} for row in table.rows]
    number = st.column_config.NumberColumn
    words = st.column_config.TextColumn
    settings: dict[str, Any] = {
        "system": words("System", pinned=True, width=240),
        "variant": words("Variant", width=130),
        "by": words("Paper" if table.rows[0].key.startswith("paper-") else "Scored by", width=120),
        "differs": words("Other papers print", width=260),
        "verified": words("Status", width=110),
        "source": words("Where it stands", width=260),
        "date": words("Date", width=90),
        "run": words("Run", width=200),
        "runs": number("Runs", width=60),
        "status": words("Run ended", width=90),
    }
    for nth, column in enumerate(table.columns):
        how = shown_as(column.unit)
        form = f"%.{how.decimals}f"
        settings[f"m{nth}"] = number(label(column, alone=alone), format=form)
        settings[f"d{nth}"] = number("± baseline", format=f"%+.{how.decimals}f", width=90)
        settings[f"i{nth}"] = words("interval", width=105)
        settings[f"n{nth}"] = number("n", width=65)
        for row, line in zip(table.rows, rows, strict=True):
            cell = row.cells[nth]
            line[f"m{nth}"] = _scaled(cell.value, how.factor)
            if baseline is not None:
                line[f"d{nth}"] = _scaled(_difference(cell, baseline.cells[nth]), how.factor)
            if alone:
                line[f"i{nth}"] = _interval(cell, column.unit)
                line[f"n{nth}"] = cell.n
    frame = pd.DataFrame(rows)
    filled = [column for column in frame.columns if _is_filled(frame[column])]
    first = [column for column in ("system", "variant", "by") if column in filled]
    figures = [column for column in filled if column[1:].isdigit()]
    rest = [column for column in _REST if column in filled]
    return frame[[*first, *figures, *rest]], settings


def _is_filled(column: pd.Series[Any]) -> bool:
    """Whether anything stands in a column of the table."""
    return bool((column.notna() & (column != "")).any())


def _contradiction(row: Row, table: Table, contradicted: Mapping[Place, str]) -> dict[str, str]:
    if not contradicted:
        return {}
    printed = str(row.about.get("printed") or "")
    by = str(row.about.get("by") or "")
    said = [
        f"{column.label}: {words}"
        for column in table.columns
        if (words := contradicted.get((by, row.system, printed, column.key)))
    ]
    return {"differs": name("; ".join(said), 300)}


def _about(row: Row) -> dict[str, Any]:
    """What is said of a row beside its figures: texts are bounded, and show what hides in them."""
    about = row.about
    line: dict[str, Any] = {"system": name(row.system), "variant": name(row.variant, 60)}
    if "by" in about:
        line["by"] = name(about["by"], 60)
    if "verified" in about:
        line["verified"] = ", ".join(VERIFIED.get(v, name(v, 20)) for v in about["verified"])
        line["source"] = name("; ".join(about["note"]), 200)
    if "runs" in about:
        line["runs"] = about["runs"]
    if "date" in about:
        line["date"] = name(about["date"], 10)
    if "status" in about:
        line["status"] = name(about["status"], 20)
    if "run_id" in about:
        line["run"] = name(about["run_id"], 128)
    return line


def _interval(cell: Cell, unit: str) -> str:
    """The interval of a figure; of a rate over decided units its worst and best case."""
    found = span(cell.low, cell.high, unit)
    if found or cell.worst is None or cell.worst == cell.best:
        return found
    return f"{span(cell.worst, cell.best, unit)} (worst, best)"


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _difference(cell: Cell, baseline: Cell) -> float | None:
    if cell.value is None or baseline.value is None:
        return None
    return cell.value - baseline.value


def _styled(frame: pd.DataFrame, table: Table, baseline: Row | None) -> Any:
    """The best of each metric on the page, differences for better and worse, and the baseline."""
    styles = {column: [""] * len(frame) for column in frame.columns}
    for nth, column in enumerate(table.columns):
        if column.higher_is_better is None:
            continue
        values = [row.cells[nth].value for row in table.rows]
        known = [value for value in values if value is not None]
        if len(known) > 1 and f"m{nth}" in styles:
            best = max(known) if column.higher_is_better else min(known)
            styles[f"m{nth}"] = [_BEST if value == best else "" for value in values]
        if f"d{nth}" in styles:
            sign = 1 if column.higher_is_better else -1
            styles[f"d{nth}"] = [_style_of(sign * change) for change in frame[f"d{nth}"]]
    if baseline is not None:
        styles["system"] = [_PINNED if row.key == baseline.key else "" for row in table.rows]
    made = pd.DataFrame(styles, index=frame.index)
    return frame.style.apply(lambda _: made, axis=None)


def _style_of(gain: float) -> str:
    """How a difference is coloured that is better where it is positive; NaN is neither."""
    return _BETTER if gain > 0 else _WORSE if gain < 0 else ""


def _csv_row(row: Row, columns: Sequence[Column]) -> Mapping[str, Any]:
    line = _about(row)
    for column in columns:
        cell = row.cells[columns.index(column)]
        head = f"{column.label} ({column.unit})"
        line[head] = cell.value
        line[f"{head}, low"] = cell.low
        line[f"{head}, high"] = cell.high
        line[f"{head}, n"] = cell.n
    return line
