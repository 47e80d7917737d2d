"""The schema grows by numbered steps, and older stores take the steps that they miss."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb
import pytest

from results import migrations
from results.errors import StoreError
from results.migrations import MIGRATIONS, Migration
from results.snapshot import opened_snapshot
from results.store import Store
from tests.support.sample_runs import finished_run, verdict

# SHA-256 of each step that stores out there have taken. Such a step is never edited: add another.
TAKEN = (
    "9ee3a87ce0211a8f531fdb9baf3b325f230924cfd0bde23557699b1f76c66114",
    "021e6da210cd855a9149e5d4cb16f0a8609fd9f3ef43cc16524745b605609207",
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store of the version before the steps that a test adds."""
    store = Store(tmp_path / "results.duckdb", wait=5)
    store.ingest([finished_run(tmp_path / "runs", 5, "a")])
    return store


def add_steps(monkeypatch: pytest.MonkeyPatch, *steps: Migration) -> None:
    for module in ("migrations", "store", "snapshot"):
        monkeypatch.setattr(f"results.{module}.MIGRATIONS", (*MIGRATIONS, *steps))


def version(store: Store) -> int:
    with duckdb.connect(str(store.path), read_only=True) as connection:
        return migrations.schema_version(connection, store.path)


EXTRAS = Migration(
    "extras", "CREATE TABLE extras (run_id VARCHAR); INSERT INTO extras VALUES ('a')"
)


def test_steps_that_stores_have_taken_are_as_they_were() -> None:
    now = tuple(hashlib.sha256(step.sql.encode()).hexdigest() for step in MIGRATIONS)
    assert now == TAKEN


def test_every_step_is_recorded_by_its_number_and_name(store: Store) -> None:
    with duckdb.connect(str(store.path), read_only=True) as connection:
        rows = connection.execute("SELECT * FROM schema_migrations ORDER BY number").fetchall()
    assert rows == [(number, step.name) for number, step in enumerate(MIGRATIONS, start=1)]


@pytest.mark.parametrize("act", ["read", "ingest", "publish"])
def test_an_older_store_is_migrated_and_keeps_its_rows(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    add_steps(monkeypatch, EXTRAS, Migration("units", "ALTER TABLE extras ADD COLUMN unit VARCHAR"))
    if act == "read":
        assert len(store.verdicts("a")) == 5
    elif act == "ingest":
        store.ingest([finished_run(tmp_path / "runs", 2, "b")])
    else:
        store.publish()
    assert version(store) == len(MIGRATIONS) + 2
    with duckdb.connect(str(store.path), read_only=True) as connection:
        assert connection.execute("SELECT * FROM extras").fetchall() == [("a", None)]
    assert store.verdicts("a") == tuple(verdict(unit) for unit in range(5))


def test_a_step_that_fails_leaves_the_store_at_the_step_before(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = Migration("half", "CREATE TABLE halves (a INTEGER); SELECT * FROM no_such_table")
    add_steps(monkeypatch, EXTRAS, half)
    with pytest.raises(StoreError):
        store.runs()
    assert version(store) == len(MIGRATIONS) + 1
    with duckdb.connect(str(store.path), read_only=True) as connection:
        tables = [name for (name,) in connection.execute("SHOW TABLES").fetchall()]
    assert "extras" in tables
    assert "halves" not in tables


def test_a_store_without_tables_is_migrated_from_the_first_step(tmp_path: Path) -> None:
    store = Store(tmp_path / "results.duckdb", wait=5)
    duckdb.connect(str(store.path)).close()
    assert store.runs() == ()
    assert version(store) == len(MIGRATIONS)


def test_a_snapshot_of_another_version_is_refused_in_a_sentence(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.publish()
    with monkeypatch.context() as later:
        add_steps(later, EXTRAS)
        with (
            pytest.raises(StoreError, match=r"older version.*publishes it anew"),
            opened_snapshot(store.path),
        ):
            pytest.fail("an older snapshot was opened")
        store.publish()
        with opened_snapshot(store.path) as snapshot:
            assert snapshot.record.schema_version == len(MIGRATIONS) + 1
    with pytest.raises(StoreError, match="newer version"), opened_snapshot(store.path):
        pytest.fail("a newer snapshot was opened")
