"""Questions about frames of one grey each."""

from __future__ import annotations

import numpy as np

from runners.models.video_language.interface import SampledFrames, VideoQuestion


def asked(
    prompt: str = "What is it?", greys: tuple[int, ...] = (), max_tokens: int = 200
) -> VideoQuestion:
    """A question about frames of 6 by 8 pixels, one for each grey."""
    pictures = tuple(np.full((6, 8, 3), grey, np.uint8) for grey in greys)
    times = tuple(float(second) for second in range(len(greys)))
    return VideoQuestion(prompt, SampledFrames(pictures, times, float(len(greys))), max_tokens)
