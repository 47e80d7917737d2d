"""The seven counts from their definitions, pixel by pixel: slow, and plain to see."""

from __future__ import annotations

import math

import numpy as np

from tests.benchmarks.vos.scenes import Labels

Pixel = tuple[int, int]


def counts(gt: Labels, pred: Labels) -> tuple[int, ...]:
    """inter, area_gt, area_pred, n_gt, n_pred, matched_gt, matched_pred of two boolean masks."""
    edge_gt, edge_pred = boundary(gt), boundary(pred)
    height, width = gt.shape
    radius = math.ceil(0.008 * math.hypot(height, width))
    return (
        int((gt & pred).sum()),
        int(gt.sum()),
        int(pred.sum()),
        len(edge_gt),
        len(edge_pred),
        matched(edge_gt, edge_pred, radius),
        matched(edge_pred, edge_gt, radius),
    )


def boundary(mask: Labels) -> list[Pixel]:
    """Pixels that differ from one to the right, below or between the two, within the picture."""
    height, width = mask.shape
    found = []
    for y in range(height):
        for x in range(width):
            window = mask[y : y + 2, x : x + 2]
            if window.any() and not window.all():
                found.append((y, x))
    return found


def matched(of: list[Pixel], among: list[Pixel], radius: int) -> int:
    """How many pixels have one of the others within the radius, by Euclidean distance."""
    return sum(any((y - v) ** 2 + (x - u) ** 2 <= radius**2 for v, u in among) for y, x in of)


def frame_counts(gt: Labels, pred: Labels) -> dict[int, tuple[int, ...]]:
    """For every label but 0 of either map."""
    labels = sorted({*np.unique(gt).tolist(), *np.unique(pred).tolist()} - {0})
    return {label: counts(gt == label, pred == label) for label in labels}
