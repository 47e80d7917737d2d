"""What a model is given of one sequence: its frames, and prompts on some of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.vos.appearances import FirstMask
from runners.video_segmentation.frames import FrameSource

if TYPE_CHECKING:
    from runners.models.segmentation.interface import Prompt


@dataclass(frozen=True)
class GivenPrompt:
    """A prompt for one object on one frame; `frame` is None for the first frame of all.

    number: what the object is called in the model and in label maps. object_id: what the set
    calls it. prompt: reads it, and raises InputError where it is broken.
    """

    number: int
    object_id: str
    frame: str | None
    prompt: Callable[[], Prompt]


@dataclass(frozen=True)
class SequenceJob:
    """One sequence to be tracked.

    written: the frames whose masks are wanted, all where it is None. folders: number -> folder,
    where every object's masks have a folder of their own.
    """

    name: str
    source: FrameSource
    given: tuple[GivenPrompt, ...]
    written: frozenset[str] | None = None
    folders: Mapping[int, str] | None = None


def mask_prompt(first: FirstMask, frame: str | None = None) -> GivenPrompt:
    """The annotation that first shows an object, as a prompt; `frame` where it has another name."""

    def read() -> Prompt:
        from runners.models.segmentation.interface import Prompt

        return Prompt(mask=first.read())

    return GivenPrompt(first.number, first.object_id, frame or first.frame, read)
