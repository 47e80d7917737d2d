"""Run folders: what a run was asked and found, whole or not at all, and found again by name."""

from __future__ import annotations

import json
import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from results.errors import InputError, JournalError
from results.journal import MAX_LINE_BYTES
from results.records import FileEvidence, Outcome, RunStatus
from results.run_folder import RunFolder, new_run_id, open_runs, resolve_run, run_paths
from results.store import Store
from tests.support.sample_runs import asked_task, finished_run, go_on, record, start, verdict


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def test_run_ids_sort_by_time_and_differ() -> None:
    moment = datetime(2026, 11, 24, 23, 15, 59, 481_000, tzinfo=UTC)
    ids = [new_run_id(moment + timedelta(milliseconds=7 * i)) for i in range(300)]
    assert sorted(ids) == ids
    assert ids[0].startswith("20261124-231559-481-")
    assert len({new_run_id(moment) for _ in range(100)}) == 100


def test_a_run_is_opened_as_it_was_created(runs: Path) -> None:
    hostile = record(
        config={"tasks": "tasks/\udcff", "nul": "a\0b", "deep": [[{"select": None}]]},
        hashes={"tasks": "sha256:1"},
        model="openai:gpt",
    )
    RunFolder.create(runs, hostile)
    opened = RunFolder.open(runs / hostile.run_id)
    assert opened.record == hostile
    assert opened.run_id == hostile.run_id
    assert opened.verdicts() == ()
    assert not opened.is_finished
    assert [path.name for path in runs.iterdir()] == [hostile.run_id]


def test_an_existing_run_is_never_overwritten(runs: Path) -> None:
    first = finished_run(runs, 3)
    with pytest.raises(InputError, match="cannot be made"):
        RunFolder.create(runs, record(first.run_id, agent="another"))
    assert RunFolder.open(first.path).record == first.record
    assert len(first.verdicts()) == 3
    assert len(list(runs.iterdir())) == 1


@pytest.mark.parametrize(
    "run_id", ["", ".", "..", "../x", "a/b", ".hidden", "a\0b", "x" * 129, "é"]
)
def test_an_id_that_is_no_plain_name_is_refused(runs: Path, run_id: str) -> None:
    asked = record("plain").model_copy(update={"run_id": run_id})
    with pytest.raises(InputError, match="an id is made of"):
        RunFolder.create(runs, asked)
    assert not runs.exists()


def test_a_record_that_json_cannot_hold_leaves_nothing_behind(runs: Path) -> None:
    with pytest.raises(InputError, match="cannot be kept"):
        RunFolder.create(runs, record(config={"limit": float("inf")}))
    assert not runs.exists()


GOOD: dict[str, Any] = {"run_id": "r", "agent": "a", "judge": "j", "started_at": "2026"}


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "not JSON"),
        (b"{", r"line 1, column 2"),
        (b"[]", "not a JSON object"),
        (b"\xff\xfe", "not UTF-8"),
        pytest.param(b"[" * 200_000, "deeper", id="deep"),
        pytest.param(b" " * (17 * 2**20), "larger than", id="large"),
        (json.dumps({**GOOD, "agent": None}).encode(), "`agent`"),
        (json.dumps({**GOOD, "host": []}).encode(), "`host`"),
        (json.dumps({**GOOD, "later": 1}).encode(), "`later`"),
        (json.dumps({**GOOD, "run_id": "../../etc"}).encode(), "an id is made of"),
        pytest.param(json.dumps({**GOOD, "x" * 10_000: 1}).encode(), "xxx", id="long key"),
    ],
)
def test_a_damaged_record_is_refused_in_one_short_sentence(
    tmp_path: Path, content: bytes, fault: str
) -> None:
    (tmp_path / "run.json").write_bytes(content)
    with pytest.raises(InputError, match=fault) as caught:
        RunFolder.open(tmp_path)
    assert str(tmp_path / "run.json") in str(caught.value)
    assert len(str(caught.value)) < 600
    assert "\n" not in str(caught.value)


def test_a_folder_without_a_record_is_no_run(tmp_path: Path) -> None:
    for missing in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(InputError, match=r"it has no run\.json"):
            RunFolder.open(missing)
    os.mkfifo(tmp_path / "run.json")
    with pytest.raises(InputError, match="not a regular file"):
        RunFolder.open(tmp_path)


