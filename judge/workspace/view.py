"""A bounded view of an untrusted folder that nothing leads out of."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

from judge.workspace.artifact import Artifact
from judge.workspace.listing import Cut, FileEntry, Limits, Listing, list_folder, open_file
from results.errors import InputError

__all__ = ["Cut", "FileEntry", "Limits", "Workspace"]

T = TypeVar("T")

_KEPT_CHARS = 64_000_000  # of texts and artifacts held in memory, for one workspace
_HASHED_HEAD = 1 << 20


class Workspace:
    """The files an agent left. Symlinks are not followed, special files are not opened."""

    def __init__(self, root: Path, limits: Limits, identity: tuple[int, int], found: Listing):
        self.root = root
        self.limits = limits
        self.files = tuple(found.files)
        self.directories = tuple(found.folders)
        self.cuts = tuple(found.cuts)
        self.is_truncated = found.is_truncated
        self._identity = identity
        self._unopened = found.unopened
        self._sizes = {entry.path: entry.size for entry in self.files}
        self._texts = _Kept[str | None](_KEPT_CHARS)
        self._artifacts = _Kept[Artifact](_KEPT_CHARS)

    @classmethod
    def open(cls, root: Path | str, limits: Limits | None = None) -> Workspace:
        """Lists a folder. Raises InputError when it is missing, no folder, or a symlink."""
        root = Path(root)
        limits = limits or Limits()
        try:
            status = root.lstat()
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise InputError(
                f"The workspace {root} cannot be opened: {why}; check the path."
            ) from error
        if stat.S_ISLNK(status.st_mode):
            raise InputError(
                f"The workspace {root} is a symbolic link, which is not followed; give the folder"
                " itself."
            )
        if not stat.S_ISDIR(status.st_mode):
            raise InputError(f"The workspace {root} is not a folder; give the folder of files.")
        try:
            descriptor = _open_root(root)
        except OSError as error:
            raise InputError(
                f"The workspace {root} cannot be opened: {error.strerror}; check the path and its"
                " permissions."
            ) from error
        try:
            return cls(root, limits, _identity(descriptor), list_folder(descriptor, limits))
        finally:
            os.close(descriptor)

    def has(self, path: str) -> bool:
        """Whether there is such a regular file; `path` as in `files`."""
        return path in self._sizes

    def entry(self, path: str) -> FileEntry | None:
        """The file at a path, or None."""
        size = self._sizes.get(path)
        return None if size is None else FileEntry(path, size)

    def size(self, path: str) -> int:
        """Bytes; KeyError where there is no such file."""
        return self._sizes[path]

    @contextmanager
    def opened(self, path: str) -> Iterator[int]:
        """A read-only descriptor, reached component by component without following a link.

        Raises InputError when `path` is no file of the workspace, cannot be read, was swapped for
        something else since the folder was listed, or lies beyond the limit of bytes.
        """
        descriptor = self._open(path)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _open(self, path: str) -> int:
        if path not in self._sizes:
            raise InputError(f"{path!r} is not a file of the workspace {self.root}.")
        if path in self._unopened:
            raise InputError(
                f"{path!r} lies beyond the first {self.limits.max_total_bytes} bytes of the"
                " workspace, and is not opened."
            )
        try:
            root = _open_root(self.root)
            try:
                if _identity(root) != self._identity:
                    raise OSError(0, "the workspace was replaced by another folder")
                return open_file(root, path)
            finally:
                os.close(root)
        except OSError as error:
            raise InputError(f"{path!r} cannot be read: {error.strerror}.") from error

    def read_bytes(self, path: str, limit: int | None = None) -> bytes:
        """At most `limit` bytes of a file; InputError when it is none or cannot be read."""
        wanted = self.limits.max_file_bytes if limit is None else limit
        with self.opened(path) as descriptor:
            return _read(descriptor, path, wanted)

    def text(self, path: str) -> str | None:
        """The bounded text of a text-like file; None when it is binary or cannot be read."""
        return self._texts.get(path, lambda: self._text(path), _length)

    def _text(self, path: str) -> str | None:
        from judge.workspace.decoding import decode

        limit = self.limits.max_text_chars
        try:
            content = self.read_bytes(path, limit * 4)
        except InputError:
            return None
        text = decode(content, is_cut=len(content) == limit * 4)
        return None if text is None else text[:limit]

    def source(self, path: str) -> str | None:
        """The code of a file: of a notebook its code cells joined, else the text.

        None when the file is binary, cannot be read, or is a notebook that does not parse.
        """
        if not path.lower().endswith(".ipynb"):
            return self.text(path)
        artifact = self.artifact(path)
        return artifact.code if artifact.kind == "notebook" and artifact.is_valid else None

    def artifact(self, path: str) -> Artifact:
        """What the file is and holds; bad content is a state of it, never an error.

        KeyError where there is no such file.
        """
        from judge.workspace.reading import read_artifact

        return self._artifacts.get(path, lambda: read_artifact(self, path), _weight)

    def fingerprint(self) -> str:
        """A hash of every path, size and content (of large files, of both ends), and the cuts."""
        total = hashlib.sha256()
        for entry in self.files:
            total.update(f"{entry.path}\0{entry.size}\0".encode())
            try:
                with self.opened(entry.path) as descriptor:
                    total.update(_read(descriptor, entry.path, _HASHED_HEAD))
                    if entry.size > _HASHED_HEAD:
                        os.lseek(descriptor, max(_HASHED_HEAD, entry.size - _HASHED_HEAD), 0)
                        total.update(_read(descriptor, entry.path, _HASHED_HEAD))
            except InputError:
                total.update(b"unreadable")
        for cut in self.cuts:
            total.update(f"{cut.path}\0{cut.reason}\0".encode())
        return total.hexdigest()


def _open_root(root: Path) -> int:
    return os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)


def _identity(descriptor: int) -> tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino


def _read(descriptor: int, path: str, limit: int) -> bytes:
    parts: list[bytes] = []
    while limit > 0:
        try:
            part = os.read(descriptor, min(limit, 1 << 20))
        except OSError as error:
            raise InputError(f"{path!r} cannot be read: {error.strerror}.") from error
        if not part:
            break
        parts.append(part)
        limit -= len(part)
    return b"".join(parts)


def _length(text: str | None) -> int:
    return 100 + len(text or "")


def _weight(artifact: Artifact) -> int:
    return 5_000 + len(artifact.text) + len(artifact.code)


class _Kept(Generic[T]):
    """What was made for a path, kept while there is room; safe to share between threads."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._values: OrderedDict[str, tuple[T, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, path: str, make: Callable[[], T], weight: Callable[[T], int]) -> T:
        with self._lock:
            if path in self._values:
                self._values.move_to_end(path)
                return self._values[path][0]
        value = make()
        with self._lock:
            if path not in self._values:
                self._values[path] = (value, weight(value))
                self._room -= weight(value)
            while self._room < 0 and len(self._values) > 1:
                _, (_, freed) = self._values.popitem(last=False)
                self._room += freed
        return value
