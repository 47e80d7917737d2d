"""How much memory a run took at most, and whether an error says that there was too little."""

from __future__ import annotations

import resource
import sys


def peak_bytes(device: str) -> int:
    """The most memory that was held so far.

    On `cuda` what torch's tensors took on the current device since the process began (or since
    `torch.cuda.reset_peak_memory_stats`); elsewhere the largest resident size of this process
    (`ru_maxrss`), Python and its libraries included.
    """
    torch = sys.modules.get("torch")
    if device.startswith("cuda") and torch is not None and torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in KiB, macOS in bytes.
    return int(peak) if sys.platform == "darwin" else int(peak) * 1024


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that the device's memory is used up.

    torch has a class of its own for CUDA; its CPU and Apple allocators raise a RuntimeError, which
    only the message tells from others.
    """
    torch = sys.modules.get("torch")
    if isinstance(error, MemoryError):
        return True
    if torch is not None and isinstance(error, torch.OutOfMemoryError):
        return True
    said = str(error).lower()
    return isinstance(error, RuntimeError) and (
        "out of memory" in said or "can't allocate memory" in said
    )
