"""Finds and reads trajectory files of any known format."""

from __future__ import annotations

import os
from pathlib import Path

from judge.trajectory.documents import Document, read_document
from judge.trajectory.registry import Format, formats
from judge.trajectory.steps import Trajectory
from results.errors import InputError

SUFFIXES = (".json", ".jsonl", ".ndjson", ".traj")
_DOUBLE_SUFFIXES = ("traj.json", "trajectory.json")
MOST_FILES_OF_A_FOLDER = 2_000
DEEPEST_FOLDER = 4


def load_trajectory(path: Path | str) -> Trajectory:
    """The trajectory in a file, or in the one trajectory file of a folder.

    The format is told by the content. Raises InputError, in one sentence, for anything that is no
    trajectory of a known format; all faults of a file are in it.
    """
    path = Path(path)
    if path.is_dir():
        path = _only_trajectory_of(path)
    document = read_document(path)
    found = _format_of(document)
    if found is None:
        known = ", ".join(form.NAME for form in formats())
        raise InputError(
            f"The trajectory {path} is of no known format; the known ones are {known}."
        )
    return found.read(document)


def find_trajectory(folder: Path | str, agent: str, task: str) -> Path | None:
    """`<folder>/[<agent>/]<task>.*`, or a folder of that name; None where there is none.

    Raises InputError when two match, when the match leads out of the folder, or when the folder
    itself is missing.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"The folder of trajectories {folder} does not exist; check the path.")
    places = [folder] + [entry for entry in _entries(folder) if entry.name == agent]
    matches = [
        entry
        for place in places
        if place.is_dir()
        for entry in _entries(place)
        if _names_task(entry, task) and not (place == folder and entry.name == agent)
    ]
    if len(matches) > 1:
        # A log or a note beside the trajectory is none.
        matches = [entry for entry in matches if _is_trajectory(entry)] or matches
    if len(matches) > 1:
        shown = ", ".join(str(entry) for entry in matches[:4])
        raise InputError(f"Two trajectories match the task {task!r}: {shown}; keep one of them.")
    if not matches:
        return None
    match = matches[0]
    if not match.resolve().is_relative_to(folder.resolve()):
        raise InputError(
            f"The trajectory {match} is a symbolic link that leads out of {folder}; put the file"
            " itself there."
        )
    return match


def _format_of(document: Document) -> Format | None:
    return next((form for form in formats() if form.recognises(document)), None)


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise InputError(f"The folder {folder} cannot be read: {error.strerror}.") from error


def _names_task(entry: Path, task: str) -> bool:
    if entry.is_dir():
        return entry.name == task
    if not entry.name.startswith(f"{task}."):
        return False
    suffix = entry.name[len(task) + 1 :]
    return "." not in suffix or suffix in _DOUBLE_SUFFIXES


def _is_trajectory(path: Path) -> bool:
    try:
        if path.is_dir():
            _only_trajectory_of(path)
            return True
        return _format_of(read_document(path)) is not None
    except InputError:
        return False


def _only_trajectory_of(folder: Path) -> Path:
    found: list[Path] = []
    seen = 0
    for place, folders, names in os.walk(folder, followlinks=False):
        if len(Path(place).relative_to(folder).parts) >= DEEPEST_FOLDER:
            folders.clear()
        folders.sort()
        for name in sorted(names):
            seen += 1
            path = Path(place, name)
            if path.suffix.lower() not in SUFFIXES or path.is_symlink():
                continue
            if seen <= MOST_FILES_OF_A_FOLDER and _is_trajectory(path):
                found.append(path)
    if len(found) == 1:
        return found[0]
    if not found:
        raise InputError(f"The folder {folder} holds no trajectory of a known format.")
    shown = ", ".join(str(path) for path in found[:4])
    raise InputError(f"The folder {folder} holds more than one trajectory: {shown}; keep one.")
