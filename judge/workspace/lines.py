"""Lines of a file of any size, streamed: the middle of a large log can be read and found."""

from __future__ import annotations

import os
from collections.abc import Iterator

from judge.workspace.view import Workspace

_CHUNK = 1 << 20
LONGEST_LINE = 4_000
MOST_BYTES = 512 << 20


def stream_lines(workspace: Workspace, path: str) -> Iterator[tuple[int, str]]:
    """(1-based number, line without its end) of a text file; nothing of one that is not text.

    A line is cut after 4,000 characters, the file after 512 MiB. Raises InputError when it cannot
    be opened.
    """
    with workspace.opened(path) as descriptor:
        encoding = _encoding(os.pread(descriptor, 4096, 0))
        if encoding is None:
            return
        newline = "\n".encode(encoding.removesuffix("-sig"))
        kept = b""
        number = done = 0
        while done < MOST_BYTES:
            chunk = os.read(descriptor, _CHUNK)
            if not chunk:
                break
            done += len(chunk)
            *whole, kept = (kept + chunk).split(newline)
            for line in whole:
                number += 1
                yield number, _text(line, encoding)
            kept = kept[: LONGEST_LINE * 8]
        if kept:
            yield number + 1, _text(kept, encoding)


def read_lines(workspace: Workspace, path: str, start: int, end: int) -> list[str]:
    """Lines `start`..`end` of a text file, 1-based and inclusive; fewer where it ends before."""
    found: list[str] = []
    for number, line in stream_lines(workspace, path):
        if number > end:
            break
        if number >= start:
            found.append(line)
    return found


def _text(line: bytes, encoding: str) -> str:
    return line[: LONGEST_LINE * 4].decode(encoding, "replace").strip("\ufeff\r")[:LONGEST_LINE]


def _encoding(head: bytes) -> str | None:
    for mark, name in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if head.startswith(mark):
            return name
    if b"\0" in head:
        return None
    return "utf-8-sig" if head.startswith(b"\xef\xbb\xbf") else "utf-8"
