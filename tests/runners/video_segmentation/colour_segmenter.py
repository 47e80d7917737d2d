"""A segmenter that needs no training: an object is what has the colour it was shown with.

On pictures painted by `painted` its masks are the ground truth, to the pixel, so that what a run
writes and scores is known beforehand.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from results.errors import ModelError
from runners.models.describing import Described
from runners.models.segmentation.interface import Prepared, Prompt, PromptKind

if TYPE_CHECKING:
    from runners.models.segmentation.interface import Mask, Picture


def painted(labels: NDArray[Any]) -> Picture:
    """A picture in which each label has a colour of its own."""
    grey = labels.astype(np.uint32) * 37 % 251
    return np.stack([grey, (grey * 3 + 20) % 256, (labels > 0) * 255], axis=-1).astype(np.uint8)


class ColourSegmenter:
    """See above. shift: masks are that many columns to the right of where they belong. reach:
    beyond so many frames from a prompt an object is lost. seconds: what a frame takes."""

    variant = None
    device = "cpu"
    precision = "fp32"
    accepts: frozenset[PromptKind] = frozenset({"points", "box", "mask"})

    def __init__(
        self,
        *,
        shift: int = 0,
        reach: int | None = None,
        seconds: float = 0.0,
        fails_after: int | None = None,
        name: str = "colour",
    ) -> None:
        self.name = name
        self.shift, self.reach = shift, reach
        self.seconds, self.fails_after = seconds, fails_after

    def prepare(self, frame: Picture) -> Prepared:
        return Prepared(frame, *frame.shape[:2])

    def start(
        self,
        height: int,
        width: int,
        n_frames: int | None,
        *,
        keep_frames: bool = False,
        non_overlapping: bool = False,
    ) -> ColourSession:
        return ColourSession(self, keep_frames)

    def describe(self) -> Described:
        return {"hash": "of no weights", "parameters": 0, "numpy": np.__version__}


class ColourSession:
    """One video; with `keep_frames` every frame stays."""

    def __init__(self, model: ColourSegmenter, keep_frames: bool) -> None:
        self._model, self._keep = model, keep_frames
        self._frames: dict[int, Picture] = {}
        self._colours: dict[int, NDArray[np.uint8]] = {}
        self._prompted: dict[int, set[int]] = {}
        self._n = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def add_frame(self, frame: Picture | Prepared) -> int:
        if not self._keep:
            self._frames.clear()
        self._frames[self._n] = frame.pixels if isinstance(frame, Prepared) else frame
        self._n += 1
        return self._n - 1

    def prompt(self, frame_index: int, object_id: int, prompt: Prompt) -> Mask:
        picture = self._frames[frame_index]
        if object_id not in self._colours:
            self._colours[object_id] = picture[self._shown(prompt, picture)]
        self._prompted.setdefault(object_id, set()).add(frame_index)
        return self._mask(frame_index, object_id)

    def _shown(self, prompt: Prompt, picture: Picture) -> tuple[int, int]:
        if prompt.mask is not None:
            y, x = np.argwhere(prompt.mask)[0]
        elif prompt.points is not None:
            x, y = prompt.points[0]
        else:
            assert prompt.box is not None
            x, y = (prompt.box[0] + prompt.box[2]) / 2, (prompt.box[1] + prompt.box[3]) / 2
        return int(y), int(x)

    def _mask(self, index: int, object_id: int) -> Mask:
        mask = (self._frames[index] == self._colours[object_id]).all(axis=-1)
        distance = min(abs(index - at) for at in self._prompted[object_id])
        if self._model.reach is not None and distance > self._model.reach:
            mask = np.zeros_like(mask)
        shifted: Mask = np.roll(mask, self._model.shift, axis=1)
        return shifted

    def track(self, frame_index: int) -> dict[int, Mask]:
        if self._model.seconds:
            time.sleep(self._model.seconds)
        if self._model.fails_after is not None and frame_index >= self._model.fails_after:
            raise ModelError("the device is out of memory")
        return {object_id: self._mask(frame_index, object_id) for object_id in self._colours}

    def propagate(self, start: int = 0) -> Iterator[tuple[int, dict[int, Mask]]]:
        for index in range(start, self._n):
            yield index, {object_id: self._mask(index, object_id) for object_id in self._colours}

    def close(self) -> None:
        self._frames.clear()


def make(**settings: object) -> ColourSegmenter:
    return ColourSegmenter()


def make_shifted(**settings: object) -> ColourSegmenter:
    return ColourSegmenter(shift=3, name="colour-shifted")


def make_slow(**settings: object) -> ColourSegmenter:
    return ColourSegmenter(seconds=0.05, name="colour-slow")


def make_shifted_slow(**settings: object) -> ColourSegmenter:
    return ColourSegmenter(shift=3, seconds=0.05, name="colour-shifted-slow")


def make_forgetful(**settings: object) -> ColourSegmenter:
    return ColourSegmenter(reach=2, name="colour-forgetful")


def make_failing(**settings: object) -> ColourSegmenter:
    return ColourSegmenter(fails_after=4, name="colour-failing")


def make_clickable(**settings: object) -> ColourSegmenter:
    made = ColourSegmenter(name="colour-clickable")
    made.accepts = frozenset({"points"})
    return made
