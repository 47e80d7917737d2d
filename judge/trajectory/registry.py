"""The trajectory formats that are known, and those that installed packages add."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import Protocol

from judge.trajectory.documents import Document
from judge.trajectory.formats import devai
from judge.trajectory.steps import Trajectory

GROUP = "judge.trajectories"


class Format(Protocol):
    """What a module or object must have to add a format (entry point `judge.trajectories`)."""

    NAME: str

    def recognises(self, document: Document) -> bool:
        """Whether the content is of this format; never raises."""
        ...

    def read(self, document: Document) -> Trajectory:
        """The steps. Raises InputError that lists every fault with its place."""
        ...


@cache
def formats() -> tuple[Format, ...]:
    """Every format, in the order in which they are asked; own ones come first."""
    own: tuple[Format, ...] = (devai,)
    return own + tuple(found.load() for found in entry_points(group=GROUP))
