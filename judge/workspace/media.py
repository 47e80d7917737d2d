"""Reader for video and audio: frames, duration, size, silence.

The container's kind is taken from the first bytes and told to the library: left to guess, it takes
playlists, which name other files and addresses, for video.
"""

from __future__ import annotations

import hashlib
from typing import Any

from judge.workspace.artifact import ArtifactState, Damaged, Found, Unread
from judge.workspace.containers import check_whole
from judge.workspace.kinds import signature
from judge.workspace.source import Source

MOST_PIXELS = 40_000_000
MOST_PACKETS = 50_000
DECODED_FRAMES = 8  # at the beginning; of frames above a million pixels, a quarter
PLACES = (0.25, 0.5, 0.75, 0.95)  # of the duration, where one more frame is decoded
MOST_SAMPLES = 4_000_000
_DEMUXERS = {
    "mp4": "mov",
    "avi": "avi",
    "webm": "matroska",
    "mpg": "mpeg",
    "wav": "wav",
    "mp3": "mp3",
    "flac": "flac",
    "ogg": "ogg",
}


def read_media(source: Source) -> Found:
    import av

    seen = signature(source.beginning(600))
    if seen not in _DEMUXERS:
        raise Damaged("its bytes are no video or sound")
    check_whole(source, seen)
    source.file.seek(0)
    try:
        container = av.open(source.file, mode="r", format=_DEMUXERS[seen])
    except (av.FFmpegError, OSError, ValueError) as error:
        raise Damaged(f"it does not open ({type(error).__name__})") from None
    with container:
        # Cover pictures of sound files are streams of one frame.
        moving = [s for s in container.streams.video if not _is_cover(s)]
        if moving:
            return _video(container, moving[0], seen)
        if container.streams.audio:
            return _audio(container, container.streams.audio[0], seen)
    raise Damaged("there is neither video nor sound in it")


def _is_cover(stream: Any) -> bool:
    return bool(int(getattr(stream, "disposition", 0) or 0) & 0x400)


def _video(container: Any, stream: Any, format: str) -> Found:
    width, height = int(stream.width or 0), int(stream.height or 0)
    facts: dict[str, Any] = {"width": width, "height": height, "codec": stream.codec_context.name}
    if width * height > MOST_PIXELS:
        raise Unread(f"more than {MOST_PIXELS} pixels a frame, not decoded")
    stream.codec_context.thread_count = 1
    stamps, promised = _packets(container, stream)
    facts["frames"] = len(stamps)
    seconds = _seconds(stamps, stream)
    facts["duration_s"] = round(seconds, 2)
    if container.streams.audio:
        facts["has_sound"] = True
    if not stamps:
        return Found("video", format, ArtifactState.EMPTY, facts, signs=("it has no frame",))
    if format == "mp4" and promised > len(stamps) + 1 and len(stamps) < MOST_PACKETS:
        raise Damaged(f"{len(stamps)} of {promised} frames are there")
    pictures, is_blank = _sampled(container, stream, stamps)
    if not pictures:
        raise Damaged("no frame of it can be decoded")
    facts["sampled_frames"] = len(pictures)
    facts["distinct_frames"] = len(set(pictures))
    facts["is_blank"] = is_blank
    signs: list[str] = []
    if is_blank:
        signs.append("every sampled frame has one colour")
    elif len(pictures) > 1 and len(set(pictures)) == 1:
        signs.append("every sampled frame is the same")
    if min(width, height) <= 8:
        signs.append("too small to show anything")
    if len(stamps) == 1:
        signs.append("a single frame")
    state = ArtifactState.PLACEHOLDER if signs else ArtifactState.VALID
    cuts = (f"frames after {MOST_PACKETS}",) if len(stamps) >= MOST_PACKETS else ()
    return Found("video", format, state, facts, signs=tuple(signs), cuts=cuts)


def _packets(container: Any, stream: Any) -> tuple[list[int], int]:
    """(presentation stamp of every frame that is there, how many the header promises)."""
    stamps: list[int] = []
    for packet in container.demux(stream):
        if packet.size:
            stamps.append(int(packet.pts if packet.pts is not None else packet.dts or 0))
        if len(stamps) >= MOST_PACKETS:
            break
    return stamps, int(stream.frames or 0)


def _seconds(stamps: list[int], stream: Any) -> float:
    """How long the frames that are there last; the header's own claim is not asked."""
    if len(stamps) < 2 or stream.time_base is None:
        return 0.0
    span = (max(stamps) - min(stamps)) * len(stamps) / (len(stamps) - 1)
    return float(span * stream.time_base)


def _sampled(container: Any, stream: Any, stamps: list[int]) -> tuple[list[bytes], bool]:
    """(a digest of each sampled frame, whether all of them have one colour)."""
    import av
    import numpy as np

    digests: list[bytes] = []
    is_blank = True
    first, last = min(stamps), max(stamps)
    few = len(stamps) <= DECODED_FRAMES
    most = DECODED_FRAMES if stream.width * stream.height <= 1_000_000 else DECODED_FRAMES // 4
    for place in (0.0,) if few else (0.0, *PLACES):
        try:
            container.seek(int(first + (last - first) * place), stream=stream)
            for number, frame in enumerate(container.decode(stream)):
                small = frame.reformat(width=64, height=64, format="gray").to_ndarray()
                is_blank = is_blank and int(np.ptp(small)) < 6
                digests.append(hashlib.blake2b(small.tobytes(), digest_size=16).digest())
                if place or number + 1 >= most:
                    break
        except (av.FFmpegError, ValueError, StopIteration):
            if not place:
                raise Damaged("its frames cannot be decoded") from None
    return digests, is_blank


def _audio(container: Any, stream: Any, format: str) -> Found:
    import av
    import numpy as np

    rate = int(stream.rate or 0)
    facts: dict[str, Any] = {"sample_rate": rate, "channels": int(stream.channels or 0)}
    samples = 0
    low, high = np.inf, -np.inf
    cuts: tuple[str, ...] = ()
    try:
        for frame in container.decode(stream):
            values = frame.to_ndarray()
            samples += int(frame.samples)
            if values.size:
                low, high = min(low, float(values.min())), max(high, float(values.max()))
            if samples >= MOST_SAMPLES:
                cuts = (f"samples after {samples}",)
                break
    except (av.FFmpegError, ValueError):
        raise Damaged("its sound cannot be decoded to the end") from None
    facts["samples"] = samples
    facts["duration_s"] = round(samples / rate, 2) if rate else 0
    if cuts and container.duration:
        facts["duration_s"] = round(container.duration / 1_000_000, 2)
    if samples == 0:
        return Found("audio", format, ArtifactState.EMPTY, facts, signs=("it has no sample",))
    facts["is_silent"] = bool(high == low) and not cuts
    if facts["is_silent"]:
        sign = "it is silent"
        return Found("audio", format, ArtifactState.PLACEHOLDER, facts, signs=(sign,))
    return Found("audio", format, facts=facts, cuts=cuts)
