"""Which step wrote which file, and what stands in files by what was typed."""

from __future__ import annotations

from collections.abc import Iterator

from judge.trajectory.answers import CommandRun, Write
from judge.trajectory.changes import Change
from judge.trajectory.code_facts import paths_written
from judge.trajectory.history import Happening, History
from judge.trajectory.places import absolute
from judge.trajectory.typed_files import TypedFiles


def writes_of(history: History, happening: Happening, files: TypedFiles) -> Iterator[Write]:
    """The writes of one action; `files` is brought up to date with them."""
    for change in happening.changes:
        path = history.place(change.path)
        step = happening.step.number
        if change.is_touched and files.has(path):
            continue  # touching a file leaves its content
        content = _kept(history, change, path, step, files)
        yield Write(step, path, change.how, content)


def _kept(history: History, change: Change, path: str, step: int, files: TypedFiles) -> str | None:
    """Enters a change among the files; returns the content that the change is known to give."""
    if change.copied_from:
        return files.copy(history.place(change.copied_from), path)
    if change.old is not None:
        files.replace(path, step, change.old, change.content or "")
    elif change.is_added:
        files.add(path, step, change.content)
    else:
        files.write(path, step, change.content)
    return change.content


def writes_by_programs(
    history: History, runs: tuple[CommandRun, ...], files: TypedFiles
) -> Iterator[Write]:
    """What programs that ran to their end write, as the code that was typed for them says."""
    for run in runs:
        if run.ended != "ok":
            continue
        for program in run.programs:
            for written in paths_written(facts for _, _, facts in files.program(program)):
                path = history.place(absolute(written, ""))
                if path:
                    yield Write(run.step, path, "program")
