"""The trajectory formats that are known, and those that installed packages add."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import Any, Protocol, runtime_checkable

from judge.trajectory.documents import Document
from judge.trajectory.formats import (
    atif,
    claude_code,
    devai,
    mini_swe_agent,
    openhands,
    swe_agent,
)
from judge.trajectory.steps import Trajectory
from results.errors import InputError

GROUP = "judge.trajectories"


class Format(Protocol):
    """What a module or object must have to add a format (entry point `judge.trajectories`)."""

    @property
    def NAME(self) -> str:  # noqa: N802 - a module's constant
        """The word by which people choose the format."""
        ...

    def recognises(self, document: Document) -> bool:
        """Whether the content is of this format; never raises."""
        ...

    def read(self, document: Document) -> Trajectory:
        """The steps. Raises InputError that lists every fault with its place."""
        ...


@runtime_checkable
class WritableFormat(Protocol):
    """A format that trajectories can be converted to."""

    def document_of(self, trajectory: Trajectory) -> Any:
        """What is to be written as JSON."""
        ...


@cache
def formats() -> tuple[Format, ...]:
    """Every format, in the order in which they are asked; own ones come first.

    Raises InputError when an installed package's format cannot be used.
    """
    own: tuple[Format, ...] = (devai, atif, swe_agent, openhands, claude_code, mini_swe_agent)
    return own + tuple(_added())


def _added() -> list[Format]:
    found: list[Format] = []
    for entry in entry_points(group=GROUP):
        try:
            form = entry.load()
        except Exception as error:
            raise InputError(
                f"The trajectory format {entry.name!r} of an installed package cannot be loaded"
                f" ({type(error).__name__}: {str(error)[:200]}); mend or remove that package."
            ) from error
        lacking = [name for name in ("NAME", "recognises", "read") if not hasattr(form, name)]
        if lacking:
            raise InputError(
                f"The trajectory format {entry.name!r} of an installed package has no"
                f" {' and no '.join(lacking)}; mend or remove that package."
            )
        found.append(form)
    return found
