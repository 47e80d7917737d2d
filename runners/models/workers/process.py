"""A worker's process: started in a group of its own, asked within a time, and always ended.

It gets an environment of few, named variables, so that no key of the judge's reaches code that is
not ours. What it writes to standard error is read all the time; the end of it is kept for the
reason of a failure, and all of it (up to a limit) goes to a log where one is named.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from results.errors import InputError, ModelError
from runners.models.video_language.interface import Picture
from runners.models.workers.protocol import (
    AnswerReader,
    ProtocolFault,
    error_in,
    framed,
    printable,
)
from runners.models.workers.side import judge_worker

PASSED_ON = frozenset(
    {
        *("HOME", "PATH", "USER", "LOGNAME", "TMPDIR", "TZ", "LANG", "LANGUAGE", "SHELL"),
        *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"),
        *("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "TRANSFORMERS_CACHE", "TRANSFORMERS_OFFLINE"),
        *("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TORCH_HOME"),
        *("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "CUDA_HOME", "CUDA_PATH"),
        *("HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "TOKENIZERS_PARALLELISM"),
    }
)
PASSED_ON_STARTS = ("LC_", "HF_", "NVIDIA_", "PYTORCH_")
SECRET = ("TOKEN", "KEY", "SECRET", "PASSWORD", "CREDENTIAL")
KEPT_ERRORS = 16_384
LONGEST_LOG = 16 << 20
PIECE = 65_536
SECONDS_TO_LEAVE = 5.0


class WorkerFault(ModelError):
    """Why a worker gave no answer; the message is the end of a sentence that begins with it."""


class WorkerCrashed(WorkerFault):
    """It ended, or what it sent was not of the protocol."""


class WorkerHung(WorkerFault):
    """It did not answer in time."""


class WorkerRefused(WorkerFault):
    """It answered with an error, and is there for the next question."""


@dataclass(frozen=True)
class Launch:
    """How a worker is started. `adapter` is a name or a file; `log` gets its standard error."""

    python: Path
    adapter: str
    folder: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    log: Path | None = None


def passed_environment(
    environment: Mapping[str, str] = os.environ, also: Sequence[str] = ()
) -> dict[str, str]:
    """What of the environment a worker gets: the listed variables, and those named in `also`."""

    def is_passed(name: str) -> bool:
        if name in PASSED_ON or name in also:
            return True
        return name.startswith(PASSED_ON_STARTS) and not any(word in name for word in SECRET)

    return {name: value for name, value in environment.items() if is_passed(name)}


class WorkerProcess:
    """One run of a worker. Not safe for threads."""

    def __init__(self, launch: Launch) -> None:
        """Starts it; InputError when there is no such Python."""
        log = None if launch.log is None else launch.log.open("ab")
        command = [str(launch.python), judge_worker.__file__, "--adapter", launch.adapter]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                cwd=launch.folder,
                env=dict(launch.environment),
                start_new_session=True,
            )
        except OSError as error:
            if log is not None:
                log.close()
            raise InputError(
                f"The worker's Python {launch.python} cannot be started: {error.strerror}; name"
                " the interpreter of the model's environment, such as <environment>/bin/python."
            ) from None
        assert self._process.stdin and self._process.stdout and self._process.stderr
        self._requests, self._answers = self._process.stdin, self._process.stdout
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            # Frames go faster through a wider pipe; a system may allow no more than it has.
            with contextlib.suppress(OSError):
                fcntl.fcntl(self._requests, fcntl.F_SETPIPE_SZ, 1 << 20)
        os.set_blocking(self._requests.fileno(), False)
        os.set_blocking(self._answers.fileno(), False)
        self._reader = AnswerReader()
        self._errors = _KeptErrors(self._process.stderr, log)
        self._errors.start()
        self._asked = 0
        self._is_ended = False

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(
        self, header: Mapping[str, Any], pictures: Sequence[Picture] = (), *, seconds: float
    ) -> dict[str, Any]:
        """The worker's message to this one.

        Raises Unsendable before anything is sent, and WorkerRefused for an `error`; after any other
        WorkerFault, and after an interruption, the process is ended.
        """
        self._asked += 1
        pieces = framed({**header, "id": self._asked}, pictures)
        deadline = time.monotonic() + seconds
        try:
            self._write(pieces, deadline)
            message = self._read(deadline)
            if message.get("id") != self._asked or isinstance(message.get("id"), bool):
                raise ProtocolFault("it sent a message that nobody had asked for")
        except ProtocolFault as fault:
            raise self.broke_protocol(fault) from None
        except TimeoutError:
            self.kill()
            raise WorkerHung(
                f"did not answer {header['type']} within {seconds:g} s{self._last_words()}"
            ) from None
        except BaseException:
            # A message is half written or half read: nothing more can be asked of it.
            self.kill()
            raise
        reason = error_in(message)
        if reason is not None:
            raise WorkerRefused(reason)
        return message

    def broke_protocol(self, fault: ProtocolFault) -> WorkerCrashed:
        """Ends a worker whose message is not of the protocol; the fault to be raised."""
        self.kill()
        return WorkerCrashed(f"broke the protocol: {fault}{self._last_words()}")

    def close(self) -> None:
        """Says bye, and ends it where it does not leave in a few seconds."""
        if self._process.poll() is None:
            with contextlib.suppress(WorkerFault):
                self.ask({"type": "bye"}, seconds=SECONDS_TO_LEAVE)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(SECONDS_TO_LEAVE)
        self.kill()

    def interrupt(self) -> None:
        """Ends the worker from another thread than the one that asks, which hears of it."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def kill(self) -> None:
        """Ends the worker and all of its group; what it wrote to standard error stays readable."""
        if self._is_ended:
            return
        self._is_ended = True
        # The group is there for as long as any of it is, be the worker itself gone or not.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        # It may have left the group that it was started in.
        self._process.kill()
        # One that the system cannot end at once, as in a driver, is not waited for for ever.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(SECONDS_TO_LEAVE)
        self._errors.finish()
        for pipe in (self._requests, self._answers):
            pipe.close()

    def _write(self, pieces: list[memoryview], deadline: float) -> None:
        at = self._requests.fileno()
        for piece in pieces:
            left = piece
            while left:
                self._wait_for(at, select.POLLOUT, deadline)
                try:
                    left = left[os.write(at, left[: 1 << 20]) :]
                except BlockingIOError:
                    continue
                except BrokenPipeError:
                    raise self._crashed() from None

    def _read(self, deadline: float) -> dict[str, Any]:
        at = self._answers.fileno()
        message = self._reader.feed(b"")
        while message is None:
            self._wait_for(at, select.POLLIN, deadline)
            try:
                data = os.read(at, PIECE)
            except BlockingIOError:
                continue
            if not data:
                raise self._crashed()
            message = self._reader.feed(data)
        return message

    def _wait_for(self, at: int, event: int, deadline: float) -> None:
        """Until a pipe is ready; TimeoutError at the deadline, WorkerCrashed once it has ended."""
        poll = select.poll()
        poll.register(at, event)
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            # In slices, because what a worker forked may hold its pipes open after it.
            if poll.poll(min(left, 0.25) * 1000):
                return
            if self._process.poll() is not None and not poll.poll(0):
                raise self._crashed()

    def _crashed(self) -> WorkerCrashed:
        """How it ended; one that only closed its pipes is ended first."""
        try:
            status = self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            self.kill()
            return WorkerCrashed(f"closed its pipes{self._last_words()}")
        self.kill()
        return WorkerCrashed(f"{_ending(status)}{self._last_words()}")

    def _last_words(self) -> str:
        words = self._errors.last_line()
        return f"; the last that it wrote was: {words}" if words else ""


