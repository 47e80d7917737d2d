"""What the Agent-as-a-Judge paper prints of agents and judges on DevAI.

The store's rows where it holds any, else those that are installed with this project.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.reference.published import published_rows
from dashboard import untrusted
from dashboard.agreement_runs import Query
from results.errors import InputError

PAPER = "2410.10934"
_FIELDS = ("system", "variant", "metric", "value", "unit", "source_table", "verified")
# Tables of the paper about agents; the others are about judges, and about nothing else here.
_OF_AGENTS = ("Table 1", "Table 2")
_MET = {
    "requirements_met_I": "I: requirements met",
    "requirements_met_D": "D: and their prerequisites",
    "task_solve_rate": "tasks solved whole",
}


def devai_figures(query: Query) -> list[dict[str, Any]]:
    """The paper's figures as it prints them, table by table; none where nothing holds them."""
    fields = ", ".join(_FIELDS)
    rows = query(
        f"SELECT {fields} FROM published WHERE arxiv_id = ? ORDER BY source, position", [PAPER]
    )
    if rows:
        return rows
    try:
        known = published_rows()
    except InputError:
        return []
    return [
        {field: getattr(row, field) for field in _FIELDS} for row in known if row.arxiv_id == PAPER
    ]


def of_agents(figures: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The figures about agents."""
    return [row for row in figures if row["source_table"] in _OF_AGENTS]


def of_judges(figures: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The figures about judges."""
    return [row for row in figures if row["source_table"] not in _OF_AGENTS]


def by_table(figures: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Table of the paper -> its rows as `wide` lays them out."""
    tables = dict.fromkeys(row["source_table"] for row in figures)
    return {
        untrusted.name(table): wide([row for row in figures if row["source_table"] == table])
        for table in tables
    }


def wide(figures: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A row for each system, variant and table, with a column for each metric of them."""
    metrics = list(dict.fromkeys(untrusted.name(row["metric"]) for row in figures))
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in figures:
        key = (row["system"], row["variant"], row["source_table"])
        names = dict(zip(("system", "variant", "table"), map(untrusted.name, key), strict=True))
        line = found.setdefault(key, {**names, **dict.fromkeys(metrics, "")})
        line[untrusted.name(row["metric"])] = shown_figure(row)
    return list(found.values())


def shown_figure(row: dict[str, Any]) -> str:
    """The value with its unit, and how far it was verified where it was not seen in print.

    >>> shown_figure({"value": 22.13, "unit": "%", "verified": "recomputed"})
    '22.13 % (recomputed)'
    """
    said = {"true": "", "false": " (not verified)"}.get(row["verified"], f" ({row['verified']})")
    value = row["value"]
    number = f"{value:,.0f}" if value == int(value) else f"{value:,.6g}"
    return f"{number} {untrusted.name(row['unit'], 20)}{said}"


def met_by_agents(figures: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Agent, rate and share in 0..1 of the paper's Table 2, which people judged."""
    return [
        {
            "agent": untrusted.name(row["system"], 28),
            "rate": _MET[row["metric"]],
            "share": row["value"] / 100,
            "shown": f"{row['value']:.4g} %",
        }
        for row in figures
        if row["source_table"] == "Table 2" and row["metric"] in _MET and row["unit"] == "%"
    ]


def alignments(figures: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Judge, whose outputs it judged, and its alignment in 0..1, of the paper's Table 3."""
    return [
        {
            "judge": untrusted.name(row["system"], 40),
            "outputs": untrusted.name(row["variant"].removeprefix("judging "), 28),
            "share": row["value"] / 100,
        }
        for row in figures
        if row["source_table"] == "Table 3"
        and row["metric"] == "alignment_rate"
        and row["unit"] == "%"
    ]
