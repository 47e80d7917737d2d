"""The store: what the journals say, once, whatever happens and in whatever order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from results.errors import InputError, StoreError
from results.ingestion import RUN_TABLES
from results.migrations import MIGRATIONS
from results.records import (
    AskedRequirement,
    AskedTask,
    Evidence,
    FileEvidence,
    Outcome,
    RunStatus,
    TrajectoryEvidence,
    Usage,
    Verdict,
)
from results.run_folder import RunFolder
from results.store import Store
from tests.support.sample_runs import asked_task, finished_run, go_on, record, start, verdict


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "results.duckdb", wait=5)


@pytest.fixture(scope="module")
def two_stores(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, Store]:
    """For properties, which add a run of their own to the stores for each example."""
    folder = tmp_path_factory.mktemp("stores")
    return Store(folder / "1.duckdb"), Store(folder / "2.duckdb")


def tables(store: Store, run_id: str = "%") -> dict[str, list[Any]]:
    """Every row of every table, as DuckDB alone sees them; or those of one run."""
    with duckdb.connect(str(store.path), read_only=True) as connection:
        return {
            name: connection.execute(
                f"SELECT * FROM {name} WHERE run_id LIKE ? ORDER BY ALL", [run_id]
            ).fetchall()
            for name in RUN_TABLES
        }


def test_a_run_is_read_back_as_it_was_journalled(runs: Path, store: Store) -> None:
    folder = finished_run(runs, 12)
    report = store.ingest([folder])
    assert (report.runs, report.verdicts, report.torn, report.faults) == (1, 12, 0, ())
    assert store.verdicts(folder.run_id) == folder.verdicts()
    assert store.tasks(folder.run_id) == (asked_task(),)
    run = store.run(folder.run_id)
    assert run.record == folder.record
    assert run.status is RunStatus.COMPLETE
    assert run.seconds == 2.0
    assert run.folder == str(folder.path)
    assert run.outcomes == {
        Outcome.SATISFIED: 12,
        Outcome.UNSATISFIED: 0,
        Outcome.ABSTAINED: 0,
        Outcome.ERROR: 0,
    }
    # 12 calls, 100 + unit tokens in and unit tokens out for units 0..11.
    assert run.usage == Usage(calls=12, input_tokens=1266, output_tokens=66, cost=3.0)
    assert store.runs() == (run,)


def test_a_person_can_ask_the_file_with_duckdb_alone(runs: Path, store: Store) -> None:
    folder = finished_run(runs, 5)
    store.ingest([folder])
    with duckdb.connect(str(store.path), read_only=True) as connection:
        rows = connection.execute(
            "SELECT criteria, outcome, evidence.kind, quote, fact, command FROM verdicts"
            " JOIN requirements USING (run_id, task, is_preference, requirement_id)"
            " JOIN evidence USING (run_id, task, is_preference, requirement_id)"
            " WHERE requirement_id = 4 ORDER BY position"
        ).fetchall()
    assert rows == [
        ("Criterion 4", "satisfied", "file", "fit(4)", None, None),
        ("Criterion 4", "satisfied", "trajectory", "saved", None, None),
        ("Criterion 4", "satisfied", "artifact", None, "640 x 480 pixels", None),
        ("Criterion 4", "satisfied", "execution", None, None, "true"),
    ]


def test_ingesting_again_changes_nothing(runs: Path, store: Store) -> None:
    folders = [finished_run(runs, 7), finished_run(runs, 0)]
    store.ingest(folders)
    before = tables(store)
    report = store.ingest([*folders, *folders])
    assert (report.runs, report.verdicts) == (2, 0)
    assert tables(store) == before


def test_an_error_gives_way_to_the_final_verdict_of_a_resumed_run(runs: Path, store: Store) -> None:
    folder = RunFolder.create(runs, record())
    cites = FileEvidence(path="a.py", start_line=1, end_line=1, quote="import a")
    failed = verdict(0, Outcome.ERROR, reason="out of quota", evidence=(cites,))
    folder.add_verdict(failed)
    folder.add_verdict(verdict(1))
    folder.finish(RunStatus.INCOMPLETE, 1.0)
    store.ingest([folder])
    assert store.verdicts(folder.run_id) == (failed, verdict(1))
    assert store.run(folder.run_id).status is RunStatus.INCOMPLETE

    final = verdict(0, Outcome.UNSATISFIED, evidence=(TrajectoryEvidence(step=3, quote="x"),))
    folder.add_verdict(final)
    folder.finish(RunStatus.COMPLETE, 4.0)
    assert store.ingest([folder]).verdicts == 0
    assert store.verdicts(folder.run_id) == (final, verdict(1))
    run = store.run(folder.run_id)
    assert (run.status, run.seconds) == (RunStatus.COMPLETE, 5.0)
    assert run.outcomes[Outcome.ERROR] == 0
    # What the failed attempt took was spent all the same.
    assert run.usage.calls == 3
    assert [row[6] for row in tables(store)["evidence"]] == ["trajectory", "file"]


outcomes = st.sampled_from(list(Outcome))


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_the_store_is_the_same_however_often_and_early_a_run_is_ingested(
    tmp_path_factory: pytest.TempPathFactory,
    two_stores: tuple[Store, Store],
    data: st.DataObject,
) -> None:
    attempts = data.draw(st.lists(st.tuples(st.integers(0, 2), outcomes), max_size=8))
    ingested_after = data.draw(st.sets(st.integers(0, 7), max_size=3))
    folder = RunFolder.create(tmp_path_factory.mktemp("runs"), record())
    bit_by_bit, at_once = two_stores
    for number, (unit, outcome) in enumerate(attempts):
        evidence = verdict(4).evidence[: number % 4]
        folder.add_verdict(verdict(unit, outcome, reason=f"try {number}", evidence=evidence))
        if number in ingested_after:
            bit_by_bit.ingest([folder])
    for store in (bit_by_bit, at_once):
        store.ingest([folder])
        assert store.verdicts(folder.run_id) == folder.verdicts()
    assert tables(bit_by_bit, folder.run_id) == tables(at_once, folder.run_id)


def test_an_older_copy_of_a_run_takes_nothing_back(runs: Path, store: Store) -> None:
    folder = finished_run(runs, 3)
    content = folder.journal.path.read_bytes()
    folder.add_verdict(verdict(3, Outcome.ERROR))
    folder.add_verdict(verdict(3, Outcome.SATISFIED))
    store.ingest([folder])
    before = tables(store)
    folder.journal.path.write_bytes(content)
    store.ingest([folder])
    assert tables(store) == before
    assert store.run(folder.run_id).status is RunStatus.UNFINISHED
    assert store.verdicts(folder.run_id) == tuple(verdict(unit) for unit in range(4))


# All that a string can hold: half surrogate pairs and NULs too.
any_text = st.text(st.characters(exclude_categories=()), max_size=20)
numbers = st.integers(-(2**63), 2**63 - 1)


@st.composite
def any_verdict(draw: st.DrawFn) -> Verdict:
    lines = st.integers(1, 2**63 - 1)
    evidence: list[Evidence] = draw(
        st.lists(
            st.builds(FileEvidence, path=any_text, start_line=lines, end_line=lines, quote=any_text)
            | st.builds(TrajectoryEvidence, step=numbers, quote=any_text),
            max_size=3,
        )
    )
    return Verdict(
        task=draw(any_text),
        requirement_id=draw(numbers),
        outcome=draw(outcomes),
        confidence=draw(st.floats(0, 1)),
        reason=draw(any_text),
        evidence=tuple(evidence),
        usage=Usage(calls=draw(numbers), cost=draw(st.none() | st.floats(0, 1e300))),
        seconds=draw(st.floats(0, 1e300)),
        is_preference=draw(st.booleans()),
    )


def shown(value: object) -> object:
    """A value with half surrogate pairs written out, as DuckDB can hold it."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {shown(key): shown(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [shown(item) for item in value]
    return value


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(given_verdict=any_verdict())
def test_any_verdict_goes_through_unharmed_with_only_half_pairs_written_out(
    tmp_path_factory: pytest.TempPathFactory,
    two_stores: tuple[Store, Store],
    given_verdict: Verdict,
) -> None:
    folder = RunFolder.create(tmp_path_factory.mktemp("runs"), record())
    folder.add_verdict(given_verdict)
    assert folder.verdicts() == (given_verdict,)
    store, _ = two_stores
    store.ingest([folder])
    (stored,) = store.verdicts(folder.run_id)
    assert stored.model_dump() == {
        **shown(given_verdict.model_dump()),  # type: ignore[dict-item]
        "evidence": tuple(shown(e.model_dump()) for e in given_verdict.evidence),
    }


