"""Walks a trajectory once and keeps what its actions and observations establish."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

from judge.trajectory.actions import Deed, deeds_of
from judge.trajectory.changes import (
    Change,
    changes_by_code,
    changes_by_command,
    changes_by_tool,
    opened_file,
)
from judge.trajectory.code_facts import code_facts
from judge.trajectory.endings import Output, inline_failure, read_output
from judge.trajectory.places import (
    KEEPS_FOLDER,
    absolute,
    nested_root,
    relative,
    root_of,
    told_folder,
)
from judge.trajectory.programs import inline_code
from judge.trajectory.shell import Command, parse_session, parse_shell
from judge.trajectory.steps import Step, Trajectory

MOST_HAPPENINGS = 50_000


@dataclass(frozen=True, slots=True)
class Happening:
    """One deed of a step: the shell commands and the Python code that it ran, and the answer.

    `folder` is where it began; `changes` and the folders of `commands` are as that gives them.
    """

    step: Step
    deed: Deed
    folder: str
    commands: tuple[Command, ...]
    codes: tuple[str, ...]
    output: Output
    changes: tuple[Change, ...]


class History:
    """A trajectory's happenings in order, with the workspace's root among its paths."""

    def __init__(self, trajectory: Trajectory) -> None:
        self.trajectory = trajectory
        self.happenings, self._told = _walk(trajectory)

    @cached_property
    def root(self) -> str:
        """The absolute folder of the workspace, or ""."""
        written = (change.path for h in self.happenings for change in h.changes)
        told = [self.trajectory.folder] if self.trajectory.folder else self._told
        return root_of(told, written)

    @cached_property
    def nested(self) -> str:
        """The one folder, with a slash, in which all that was written lies; "" where none is."""
        return nested_root(
            [
                path
                for h in self.happenings
                for change in h.changes
                if (path := self.place(change.path)) and not path.startswith(("/", "~"))
            ]
        )

    def place(self, path: str) -> str:
        """A path against the workspace's root."""
        return relative(path, self.root)

    def names(self, path: str) -> set[str]:
        """The ways in which a workspace path stands in this trajectory."""
        wanted = relative(absolute(path, ""), self.root)
        return {wanted, f"{self.nested}{wanted}"} if self.nested else {wanted}


_KNOWN: WeakKeyDictionary[Trajectory, History] = WeakKeyDictionary()


def history_of(trajectory: Trajectory) -> History:
    """The history of a trajectory, made on the first question and kept as long as that is."""
    found = _KNOWN.get(trajectory)
    if found is None:
        found = _KNOWN.setdefault(trajectory, History(trajectory))
    return found


def _walk(trajectory: Trajectory) -> tuple[tuple[Happening, ...], list[str]]:
    """The happenings, and the folder in which the shell began as its prompts tell."""
    keeps = trajectory.format in KEEPS_FOLDER
    happenings: list[Happening] = []
    began: list[str] = []
    folder = trajectory.folder
    open_file = ""
    for step in trajectory.steps:
        start = folder
        for deed in deeds_of(step):
            output = read_output(deed.observation)
            commands, codes, after = _run_by(deed, folder)
            changes = tuple(_changes(deed, folder, commands, codes, open_file, output))
            open_file = opened_file(deed, output, open_file)
            happenings.append(Happening(step, deed, folder, commands, codes, output, changes))
            if not any("cd: " in line for line in output.lines[:20]):
                folder = after
        told = step.folder or told_folder(step.observation)
        if told is not None and not began:
            began.append(_without_end(told, folder if not folder.startswith("/") else ""))
        if told is not None:
            folder = told
        elif not keeps:
            folder = start if start.startswith("/") else ""
        if len(happenings) >= MOST_HAPPENINGS:
            break
    return tuple(happenings), began


def _without_end(told: str, moved: str) -> str:
    """The folder before a `cd` into `moved` led to the one that the prompt shows."""
    return told.removesuffix(f"/{moved}") if moved else told


def _run_by(deed: Deed, folder: str) -> tuple[tuple[Command, ...], tuple[str, ...], str]:
    """The shell commands and the Python texts that a deed ran, those inside each other too.

    The folder in which the shell stands afterwards comes last.
    """
    commands: tuple[Command, ...] = ()
    after = folder
    if deed.kind == "shell":
        commands, after = parse_session(deed.text, folder)
    codes = [deed.text] if deed.kind == "python" else []
    codes += [code for command in commands if (code := inline_code(command)) is not None]
    started = tuple(
        command
        for code in codes
        for text in code_facts(code).shell
        for command in parse_shell(text, folder)
    )
    return commands + started, tuple(codes), after


def _changes(
    deed: Deed,
    folder: str,
    commands: tuple[Command, ...],
    codes: tuple[str, ...],
    open_file: str,
    output: Output,
) -> Iterator[Change]:
    if deed.kind == "tool":
        yield from changes_by_tool(deed, folder, open_file, output)
        return
    for command in commands:
        yield from changes_by_command(command, output)
    # Code that raised may not have come to its writing.
    if not inline_failure(output):
        for command in commands:
            code = inline_code(command)
            if code is not None:
                yield from changes_by_code(code, command.folder)
        if deed.kind == "python" and codes:
            yield from changes_by_code(codes[0], folder)
