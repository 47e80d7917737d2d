"""Numbered excerpts, and the record of which lines a model was shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

# Lines longer than this are mostly data; their head is enough to recognise them.
LONGEST_SHOWN_LINE = 400


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of one file as they are shown: `total` is its number of lines where that is known."""

    path: str
    start: int
    end: int
    total: int | None
    text: str
    cut: str = ""

    @property
    def is_whole(self) -> bool:
        return (
            self.start <= 1 and self.total is not None and self.end >= self.total and not self.cut
        )


def numbered(lines: Iterable[str], start: int, room: int) -> tuple[str, int]:
    """The lines with their numbers within `room` characters, and the last number shown.

    At least one line is shown; where none fits, its head.
    """
    parts: list[str] = []
    last = start - 1
    for number, line in enumerate(lines, start):
        shown = f"{number}: {_bounded(line)}"
        if parts and len(shown) + 1 > room:
            break
        parts.append(shown)
        room -= len(shown) + 1
        last = number
    return "\n".join(parts), last


def _bounded(line: str) -> str:
    if len(line) <= LONGEST_SHOWN_LINE:
        return line
    return f"{line[:LONGEST_SHOWN_LINE]} […{len(line) - LONGEST_SHOWN_LINE} more characters]"


@dataclass
class Shown:
    """Which lines of which files were shown while one requirement was judged."""

    _lines: dict[str, set[int]] = field(default_factory=dict)
    _totals: dict[str, int | None] = field(default_factory=dict)
    _cut: set[str] = field(default_factory=set)

    def add(self, excerpt: Excerpt) -> None:
        self._lines.setdefault(excerpt.path, set()).update(range(excerpt.start, excerpt.end + 1))
        self._totals[excerpt.path] = excerpt.total
        if excerpt.cut:
            self._cut.add(excerpt.path)

    def is_whole(self, path: str) -> bool:
        """Whether every line of the file was shown."""
        total = self._totals.get(path)
        if total is None or path in self._cut:
            return False
        return len(self._lines[path].intersection(range(1, total + 1))) >= total

    def unseen(self, path: str) -> str:
        """What of a file was not shown, in words; empty when nothing is missing."""
        if path not in self._lines:
            return f"{path} was not read"
        if self.is_whole(path):
            return ""
        total = self._totals[path]
        seen = len(self._lines[path])
        return f"{path}: {seen} of {total if total is not None else 'unknown'} lines were shown"
