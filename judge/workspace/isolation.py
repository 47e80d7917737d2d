"""Reads a hostile file in a process of its own, so that a crash or a bomb costs that file only.

PDF, office, media, HDF5 and table libraries are large, partly C, and were written for files that
mean well. One child process, kept for many files, runs them with the keys of the environment taken
away, without the right to write a file, under a limit of computing time (the kernel ends it, so C
code cannot outstay it) and of memory. The file is handed over as a descriptor that was opened
without following a link. The answer comes back as JSON and is never unpickled.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from typing import Any

from judge.workspace.artifact import ArtifactState, Found
from judge.workspace.kinds import Kind
from judge.workspace.listing import Limits
from results.errors import JudgeError

MOST_REPLY_BYTES = 32 << 20
_MOST_WORKERS = 4
# Waiting is for the computing that others do on the same cores; the kernel counts our own.
_PATIENCE = 20.0
_KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LANG", "LC_ALL", "TMPDIR")


_OUT_OF_TIME = (-signal.SIGPROF, -signal.SIGXCPU)


class _Ended(Exception):
    """The child ended or stayed silent instead of answering."""


class _Child:
    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        path = [os.path.abspath(entry) for entry in sys.path]  # noqa: PTH100 -- keeps zip entries
        code = (
            f"import sys; sys.path[:] = {path!r}; from judge.workspace.worker import serve;"
            f" serve({theirs.fileno()})"
        )
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-c", code],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                cwd="/",
                env=_environment(),
            )
        self.socket = ours

    def ask(self, request: dict[str, Any], descriptors: list[int], seconds: float) -> Any:
        """The child's answer. Raises _Ended, after which the child is of no more use."""
        message = json.dumps(request).encode()
        self.socket.settimeout(seconds)
        try:
            socket.send_fds(self.socket, [len(message).to_bytes(4, "big")], descriptors)
            self.socket.sendall(message)
            length = int.from_bytes(self._receive(4), "big")
            if length > MOST_REPLY_BYTES:
                raise _Ended("its reader answered beyond bounds")
            return json.loads(self._receive(length))
        except TimeoutError as error:
            raise _Ended("time") from error
        except (OSError, ValueError) as error:
            raise _Ended("") from error

    def _receive(self, length: int) -> bytes:
        parts: list[bytes] = []
        while length > 0:
            part = self.socket.recv(min(length, 1 << 20))
            if not part:
                raise _Ended("")
            parts.append(part)
            length -= len(part)
        return b"".join(parts)

    def end(self) -> int:
        """Ends the child; its return code, negative for a signal."""
        self.socket.close()
        try:
            return self.process.wait(1)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return 0


class _Pool:
    """Children that wait for the next file; each is used by one thread at a time."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self._idle: list[_Child] = []
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(_MOST_WORKERS)

    def ask(
        self, request: dict[str, Any], descriptors: list[int], seconds: float
    ) -> tuple[Any, int, str]:
        """(answer or None, the child's return code, why there is no answer)."""
        with self._slots:
            child = self._take()
            try:
                answer = child.ask(request, descriptors, seconds * 5 + _PATIENCE)
            except _Ended as ended:
                return None, child.end(), str(ended)
            except BaseException:
                child.process.kill()
                child.end()
                raise
            if isinstance(answer, dict) and answer.get("leaving"):
                child.end()
            else:
                with self._lock:
                    self._idle.append(child)
            return answer, 0, ""

    def _take(self) -> _Child:
        with self._lock:
            while self._idle:
                child = self._idle.pop()
                if child.process.poll() is None:
                    return child
                child.end()
        try:
            return _Child()
        except OSError as error:
            raise JudgeError(
                f"The process that reads artifacts cannot be started: {error.strerror}; free"
                " memory or raise the limit of processes and open files."
            ) from error

    def close(self) -> None:
        if self.owner == os.getpid():
            with self._lock:
                while self._idle:
                    self._idle.pop().end()


_pool: _Pool | None = None
_making = threading.Lock()


def _shared() -> _Pool:
    global _pool
    with _making:
        if _pool is None or _pool.owner != os.getpid():
            _pool = _Pool()
            atexit.register(_pool.close)
        return _pool


def read_apart(kind: Kind, path: str, size: int, limits: Limits, descriptors: list[int]) -> Found:
    """What the reader of a kind finds in an open file, within the limits of time and memory.

    `descriptors` holds the file and, of a database, its write-ahead log. Raises JudgeError where
    no child process can be started, or a library of the reader is missing.
    """
    request = {
        "kind": kind.kind,
        "format": kind.format,
        "path": path,
        "size": size,
        "most": limits.max_file_bytes,
        "chars": limits.max_text_chars,
        "seconds": limits.max_read_seconds,
        "memory": limits.max_read_memory,
    }
    answer, status, why = _shared().ask(request, descriptors, limits.max_read_seconds)
    if answer is None and status not in _OUT_OF_TIME and why != "time":
        # Once more with a fresh child, so that one that was ended from outside blames no file.
        answer, status, why = _shared().ask(request, descriptors, limits.max_read_seconds)
    if isinstance(answer, dict) and "fault" in answer:
        raise JudgeError(
            f"The reader of {kind.format or kind.kind} files does not load ({answer['fault']});"
            " install agent-judge again, with its dependencies."
        )
    found = _found(answer)
    if found is not None:
        return found
    if status in _OUT_OF_TIME or why == "time":
        sign = f"reading it takes more than {limits.max_read_seconds:g} seconds of computing"
        return Found(kind.kind, kind.format, ArtifactState.UNREADABLE, signs=(sign,))
    if status == -signal.SIGKILL:
        sign = "reading it takes more memory than there is"
        return Found(kind.kind, kind.format, ArtifactState.UNREADABLE, signs=(sign,))
    return Found(kind.kind, kind.format, ArtifactState.BROKEN, signs=("its reader fails on it",))


def _found(answer: Any) -> Found | None:
    """The answer as a value; None where it has not the shape of one."""
    if not isinstance(answer, dict):
        return None
    try:
        return Found(
            kind=str(answer["kind"]),
            format=str(answer["format"]),
            state=ArtifactState(answer["state"]),
            facts=dict(answer["facts"]),
            text=str(answer["text"]),
            signs=tuple(map(str, answer["signs"])),
            cuts=tuple(map(str, answer["cuts"])),
            code=str(answer["code"]),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _environment() -> dict[str, str]:
    """What a reader needs of the environment: never a key or a token."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return {
        **kept,
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "HDF5_PLUGIN_PRELOAD": "::",  # no filter library is loaded for a file that names one
        "HDF5_USE_FILE_LOCKING": "FALSE",
    }
