"""Judges agent outputs against hierarchical requirements, with evidence that code can check.

    import judge

    outcomes = judge.judge_workspaces("tasks/", "outputs/", "trajectories/")
    for verdict in outcomes[0].verdicts:
        print(verdict.task, verdict.requirement_id, verdict.outcome, verdict.reason)

- `judge_workspaces` plans, judges, journals and stores; `resume_run` goes on with a run.
- `read_judged` gives what a run or a folder of judgment files says, `align` its agreement with
  labels: `judge.align(labels.flags, judged.flags)`.
- `open_judge`, `Question`, `Case`, `Inspection` and `Workspace` judge one requirement by hand.
- Every error that a person can mend is a `JudgeError`.

Each name is imported when it is first used, so `import judge` itself is cheap.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from devai_tasks import load_judgments, load_tasks
    from judge.alignment import Alignment, align
    from judge.evidence import check_citation
    from judge.inspection import Inspection
    from judge.judges.interface import Case, Judge, Question
    from judge.judges.opening import open_judge
    from judge.reporting.exports import export_run
    from judge.reporting.judged import JudgedRun, read_judged
    from judge.running import Budget, Progress, RunOutcome, judge_workspaces, resume_run
    from judge.trajectory import Trajectory, load_trajectory
    from judge.workspace import Limits, Workspace
    from results.errors import InputError, JudgeError
    from results.records import Outcome, Verdict
    from results.store import Store

_HOMES = {
    "Alignment": "judge.alignment",
    "Budget": "judge.running",
    "Case": "judge.judges.interface",
    "InputError": "results.errors",
    "Inspection": "judge.inspection",
    "Judge": "judge.judges.interface",
    "JudgeError": "results.errors",
    "JudgedRun": "judge.reporting.judged",
    "Limits": "judge.workspace",
    "Outcome": "results.records",
    "Progress": "judge.running",
    "Question": "judge.judges.interface",
    "RunOutcome": "judge.running",
    "Store": "results.store",
    "Trajectory": "judge.trajectory",
    "Verdict": "results.records",
    "Workspace": "judge.workspace",
    "align": "judge.alignment",
    "check_citation": "judge.evidence",
    "export_run": "judge.reporting.exports",
    "judge_workspaces": "judge.running",
    "load_judgments": "devai_tasks",
    "load_tasks": "devai_tasks",
    "load_trajectory": "judge.trajectory",
    "open_judge": "judge.judges.opening",
    "read_judged": "judge.reporting.judged",
    "resume_run": "judge.running",
}

__all__ = [
    "Alignment",
    "Budget",
    "Case",
    "InputError",
    "Inspection",
    "Judge",
    "JudgeError",
    "JudgedRun",
    "Limits",
    "Outcome",
    "Progress",
    "Question",
    "RunOutcome",
    "Store",
    "Trajectory",
    "Verdict",
    "Workspace",
    "align",
    "check_citation",
    "export_run",
    "judge_workspaces",
    "load_judgments",
    "load_tasks",
    "load_trajectory",
    "open_judge",
    "read_judged",
    "resume_run",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'judge' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
