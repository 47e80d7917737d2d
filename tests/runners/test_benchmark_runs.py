"""Benchmark runs: begun, killed, interrupted, resumed, ended and stored."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from results.errors import InputError, ModelError, StoreError
from results.records import Metric, RunRecord, RunStatus, Score, ScoreStatus
from results.run_folder import RunFolder, open_runs
from results.snapshot import opened_snapshot
from results.store import Store
from runners.benchmark_runs import BenchmarkRun, benchmark_run
from tests.support.sample_runs import ROOT, record

SAMPLES = [f"sample-{number:02d}" for number in range(30)]
STATUSES = dict.fromkeys(ScoreStatus, 0)


def asked(**changes: Any) -> RunRecord:
    given: dict[str, Any] = {
        "kind": "benchmark",
        "agent": "",
        "judge": "",
        "model": "hf:tiny",
        "benchmark": "video-mme",
        "split": "test",
        "scorer": "strict",
        "config": {"frames": 8, "prompt": {"subtitles": False}},
        "versions": {"torch": "2.13.0"},
        "hashes": {"data": "abc"},
    }
    return record(changes.pop("run_id", None), **{**given, **changes})


def score(sample: str) -> Score:
    return Score(sample=sample, values={"correct": 1.0}, prediction="A", reference="A")


def error(sample: str) -> Score:
    return Score(sample=sample, status=ScoreStatus.ERROR, reason="the video does not open")


def accuracy(run: BenchmarkRun) -> tuple[Metric, ...]:
    scores = [s for s in run.folder.scores() if s.status is not ScoreStatus.ERROR]
    return (Metric(name="accuracy", value=1.0 if scores else None, n=len(scores)),)


class Bench:
    """A place for runs and their store."""

    def __init__(self, folder: Path) -> None:
        self.runs = folder / "runs"
        self.store = Store(folder / "results.duckdb")

    def run(self, what: RunRecord | None = None, **options: Any) -> Any:
        return benchmark_run(what or asked(), runs_dir=self.runs, store=self.store.path, **options)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_run_is_complete_stored_and_published_when_its_block_ends(bench: Bench) -> None:
    told: list[tuple[int, int]] = []
    with bench.run(samples=SAMPLES[:2], on_progress=lambda *at: told.append(at)) as run:
        assert run.files.is_dir()
        assert run.done == {}
        for sample in SAMPLES[:2]:
            run.add(score(sample))
        run.set_metrics(accuracy(run))
    assert told == [(0, 2), (1, 2), (2, 2)]
    (stored,) = bench.store.runs()
    assert stored.status is RunStatus.COMPLETE
    assert stored.samples == {**STATUSES, ScoreStatus.SCORED: 2}
    assert bench.store.metrics(run.run_id) == (Metric(name="accuracy", value=1.0, n=2),)
    with opened_snapshot(bench.store.path) as snapshot:
        assert snapshot.record.rows["scores"] == 2


def test_progress_counts_each_sample_once_and_goes_on_when_resumed(bench: Bench) -> None:
    told: list[tuple[int, int]] = []
    with bench.run(samples=SAMPLES[:3], on_progress=lambda *at: told.append(at)) as run:
        for given in (error("sample-00"), score("sample-00"), score("another"), score("sample-01")):
            run.add(given)
    assert told == [(0, 3), (1, 3), (1, 3), (1, 3), (2, 3)]
    with bench.run(
        samples=SAMPLES[:3], on_progress=lambda *at: told.append(at), resume=run.folder
    ) as again:
        again.add(score("sample-02"))
    assert told[5:] == [(2, 3), (3, 3)]


def test_errors_leave_a_run_incomplete_and_are_asked_again(bench: Bench) -> None:
    with bench.run() as run:
        run.add(score("a"))
        run.add(error("b"))
    assert run.folder.status is RunStatus.INCOMPLETE
    with bench.run(resume=RunFolder.open(run.folder.path)) as again:
        assert dict(again.done) == {"a": score("a")}
        assert again.errors == {"b"}
        again.add(score("b"))
        assert again.errors == set()
    assert again.run_id == run.run_id
    assert again.folder.status is RunStatus.COMPLETE
    assert bench.store.scores(run.run_id) == (score("a"), score("b"))
    assert len(open_runs(bench.runs)[0]) == 1


def test_a_later_error_does_not_take_a_final_score_away(bench: Bench) -> None:
    with bench.run() as run:
        run.add(score("a"))
        run.add(error("a"))
    assert run.folder.status is RunStatus.COMPLETE


def test_samples_that_nobody_scored_leave_a_run_incomplete(bench: Bench) -> None:
    with bench.run(samples=("a", "b")) as run:
        run.add(score("a"))
        assert run.missing == {"b"}
    assert run.folder.status is RunStatus.INCOMPLETE


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"config": {"frames": 16, "prompt": {"subtitles": False}}}, "`config.frames` was 8 and"),
        (
            {"config": {"frames": 8, "prompt": {"subtitles": True}}},
            "`config.prompt.subtitles` was False and is True",
        ),
        ({"config": {"frames": 8}}, r"`config.prompt` was \{'subtitles': False\} and is not there"),
        ({"hashes": {"data": "abc", "model": "d"}}, "`hashes.model` was not there and is 'd' now"),
        ({"model": "hf:other"}, "`model` was 'hf:tiny' and is 'hf:other'"),
        ({"scorer": "official"}, "`scorer` was 'strict'"),
    ],
)
def test_a_run_is_not_resumed_with_something_else(
    bench: Bench, changes: dict[str, Any], message: str
) -> None:
    with bench.run() as run:
        run.add(error("a"))
    before = run.folder.journal.path.read_bytes()
    with pytest.raises(InputError, match=message), bench.run(asked(**changes), resume=run.folder):
        pytest.fail("it was resumed")
    assert run.folder.journal.path.read_bytes() == before


def test_other_versions_are_noted_when_a_run_is_resumed(bench: Bench) -> None:
    with bench.run() as run:
        run.add(error("a"))
    with bench.run(asked(versions={"torch": "2.14.0"}), resume=run.folder):
        pass
    assert run.folder.notes() == ("Resumed with other versions: torch 2.14.0 after 2.13.0.",)


def test_resuming_a_judgment_is_refused(bench: Bench) -> None:
    judged = RunFolder.create(bench.runs, record("judged"))
    with pytest.raises(InputError, match="judge run --resume judged"), bench.run(resume=judged):
        pytest.fail("it was resumed")


def test_resuming_what_is_complete_changes_nothing(bench: Bench) -> None:
    with bench.run() as run:
        run.add(score("a"))
        run.set_metrics(accuracy(run))
    before = run.folder.journal.path.read_bytes()
    with bench.run(resume=run.folder) as again:
        again.set_metrics(accuracy(again))
    assert run.folder.journal.path.read_bytes() == before


def test_ctrl_c_leaves_an_interrupted_run_in_the_store(bench: Bench) -> None:
    with pytest.raises(KeyboardInterrupt), bench.run() as run:
        run.add(score("a"))
        raise KeyboardInterrupt
    (stored,) = bench.store.runs()
    assert stored.status is RunStatus.INTERRUPTED
    assert bench.store.scores(run.run_id) == (score("a"),)


def test_an_exception_goes_on_its_way_and_leaves_an_incomplete_run(bench: Bench) -> None:
    with pytest.raises(ModelError, match="quota"), bench.run() as run:
        run.add(score("a"))
        raise ModelError("The quota is used up.")
    assert bench.store.run(run.run_id).status is RunStatus.INCOMPLETE


def test_only_one_process_works_on_a_run(bench: Bench) -> None:
    with (
        bench.run() as run,
        pytest.raises(InputError, match="worked on by process"),
        bench.run(resume=RunFolder.open(run.folder.path)),
    ):
        pytest.fail("two work on it")


def test_a_store_that_cannot_be_used_is_known_before_the_work(bench: Bench) -> None:
    bench.store.path.write_text("no database, but the notes of a user " * 1000)
    with pytest.raises(StoreError, match="no DuckDB database"), bench.run():
        pytest.fail("it began")
    assert open_runs(bench.runs) == ((), ())


def test_threads_may_add_at_once(bench: Bench) -> None:
    with bench.run(samples=SAMPLES) as run:
        threads = [
            threading.Thread(target=lambda mine: [run.add(score(s)) for s in mine], args=(part,))
            for part in (SAMPLES[::3], SAMPLES[1::3], SAMPLES[2::3])
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert run.folder.status is RunStatus.COMPLETE
    assert {s.sample for s in bench.store.scores(run.run_id)} == set(SAMPLES)


def test_a_run_killed_at_random_moments_and_resumed_asks_nothing_twice(bench: Bench) -> None:
    chance = random.Random(20261125)
    acknowledged: list[str] = []
    kills = 0
    RunFolder.create(bench.runs, asked(run_id="killed"))
    folder = RunFolder.open(bench.runs / "killed")
    while folder.status is not RunStatus.COMPLETE:
        working = start(bench, "killed")
        assert working.stdout is not None
        if kills < 4:
            acknowledged.append(working.stdout.readline().strip())
            time.sleep(chance.uniform(0, 0.02))
            working.send_signal(signal.SIGKILL)
            kills += 1
        out, err = working.communicate(timeout=60)
        assert working.returncode in (0, -signal.SIGKILL), err
        acknowledged += out.split("\n")[:-1]
        assert {s.sample for s in folder.scores()} >= set(acknowledged)
    assert kills == 4
    # A kill between writing and printing leaves a score unacknowledged, never one asked twice.
    assert len(acknowledged) == len(set(acknowledged)) >= len(SAMPLES) - kills
    assert bench.store.scores("killed") == tuple(score(sample) for sample in SAMPLES)
    assert bench.store.run("killed").status is RunStatus.COMPLETE


def test_ctrl_c_of_a_process_ends_it_with_everything_kept(bench: Bench) -> None:
    RunFolder.create(bench.runs, asked(run_id="stopped"))
    working = start(bench, "stopped")
    assert working.stdout is not None
    first = working.stdout.readline().strip()
    working.send_signal(signal.SIGINT)
    working.communicate(timeout=60)
    assert working.returncode != 0
    assert bench.store.run("stopped").status is RunStatus.INTERRUPTED
    assert score(first) in bench.store.scores("stopped")


def start(bench: Bench, run_id: str) -> subprocess.Popen[str]:
    """This module as a program that goes on with a run, slowly, and tells of each score."""
    arguments = (str(bench.runs / run_id), str(bench.store.path))
    return subprocess.Popen(
        [sys.executable, "-m", "tests.runners.test_benchmark_runs", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def main(folder: str, store: str) -> None:
    opened = RunFolder.open(folder)
    with benchmark_run(
        asked(),
        runs_dir=opened.path.parent,
        store=Path(store),
        resume=opened,
        samples=SAMPLES,
    ) as run:
        for sample in SAMPLES:
            if sample not in run.done:
                run.add(score(sample))
                print(sample, flush=True)
                time.sleep(0.01)
        run.set_metrics(accuracy(run))


if __name__ == "__main__":
    main(*sys.argv[1:])
