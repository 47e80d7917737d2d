"""Means, recall and decay as the DAVIS code takes them, with numpy's order of operations.

numpy itself would take longer to import than a small set takes to score.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

_BLOCK, _LANES = 128, 8
_BINS = 4


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean, to the last bit what `numpy.mean` gives.

    >>> mean([0.5, 1.0])
    0.75
    """
    return _sum(values, 0, len(values)) / len(values)


def recall(values: Sequence[float]) -> float:
    """Share of the values above 0.5 (DAVIS 2016, section 5.1).

    >>> recall([0.5, 0.6, 0.7, 0.1])
    0.5
    """
    return sum(value > 0.5 for value in values) / len(values)


def decay(values: Sequence[float]) -> float:
    """What is lost over a sequence: the mean of its first quarter less that of its last.

    Quarters overlap by a value, as in DAVIS (`db_statistics`), whose own code holds the bounds in
    8 bits and so goes wrong beyond 255 values; this does not.

    >>> decay([1.0, 1.0, 0.5, 0.25, 0.25])
    0.75
    """
    n = len(values)
    step = (n - 1) / _BINS
    # numpy.linspace(1, n, 5), rounded half to even.
    bounds = [round(i * step + 1 + 1e-10) - 1 for i in range(_BINS)] + [n - 1]
    first, last = values[bounds[0] : bounds[1] + 1], values[bounds[-2] : bounds[-1] + 1]
    return mean(first) - mean(last)


def clustered_bounds(clusters: Sequence[Sequence[float]]) -> tuple[float, float] | None:
    """A 95 % interval of the mean over all values, where values come in clusters.

    The ratio estimator, linearised: with e_g = sum_g - mean * n_g, the variance is
    G / (G - 1) * sum(e_g ** 2) / n ** 2. Held within 0..1; None with fewer than two clusters.
    """
    size = len(clusters)
    if size < 2:
        return None
    n = sum(len(cluster) for cluster in clusters)
    average = sum(sum(cluster) for cluster in clusters) / n
    squares = sum((sum(cluster) - average * len(cluster)) ** 2 for cluster in clusters)
    half = 1.96 * sqrt(size / (size - 1) * squares) / n
    return max(0.0, average - half), min(1.0, average + half)


def _sum(values: Sequence[float], start: int, n: int) -> float:
    """numpy's pairwise summation: eight running sums in blocks of up to 128, halves above."""
    if n > _BLOCK:
        half = n // 2
        half -= half % _LANES
        return _sum(values, start, half) + _sum(values, start + half, n - half)
    whole = n - n % _LANES if n >= _LANES else 0
    total = 0.0
    if whole:
        lanes = list(values[start : start + _LANES])
        for at in range(start + _LANES, start + whole, _LANES):
            for lane in range(_LANES):
                lanes[lane] += values[at + lane]
        total = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + (
            (lanes[4] + lanes[5]) + (lanes[6] + lanes[7])
        )
    for at in range(start + whole, start + n):
        total += values[at]
    return total
