"""The file that a reader is handed: open, seekable, and bounded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from judge.workspace.artifact import Unread


@dataclass(frozen=True)
class Source:
    """One open file. `size` and `most` are in bytes; `most` is what may be read whole."""

    path: str
    format: str
    size: int
    file: BinaryIO
    most: int
    log: BinaryIO | None = None  # the write-ahead log beside a database

    def content(self, most: int | None = None) -> bytes:
        """The whole file; Unread where it is larger than `most` allows."""
        limit = self.most if most is None else min(most, self.most)
        if self.size > limit:
            raise Unread(f"larger than {limit} bytes, not read")
        return self.beginning(limit)

    def beginning(self, most: int) -> bytes:
        """At most that many of the first bytes."""
        self.file.seek(0)
        return self.file.read(most)

    def end(self, most: int) -> bytes:
        """At most that many of the last bytes."""
        self.file.seek(max(0, self.size - most))
        return self.file.read(most)
