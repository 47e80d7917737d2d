"""Exclusive locks on files, held by one process or thread at a time and freed when it dies."""

from __future__ import annotations

import fcntl
import os
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_HOLDER = re.compile(rb"process \d{1,10} on [\w.-]{1,255}")


class Held(Exception):
    """The lock was not free in time; the text says who holds it, as far as that is known."""


@contextmanager
def file_lock(path: Path, wait: float) -> Iterator[None]:
    """Holds `flock` on the file at `path`, which is made where it is missing and never removed.

    Raises Held when it stays taken for `wait` seconds, and OSError where it cannot be made.
    Removing the file would let two processes hold locks on two files of one name.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o666)
    try:
        _acquire(handle, time.monotonic() + wait)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def _acquire(handle: int, deadline: float) -> None:
    pause = 0.002
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise Held(_holder(handle)) from None
        time.sleep(min(pause, max(0.0, deadline - time.monotonic())))
        pause = min(pause * 1.5, 0.05)


def _holder(handle: int) -> str:
    found = _HOLDER.match(os.pread(handle, 300, 0))
    return found.group().decode() if found else "another process"
