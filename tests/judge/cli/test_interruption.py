"""Runs that are killed, stopped, resumed, or two at once on one store."""

from __future__ import annotations

import json
import random
import signal
import threading
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.support.chat_server import Answer, Asked, ChatServer, says_object
from tests.support.command import Ended, ended, judge, start
from tests.support.outputs import write_output, write_task

SMALL = ("run", "--tasks", "tasks", "--workspaces", "out")
# What must differ between two runs: their names, their places, and all times.
DIFFERS = {"run_id", "folder", "started_at", "seconds"}
ABSTAINS = says_object(
    {"outcome": "abstained", "confidence": 0.5, "reason": "cannot tell", "citations": []}
)


def rows(store: Path) -> dict[str, list[Any]]:
    """Every row of every table, less what differs between any two runs."""
    with duckdb.connect(str(store), read_only=True) as connection:
        tables = [name for (name,) in connection.execute("SHOW TABLES").fetchall()]
        found = {}
        for table in tables:
            columns = [
                row[1]
                for row in connection.execute(f"PRAGMA table_info({table})").fetchall()
                if row[1] not in DIFFERS
            ]
            chosen = ", ".join(columns)
            found[table] = connection.execute(
                f"SELECT {chosen} FROM {table} ORDER BY ALL"
            ).fetchall()
        found["runs"] = [tuple(map(_without_nonce, row)) for row in found["runs"]]
        return found


def _without_nonce(cell: Any) -> Any:
    """A run's config without the mark that is drawn anew for each run's fences."""
    if isinstance(cell, str) and '"nonce"' in cell:
        return {name: value for name, value in json.loads(cell).items() if name != "nonce"}
    return cell


def only_run(folder: Path) -> Path:
    (run,) = (folder / "runs").iterdir()
    return run


def journaled(run: Path) -> list[dict[str, Any]]:
    """The verdicts of whole lines."""
    lines = (run / "journal.jsonl").read_bytes().split(b"\n")[:-1]
    return [entry["verdict"] for entry in map(json.loads, lines) if entry["kind"] == "verdict"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_a_run_killed_at_random_moments_and_resumed_fills_the_store_as_an_undisturbed_one(
    seed: int, tmp_path: Path
) -> None:
    chance = random.Random(seed)
    calm, rough = tmp_path / "calm", tmp_path / "rough"
    for folder in (calm, rough):
        folder.mkdir()
    assert judge("run", "--quiet", folder=calm).status == 0
    process = start("run", folder=rough)
    while not list(rough.glob("runs/2*/journal.jsonl")):
        assert process.poll() is None
        time.sleep(0.01)
    known: list[dict[str, Any]] = []
    kills = 0
    while kills < 5:
        time.sleep(chance.uniform(0, 0.8) * (1 if kills == 0 else 2))
        process.kill()
        process.communicate()
        kills += 1
        now = journaled(only_run(rough))
        assert now[: len(known)] == known, "a finished verdict was lost or asked again"
        known = now
        process = start("run", "--resume", only_run(rough).name, folder=rough)
    assert ended(process).status == 0
    whole = journaled(only_run(rough))
    assert whole[: len(known)] == known
    assert len({(v["task"], v["requirement_id"]) for v in whole}) == len(whole) == 23
    assert rows(rough / "results.duckdb") == rows(calm / "results.duckdb")


class HeldUp:
    """A run of six questions, of which a model answers two; `release` lets it answer the rest."""

    def __init__(self, folder: Path, server: ChatServer) -> None:
        for task in ("a", "b"):
            write_task(folder / "tasks", task)
            write_output(folder / "out" / task)
        self._released = threading.Event()
        server.rule = self._answer
        self.environment = {
            "OPENAI_BASE_URL": server.url,
            "OPENAI_API_KEY": "sk-secret-of-a-test",
        }
        model = ("--judge", "llm", "--model", "openai:scripted")
        self.process = start(*SMALL, *model, folder=folder, more=self.environment)
        wait_for_verdicts(folder, 2)

    def release(self) -> None:
        self._released.set()

    def _answer(self, asked: Asked) -> Answer:
        if asked.number > 2:
            self._released.wait(60)
        return ABSTAINS


def wait_for_verdicts(folder: Path, count: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if any(len(journaled(run)) >= count for run in folder.glob("runs/2*")):
            return
        time.sleep(0.02)
    raise AssertionError(f"no {count} verdicts within a minute")


def test_ctrl_c_ends_cleanly_with_130_and_the_command_that_goes_on(
    tmp_path: Path, chat_server: ChatServer
) -> None:
    run = HeldUp(tmp_path, chat_server)
    began = time.monotonic()
    run.process.send_signal(signal.SIGINT)
    stopped = ended(run.process)
    assert time.monotonic() - began < 30, "it waited for a model that does not answer"
    assert stopped.status == 130
    assert "Traceback" not in stopped.err
    command = stopped.err.strip().splitlines()[-1].partition("judge run ")[2].split()
    before = journaled(only_run(tmp_path))
    assert len(before) == 2
    run.release()
    asked = chat_server.calls
    resumed = judge("run", *command, "--json", folder=tmp_path, more=run.environment)
    assert resumed.status == 0
    assert chat_server.calls - asked <= 4
    after = journaled(only_run(tmp_path))
    assert after[:2] == before
    assert len(after) == 6
    (stored,) = judge("results", "list", "--json", folder=tmp_path).json["runs"]
    assert stored["status"] == "complete"


def test_a_run_that_is_being_worked_on_cannot_be_resumed_beside_it(
    tmp_path: Path, chat_server: ChatServer
) -> None:
    run = HeldUp(tmp_path, chat_server)
    again = ("run", "--resume", only_run(tmp_path).name)
    second = judge(*again, folder=tmp_path, more=run.environment)
    assert second.status == 2
    assert "is being worked on" in second.err
    assert len(second.err.strip().splitlines()) == 1
    run.release()
    assert ended(run.process).status == 0
    assert len(journaled(only_run(tmp_path))) == 6


def test_two_runs_at_once_on_one_store_both_arrive(tmp_path: Path) -> None:
    processes = [start("run", "--json", folder=tmp_path) for _ in range(2)]
    finished: list[Ended] = [ended(process) for process in processes]
    assert [run.status for run in finished] == [0, 0]
    stored = judge("results", "list", "--json", folder=tmp_path).json["runs"]
    assert {run["run_id"] for run in stored} == {run.json["run_id"] for run in finished}
    assert all(sum(run["outcomes"].values()) == 23 for run in stored)


def test_a_run_whose_store_was_never_reached_is_brought_in_by_sync(
    tmp_path: Path, chat_server: ChatServer
) -> None:
    run = HeldUp(tmp_path, chat_server)
    run.process.kill()
    run.process.communicate()
    run.release()
    assert not (tmp_path / "results.duckdb").exists()
    synced = judge("results", "sync", "--json", folder=tmp_path)
    assert synced.status == 0
    assert synced.json["runs"] == 1
    assert synced.json["verdicts"] == len(journaled(only_run(tmp_path)))
    (stored,) = judge("results", "list", "--json", folder=tmp_path).json["runs"]
    assert stored["status"] == "unfinished"
