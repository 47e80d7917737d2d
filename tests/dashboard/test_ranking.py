"""Leaderboards as tables: measured and published apart, searched, sorted, cut into pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.reference import published_rows
from dashboard import disagreement, ranking
from dashboard.data import View, open_view
from dashboard.families import AGENTS
from dashboard.ranking import ROWS_A_PAGE, Asked, Table
from devai_tasks import FlaggedRequirement
from devai_tasks.rates import rates
from results.records import Outcome
from tests.support.judged_stores import said_run
from tests.support.measured_stores import (
    benchmark_run,
    hostile_measured_store,
    measured_store,
    metric,
    stored,
)

VIDEO = "video segmentation"


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> View:
    return open_view(measured_store(tmp_path_factory.mktemp("measured")))


def _table(view: View, asked: Asked, sort: str = "", **how: bool) -> Table:
    wanted = ranking.columns(view, asked, 12)
    names = [column.metric for column in wanted]
    return ranking.table(view, asked, wanted, sort=names.index(sort) if sort else 0, **how)


def test_a_models_newest_runs_stand_side_by_side_best_first(view: View) -> None:
    table = _table(view, Asked(VIDEO, "model"))
    assert [(column.bench, column.metric) for column in table.columns][:2] == [
        ("davis2017", "J&F"),
        ("mose", "J&F"),
    ]
    assert [(row.system, row.variant) for row in table.rows] == [
        ("hf:models/large", ""),
        ("hf:models/edge", ""),
        ("hf:models/edge", "onnx fp32"),
        ("hf:models/edge", "executorch int8"),
    ]
    best = table.rows[0].cells[0]
    assert best.value == pytest.approx(93.0)
    assert [best.low, best.high, best.n] == pytest.approx([91.0, 95.0, 30])


def test_a_later_run_of_a_model_stands_instead_of_the_earlier(tmp_path: Path) -> None:
    runs = [
        benchmark_run(
            tmp_path / "runs",
            "hf:m",
            "mose",
            [metric("J&F", value)],
            started_at=f"2026-11-{day}T10:00:00+00:00",
        )
        for day, value in ((20, 0.5), (22, 0.4), (21, 0.9))
    ]
    view = open_view(stored(tmp_path, runs))
    (row,) = _table(view, Asked(VIDEO, "model")).rows
    assert row.cells[0].value == pytest.approx(40.0)
    assert row.about["runs"] == 3
    # Of one benchmark every run has its own row.
    by_run = _table(view, Asked(VIDEO, "run", "mose"))
    assert [r.cells[0].value for r in by_run.rows] == [pytest.approx(v) for v in (90, 50, 40)]


def test_published_rows_are_what_papers_print_and_never_measured_ones(view: View) -> None:
    asked = Asked(VIDEO, "paper", "sav")
    table = _table(view, asked)
    printed = {
        (row.system, row.value)
        for row in published_rows()
        if row.benchmark == "SA-V" and row.split == "test" and row.metric == "J&F"
    }
    place = [column.split for column in table.columns].index("test")
    shown = {(row.system, row.cells[place].value) for row in table.rows if row.cells[place].value}
    assert shown == printed
    assert not [row for row in table.rows if row.system.startswith("hf:")]
    measured = _table(view, Asked(VIDEO, "model"))
    assert all(row.key.startswith("model-") for row in measured.rows)


def test_the_two_figures_of_stcn_on_sav_are_both_there_and_said_to_disagree(view: View) -> None:
    table = _table(view, Asked(VIDEO, "paper", "sav", search="stcn"))
    place = [column.split for column in table.columns].index("test")
    assert {row.about["by"]: row.cells[place].value for row in table.rows} == {
        "EdgeTAM": 62.5,
        "EfficientTAM": 57.3,
    }
    said = disagreement.others(view)
    assert "57.3 %" in said["EdgeTAM", "STCN", "default", "sav|test|J&F"]
    rows = disagreement.rows_of(view, VIDEO)
    assert {"62.5 %", "57.3 %"} <= {str(row["value"]) for row in rows}


def test_search_takes_every_word_anywhere(view: View) -> None:
    found = _table(view, Asked(VIDEO, "model", search="INT8 edge"))
    assert [row.variant for row in found.rows] == ["executorch int8"]
    assert _table(view, Asked(VIDEO, "model", search="int8 large")).rows == ()
    assert _table(view, Asked(VIDEO, "model", search="%")).rows == ()


def test_sorting_goes_either_way_and_knows_what_is_better(view: View) -> None:
    asked = Asked(VIDEO, "run", "mose")
    sizes = [
        [row.cells[nth].value for row in table.rows]
        for table in (
            _table(view, asked, "size_bytes"),
            _table(view, asked, "size_bytes", ascending=False),
        )
        for nth in [[column.metric for column in table.columns].index("size_bytes")]
    ]
    assert sizes[0] == sorted(s for s in sizes[0] if s is not None)
    assert sizes[1] == sizes[0][::-1]


def test_only_verified_figures_leave_out_those_nobody_has_seen(view: View) -> None:
    every = _table(view, Asked(VIDEO, "paper"))
    verified = _table(view, Asked(VIDEO, "paper", verified_only=True))
    assert verified.total < every.total
    seen = {state for row in verified.rows for state in row.about["verified"]}
    assert seen <= {"true", "secondary", "recomputed"}


def test_a_part_of_a_benchmark_has_its_own_figures(view: View) -> None:
    assert ranking.slices(view, VIDEO, "mose") == ["", "size=small"]
    table = _table(view, Asked(VIDEO, "run", "mose", "size=small"))
    assert [row.cells[0].value for row in table.rows][:1] == [pytest.approx(68.0)]


def test_any_row_can_be_the_baseline_and_keeps_its_key(view: View) -> None:
    asked = Asked(VIDEO, "run", "mose")
    wanted = ranking.columns(view, asked, 12)
    paper = _table(view, asked.to_papers(), "J&F").rows[0]
    found = ranking.baseline(view, asked, wanted, paper.key)
    assert found is not None
    assert (found.system, found.key) == (paper.system, paper.key)
    nth = [column.key for column in wanted].index("mose|val|J&F")
    assert found.cells[nth].value == paper.cells[0].value
    assert ranking.baseline(view, asked, wanted, "paper-0000000000000000") is None
    assert ranking.baseline(view, asked, wanted, "'; DROP TABLE figures; --") is None


def test_pages_hold_all_rows_once(tmp_path: Path) -> None:
    count = ROWS_A_PAGE + 5
    runs = [
        benchmark_run(tmp_path / "runs", f"hf:m{n:03d}", "mose", [metric("J&F", 0.5)])
        for n in range(count)
    ]
    view = open_view(stored(tmp_path, runs))
    asked = Asked(VIDEO, "model")
    wanted = ranking.columns(view, asked, 5)
    pages = [ranking.table(view, asked, wanted, page=page) for page in range(3)]
    assert [len(page.rows) for page in pages] == [ROWS_A_PAGE, 5, 0]
    names = [row.system for page in pages for row in page.rows]
    assert sorted(names) == [f"hf:m{n:03d}" for n in range(count)]
    assert pages[0].total == count


def test_rates_of_judged_agents_are_those_of_the_tasks_room(tmp_path: Path) -> None:
    outcomes = [Outcome.SATISFIED, Outcome.UNSATISFIED, Outcome.ABSTAINED, Outcome.ERROR]
    tasks = {f"t{n}": [outcomes[(n + k * (n + 1)) % 4] for k in range(n % 5 + 1)] for n in range(9)}
    run = said_run(tmp_path / "runs", "Ada", "checks", tasks)
    view = open_view(stored(tmp_path, [run]))
    expected = rates(
        {
            task: [
                FlaggedRequirement(k, "", (k - 1,) if k else (), outcome)
                for k, outcome in enumerate(said)
            ]
            for task, said in tasks.items()
        }
    )
    table = _table(view, Asked(AGENTS, "model"))
    found = {c.metric: cell for c, cell in zip(table.columns, table.rows[0].cells, strict=True)}
    for named, rate in (
        ("requirements_met_I", expected.independent),
        ("requirements_met_D", expected.dependent),
        ("task_solve_rate", expected.solve),
    ):
        cell = found[named]
        assert rate.value is not None and rate.worst is not None and rate.best is not None
        assert cell.value == pytest.approx(100 * rate.value)
        assert cell.worst == pytest.approx(100 * rate.worst)
        assert cell.best == pytest.approx(100 * rate.best)
        assert cell.n == rate.n


def test_hostile_names_are_only_names(tmp_path: Path) -> None:
    view = open_view(hostile_measured_store(tmp_path))
    for family in ranking.families(view):
        for bench in ["", *ranking.benchmarks(view, family)]:
            asked = Asked(family, "run" if bench else "model", bench, search="'\"%_\\ ")
            assert _table(view, asked).rows == ()
            table = _table(view, Asked(family, "run" if bench else "model", bench))
            assert all(len(row.key) < 40 for row in table.rows)
