"""Readers for video and audio: frames, duration, size, silence."""

from __future__ import annotations

import io
from typing import Any

from judge.workspace.artifact import ArtifactState, Found

_DECODED_FRAMES = 48


def read_media(content: bytes, path: str, format: str, size: int) -> Found:
    import av
    import numpy as np

    facts: dict[str, Any] = {}
    signs: list[str] = []
    with av.open(io.BytesIO(content), mode="r") as container:
        if container.duration is not None:
            facts["duration_s"] = round(container.duration / 1_000_000, 2)
        if container.streams.video:
            stream = container.streams.video[0]
            facts |= {"width": stream.width, "height": stream.height}
            seen = 0
            is_blank = True
            for frame in container.decode(stream):
                seen += 1
                pixels = frame.to_ndarray(format="gray")
                is_blank = is_blank and int(np.ptp(pixels)) < 4
                if seen >= _DECODED_FRAMES:
                    break
            facts["frames"] = max(int(stream.frames or 0), seen)
            if seen == 0:
                return Found("video", format, ArtifactState.EMPTY, facts, signs=("no frame",))
            if is_blank:
                signs.append("every frame has one colour")
            if min(stream.width, stream.height) <= 8:
                signs.append("too small to show anything")
            if facts["frames"] == 1:
                signs.append("a single frame")
            kind = "video"
        elif container.streams.audio:
            peak = samples = 0.0
            for sound in container.decode(container.streams.audio[0]):
                values = np.abs(sound.to_ndarray().astype("float64"))
                samples += values.size
                peak = max(peak, float(values.max(initial=0.0)))
                if samples > 2_000_000:
                    break
            facts["samples"] = int(samples)
            if samples == 0:
                return Found("audio", format, ArtifactState.EMPTY, facts, signs=("no sample",))
            if peak == 0:
                signs.append("it is silent")
            kind = "audio"
        else:
            return Found("binary", format, ArtifactState.BROKEN, signs=("no video or audio in it",))
    state = ArtifactState.PLACEHOLDER if signs else ArtifactState.VALID
    return Found(kind, format, state, facts, signs=tuple(signs))