def test_the_last_final_verdict_stands_and_an_error_only_without_one(runs: Path) -> None:
    folder = RunFolder.create(runs, record())
    given = [
        verdict(1, Outcome.ERROR),
        verdict(0, Outcome.ERROR, reason="first"),
        verdict(0, Outcome.ERROR, reason="second"),
        verdict(1, Outcome.ABSTAINED),
        verdict(1, Outcome.ERROR),
        verdict(2, Outcome.UNSATISFIED),
        verdict(2, Outcome.SATISFIED, is_preference=True),
    ]
    for each in given:
        folder.add_verdict(each)
    assert folder.verdicts() == (given[2], given[3], given[5], given[6])
    assert [a.number for a in folder.content().attempts] == [1, 1, 2, 2, 3, 1, 1]


def test_a_run_is_finished_when_it_says_so_and_until_it_goes_on(runs: Path) -> None:
    folder = RunFolder.create(runs, record())
    folder.add_verdict(verdict(0, Outcome.ERROR))
    assert [folder.status] == [RunStatus.UNFINISHED]
    folder.finish(RunStatus.INCOMPLETE, 1.5)
    assert [folder.status] == [RunStatus.INCOMPLETE]
    assert not folder.is_finished
    folder.note("resumed")
    folder.add_verdict(verdict(0))
    assert [folder.status] == [RunStatus.UNFINISHED]
    folder.finish(RunStatus.COMPLETE, 2.0)
    assert folder.is_finished
    assert folder.content().progress.seconds == 3.5


def test_entries_of_a_later_version_are_passed_over(runs: Path) -> None:
    folder = finished_run(runs, 2)
    folder.journal.append({"kind": "poem", "value": 1})
    assert len(folder.verdicts()) == 2
    assert folder.is_finished


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"confidence": 7}, "confidence"),
        ({"outcome": "passed"}, "outcome"),
        ({"evidence": [{"kind": "hearsay"}]}, "evidence.0"),
        ({"task": None}, "task"),
        ({"later": 1}, "later"),
    ],
)
def test_a_verdict_that_is_none_is_named_with_file_line_and_field(
    runs: Path, change: dict[str, Any], place: str
) -> None:
    folder = finished_run(runs, 2)
    lines = folder.journal.path.read_text().splitlines()
    damaged = verdict(0).model_dump(mode="json") | change
    lines.insert(2, json.dumps({"kind": "verdict", "verdict": damaged}))
    folder.journal.path.write_text("\n".join(lines) + "\n")
    with pytest.raises(InputError) as caught:
        folder.verdicts()
    assert f"{folder.journal.path}, line 3," in str(caught.value)
    assert f"`{place}`" in str(caught.value)


def test_a_verdict_too_long_for_a_line_is_cut_and_says_so(runs: Path) -> None:
    folder = RunFolder.create(runs, record())
    quote = FileEvidence(path="a", start_line=1, end_line=1, quote="\ud800" * 50_000)
    huge = verdict(0, reason="😀" * 1_500_000, evidence=(quote,) * 150)
    folder.add_verdict(huge)
    (kept,) = folder.verdicts()
    assert (kept.task, kept.outcome, kept.confidence) == (huge.task, huge.outcome, huge.confidence)
    assert "[cut: " in kept.reason
    assert "of 1,500,000 characters]" in kept.reason
    assert "[50 more pieces of evidence were left out]" in kept.reason
    assert len(kept.evidence) == 100
    first = kept.evidence[0]
    assert isinstance(first, FileEvidence)
    assert first.quote.startswith("\ud800" * 100)
    assert first.quote.endswith("of 50,000 characters]")


def test_a_long_reason_that_fits_is_kept_whole(runs: Path) -> None:
    folder = RunFolder.create(runs, record())
    long = verdict(0, reason="x" * (MAX_LINE_BYTES - 5_000))
    folder.add_verdict(long)
    assert folder.verdicts() == (long,)


def test_a_task_name_too_long_to_keep_is_refused(runs: Path) -> None:
    folder = RunFolder.create(runs, record())
    with pytest.raises(JournalError, match="cannot be kept"):
        folder.add_verdict(verdict(0, task="x" * (MAX_LINE_BYTES + 1)))
    assert folder.verdicts() == ()


