"""Pictures with moving squares, and prompts for them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from runners.models.segmentation.interface import Mask, Picture, Prompt

HEIGHT, WIDTH = 60, 96


def noisy_picture(seed: int = 0, height: int = HEIGHT, width: int = WIDTH) -> Picture:
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)


def square_mask(left: int, top: int, side: int = 20) -> Mask:
    mask = np.zeros((HEIGHT, WIDTH), dtype=np.bool_)
    mask[top : top + side, left : left + side] = True
    return mask


def moving_squares(n: int) -> list[Picture]:
    """A bright and a dark square on noise, which move to the right by a pixel each frame."""
    frames = []
    for index in range(n):
        frame = noisy_picture(index) // 3 + 60
        frame[10:30, 10 + index % 60 : 30 + index % 60] = (230, 220, 200)
        frame[35:55, 5 + index % 60 : 25 + index % 60] = (10, 30, 20)
        frames.append(frame.astype(np.uint8))
    return frames


BRIGHT = Prompt(mask=square_mask(10, 10))
DARK = Prompt(mask=square_mask(5, 35))


def click(*points: tuple[float, float, int]) -> Prompt:
    """A prompt of points (x, y, label)."""
    array: NDArray[Any] = np.array(points, dtype=np.float64)
    return Prompt(points=array[:, :2], labels=array[:, 2].astype(np.int64))
