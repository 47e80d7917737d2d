"""Runs and judgment files on disk, made for comparing one with another; and commands on them."""

from __future__ import annotations

import contextlib
import io
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from judge.cli.main import status_of
from results.records import (
    AskedRequirement,
    AskedTask,
    FileEvidence,
    Metric,
    Outcome,
    RunStatus,
    Score,
    ScoreStatus,
    Verdict,
)
from results.run_folder import RunFolder
from tests.support.command import Ended
from tests.support.sample_runs import record

Outcomes = Mapping[str, Sequence[Outcome]]
MET, UNMET = Outcome.SATISFIED, Outcome.UNSATISFIED
TASKS = [f"{number:02d}_Task" for number in range(12)]
DATA = os.environ.get("JUDGE_TEST_DATA")
needs_data = pytest.mark.skipif(DATA is None, reason="JUDGE_TEST_DATA is not set")


def judgment_run(runs: Path, run_id: str, outcomes: Outcomes, **changes: object) -> RunFolder:
    """A judgment run: task -> the outcomes of its requirements, each building on the one before."""
    hashes = {f"workspace:{task}": f"{run_id} {task}" for task in outcomes}
    asked = {"versions": {"agent-judge": "1"}, "hashes": hashes, **changes}
    folder = RunFolder.create(runs, record(run_id, **asked))
    with folder.claimed():
        for task, found in outcomes.items():
            requirements = tuple(
                AskedRequirement(
                    requirement_id=number,
                    criteria=f"{task} has part {number}.",
                    prerequisites=(number - 1,) if number else (),
                    category="Data" if number else "Code",
                )
                for number in range(len(found))
            )
            folder.add_task(
                AskedTask(task=task, query="Do it.", tags=("Small",), requirements=requirements)
            )
            for number, outcome in enumerate(found):
                folder.add_verdict(_verdict(run_id, task, number, outcome))
        folder.finish(RunStatus.COMPLETE, 4.0)
    return folder


def benchmark_run(
    runs: Path, run_id: str, values: Mapping[str, Sequence[float | None]], **changes: object
) -> RunFolder:
    """A benchmark run: video -> J&F of its objects, None for one in error."""
    asked: dict[str, object] = {
        "kind": "benchmark",
        "benchmark": "davis2017",
        "split": "val",
        "scorer": "davis",
        "model": f"hf:{run_id}",
        "judge": "",
        "agent": "",
        "versions": {"agent-judge": "1"},
        "hashes": {"dataset": "d", "model": run_id},
    }
    folder = RunFolder.create(runs, record(run_id, **{**asked, **changes}))
    with folder.claimed():
        for place, (video, found) in enumerate(values.items()):
            for number, value in enumerate(found):
                folder.add_score(
                    Score(
                        sample=f"{video}/{number}",
                        cluster=video,
                        status=ScoreStatus.SCORED if value is not None else ScoreStatus.ERROR,
                        values={} if value is None else {"J&F": value},
                        reason="" if value is not None else "the model died",
                        slices={"length": "long" if place % 2 else "short"},
                        measures={"fps": 20.0},
                        seconds=0.5,
                    )
                )
        folder.set_metrics([Metric(name="J&F", value=0.5, n=1)])
        folder.finish(RunStatus.COMPLETE, 4.0)
    return folder


def judgment_files(folder: Path, satisfied: Mapping[str, Sequence[bool | None]]) -> Path:
    """A folder of judgment files in DevAI's form: task -> `satisfied` of its requirements."""
    folder.mkdir(parents=True)
    for task, flags in satisfied.items():
        requirements: list[dict[str, object]] = [
            {
                "requirement_id": number,
                "prerequisites": [],
                "criteria": f"{task} has part {number}.",
                "category": "Data",
                "satisfied": flag,
            }
            for number, flag in enumerate(flags)
        ]
        content = {"name": task, "query": "Do it.", "tags": [], "requirements": requirements}
        (folder / f"{task}.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def called(*arguments: str | Path, folder: Path) -> Ended:
    """The command, run in `folder` by this process: a process of its own costs a second each."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = status_of(list(map(str, arguments)))
    return Ended(status, out.getvalue(), err.getvalue())


def _verdict(run_id: str, task: str, number: int, outcome: Outcome) -> Verdict:
    evidence = (
        FileEvidence(path=f"src/{number}.py", start_line=3, end_line=4, quote=f"part_{number}()"),
    )
    return Verdict(
        task=task,
        requirement_id=number,
        outcome=outcome,
        confidence=1.0,
        reason=f"{run_id} says {outcome.value}",
        evidence=evidence if outcome.is_decided else (),
        seconds=0.5,
    )
