"""Keeps replies on disk under a hash of what was asked; the oldest leave first.

One file a reply, written beside its place and renamed into it, so that a reader never sees half a
reply and many processes can share a folder. Requests, headers and keys are never written.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from results.errors import InputError

_log = logging.getLogger(__name__)
_ENTRY_NAME = re.compile(r"^[0-9a-f]{64}\.json$")
_SHELF_NAME = re.compile(r"^[0-9a-f]{2}$")
_FORMAT = 1
_WRITES_BETWEEN_COUNTS = 200
_FULL_SHARE_AFTER_EVICTION = 0.9


def cache_key(asked: dict[str, Any]) -> str:
    """The hash of what was asked: equal questions have equal keys."""
    text = json.dumps([_FORMAT, asked], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


class ReplyCache:
    """A folder of replies that stays under `max_bytes`. Safe for threads and processes."""

    def __init__(self, directory: Path, max_bytes: int) -> None:
        self.directory = directory
        self.max_bytes = max_bytes
        self._lock = threading.Lock()
        self._bytes = 0
        self._writes_until_count = 0
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise InputError(
                f"The reply cache folder {directory} cannot be made: {error.strerror}; set"
                " JUDGE_CACHE_DIR to a folder that can be written."
            ) from error

    def get(self, key: str) -> dict[str, Any] | None:
        """The kept reply; None when there is none, or when its file is damaged."""
        try:
            entry = json.loads(self._path(key).read_bytes())
        except (OSError, ValueError):
            return None
        if not isinstance(entry, dict) or entry.get("format") != _FORMAT:
            return None
        reply = entry.get("reply")
        return reply if entry.get("key") == key and isinstance(reply, dict) else None

    def put(self, key: str, reply: dict[str, Any]) -> None:
        """Keeps a reply. A full or failing disk is logged and costs no answer."""
        content = json.dumps({"format": _FORMAT, "key": key, "reply": reply}).encode()
        if len(content) > self.max_bytes:
            return
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, unfinished = tempfile.mkstemp(dir=path.parent, suffix=".part")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                Path(unfinished).replace(path)
            except OSError:
                Path(unfinished).unlink(missing_ok=True)
                raise
        except OSError as error:
            _log.warning("A reply could not be kept in %s: %s", self.directory, error.strerror)
            return
        self._make_room(len(content))

    def forget(self, key: str) -> None:
        """Drops one reply, such as one that could not be used, so that it is asked anew."""
        self._path(key).unlink(missing_ok=True)

    def purge(self) -> int:
        """Drops every reply and says how many; files that are not replies stay."""
        with self._lock:
            removed = 0
            for path, _, _ in self._entries():
                path.unlink(missing_ok=True)
                removed += path.suffix == ".json"
            self._bytes = 0
            self._writes_until_count = 0
        return removed

    def size(self) -> int:
        """The bytes of all kept replies."""
        return sum(size for _, _, size in self._entries())

    def _path(self, key: str) -> Path:
        return self.directory / key[:2] / f"{key}.json"

    def _entries(self) -> Iterator[tuple[Path, float, int]]:
        for shelf in self.directory.iterdir() if self.directory.is_dir() else ():
            if not _SHELF_NAME.match(shelf.name) or shelf.is_symlink() or not shelf.is_dir():
                continue
            for path in shelf.iterdir():
                if not _ENTRY_NAME.match(path.name) and path.suffix != ".part":
                    continue
                try:
                    status = path.lstat()
                except OSError:
                    continue
                yield path, status.st_mtime_ns, status.st_size

    def _make_room(self, added: int) -> None:
        """Counts again now and then, because other processes write to the folder as well."""
        with self._lock:
            self._bytes += added
            self._writes_until_count -= 1
            if self._writes_until_count > 0 and self._bytes <= self.max_bytes:
                return
            entries = sorted(self._entries(), key=lambda entry: entry[1])
            self._bytes = sum(size for _, _, size in entries)
            self._writes_until_count = _WRITES_BETWEEN_COUNTS
            if self._bytes <= self.max_bytes:
                return
            for path, _, size in entries[:-1]:
                if self._bytes <= self.max_bytes * _FULL_SHARE_AFTER_EVICTION:
                    break
                try:
                    path.unlink(missing_ok=True)
                except OSError as error:
                    _log.warning("A kept reply cannot be dropped: %s", error.strerror)
                    break
                self._bytes -= size
