"""What holds for every test: Ctrl-C is heard, and garbage is not looked for where there is none."""

from __future__ import annotations

import gc
import signal

import pytest

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # As a shell has it for what it starts in the background, and commands would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="module", autouse=True)
def _outliving_objects_set_aside() -> None:
    """Keeps collections of garbage from looking through what was there before a file of tests.

    The modules and the thousands of tests of one process make a full collection take a second,
    and libraries ask for one after every page drawn or correction computed.
    """
    gc.collect()
    gc.freeze()
