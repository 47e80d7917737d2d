"""The bytes of a pickle, read forward within bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from judge.workspace.artifact import Damaged

LONGEST_LINE = 1 << 16
_CHUNK = 1 << 16


class Readable(Protocol):
    """Anything that can be read forward."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(slots=True)
class Blob:
    """Bytes of which only the length and whether all are zero were kept."""

    length: int
    is_zero: bool


class Tape:
    """The bytes of a pickle, read forward and counted."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream

    def read(self, size: int) -> bytes:
        """Exactly that many bytes; Damaged where there are fewer."""
        parts: list[bytes] = []
        while size > 0:
            part = self._stream.read(min(size, _CHUNK))
            if not part:
                raise Damaged("its opcodes end before the pickle does")
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def readline(self) -> bytes:
        line = bytearray()
        while not line.endswith(b"\n"):
            line += self.read(1)
            if len(line) > LONGEST_LINE:
                raise Damaged("one of its lines has no end")
        return bytes(line)

    def blob(self, size: int) -> Blob:
        """Steps over bytes, and says whether all of them are zero."""
        is_zero = True
        left = size
        while left > 0:
            part = self.read(min(left, _CHUNK))
            is_zero = is_zero and part.count(0) == len(part)
            left -= len(part)
        return Blob(size, is_zero)
