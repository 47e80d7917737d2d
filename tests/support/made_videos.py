"""Video files made on the spot, each frame of a colour that tells its number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray


def frame_of(number: int, width: int, height: int) -> NDArray[np.uint8]:
    """A grey that tells the number, with a pattern that moves."""
    picture = np.full((height, width, 3), 40 + number * 11 % 180, np.uint8)
    picture[:, number * 3 % width :][:, : width // 4] = (200, 60, 30)
    return picture


def make_video(
    path: Path,
    frames: int = 30,
    *,
    width: int = 64,
    height: int = 48,
    rate: int = 10,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    pixels: str = "yuv420p",
    container_options: dict[str, str] | None = None,
) -> Path:
    """A clip with so many frames; the ending of `path` chooses the container."""
    with av.open(str(path), "w", options=container_options or {}) as container:
        stream: Any = container.add_stream(codec, rate=rate, options=options or {})
        stream.width, stream.height, stream.pix_fmt = width, height, pixels
        for number in range(frames):
            picture = av.VideoFrame.from_ndarray(frame_of(number, width, height), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return path


def decoded(path: Path) -> list[NDArray[np.uint8]]:
    """Every frame of a video, as plain decoding gives them."""
    with av.open(str(path)) as container:
        frames = container.decode(video=0)
        return [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in frames]
