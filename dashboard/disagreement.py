"""Where papers print different figures for one thing: found among the snapshot's published rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from benchmarks.reference import Disagreement, PublishedRow, disagreements
from dashboard.data import View, key_of_view
from dashboard.units import written

Place = tuple[str, str, str, str]
"""A figure's paper, system and variant as printed, and the key of its column."""

_ROW = tuple(PublishedRow.__dataclass_fields__)


def found(view: View) -> tuple[Disagreement, ...]:
    """All of them, kept until the next snapshot."""
    every: tuple[Disagreement, ...] = _kept(view)
    return every


def others(view: View) -> Mapping[Place, str]:
    """Figure -> what other tables print for the same thing, in words."""
    said: dict[Place, str] = {}
    for one in found(view):
        column = f"{one.key.benchmark}|{one.key.split}|{one.key.metric}"
        for row in one.rows:
            rest = [
                f"{written(other.value, other.unit)} in {other.paper}, {other.source_table}"
                for other in one.rows
                if other != row and other.value != row.value
            ]
            if rest:
                place = (row.paper, row.system, row.variant, column)
                said[place] = "; ".join(dict.fromkeys(rest))
    return said


def rows_of(view: View, family: str) -> list[dict[str, Any]]:
    """A row for each figure that another contradicts, those of one thing together."""
    families = {
        row["canonical_benchmark"]: row["family"]
        for row in view("SELECT DISTINCT canonical_benchmark, family FROM published")
    }
    rows = []
    for one in sorted(found(view), key=lambda one: -one.spread):
        if families.get(one.key.benchmark) != family:
            continue
        for nth, row in enumerate(sorted(one.rows, key=lambda row: -row.value)):
            rows.append(
                {
                    "system": row.system if nth == 0 else "",
                    "of": f"{row.benchmark} {one.key.split} · {one.key.metric}",
                    "value": written(row.value, row.unit),
                    "spread": one.spread if nth == 0 else None,
                    "paper": row.paper,
                    "table": row.source_table,
                    "variant": row.variant,
                    "split": row.split,
                }
            )
    return rows


def _find(view: View) -> tuple[Disagreement, ...]:
    names = ", ".join(f'"{name}"' for name in _ROW)
    rows = view(f"SELECT {names} FROM published ORDER BY source, position")
    return disagreements(PublishedRow(**row) for row in rows)


_kept: Any = st.cache_data(max_entries=2, show_spinner=False, hash_funcs={View: key_of_view})(_find)
