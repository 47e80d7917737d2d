"""The packets of a video file, listed without decoding: when each frame is shown, whether all are
there."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runners.containers import open_container

MOST_FRAMES = 10_000_000
MOST_PIXELS = 1 << 27
MOST_SECONDS = 1e7

_ENOUGH_SECONDS = 2.0
_MOST_THREADS = 16


class UnreadableVideo(Exception):
    """Why no frames could be had of a video, in one sentence."""


@dataclass(frozen=True)
class Packets:
    """The packets of a video stream in the order of decoding: n of them."""

    stamps: NDArray[np.int64]
    """When the frame of each is shown (n,), in the stream's units."""
    is_key: NDArray[np.bool_]
    """Where decoding may begin (n,)."""
    is_shown: NDArray[np.bool_]
    """False for what the file says is cut away, such as by an edit list (n,)."""
    has_times: bool
    unit: float
    """Seconds that one unit of the stamps is; 0 where the file does not say."""
    rate: float
    """Frames a second, as the file says; 25 where it does not."""


def listed_packets(path: Path) -> Packets:
    """The packets of a file's video.

    Raises:
        UnreadableVideo: it is missing, empty, damaged, cut off, of an unknown codec, or no video.
    """
    if not path.is_file():
        raise UnreadableVideo(f"There is no video {path.name}.")
    if not path.stat().st_size:
        raise UnreadableVideo(f"{path.name} is empty.")
    stamps: list[int] = []
    is_key: list[bool] = []
    is_shown: list[bool] = []
    has_times = True
    with opened(path) as container:
        stream = video_stream(container, path)
        try:
            for packet in container.demux(stream):
                if not packet.size:
                    continue
                if len(stamps) == MOST_FRAMES:
                    raise UnreadableVideo(f"{path.name} has over {MOST_FRAMES:,} frames.")
                has_times = has_times and packet.pts is not None
                stamps.append(packet.pts or 0)
                is_key.append(bool(packet.is_keyframe))
                is_shown.append(not packet.is_discard)
        except decoding_errors() as error:
            raise faulty(path, error) from None
        found = Packets(
            np.array(stamps, np.int64),
            np.array(is_key, np.bool_),
            np.array(is_shown, np.bool_),
            has_times and len(set(stamps)) == len(stamps),
            float(stream.time_base or 0),
            float(stream.average_rate or 0) or 25.0,
        )
        if not found.is_shown.any():
            raise UnreadableVideo(f"{path.name} has no frames.")
        if _is_cut(path, container, stream, found):
            raise UnreadableVideo(f"{path.name} is cut off after {len(stamps)} frames.")
    shown = found.stamps[found.is_shown]
    if found.has_times and (float(shown.max()) - float(shown.min())) * found.unit > MOST_SECONDS:
        raise UnreadableVideo(f"The times in {path.name} are over {MOST_SECONDS:g} s apart.")
    return found


def opened(path: Path) -> Any:
    """The open container of a file (`av.container.InputContainer`)."""
    import av

    try:
        return open_container(path)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise UnreadableVideo(f"{path.name} is no video: {cause_of(error)}.") from None


def video_stream(container: Any, path: Path) -> Any:
    """The first video stream that is no cover picture, to be decoded by all cores."""
    import av

    streams = [
        each
        for each in container.streams.video
        if not each.disposition & av.stream.Disposition.attached_pic
    ]
    if not streams:
        raise UnreadableVideo(f"{path.name} holds no video.")
    stream = streams[0]
    if stream.codec_context is None:
        raise UnreadableVideo(f"The codec of {path.name} is not known here.")
    if stream.width * stream.height > MOST_PIXELS:
        raise UnreadableVideo(f"The frames of {path.name} have over {MOST_PIXELS:,} pixels.")
    stream.thread_type = "AUTO"
    # FFmpeg's own choice is one more than there are cores, which is slower.
    stream.codec_context.thread_count = min(_cores(), _MOST_THREADS)
    return stream


def _cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def decoding_errors() -> tuple[type[Exception], ...]:
    """What demuxing and decoding raise where a file is at fault.

    PyAV raises an IndexError where a damaged file's streams change as it is read.
    """
    import av

    return (av.FFmpegError, ValueError, EOFError, IndexError, OverflowError)


def faulty(path: Path, error: Exception) -> UnreadableVideo:
    return UnreadableVideo(f"{path.name} cannot be decoded: {cause_of(error)}.")


def cause_of(error: BaseException) -> str:
    """What an error says, in a line without its full stop."""
    text = str(getattr(error, "strerror", None) or error or type(error).__name__)
    return (text.strip().splitlines() or ["no reason was given"])[0][:200].rstrip(".")


def _is_cut(path: Path, container: Any, stream: Any, found: Packets) -> bool:
    """Whether the file ends before what its header announces."""
    names = container.format.name.split(",")
    if "mp4" in names:
        # Its number of frames counts those that an edit list takes away.
        return _has_cut_box(path)
    if names[0] in ("matroska", "flv"):
        return _ends_early(path, container.duration, float(found.stamps.max()) * found.unit)
    return names[0] == "avi" and len(found.stamps) < int(stream.frames)


def _has_cut_box(path: Path) -> bool:
    """Whether a part of an MP4 file (ISO/IEC 14496-12, 4.2) is longer than the file."""
    size = path.stat().st_size
    at = 0
    with path.open("rb") as file:
        while at + 16 <= size:
            file.seek(at)
            length, kind, longer = struct.unpack(">I4sQ", file.read(16))
            length = longer if length == 1 else length or size - at
            if length < 8:
                return False
            if at + length > size:
                # What follows the last part may be anything.
                return kind in (b"mdat", b"moov", b"moof")
            at += length
    return False


def _ends_early(path: Path, announced: int | None, video_ends: float) -> bool:
    """Whether all streams of a file end well before the announced time (microseconds)."""
    end = (announced or 0) / 1e6 - _ENOUGH_SECONDS
    if video_ends >= end:
        return False
    # A video may end before its sound.
    with opened(path) as container:
        begin = (container.start_time or 0) / 1e6
        try:
            return not any(
                float(packet.pts * packet.time_base) - begin >= end
                for packet in container.demux()
                if packet.size and packet.pts is not None and packet.time_base
            )
        except decoding_errors():
            return True
