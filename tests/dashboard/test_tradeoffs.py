"""Pairs of quality and cost: which stand on the front, and what is a variant of what."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import tradeoffs
from dashboard.data import View, open_view
from dashboard.figures import MEASURED, PUBLISHED, Column
from tests.support.measured_stores import measured_store

VIDEO = "video segmentation"
NUMBERS = st.integers(0, 6).map(float)


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> View:
    return open_view(measured_store(tmp_path_factory.mktemp("tradeoffs")))


def _axis(axes: list[tradeoffs.Axis], key: str) -> Column:
    return next(axis.column for axis in axes if axis.column.key == key)


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=12), st.booleans(), st.booleans())
def test_the_front_is_what_no_other_point_beats(
    places: list[tuple[float, float]], x_up: bool, y_up: bool
) -> None:
    x, y = (Column("b", "b", "", name, "ms", up, 1) for name, up in (("x", x_up), ("y", y_up)))
    points = [tradeoffs.Point(MEASURED, str(n), "", "", "", *at) for n, at in enumerate(places)]

    def beats(a: tuple[float, float], b: tuple[float, float]) -> bool:
        gains = [(1 if x_up else -1) * (a[0] - b[0]), (1 if y_up else -1) * (a[1] - b[1])]
        return min(gains) >= 0 and max(gains) > 0

    expected = {n for n, b in enumerate(places) if not any(beats(a, b) for a in places)}
    assert tradeoffs.pareto(points, x, y) == expected


def test_measured_variants_are_joined_to_the_model_they_were_made_from(view: View) -> None:
    qualities = tradeoffs.qualities(view, MEASURED, VIDEO)
    y = _axis(qualities, "mose|val|J&F")
    costs = tradeoffs.costs(view, MEASURED, VIDEO, y)
    assert costs[0].column.bench == "mose"
    found = tradeoffs.points(view, MEASURED, VIDEO, _axis(costs, "mose|val|fps"), y)
    parents = {
        point.variant: found[point.parent].system
        for point in found
        if point.parent is not None and found[point.parent].variant == ""
    }
    assert parents == {"onnx fp32": "hf:models/edge", "executorch int8": "hf:models/edge"}
    # The plain model is as good as its ONNX form and slower.
    assert {(p.system, p.variant) for p in found if not p.is_best} == {("hf:models/edge", "")}


def test_what_samples_took_is_a_cost_as_well(view: View) -> None:
    y = _axis(tradeoffs.qualities(view, MEASURED, VIDEO), "mose|val|J&F")
    costs = {a.column.metric: a.column for a in tradeoffs.costs(view, MEASURED, VIDEO, y)}
    found = tradeoffs.points(view, MEASURED, VIDEO, costs["cost a sample"], y)
    assert [point.x for point in found] == pytest.approx([0.01] * 4)


def test_published_figures_are_paired_within_one_paper(view: View) -> None:
    y = _axis(tradeoffs.qualities(view, PUBLISHED, VIDEO), "sav|test|J&F")
    costs = tradeoffs.costs(view, PUBLISHED, VIDEO, y)
    phone = next(
        a.column
        for a in costs
        if a.column.bench == "speed iPhone 15 Pro Max" and a.column.metric == "FPS"
    )
    found = {p.system: p for p in tradeoffs.points(view, PUBLISHED, VIDEO, phone, y)}
    # Table of EdgeTAM's README: 71.7 J&F on SA-V test at 15.7 frames a second.
    assert (found["EdgeTAM"].x, found["EdgeTAM"].y) == (15.7, 71.7)
    assert {point.by for point in found.values()} == {"EdgeTAM"}


def test_a_fresh_install_has_trade_offs_to_look_at(tmp_path: Path) -> None:
    view = open_view(tmp_path / "none.duckdb")
    assert tradeoffs.qualities(view, PUBLISHED, VIDEO)
    assert tradeoffs.qualities(view, MEASURED, VIDEO) == []
