"""The published snapshot: always whole, never half of one publishing and half of another."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import duckdb
import pytest

from results.errors import StoreError
from results.ingestion import TABLES
from results.run_folder import RunFolder
from results.snapshot import Snapshot, opened_snapshot, snapshot_folder, snapshot_version
from results.store import Store
from tests.support.sample_runs import asked_task, finished_run, record, start, verdict


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "results.duckdb", wait=5)


def count(snapshot: Snapshot, table: str) -> int:
    (row,) = snapshot.query(f"SELECT count(*) AS n FROM {table}")
    return int(row["n"])


def test_a_snapshot_holds_what_the_store_holds(runs: Path, store: Store) -> None:
    folder = RunFolder.create(runs, record(agent="a\0b\udcff", config={"x": [1, "\0"]}))
    folder.add_task(asked_task())
    for unit in range(5):
        folder.add_verdict(verdict(unit, reason="\ud800\0 é"))
    store.ingest([folder])
    published = store.publish()
    with opened_snapshot(store.path) as snapshot:
        assert snapshot.path == published
        assert snapshot.tables == TABLES
        for table in TABLES:
            with duckdb.connect(str(store.path), read_only=True) as connection:
                stored = connection.execute(f"SELECT * FROM {table} ORDER BY ALL").fetchall()
            rows = snapshot.query(f"SELECT * FROM {table} ORDER BY ALL")
            assert [tuple(row.values()) for row in rows] == stored
            assert snapshot.record.rows[table] == len(stored)
        (run,) = snapshot.query("SELECT agent FROM runs WHERE run_id = ?", [folder.run_id])
        assert run == {"agent": "a\0b\\udcff"}


def test_the_files_can_be_read_with_duckdb_alone(runs: Path, store: Store) -> None:
    store.ingest([finished_run(runs, 7)])
    store.publish()
    file = snapshot_folder(store.path) / "current" / "verdicts.parquet"
    with duckdb.connect() as connection:
        assert connection.execute(
            "SELECT count(*) FROM read_parquet(?)", [str(file)]
        ).fetchall() == [(7,)]


def test_a_reader_keeps_its_version_while_newer_ones_are_published(
    runs: Path, store: Store
) -> None:
    store.ingest([finished_run(runs, 3)])
    store.publish()
    first = snapshot_version(store.path)
    with opened_snapshot(store.path) as reading:
        for _ in range(3):
            store.ingest([finished_run(runs, 3)])
            store.publish()
        assert count(reading, "runs") == 1
        assert count(reading, "verdicts") == 3
        assert len(list(snapshot_folder(store.path).glob("0*"))) == 2
        with opened_snapshot(store.path) as later:
            assert count(later, "runs") == 4
    assert snapshot_version(store.path) != first
    store.publish()
    assert len(list(snapshot_folder(store.path).glob("0*"))) == 1


def test_readers_never_see_tables_of_two_moments(runs: Path, store: Store) -> None:
    store.ingest([finished_run(runs, 5, "run-0")])
    store.publish()
    publishers = []
    for number in range(1, 7):
        finished_run(runs, 5, f"run-{number}")
        if number % 3 == 0:
            publishers.append(start("sync", store.path, runs, 2))
    versions = set()
    while any(publisher.poll() is None for publisher in publishers):
        with opened_snapshot(store.path) as snapshot:
            versions.add(snapshot.path.name)
            known = count(snapshot, "runs")
            assert count(snapshot, "verdicts") == 5 * known
            assert count(snapshot, "usage") == 5 * known
            assert count(snapshot, "evidence") == 10 * known
            assert snapshot.record.rows["verdicts"] == 5 * known
    assert [publisher.wait() for publisher in publishers] == [0, 0]
    for publisher in publishers:
        publisher.communicate()
    assert len(versions) > 1
    with opened_snapshot(store.path) as snapshot:
        assert count(snapshot, "runs") == 7


def test_a_publisher_killed_at_any_moment_leaves_the_snapshot_whole(
    runs: Path, store: Store
) -> None:
    store.ingest([finished_run(runs, 5)])
    store.publish()
    publisher = start("sync", store.path, runs, 1_000)
    assert publisher.stdout is not None
    for _ in range(3):
        publisher.stdout.readline()
    publisher.send_signal(signal.SIGKILL)
    publisher.communicate()
    with opened_snapshot(store.path) as snapshot:
        assert count(snapshot, "verdicts") == 5
    store.publish()
    names = sorted(path.name for path in snapshot_folder(store.path).iterdir())
    assert len(names) == 2
    assert names[1] == "current"


def test_what_a_killed_publisher_left_is_cleared_away(runs: Path, store: Store) -> None:
    store.ingest([finished_run(runs, 1)])
    folder = snapshot_folder(store.path)
    (folder / ".000001.new").mkdir(parents=True)
    (folder / ".000001.new" / "runs.parquet").write_text("half")
    (folder / ".current.new").symlink_to("000007")
    store.publish()
    assert sorted(path.name for path in folder.iterdir()) == ["000001", "current"]


class TestRefusals:
    def refused(self, store: Store, fault: str) -> None:
        with pytest.raises(StoreError, match=fault) as caught, opened_snapshot(store.path) as read:
            read.query("SELECT * FROM verdicts")
        assert str(snapshot_folder(store.path)) in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_nothing_is_published(self, runs: Path, store: Store) -> None:
        store.ingest([finished_run(runs, 1)])
        assert snapshot_version(store.path) is None
        self.refused(store, "judge results sync")
        snapshot_folder(store.path).mkdir()
        self.refused(store, "judge results sync")

    def test_a_link_that_leads_elsewhere(self, store: Store, tmp_path: Path) -> None:
        (tmp_path / "elsewhere").mkdir()
        folder = snapshot_folder(store.path)
        folder.mkdir()
        (folder / "current").symlink_to("../elsewhere")
        self.refused(store, "holds no snapshot")

    def test_a_version_that_is_gone(self, store: Store) -> None:
        folder = snapshot_folder(store.path)
        folder.mkdir()
        (folder / "current").symlink_to("000001")
        self.refused(store, "holds no snapshot")

    @pytest.mark.parametrize("about", ["{", "{}", '{"schema_version": 1}'])
    def test_a_damaged_record(self, runs: Path, store: Store, about: str) -> None:
        store.ingest([finished_run(runs, 1)])
        (store.publish() / "snapshot.json").write_text(about)
        self.refused(store, "publishes anew")

    def test_a_damaged_table(self, runs: Path, store: Store) -> None:
        store.ingest([finished_run(runs, 1)])
        file = store.publish() / "verdicts.parquet"
        os.truncate(file, file.stat().st_size // 2)
        self.refused(store, "cannot answer")
        file.unlink()
        self.refused(store, "cannot answer")

    def test_a_snapshot_folder_that_cannot_be_written(self, runs: Path, store: Store) -> None:
        store.ingest([finished_run(runs, 1)])
        snapshot_folder(store.path).write_text("a file in its place")
        with pytest.raises(StoreError, match="cannot be written"):
            store.publish()

    def test_sql_that_duckdb_minds(self, runs: Path, store: Store) -> None:
        store.ingest([finished_run(runs, 1)])
        store.publish()
        with opened_snapshot(store.path) as snapshot, pytest.raises(StoreError, match="answer"):
            snapshot.query("SELECT no_such_column FROM runs")


def test_a_moved_store_takes_its_snapshot_along(runs: Path, store: Store, tmp_path: Path) -> None:
    store.ingest([finished_run(runs, 2)])
    store.publish()
    (tmp_path / "there").mkdir()
    for path in (store.path, snapshot_folder(store.path)):
        shutil.move(path, tmp_path / "there" / path.name)
    with opened_snapshot(tmp_path / "there" / store.path.name) as snapshot:
        assert count(snapshot, "verdicts") == 2
