"""Has files parsed by a process of their own, and takes what it read."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from queue import Empty, SimpleQueue

from judge.code.tree_reading import unread_tree
from judge.code.tree_records import from_record
from judge.code.tree_source import TreeSource
from judge.code.trees import MAX_SOURCE

_START = "import sys; sys.path.append(sys.argv[1]); from judge.code.tree_worker import main; main()"
_PACKAGE_ROOT = str(Path(__file__).resolve().parents[2])

SECONDS_FOR_ONE = 6.0
"""How long one file may take; real ones take milliseconds."""
SECONDS_TO_START = 30.0
SECONDS_LOST = 10.0
"""How long all files of a workspace may take together beyond what is usual."""
_USUAL = 0.25


class _Worker:
    """One parsing process."""

    def __init__(self) -> None:
        # -P keeps the current folder, which may be a workspace, off the import path.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", _START, _PACKAGE_ROOT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._answers: SimpleQueue[bytes] = SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()
        self._is_fresh = True

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as answers:
            for line in answers:
                self._answers.put(line)
        self._answers.put(b"")

    def ask(self, path: str, language: str, text: str) -> bytes | None:
        """The answer; empty where the process ended, None where it took too long."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps([path, language, text]).encode("ascii") + b"\n")
            self._process.stdin.flush()
            seconds = SECONDS_FOR_ONE + (SECONDS_TO_START if self._is_fresh else 0)
            self._is_fresh = False
            return self._answers.get(timeout=seconds)
        except Empty:
            return None
        except OSError:
            return b""

    def end(self) -> None:
        self._process.kill()
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        self._process.wait()


def read_trees(files: Mapping[str, tuple[str, str]]) -> list[TreeSource]:
    """What was read of each file, given as text and language by path; files that cannot be parsed
    say why in their fault."""
    sources: list[TreeSource] = []
    pool = _Pool()
    try:
        # The small ones first: what takes long is then given up last.
        for path, (text, language) in sorted(files.items(), key=_by_size):
            answer, why = pool.ask(path, language, text)
            if answer:
                sources.append(from_record(json.loads(answer)))
            else:
                sources.append(unread_tree(path, text, language, why))
    finally:
        pool.end()
    return sorted(sources, key=lambda source: source.path)


class _Pool:
    """One worker at a time, another in its place where it is lost, within the time there is."""

    def __init__(self) -> None:
        self._worker: _Worker | None = None
        self._lost = 0.0
        self._has_begun = False

    def ask(self, path: str, language: str, text: str) -> tuple[bytes, str]:
        """The answer for one file, or nothing and the reason why there is none."""
        if len(text) > MAX_SOURCE:
            return b"", f"longer than {MAX_SOURCE:,} bytes"
        if self._lost > SECONDS_LOST:
            return b"", "the files before it took too long"
        began = time.monotonic()
        try:
            self._worker = self._worker or _Worker()
        except OSError:
            self._lost = SECONDS_LOST + 1
            return b"", "no process could be started for it"
        answer = self._worker.ask(path, language, text)
        if self._has_begun:  # the first also waits for the process to start
            self._lost += max(0.0, time.monotonic() - began - _USUAL)
        self._has_begun = True
        if answer:
            return answer, ""
        self.end()
        return b"", "it took too long" if answer is None else "the parser could not cope with it"

    def end(self) -> None:
        if self._worker is not None:
            self._worker.end()
            self._worker = None


def _by_size(item: tuple[str, tuple[str, str]]) -> tuple[int, str]:
    path, (text, _) = item
    return (len(text), path)
