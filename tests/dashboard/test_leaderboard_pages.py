"""The pages Leaderboard, Trade-offs, Compare and Runs, drawn without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dashboard.families import TITLES
from results.records import Outcome, RunStatus
from results.run_folder import RunFolder
from results.store import Store
from runners.storing import store_runs
from tests.dashboard.pages_drawn import Drawn
from tests.support.judged_stores import ELSEWHERE, example_store, said_run
from tests.support.measured_stores import (
    EVERY_HOSTILE,
    benchmark_run,
    hostile_measured_store,
    measured_store,
    metric,
    stored,
)
from tests.support.sample_runs import record

PAGES = ("leaderboard", "tradeoffs", "compare", "runs")
YES, NO = Outcome.SATISFIED, Outcome.UNSATISFIED


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return measured_store(tmp_path_factory.mktemp("pages"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hostile_measured_store(tmp_path_factory.mktemp("hostile"))


def _rows(page: Drawn, key: str) -> list[dict[str, Any]]:
    """The rows of the table whose columns hold `key`."""
    for frame in page.app.dataframe:
        if key in frame.value.columns:
            rows: list[dict[str, Any]] = frame.value.to_dict("records")
            return rows
    raise AssertionError(f"no table has the column {key}")


def _addresses(text: str) -> Iterator[str]:
    """Places where Markdown would make a picture or a link to the stranger's address."""
    yield from (part for part in text.split("](") if part.startswith((ELSEWHERE, "javascript:")))


@pytest.mark.parametrize("name", PAGES)
def test_a_store_that_is_not_there_says_what_to_run(name: str, tmp_path: Path) -> None:
    page = Drawn(name, tmp_path / "none.duckdb")
    said = page.texts + "".join(str(e.value) for e in page.app.info)
    assert "judge run" in said or name == "tradeoffs"
    assert not list(tmp_path.iterdir())


def test_published_figures_are_there_without_any_run(tmp_path: Path) -> None:
    page = Drawn("leaderboard", tmp_path / "none.duckdb")
    systems = {row["system"] for row in _rows(page, "m0")}
    assert {"EdgeTAM", "SAM 2.1-B+", "STCN"} <= systems
    for family in TITLES.values():
        page.app.query_params["family"] = family
        assert Drawn("leaderboard", tmp_path / "none.duckdb", {"family": family}).app.dataframe


def test_a_snapshot_of_another_version_is_said_and_published_figures_stay(tmp_path: Path) -> None:
    store = stored(tmp_path, [said_run(tmp_path / "runs", "Ada", "checks", {"t": [YES]})])
    about = next((tmp_path / "results.duckdb.snapshot").glob("0*/snapshot.json"))
    about.write_text(about.read_text().replace('"schema_version":', '"schema_version":1'))
    page = Drawn("leaderboard", store)
    assert "newer version" in page.texts
    assert {row["system"] for row in _rows(page, "m0")} >= {"EdgeTAM"}


def test_measured_and_published_rows_stand_in_tables_of_their_own(store: Path) -> None:
    page = Drawn("leaderboard", store)
    tables = [f.value for f in page.app.dataframe if "m0" in f.value.columns]
    assert len(tables) == 2
    assert set(tables[0]["system"]) == {"hf:models/edge", "hf:models/large"}
    assert "EdgeTAM" in set(tables[1]["by"])
    assert not set(tables[0]["system"]) & set(tables[1]["system"])


def test_one_benchmark_shows_each_metric_with_interval_n_date_and_variant(store: Path) -> None:
    page = Drawn("leaderboard", store, {"bench": "mose"})
    rows = _rows(page, "i0")
    row = next(row for row in rows if row["variant"] == "executorch int8")
    assert row["m0"] == pytest.approx(66.0)
    assert (row["i0"], row["n0"], row["date"]) == ("64.0 to 68.0", 30, "2026-11-12")


def test_a_pinned_baseline_shows_differences_and_stays_in_the_address(store: Path) -> None:
    page = Drawn("leaderboard", store, {"bench": "mose"})
    box = next(b for b in page.app.selectbox if b.label == "Pinned baseline")
    large = next(option for option in box.options if "hf:models/large" in option)
    box.select(large)
    page.again()
    assert page.address["baseline"].startswith("run-")
    rows = {row["variant"] or row["system"]: row for row in _rows(page, "d0")}
    assert rows["hf:models/large"]["d0"] == pytest.approx(0)
    assert rows["executorch int8"]["d0"] == pytest.approx(-12.0)
    again = Drawn("leaderboard", store, page.address)
    assert _rows(again, "d0") == _rows(page, "d0")


