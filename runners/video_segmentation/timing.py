"""How long a model takes, as the papers of SAM 2 and EdgeTAM count it.

Model time is all that the model does for a frame: taking over the prepared frame, the image
encoder, prompts, memory attention, the mask decoder and the memory encoder, until the device has
finished. Decoding pictures, resizing and normalising them, and writing masks are left out of it,
and stand in the wall time. Frames per second are frames / model time, over what comes after a
warm-up.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from results.errors import InputError

FPS_NOTE = (
    "frames / model time after a warm-up, device synchronised: encoder, prompts, memory and mask"
    " decoder; without decoding, resizing and writing"
)


@dataclass(frozen=True)
class Tracked:
    """What a sequence took; `frame_seconds` has each frame that the model has seen."""

    frames: int
    wall_seconds: float
    frame_seconds: tuple[float, ...]

    @property
    def model_seconds(self) -> float:
        return sum(self.frame_seconds)


class Stopwatch:
    """Adds up the model time of frames; `device` is where the model runs."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._began = 0.0
        self.frame_seconds: list[float] = []

    def __enter__(self) -> None:
        synchronise(self._device)
        self._began = time.perf_counter()

    def __exit__(self, *error: object) -> None:
        if error[0] is None:
            synchronise(self._device)
            self.frame_seconds.append(time.perf_counter() - self._began)


def synchronise(device: str) -> None:
    """Waits until an accelerator has done what it was given; nothing on a CPU."""
    torch = sys.modules.get("torch")
    if torch is None:
        return
    if device.startswith("cuda"):
        torch.cuda.synchronize()
    elif device.startswith("mps"):
        torch.mps.synchronize()


def peak_bytes(device: str) -> int:
    """The most memory that this process, or its accelerator, has held so far."""
    torch = sys.modules.get("torch")
    if torch is not None and device.startswith("cuda"):
        return int(torch.cuda.max_memory_allocated())
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in KiB, macOS in bytes.
    return most if sys.platform == "darwin" else most * 1024


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """(lower quartile, median, upper quartile), linear between neighbours; of one value or more.

    >>> quartiles([1.0, 2.0, 3.0, 4.0, 5.0])
    (2.0, 3.0, 4.0)
    """
    ordered = sorted(values)

    def at(share: float) -> float:
        place = share * (len(ordered) - 1)
        low = int(place)
        high = min(low + 1, len(ordered) - 1)
        return ordered[low] + (ordered[high] - ordered[low]) * (place - low)

    return at(0.25), at(0.5), at(0.75)


def write_tracked(path: Path, took: Tracked, *, objects: int, peak: int) -> None:
    """Keeps what a sequence took, the model time of each frame included, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    kept = {
        "frames": took.frames,
        "wall_seconds": took.wall_seconds,
        "frame_seconds": took.frame_seconds,
        "objects": objects,
        "peak_bytes": peak,
    }
    temporary.write_text(json.dumps(kept))
    temporary.replace(path)


def read_tracked(path: Path) -> tuple[Tracked, int, int]:
    """(what a sequence took, its objects, the peak of memory in bytes), as `write_tracked` has it.

    InputError where the file is gone or damaged.
    """
    try:
        kept = json.loads(path.read_bytes())
        took = Tracked(
            int(kept["frames"]),
            float(kept["wall_seconds"]),
            tuple(float(seconds) for seconds in kept["frame_seconds"]),
        )
        return took, int(kept["objects"]), int(kept["peak_bytes"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"The times in {path} cannot be read: {error}.") from None
