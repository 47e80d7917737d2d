"""`kill -9` at any moment loses no finished verdict; a resumed run ends as an undisturbed one."""

from __future__ import annotations

import itertools
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from results.run_folder import RunFolder, open_runs
from results.snapshot import opened_snapshot
from results.store import Store
from tests.support.sample_runs import finished_run, go_on, record, start, verdict

# So many that four kills come before the last, however fast the disk.
UNITS = 400


def rows(store: Store) -> dict[str, list[Any]]:
    """Every row, without the folder's path, in which two stores of one run must differ."""
    with duckdb.connect(str(store.path), read_only=True) as connection:
        names = [name for (name,) in connection.execute("SHOW TABLES").fetchall()]
        return {
            name: connection.execute(
                f"SELECT {'* EXCLUDE folder' if name == 'runs' else '*'} FROM {name} ORDER BY ALL"
            ).fetchall()
            for name in names
        }


def undisturbed(tmp_path: Path, run_id: str, units: int) -> dict[str, list[Any]]:
    store = Store(tmp_path / "undisturbed.duckdb")
    store.ingest([finished_run(tmp_path / "undisturbed", units, run_id)])
    return rows(store)


def test_a_run_killed_at_random_moments_and_resumed_ends_as_an_undisturbed_one(
    tmp_path: Path,
) -> None:
    chance = random.Random(20261124)
    runs = tmp_path / "runs"
    folder = RunFolder.create(runs, record("killed"))
    store = Store(tmp_path / "results.duckdb")
    acknowledged: list[int] = []
    kills = 0
    while not folder.is_finished:
        judging = start("judge", runs, "killed", UNITS)
        assert judging.stdout is not None
        if kills < 4:
            acknowledged.append(int(judging.stdout.readline()))
            time.sleep(chance.uniform(0, 0.01))
            judging.send_signal(signal.SIGKILL)
            kills += 1
        out, err = judging.communicate(timeout=60)
        assert judging.returncode in (0, -signal.SIGKILL), err
        acknowledged.extend(int(line) for line in out.split("\n")[:-1])
        kept = folder.verdicts()
        assert {v.reason for v in kept} >= {verdict(unit).reason for unit in acknowledged}
        # Ingesting what there is now and then must not change what there is at the end.
        store.ingest([folder])
        assert store.verdicts("killed") == kept
    # No unit was asked twice. A kill between writing and printing keeps a verdict unacknowledged.
    assert len(acknowledged) == len(set(acknowledged)) >= UNITS - kills
    assert kills == 4
    assert rows(store) == undisturbed(tmp_path, "killed", UNITS)


def test_a_journal_cut_at_any_byte_and_resumed_ends_as_an_undisturbed_one(tmp_path: Path) -> None:
    whole = finished_run(tmp_path / "whole", 3, "cut").journal.path.read_bytes()
    folder = RunFolder.create(tmp_path / "runs", record("cut"))
    ends = [i for i, byte in enumerate(whole) if byte == ord("\n")]
    lengths = sorted({*range(0, len(whole), 23), *(e + d for e in ends for d in (-1, 0, 1))})
    for length in lengths:
        folder.journal.path.write_bytes(whole[:length])
        go_on(folder, 3)
        assert folder.journal.path.read_bytes().rstrip(b"\n") == whole.rstrip(b"\n"), length
    store = Store(tmp_path / "results.duckdb")
    store.ingest([folder])
    assert rows(store) == undisturbed(tmp_path, "cut", 3)


@pytest.mark.slow
def test_an_ingest_killed_at_random_moments_is_made_good_by_the_next(tmp_path: Path) -> None:
    chance = random.Random(20261125)
    runs = tmp_path / "runs"
    store = Store(tmp_path / "results.duckdb")
    for number in range(12):
        finished_run(runs, 20, f"run-{number:02d}")
        syncing = start("sync", store.path, runs, 1_000)
        assert syncing.stdout is not None
        # The first are killed before the store is there, the others in the midst of writing.
        if number > 2:
            syncing.stdout.readline()
        time.sleep(chance.uniform(0, 0.6))
        syncing.send_signal(signal.SIGKILL)
        syncing.communicate()
        if store.exists:
            assert all(sum(run.outcomes.values()) == 20 for run in store.runs())
    store.ingest(open_runs(runs)[0])
    store.publish()
    at_once = Store(tmp_path / "at_once.duckdb")
    at_once.ingest(open_runs(runs)[0])
    assert rows(store) == rows(at_once)
    with opened_snapshot(store.path) as snapshot:
        assert snapshot.record.rows["verdicts"] == 12 * 20


@pytest.mark.parametrize("call", range(1, 9))
def test_a_run_killed_while_it_is_made_leaves_no_half_a_run(tmp_path: Path, call: int) -> None:
    """The process dies just before its n-th call that makes, syncs or renames something."""
    runs = tmp_path / "runs"
    child = os.fork()
    if child == 0:
        calls = itertools.count(1)
        for name in ("mkdir", "fsync", "rename"):
            setattr(os, name, dying_at(call, calls, getattr(os, name)))
        RunFolder.create(runs, record("new"))
        os._exit(0)
    _, ended = os.waitpid(child, 0)
    # Two folders, two files synced and their folder, the rename, and the folder of the runs.
    is_killed = call <= 7
    assert os.WIFSIGNALED(ended) == is_killed
    folders, faults = open_runs(runs)
    assert faults == ()
    is_made = call >= 7
    assert [folder.record for folder in folders] == [record("new")] * is_made
    if not is_made:
        finished_run(runs, 1, "new")


def dying_at(fatal: int, calls: Iterator[int], function: Any) -> Any:
    def die_or_call(*arguments: Any, **named: Any) -> Any:
        if next(calls) == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **named)

    return die_or_call
