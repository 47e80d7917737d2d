"""What a run took of memory, and what an error says of it."""

from __future__ import annotations

import resource

import numpy as np
import pytest

from runners.models.memory import is_out_of_memory, peak_bytes


def test_the_peak_of_a_process_grows_with_what_it_holds() -> None:
    before = peak_bytes("cpu")
    held = np.ones(96 * 2**20, np.uint8)
    # A test before this one may have held more, so that only the bounds are certain.
    assert peak_bytes("cpu") >= max(before, len(held))
    limit = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    assert peak_bytes("cpu") <= limit


def test_a_device_that_is_not_there_counts_as_the_process() -> None:
    assert peak_bytes("cuda") >= 2**20


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (MemoryError(), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), True),
        (RuntimeError("shapes do not match"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_errors_of_too_little_memory_are_told_from_others(error: Exception, says: bool) -> None:
    assert is_out_of_memory(error) is says


def test_the_error_of_torch_for_its_devices_is_known() -> None:
    torch = pytest.importorskip("torch", reason="the extra `models` is not installed")
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA"))
