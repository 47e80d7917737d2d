"""Masks and boxes: how much they overlap, and which of several masks a protocol takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks.image_segmentation.clicks import Mask
from results.errors import InputError

Box: TypeAlias = tuple[float, float, float, float]

ChoiceRule = Literal["confident", "box-overlap", "oracle"]

# Areas in pixels: COCO's small, medium and large objects, as pycocotools has them.
SMALL, MEDIUM = 32**2, 96**2


def iou(one: Mask, other: Mask) -> float:
    """Intersection over union of two bool masks of one shape, 0..1; 1 when both are empty.

    Raises InputError when the shapes differ.
    """
    if one.shape != other.shape:
        raise InputError(f"Masks of {one.shape} and {other.shape} cannot be compared.")
    union = np.count_nonzero(one | other)
    return np.count_nonzero(one & other) / union if union else 1.0


def tight_box(mask: Mask) -> Box:
    """(x0, y0, x1, y1): the first and last column and row with a pixel, both inclusive.

    So SAM 2 makes box prompts (`mask_to_box` in sam2/utils/misc.py). Raises InputError when the
    mask is empty.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        raise InputError("There is no box around an object without a pixel.")
    return float(columns[0]), float(rows[0]), float(columns[-1]), float(rows[-1])


def box_overlap(mask: Mask, box: Box) -> float:
    """IoU, 0..1, of a mask with the box's area filled, clipped to the image.

    A pixel is in the box when its middle is: corners are (0, 0) and (width, height).
    """
    height, width = mask.shape
    x0, x1 = (int(np.clip(np.ceil(x - 0.5), 0, width)) for x in (box[0], box[2]))
    y0, y1 = (int(np.clip(np.ceil(y - 0.5), 0, height)) for y in (box[1], box[3]))
    inside = np.count_nonzero(mask[y0:y1, x0:x1])
    union = max(x1 - x0, 0) * max(y1 - y0, 0) + np.count_nonzero(mask) - inside
    return inside / union if union else 0.0


def chosen(
    masks: NDArray[np.bool_],
    scores: NDArray[Any],
    rule: ChoiceRule,
    *,
    truth: Mask | None = None,
    box: Box | None = None,
) -> int:
    """Which of masks (k, H, W), with the model's own scores (k,), a protocol takes; the first on a
    tie.

    `confident`: the highest score (SAM, section 7.1); `box-overlap`: the largest overlap with the
    prompt's box (EfficientSAM, for its table 5); `oracle`: the largest IoU with the truth, which no
    user has, so figures made so say so in their name.
    """
    if rule == "oracle":
        if truth is None:
            raise InputError("The oracle's choice of a mask needs the true mask.")
        worth: Sequence[float] = [iou(mask, truth) for mask in masks]
    elif rule == "box-overlap":
        if box is None:
            raise InputError("The choice of a mask by its overlap with a box needs the box.")
        worth = [box_overlap(mask, box) for mask in masks]
    else:
        worth = [float(score) for score in scores]
    return int(np.argmax(worth))


def size_class(area: float) -> str:
    """`small`, `medium` or `large` by an object's area in pixels, as COCO has it."""
    if area < SMALL:
        return "small"
    return "medium" if area < MEDIUM else "large"
