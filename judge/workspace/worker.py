"""The child process that runs readers, one file after the other (see `isolation`)."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import resource
import signal
import socket
import sys
import warnings
from typing import Any

from judge.workspace.artifact import Found
from judge.workspace.kinds import Kind
from judge.workspace.reading import judged, plain_facts, reader_of
from judge.workspace.source import Source

_PAGE = resource.getpagesize()
_LEAVES_AT_BYTES = 500 << 20


def serve(descriptor: int) -> None:
    """Answers requests until the other side closes."""
    _confine()
    with socket.socket(fileno=descriptor) as channel:
        while True:
            head, files, _, _ = socket.recv_fds(channel, 4, 2)
            if len(head) < 4:
                return
            length = int.from_bytes(head, "big")
            request = json.loads(channel.recv(length, socket.MSG_WAITALL))
            try:
                answer = _answer(request, files)
            finally:
                for file in files:
                    os.close(file)
            message = json.dumps(answer).encode()
            channel.sendall(len(message).to_bytes(4, "big") + message)
            if answer["leaving"]:
                return


def _confine() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)


def _answer(request: dict[str, Any], files: list[int]) -> dict[str, Any]:
    kind = Kind(request["kind"], request["format"])
    try:
        reader_of(kind).load()  # its imports are not the file's time and memory
    except Exception as error:  # noqa: BLE001 -- an import may fail in any way, and none is the
        # file's fault; the parent raises it.
        return {"fault": f"{type(error).__name__}: {error}"[:300], "leaving": True}
    handles = [os.fdopen(os.dup(file), "rb") for file in files]
    source = Source(request["path"], kind.format, request["size"], handles[0], request["most"])
    if len(handles) > 1:
        source = dataclasses.replace(source, log=handles[1])
    _allow_memory(request["memory"])
    # Counted in computing, so that a busy machine reads no less than an idle one; the default
    # action of the signal ends the process, in C code as well.
    signal.setitimer(signal.ITIMER_PROF, request["seconds"])
    try:
        found = judged(kind, source)
    except ImportError as error:
        return {"fault": f"{type(error).__name__}: {error}"[:300], "leaving": True}
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        _allow_memory(None)
        for handle in handles:
            handle.close()
    return {**_as_json(found, request["chars"]), "leaving": _memory_in_use() > _LEAVES_AT_BYTES}


def _as_json(found: Found, chars: int) -> dict[str, Any]:
    return {
        "kind": found.kind,
        "format": found.format,
        "state": found.state.value,
        "facts": plain_facts(found.facts),
        "text": found.text[: chars + 1],
        "signs": [sign[:500] for sign in found.signs],
        "cuts": [cut[:500] for cut in found.cuts],
        "code": found.code[: chars + 1],
    }


def _memory_in_use() -> int:
    """Bytes of private data of this process; 0 where the system does not tell."""
    if not sys.platform.startswith("linux"):
        return 0
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
        return int(file.read().split()[5]) * _PAGE


def _allow_memory(more: int | None) -> None:
    """Lets the process grow by so many bytes at most; None lifts the limit again."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    soft = hard if more is None else _memory_in_use() + more
    if hard not in (resource.RLIM_INFINITY, -1) and soft > hard:
        soft = hard
    resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