def test_a_view_is_kept_in_the_address(store: Path) -> None:
    page = Drawn("leaderboard", store)
    page.choose("Benchmark", "mose")
    page.choose("Order", "low to high")
    next(t for t in page.app.text_input if t.label == "Search").set_value("edge")
    page.again()
    assert page.address == {"bench": "mose", "order": "low to high"}
    # What is typed is put into the address by the browser itself.
    again = Drawn("leaderboard", store, {**page.address, "q": "edge"})
    assert [row["m0"] for row in _rows(again, "m0")] == [row["m0"] for row in _rows(page, "m0")]
    assert [row["m0"] for row in _rows(again, "m0")] == pytest.approx([66.0, 70.0, 70.0])


@pytest.mark.parametrize(
    "query",
    [
        {"bench": "no such", "sort": "x", "order": "sideways", "slice": "'", "page": "-3"},
        {"family": "'; DROP TABLE figures; --", "page": "99999", "ppage": "9" * 50},
        {"baseline": "paper-zzz", "verified": "maybe", "q": "%" * 500},
        {"baseline": "run-" + "\u202e" * 90},
    ],
)
def test_an_address_that_makes_no_sense_is_passed_over(store: Path, query: dict[str, str]) -> None:
    assert Drawn("leaderboard", store, query).app.title[0].value == "Leaderboard"


def test_trade_offs_are_drawn_for_runs_and_for_papers(store: Path) -> None:
    numbers = {"measured_numbers": "true", "published_numbers": "true"}
    page = Drawn("tradeoffs", store, numbers)
    assert [s.value for s in page.app.subheader] == ["Measured here", "Published in papers"]
    tables = [f.value for f in page.app.dataframe if "worth" in f.value.columns]
    assert set(tables[0]["system"]) == {"hf:models/edge", "hf:models/large"}
    assert (tables[0]["of"] == "hf:models/edge").sum() == 2
    assert "EfficientTAM" in set(tables[1]["system"])


def test_the_first_run_is_held_against_peoples_labels() -> None:
    page = Drawn("compare", example_store())
    assert any("what people said" in e.value for e in page.app.info)
    cards = {card.label: card.value for card in page.app.metric}
    assert len(cards) == 4
    assert "52.2 %" in cards.values()


