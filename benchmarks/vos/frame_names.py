"""The names of frames in a folder, in the order in which a person counts them."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from pathlib import Path

from results.errors import InputError

PICTURES = (".jpg", ".jpeg", ".png")
_NUMBER = re.compile(r"(\d+)")


def natural_order(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """A sort key by which `frame2` comes before `frame10`.

    >>> sorted(["f10", "f2", "f02"], key=natural_order)
    ['f02', 'f2', 'f10']
    """
    parts = [part for part in _NUMBER.split(name) if part]
    # Numbers stand before words, and compare as numbers.
    return [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts], name


def frame_files(folder: Path, suffixes: Collection[str]) -> dict[str, str]:
    """Frame name (stem) -> file name, in natural order; hidden files are passed over.

    InputError where the folder is missing or holds none, and where two files are one frame.
    """
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if not entry.is_dir()]
    except OSError as error:
        raise InputError(
            f"The frames in {folder} cannot be listed: {error.strerror or error}."
        ) from None
    found: dict[str, str] = {}
    for name in sorted(names, key=natural_order):
        stem, suffix = os.path.splitext(name)  # noqa: PTH122 - thousands of them
        if name.startswith(".") or suffix.lower() not in suffixes:
            continue
        if stem in found:
            raise InputError(f"{folder} holds the frame {stem} twice: {found[stem]} and {name}.")
        found[stem] = name
    if not found:
        raise InputError(f"{folder} holds no frames ({', '.join(suffixes)}).")
    return found


def frame_names(folder: Path, suffixes: Collection[str]) -> tuple[str, ...]:
    """As `frame_files`, the frames' names only."""
    return tuple(frame_files(folder, suffixes))


def sequence_folders(folder: Path) -> tuple[str, ...]:
    """The sequences in a folder, in the order of names; hidden ones are passed over."""
    try:
        with os.scandir(folder) as entries:
            return tuple(sorted(e.name for e in entries if e.is_dir() and e.name[0] != "."))
    except OSError as error:
        raise InputError(
            f"The sequences in {folder} cannot be listed: {error.strerror or error}."
        ) from None
