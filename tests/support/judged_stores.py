"""Stores with judged runs for the pages: the bundled example, several agents, and a hostile one."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import judge
from dashboard.data import open_view
from judge.running.provenance import hash_of_path
from judge.workspace import Workspace
from results.records import (
    ArtifactEvidence,
    AskedRequirement,
    AskedTask,
    ExecutionEvidence,
    FileEvidence,
    Outcome,
    RunRecord,
    RunStatus,
    TrajectoryEvidence,
    Usage,
    Verdict,
)
from results.run_folder import RunFolder, new_run_id
from results.store import Store

CANARY = "canary-7731"
SETS_A_MARK = "window.__hostile=1"
ELSEWHERE = "http://203.0.113.9"
HOSTILE = (
    f"<script>{SETS_A_MARK}</script><img src={ELSEWHERE}/i.png onerror={SETS_A_MARK}>"
    f" ![x]({ELSEWHERE}/m.png) [y](javascript:{SETS_A_MARK}) =cmd|' /C calc'!A0"
    " $\\href{javascript:alert(1)}{x}$ :red[z] \u202egnp.exe\u2066"
)
LONG = "long " + "A" * 10_000
HOSTILE_TASK = "01_Hostile <b>task</b>"


@cache
def example_store() -> Path:
    """The bundled example's store, made once for all tests that only read it."""
    folder = tempfile.TemporaryDirectory(prefix="judge-example-")
    atexit.register(folder.cleanup)
    return judged_example(Path(folder.name))


def copied_example(folder: Path) -> Path:
    """A copy of the bundled example's store and run in `folder`, to be written to; its path."""
    shutil.copytree(example_store().parent, folder, dirs_exist_ok=True, symlinks=True)
    return folder / example_store().name


def judged_example(folder: Path, select: Sequence[str] = ()) -> Path:
    """A store in `folder` with the bundled example judged by checks, published; its path."""
    store = folder / "results.duckdb"
    judge.judge_workspaces(store=store, select=select)
    Store(store).publish()
    return store


def stored(folder: Path, runs: Sequence[RunFolder]) -> Path:
    """A store with these runs, published; its path."""
    store = Store(folder / "results.duckdb")
    ingested = store.ingest(runs)
    assert not ingested.faults
    store.publish()
    return store.path


def said_run(
    runs_dir: Path,
    agent: str,
    judge_name: str,
    outcomes: Mapping[str, Sequence[Outcome]],
    *,
    started_at: str = "2026-11-24T10:00:00+00:00",
    model: str | None = None,
    version: str = "0.1.0",
    hashes: Mapping[str, str] | None = None,
    usage: Usage | None = None,
) -> RunFolder:
    """A finished run that says these outcomes of the requirements of each task.

    Requirement 0 is of category `Data`, the others of `Method`, and each builds on the one before.
    """
    marks = {f"workspace:{task}": f"{agent}/{task}" for task in outcomes}
    record = RunRecord(
        run_id=new_run_id(),
        agent=agent,
        judge=judge_name,
        model=model,
        setting="gray-box",
        started_at=started_at,
        config={"request": {"tasks": "/nowhere/tasks", "workspaces": "/nowhere/outputs"}},
        versions={"agent-judge": version},
        hashes={**marks, **(hashes or {})},
    )
    folder = RunFolder.create(runs_dir, record)
    for task, said in outcomes.items():
        folder.add_task(
            AskedTask(
                task=task,
                query="Train it.",
                tags=("Vision",),
                requirements=tuple(
                    AskedRequirement(
                        requirement_id=number,
                        criteria=f"{task} asks number {number}",
                        prerequisites=(number - 1,) if number else (),
                        category="Method" if number else "Data",
                    )
                    for number in range(len(said))
                ),
            )
        )
        for number, outcome in enumerate(said):
            folder.add_verdict(
                Verdict(
                    task=task,
                    requirement_id=number,
                    outcome=outcome,
                    confidence=0.5,
                    reason=f"said of {number}",
                    usage=usage or Usage(),
                )
            )
    folder.finish(RunStatus.COMPLETE, 2.0)
    return folder


