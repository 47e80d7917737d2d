"""An agent's steps in one model, read from any known format, and what can be asked of them."""

from judge.trajectory.loading import find_trajectory, load_trajectory
from judge.trajectory.steps import Call, Step, StepUsage, Trajectory

__all__ = [
    "Call",
    "Step",
    "StepUsage",
    "Trajectory",
    "find_trajectory",
    "load_trajectory",
]
