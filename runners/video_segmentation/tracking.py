"""Takes a model through one sequence: frames ahead, the model, masks behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from results.errors import InputError
from runners.video_segmentation.jobs import GivenPrompt, SequenceJob
from runners.video_segmentation.overlap import FramesAhead, MasksBehind, ReadyFrame
from runners.video_segmentation.timing import Stopwatch, Tracked

if TYPE_CHECKING:
    from runners.models.segmentation.interface import Mask, VideoSegmenter, VideoSession
    from runners.video_segmentation.frames import Picture

    # (frame's name, its picture, number -> mask)
    WriteMasks = Callable[[str, Picture, Mapping[int, Mask]], None]


@dataclass(frozen=True)
class Windows:
    """How far reading and writing may run ahead and behind, in frames; 0 is not at all."""

    ahead: int = 8
    behind: int = 8
    threads: int = 2


def track_sequence(
    segmenter: VideoSegmenter,
    job: SequenceJob,
    write: WriteMasks,
    *,
    windows: Windows,
    most: int | None = None,
    on_frame: Callable[[], None] = lambda: None,
) -> Tracked:
    """Tracks all objects of a sequence through it, and has the masks of each frame written.

    most: stop after so many frames that the model has seen (a warm-up). Raises InputError, naming
    the frame, for input that cannot be used, and whatever the model raises.
    """
    began = time.perf_counter()
    stopwatch = Stopwatch(segmenter.device)
    prompts = _by_frame(job)
    size: tuple[int, ...] = ()
    n = 0
    with ExitStack() as stack:
        behind = stack.enter_context(MasksBehind(write, window=windows.behind))
        ahead = stack.enter_context(
            FramesAhead(
                job.source, segmenter.prepare, window=windows.ahead, threads=windows.threads
            )
        )
        session: VideoSession | None = None
        for n, frame in enumerate(ahead, 1):
            here = prompts.pop(frame.name, []) + (prompts.pop(None, []) if n == 1 else [])
            size = size or frame.picture.shape
            _check_size(job, frame, size)
            masks: Mapping[int, Mask] = {}
            if here and session is None:
                left = None if job.source.count is None else job.source.count - n + 1
                # Label maps hold one object a pixel; folders of masks may overlap.
                session = stack.enter_context(
                    segmenter.start(size[0], size[1], left, non_overlapping=job.folders is None)
                )
            if session is not None:
                given = [(each.number, each.prompt()) for each in here]
                for number, prompt in given:
                    _check_mask(job, frame, number, prompt.mask)
                with stopwatch:
                    index = session.add_frame(frame.prepared)
                    for number, prompt in given:
                        session.prompt(index, number, prompt)
                    masks = session.track(index)
            if job.written is None or frame.name in job.written:
                behind.put(frame.name, frame.picture, masks)
            on_frame()
            if most is not None and len(stopwatch.frame_seconds) >= most:
                break
        else:
            _check_all_given(job, prompts, n)
    return Tracked(n, time.perf_counter() - began, tuple(stopwatch.frame_seconds))


def _by_frame(job: SequenceJob) -> dict[str | None, list[GivenPrompt]]:
    found: dict[str | None, list[GivenPrompt]] = {}
    for given in job.given:
        found.setdefault(given.frame, []).append(given)
    return found


def _check_size(job: SequenceJob, frame: ReadyFrame, size: tuple[int, ...]) -> None:
    if frame.picture.shape != size:
        raise InputError(
            f"Sequence {job.name}, frame {frame.name}: the picture is"
            f" {_pixels(frame.picture.shape)}, but those before it are {_pixels(size)}."
        )


def _check_mask(job: SequenceJob, frame: ReadyFrame, number: int, mask: Mask | None) -> None:
    if mask is None:
        return
    if mask.shape != frame.picture.shape[:2]:
        raise InputError(
            f"Sequence {job.name}, frame {frame.name}: the mask is {_pixels(mask.shape)}, but the"
            f" picture {_pixels(frame.picture.shape)}."
        )
    if not mask.any():
        raise InputError(
            f"Sequence {job.name}, frame {frame.name}: the mask of object {number} is empty."
        )


def _check_all_given(
    job: SequenceJob, left: Mapping[str | None, list[GivenPrompt]], n: int
) -> None:
    for frame, given in left.items():
        raise InputError(
            f"Sequence {job.name}: object {given[0].object_id} is to be given on frame {frame}, but"
            f" that is none of the {n} frames."
        )


def _pixels(shape: tuple[int, ...]) -> str:
    return f"{shape[1]} x {shape[0]} pixels"