def hostile_store(folder: Path) -> Path:
    """A store in which every text that a stranger chooses is hostile, and evidence points out.

    The workspace is there, unchanged, with hostile contents; beside it lies a file with the
    CANARY, to which evidence paths and a symbolic link lead.
    """
    outputs = folder / "outputs" / HOSTILE_TASK.replace("/", "_")
    outputs.mkdir(parents=True)
    (folder / "outputs" / "secret.txt").write_text(f"{CANARY}\n" * 3)
    (outputs / "hostile.py").write_text(f"{HOSTILE}\n{HOSTILE}\n{LONG}\n", encoding="utf-8")
    (outputs / "link.txt").symlink_to(folder / "outputs" / "secret.txt")
    (outputs / "fake.png").write_text(f"<svg onload='{SETS_A_MARK}'/>")
    steps = folder / "steps"
    steps.mkdir()
    trajectory = steps / f"{outputs.name}.json"
    trajectory.write_text(_hostile_trajectory(), encoding="utf-8")
    record = RunRecord(
        run_id=new_run_id(),
        agent=HOSTILE,
        judge="agent",
        model=HOSTILE,
        setting="gray-box",
        started_at="2026-11-24T10:00:00+00:00",
        config={
            "request": {
                "tasks": str(folder / "tasks"),
                "workspaces": str(folder / "outputs"),
                "trajectories": str(steps),
            }
        },
        versions={"agent-judge": HOSTILE},
        hashes={
            f"workspace:{outputs.name}": Workspace.open(outputs).fingerprint(),
            f"trajectory:{outputs.name}": hash_of_path(trajectory),
        },
    )
    run = RunFolder.create(folder / "runs", record)
    paths = ("../secret.txt", str(folder / "outputs" / "secret.txt"), "link.txt", "a/../../x")
    evidence: list[Any] = [
        FileEvidence(path="hostile.py", start_line=1, end_line=2, quote=HOSTILE),
        *(FileEvidence(path=p, start_line=1, end_line=1, quote=HOSTILE) for p in paths),
        FileEvidence(path=HOSTILE, start_line=1, end_line=1, quote=LONG),
        TrajectoryEvidence(step=0, quote=HOSTILE),
        TrajectoryEvidence(step=99, quote=HOSTILE),
        ArtifactEvidence(path="fake.png", fact=HOSTILE),
        ExecutionEvidence(command=HOSTILE, exit_status=1, output=LONG),
    ]
    run.add_task(
        AskedTask(
            task=outputs.name,
            query=HOSTILE,
            tags=(HOSTILE, LONG),
            requirements=(
                AskedRequirement(requirement_id=0, criteria=HOSTILE, category=HOSTILE),
                AskedRequirement(
                    requirement_id=1, criteria=LONG, prerequisites=(0,), category=LONG
                ),
            ),
        )
    )
    for number in range(2):
        run.add_verdict(
            Verdict(
                task=outputs.name,
                requirement_id=number,
                outcome=Outcome.SATISFIED if number else Outcome.UNSATISFIED,
                confidence=1.0,
                reason=LONG if number else HOSTILE,
                evidence=tuple(evidence),
                usage=Usage(calls=1, input_tokens=1, output_tokens=1, cost=None),
            )
        )
    run.finish(RunStatus.COMPLETE, 1.0)
    earlier = "2026-11-01T10:00:00+00:00"
    person = said_run(
        folder / "runs", HOSTILE, "human", {"x": [Outcome.SATISFIED]}, started_at=earlier
    )
    return stored(folder, [run, person])


def _hostile_trajectory() -> str:
    import json

    step = {
        "step": 0,
        "user_message": None,
        "agent": {"thought": HOSTILE, "action": HOSTILE},
        "environment": HOSTILE,
        "step_usage": None,
        "accumulated_usage": None,
    }
    return json.dumps([step])


def rows_of(store: Path) -> Callable[..., list[dict[str, Any]]]:
    """What answers SQL over a store's snapshot, as the pages ask it."""
    return open_view(store)
