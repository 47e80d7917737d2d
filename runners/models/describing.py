"""What a run's record says of a model's files: how many bytes, and which ones exactly."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import TypeAlias

Described: TypeAlias = dict[str, str | int | float]


def files_described(paths: Iterable[Path]) -> Described:
    """`bytes` of all files together, and `sha256` over their names and contents in that order."""
    digest, size = hashlib.sha256(), 0
    for path in sorted(paths, key=lambda path: path.name):
        digest.update(path.name.encode() + b"\0")
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
        size += path.stat().st_size
    return {"bytes": size, "sha256": digest.hexdigest()}


def versions_described(*distributions: str) -> Described:
    """`<name>_version` of each installed distribution."""
    found: Described = {}
    for name in distributions:
        try:
            found[f"{name}_version"] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
