"""Whole runs of the agent judge: fast with many jobs, resumed after kills, replayed offline."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from results.run_folder import RunFolder
from tests.judge.agent.conftest import quote, verdict
from tests.support.chat_server import Answer, Asked, ChatServer, calls_tools, slowly

JUDGE = (sys.executable, "-c", "from judge.cli.main import main; main()")
CODE = "def step_{n}():\n    return sum(range({n}))\n\n\nprint(step_{n}())\n"


def outputs(root: Path, sizes: list[int]) -> tuple[Path, Path]:
    """Tasks with so many requirements each, half of them in chains, and an output for each."""
    tasks, workspaces = root / "tasks", root / "outputs"
    tasks.mkdir()
    for number, size in enumerate(sizes):
        name = f"{number:02d}_generated"
        requirements = [
            {
                "requirement_id": n,
                "prerequisites": [n - 1] if n % 2 else [],
                "criteria": f"The sum of {n} numbers is printed in `src/step_{n}.py`.",
            }
            for n in range(size)
        ]
        query = f"Make {size} scripts for {name}."
        task = {"name": name, "query": query, "requirements": requirements}
        (tasks / f"{name}.json").write_text(json.dumps(task))
        (workspaces / name / "src").mkdir(parents=True)
        for n in range(size):
            (workspaces / name / "src" / f"step_{n}.py").write_text(CODE.format(n=n))
    return tasks, workspaces


def looks_then_passes(asked: Asked) -> Answer:
    """Reads the named file, then cites its last line."""
    path = asked.text.rsplit("`src/", 1)[-1].split("`")[0]
    number = path.removeprefix("step_").removesuffix(".py")
    if asked.turn == 1:
        return calls_tools(("read_file", {"path": f"src/{path}"}), tokens=(100, 10))
    cited = quote(f"print(step_{number}())", 5, path=f"src/{path}")
    return calls_tools(verdict("satisfied", cited), tokens=(100, 10))


def command(server: ChatServer, store: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "OPENAI_BASE_URL": server.url,
        "OPENAI_API_KEY": "sk-loopback-012345",
        "JUDGE_CACHE_MAX_MB": "0",
    }
    line = [*JUDGE, "run", "--store", str(store), "--json"]
    return subprocess.Popen(
        [*line, *arguments],
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def judged(server: ChatServer, store: Path, *arguments: str) -> dict[str, Any]:
    process = command(server, store, *arguments)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    read: dict[str, Any] = json.loads(out)
    return read


def comparable(folder: RunFolder) -> list[dict[str, Any]]:
    found = [v.model_dump(mode="json", exclude={"seconds"}) for v in folder.verdicts()]
    return sorted(found, key=lambda v: (v["task"], v["requirement_id"]))


@pytest.mark.slow
def test_365_requirements_of_two_slow_calls_each_end_within_a_minute(
    tmp_path: Path, chat_server: ChatServer
) -> None:
    tasks, workspaces = outputs(tmp_path, [7] * 35 + [6] * 20)
    chat_server.rule = lambda asked: slowly(looks_then_passes(asked), 1.0)
    began = time.monotonic()
    found = judged(
        chat_server,
        tmp_path / "r.duckdb",
        *("--tasks", str(tasks), "--workspaces", str(workspaces)),
        *("--judge", "agent", "--model", "openai:m", "--jobs", "32"),
    )
    seconds = time.monotonic() - began
    assert found["outcomes"] == {"satisfied": 365, "unsatisfied": 0, "abstained": 0, "error": 0}
    assert found["usage"]["calls"] == chat_server.calls == 730
    assert seconds < 60


@pytest.mark.slow
def test_a_run_killed_at_20_moments_ends_as_an_undisturbed_one_and_asks_nothing_twice(
    tmp_path: Path, chat_server: ChatServer
) -> None:
    tasks, workspaces = outputs(tmp_path, [6] * 8)
    asked_for: tuple[str, ...] = ("--tasks", str(tasks), "--workspaces", str(workspaces))
    asked_for += ("--judge", "agent", "--model", "openai:m", "--jobs", "4")
    chat_server.rule = lambda asked: slowly(looks_then_passes(asked), 0.15)
    whole = judged(chat_server, tmp_path / "whole.duckdb", *asked_for)
    undisturbed = comparable(RunFolder.open(Path(whole["run_dir"])))
    questions = chat_server.calls
    chat_server.requests.clear()
    chance = random.Random(7)
    store = tmp_path / "killed.duckdb"
    run_dir = tmp_path / "runs-killed"
    arguments: tuple[str, ...] = asked_for
    kept = lost = 0
    for _ in range(20):
        before = chat_server.calls
        process = command(chat_server, store, *arguments, "--run-dir", str(run_dir))
        target, latest = before + chance.randint(0, 7), time.monotonic() + 30
        while chat_server.calls < target and time.monotonic() < latest:
            time.sleep(0.005)
        time.sleep(chance.uniform(0.0, 0.3))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        time.sleep(0.3)
        on_disk = len(list(run_dir.glob("*/exchanges/*/*.json")))
        # What was sent and is not on disk was out when the process was killed.
        out = chat_server.calls - before - (on_disk - kept)
        assert 0 <= out <= 4
        lost += out
        kept = on_disk
        begun = sorted(run_dir.glob("*/run.json")) if run_dir.exists() else []
        if begun:
            arguments = ("--resume", begun[0].parent.name, "--jobs", "4")
    found = judged(chat_server, store, *arguments, "--run-dir", str(run_dir))
    assert comparable(RunFolder.open(Path(found["run_dir"]))) == undisturbed
    assert kept > 0
    assert chat_server.calls == questions + lost


def test_a_finished_run_is_replayed_offline_byte_for_byte(
    tmp_path: Path, chat_server: ChatServer
) -> None:
    tasks, workspaces = outputs(tmp_path, [3, 2])
    chat_server.rule = looks_then_passes
    store = tmp_path / "r.duckdb"
    found = judged(
        chat_server,
        store,
        *("--tasks", str(tasks), "--workspaces", str(workspaces)),
        *("--judge", "agent", "--model", "openai:m"),
    )
    calls = chat_server.calls
    line = [*JUDGE, "replay", found["run_id"], "--json"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENAI")}
    ended = subprocess.run(
        [*line, "--store", str(store)], capture_output=True, text=True, env=environment, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["identical"] == 5
    assert chat_server.calls == calls
    changed = workspaces / "00_generated" / "src" / "step_1.py"
    changed.write_text("print(1)\n")
    ended = subprocess.run(
        [*line, "--store", str(store)], capture_output=True, text=True, env=environment, check=False
    )
    assert ended.returncode == 1
    differing = {(d["task"], d["requirement_id"]) for d in json.loads(ended.stdout)["differences"]}
    assert ("00_generated", 1) in differing
    assert not any(task == "01_generated" for task, _ in differing)
