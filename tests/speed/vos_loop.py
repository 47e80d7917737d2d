"""What overlapping saves: a video tracked in one thread, then with reading and writing beside it.

    python -m tests.speed.vos_loop [--frames 120] [--model-ms 20] [--size 1280x720] [--repeats 3]

The model sleeps, as one on an accelerator leaves the processor free; pictures are JPEGs that are
decoded and resized to 1024 x 1024 as SAM 2 does, and two masks a frame are written as a PNG. Prints
the wall time of each way and their ratio, and what the longest of the steps would allow.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from runners.models.segmentation.interface import Prepared, Prompt
from runners.video_segmentation.frames import PictureFolder
from runners.video_segmentation.jobs import GivenPrompt, SequenceJob
from runners.video_segmentation.timing import Tracked
from runners.video_segmentation.tracking import Windows, track_sequence
from runners.video_segmentation.writing import SequenceWriter
from tests.benchmarks.vos.scenes import scene
from tests.runners.video_segmentation.colour_segmenter import (
    ColourSegmenter,
    ColourSession,
    painted,
)

if TYPE_CHECKING:
    from runners.models.segmentation.interface import Mask, Picture


class Sleeping(ColourSegmenter):
    """Resizes in `prepare` as SAM 2 does, then sleeps; its masks are those it was given."""

    def prepare(self, frame: Picture) -> Prepared:
        small = Image.fromarray(frame).resize((1024, 1024), Image.Resampling.BILINEAR)
        return Prepared(np.asarray(small, np.float32), *frame.shape[:2])

    def start(
        self,
        height: int,
        width: int,
        n_frames: int | None,
        *,
        keep_frames: bool = False,
        non_overlapping: bool = False,
    ) -> SleepingSession:
        return SleepingSession(self, keep_frames)


class SleepingSession(ColourSession):
    """Its masks never change."""

    def __init__(self, model: ColourSegmenter, keep_frames: bool) -> None:
        super().__init__(model, keep_frames)
        self._given: dict[int, Mask] = {}
        self._seconds = model.seconds

    def prompt(self, frame_index: int, object_id: int, prompt: Prompt) -> Mask:
        assert prompt.mask is not None
        self._given[object_id] = prompt.mask
        return prompt.mask

    def track(self, frame_index: int) -> dict[int, Mask]:
        time.sleep(self._seconds)
        return self._given


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=120)
    parser.add_argument("--model-ms", type=float, default=20)
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    width, height = map(int, asked.size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder, "frames")
        pictures.mkdir()
        for number in range(asked.frames):
            labels = scene(height, width, 2, number % 20)
            Image.fromarray(painted(labels)).save(pictures / f"{number:05d}.jpg", quality=92)
        first = scene(height, width, 2, 0)
        ways = {"one thread": Windows(0, 0), "overlapped": Windows()}
        best: dict[str, Tracked] = {}
        # In turn, so that a busy machine slows both alike.
        for _ in range(asked.repeats):
            for way, windows in ways.items():
                took = _track(Path(folder), pictures, first, windows, asked.model_ms / 1000)
                if way not in best or took.wall_seconds < best[way].wall_seconds:
                    best[way] = took
    for way, took in best.items():
        print(
            f"{way:12}{took.wall_seconds:8.2f} s for {took.frames} frames"
            f"{took.frames / took.wall_seconds:8.1f} frames/s"
        )
    one, overlapped = best["one thread"], best["overlapped"]
    print(f"ratio       {one.wall_seconds / overlapped.wall_seconds:8.2f}")
    print(f"the model alone {overlapped.model_seconds:.2f} s: nothing can be quicker than that")


def _track(
    folder: Path, pictures: Path, first: np.ndarray, windows: Windows, seconds: float
) -> Tracked:
    given = tuple(
        GivenPrompt(k, str(k), None, lambda k=k: Prompt(mask=first == k))  # type: ignore[misc]
        for k in (1, 2)
    )
    writer = SequenceWriter(folder / "masks", f"{time.monotonic_ns()}")

    def write(frame: str, picture: Picture, masks: Mapping[int, Mask]) -> None:
        writer.write(frame, masks, *picture.shape[:2])

    job = SequenceJob("speed", PictureFolder(pictures), given)
    return track_sequence(Sleeping(seconds=seconds), job, write, windows=windows)


if __name__ == "__main__":
    main()
