"""A bounded view of an untrusted folder that nothing leads out of."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from judge.workspace.artifact import Artifact
from results.errors import InputError

# What tools leave behind in a workspace and no agent wrote.
SKIPPED_FOLDERS = frozenset(
    {".git", "__pycache__", "node_modules", ".venv", "venv", ".mypy_cache", ".pytest_cache"}
)
MOST_CUTS = 1_000


@dataclass(frozen=True)
class Limits:
    """How much of a workspace is looked at."""

    max_files: int = 20_000
    max_depth: int = 40
    max_file_bytes: int = 64 << 20
    max_total_bytes: int = 4 << 30
    max_text_chars: int = 200_000


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


class Workspace:
    """The files an agent left. Symlinks are not followed, special files are not opened."""

    def __init__(
        self,
        root: Path,
        limits: Limits,
        files: tuple[FileEntry, ...],
        directories: tuple[str, ...],
        cuts: tuple[Cut, ...],
        is_truncated: bool,
    ) -> None:
        self.root = root
        self.limits = limits
        self.files = files
        self.directories = directories
        self.cuts = cuts
        self.is_truncated = is_truncated
        self._sizes = {entry.path: entry.size for entry in files}
        self._texts: dict[str, str | None] = {}
        self._artifacts: dict[str, Artifact] = {}

    @classmethod
    def open(cls, root: Path | str, limits: Limits | None = None) -> Workspace:
        """Lists a folder. Raises InputError when it is missing, no folder, or a symlink."""
        root = Path(root)
        limits = limits or Limits()
        try:
            status = root.lstat()
        except OSError as error:
            raise InputError(
                f"The workspace {root} cannot be opened: {error.strerror}; check the path."
            ) from error
        if stat.S_ISLNK(status.st_mode):
            raise InputError(
                f"The workspace {root} is a symbolic link, which is not followed; give the folder"
                " itself."
            )
        if not stat.S_ISDIR(status.st_mode):
            raise InputError(f"The workspace {root} is not a folder; give the folder of files.")
        return cls(root, limits, *_listing(root, limits))

    def has(self, path: str) -> bool:
        return path in self._sizes

    def entry(self, path: str) -> FileEntry | None:
        size = self._sizes.get(path)
        return None if size is None else FileEntry(path, size)

    def size(self, path: str) -> int:
        """Bytes; KeyError where there is no such file."""
        return self._sizes[path]

    @contextmanager
    def opened(self, path: str) -> Iterator[int]:
        """A read-only descriptor, reached component by component without following a link."""
        if path not in self._sizes:
            raise InputError(f"{path!r} is not a file of the workspace {self.root}.")
        held: list[int] = []
        try:
            held.append(os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW))
            *folders, name = PurePosixPath(path).parts
            for folder in folders:
                flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
                held.append(os.open(folder, flags, dir_fd=held[-1]))
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
            held.append(os.open(name, flags, dir_fd=held[-1]))
            if not stat.S_ISREG(os.fstat(held[-1]).st_mode):
                raise InputError(f"{path!r} in {self.root} is no longer a regular file.")
            yield held[-1]
        except OSError as error:
            raise InputError(
                f"{path!r} in {self.root} cannot be read: {error.strerror}."
            ) from error
        finally:
            for descriptor in held:
                os.close(descriptor)

    def read_bytes(self, path: str, limit: int | None = None) -> bytes:
        """At most `limit` bytes of a file; InputError when it is none or cannot be read."""
        wanted = self.limits.max_file_bytes if limit is None else limit
        parts: list[bytes] = []
        with self.opened(path) as descriptor:
            while wanted > 0:
                part = os.read(descriptor, min(wanted, 1 << 20))
                if not part:
                    break
                parts.append(part)
                wanted -= len(part)
        return b"".join(parts)

    def text(self, path: str) -> str | None:
        """The bounded text of a text-like file; None when it is binary or cannot be read."""
        if path not in self._texts:
            from judge.workspace.decoding import decode

            try:
                content = self.read_bytes(path, self.limits.max_text_chars * 4)
            except InputError:
                content = b"\0"
            text = decode(content)
            self._texts[path] = None if text is None else text[: self.limits.max_text_chars]
        return self._texts[path]

    def artifact(self, path: str) -> Artifact:
        """What the file is and holds; bad content is a state of it, never an error."""
        if path not in self._artifacts:
            from judge.workspace.reading import read_artifact

            self._artifacts[path] = read_artifact(self, path)
        return self._artifacts[path]

    def fingerprint(self) -> str:
        """A hash of every path, size and content (of large files, of their head)."""
        total = hashlib.sha256()
        for entry in self.files:
            total.update(f"{entry.path}\0{entry.size}\0".encode())
            try:
                total.update(hashlib.sha256(self.read_bytes(entry.path, 1 << 20)).digest())
            except InputError:
                total.update(b"unreadable")
        for cut in self.cuts:
            total.update(f"{cut.path}\0{cut.reason}".encode())
        return total.hexdigest()


def _listing(
    root: Path, limits: Limits
) -> tuple[tuple[FileEntry, ...], tuple[str, ...], tuple[Cut, ...], bool]:
    files: list[FileEntry] = []
    folders: list[str] = []
    cuts: list[Cut] = []
    truncated = False
    total = 0

    def cut(path: str, reason: str) -> None:
        if len(cuts) < MOST_CUTS:
            cuts.append(Cut(path, reason))

    # Breadth first, so that a limit cuts the deep end of a workspace and not its last folder.
    level: list[tuple[str, int]] = [("", 0)]
    while level:
        deeper: list[tuple[str, int]] = []
        for folder, depth in level:
            try:
                with os.scandir(root / folder if folder else root) as found:
                    entries = sorted(found, key=lambda e: e.name)
            except OSError as error:
                cut(folder or ".", f"the folder cannot be read: {error.strerror}")
                continue
            for entry in entries:
                try:
                    entry.name.encode()
                except UnicodeEncodeError:
                    shown = os.fsencode(entry.name).decode("utf-8", "backslashreplace")
                    cut(f"{folder}/{shown}".lstrip("/"), "its name is not valid UTF-8")
                    continue
                path = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_symlink():
                    cut(path, "a symbolic link, not followed")
                elif entry.is_dir(follow_symlinks=False):
                    if entry.name in SKIPPED_FOLDERS:
                        cut(path, "a folder that tools make, not looked into")
                    elif depth + 1 > limits.max_depth:
                        truncated = True
                        cut(path, f"deeper than {limits.max_depth} folders")
                    else:
                        folders.append(path)
                        deeper.append((path, depth + 1))
                elif not entry.is_file(follow_symlinks=False):
                    cut(path, "a special file, not opened")
                elif len(files) >= limits.max_files:
                    if not truncated:
                        cut(path, f"only the first {limits.max_files} files are looked at")
                    truncated = True
                else:
                    size = entry.stat(follow_symlinks=False).st_size
                    total += size
                    if size > limits.max_file_bytes:
                        cut(path, f"larger than {limits.max_file_bytes} bytes, not read whole")
                    files.append(FileEntry(path, size))
        if len(files) >= limits.max_files and deeper:
            truncated = True
            cut(deeper[0][0], f"only the first {limits.max_files} files are looked at")
            break
        level = deeper
    if total > limits.max_total_bytes:
        cut(".", f"{total} bytes in all, more than {limits.max_total_bytes}")
    return (
        tuple(sorted(files, key=lambda f: f.path)),
        tuple(sorted(folders)),
        tuple(cuts),
        truncated,
    )
