"""Lists an untrusted folder within limits, without following a link out of it."""

from __future__ import annotations

import heapq
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import PurePosixPath

# What tools leave behind in a workspace and no agent wrote.
SKIPPED_FOLDERS = frozenset(
    {".git", "__pycache__", "node_modules", ".venv", "venv", ".mypy_cache", ".pytest_cache"}
)
MOST_CUTS = 1_000
MOST_ENTRIES = 500_000  # looked at in all, so that a folder of millions ends too

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True)
class Limits:
    """How much of a workspace is looked at.

    `max_total_bytes` counts of each file what may be read of it; the files beyond it are listed
    and not opened. Seconds are of computing, memory is in bytes, both for one file.
    """

    max_files: int = 20_000
    max_folders: int = 20_000
    max_depth: int = 40
    max_file_bytes: int = 64 << 20
    max_total_bytes: int = 4 << 30
    max_text_chars: int = 200_000
    max_read_seconds: float = 2.0
    max_read_memory: int = 300 << 20


@dataclass(frozen=True)
class FileEntry:
    """A regular file; `path` is relative to the root, with forward slashes; `size` in bytes."""

    path: str
    size: int


@dataclass(frozen=True)
class Cut:
    """Something that was left out, and why."""

    path: str
    reason: str


@dataclass
class Listing:
    """What a walk found; `unopened` are the files beyond the limit of bytes."""

    files: list[FileEntry] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    cuts: list[Cut] = field(default_factory=list)
    unopened: set[str] = field(default_factory=set)
    is_truncated: bool = False

    def cut(self, path: str, reason: str) -> None:
        if len(self.cuts) < MOST_CUTS:
            self.cuts.append(Cut(path or ".", reason))
        elif len(self.cuts) == MOST_CUTS:
            self.cuts.append(Cut(".", f"more than {MOST_CUTS} cuts, the others are not named"))

    def truncate(self, path: str, reason: str) -> None:
        self.is_truncated = True
        self.cut(path, reason)


@contextmanager
def folder_within(root: int, path: str) -> Iterator[int]:
    """A descriptor of the folder at `path`, reached part by part from the descriptor `root`.

    Raises OSError where a part is missing, a symbolic link, or no folder.
    """
    held = [os.dup(root)]
    try:
        for part in PurePosixPath(path).parts:
            held.append(os.open(part, _FOLDER, dir_fd=held[-1]))
            os.close(held.pop(0))
        yield held[-1]
    finally:
        for descriptor in held:
            os.close(descriptor)


def open_file(root: int, path: str) -> int:
    """A descriptor of the regular file at `path`; OSError where it is anything else.

    Nothing blocks: a fifo put in the file's place is opened without waiting, and refused.
    """
    *folders, name = PurePosixPath(path).parts
    with folder_within(root, "/".join(folders)) as folder:
        descriptor = os.open(name, _FILE, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(0, "it is no longer a regular file")
    return descriptor


def list_folder(root: int, limits: Limits) -> Listing:
    """Everything below the open folder `root`, breadth first and by name.

    Breadth first, so that a limit cuts the deep end of a workspace and not its last folder.
    """
    walk = _Walk(root, limits)
    level = [""]
    for depth in range(limits.max_depth + 1):
        level = walk.level(level, is_last=depth == limits.max_depth)
    walk.found.files.sort(key=lambda entry: entry.path)
    walk.found.folders.sort()
    return walk.found


class _Walk:
    def __init__(self, root: int, limits: Limits) -> None:
        self.root = root
        self.limits = limits
        self.found = Listing()
        self.entries_left = MOST_ENTRIES
        self.bytes_left = limits.max_total_bytes
        self.said: set[str] = set()

    def level(self, folders: list[str], is_last: bool) -> list[str]:
        """Looks into folders of one depth; the folders found in them."""
        deeper: list[str] = []
        for folder in folders:
            if self.entries_left <= 0:
                self._say_once(folder, f"only the first {MOST_ENTRIES} entries are looked at")
                break
            try:
                with folder_within(self.root, folder) as descriptor:
                    for entry in self._entries(descriptor, folder):
                        self._sort_in(entry, folder, deeper, is_last)
            except OSError as error:
                self.found.cut(folder, f"the folder cannot be read: {error.strerror}")
        return deeper

    def _entries(self, descriptor: int, folder: str) -> list[os.DirEntry[str]]:
        """The first entries of a folder by name, in bounded memory."""
        counted = 0

        def counting() -> Iterator[os.DirEntry[str]]:
            nonlocal counted
            with os.scandir(descriptor) as entries:
                for entry in islice(entries, self.entries_left):
                    counted += 1
                    yield entry

        most = self.limits.max_files + self.limits.max_folders
        kept = heapq.nsmallest(most, counting(), key=lambda entry: entry.name)
        self.entries_left -= counted
        if counted > len(kept):
            self.found.truncate(folder, f"{counted - len(kept)} of its entries are left out")
        return kept

    def _sort_in(
        self, entry: os.DirEntry[str], folder: str, deeper: list[str], is_last: bool
    ) -> None:
        path = f"{folder}/{entry.name}" if folder else entry.name
        try:
            path.encode()
            status = entry.stat(follow_symlinks=False)
        except UnicodeEncodeError:
            shown = os.fsencode(path).decode("utf-8", "backslashreplace")
            self.found.cut(shown, "its name is not valid UTF-8")
            return
        except OSError as error:
            self.found.cut(path, f"it cannot be looked at: {error.strerror}")
            return
        if stat.S_ISREG(status.st_mode):
            self._file(path, status.st_size)
        elif stat.S_ISLNK(status.st_mode):
            self.found.cut(path, "a symbolic link, not followed")
        elif not stat.S_ISDIR(status.st_mode):
            self.found.cut(path, "a special file, not opened")
        elif entry.name in SKIPPED_FOLDERS:
            self.found.cut(path, "a folder that tools make, not looked into")
        elif is_last:
            self.found.truncate(path, f"deeper than {self.limits.max_depth} folders")
        elif len(self.found.folders) >= self.limits.max_folders:
            self._say_once(path, f"only the first {self.limits.max_folders} folders are looked at")
        else:
            self.found.folders.append(path)
            deeper.append(path)

    def _file(self, path: str, size: int) -> None:
        limits = self.limits
        if len(self.found.files) >= limits.max_files:
            self._say_once(path, f"only the first {limits.max_files} files are looked at")
            return
        self.found.files.append(FileEntry(path, size))
        self.bytes_left -= min(size, limits.max_file_bytes)
        if size and self.bytes_left < 0:
            self.found.unopened.add(path)
            self.found.cut(
                path, f"beyond the workspace's first {limits.max_total_bytes} bytes, not opened"
            )
        elif size > limits.max_file_bytes:
            self.found.cut(path, f"larger than {limits.max_file_bytes} bytes, not read whole")

    def _say_once(self, path: str, reason: str) -> None:
        if reason not in self.said:
            self.said.add(reason)
            self.found.truncate(path, reason)
