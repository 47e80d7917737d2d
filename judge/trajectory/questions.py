"""What can be asked of a trajectory: what was written, what ran, what was claimed, whence data.

Facts come from actions and observations alone; what an agent says is only ever a claim. Answers
are kept as long as the trajectory is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

from judge.trajectory.answers import Claim, CommandRun, DataOrigin, Write
from judge.trajectory.claimed import claims_of
from judge.trajectory.executed import runs_of
from judge.trajectory.history import History, history_of
from judge.trajectory.origins import origins_of
from judge.trajectory.places import names_path
from judge.trajectory.steps import Trajectory
from judge.trajectory.typed_files import TypedFiles
from judge.trajectory.written import writes_by_programs, writes_of

MOST_ANSWERS = 50_000


@dataclass(frozen=True)
class _Answers:
    history: History
    writes: tuple[Write, ...]
    runs: tuple[CommandRun, ...]
    origins: tuple[DataOrigin, ...]
    files: TypedFiles

    @cached_property
    def claims(self) -> tuple[Claim, ...]:
        return claims_of(self.history, self.writes, self.runs, self.origins, self.files)


_ANSWERS: WeakKeyDictionary[Trajectory, _Answers] = WeakKeyDictionary()


def writes(trajectory: Trajectory, path: str | None = None) -> tuple[Write, ...]:
    """Which steps wrote files, in order; with a workspace-relative `path`, those that wrote it.

    A file of the same name in another folder is another file. Absolute paths count from the
    folder that the environment shows as the workspace's.
    """
    found = _answers(trajectory).writes
    if path is None:
        return found
    names = history_of(trajectory).names(path)
    return tuple(write for write in found if any(names_path(write.path, name) for name in names))


def runs(trajectory: Trajectory) -> tuple[CommandRun, ...]:
    """What ran and how it ended, in order."""
    return _answers(trajectory).runs


def last_run_of(trajectory: Trajectory, program: str) -> CommandRun | None:
    """The last run of a workspace program, which is the one that counts; None if it never ran."""
    names = history_of(trajectory).names(program)
    for run in reversed(_answers(trajectory).runs):
        if names.intersection(run.programs):
            return run
    return None


def claims(trajectory: Trajectory) -> tuple[Claim, ...]:
    """What the agent says it achieved, and which observation contradicts it, where one does."""
    return _answers(trajectory).claims


def data_origins(trajectory: Trajectory) -> tuple[DataOrigin, ...]:
    """Where data came from, in the order in which it became known."""
    return _answers(trajectory).origins


def _answers(trajectory: Trajectory) -> _Answers:
    found = _ANSWERS.get(trajectory)
    if found is None:
        found = _ANSWERS.setdefault(trajectory, _answered(trajectory))
    return found


def _answered(trajectory: Trajectory) -> _Answers:
    history = history_of(trajectory)
    files = TypedFiles()
    written: list[Write] = []
    ran: list[CommandRun] = []
    origins: dict[DataOrigin, None] = {}
    for happening in history.happenings:
        here = tuple(writes_of(history, happening, files))
        runs_here = runs_of(history, happening, files)
        written += here
        ran += runs_here
        written += writes_by_programs(history, runs_here, files)
        for origin in origins_of(history, happening, runs_here, here, files):
            origins.setdefault(origin)
        if len(written) + len(ran) + len(origins) > MOST_ANSWERS:
            break
    return _Answers(history, tuple(written), tuple(ran), tuple(origins), files)
