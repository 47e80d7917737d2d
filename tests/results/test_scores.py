"""Scores and metrics of benchmark runs: journalled, read back, stored; published figures apart."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from results.errors import JournalError
from results.ingestion import RUN_TABLES
from results.journal import MAX_LINE_BYTES
from results.published import PUBLISHED_FIELDS
from results.records import Interval, Metric, RunStatus, Score, ScoreStatus, Usage
from results.run_folder import RunFolder
from results.snapshot import opened_snapshot
from results.store import Store
from tests.support.sample_runs import finished_run, record


def score(sample: str, **changes: Any) -> Score:
    given: dict[str, Any] = {
        "sample": sample,
        "values": {"J": 0.5, "F": 0.25},
        "cluster": sample.split("/")[0],
        "slices": {"duration": "short"},
        "prediction": f"files/{sample}",
        "measures": {"frames": 8.0},
        "seconds": 0.5,
        "usage": Usage(calls=1, input_tokens=10, output_tokens=2, cost=0.5),
    }
    return Score.model_validate({**given, **changes})


def failed(sample: str) -> Score:
    return Score(sample=sample, status=ScoreStatus.ERROR, reason="the clip is truncated")


METRICS = (
    Metric(
        name="J&F",
        value=0.375,
        n=2,
        interval=Interval(low=0.3, high=0.5, level=0.95, method="made up", clusters=2),
    ),
    Metric(name="fps", value=None, n=0, unit="frames/s", note="nothing was timed"),
)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    asked = record(
        kind="benchmark",
        agent="",
        judge="",
        model="hf:tiny",
        benchmark="davis2017",
        split="val",
        variant="onnx",
        scorer="davis",
    )
    return RunFolder.create(tmp_path / "runs", asked)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "results.duckdb", wait=5)


def test_the_last_final_score_of_a_sample_stands(folder: RunFolder) -> None:
    for given in (failed("a/1"), score("b/1"), score("a/1"), failed("b/1"), failed("c/1")):
        folder.add_score(given)
    assert folder.scores() == (score("a/1"), score("b/1"), failed("c/1"))
    folder.set_metrics(METRICS[:1])
    folder.set_metrics(METRICS)
    assert folder.metrics() == METRICS
    assert folder.status is RunStatus.UNFINISHED


def test_a_store_gives_back_what_was_journalled(folder: RunFolder, store: Store) -> None:
    folder.add_score(score("a/1"))
    folder.add_score(failed("b/1"))
    folder.set_metrics(METRICS)
    folder.finish(RunStatus.INCOMPLETE, 3.0)
    ingested = store.ingest([folder])
    assert (ingested.runs, ingested.scores, ingested.verdicts) == (1, 2, 0)
    assert store.scores(folder.run_id) == folder.scores()
    assert store.metrics(folder.run_id) == METRICS
    run = store.run(folder.run_id)
    assert run.record == folder.record
    assert run.samples == {
        ScoreStatus.SCORED: 1,
        ScoreStatus.UNPARSED: 0,
        ScoreStatus.ERROR: 1,
    }
    assert run.usage == Usage(calls=1, input_tokens=10, output_tokens=2, cost=0.5)
    assert store.ingest([folder]).scores == 0


def test_an_error_is_replaced_by_a_later_score_with_all_its_numbers(
    folder: RunFolder, store: Store
) -> None:
    folder.add_score(score("a/1"))
    folder.add_score(failed("b/1").model_copy(update={"measures": {"frames": 3.0}}))
    folder.set_metrics(METRICS[:1])
    store.ingest([folder])
    folder.add_score(score("b/1", values={"J": 0.75}))
    folder.add_score(failed("a/1"))
    folder.set_metrics(METRICS[::-1])
    for _ in range(2):
        store.ingest([folder])
        assert store.scores(folder.run_id) == (
            score("a/1"),
            score("b/1", values={"J": 0.75}),
        )
        assert store.metrics(folder.run_id) == METRICS[::-1]


def test_benchmark_runs_and_judgments_share_a_store_and_its_snapshot(
    folder: RunFolder, store: Store, tmp_path: Path
) -> None:
    folder.add_score(score("a/1"))
    folder.set_metrics(METRICS)
    store.ingest([folder, finished_run(tmp_path / "runs", 5)])
    store.publish()
    with opened_snapshot(store.path) as snapshot:
        assert snapshot.query("SELECT count(*) AS n FROM runs") == [{"n": 2}]
        rows = snapshot.query(
            "SELECT name, value FROM score_values WHERE NOT is_measure ORDER BY name"
        )
        assert rows == [{"name": "F", "value": 0.25}, {"name": "J", "value": 0.5}]
        (row,) = snapshot.query("SELECT value, low, clusters FROM metrics WHERE name = 'J&F'")
        assert row == {"value": 0.375, "low": 0.3, "clusters": 2}
    store.delete(folder.run_id)
    assert len(store.runs()) == 1


def test_a_value_that_is_no_number_is_no_score(folder: RunFolder) -> None:
    with pytest.raises(JournalError, match=r"sample 'a/1' cannot be kept: its 'J' is nan"):
        folder.add_score(score("a/1", values={"J": float("nan")}))
    assert folder.scores() == ()


def test_long_texts_are_cut_visibly(folder: RunFolder) -> None:
    folder.add_score(score("a/1", prediction="x" * (MAX_LINE_BYTES + 1)))
    (kept,) = folder.scores()
    assert kept.prediction.endswith("characters]")
    assert kept.values == {"J": 0.5, "F": 0.25}


def test_states_of_a_journal_end_alike_in_whatever_order_they_are_ingested(
    folder: RunFolder, tmp_path: Path
) -> None:
    folder.add_score(failed("a/1"))
    folder.add_score(score("b/1"))
    folder.set_metrics(METRICS)
    folder.add_score(score("a/1", values={"J": 0.75}))
    folder.add_score(failed("b/1"))
    folder.set_metrics(METRICS[1:])
    folder.finish(RunStatus.COMPLETE, 1.0)
    whole = folder.journal.path.read_bytes()
    lines = whole.splitlines(keepends=True)
    states = [b"".join(lines[:count]) for count in range(len(lines) + 1)]

    def ingested(number: int, order: list[bytes]) -> dict[str, list[Any]]:
        store = Store(tmp_path / f"{number}.duckdb")
        for state in order:
            folder.journal.path.write_bytes(state)
            store.ingest([folder])
        return tables(store)

    expected = ingested(0, [whole])
    assert len(expected["superseded_scores"]) == 2
    chance = random.Random(20261125)
    for number in range(1, 6):
        order = chance.sample(states, len(states))
        assert ingested(number, order) == expected, [states.index(state) for state in order]


def tables(store: Store) -> dict[str, list[Any]]:
    with duckdb.connect(str(store.path), read_only=True) as connection:
        return {
            name: connection.execute(f"FROM {name} ORDER BY ALL").fetchall() for name in RUN_TABLES
        }


def test_what_replaced_attempts_took_is_counted(folder: RunFolder, store: Store) -> None:
    spent = Usage(calls=1, input_tokens=10, output_tokens=2, cost=0.5)
    folder.add_score(failed("a/1").model_copy(update={"usage": spent}))
    folder.add_score(score("a/1"))
    store.ingest([folder])
    assert store.run(folder.run_id).usage == spent + spent


def test_no_figures_can_be_set_in_place_of_some(folder: RunFolder, store: Store) -> None:
    folder.set_metrics(METRICS)
    store.ingest([folder])
    folder.set_metrics(())
    store.ingest([folder])
    assert store.metrics(folder.run_id) == ()
    assert store.overall_metrics() == {}


def test_figures_over_all_samples_are_found_by_run(folder: RunFolder, store: Store) -> None:
    short = METRICS[0].model_copy(update={"slice": "duration=short"})
    folder.set_metrics((METRICS[0], short, METRICS[1]))
    store.ingest([folder])
    assert store.overall_metrics() == {folder.run_id: METRICS}
    assert store.metrics(folder.run_id) == (METRICS[0], short, METRICS[1])


def test_failed_samples_can_be_asked_for_alone(folder: RunFolder, store: Store) -> None:
    folder.add_score(score("a/1"))
    folder.add_score(failed("b/1"))
    store.ingest([folder])
    assert store.scores(folder.run_id, ScoreStatus.ERROR) == (failed("b/1"),)


def test_names_that_no_database_takes_do_not_keep_a_run_out(
    folder: RunFolder, store: Store
) -> None:
    strange = score(
        "a/1",
        values=dict.fromkeys(("J\udc80", "J\udc81"), 0.5),
        slices={"\udc80": "x"},
        reference="\udc80",
    )
    folder.add_score(strange)
    assert store.ingest([folder]).faults == ()
    (kept,) = store.scores(folder.run_id)
    assert kept.reference == "\\udc80"
    assert set(kept.values.values()) == {0.5}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_figure_that_is_no_number_is_refused(folder: RunFolder, value: float) -> None:
    with pytest.raises(JournalError, match="metric 'J' cannot be kept: it is"):
        folder.set_metrics([Metric(name="J", value=value, n=1)])
    assert folder.metrics() == ()


def published(**changes: Any) -> dict[str, Any]:
    texts = {name: name for name in PUBLISHED_FIELDS}
    return {**texts, "value": 62.5, "higher_is_better": True, **changes}


def test_published_figures_are_replaced_as_one_and_only_when_they_changed(store: Store) -> None:
    assert store.import_published([published(), published(system="STCN")], "first")
    assert not store.import_published([published()], "first")
    store.publish()
    with opened_snapshot(store.path) as snapshot:
        assert len(snapshot.query("FROM published")) == 2
    assert store.import_published([published(value=57.3)], "second")
    assert store.import_published([published(paper="mine")], "third", source="mine.json")
    store.publish()
    with opened_snapshot(store.path) as snapshot:
        rows = snapshot.query("SELECT source, paper, value FROM published ORDER BY source")
    assert rows == [
        {"source": "mine.json", "paper": "mine", "value": 62.5},
        {"source": "reference", "paper": "paper", "value": 57.3},
    ]
    assert store.runs() == ()


@pytest.mark.slow
def test_a_hundred_thousand_scores_are_ingested_in_seconds(folder: RunFolder, store: Store) -> None:
    line = b'{"kind":"score","score":' + score("%d").model_dump_json().encode() + b"}\n"
    folder.journal.path.write_bytes(
        b"".join(line.replace(b"%d", b"%d" % n) for n in range(100_000))
    )
    began = time.monotonic()
    assert store.ingest([folder]).scores == 100_000
    assert time.monotonic() - began < 60
