"""The picture of a task's requirements: a layered drawing of their graph, coloured by outcome.

The layout is pure: layers by the longest way from a requirement that builds on nothing, places
within a layer by the mean of the neighbours (Sugiyama, Tagawa and Toda 1981), and a stop in every
layer that an edge passes, so that no edge runs through a box. An edge that follows from others is
not drawn: what 2 builds on by way of 1 needs no arrow of its own.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from dashboard import untrusted
from devai_tasks.dag import Graph, topological_order
from judge.reporting.wording import SIGNS, UNJUDGED
from results.errors import InputError
from results.records import AskedRequirement, Outcome, Verdict

MOST_DRAWN = 120
_SWEEPS = 8
_LINES = 3
_ROW_HEIGHT = 92
_WIDEST_LAYER, _NARROWEST_LAYER, _WIDTH = 268, 212, 1_060
_CHARACTER_WIDTH = 6.3
# An edge that passes a layer takes so much of the height of a box.
_STOP_HEIGHT = 0.3
# Half the width and height of a box, in layers and rows.
_HALF_WIDTH, _HALF_HEIGHT = 0.405, 0.4


@dataclass(frozen=True)
class OutcomeColours:
    """How an outcome is drawn: `strong` for lines and marks, `soft` for what text stands on.

    Dark text on `soft` has a contrast of at least 12 to 1, and `strong` on `soft` 4.5 to 1. The
    four keep apart in the common colour blindnesses by lightness as well as by hue, and a sign
    stands beside the colour everywhere.
    """

    strong: str
    soft: str


COLOURS: Mapping[str, OutcomeColours] = {
    Outcome.SATISFIED.value: OutcomeColours("#00694A", "#CDEEDF"),
    Outcome.UNSATISFIED.value: OutcomeColours("#8A2500", "#FBD9C6"),
    Outcome.ABSTAINED.value: OutcomeColours("#7A6200", "#FFF1B8"),
    Outcome.ERROR.value: OutcomeColours("#6C3F93", "#E9DAF5"),
    UNJUDGED: OutcomeColours("#59616B", "#E6E9ED"),
}
INK = "#16191D"


@dataclass(frozen=True)
class Place:
    """Where a requirement stands: its layer from the left, its row from the top; may be halves."""

    layer: int
    row: float


@dataclass(frozen=True)
class Drawing:
    """Places of requirements, and for each edge the points from prerequisite to dependant."""

    places: Mapping[int, Place]
    edges: tuple[tuple[int, int, tuple[Place, ...]], ...]
    layers: int
    rows: float


def draw(graph: Graph) -> Drawing:
    """The drawing of a graph of requirement id -> ids of its prerequisites.

    Prerequisites that are not in the graph, and self-loops, are not drawn. InputError where
    requirements wait for each other in a circle, or are more than can be drawn.
    """
    if len(graph) > MOST_DRAWN:
        raise InputError(f"{len(graph)} requirements are too many to draw; the table lists them.")
    layer: dict[int, int] = {}
    for node in topological_order(graph):
        before = [layer[p] for p in graph[node] if p in layer and p != node]
        layer[node] = 1 + max(before, default=-1)
    # A stop is named by its edge and layer, a requirement by its id and layer.
    chains = {
        (p, node): [
            _Stop(p, p, layer[p]),
            *(_Stop(p, node, at) for at in range(layer[p] + 1, layer[node])),
            _Stop(node, node, layer[node]),
        ]
        for p, node in needed_edges(graph)
    }
    columns: list[list[_Stop]] = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    for node in sorted(graph):
        columns[layer[node]].append(_Stop(node, node, layer[node]))
    for chain in chains.values():
        for stop in chain[1:-1]:
            columns[stop.layer].append(stop)
    rows = max((sum(stop.height for stop in column) for column in columns), default=0.0)
    at = _placed(_ordered(columns, list(chains.values())), rows)
    return Drawing(
        places={node: at[_Stop(node, node, layer[node])] for node in graph},
        edges=tuple((p, node, tuple(at[s] for s in chain)) for (p, node), chain in chains.items()),
        layers=len(columns),
        rows=rows,
    )


def needed_edges(graph: Graph) -> tuple[tuple[int, int], ...]:
    """(prerequisite, requirement) without self-loops and without edges that follow from others.

    >>> needed_edges({0: [], 1: [0], 2: [1, 0, 2]})
    ((0, 1), (1, 2))
    """
    before: dict[int, set[int]] = {}
    for node in topological_order(graph):
        names = [p for p in graph[node] if p in graph and p != node]
        before[node] = set(names).union(*(before[p] for p in names))
    return tuple(
        (p, node)
        for node, names in graph.items()
        for p in dict.fromkeys(names)
        if p in graph
        and p != node
        and not any(p in before[q] for q in names if q != node and q in before)
    )


@dataclass(frozen=True)
class _Stop:
    """A requirement, where start and end are one, or a place that an edge passes."""

    start: int
    end: int
    layer: int

    @property
    def height(self) -> float:
        return 1.0 if self.start == self.end else _STOP_HEIGHT


def _ordered(columns: list[list[_Stop]], chains: Sequence[list[_Stop]]) -> list[list[_Stop]]:
    """The columns with few crossings: each in turn is sorted by where its neighbours stand."""
    neighbours: dict[_Stop, list[_Stop]] = {stop: [] for column in columns for stop in column}
    for chain in chains:
        for first, second in pairwise(chain):
            neighbours[first].append(second)
            neighbours[second].append(first)
    best, fewest = columns, _crossings(columns, chains)
    for sweep in range(_SWEEPS):
        forwards = sweep % 2 == 0
        side = -1 if forwards else 1
        columns = [list(column) for column in columns]
        order = range(1, len(columns)) if forwards else range(len(columns) - 2, -1, -1)
        for number in order:
            place = {stop: at for at, stop in enumerate(columns[number + side])}
            means = {}
            for at, stop in enumerate(columns[number]):
                near = [place[other] for other in neighbours[stop] if other in place]
                means[stop] = sum(near) / len(near) if near else float(at)
            columns[number].sort(key=means.__getitem__)
        crossings = _crossings(columns, chains)
        if crossings < fewest:
            best, fewest = columns, crossings
    return best


def _crossings(columns: Sequence[list[_Stop]], chains: Sequence[list[_Stop]]) -> int:
    place = {stop: at for column in columns for at, stop in enumerate(column)}
    lines: dict[int, set[tuple[int, int]]] = {}
    for chain in chains:
        for first, second in pairwise(chain):
            lines.setdefault(first.layer, set()).add((place[first], place[second]))
    return sum(
        (a - c) * (b - d) < 0
        for between in lines.values()
        for a, b in between
        for c, d in between
        if (a, b) < (c, d)
    )


def _placed(columns: Sequence[list[_Stop]], rows: float) -> dict[_Stop, Place]:
    """Each column in the middle of the height."""
    found = {}
    for column in columns:
        top = (rows - sum(stop.height for stop in column)) / 2
        for stop in column:
            found[stop] = Place(stop.layer, top + stop.height / 2)
            top += stop.height
    return found


def dag_chart(
    requirements: Sequence[AskedRequirement],
    verdicts: Mapping[int, Verdict],
    chosen_id: int | None = None,
) -> Any:
    """The graph as an Altair chart; a click selects a requirement in the selection `chosen`.

    `chosen_id` is drawn with a thicker line.

    Texts are data of the chart, never markup, and made safe; InputError as of `draw`.
    """
    import altair as alt
    import pandas as pd

    drawing = draw({r.requirement_id: r.prerequisites for r in requirements})
    boxes = pd.DataFrame([_box(r, drawing, verdicts, chosen_id) for r in requirements])
    lines = pd.DataFrame(_lines(drawing), columns=["edge", "order", "x", "y"])
    heads = pd.DataFrame(_heads(drawing), columns=["x", "y"])
    height = round(_ROW_HEIGHT * max(drawing.rows, 1.0))
    across = alt.Scale(domain=[-0.5, drawing.layers - 0.5], nice=False)
    down = alt.Scale(domain=[max(drawing.rows, 1.0), 0], nice=False)
    hidden: dict[str, Any] = {"axis": None}
    x = alt.X("x:Q", scale=across, **hidden)
    y = alt.Y("y:Q", scale=down, **hidden)
    edges = (
        alt.Chart(lines)
        .mark_line(interpolate="monotone", color="#8A94A0", strokeWidth=1.6)
        .encode(x=x, y=y, detail="edge:N", order="order:Q")
    )
    arrows = (
        alt.Chart(heads)
        .mark_point(shape="triangle-right", filled=True, size=70, color="#8A94A0", opacity=1)
        .encode(x=x, y=y)
    )
    chosen = alt.selection_point(name="chosen", fields=["requirement"], toggle=False, empty=False)
    names = list(COLOURS)
    cards = (
        alt.Chart(boxes)
        .mark_rect(cornerRadius=7, cursor="pointer")
        .encode(
            x=alt.X("left:Q", scale=across, **hidden),
            x2="right:Q",
            y=alt.Y("top:Q", scale=down, **hidden),
            y2="bottom:Q",
            fill=alt.Fill(
                "outcome:N",
                scale=alt.Scale(domain=names, range=[COLOURS[n].soft for n in names]),
                legend=None,
            ),
            stroke=alt.Stroke(
                "outcome:N",
                scale=alt.Scale(domain=names, range=[COLOURS[n].strong for n in names]),
                legend=None,
            ),
            strokeWidth=alt.StrokeWidth("line:Q", scale=None, legend=None),
            tooltip=[
                alt.Tooltip("requirement:Q", title="requirement"),
                alt.Tooltip("outcome:N", title="outcome"),
                alt.Tooltip("criteria:N", title="asks"),
            ],
        )
        .add_params(chosen)
    )
    titles = (
        alt.Chart(boxes)
        .mark_text(align="left", baseline="top", fontSize=12, fontWeight="bold", dx=9, dy=7)
        .encode(
            x=alt.X("left:Q", scale=across, **hidden),
            y=alt.Y("top:Q", scale=down, **hidden),
            text="title:N",
            color=alt.Color(
                "outcome:N",
                scale=alt.Scale(domain=names, range=[COLOURS[n].strong for n in names]),
                legend=None,
            ),
        )
    )
    texts = (
        alt.Chart(boxes)
        .mark_text(
            align="left", baseline="top", fontSize=11.5, dx=9, dy=24, lineBreak="\n", color=INK
        )
        .encode(
            x=alt.X("left:Q", scale=across, **hidden),
            y=alt.Y("top:Q", scale=down, **hidden),
            text="text:N",
        )
    )
    return (
        alt.layer(edges, arrows, cards, titles, texts)
        .resolve_scale(color="independent", stroke="independent", fill="independent")
        .properties(width=_layer_width(drawing) * max(drawing.layers, 1), height=height)
        .configure_view(strokeWidth=0)
    )


def _layer_width(drawing: Drawing) -> float:
    """Pixels: few layers are wide, many are narrow, and more than fit are scrolled."""
    return min(_WIDEST_LAYER, max(_NARROWEST_LAYER, _WIDTH / max(drawing.layers, 1)))


def _box(
    requirement: AskedRequirement,
    drawing: Drawing,
    verdicts: Mapping[int, Verdict],
    chosen_id: int | None,
) -> dict[str, Any]:
    place = drawing.places[requirement.requirement_id]
    verdict = verdicts.get(requirement.requirement_id)
    outcome = UNJUDGED if verdict is None else verdict.outcome.value
    sign = "" if verdict is None else f"{SIGNS[verdict.outcome]} "
    criteria = untrusted.name(requirement.criteria, 600)
    characters = int((_layer_width(drawing) * 2 * _HALF_WIDTH - 18) / _CHARACTER_WIDTH)
    wrapped = textwrap.wrap(
        criteria, characters, max_lines=_LINES, placeholder=" …", break_on_hyphens=False
    )
    return {
        "requirement": requirement.requirement_id,
        "outcome": outcome,
        "title": f"{requirement.requirement_id}  {sign}{outcome}",
        "line": 4 if requirement.requirement_id == chosen_id else 1.6,
        "criteria": criteria,
        "text": "\n".join(wrapped),
        "left": place.layer - _HALF_WIDTH,
        "right": place.layer + _HALF_WIDTH,
        "top": place.row - _HALF_HEIGHT,
        "bottom": place.row + _HALF_HEIGHT,
    }


def _lines(drawing: Drawing) -> list[tuple[str, int, float, float]]:
    """The points of each edge, from the right side of a box to the left side of the next."""
    found = []
    for start, end, points in drawing.edges:
        turns: list[tuple[float, float]] = []
        for number, point in enumerate(points):
            is_first, is_last = number == 0, number == len(points) - 1
            if not is_first:
                turns.append((point.layer - _HALF_WIDTH - (0.02 if is_last else 0), point.row))
            if not is_last:
                turns.append((point.layer + _HALF_WIDTH, point.row))
        found += [(f"{start}-{end}", order, x, y) for order, (x, y) in enumerate(turns)]
    return found


def _heads(drawing: Drawing) -> list[tuple[float, float]]:
    ends = {points[-1] for _, _, points in drawing.edges}
    return [(end.layer - _HALF_WIDTH - 0.018, end.row) for end in sorted(ends, key=_position)]


def _position(place: Place) -> tuple[int, float]:
    return place.layer, place.row
