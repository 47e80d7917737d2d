"""An agent's steps in one model, read from any known format, and what can be asked of them."""

from judge.trajectory.answers import Claim, CommandRun, DataOrigin, Write
from judge.trajectory.loading import find_trajectory, load_trajectory
from judge.trajectory.questions import claims, data_origins, last_run_of, runs, writes
from judge.trajectory.steps import Call, Step, StepUsage, Trajectory
from judge.trajectory.writing import write_trajectory

__all__ = [
    "Call",
    "Claim",
    "CommandRun",
    "DataOrigin",
    "Step",
    "StepUsage",
    "Trajectory",
    "Write",
    "claims",
    "data_origins",
    "find_trajectory",
    "last_run_of",
    "load_trajectory",
    "runs",
    "write_trajectory",
    "writes",
]
