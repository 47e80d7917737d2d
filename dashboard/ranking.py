"""Leaderboards as tables: which columns a family has, and the rows that measured or published them.

A row is a run, or a model's newest runs side by side (measured); or a system of a paper
(published). Searching, sorting and cutting into pages is done by DuckDB, so that a page costs the
same over a hundred rows and a hundred thousand.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from dashboard.agreement_runs import Query
from dashboard.families import present
from dashboard.figures import MEASURED, PUBLISHED, Column, in_list

ROWS_A_PAGE = 100
MOST_WORDS = 8
MOST_COLUMNS = 500
_KEY_LETTERS = 16

# Source -> what rows are, by columns of `figures`; and what is said of a row beside its figures.
_ROWS = {
    "model": ("system", "variant"),
    "run": ("run_id",),
    "paper": ("system", "variant", "by"),
}
_ABOUT = {
    "model": "count(DISTINCT run_id) AS runs, max(date) AS date, max(n) AS n",
    "run": (
        'any_value(system) AS system, any_value(variant) AS variant, any_value("by") AS "by",'
        " max(date) AS date, any_value(status) AS status"
    ),
    "paper": (
        "list(DISTINCT verified ORDER BY verified) AS verified,"
        " list(DISTINCT verified_in ORDER BY verified_in) AS verified_in,"
        " list(DISTINCT note ORDER BY note) AS note, any_value(printed) AS printed"
    ),
}


@dataclass(frozen=True)
class Asked:
    """Which rows a person wants to see."""

    family: str
    rows: str
    """`model`, `run` or `paper`."""
    bench: str = ""
    """One benchmark by its folded name; empty for all of the family."""
    slice: str = ""
    search: str = ""
    verified_only: bool = False

    @property
    def source(self) -> str:
        return PUBLISHED if self.rows == "paper" else MEASURED

    def to_papers(self) -> Asked:
        """The same question to the papers, which print no parts in the sense of slices."""
        return replace(self, rows="paper", slice="")

    def condition(self) -> tuple[str, list[Any]]:
        """SQL over `figures`, and its parameters."""
        parts = ["source = ?", "family = ?", "slice = ?", "value IS NOT NULL"]
        parameters: list[Any] = [self.source, self.family, self.slice]
        if self.bench:
            parts.append("bench = ?")
            parameters.append(self.bench)
        if self.verified_only and self.source == PUBLISHED:
            parts.append("verified NOT IN ('false', 'approx')")
        for word in self.search.lower().split()[:MOST_WORDS]:
            parts.append("contains(lower(concat_ws(' ', system, variant, \"by\", run_id)), ?)")
            parameters.append(word)
        return " AND ".join(parts), parameters


@dataclass(frozen=True)
class Cell:
    """One figure of a row."""

    value: float | None
    low: float | None = None
    high: float | None = None
    worst: float | None = None
    best: float | None = None
    n: int | None = None
    figures: int = 1
    """How many figures of the paper, or runs of the model, the cell stands for."""


@dataclass(frozen=True)
class Row:
    """One line of a leaderboard, a cell a column."""

    key: str
    system: str
    variant: str
    about: Mapping[str, Any]
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """A page of rows, and how many there are."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    total: int


@dataclass(frozen=True)
class Totals:
    """What a family has, in numbers."""

    runs: int
    models: int
    figures: int
    systems: int
    papers: int
    verified: int


def families(query: Query) -> list[str]:
    """The families that have any figure, in their order."""
    return present(row["family"] for row in query("SELECT DISTINCT family FROM figures"))


def totals(query: Query, family: str) -> Totals:
    """The numbers of a family."""
    (row,) = query(
        """
        SELECT count(DISTINCT run_id) FILTER (source = 'measured') AS runs,
            count(DISTINCT (system, variant)) FILTER (source = 'measured') AS models,
            count(*) FILTER (source = 'published') AS figures,
            count(DISTINCT (system, variant, "by")) FILTER (source = 'published') AS systems,
            count(DISTINCT "by") FILTER (source = 'published') AS papers,
            count(*) FILTER (source = 'published' AND verified NOT IN ('false', 'approx'))
                AS verified
        FROM figures WHERE family = ?
        """,
        [family],
    )
    return Totals(**row)


def benchmarks(query: Query, family: str) -> dict[str, str]:
    """Folded name -> name, of a family's benchmarks; those with most figures first."""
    rows = query(
        """
        SELECT bench, min(benchmark) AS benchmark FROM figures WHERE family = ?
        GROUP BY bench ORDER BY bool_or(source = 'measured') DESC, count(*) DESC, bench
        """,
        [family],
    )
    return {row["bench"]: row["benchmark"] for row in rows}


def slices(query: Query, family: str, bench: str) -> list[str]:
    """The parts by which runs of a benchmark were broken down; all of it comes first."""
    rows = query(
        """
        SELECT slice FROM figures WHERE family = ? AND bench = ? AND slice <> ''
        GROUP BY slice ORDER BY slice LIMIT 500
        """,
        [family, bench],
    )
    return ["", *(row["slice"] for row in rows)]


