"""What accuracy costs: pairs of figures of one system, the best of them, and their variants.

A point pairs two figures that belong together: two metrics of one model in one variant, each from
its newest run here; or two figures that one paper prints of one system in one variant. Figures of
two papers are never paired.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dashboard.agreement_runs import Query
from dashboard.figures import MEASURED, Column

MOST_POINTS = 400
_MOST_READ = 20_000
_MOST_AXES = 200
# Units of what a model is worth; all others are what it takes.
_QUALITY_UNITS = ("%", "share", "fraction", "score", "FID", "1-10")
# Neither: ratios to another system, and counts of what came out.
_NO_AXIS_UNITS = ("x", "files", "lines", "% points (<=)")


def _quoted(words: Sequence[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


_IS_QUALITY = f"unit IN ({_quoted(_QUALITY_UNITS)})"
_IS_COST = f"NOT {_IS_QUALITY}"
_IS_PLACE = "bench = ? AND split = ? AND metric = ?"

# (system, variant) of published figures -> the variant that it was made from, as the papers say.
_PARENTS: Mapping[tuple[str, str], str] = {
    ("EfficientTAM", "Ti/2"): "Ti",
    ("EfficientTAM", "S/2"): "S",
    ("EfficientTAM", "S, 512x512"): "S",
    ("MobileLLM", "125M, 0.25T tokens, W8A8"): "125M, 0.25T tokens, BF16",
    ("MobileLLM-LS", "125M, 0.25T tokens, W8A8"): "125M, 0.25T tokens, BF16",
    ("MobileLLM", "350M, 0.25T tokens, W8A8"): "350M, 0.25T tokens, BF16",
    ("MobileLLM-LS", "350M, 0.25T tokens, W8A8"): "350M, 0.25T tokens, BF16",
}
# Whose figures belong together. A paper's names for one system differ from table to table, so that
# those stand here which were reviewed.
_WHO = """source, canonical_system, canonical_variant,
    CASE source WHEN 'measured' THEN '' ELSE "by" END"""


@dataclass(frozen=True)
class Axis:
    """A metric that an axis can have."""

    column: Column
    points: int
    """How many systems have it beside one of the other kind."""


@dataclass(frozen=True)
class Point:
    """A system by two figures."""

    source: str
    system: str
    variant: str
    by: str
    date: str
    x: float
    y: float
    x_interval: tuple[float | None, float | None] = (None, None)
    y_interval: tuple[float | None, float | None] = (None, None)
    parent: int | None = None
    """The number of the point that this one is a variant of."""
    is_best: bool = False
    """Whether no other point is better in one and at least as good in the other."""


def qualities(query: Query, source: str, family: str) -> list[Axis]:
    """The metrics of a family that say how good a system is and stand with any that says its cost.

    Those with most points come first.
    """
    return _axes(query, source, f"{_IS_QUALITY} AND family = ?", [family], _IS_COST, [])


def costs(query: Query, source: str, family: str, quality: Column) -> list[Axis]:
    """The metrics that say what those systems take that have this quality."""
    own = [*_place(quality), family]
    found = _axes(query, source, _IS_COST, [], f"{_IS_PLACE} AND family = ?", own)
    # What the same run took before what another took.
    return sorted(found, key=lambda axis: [axis.column.bench, axis.column.split] != own[:2])


def points(query: Query, source: str, family: str, x: Column, y: Column) -> list[Point]:
    """The points of two metrics, with the best of them and what is a variant of what.

    Of more than `MOST_POINTS` the best and those of most worth are given.
    """
    newest = "concat(started_at, lpad(position::VARCHAR, 9, '0'))"
    cell = "struct_pack(value := value, low := low, high := high)"
    rows = query(
        f"""
        WITH wanted AS (
            SELECT *, {_IS_PLACE} AS is_x FROM figures
            WHERE source = ? AND slice = '' AND value IS NOT NULL
                AND (({_IS_PLACE}) OR ({_IS_PLACE} AND family = ?))
        )
        SELECT canonical_system AS system, canonical_variant AS variant,
            CASE source WHEN 'measured' THEN '' ELSE "by" END AS paper, max(date) AS date,
            arg_max({cell}, {newest}) FILTER (is_x) AS x,
            arg_max({cell}, {newest}) FILTER (NOT is_x) AS y
        FROM wanted GROUP BY {_WHO}
        HAVING x IS NOT NULL AND y IS NOT NULL
        ORDER BY max(value) FILTER (NOT is_x) DESC, system, variant, paper LIMIT {_MOST_READ}
        """,
        [*_place(x), source, *_place(x), *_place(y), family],
    )
    every = [_point(source, row) for row in rows]
    on_front = pareto(every, x, y)
    others = [nth for nth in range(len(every)) if nth not in on_front]
    kept = sorted([*on_front, *others[: max(0, MOST_POINTS - len(on_front))]])
    found = [every[nth] for nth in kept]
    parents = _parents(found)
    best = {nth for nth, number in enumerate(kept) if number in on_front}
    return [
        replace(point, parent=parents.get(nth), is_best=nth in best)
        for nth, point in enumerate(found)
    ]


def front(found: Sequence[Point]) -> list[Point]:
    """The best points, along the axis of cost."""
    return sorted((point for point in found if point.is_best), key=lambda p: (p.x, p.y))


def _axes(
    query: Query,
    source: str,
    own: str,
    own_parameters: Sequence[str],
    with_any: str,
    with_parameters: Sequence[str],
) -> list[Axis]:
    """Metrics for which `own` holds, of systems that have a figure for which `with_any` holds."""
    rows = query(
        f"""
        WITH usable AS (
            SELECT *, concat_ws(chr(31), {_WHO}) AS who FROM figures
            WHERE source = ? AND slice = '' AND value IS NOT NULL
                AND unit NOT IN ({_quoted(_NO_AXIS_UNITS)})
        )
        SELECT bench, min(benchmark) AS benchmark, split, metric, min(unit) AS unit,
            bool_or(higher_is_better) AS higher_is_better, count(*) AS in_rows,
            count(DISTINCT who) AS points
        FROM usable WHERE {own} AND who IN (SELECT who FROM usable WHERE {with_any})
        GROUP BY bench, split, metric
        ORDER BY points DESC, min(position), bench, split, metric LIMIT {_MOST_AXES}
        """,
        [source, *own_parameters, *with_parameters],
    )
    return [
        Axis(Column(**{k: v for k, v in row.items() if k != "points"}), row["points"])
        for row in rows
    ]


def _place(column: Column) -> list[str]:
    return [column.bench, column.split, column.metric]


def _point(source: str, row: Mapping[str, Any]) -> Point:
    x, y = row["x"], row["y"]
    return Point(
        source,
        row["system"],
        row["variant"],
        row["paper"],
        row["date"],
        x["value"],
        y["value"],
        (x["low"], x["high"]),
        (y["low"], y["high"]),
    )


def _parents(found: Sequence[Point]) -> dict[int, int]:
    """Number of a variant's point -> that of the point it was made from.

    A measured variant, such as `onnx int8`, was made from the model without one.
    """
    numbers = {(p.system, p.variant, p.by): number for number, p in enumerate(found)}
    parents: dict[int, int] = {}
    for nth, point in enumerate(found):
        if point.source == MEASURED:
            parent = "" if point.variant else None
        else:
            parent = _PARENTS.get((point.system, point.variant))
        number = None if parent is None else numbers.get((point.system, parent, point.by))
        if number is not None:
            parents[nth] = number
    return parents


def pareto(found: Sequence[Point], x: Column, y: Column) -> set[int]:
    """The numbers of the points that no other beats: the Pareto front."""
    # Turned so that more is better in both; of unknown directions, less of a cost is better.
    x_sign = 1 if x.higher_is_better else -1
    y_sign = -1 if y.higher_is_better is False else 1
    turned = sorted(((x_sign * p.x, y_sign * p.y, n) for n, p in enumerate(found)), reverse=True)
    best: set[int] = set()
    highest = float("-inf")
    last: tuple[float, float] | None = None
    for along, up, nth in turned:
        if up > highest or (along, up) == last:
            best.add(nth)
            highest = max(highest, up)
            last = (along, up)
    return best
