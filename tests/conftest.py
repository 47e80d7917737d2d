"""What holds for every test: objects that outlive a file of tests are not looked through again."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

_files: list[Path] = []


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Sets aside, at each file's first test, what collections of garbage need not look through.

    The modules and the thousands of tests of one process make a full collection take a second,
    and libraries ask for one after every page drawn or correction computed.
    """
    if [item.path] != _files[-1:]:
        _files.append(item.path)
        gc.collect()
        gc.freeze()
