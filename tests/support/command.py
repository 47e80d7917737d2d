"""Runs the `judge` command as a process of its own, as a person would."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.support import warm_judge

JUDGE = Path(sys.executable).parent / "judge"
SECONDS = 300
# Of the caller's environment; the tests beside each other share the cores by the last.
KEPT = ("PATH", "LANG", "TMPDIR", "OMP_NUM_THREADS")

# How commands begin that load models.
_LOADING = (("bench", "run"), ("models", "export"))


@dataclass(frozen=True)
class Ended:
    """How a process ended, and what it said."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


def environment(folder: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """An environment in which nothing of the caller's settings, keys or cache is found."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    own = {
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    return {**kept, **own, **(more or {})}


def start(
    *arguments: str | Path, folder: Path, more: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """The command, started in `folder`."""
    return subprocess.Popen(
        [str(JUDGE), *map(str, arguments)],
        cwd=folder,
        env=environment(folder, more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def ended(process: subprocess.Popen[str]) -> Ended:
    """Waits for the process."""
    out, err = process.communicate(timeout=SECONDS)
    return Ended(process.returncode, out, err)


def judge(*arguments: str | Path, folder: Path, more: Mapping[str, str] | None = None) -> Ended:
    """Runs the command in `folder` to its end.

    In a fork of a process that has imported what it needs, unless another call is at it or the
    environment says what is only read at the start.
    """
    early = any(name.startswith(("PYTHON", "HF_", "TRANSFORMERS_")) for name in more or ())
    if early or not (warm := _warm(models=arguments[:2] in _LOADING)).free.acquire(blocking=False):
        return ended(start(*arguments, folder=folder, more=more))
    try:
        return warm.judge([str(JUDGE), *map(str, arguments)], folder, environment(folder, more))
    finally:
        warm.free.release()


class _Warm:
    """The process of `warm_judge`, which does one call at a time."""

    def __init__(self, modules: tuple[str, ...]) -> None:
        self.free = threading.Lock()
        self._home = tempfile.TemporaryDirectory()
        self._calls, theirs = socket.socketpair()
        self._calls.settimeout(SECONDS)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", warm_judge.__file__, str(theirs.fileno()), *modules],
                env=environment(Path(self._home.name)),
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        self._answers = self._calls.makefile("rb")

    def judge(self, arguments: list[str], folder: Path, environment: Mapping[str, str]) -> Ended:
        with tempfile.TemporaryDirectory() as streams:
            out, err = Path(streams, "out"), Path(streams, "err")
            out.touch()
            err.touch()
            call = {
                "arguments": arguments,
                "folder": str(folder),
                "environment": dict(environment),
                "out": str(out),
                "err": str(err),
            }
            try:
                self._calls.sendall(json.dumps(call).encode() + b"\n")
                answer = self._answers.readline()
                if not answer:
                    raise ConnectionError("the process that is forked for each call is gone")
            except OSError:
                # It is gone or takes too long; the next call begins with a new one.
                self._process.kill()
                _warm.cache_clear()
                raise
            return Ended(int(answer), out.read_text("utf-8"), err.read_text("utf-8"))


@cache
def _warm(*, models: bool) -> _Warm:
    return _Warm((*warm_judge.LIGHT, *(warm_judge.MODELS if models else ())))
