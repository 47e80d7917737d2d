"""The drawing of requirement graphs."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.dag import COLOURS, INK, MOST_DRAWN, dag_chart, draw, needed_edges
from judge.reporting.wording import UNJUDGED
from results.errors import InputError
from results.records import AskedRequirement, Outcome, Verdict
from tests.support.judged_stores import HOSTILE

Graph = dict[int, tuple[int, ...]]


@st.composite
def graphs(draw_from: st.DrawFn) -> Graph:
    size = draw_from(st.integers(0, 14))
    names = draw_from(st.permutations(range(size)))
    return {
        name: tuple(draw_from(st.lists(st.sampled_from(names[:at]), max_size=4))) if at else ()
        for at, name in enumerate(names)
    }


def _reach(edges: set[tuple[int, int]], start: int) -> set[int]:
    found: set[int] = set()
    waiting = [start]
    while waiting:
        node = waiting.pop()
        for before, after in edges:
            if before == node and after not in found:
                found.add(after)
                waiting.append(after)
    return found


@given(graphs())
@settings(max_examples=80, deadline=None)
def test_every_requirement_stands_right_of_all_it_builds_on_and_in_a_place_of_its_own(
    graph: Graph,
) -> None:
    drawing = draw(graph)
    assert drawing.places.keys() == graph.keys()
    assert len({(p.layer, p.row) for p in drawing.places.values()}) == len(graph)
    for node, names in graph.items():
        assert all(drawing.places[p].layer < drawing.places[node].layer for p in names)
    for place in drawing.places.values():
        assert 0 < place.row < max(drawing.rows, 1)


@given(graphs())
@settings(max_examples=80, deadline=None)
def test_no_edge_is_drawn_that_follows_and_none_is_lost_that_does_not(graph: Graph) -> None:
    declared = {(p, node) for node, names in graph.items() for p in names}
    drawn = set(needed_edges(graph))
    assert drawn <= declared
    for node in graph:
        assert _reach(drawn, node) == _reach(declared, node)
    for edge in drawn:
        assert edge[1] not in _reach(drawn - {edge}, edge[0])


@given(graphs())
@settings(max_examples=40, deadline=None)
def test_no_edge_runs_through_a_box_of_a_layer_that_it_passes(graph: Graph) -> None:
    drawing = draw(graph)
    for start, end, points in drawing.edges:
        for point in points[1:-1]:
            boxes = [p for p in drawing.places.values() if p.layer == point.layer]
            assert all(abs(box.row - point.row) > 0.5 for box in boxes), (start, end)


def test_a_chain_is_a_row_and_independent_ones_are_a_column() -> None:
    chain = draw({0: (), 1: (0,), 2: (1,)})
    assert [chain.places[n].layer for n in range(3)] == [0, 1, 2]
    assert len({place.row for place in chain.places.values()}) == 1
    column = draw({0: (), 1: (), 2: ()})
    assert {place.layer for place in column.places.values()} == {0}


def test_two_crossed_pairs_are_uncrossed() -> None:
    drawing = draw({0: (), 1: (), 2: (1,), 3: (0,)})
    rows = {node: place.row for node, place in drawing.places.items()}
    assert (rows[0] < rows[1]) == (rows[3] < rows[2])


def test_what_cannot_be_drawn_is_said() -> None:
    with pytest.raises(InputError, match="circle"):
        draw({0: (1,), 1: (0,)})
    with pytest.raises(InputError, match="too many"):
        draw(dict.fromkeys(range(MOST_DRAWN + 1), ()))


def test_self_loops_and_unknown_prerequisites_are_not_drawn() -> None:
    drawing = draw({0: (0, 7), 1: (1, 0)})
    assert [(start, end) for start, end, _ in drawing.edges] == [(0, 1)]


def test_the_chart_shows_every_outcome_by_colour_and_sign_and_texts_only_as_data() -> None:
    requirements = [
        AskedRequirement(requirement_id=n, criteria=HOSTILE, prerequisites=(n - 1,) if n else ())
        for n in range(5)
    ]
    said = {
        n: Verdict(task="t", requirement_id=n, outcome=outcome, confidence=0, reason="")
        for n, outcome in enumerate(Outcome)
    }
    spec = dag_chart(requirements, said, 2).to_dict()
    boxes = [row for rows in spec["datasets"].values() for row in rows if "title" in row]
    shown = {row["requirement"]: row for row in boxes}
    assert [shown[n]["title"] for n in range(5)] == [
        "0  ✔ satisfied",
        "1  ✘ unsatisfied",
        "2  ? abstained",
        "3  ! error",
        f"4  {UNJUDGED}",
    ]
    assert shown[2]["line"] > shown[1]["line"]
    assert all("\u202e" not in row["criteria"] for row in boxes)
    # A chart's mark can carry a link or a picture only by these channels.
    layers = json.dumps(spec["layer"])
    assert not [channel for channel in ('"href"', '"url"', '"image"') if channel in layers]


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(first: str, second: str) -> float:
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("outcome", COLOURS)
def test_texts_on_a_box_have_the_contrast_that_people_need(outcome: str) -> None:
    # WCAG 2.2, 1.4.3: 4.5 to 1 for text.
    assert _contrast(INK, COLOURS[outcome].soft) >= 12
    assert _contrast(COLOURS[outcome].strong, COLOURS[outcome].soft) >= 4.5


# Viénot, Brettel and Mollon 1999: what a dichromat sees, on linear RGB.
_PROTAN = ((0.11238, 0.88762, 0.0), (0.11238, 0.88762, 0.0), (0.00401, -0.00401, 1.0))
_DEUTAN = ((0.29275, 0.70725, 0.0), (0.29275, 0.70725, 0.0), (-0.02234, 0.02234, 1.0))


def _seen(colour: str, matrix: tuple[tuple[float, ...], ...]) -> tuple[float, ...]:
    linear = [(int(colour[at : at + 2], 16) / 255) ** 2.2 for at in (1, 3, 5)]
    seen = [sum(a * b for a, b in zip(row, linear, strict=True)) for row in matrix]
    return tuple(255 * max(value, 0.0) ** (1 / 2.2) for value in seen)


@pytest.mark.parametrize("matrix", [_PROTAN, _DEUTAN], ids=["protan", "deutan"])
@pytest.mark.parametrize("shade", ["soft", "strong"])
def test_outcomes_keep_apart_for_the_colour_blind(
    matrix: tuple[tuple[float, ...], ...], shade: str
) -> None:
    seen = {outcome.value: _seen(getattr(COLOURS[outcome], shade), matrix) for outcome in Outcome}
    for first in seen:
        for second in seen:
            if first < second:
                distance = sum((a - b) ** 2 for a, b in zip(seen[first], seen[second], strict=True))
                assert distance**0.5 > 20, (first, second, distance**0.5)
