"""What the record of a run says of the machine, of versions, and of the model that ran."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any


def host() -> dict[str, Any]:
    """What kind of machine this is."""
    return {
        "name": platform.node(),
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
    }


def installed_versions(distributions: Iterable[str]) -> dict[str, str]:
    """Versions of Python, of this project, and of those distributions that are installed."""
    found = {"python": platform.python_version()}
    for name in ("agent-judge", *distributions):
        version = version_of(name)
        if version is not None:
            found[name] = version
    return found


def version_of(distribution: str) -> str | None:
    """The installed version of a distribution; None where it is not installed."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


@dataclass(frozen=True)
class ModelDescription:
    """What a model says of itself, in the places where a record keeps it."""

    settings: dict[str, str | int | float] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)


def description_of(described: Mapping[str, str | int | float]) -> ModelDescription:
    """Sorts what a model's `describe` gives: versions, the hash of its files, and the rest."""
    found = ModelDescription()
    for key, value in described.items():
        if key.endswith("_version"):
            found.versions[key.removesuffix("_version")] = str(value)
        elif key == "sha256":
            found.hashes["model"] = str(value)
        else:
            found.settings[key] = value
    return found


def variant_of(variant: str | None, precision: str) -> str | None:
    """How a result names the form of a model: what its adapter says, and a precision below fp32.

    >>> variant_of("onnx", "fp16")
    'onnx fp16'
    """
    parts = [variant] if variant else []
    if precision != "fp32":
        parts.append(precision)
    return " ".join(parts) or None
