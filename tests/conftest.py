"""What holds for every test: objects that outlive a file of tests are not looked through again."""

from __future__ import annotations

import gc

import pytest


@pytest.fixture(scope="module", autouse=True)
def _outliving_objects_set_aside() -> None:
    """Keeps collections of garbage from looking through what was there before a file of tests.

    The modules and the thousands of tests of one process make a full collection take a second,
    and libraries ask for one after every page drawn or correction computed.
    """
    gc.collect()
    gc.freeze()