def _ending(status: int) -> str:
    if status == -signal.SIGKILL:
        return "was killed (SIGKILL), as a system does whose memory is used up"
    if status < 0:
        try:
            return f"was ended by the signal {signal.Signals(-status).name}"
        except ValueError:
            return f"was ended by the signal {-status}"
    return f"ended with status {status}"


class _KeptErrors(threading.Thread):
    """Reads a worker's standard error, keeping its end."""

    def __init__(self, pipe: IO[bytes], log: IO[bytes] | None) -> None:
        super().__init__(name="worker-errors", daemon=True)
        self._pipe = pipe
        self._end = b""
        self._log = log
        self._room = LONGEST_LOG

    def run(self) -> None:
        at = self._pipe.fileno()
        while data := os.read(at, PIECE):
            self._end = (self._end + data)[-KEPT_ERRORS:]
            # A full disk must not keep the worker waiting to be read.
            with contextlib.suppress(OSError):
                self._to_log(data)
        self._pipe.close()
        if self._log is not None:
            with contextlib.suppress(OSError):
                self._log.close()

    def _to_log(self, data: bytes) -> None:
        if self._log is None or self._room <= 0:
            return
        self._log.write(data[: self._room])
        self._room -= len(data)
        if self._room <= 0:
            self._log.write(b"\n[the log ends here: it has reached its limit]\n")
        self._log.flush()

    def finish(self) -> None:
        """Waits shortly for the last of it; who left the group may hold the pipe for longer."""
        self.join(1.0)

    def last_line(self) -> str:
        """The last line that says something, at most 300 characters; empty without one.

        Of a crash of compiled code that Python itself reports, where in its code it was.
        """
        text = self._end.decode("utf-8", "replace")
        _, crash, where = text.rpartition("\nCurrent thread 0x")
        lines = where.splitlines()[1:2] if crash else text.splitlines()
        said = [line for line in map(printable, lines) if line.strip()]
        return said[-1].strip()[:300] if said else ""