def test_a_second_process_on_the_same_run_is_refused_until_the_first_dies(runs: Path) -> None:
    folder = finished_run(runs, 1)
    holder = start("hold", folder.path)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "claimed\n"
    with (
        pytest.raises(InputError, match=f"worked on by process {holder.pid} on "),
        folder.claimed(),
    ):
        pytest.fail("two processes hold one run")
    assert len(folder.verdicts()) == 1
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    go_on(folder, 2)
    assert len(folder.verdicts()) == 2


def test_two_threads_of_one_process_cannot_both_claim_a_run(runs: Path) -> None:
    folder = finished_run(runs, 1)
    with folder.claimed(), pytest.raises(InputError, match="worked on"), folder.claimed():
        pytest.fail("claimed twice")
    with folder.claimed():
        pass


def test_the_texts_of_tasks_are_kept_with_the_run(runs: Path) -> None:
    folder = RunFolder.create(runs, record())
    folder.add_task(asked_task())
    folder.add_task(asked_task(units=1))
    assert folder.tasks() == (asked_task(),)


def test_runs_are_listed_oldest_first_and_the_damaged_are_named(runs: Path) -> None:
    names = ["20260102-b", "20260101-a", "20260103-c"]
    for name in names:
        finished_run(runs, 1, name)
    (runs / ".left-by-a-killed-process.new").mkdir()
    (runs / "no-run").mkdir()
    (runs / "a-file").touch()
    (runs / "20260103-c" / "run.json").write_text("{")
    assert [path.name for path in run_paths(runs)] == sorted(names)
    folders, faults = open_runs(runs)
    assert [folder.run_id for folder in folders] == sorted(names)[:2]
    assert len(faults) == 1
    assert "20260103-c" in faults[0]
    assert open_runs(runs / "nowhere") == ((), ())


class TestResolving:
    def test_an_id_its_unique_beginning_and_a_path_mean_the_run(self, runs: Path) -> None:
        finished_run(runs, 1, "20260101-abc")
        finished_run(runs, 1, "20260102-abd")
        for text in ("20260102-abd", "20260102", str(runs / "20260102-abd")):
            assert resolve_run(text, runs).run_id == "20260102-abd"

    def test_an_id_that_others_begin_with_is_that_run(self, runs: Path) -> None:
        finished_run(runs, 1, "base")
        finished_run(runs, 1, "base-2")
        assert resolve_run("base", runs).run_id == "base"

    def test_an_ambiguous_beginning_lists_what_it_could_mean(self, runs: Path) -> None:
        for i in range(7):
            finished_run(runs, 0, f"2026010{i}-x")
        with pytest.raises(InputError, match=r"7 runs begin with '2026': 20260100-x.* and 2 more"):
            resolve_run("2026", runs)

    def test_an_unknown_run_lists_what_is_near(self, runs: Path) -> None:
        finished_run(runs, 0, "20260101-abc")
        with pytest.raises(InputError, match="near it are 20260101-abc"):
            resolve_run("20260101-abd", runs)
        with pytest.raises(InputError, match="which holds none"):
            resolve_run("x", runs / "nowhere")

    @pytest.mark.parametrize(
        "text",
        ["", "..", "../..", "*", "a\0b", "/a\0b", "\udcff", pytest.param("x" * 10_000, id="long")],
    )
    def test_a_hostile_name_is_refused(self, runs: Path, text: str) -> None:
        finished_run(runs, 0, "20260101-abc")
        with pytest.raises(InputError):
            resolve_run(text, runs)

    def test_the_store_knows_the_folders_of_runs_made_elsewhere(
        self, runs: Path, tmp_path: Path
    ) -> None:
        elsewhere = finished_run(tmp_path / "elsewhere", 1, "20260101-abc")
        store = Store(tmp_path / "results.duckdb")
        with pytest.raises(InputError):
            resolve_run("20260101", runs, store.path)
        store.ingest([elsewhere])
        assert resolve_run("20260101", runs, store.path).path == elsewhere.path
        elsewhere.path.rename(tmp_path / "moved")
        with pytest.raises(InputError, match=r"is in the store, but its folder .* is gone"):
            resolve_run("20260101", runs, store.path)
