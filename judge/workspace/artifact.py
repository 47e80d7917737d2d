"""What was found in one file."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class ArtifactState(StrEnum):
    """Whether a file holds what its kind promises."""

    VALID = "valid"
    BROKEN = "broken"  # does not parse as what its name says
    EMPTY = "empty"  # no bytes, or opens and holds nothing
    PLACEHOLDER = "placeholder"  # opens, but stands in for the real thing
    UNREADABLE = "unreadable"  # a limit, encryption or an error kept it from being read


@dataclass(frozen=True)
class Found:
    """What a reader gives: state, facts, bounded text, and what it left out."""

    kind: str
    format: str
    state: ArtifactState = ArtifactState.VALID
    facts: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    signs: tuple[str, ...] = ()
    cuts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Artifact:
    """A file of a workspace, read: `kind` is what it is for, `format` how it is written."""

    path: str
    size: int
    kind: str
    format: str
    state: ArtifactState
    facts: dict[str, Any]
    text: str
    signs: tuple[str, ...]
    cuts: tuple[str, ...]
    extension_matches: bool

    @property
    def is_valid(self) -> bool:
        return self.state is ArtifactState.VALID

    def summary(self) -> str:
        """One line, the same on every machine: used word for word as evidence."""
        noun = self.kind if self.format in ("", self.kind) else f"{self.format} {self.kind}"
        parts = [noun if self.is_valid else f"{self.state.value} {noun}"]
        if "width" in self.facts:
            parts.append(f"{self.facts['width']} x {self.facts['height']} pixels")
        for key in _SHOWN:
            value = self.facts.get(key)
            if value not in (None, "", [], ()):
                listed = ", ".join(map(str, value[:6])) if isinstance(value, list) else str(value)
                parts.append(f"{_LABEL.get(key, key.replace('_', ' '))}: {listed}"[:160])
        parts.append(f"{self.size} bytes")
        if self.signs:
            parts.append("; ".join(self.signs))
        return ", ".join(parts)


_LABEL = {"duration_s": "seconds", "column_names": "columns named"}
_SHOWN = (
    "colours",
    "frames",
    "duration_s",
    "pages",
    "words",
    "rows",
    "columns",
    "column_names",
    "cells",
    "cells_run",
    "sheets",
    "slides",
    "images",
    "shape",
    "dtype",
    "tensors",
    "parameters",
    "nodes",
    "globals",
    "tables",
    "entries",
    "members",
)