def columns(query: Query, asked: Asked, most: int) -> list[Column]:
    """What the rows are compared by: of one benchmark every metric, of a family the first of each.

    The first metric of a run is the one it set first; that of a paper is its commonest. Those with
    most figures come first. A family with few benchmarks has room for a few metrics of each.
    """
    condition, parameters = Asked(asked.family, asked.rows, asked.bench, asked.slice).condition()
    first = (
        "first_place, in_rows DESC, metric"
        if asked.source == MEASURED
        else "in_rows DESC, first_place, metric"
    )
    rows = query(
        f"""
        SELECT bench, min(benchmark) AS benchmark, split, metric, min(unit) AS unit,
            bool_or(higher_is_better) AS higher_is_better, count(*) AS in_rows,
            min(position) AS first_place,
            row_number() OVER (PARTITION BY bench, split ORDER BY {first}) AS nth
        FROM figures WHERE {condition} GROUP BY bench, split, metric
        ORDER BY in_rows DESC, first_place, bench, split, metric LIMIT {MOST_COLUMNS}
        """,
        parameters,
    )
    parts = len({(row["bench"], row["split"]) for row in rows})
    of_each = most if asked.bench else 3 if parts <= 2 else 1
    names = [field.name for field in fields(Column)]
    found = [Column(**{name: row[name] for name in names}) for row in rows if row["nth"] <= of_each]
    return found[:most]


def table(
    query: Query,
    asked: Asked,
    wanted: Sequence[Column],
    *,
    sort: int = 0,
    ascending: bool | None = None,
    page: int = 0,
) -> Table:
    """A page of the rows that have any of the wanted columns, sorted by the column of that number.

    Without `ascending`, the best come first. Rows without that column come last.
    """
    if not wanted:
        return Table((), (), 0)
    pivot, parameters = _pivot(asked, wanted)
    column = wanted[sort]
    if ascending is None:
        ascending = column.higher_is_better is False
    order = "ASC" if ascending else "DESC"
    keys = ", ".join(f'"{key}"' for key in _ROWS[asked.rows])
    rows = query(
        f"WITH wide AS ({pivot}) SELECT *, count(*) OVER () AS total FROM wide"
        f" ORDER BY cell{sort}.value {order} NULLS LAST, {keys}"
        f" LIMIT {ROWS_A_PAGE} OFFSET {page * ROWS_A_PAGE:d}",
        parameters,
    )
    total = rows[0]["total"] if rows else 0
    return Table(tuple(wanted), tuple(_row(asked, row, len(wanted)) for row in rows), total)


def baseline(query: Query, asked: Asked, wanted: Sequence[Column], key: str) -> Row | None:
    """The row of that key among those of its kind; its cells are those of the wanted columns.

    The key says whether it is a run, a model or a paper's system, so that a published row can be
    what measured ones are held against.
    """
    kind, _, letters = key.partition("-")
    if kind not in _ROWS or not wanted:
        return None
    held = Asked(asked.family, kind, asked.bench, asked.slice if kind != "paper" else "")
    pivot, parameters = _pivot(held, wanted, letters)
    rows = query(pivot, parameters)
    return _row(held, rows[0], len(wanted)) if rows else None


def _pivot(asked: Asked, wanted: Sequence[Column], only: str = "") -> tuple[str, list[Any]]:
    """SQL that gives a row a run, model or system, and its parameters; `only` that of a key."""
    keys = [f'"{key}"' for key in _ROWS[asked.rows]]
    # The newest run of a model; the best that a paper prints where it prints several.
    parts, parameters = [], []
    for number, column in enumerate(wanted):
        place = "bench = ? AND split = ? AND metric = ?"
        parameters += [column.bench, column.split, column.metric]
        cell = (
            "struct_pack(value := value, low := low, high := high, worst := worst, best := best,"
            " n := n)"
        )
        by = "started_at" if asked.source == MEASURED else "position"
        parts.append(
            f"arg_max({cell}, {by}) FILTER ({place}) AS cell{number},"
            f" count(*) FILTER ({place}) AS figures{number}"
        )
        parameters += [column.bench, column.split, column.metric]
    condition, more = asked.condition()
    if only:
        condition += f" AND left(md5(concat_ws(chr(31), {', '.join(keys)})), {_KEY_LETTERS}) = ?"
        more.append(only)
    places = in_list(wanted)
    condition += f" AND (bench || '|' || split || '|' || metric) IN ({places})"
    more += [column.key for column in wanted]
    sql = (
        f"SELECT {', '.join(keys)}, {_ABOUT[asked.rows]}, {', '.join(parts)}"
        f" FROM figures WHERE {condition} GROUP BY {', '.join(keys)}"
    )
    return sql, [*parameters, *more]


def _row(asked: Asked, row: Mapping[str, Any], width: int) -> Row:
    names = _ROWS[asked.rows]
    cells = []
    for number in range(width):
        found = row[f"cell{number}"]
        cells.append(
            Cell(None) if found is None else Cell(**found, figures=row[f"figures{number}"])
        )
    about = {
        name: value
        for name, value in row.items()
        if not name.startswith(("cell", "figures")) and name not in ("total",)
    }
    # Of a fixed length, whatever the names are; no secret hangs on it.
    named = "\x1f".join(str(row[name]) for name in names).encode()
    letters = hashlib.md5(named, usedforsecurity=False).hexdigest()[:_KEY_LETTERS]
    return Row(
        f"{asked.rows}-{letters}", str(row["system"]), str(row["variant"]), about, tuple(cells)
    )
