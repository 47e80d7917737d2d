"""Runs the installed `judge` command as a process of its own, as a person would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

JUDGE = Path(sys.executable).parent / "judge"
SECONDS = 300
# Of the caller's environment; the tests beside each other share the cores by the last.
KEPT = ("PATH", "LANG", "TMPDIR", "OMP_NUM_THREADS")


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
    """Runs the command in `folder` to its end."""
    return ended(start(*arguments, folder=folder, more=more))
