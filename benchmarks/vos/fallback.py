"""The kernel's counts in numpy, for where it was not built: the same integers, more slowly."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.vos.counting import Reading


def count_maps(gt: NDArray[Any], pred: NDArray[Any], reading: Reading) -> list[tuple[int, ...]]:
    """Rows (label in gt, label in pred, and the seven counts), for maps (height, width).

    Raises ValueError(side, cause), as the kernel does.
    """
    if reading.masks:
        gt, pred = _as_mask("gt", gt), _as_mask("pred", pred)
    if gt.shape != pred.shape:
        raise ValueError("", "their sizes differ")
    if reading.void:
        void = gt == reading.void
        gt = np.where(void, 0, gt)
        pred = np.where(void, 0, pred) if reading.void_hides else pred
    in_gt, in_pred = _labels(gt), _labels(pred)
    if reading.every_pair:
        pairs = [(g, p) for g in (0, *in_gt) for p in (0, *in_pred) if g or p]
    else:
        pairs = [(label, label) for label in sorted({*in_gt, *in_pred})]
    half = _half_widths(tolerance(*gt.shape))
    rows = []
    for g, p in pairs:
        # Label 0 of a pair is nothing, not the background.
        of_gt, of_pred = (gt == g) & (g != 0), (pred == p) & (p != 0)
        window = _around(of_gt | of_pred)
        rows.append((g, p, *_count(_Mask(of_gt[window]), _Mask(of_pred[window]), half)))
    return rows


def _around(mask: NDArray[np.bool_]) -> tuple[slice, slice]:
    """The window that holds a mask, and a pixel more on each side where the picture has one."""

    def reach(axis: int) -> slice:
        used = np.flatnonzero(mask.any(axis=axis))
        return slice(max(0, int(used[0]) - 1), int(used[-1]) + 2)

    return reach(1), reach(0)


def tolerance(height: int, width: int) -> int:
    """How far apart, in pixels, two boundary pixels may lie to match (DAVIS: 0.008 of a diagonal).

    >>> tolerance(480, 854), tolerance(1080, 1920)
    (8, 18)
    """
    return math.ceil(0.008 * math.sqrt(height * height + width * width))


def boundary(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where a pixel and its right, lower and lower right neighbours are not all alike.

    The picture is continued by its last row and column (DAVIS, `_seg2bmap`).
    """
    padded = np.pad(mask, ((0, 1), (0, 1)), mode="edge")
    right, below, diagonal = padded[:-1, 1:], padded[1:, :-1], padded[1:, 1:]
    edge: NDArray[np.bool_] = (mask != right) | (mask != below) | (mask != diagonal)
    return edge


class _Mask:
    """An object's mask, and its boundary in the two forms that matching reads."""

    def __init__(self, mask: NDArray[np.bool_]) -> None:
        self.mask = mask
        edge = boundary(mask)
        ys, xs = np.nonzero(edge)
        self.pixels = (ys, xs)
        # sums[y, x] is how many boundary pixels of row y lie left of x.
        self.sums = np.zeros((mask.shape[0], mask.shape[1] + 1), dtype=np.int32)
        np.cumsum(edge, axis=1, out=self.sums[:, 1:])


def _count(gt: _Mask, pred: _Mask, half: list[int]) -> tuple[int, ...]:
    return (
        int(np.count_nonzero(gt.mask & pred.mask)),
        int(np.count_nonzero(gt.mask)),
        int(np.count_nonzero(pred.mask)),
        len(gt.pixels[0]),
        len(pred.pixels[0]),
        _matched(gt, pred, half),
        _matched(pred, gt, half),
    )


def _matched(of: _Mask, among: _Mask, half: list[int]) -> int:
    """How many boundary pixels of one mask have one of the other in the disk around them."""
    height, width = of.mask.shape
    ys, xs = of.pixels
    if not len(among.pixels[0]):
        return 0
    n = len(ys)
    for distance, reach in enumerate(half):
        for dy in {distance, -distance}:
            if not len(ys):
                return n
            rows = ys + dy
            is_inside = (rows >= 0) & (rows < height)
            rows = np.clip(rows, 0, height - 1)
            last = np.minimum(xs + reach + 1, width)
            first = np.maximum(xs - reach, 0)
            left = ~(is_inside & (among.sums[rows, last] > among.sums[rows, first]))
            ys, xs = ys[left], xs[left]
    return n - len(ys)


def _half_widths(radius: int) -> list[int]:
    """For each distance in rows, how far a disk of that radius reaches to either side."""
    return [math.isqrt(radius * radius - d * d) for d in range(radius + 1)]


def _labels(labels: NDArray[Any]) -> list[int]:
    # Counting is many times quicker than the sorting of numpy.unique.
    return [int(label) for label in np.flatnonzero(np.bincount(labels.ravel())) if label]


def _as_mask(side: str, labels: NDArray[Any]) -> NDArray[Any]:
    if len(_labels(labels)) > 1:
        raise ValueError(side, "it holds several labels, where a file has one object's mask")
    mask: NDArray[np.uint8] = (labels != 0).astype(np.uint8)
    return mask
