"""Writes a trajectory in another format."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path

from judge.trajectory.registry import WritableFormat, formats
from judge.trajectory.steps import Trajectory
from results.errors import InputError


def write_trajectory(trajectory: Trajectory, path: Path | str, format: str) -> None:
    """Writes the trajectory to a file, whole or not at all.

    Raises InputError for a format that is not known or cannot be written, and for a path that
    cannot be.
    """
    path = Path(path)
    able = {form.NAME: form for form in formats() if isinstance(form, WritableFormat)}
    if format not in able:
        raise InputError(
            f"A trajectory cannot be written as {format!r}; the formats that can be are"
            f" {', '.join(sorted(able))}."
        )
    text = json.dumps(able[format].document_of(trajectory), ensure_ascii=False, indent=1)
    temporary = ""
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{text}\n")
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            Path(temporary).unlink(missing_ok=True)
        raise InputError(
            f"The trajectory cannot be written to {path}: {error.strerror}; give another path."
        ) from error


def _umask() -> int:
    """The process's mask, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
