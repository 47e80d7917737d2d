"""A trajectory file decoded: one JSON document, or one a line; anything else is an InputError."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judge.trajectory.bounds import LARGEST_FILE
from results.errors import InputError

MOST_LINES = 200_000


@dataclass(frozen=True)
class Document:
    """A decoded file: `content` of a JSON file, or `lines` (1-based number, content) of JSONL."""

    path: str
    content: Any = None
    lines: tuple[tuple[int, Any], ...] | None = None


def read_document(path: Path) -> Document:
    """Raises InputError in one sentence when the file cannot be had or is no JSON."""
    text = _text(path)
    if not text.strip():
        raise InputError(f"The trajectory {path} is empty; give the file that the agent wrote.")
    try:
        return Document(str(path), content=_decoded(text))
    except json.JSONDecodeError as whole:
        lines = _lines(text, path) if "\n" in text.strip() else None
        if lines is not None:
            return Document(str(path), lines=lines)
        torn = "breaks off" if whole.pos >= len(text.rstrip()) - 1 else "is broken JSON"
        raise InputError(
            f"The trajectory {path} {torn} at line {whole.lineno}, column {whole.colno}"
            f" ({whole.msg[:1].lower()}{whole.msg[1:]}); give the whole file."
        ) from None
    except RecursionError:
        raise InputError(
            f"The trajectory {path} is nested too deeply to be one; give an agent's own file."
        ) from None
    except ValueError as error:
        raise InputError(
            f"The trajectory {path} holds a value that is no JSON ({str(error)[:100]}); mend it."
        ) from None


def _text(path: Path) -> str:
    try:
        # Non-blocking, because opening a named pipe would wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise InputError(f"The trajectory {path} is not a regular file; give a file.")
            content = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(
            f"The trajectory {path} cannot be read ({reason}); check the path."
        ) from error
    if len(content) > LARGEST_FILE:
        raise InputError(
            f"The trajectory {path} is larger than {LARGEST_FILE >> 20} MiB; give a smaller one."
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"The trajectory {path} is not UTF-8 (byte {error.start + 1} is"
            f" {content[error.start]:#04x}); give a JSON text file."
        ) from None


def _lines(text: str, path: Path) -> tuple[tuple[int, Any], ...] | None:
    """One document a line, or None when the first line is none. Too many are an InputError.

    A line that is torn stands as None, and its importer says so. Not splitlines: a JSON text may
    hold U+2028 and the like unescaped.
    """
    found: list[tuple[int, Any]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            found.append((number, _decoded(line)))
        except (ValueError, RecursionError):
            if not found:
                return None
            found.append((number, None))
        if len(found) > MOST_LINES:
            raise InputError(
                f"The trajectory {path} has more than {MOST_LINES:,} lines; give a shorter one."
            )
    return tuple(found) if isinstance(found[0][1], dict) else None


def _decoded(text: str) -> Any:
    return json.loads(text, parse_constant=_refused)


def _refused(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")
