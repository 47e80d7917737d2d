"""Masks of blobs, drawn by hand or at random."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from benchmarks.image_segmentation.clicks import Mask


def drawn(*rows: str) -> Mask:
    """A mask of `#` among anything else."""
    return np.array([[pixel == "#" for pixel in row] for row in rows], dtype=bool)


def blobs(rng: np.random.Generator, height: int, width: int, n: int = 3) -> Mask:
    """Boxes and ellipses that overlap, touch edges, or miss the image altogether."""
    mask = np.zeros((height, width), dtype=bool)
    rows, columns = np.ogrid[:height, :width]
    for _ in range(n):
        y, x = rng.integers(0, height), rng.integers(0, width)
        tall, wide = rng.integers(1, height + 1), rng.integers(1, width + 1)
        if rng.random() < 0.5:
            mask[y : y + tall, x : x + wide] = True
        else:
            mask |= ((rows - y) / tall) ** 2 + ((columns - x) / wide) ** 2 < 0.25
    return mask


def made(seed: int, height: int, width: int) -> Mask:
    return blobs(np.random.default_rng(seed), height, width)


def sizes() -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(1, 40), st.integers(1, 40))


def seeds() -> st.SearchStrategy[int]:
    return st.integers(0, 2**32 - 1)
