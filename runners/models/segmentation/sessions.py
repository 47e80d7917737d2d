"""What video segmenters and their sessions do alike: frames, checks, and the order of calls."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Set
from types import TracebackType
from typing import Self

from results.errors import InputError
from runners.models.devices import Placement
from runners.models.segmentation.frame_store import FrameStore, NewestFrame, SpooledFrames
from runners.models.segmentation.interface import Mask, Picture, Prepared, Prompt, PromptKind
from runners.models.segmentation.preparing import resized_frame
from runners.models.segmentation.prompts import check_picture, check_prepared, check_prompt

# Stands for a length that nobody knows.
ENDLESS = 1 << 31


class FrameByFrameSegmenter(ABC):
    """A `VideoSegmenter` that sees square pictures of `_size` pixels a side, on its placement."""

    variant: str | None = None
    accepts: frozenset[PromptKind] = frozenset({"points", "box", "mask"})
    _placement: Placement
    _size: int

    @property
    def device(self) -> str:
        return self._placement.device

    @property
    def precision(self) -> str:
        return self._placement.precision

    def prepare(self, frame: Picture) -> Prepared:
        check_picture(frame)
        return Prepared(resized_frame(frame, self._size), frame.shape[0], frame.shape[1])

    def start(
        self,
        height: int,
        width: int,
        n_frames: int | None,
        *,
        keep_frames: bool = False,
        non_overlapping: bool = False,
    ) -> FrameByFrameSession:
        return self._session(
            (height, width),
            n_frames or ENDLESS,
            keep_frames=keep_frames,
            non_overlapping=non_overlapping,
        )

    @abstractmethod
    def _session(
        self, size: tuple[int, int], n_frames: int, *, keep_frames: bool, non_overlapping: bool
    ) -> FrameByFrameSession: ...


class FrameByFrameSession(ABC):
    """A `VideoSession` around a model's two steps, `_prompted` and `_tracked`.

    What `prepare` makes of a frame is uint8 of one shape, and is kept as `keep_frames` says.
    """

    def __init__(
        self,
        prepare: Callable[[Picture], Prepared],
        accepts: Set[PromptKind],
        height: int,
        width: int,
        *,
        keep_frames: bool,
    ) -> None:
        if height < 1 or width < 1:
            raise InputError(f"A video of {width} x {height} has no pixels.")
        self._prepare, self._accepts = prepare, accepts
        self._height, self._width = height, width
        self._keeps = keep_frames
        self._store: FrameStore = SpooledFrames() if keep_frames else NewestFrame()

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
        if isinstance(frame, Prepared):
            prepared = check_prepared(frame, self._height, self._width)
        else:
            check_picture(frame, self._height, self._width)
            prepared = self._prepare(frame)
        self._store.append(prepared.pixels)
        return len(self._store) - 1

    def prompt(self, frame_index: int, object_id: int, prompt: Prompt) -> Mask:
        self._check_frame(frame_index)
        check_prompt(prompt, self._height, self._width, self._accepts)
        return self._prompted(frame_index, object_id, prompt)

    def track(self, frame_index: int) -> dict[int, Mask]:
        if frame_index != len(self._store) - 1:
            raise InputError(f"Frame {frame_index} is not the newest; track follows add_frame.")
        return self._tracked(frame_index)

    def propagate(self, start: int = 0) -> Iterator[tuple[int, dict[int, Mask]]]:
        if not self._keeps:
            raise InputError("Going over a video again needs keep_frames at its start.")
        if not self._has_objects:
            raise InputError("There is nothing to follow yet: give a prompt first.")
        self._check_frame(start)
        return ((index, self._tracked(index)) for index in range(start, len(self._store)))

    def close(self) -> None:
        self._store.close()

    @property
    @abstractmethod
    def _has_objects(self) -> bool: ...

    @abstractmethod
    def _prompted(self, index: int, object_id: int, prompt: Prompt) -> Mask:
        """The object's mask in a frame at hand, with a prompt that was checked."""

    @abstractmethod
    def _tracked(self, index: int) -> dict[int, Mask]:
        """The masks of all objects in a frame at hand, which is remembered."""

    def _check_frame(self, index: int) -> None:
        count = len(self._store)
        if not 0 <= index < count:
            raise InputError(f"There is no frame {index}: {count} were added.")
        if not self._keeps and index != count - 1:
            raise InputError(
                f"Frame {index} is out of reach; start the session with keep_frames to go back."
            )
