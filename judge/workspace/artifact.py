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
    UNREADABLE = "unreadable"  # a limit, encryption, an error or the lack of a reader


class Damaged(Exception):
    """The file is not what its format asks for; the message says how, in a few words."""


class Unread(Exception):
    """A limit or a lock keeps the file from being read; the message says which."""


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
    code: str = ""  # of a notebook, its code cells


@dataclass(frozen=True)
class Artifact:
    """A file of a workspace, read: `kind` is what it is for, `format` how it is written.

    `facts` holds JSON values only; `signs` says what speaks against the file; `cuts` what of it
    was not read; `code` is the code of a notebook.
    """

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
    code: str = ""

    @property
    def is_valid(self) -> bool:
        return self.state is ArtifactState.VALID

    def summary(self) -> str:
        """One line of printable text, the same on every machine: used word for word as evidence."""
        noun = self.kind if self.format in ("", self.kind) else f"{self.format} {self.kind}"
        parts = [noun if self.is_valid else f"{self.state.value} {noun}"]
        if "width" in self.facts:
            parts.append(f"{self.facts['width']} x {self.facts['height']} pixels")
        for key, label in _SHOWN.items():
            value = self.facts.get(key)
            if value is None or value is False or value in ("", [], {}):
                continue
            if value == 0 and key in _TOLD_ONLY_IF_ANY:
                continue
            shown = f"{label}: {_listed(value)}" if value is not True else label
            parts.append(shown[:160])
        parts.append(f"{self.size} bytes")
        parts.extend(self.signs)
        return one_line(", ".join(parts))


# The facts that a summary shows, in order, with the words for them.
_SHOWN = {
    "colours": "colours",
    "frames": "frames",
    "distinct_frames": "distinct frames",
    "duration_s": "seconds",
    "sample_rate": "samples per second",
    "pages": "pages",
    "slides": "slides",
    "sheets": "sheets",
    "lines": "lines",
    "words": "words",
    "numbers": "numbers",
    "headings": "headings",
    "images": "images",
    "drawn_pages": "pages with drawings",
    "inputs": "inputs",
    "buttons": "buttons",
    "rows": "rows",
    "columns": "columns",
    "column_names": "columns named",
    "cells": "cells",
    "code_cells": "code cells",
    "cells_run": "cells run",
    "top": "top level",
    "keys": "keys",
    "entries": "entries",
    "class": "class",
    "attributes": "attributes",
    "fitted": "fitted",
    "shape": "shape",
    "dtype": "dtype",
    "objects": "holds Python objects",
    "nodes": "nodes",
    "layers": "layers",
    "tensors": "tensors",
    "parameters": "parameters",
    "globals": "names",
    "tables": "tables",
    "views": "views",
    "members": "members",
}


_TOLD_ONLY_IF_ANY = frozenset(
    {"inputs", "buttons", "tables", "tensors", "parameters", "entries", "frames", "drawn_pages"}
)


def _listed(value: Any) -> str:
    if isinstance(value, list):
        rest = f", and {len(value) - 6} more" if len(value) > 6 else ""
        return ", ".join(str(item)[:40] for item in value[:6]) + rest
    return str(value)


def one_line(text: str) -> str:
    """The text with white space folded and whatever does not print replaced by `?`."""
    return "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))