def test_hostile_records_and_texts_of_tasks_go_through(runs: Path, store: Store) -> None:
    hostile = record(
        agent="a\udcff\0'; DROP TABLE runs; --",
        config={"x": ["\udfff", {"deep": [None, 1e308, -(2**63)]}], "nul": "\0"},
    )
    folder = RunFolder.create(runs, hostile)
    requirement = AskedRequirement(requirement_id=0, criteria="\ud800\0")
    twice = AskedTask(task="t", requirements=(requirement, requirement))
    folder.add_task(twice)
    store.ingest([folder])
    kept = store.run(folder.run_id).record
    assert kept.agent == "a\\udcff\0'; DROP TABLE runs; --"
    assert kept.config == {"x": ["\\udfff", {"deep": [None, 1e308, -(2**63)]}], "nul": "\0"}
    (task,) = store.tasks(folder.run_id)
    assert [r.criteria for r in task.requirements] == ["\\ud800\0"]


def test_two_names_that_look_alike_once_written_out_are_one_requirement(
    runs: Path, store: Store
) -> None:
    folder = RunFolder.create(runs, record())
    folder.add_verdict(verdict(0, task="\ud800"))
    folder.add_verdict(verdict(0, Outcome.UNSATISFIED, task="\\ud800"))
    store.ingest([folder])
    assert [v.outcome for v in store.verdicts(folder.run_id)] == [Outcome.UNSATISFIED]