def test_two_runs_show_what_flipped_with_both_reasons(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    tasks = {f"t{n}": [YES, NO, YES] for n in range(8)}
    changed = {**tasks, "t3": [YES, NO, NO], "t5": [YES, YES, YES]}
    early = "2026-11-01T10:00:00+00:00"
    before = said_run(runs, "Ada", "checks", tasks, started_at=early)
    now = said_run(runs, "Ada", "checks", changed)
    page = Drawn("compare", stored(tmp_path, [before, now]))
    assert _rows(page, "where") == [
        {
            "where": "t3",
            "unit": "2",
            "asked": "t3 asks number 2",
            "baseline": "100.0 %",
            "candidate": "0.0 %",
        }
    ]
    assert "said of 2" in page.texts
    assert "1 got worse, 1 got better" in page.texts


def test_runs_made_otherwise_are_compared_only_for_a_reason(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    made = [
        benchmark_run(
            runs,
            "hf:m",
            "mose",
            [metric("J&F", 0.5)],
            scorer=scorer,
            scores={f"{c}{n}": 0.5 for c in "abcdefgh" for n in range(2)},
            started_at=f"2026-11-2{day}T10:00:00+00:00",
        )
        for day, scorer in enumerate(("davis", "vos"))
    ]
    store = stored(tmp_path, made)
    page = Drawn("compare", store)
    assert "not measured alike" in page.app.subheader[0].value
    assert "scorer" in page.texts
    assert not page.app.metric
    allowed = Drawn("compare", store, {"allow": "the rules agree here"})
    assert [card.label for card in allowed.app.metric] == ["J\\&F"]


def test_a_run_whose_folder_is_gone_cannot_be_compared_and_says_where_it_was(
    tmp_path: Path,
) -> None:
    runs = [said_run(tmp_path / "runs", agent, "checks", {"t": [YES]}) for agent in "AB"]
    store = stored(tmp_path, runs)
    for run in runs:
        run.path.rename(tmp_path / f"moved-{run.run_id}")
    page = Drawn("compare", store)
    assert "can be compared only from there" in page.texts


def test_a_folder_that_is_another_runs_is_not_read(tmp_path: Path) -> None:
    first, second = (said_run(tmp_path / "runs", agent, "checks", {"t": [YES]}) for agent in "AB")
    store = stored(tmp_path, [first, second])
    first.path.rename(tmp_path / "away")
    first.path.symlink_to(second.path)
    assert "can be compared only from there" in Drawn("compare", store).texts


def test_runs_say_how_they_ended_what_they_took_and_how_to_go_on(tmp_path: Path) -> None:
    run = benchmark_run(
        tmp_path / "runs",
        "hf:m",
        "mose",
        [metric("J&F", 0.5, half=0.1)],
        scores={"a": 0.5, "b": None},
    )
    store = stored(tmp_path, [run])
    page = Drawn("runs", store)
    (row,) = _rows(page, "what")
    assert (row["status"], row["units"], row["errors"]) == ("! incomplete", 2, 1)
    assert f"judge bench run mose --resume {run.run_id} --store {store}" in page.texts
    assert _rows(page, "why") == [{"unit": "b", "why": "no frame came"}]
    assert _rows(page, "metric")[0]["interval"] == "40.0 to 60.0"


def test_a_complete_run_has_no_command_to_go_on(store: Path) -> None:
    assert "--resume" not in Drawn("runs", store).texts


def test_run_folders_that_are_not_stored_are_announced(tmp_path: Path) -> None:
    store = stored(tmp_path, [said_run(tmp_path / "runs", "Ada", "checks", {"t": [YES]})])
    under_way = RunFolder.create(tmp_path / "runs", record())
    (tmp_path / "runs" / "no run").mkdir()
    (tmp_path / "runs" / "20260101-link").symlink_to(tmp_path)
    page = Drawn("runs", store)
    assert [row["run"] for row in _rows(page, "last written")] == [under_way.run_id]


def test_new_results_are_there_at_the_next_look(tmp_path: Path) -> None:
    first = said_run(tmp_path / "runs", "Ada", "checks", {"t": [YES]})
    store = stored(tmp_path, [first])
    page = Drawn("runs", store)
    assert len(_rows(page, "what")) == 1
    second = said_run(tmp_path / "runs", "Bob", "checks", {"t": [NO]})
    # A page that is open holds no lock that a writer has to wait for.
    writer = Store(store, wait=0)
    store_runs(writer, [second])
    assert {row["on"] for row in _rows(page.again(), "what")} == {"Ada", "Bob"}
    store_runs(writer, [said_run(tmp_path / "runs", "Cy", "checks", {"t": [NO]})])
    assert len(_rows(page.again(), "what")) == 3


@pytest.mark.parametrize("name", PAGES)
def test_no_text_of_a_stranger_reaches_markdown(name: str, hostile: Path) -> None:
    queries: list[dict[str, str]] = [{}]
    if name == "leaderboard":
        queries = [{"family": TITLES["other"]}, {"bench": "mose"}]
    if name == "runs":
        run = Store(hostile).runs()[-1]
        assert run.status is RunStatus.INCOMPLETE
        queries = [{"run": run.record.run_id}]
    for query in queries:
        page = Drawn(name, hostile, query)
        rendered = page.rendered
        assert not list(_addresses(rendered.replace("\\", "\\ ")))
        for text in EVERY_HOSTILE:
            assert text not in rendered
        assert "\u202e" not in rendered + page.texts
        assert "\x1b" not in rendered + page.texts


def test_nothing_is_written(store: Path) -> None:
    def state() -> list[tuple[str, int, int]]:
        return sorted(
            (str(path), path.lstat().st_size, path.lstat().st_mtime_ns)
            for path in store.parent.rglob("*")
        )

    before = state()
    for name in PAGES:
        Drawn(name, store)
    assert state() == before
