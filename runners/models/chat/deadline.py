"""Runs a call that may hang, and is done with it in time all the same."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

from runners.models.chat.failures import Failure, FailureKind
from runners.models.chat.pacing import SECONDS_BETWEEN_LOOKS

T = TypeVar("T")


def in_time(
    call: Callable[[threading.Event], T], seconds: float, stop: threading.Event
) -> T | Failure:
    """What the call returns or raises; a Failure when time is up or `stop` is set before that.

    HTTP libraries bound the wait for each byte, not for the answer, so the call has a thread of
    its own. One that is no longer waited for sees its event set and is to give up by itself.
    """
    outcome: Future[T] = Future()
    is_left = threading.Event()

    def work() -> None:
        try:
            outcome.set_result(call(is_left))
        except BaseException as error:  # noqa: BLE001 -- result() raises it again below
            outcome.set_exception(error)

    latest = time.monotonic() + seconds
    threading.Thread(target=work, name="chat call", daemon=True).start()
    try:
        while not outcome.done():
            if stop.is_set():
                return Failure(FailureKind.STOPPED)
            left = latest - time.monotonic()
            if left <= 0:
                return Failure(FailureKind.TIMEOUT, f"{seconds:g} seconds passed")
            wait([outcome], timeout=min(left, SECONDS_BETWEEN_LOOKS))
        return outcome.result()
    finally:
        is_left.set()