@pytest.mark.slow
def test_a_reason_of_many_megabytes_is_stored_whole(runs: Path, store: Store) -> None:
    folder = RunFolder.create(runs, record())
    # Six bytes a letter in the journal, and seven in the store.
    folder.add_verdict(verdict(0, reason="\ud800" * 2_700_000))
    store.ingest([folder])
    assert store.verdicts(folder.run_id)[0].reason == "\\ud800" * 2_700_000


def test_an_unknown_price_makes_the_cost_of_the_run_unknown(runs: Path, store: Store) -> None:
    folder = RunFolder.create(runs, record())
    folder.add_verdict(verdict(0))
    folder.add_verdict(verdict(1, usage=Usage(calls=1, cost=None)))
    nothing = RunFolder.create(runs, record())
    store.ingest([folder, nothing])
    assert store.run(folder.run_id).usage.cost is None
    assert store.run(folder.run_id).usage.calls == 2
    assert store.run(nothing.run_id).usage == Usage()


def test_a_torn_last_line_is_counted_and_is_no_row(runs: Path, store: Store) -> None:
    folder = finished_run(runs, 3)
    with folder.journal.path.open("ab") as file:
        file.write(b'{"kind":"verdict","verdict":{"task":"00_Ta')
    assert store.ingest([folder]).torn == 1
    assert len(store.verdicts(folder.run_id)) == 3
    with duckdb.connect(str(store.path), read_only=True) as connection:
        nulls = connection.execute("SELECT count(*) FROM verdicts WHERE task IS NULL").fetchone()
    assert nulls == (0,)


def test_a_damaged_journal_is_named_and_keeps_no_other_run_out(runs: Path, store: Store) -> None:
    first, damaged, last = (finished_run(runs, 4, name) for name in ("a", "b", "c"))
    with damaged.journal.path.open("ab") as file:
        file.write(b"}\n")
    report = store.ingest([first, damaged, last])
    assert (report.runs, report.verdicts) == (2, 8)
    (fault,) = report.faults
    assert f"{damaged.journal.path}, line 7, is damaged" in fault
    assert [run.record.run_id for run in store.runs()] == ["a", "c"]
    assert all(row[0] != "b" for rows in tables(store).values() for row in rows)


def test_two_folders_of_one_run_are_not_mixed(runs: Path, store: Store, tmp_path: Path) -> None:
    folder = finished_run(runs, 2, "a")
    copy = finished_run(tmp_path / "copies", 4, "a")
    report = store.ingest([folder, copy])
    assert report.verdicts == 2
    assert "is the same run" in report.faults[0]


def test_a_deleted_run_is_gone_and_comes_back_with_its_folder(runs: Path, store: Store) -> None:
    folders = [finished_run(runs, 5, name) for name in ("a", "b")]
    store.ingest(folders)
    before = tables(store)
    store.delete("a")
    assert all(row[0] != "a" for rows in tables(store).values() for row in rows)
    assert len(store.verdicts("b")) == 5
    with pytest.raises(InputError, match="has no run 'a'"):
        store.delete("a")
    store.ingest(folders)
    assert tables(store) == before


