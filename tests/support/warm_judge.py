"""A process that has what the command imports, and is forked for each call of it.

Most of what a short command takes is its imports, and the tests call hundreds. Run as a script, so
that it sees nothing of the tests, with the number of a socket and the modules to import: it reads a
call as a line of JSON from the socket, and answers with the status that the call ended with. The
child is the command: it has the call's folder, environment, arguments and streams, waits for its
threads, calls what is to be called at the exit, and leaves the modules to the system.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import socket
import sys
import threading
from typing import Any

# What light commands import, and nothing that reads the environment while it is imported.
LIGHT = (
    "duckdb",
    "openai",
    "scipy.stats",
    "benchmarks.reference",
    "judge.anchoring",
    "judge.calibration",
    "judge.cli.main",
    "judge.comparing",
    "judge.judges.checks",
    "judge.judges.opening",
    "judge.reporting.benchmarks",
    "judge.reporting.tables",
    "judge.running",
    "results.gate",
    "results.store",
    "runners.models.chat.opening",
    "runners.storing",
)
# What commands import that load models, and nothing that starts threads.
MODELS = ("torch", "transformers.modeling_utils")


def serve(calls: socket.socket) -> bool:
    """Forks a child for each call; True in the child, and False at the end of the calls."""
    with calls.makefile("rb") as lines:
        for line in lines:
            call = json.loads(line)
            child = os.fork()
            if not child:
                become(call)
                return True
            _, status = os.waitpid(child, 0)
            calls.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
    return False


def become(call: dict[str, Any]) -> None:
    """Takes the call's folder, environment, arguments and streams."""
    os.chdir(call["folder"])
    os.environ.clear()
    os.environ.update(call["environment"])
    sys.argv[:] = call["arguments"]
    for number, name in enumerate((os.devnull, call["out"], call["err"])):
        opened = os.open(name, os.O_RDONLY if number == 0 else os.O_WRONLY)
        os.dup2(opened, number)
        os.close(opened)


def end(status: int) -> None:
    """Ends the process as Python does, but for taking the modules apart."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)


if __name__ == "__main__":
    for name in sys.argv[2:]:
        importlib.import_module(name)
    # Pages that no child's collection of garbage writes to stay shared.
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=int(sys.argv[1])) as served:
        called = serve(served)
    if called:
        from judge.cli.main import status_of

        end(status_of(sys.argv[1:]))
