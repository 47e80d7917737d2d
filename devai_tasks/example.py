"""The bundled example: small tasks with agent outputs, trajectories and labels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

BUNDLED = Path(__file__).parent / "bundled"


@dataclass(frozen=True)
class BundledExample:
    """The folders that `judge run` takes, and human labels in DevAI's form."""

    tasks: Path
    workspaces: Path
    trajectories: Path
    labels: Path


def bundled_example() -> BundledExample:
    """Where the bundled example is installed."""
    return BundledExample(
        tasks=BUNDLED / "tasks",
        workspaces=BUNDLED / "workspaces",
        trajectories=BUNDLED / "trajectories",
        labels=BUNDLED / "labels",
    )
