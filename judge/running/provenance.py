"""Where a run's verdicts come from: versions, the machine, and hashes of all that was judged."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devai_tasks import Task
from runners.recording import installed_versions

# What reads workspaces: another version of one of these may see another fact in the same file.
READERS = (
    "av charset-normalizer defusedxml duckdb h5py lxml numpy openpyxl pillow"
    " pydantic pypdf python-docx python-pptx pyyaml tree-sitter tree-sitter-bash tree-sitter-c"
    " tree-sitter-cpp tree-sitter-go tree-sitter-java tree-sitter-javascript tree-sitter-rust"
    " tree-sitter-typescript"
).split()


def versions() -> dict[str, str]:
    """Versions of this project, of Python, and of every reader that is installed."""
    return installed_versions(READERS)


def hash_of_tasks(tasks: tuple[Task, ...]) -> str:
    """One hash of what all the tasks ask, however their files are laid out."""
    return hash_of_object([task.model_dump(mode="json") for task in tasks])


def hash_of_object(value: Any) -> str:
    """The hash of a JSON value; the order of keys makes no difference."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def hash_of_path(path: Path) -> str:
    """The hash of a file, or of every regular file of a folder with its name."""
    if path.is_file():
        return _hash_of_file(path)
    total = hashlib.sha256()
    for file in sorted(path.rglob("*")):
        if stat.S_ISREG(file.lstat().st_mode):
            name = os.fsencode(file.relative_to(path))
            total.update(len(name).to_bytes(8, "big") + name + _hash_of_file(file).encode())
    return total.hexdigest()


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """The names that two sets of hashes disagree about."""
    return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))


def _hash_of_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
