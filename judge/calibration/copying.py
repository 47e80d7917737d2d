"""Copies of untrusted workspaces: regular files alone, within bounds, and nothing outside."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from judge.calibration.mutation import Mutation
from judge.workspace import Workspace
from results.errors import InputError

MOST_FILES = 5_000
MOST_BYTES = 1 << 30


def copy_workspace(workspace: Workspace, folder: Path) -> None:
    """Every regular file that the bounded view lists; links and special files are left behind."""
    total = sum(entry.size for entry in workspace.files)
    if len(workspace.files) > MOST_FILES or total > MOST_BYTES or workspace.is_truncated:
        raise InputError(
            f"The workspace {workspace.root} is too large to make mutants of: {total:,} bytes in"
            f" {len(workspace.files):,} files, of at most {MOST_BYTES:,} and {MOST_FILES:,}."
        )
    folder.mkdir(parents=True)
    for path in workspace.directories:
        _placed(folder, path).mkdir(parents=True, exist_ok=True)
    for entry in workspace.files:
        target = _placed(folder, entry.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        with (
            workspace.opened(entry.path) as descriptor,
            os.fdopen(os.dup(descriptor), "rb") as source,
            target.open("xb") as file,
        ):
            shutil.copyfileobj(source, file)


def write_mutant(base: Path, folder: Path, mutation: Mutation) -> None:
    """The copy at `base` with the mutation made; what stays as it is shares its bytes with it."""
    for place, _, names in os.walk(base):
        inside = Path(place).relative_to(base)
        (folder / inside).mkdir(parents=True, exist_ok=True)
        for name in names:
            path = (inside / name).as_posix()
            moved = mutation.moves.get(path, path)
            if path in mutation.edits:
                continue
            target = _placed(folder, moved)
            target.parent.mkdir(parents=True, exist_ok=True)
            _linked(Path(place) / name, target)
    for path, content in mutation.edits.items():
        if content is not None:
            target = _placed(folder, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)


def _linked(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)


def _placed(folder: Path, path: str) -> Path:
    """The place of a workspace path below `folder`; a path that leads out is refused."""
    parts = path.split("/")
    if path.startswith("/") or ".." in parts:
        raise InputError(f"The path {path!r} leads out of the workspace.")
    return folder.joinpath(*parts)
