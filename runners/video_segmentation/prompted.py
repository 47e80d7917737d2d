"""Runs a model through promptable video segmentation, an object at a time.

The rules are those of `benchmarks.vos.prompting`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.image_segmentation.clicks import Click
from benchmarks.vos.appearances import FirstMask, first_in_maps, read_mask
from benchmarks.vos.counting import BadMapError, Counts, count_masks
from benchmarks.vos.datasets import VideoSet
from benchmarks.vos.frame_names import frame_files
from benchmarks.vos.layout import PNG
from benchmarks.vos.prompting import (
    GOOD_ENOUGH,
    Mode,
    PromptedFrame,
    click_frame,
    frame_to_prompt,
    j_and_f,
)
from results.errors import InputError
from results.records import Score
from runners.video_segmentation.clips import Clip
from runners.video_segmentation.frames import FrameSource, PictureFolder
from runners.video_segmentation.overlap import FramesAhead, ReadyFrame
from runners.video_segmentation.tracking import Windows

if TYPE_CHECKING:
    from runners.models.segmentation.interface import Mask, Prompt, VideoSegmenter, VideoSession

_OBJECT = 1


@dataclass(frozen=True)
class PvsObject:
    """One object of one sequence; `masks`: frame name -> the file that annotates it."""

    sequence: str
    first: FirstMask
    source: FrameSource
    masks: Mapping[str, Path]

    @property
    def key(self) -> str:
        return f"{self.sequence}/{self.first.object_id}"

    def truth(self, frame: str) -> Mask:
        return read_mask(self.masks[frame], self.first.label)


@dataclass(frozen=True)
class PvsRules:
    """frames: the most that are prompted; `clicks` on each."""

    mode: Mode = "offline"
    frames: int = 8
    clicks: int = 3
    keep_ends: bool = False


def objects_of_set(videos: VideoSet, name: str, most: int | None) -> tuple[PvsObject, ...]:
    """The objects of a sequence, each from where it first appears; InputError.

    most: of the sequence's frames, only so many.
    """
    sequence = videos.sequence(name)
    frames = sequence.frames if most is None else sequence.frames[:most]
    source = PictureFolder(sequence.pictures, only=frames)
    folder = videos.annotations / name
    objects = sequence.objects if videos.by_object else first_in_maps(folder, late=True)[0]
    known = set(frames)
    found = []
    for first in objects:
        place = folder / first.object_id if videos.by_object else folder
        files = frame_files(place, (PNG,))
        masks = {frame: place / file for frame, file in files.items() if frame in known}
        if first.frame in masks:
            found.append(PvsObject(name, first, source, masks))
    return tuple(found)


def objects_of_clip(clip: Clip) -> tuple[PvsObject, ...]:
    """The objects of a video whose frames have masks; InputError where it has none."""
    from runners.video_segmentation.clips import objects_in

    if not clip.has_ground_truth:
        raise InputError(f"{clip.name} has no masks to click by; give --masks.")
    return tuple(
        PvsObject(clip.name, first, clip.source, clip.masks)
        for first in objects_in(clip.masks, late=True)
    )


def prompted_score(
    segmenter: VideoSegmenter,
    target: PvsObject,
    rules: PvsRules,
    *,
    windows: Windows,
    on_frame: Callable[[], None] = lambda: None,
) -> Score:
    """J&F of one object after 1, 2, … prompted frames, and its mean; InputError for bad input.

    The score's values are `J&F@1` … and `J&F`, J and F, which are means over the numbers of
    frames; its prediction is the JSON of every click.
    """
    run = _offline if rules.mode == "offline" else _online
    rounds: list[tuple[float, float]] = []
    prompted: Sequence[PromptedFrame] = ()
    passes = 0
    for counts, clicked in run(segmenter, target, rules, windows, on_frame):
        passes += 1
        prompted = clicked
        scored = j_and_f(counts, keep_ends=rules.keep_ends)
        if scored is None:
            raise InputError(
                f"Sequence {target.sequence}, object {target.first.object_id}: none of its"
                f" {len(counts)} annotated frames is scored; --keep-ends scores the ends, too."
            )
        rounds.append(scored)
    # What is good after k frames needs no more, and stands for every larger number.
    rounds += rounds[-1:] * (rules.frames - len(rounds))
    js, fs = [j for j, _ in rounds], [f for _, f in rounds]
    values = {f"J&F@{k}": (j + f) / 2 for k, (j, f) in enumerate(rounds, 1)}
    j, f = sum(js) / len(js), sum(fs) / len(fs)
    return Score(
        sample=target.key,
        cluster=target.sequence,
        values={"J&F": (j + f) / 2, "J": j, "F": f, **values},
        prediction=_as_text(prompted),
        measures={
            "passes": passes,
            "prompted_frames": len(prompted),
            "clicks": sum(len(each.clicks) for each in prompted),
        },
    )


# After each number of prompted frames: counts by frame, and the frames prompted so far.
_Rounds = Iterator[tuple[dict[int, Counts], Sequence[PromptedFrame]]]


def _offline(
    segmenter: VideoSegmenter,
    target: PvsObject,
    rules: PvsRules,
    windows: Windows,
    on_frame: Callable[[], None],
) -> _Rounds:
    names: list[str] = []
    with ExitStack() as stack:
        session: VideoSession | None = None
        for frame, left in _from_first(segmenter, target, windows):
            if session is None:
                session = stack.enter_context(
                    segmenter.start(*_size(frame), left, keep_frames=True)
                )
            session.add_frame(frame.prepared)
            names.append(frame.name)
        assert session is not None
        prompted: list[PromptedFrame] = []
        done: set[int] = set()
        chosen: int | None = 0
        predicted: Mask | None = None
        while chosen is not None and len(prompted) < rules.frames:
            clicks, _ = _click(session, target, names[chosen], chosen, rules, predicted)
            prompted.append(PromptedFrame(names[chosen], clicks))
            done.add(chosen)
            counts: dict[int, Counts] = {}
            chosen, predicted = None, None
            for index, masks in session.propagate():
                on_frame()
                if names[index] not in target.masks:
                    continue
                counts[index] = _count(target, names[index], masks[_OBJECT])
                # Of all masks, only that of the frame to be prompted next is kept.
                lowest = frame_to_prompt({i: each.j for i, each in counts.items()}, done)
                if lowest == index:
                    chosen, predicted = index, masks[_OBJECT]
            yield counts, tuple(prompted)


def _online(
    segmenter: VideoSegmenter,
    target: PvsObject,
    rules: PvsRules,
    windows: Windows,
    on_frame: Callable[[], None],
) -> _Rounds:
    for most in range(1, rules.frames + 1):
        counts: dict[int, Counts] = {}
        prompted: list[PromptedFrame] = []
        is_good = True
        with ExitStack() as stack:
            session: VideoSession | None = None
            for frame, left in _from_first(segmenter, target, windows):
                if session is None:
                    session = stack.enter_context(segmenter.start(*_size(frame), left))
                index = session.add_frame(frame.prepared)
                mask = session.track(index)[_OBJECT] if prompted else None
                if frame.name in target.masks:
                    found = None if mask is None else _count(target, frame.name, mask)
                    if found is None or found.j < GOOD_ENOUGH:
                        if len(prompted) == most:
                            is_good = False
                        else:
                            clicks, _ = _click(session, target, frame.name, index, rules, mask)
                            prompted.append(PromptedFrame(frame.name, clicks))
                            mask = session.track(index)[_OBJECT]
                            found = _count(target, frame.name, mask)
                    assert found is not None
                    counts[index] = found
                on_frame()
        yield counts, tuple(prompted)
        # A larger number of frames would be prompted no differently.
        if is_good:
            return


def _size(frame: ReadyFrame) -> tuple[int, int]:
    height, width, _ = frame.picture.shape
    return height, width


def _from_first(
    segmenter: VideoSegmenter, target: PvsObject, windows: Windows
) -> Iterator[tuple[ReadyFrame, int | None]]:
    """(frame, how many there are from the first) of each frame from where the object appears."""
    left: int | None = None
    has_begun = False
    with FramesAhead(
        target.source, segmenter.prepare, window=windows.ahead, threads=windows.threads
    ) as ahead:
        for skipped, frame in enumerate(ahead):
            if not has_begun and frame.name == target.first.frame:
                has_begun = True
                left = None if target.source.count is None else target.source.count - skipped
            if has_begun:
                yield frame, left
    if not has_begun:
        raise InputError(
            f"Sequence {target.sequence}: frame {target.first.frame}, which first shows object"
            f" {target.first.object_id}, is none of its frames."
        )


def _click(
    session: VideoSession,
    target: PvsObject,
    name: str,
    index: int,
    rules: PvsRules,
    predicted: Mask | None,
) -> tuple[tuple[Click, ...], Mask | None]:
    return click_frame(
        target.truth(name),
        lambda clicks: session.prompt(index, _OBJECT, as_prompt(clicks)),
        clicks=rules.clicks,
        predicted=predicted,
    )


def as_prompt(clicks: Sequence[Click]) -> Prompt:
    import numpy as np

    from runners.models.segmentation.interface import Prompt

    return Prompt(
        points=np.array([(click.x, click.y) for click in clicks], np.float32),
        labels=np.array([click.label for click in clicks], np.int32),
    )


def _count(target: PvsObject, name: str, mask: Mask) -> Counts:
    try:
        return count_masks(target.truth(name), mask)
    except BadMapError as error:
        raise InputError(f"{target.key}, frame {name}: {error}.") from None


def _as_text(prompted: Sequence[PromptedFrame]) -> str:
    return json.dumps(
        [
            {"frame": each.frame, "clicks": [[c.x, c.y, c.label] for c in each.clicks]}
            for each in prompted
        ]
    )
