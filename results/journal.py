"""The append-only journal of a run: one JSON object a line, on disk before `append` returns.

The journal is the truth that every store is made from. Each line is written by one `write` to a
file opened for appending and followed by `fdatasync`, so a process killed at any byte leaves whole
lines and at most one torn last line. A torn line was never acknowledged: reading passes over it,
and the next append takes it away. Appending and looking for the last whole line happen under a
lock on the file, so that no reader or second writer takes a line being written for a torn one.
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from results.errors import InputError, JournalError
from results.strict_json import TooLong, decode_object, encode_object

MAX_LINE_BYTES = 16 * 2**20
_BLOCK = 2**16
# macOS has no fdatasync.
_sync_data = getattr(os, "fdatasync", os.fsync)


class EntryTooLong(JournalError):
    """An entry does not fit in one line of a journal."""


class Journal:
    """A journal file; it is made by the first append. Safe for threads and processes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, entry: Mapping[str, Any]) -> None:
        """Writes one entry, an object with a `kind`, and returns when it is on disk.

        Raises JournalError when the entry is not storable JSON, is longer than MAX_LINE_BYTES, or
        cannot be written; the journal then holds what it held before.
        """
        line = self._line(entry)
        try:
            with self._opened(os.O_RDWR | os.O_CREAT | os.O_APPEND, fcntl.LOCK_EX) as handle:
                end, tail = _last_line(handle)
                if _is_whole(tail):
                    line = b"\n" + line
                    end += len(tail)
                elif tail:
                    os.ftruncate(handle, end)
                written = os.write(handle, line)
                if written < len(line):
                    os.ftruncate(handle, end)
                    raise JournalError(
                        f"{self.path} took only {written} of {len(line)} bytes; free some disk"
                        " space, then resume the run."
                    )
                _sync_data(handle)
                if end == 0:
                    sync_folder(self.path.parent)
        except OSError as error:
            raise JournalError(
                f"{self.path} cannot be written: {error.strerror}; mend that, then resume the run."
            ) from error

    def entries(self) -> Iterator[dict[str, Any]]:
        """Every whole entry, oldest first; none where the file is missing.

        Raises InputError with the line number at a line that is no entry.
        """
        return (entry for _, entry in self.numbered_entries())

    def numbered_entries(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """As `entries`, each with its 1-based line number."""
        try:
            with self._opened(os.O_RDONLY, fcntl.LOCK_SH) as handle:
                end, tail = _last_line(handle)
                fcntl.flock(handle, fcntl.LOCK_UN)
                yield from self._read(handle, end, tail)
        except FileNotFoundError:
            return
        except OSError as error:
            raise InputError(f"{self.path} cannot be read: {error.strerror}.") from error

    def torn_bytes(self) -> int:
        """The length of a last line that was cut off while it was written; 0 without one."""
        try:
            with self._opened(os.O_RDONLY, fcntl.LOCK_SH) as handle:
                _, tail = _last_line(handle)
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise InputError(f"{self.path} cannot be read: {error.strerror}.") from error
        return 0 if _is_whole(tail) else len(tail)

    @contextmanager
    def _opened(self, flags: int, lock: int) -> Iterator[int]:
        """A locked handle. Opened without blocking: a pipe would wait for ever."""
        handle = os.open(self.path, flags | os.O_CLOEXEC | os.O_NONBLOCK, 0o666)
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise InputError(f"{self.path} is not a regular file, so it is no journal.")
            fcntl.flock(handle, lock)
            yield handle
        finally:
            os.close(handle)

    def _read(self, handle: int, end: int, tail: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
        """Lines before `end` never change, so they are read without the lock."""
        number = 0
        with os.fdopen(os.dup(handle), "rb") as file:
            file.seek(0)
            while file.tell() < end:
                number += 1
                line = file.readline(MAX_LINE_BYTES + 1)
                if len(line) > MAX_LINE_BYTES:
                    raise self._damaged(number, f"it is longer than {MAX_LINE_BYTES:,} bytes")
                if not line.strip():
                    continue
                try:
                    yield number, _entry(line)
                except ValueError as error:
                    raise self._damaged(number, str(error)) from error
        if _is_whole(tail):
            yield number + 1, _entry(tail)

    def _line(self, entry: Mapping[str, Any]) -> bytes:
        try:
            if not isinstance(entry.get("kind"), str):
                raise ValueError("its `kind` is missing")
            return encode_object(entry, MAX_LINE_BYTES - 1) + b"\n"
        except ValueError as error:
            refused = EntryTooLong if isinstance(error, TooLong) else JournalError
            raise refused(f"An entry for {self.path} cannot be kept: {error}.") from error

    def _damaged(self, number: int, fault: str) -> InputError:
        return InputError(
            f"{self.path}, line {number}, is damaged: {fault}; restore the file, or take that line"
            " out and resume the run."
        )


def sync_folder(path: Path) -> None:
    """Puts the names in a folder on disk, so that a new file outlives a power cut."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _entry(line: bytes) -> dict[str, Any]:
    entry = decode_object(line)
    if not isinstance(entry.get("kind"), str):
        raise ValueError("its `kind` is missing")
    return entry


def _is_whole(tail: bytes) -> bool:
    """Whether only the line end is missing: an object that decodes has its last brace."""
    if not tail or len(tail) >= MAX_LINE_BYTES:
        return False
    try:
        _entry(tail)
    except ValueError:
        return False
    return True


def _last_line(handle: int) -> tuple[int, bytes]:
    """(where the bytes after the last line end start, those bytes as far as a line may be long)."""
    start = os.fstat(handle).st_size
    while start > 0:
        length = min(_BLOCK, start)
        cut = os.pread(handle, length, start - length).rfind(b"\n")
        if cut >= 0:
            start += cut + 1 - length
            break
        start -= length
    return start, os.pread(handle, MAX_LINE_BYTES + 1, start)
