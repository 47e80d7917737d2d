"""Serving the leaderboard: Streamlit as a process of its own, set up so that it stays local."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from dashboard.configuration import flags
from results.errors import InputError, JudgeError, MissingExtra

FIRST_PORT, PORTS_TRIED = 8501, 50
_APP = Path(__file__).parent / "entrypoint" / "leaderboard.py"
_START_SECONDS, _STOP_SECONDS = 60.0, 5.0


class Server:
    """A leaderboard that answers at `url` until it is stopped."""

    def __init__(self, process: subprocess.Popen[bytes], url: str, port: int) -> None:
        self.process = process
        self.url = url
        self.port = port

    def listens(self) -> bool:
        """Whether it is this very process that listens on its port, and not another's server."""
        import psutil

        try:
            sockets = psutil.Process(self.process.pid).net_connections("tcp")
        except psutil.Error:
            return False
        return any(
            each.status == psutil.CONN_LISTEN and each.laddr.port == self.port for each in sockets
        )

    def wait(self) -> int:
        """Waits until the process ends; gives its exit status."""
        return self.process.wait()

    def stop(self) -> None:
        """Asks it to end, and ends it where it does not."""
        self.process.terminate()
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def serving(
    store: Path,
    runs_dir: Path,
    *,
    address: str = "127.0.0.1",
    port: int | None = None,
    base_path: str = "",
) -> Iterator[Server]:
    """A running leaderboard over the store's snapshot, stopped at the end of the block.

    Without a port, the first free one from 8501. Raises MissingExtra where Streamlit is not
    installed, and InputError where the address and port cannot be had.
    """
    require_streamlit()
    environment = {
        **os.environ,
        "JUDGE_STORE": str(store.absolute()),
        "JUDGE_RUN_DIR": str(runs_dir.absolute()),
    }
    host = f"[{address}]" if ":" in address else address
    shown = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(host, host)
    for chosen in _ports(address, port):
        # In a group of its own, so that Ctrl-C reaches it once, from here.
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "streamlit", "run", str(_APP)),
                *flags(address, chosen, base_path),
            ],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            process_group=0,
        )
        url = f"http://{shown}:{chosen}/{base_path.strip('/')}".rstrip("/")
        server = Server(process, url, chosen)
        try:
            # Another may take the port between our look at it and Streamlit's.
            if _wait_until_it_answers(server):
                yield server
                return
        finally:
            server.stop()


def require_streamlit() -> None:
    """Raises MissingExtra where the extra `dashboard` is not installed."""
    needed = ("streamlit", "altair", "pandas", "psutil")
    if not all(importlib.util.find_spec(module) for module in needed):
        raise MissingExtra("The leaderboard", "dashboard")


@contextmanager
def ended_by_signals(stop: Callable[[], None]) -> Iterator[threading.Event]:
    """Within the block, SIGTERM and SIGHUP call `stop` and set the event."""
    told = threading.Event()

    def hear(number: int, frame: FrameType | None) -> None:
        told.set()
        stop()

    before = {number: signal.signal(number, hear) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _wait_until_it_answers(server: Server) -> bool:
    """Waits until Streamlit answers; False where its port turned out to be another's."""
    deadline = time.monotonic() + _START_SECONDS
    # Nothing between here and there: a proxy of the environment would be asked for 127.0.0.1.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline:
        ended = server.process.poll() is not None
        try:
            with opener.open(f"{server.url}/_stcore/health", timeout=2):
                if server.listens():
                    return True
                if ended:
                    return False
        except (urllib.error.URLError, OSError):
            if ended:
                raise JudgeError(
                    f"Streamlit ended at once with status {server.process.returncode}; its words"
                    " stand above."
                ) from None
        time.sleep(0.05)
    raise JudgeError(f"Streamlit did not answer at {server.url} within {_START_SECONDS:g} seconds.")


def _ports(address: str, port: int | None) -> Iterator[int]:
    """The port that is asked for, or each free one from 8501, to be tried one after the other.

    Raises InputError in place of the first that cannot be had.
    """
    if port is None:
        for each in range(FIRST_PORT, FIRST_PORT + PORTS_TRIED):
            if _fault(address, each) is None:
                yield each
        raise InputError(
            f"No port from {FIRST_PORT} to {FIRST_PORT + PORTS_TRIED - 1} is free on {address};"
            " name one with --port."
        )
    fault = _fault(address, port)
    if fault is None:
        yield port
        fault = "another server took it"
    raise InputError(
        f"The leaderboard cannot listen on {address}, port {port} ({fault}); name another with"
        " --port or --address."
    )


def _fault(address: str, port: int) -> str | None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except (OSError, OverflowError) as error:
            return getattr(error, "strerror", None) or str(error)
    return None
