"""What the deterministic parts know of one agent output, established once and shared."""

from __future__ import annotations

import json
from functools import cached_property
from posixpath import splitext

from judge.code import CodeGraph, build_graph, language_of
from judge.trajectory import Trajectory
from judge.workspace import Workspace


class Inspection:
    """A workspace, its trajectory, and the code graph built from it on first use."""

    def __init__(self, workspace: Workspace, trajectory: Trajectory | None) -> None:
        self.workspace = workspace
        self.trajectory = trajectory

    @cached_property
    def texts(self) -> dict[str, str]:
        """The text of every source file and notebook as it stands on disk, by path."""
        found: dict[str, str] = {}
        for entry in self.workspace.files:
            if is_source(entry.path):
                text = self.workspace.text(entry.path)
                if text is not None:
                    found[entry.path] = text
        return found

    @cached_property
    def sources(self) -> dict[str, str]:
        """Source code by path; of a notebook, its code cells joined by `notebook_source`."""
        return {
            path: notebook_source(text) if is_notebook(path) else text
            for path, text in self.texts.items()
        }

    @cached_property
    def graph(self) -> CodeGraph:
        return build_graph(self.sources)

    @cached_property
    def _lines(self) -> dict[str, list[str]]:
        return {path: text.splitlines() for path, text in self.sources.items()}

    def line(self, path: str, number: int) -> str:
        """The 1-based line of the code in a source file, or "" where there is none."""
        lines = self._lines.get(path, [])
        return lines[number - 1] if 1 <= number <= len(lines) else ""


def is_notebook(path: str) -> bool:
    return splitext(path)[1].lower() == ".ipynb"


def is_source(path: str) -> bool:
    return is_notebook(path) or language_of(path) is not None


def notebook_source(text: str) -> str:
    """The code of a notebook, as long as all its cells; "" where it cannot be parsed.

    Lines that are no Python (prose cells, `%magic`, `!command`) are left empty, so that line
    numbers are those of the joined cells.
    """
    try:
        cells = json.loads(text).get("cells", [])
    except (ValueError, AttributeError, RecursionError):
        return ""
    parts: list[str] = []
    for cell in cells if isinstance(cells, list) else []:
        if not isinstance(cell, dict):
            continue
        source = cell.get("source", "")
        rows = ("".join(map(str, source)) if isinstance(source, list) else str(source)).split("\n")
        is_code = cell.get("cell_type") == "code"
        parts.append(
            "\n".join(
                row if is_code and not row.lstrip().startswith(("%", "!")) else "" for row in rows
            )
        )
    return "\n\n".join(parts)
