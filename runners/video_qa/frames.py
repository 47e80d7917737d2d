"""Frames of a video picked in one pass: decoded in order, never by seeking for each.

Packets are listed first, which decodes nothing and tells when each frame is shown, whatever the
header says of their number. Then the groups of pictures that hold a wanted frame are decoded, in
order; the others are passed over. Only picked frames become pictures, so memory holds those and a
decoder's few, however long the video is. Where a frame cannot be found so, as with streams without
time stamps, everything is decoded instead.

Uniform sampling takes `linspace(0, n - 1, N)` rounded down, as LongVU and lmms-eval do; a single
frame is the middle one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from runners.models.video_language.interface import Picture, SampledFrames
from runners.video_qa.packets import (
    MOST_PIXELS,
    Packets,
    UnreadableVideo,
    cause_of,
    decoding_errors,
    faulty,
    listed_packets,
    opened,
    video_stream,
)

if TYPE_CHECKING:
    from runners.video_qa.frame_cache import FrameCache

MOST_SAMPLED = 4_096
_SAME = 1e-6
_Span = tuple[float, float] | None
_CONVERTING = 2
PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
PICTURES_A_SECOND = 3.0
"""How many pictures of a folder are a second, as in MVBench's frames of TVQA."""


@dataclass(frozen=True)
class FrameSampling:
    """Which frames: so many spread evenly, or so many a second but at most so many in all.

    count: of a uniform sample. Without it `rate` frames a second are taken, evenly thinned to
    `most`. longest_side: pixels; larger pictures are made smaller, keeping their shape.
    """

    count: int | None = None
    rate: float | None = None
    most: int = MOST_SAMPLED
    longest_side: int | None = None

    def __post_init__(self) -> None:
        if (self.count is None) == (self.rate is None):
            raise ValueError("sample a number of frames, or a rate")
        if not 1 <= (self.count or 1) <= MOST_SAMPLED or not 1 <= self.most <= MOST_SAMPLED:
            raise ValueError(f"sample 1 to {MOST_SAMPLED} frames")
        if not 0 < (self.rate or 1.0) <= 1000:
            raise ValueError("sample above 0 and at most 1000 frames a second")

    def chosen(self, times: Sequence[float]) -> list[int]:
        """Which of the frames shown at these seconds, in order; each once."""
        n = len(times)
        if self.count is not None:
            return [n // 2] if self.count == 1 else _spread(n, self.count)
        assert self.rate is not None
        # A frame counts that is on the screen at a tick: one comes before the next frame does.
        begins = (np.asarray(times) - times[0]) * self.rate
        ticks = np.ceil(begins - _SAME * self.rate)
        ends = np.append(begins[1:], begins[-1] + 2 * _SAME * self.rate)
        shown = np.flatnonzero(ticks < ends - _SAME * self.rate)
        kept = _spread(len(shown), self.most)
        return [int(shown[index]) for index in kept]


def sample_frames(
    path: Path,
    wanted: FrameSampling,
    *,
    cache: FrameCache | None = None,
    span: tuple[float, float] | None = None,
) -> SampledFrames:
    """The wanted frames of a video file, or of a folder of pictures, as `sample_frames_of_all`."""
    return sample_frames_of_all(path, [wanted], cache=cache, span=span)[wanted]


def sample_frames_of_all(
    path: Path,
    wanted: Sequence[FrameSampling],
    *,
    cache: FrameCache | None = None,
    span: tuple[float, float] | None = None,
) -> dict[FrameSampling, SampledFrames]:
    """The frames of several samplings of a video, picked in one pass.

    Args:
        path: a video, or a folder of pictures in the order of their names, three a second.
        wanted: which frames; with one `longest_side` for all.
        cache: where sampled frames are kept.
        span: seconds, from and to; only what is shown between them is sampled.

    Raises:
        UnreadableVideo: it is missing, empty, damaged, cut off, of an unknown codec, or no video.
    """
    if len({each.longest_side for each in wanted}) != 1:
        raise ValueError("give samplings of one longest_side")
    found: dict[FrameSampling, SampledFrames] = {}
    for each in wanted if cache is not None else ():
        kept = cache.get(path, each, span) if cache is not None else None
        if kept is not None:
            found[each] = kept
    left = [each for each in dict.fromkeys(wanted) if each not in found]
    if not left:
        return found
    try:
        read = (_of_folder if path.is_dir() else _of_file)(path, left, span)
    except (OSError, MemoryError) as error:
        raise UnreadableVideo(f"{path.name} cannot be read: {cause_of(error)}.") from None
    for each, sampled in read.items():
        if cache is not None:
            cache.put(path, each, span, sampled)
    return {**found, **read}


def _sampled(
    wanted: Sequence[FrameSampling],
    times: np.ndarray,
    inside: np.ndarray,
    seconds: float,
    read: Callable[[list[int]], Mapping[int, Picture]],
) -> dict[FrameSampling, SampledFrames]:
    """What each sampling takes of the frames `inside`; `read` gives pictures by their numbers."""
    shown = [float(times[index]) for index in inside]
    picked = {each: [int(inside[place]) for place in each.chosen(shown)] for each in wanted}
    pictures = read(sorted({index for numbers in picked.values() for index in numbers}))
    return {
        each: SampledFrames(
            tuple(pictures[index] for index in numbers),
            tuple(round(float(times[index]), 6) for index in numbers),
            seconds,
        )
        for each, numbers in picked.items()
    }


def _of_file(
    path: Path, wanted: Sequence[FrameSampling], span: _Span
) -> dict[FrameSampling, SampledFrames]:
    packets = listed_packets(path)
    longest_side = wanted[0].longest_side
    if not packets.has_times or not packets.unit:
        return _by_count(path, wanted, span, packets.rate)
    order = np.argsort(packets.stamps, kind="stable")
    order = order[packets.is_shown[order]]
    stamps = packets.stamps[order]
    times = (stamps - stamps[0]) * packets.unit
    length = float(times[-1]) + (float(times[-1]) / (len(times) - 1) if len(times) > 1 else 0.0)

    def read(numbers: list[int]) -> dict[int, Picture]:
        picked = _picked(path, packets, [int(order[index]) for index in numbers], longest_side)
        return dict(zip(numbers, picked, strict=True))

    return _sampled(wanted, times, _within(times, span, path), length, read)


def _picked(
    path: Path, packets: Packets, wanted: Sequence[int], longest_side: int | None
) -> list[Picture]:
    """The frames of those packets, in that order."""
    stamps = [int(packets.stamps[packet]) for packet in wanted]
    found: dict[int, Future[Picture]] = {}
    # Colours are converted beside, so that decoding goes on meanwhile.
    with ThreadPoolExecutor(_CONVERTING, "converting") as pool:
        for frames in (_of_groups(path, packets, wanted), _all(path)):
            missing = set(stamps) - found.keys()
            try:
                for frame in frames:
                    if frame.pts in missing and not frame.is_corrupt:
                        found[frame.pts] = pool.submit(_picture, path, frame, longest_side)
                        missing.discard(frame.pts)
                        if not missing:
                            return [found[stamp].result() for stamp in stamps]
            except UnreadableVideo:
                # What cannot be decoded from the middle may be from the beginning.
                continue
    # Some streams stamp frames otherwise than packets; then what is on the screen is taken.
    late = _nearest(path, stamps, longest_side)
    return [late[stamp] for stamp in stamps]


def _of_groups(path: Path, packets: Packets, wanted: Sequence[int]) -> Iterator[Any]:
    """Frames of the groups of pictures that hold those packets, decoded in order."""
    keys = np.flatnonzero(packets.is_key)
    if not len(keys):
        return
    groups: set[int] = set()
    for number in wanted:
        group = int(np.searchsorted(keys, number, side="right")) - 1
        groups.add(max(group, 0))
        # What is shown before its group's first frame may lean on the group before.
        if group > 0 and packets.stamps[number] < packets.stamps[keys[group]]:
            groups.add(group - 1)
    last = max(groups)
    stamps = {int(packets.stamps[number]) for number in wanted}
    with opened(path) as container:
        stream = video_stream(container, path)
        group, number, is_under_way = -1, -1, False
        try:
            for packet in container.demux(stream):
                if not packet.size:
                    break
                number += 1
                if number < len(packets.is_key) and packets.is_key[number]:
                    group += 1
                    if group > last:
                        break
                if max(group, 0) in groups:
                    is_under_way = True
                    # What no other frame leans on need not be decoded unless it is wanted.
                    stream.codec_context.skip_frame = (
                        "DEFAULT" if packet.pts in stamps else "NONREF"
                    )
                    yield from stream.codec_context.decode(packet)
                elif is_under_way:
                    is_under_way = False
                    yield from stream.codec_context.decode(None)
                    stream.codec_context.flush_buffers()
            yield from stream.codec_context.decode(None)
        except decoding_errors() as error:
            raise faulty(path, error) from None


def _all(path: Path) -> Iterator[Any]:
    with opened(path) as container:
        stream = video_stream(container, path)
        try:
            yield from container.decode(stream)
        except decoding_errors() as error:
            raise faulty(path, error) from None


def _nearest(path: Path, stamps: Sequence[int], longest_side: int | None) -> dict[int, Picture]:
    """For each time stamp the first frame that is not shown before it."""
    left = sorted(set(stamps))
    found: dict[int, Picture] = {}
    for frame in _all(path):
        while left and frame.pts is not None and frame.pts >= left[0]:
            found[left.pop(0)] = _picture(path, frame, longest_side)
        if not left:
            return found
    raise UnreadableVideo(
        f"{path.name} is damaged: {len(left)} of {len(stamps)} frames cannot be decoded."
    )


def _by_count(
    path: Path, wanted: Sequence[FrameSampling], span: _Span, rate: float
) -> dict[FrameSampling, SampledFrames]:
    """For streams without time stamps: frames are counted, and shown at the stream's rate."""
    n = sum(1 for _ in _all(path))
    if not n:
        raise UnreadableVideo(f"{path.name} has no frames that can be decoded.")
    times = np.arange(n) / rate

    def read(numbers: list[int]) -> dict[int, Picture]:
        chosen = set(numbers)
        return {
            number: _picture(path, frame, wanted[0].longest_side)
            for number, frame in enumerate(_all(path))
            if number in chosen
        }

    return _sampled(wanted, times, _within(times, span, path), n / rate, read)


def _of_folder(
    path: Path, wanted: Sequence[FrameSampling], span: _Span
) -> dict[FrameSampling, SampledFrames]:
    files = sorted(
        each
        for each in path.iterdir()
        if each.suffix.lower() in PICTURES and each.is_file() and not each.is_symlink()
    )
    if not files:
        raise UnreadableVideo(f"{path.name} holds no pictures.")
    times = np.arange(len(files)) / PICTURES_A_SECOND
    side = wanted[0].longest_side

    def read(numbers: list[int]) -> dict[int, Picture]:
        return {number: _picture_in(files[number], side) for number in numbers}

    seconds = len(files) / PICTURES_A_SECOND
    return _sampled(wanted, times, _within(times, span, path), seconds, read)


def _picture_in(file: Path, longest_side: int | None) -> Picture:
    from PIL import Image, ImageOps

    try:
        with Image.open(file) as image:
            if image.width * image.height > MOST_PIXELS:
                raise UnreadableVideo(f"{file.name} has over {MOST_PIXELS:,} pixels.")
            upright = ImageOps.exif_transpose(image).convert("RGB")
            size = _size(upright.width, upright.height, longest_side)
            return np.asarray(upright.resize(size) if size != upright.size else upright)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnreadableVideo(f"{file.name} cannot be read: {cause_of(error)}.") from None


def _picture(path: Path, frame: Any, longest_side: int | None) -> Picture:
    if frame.width * frame.height > MOST_PIXELS:
        raise UnreadableVideo(f"A frame of {path.name} has over {MOST_PIXELS:,} pixels.")
    width, height = _size(frame.width, frame.height, longest_side)
    try:
        pixels = frame.to_ndarray(format="rgb24", width=width, height=height)
    except Exception as error:  # noqa: BLE001 - odd pixel formats fail in ways of their own
        raise faulty(path, error) from None
    turns = round(frame.rotation / 90) % 4
    picture: Picture = np.ascontiguousarray(np.rot90(pixels, turns)) if turns else pixels
    return picture


def _size(width: int, height: int, longest_side: int | None) -> tuple[int, int]:
    longest = max(width, height)
    if longest_side is None or longest <= longest_side:
        return width, height
    scale = longest_side / longest
    return max(round(width * scale), 1), max(round(height * scale), 1)


def _within(times: np.ndarray, span: tuple[float, float] | None, path: Path) -> np.ndarray:
    """The numbers of the frames shown in a span; all without one.

    A span between two frames has the one that is on the screen.
    """
    if span is None:
        return np.arange(len(times))
    inside = np.flatnonzero((times >= span[0] - 1e-6) & (times <= span[1] + 1e-6))
    if not len(inside) and times[0] <= span[0] <= times[-1]:
        return np.searchsorted(times, span[:1], side="right") - 1
    if not len(inside):
        raise UnreadableVideo(
            f"{path.name} shows nothing from {span[0]:g} to {span[1]:g} s; it is"
            f" {float(times[-1]):.1f} s long."
        )
    return inside


def _spread(n: int, count: int) -> list[int]:
    """`count` of `n` numbers, evenly; all where there are no more."""
    return list(range(n)) if count >= n else np.linspace(0, n - 1, count).astype(int).tolist()
