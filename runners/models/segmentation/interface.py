"""What a model that segments from prompts offers, for images and for videos.

An image is shown once (`set_image`) and asked often (`predict`). A video's frames are added in
order to a session, which is given prompts and says where the objects are:

    with segmenter.start(height, width, n_frames) as session:
        for index, frame in enumerate(frames):
            session.add_frame(frame)
            if index == 0:
                session.prompt(0, 1, Prompt(mask=first))
            masks = session.track(index)          # {object id: bool (height, width)}

An object may be prompted first in a later frame; `track` names it from then on. Such a session
holds what the model's memory can still use and nothing more, so that it does not grow with the
video. With `keep_frames` every frame stays within reach (in a temporary file, uint8, at the model's
input size); prompts may then be given on any frame added so far, and `propagate` goes over all of
them, conditioned on all prompts, later ones included (offline promptable segmentation).

Pictures are uint8 (height, width, 3) RGB; masks are bool (height, width) at the picture's size.
Points are (x, y) in pixels of the picture, whole numbers standing for the middle of a pixel, which
is how SAM's prompt encoder reads them. Boxes are (x0, y0, x1, y1).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, Protocol, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from runners.models.describing import Described

Picture: TypeAlias = NDArray[np.uint8]
Mask: TypeAlias = NDArray[np.bool_]

PromptKind = Literal["points", "box", "mask", "previous"]


@dataclass(frozen=True, eq=False)
class Prompt:
    """Where one object is, in one picture.

    points: float (n, 2) with labels int (n,), 1 on the object and 0 beside it: all clicks given on
        this picture so far, not the newest alone. Points and a box may be given together.
    box: x0 <= x1, y0 <= y1.
    mask: bool (height, width); alone, never with points or a box.
    """

    points: NDArray[Any] | None = None
    labels: NDArray[Any] | None = None
    box: tuple[float, float, float, float] | None = None
    mask: Mask | None = None


@dataclass(frozen=True, eq=False)
class Prepared:
    """A picture made ready for a model: `pixels` is that model's own business."""

    pixels: Any
    height: int
    width: int


class ImageSegmenter(Protocol):
    """Masks of one object in an image, from prompts."""

    @property
    def name(self) -> str: ...

    @property
    def variant(self) -> str | None:
        """The exported form, such as `onnx`; None for the model itself."""

    @property
    def device(self) -> str: ...

    @property
    def precision(self) -> str: ...

    @property
    def accepts(self) -> frozenset[PromptKind]:
        """What `predict` takes; anything else is an InputError."""

    def prepare(self, image: Picture) -> Prepared:
        """The preprocessing alone; any thread may do it, ahead of `set_image`."""

    def set_image(self, image: Picture | Prepared) -> None:
        """Encodes an image; InputError when it is not uint8 (height, width, 3)."""

    def predict(
        self, prompt: Prompt, *, multimask: bool, previous: int | None = None
    ) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
        """Masks, bool (k, height, width), and the model's own estimate of each one's IoU, (k,).

        multimask: the model's several answers to an ambiguous prompt (k is 3 in SAM) instead of
            one; a model that has but one answer gives that (k = 1). No order among them.
        previous: that mask of the last answer is refined: its logits go in with the prompt, as
            SAM does from the second click on.
        Raises InputError before `set_image`, and for a prompt that is not valid.
        """

    def describe(self) -> Described:
        """For the run's record: versions, parameters, bytes, hashes of the files, and settings."""


class VideoSession(Protocol):
    """One video on its way through a model."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def add_frame(self, frame: Picture | Prepared) -> int:
        """Adds the next frame and says its index, from 0; nothing is run on it yet."""

    def prompt(self, frame_index: int, object_id: int, prompt: Prompt) -> Mask:
        """The object's mask in that frame, with this prompt in the place of its earlier one there.

        On a frame that was tracked already it is a correction, which starts from the mask there.
        `frame_index` is the newest frame, or with `keep_frames` any frame added so far. Object ids
        are the caller's own numbers. Raises InputError for a prompt that is not valid.
        """

    def track(self, frame_index: int) -> dict[int, Mask]:
        """The masks of all objects prompted so far in the newest frame, which is `frame_index`.

        Objects prompted on this very frame have the masks of their prompts. Empty without objects.
        Once there are objects, every frame is to be tracked: the memory is made by it.
        """

    def propagate(self, start: int = 0) -> Iterator[tuple[int, dict[int, Mask]]]:
        """(index, masks) of each frame from `start` to the newest, with all prompts so far.

        InputError without `keep_frames`, and without prompts.
        """

    def close(self) -> None:
        """Gives up memory and temporary files; leaving the `with` block does it, too."""


class VideoSegmenter(Protocol):
    """Follows objects through a video, from prompts."""

    @property
    def name(self) -> str: ...

    @property
    def variant(self) -> str | None: ...

    @property
    def device(self) -> str: ...

    @property
    def precision(self) -> str: ...

    @property
    def accepts(self) -> frozenset[PromptKind]: ...

    def prepare(self, frame: Picture) -> Prepared:
        """The preprocessing alone; any thread may do it, ahead of `add_frame`."""

    def start(
        self,
        height: int,
        width: int,
        n_frames: int | None,
        *,
        keep_frames: bool = False,
        non_overlapping: bool = False,
    ) -> VideoSession:
        """A session for a video whose frames are height x width.

        n_frames: how many frames there will be; None where nobody knows (the models read it: below
            16 frames it scales the time that SAM 2's object pointers carry).
        non_overlapping: each pixel goes to the object that claims it most, as in the official
            inference that writes palette PNGs; it changes what `track` and `propagate` return and
            not what the model remembers.
        """

    def describe(self) -> Described:
        """For the run's record: versions, parameters, bytes, hashes of the files, and settings."""