def test_asking_for_what_is_not_there_is_answered_in_a_sentence(runs: Path, store: Store) -> None:
    with pytest.raises(StoreError, match="There is no store"):
        store.runs()
    with pytest.raises(StoreError, match="There is no store"):
        store.delete("x")
    store.ingest([])
    assert store.runs() == ()
    for ask in (store.run, store.verdicts, store.tasks):
        with pytest.raises(InputError, match="has no run"):
            ask("x\udcff")
    folder = RunFolder.create(runs, record())
    store.ingest([folder])
    assert store.verdicts(folder.run_id) == ()
    assert store.tasks(folder.run_id) == ()


def test_a_store_is_made_in_a_folder_that_is_not_there_yet(runs: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "new [1]* 'folder'" / "a.duckdb")
    folder = finished_run(runs, 1)
    store.ingest([folder])
    store.publish()
    assert len(store.verdicts(folder.run_id)) == 1


def test_an_empty_file_is_a_store_yet_to_be_made(runs: Path, store: Store) -> None:
    store.path.touch()
    assert not store.exists
    store.ingest([finished_run(runs, 1)])
    assert len(store.runs()) == 1


def test_what_a_killed_first_ingest_left_is_cleared_away(runs: Path, store: Store) -> None:
    store.path.with_name("results.duckdb.new").write_bytes(b"half a database")
    store.path.with_name("results.duckdb.new.wal").write_bytes(b"half a log")
    store.path.with_name("results.duckdb.wal").write_bytes(b"a log without its database")
    store.ingest([finished_run(runs, 1)])
    assert len(store.runs()) == 1
    assert sorted(path.name for path in store.path.parent.glob("results*")) == [
        "results.duckdb",
        "results.duckdb.lock",
    ]


def test_two_names_of_one_store_share_its_lock(runs: Path, store: Store, tmp_path: Path) -> None:
    store.ingest([finished_run(runs, 1)])
    link = tmp_path / "link.duckdb"
    link.symlink_to(store.path)
    assert Store(link).path == store.path


@pytest.mark.parametrize("name", ["what?.duckdb", "\udcff.duckdb"])
def test_a_path_that_duckdb_would_misread_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(StoreError, match="cannot be kept at"):
        Store(tmp_path / name)


