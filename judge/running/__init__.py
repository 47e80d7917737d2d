"""The run: what is to be judged is planned, judged in order, journaled and stored."""

from judge.running.execution import Budget, Progress, RunOutcome, execute
from judge.running.outputs import AgentOutputs, Output, find_outputs
from judge.running.planning import RunPlan, RunRequest, plan_runs
from judge.running.sessions import (
    Session,
    begin,
    judge_workspaces,
    resume,
    resume_run,
    run_request,
)

__all__ = [
    "AgentOutputs",
    "Budget",
    "Output",
    "Progress",
    "RunOutcome",
    "RunPlan",
    "RunRequest",
    "Session",
    "begin",
    "execute",
    "find_outputs",
    "judge_workspaces",
    "plan_runs",
    "resume",
    "resume_run",
    "run_request",
]
