"""Runs made on the spot, in this process or (as a program) in one that a test may kill.

As a program: `python -m tests.support.sample_runs judge RUNS RUN_ID UNITS` goes on with a run until
every unit has its final verdict and prints a line after each that `add_verdict` acknowledged;
`… sync STORE RUNS TIMES` ingests and publishes again and again; `… hold FOLDER` claims a run until
its input ends.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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
from results.run_folder import RunFolder, new_run_id, open_runs
from results.store import Store

ROOT = Path(__file__).parents[2]
STARTED_AT = "2026-11-24T23:15:59+00:00"


def record(run_id: str | None = None, **changes: object) -> RunRecord:
    """What a run was asked."""
    asked = {"run_id": run_id or new_run_id(), "agent": "OpenHands", "judge": "checks"}
    return RunRecord.model_validate({**asked, "started_at": STARTED_AT, **changes})


def verdict(unit: int = 0, outcome: Outcome = Outcome.SATISFIED, **changes: object) -> Verdict:
    """The verdict on a unit: five requirements a task, every kind of evidence among them."""
    given = {
        "task": f"{unit // 5:02d}_Task",
        "requirement_id": unit % 5,
        "outcome": outcome,
        "confidence": 0.25 + (unit % 3) / 4,
        "reason": f"unit {unit} is {outcome.value}",
        "evidence": (
            FileEvidence(path="src/train.py", start_line=3, end_line=5, quote=f"fit({unit})"),
            TrajectoryEvidence(step=0, quote="saved"),
            ArtifactEvidence(path="results/a.png", fact="640 x 480 pixels"),
            ExecutionEvidence(command="true", exit_status=0, output=""),
        )[: unit % 5],
        "usage": Usage(calls=1, input_tokens=100 + unit, output_tokens=unit, cost=0.25),
        "seconds": 0.5,
    }
    return Verdict.model_validate({**given, **changes})


def asked_task(units: int = 5) -> AskedTask:
    """The text of the first task."""
    return AskedTask(
        task="00_Task",
        query="Train a model.",
        tags=("Classification", "Vision"),
        requirements=tuple(
            AskedRequirement(
                requirement_id=unit,
                criteria=f"Criterion {unit}",
                prerequisites=tuple(range(unit)),
                category="Other",
            )
            for unit in range(units)
        ),
    )


def finished_run(runs_dir: Path, units: int, run_id: str | None = None) -> RunFolder:
    """A run of which every unit has its final verdict."""
    folder = RunFolder.create(runs_dir, record(run_id))
    go_on(folder, units)
    return folder


def go_on(folder: RunFolder, units: int) -> None:
    """What a runner does: asks what has no final verdict yet, and says when all have one."""
    with folder.claimed():
        content = folder.content()
        if not content.tasks:
            folder.add_task(asked_task())
        final = {
            attempt.key
            for attempt in content.standing()
            if attempt.verdict.outcome is not Outcome.ERROR
        }
        for unit in range(units):
            asked = verdict(unit)
            if (asked.task, False, asked.requirement_id) not in final:
                folder.add_verdict(asked)
                print(unit, flush=True)
        if content.progress.status is not RunStatus.COMPLETE:
            folder.finish(RunStatus.COMPLETE, 2.0)


def start(*arguments: object) -> subprocess.Popen[str]:
    """This module as a program in a process of its own."""
    command = [sys.executable, "-m", "tests.support.sample_runs", *map(str, arguments)]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def main(job: str, *arguments: str) -> None:
    if job == "judge":
        runs, run_id, units = arguments
        go_on(RunFolder.open(Path(runs) / run_id), int(units))
    elif job == "sync":
        path, runs, times = arguments
        for _ in range(int(times)):
            store = Store(path)
            report = store.ingest(open_runs(runs)[0])
            store.publish()
            print(report.runs, flush=True)
    elif job == "hold":
        with RunFolder.open(arguments[0]).claimed():
            print("claimed", flush=True)
            sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