class TestRefusals:
    def refused(self, store: Store, runs: Path, fault: str) -> None:
        """Reading, writing and publishing all say it in one sentence, and leave the file alone."""
        before = store.path.read_bytes() if store.path.is_file() else None
        folder = finished_run(runs, 1)
        for act in (store.runs, lambda: store.ingest([folder]), store.publish):
            with pytest.raises(StoreError, match=fault) as caught:
                act()
            assert str(store.path) in str(caught.value)
            assert "\n" not in str(caught.value)
        if before is not None:
            assert store.path.read_bytes() == before

    def test_a_file_that_is_no_database(self, runs: Path, store: Store) -> None:
        store.path.write_text("task,outcome\n" * 1000)
        self.refused(store, runs, "is no DuckDB database")

    def test_a_folder(self, runs: Path, store: Store) -> None:
        store.path.mkdir()
        self.refused(store, runs, "is no file")

    def test_a_database_of_something_else(self, runs: Path, store: Store) -> None:
        with duckdb.connect(str(store.path)) as connection:
            connection.execute("CREATE TABLE invoices (total INTEGER)")
        self.refused(store, runs, "something else")

    def test_a_store_of_a_newer_version(self, runs: Path, store: Store) -> None:
        store.ingest([finished_run(runs, 1)])
        with duckdb.connect(str(store.path)) as connection:
            connection.execute(
                "INSERT INTO schema_migrations VALUES (?, 'later')", [len(MIGRATIONS) + 1]
            )
        self.refused(store, runs, "newer version")

    def test_a_store_cut_short(self, runs: Path, store: Store) -> None:
        store.ingest([finished_run(runs, 1)])
        for size in (store.path.stat().st_size // 2, 20_000, 5_000, 5):
            os.truncate(store.path, size)
            self.refused(store, runs, "is no DuckDB database|is damaged, move it away")

    def test_rows_that_this_program_did_not_write(self, runs: Path, store: Store) -> None:
        folder = finished_run(runs, 1)
        store.ingest([folder])
        with duckdb.connect(str(store.path)) as connection:
            connection.execute("UPDATE verdicts SET outcome = 'passed'")
        with pytest.raises(StoreError, match="did not write"):
            store.verdicts(folder.run_id)


class TestWaiting:
    def test_a_store_that_a_program_holds_open_is_waited_for(
        self, runs: Path, store: Store
    ) -> None:
        folder = finished_run(runs, 1)
        store.ingest([folder])
        go_on(folder, 2)
        held = duckdb.connect(str(store.path), read_only=False)
        timer = threading.Timer(0.4, held.close)
        timer.start()
        began = time.monotonic()
        assert store.ingest([folder]).verdicts == 1
        assert time.monotonic() - began > 0.3
        timer.join()

    @pytest.mark.parametrize("read_only", [True, False])
    def test_a_store_held_open_for_too_long_is_said_to_be(
        self, runs: Path, store: Store, read_only: bool
    ) -> None:
        folder = finished_run(runs, 1)
        store.ingest([folder])
        program = (
            "import duckdb, sys\n"
            f"c = duckdb.connect({str(store.path)!r}, read_only={read_only})\n"
            "print('open', flush=True); sys.stdin.read()\n"
        )
        holder = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert holder.stdout is not None
        holder.stdout.readline()
        hurried = Store(store.path, wait=0.2)
        with pytest.raises(StoreError, match=r"held open by another program for 0\.2 seconds"):
            hurried.ingest([folder])
        if read_only:
            assert len(hurried.runs()) == 1
        holder.communicate()
        assert hurried.ingest([folder]).runs == 1

    def test_a_writer_that_takes_too_long_is_named(self, runs: Path, store: Store) -> None:
        folder = finished_run(runs, 1)
        hurried = Store(store.path, wait=0.2)
        with store._locked(), pytest.raises(StoreError, match=f"hands of process {os.getpid()} on"):
            hurried.ingest([folder])
        assert hurried.ingest([folder]).runs == 1


def test_readers_in_threads_see_whole_ingests_while_others_write(runs: Path, store: Store) -> None:
    store.ingest([finished_run(runs, 5, "run-0")])
    faults: list[str] = []
    done = threading.Event()

    def read() -> None:
        seen = 0
        while not done.is_set():
            known = store.runs()
            if len(known) < seen:
                faults.append(f"{len(known)} runs after {seen}")
            seen = len(known)
            faults.extend(
                f"{run.record.run_id}: {run.outcomes}"
                for run in known
                if run.outcomes[Outcome.SATISFIED] != 5
            )

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        for number in range(1, 6):
            store.ingest([finished_run(runs, 5, f"run-{number}")])
    finally:
        done.set()
        for reader in readers:
            reader.join()
    assert faults == []
    assert len(store.runs()) == 6


def test_eight_processes_that_ingest_at_once_lose_nothing(runs: Path, store: Store) -> None:
    folders = [finished_run(runs, 10, f"run-{i}") for i in range(8)]
    workers = [start("sync", store.path, runs, 1) for _ in range(8)]
    ends = [worker.communicate(timeout=120) for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * 8, ends
    assert all(out == "8\n" for out, _ in ends)
    at_once = Store(store.path.with_name("at_once.duckdb"))
    at_once.ingest(folders)
    assert tables(store) == tables(at_once)


@pytest.mark.slow
def test_many_runs_stay_in_bounded_memory(runs: Path, store: Store) -> None:
    folder = RunFolder.create(runs, record())
    line = json.dumps({"kind": "verdict", "verdict": verdict(0).model_dump(mode="json")})
    with folder.journal.path.open("w") as file:
        for unit in range(60_000):
            file.write(line.replace('"00_Task"', f'"{unit}"') + "\n")
    program = (
        "import resource, sys\n"
        "from results.run_folder import RunFolder\n"
        "from results.ingestion import stage\n"
        "from pathlib import Path\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "staged = stage([RunFolder.open(sys.argv[1])], Path(sys.argv[2]))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    grown = subprocess.run(
        [sys.executable, "-c", program, folder.path, store.path.parent],
        capture_output=True,
        text=True,
        check=True,
    )
    # Kilobytes: the number of attempts at each requirement is all that is kept.
    assert int(grown.stdout) < 60_000
    assert store.ingest([folder]).verdicts == 60_000
