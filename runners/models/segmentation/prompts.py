"""Prompts checked at the door, and put as the points that SAM's prompt encoders read."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

import numpy as np
from numpy.typing import NDArray

from results.errors import InputError
from runners.models.segmentation.interface import Picture, Prepared, Prompt, PromptKind

# The labels of a box's corners among points (prompt_encoder.py of SAM 2, EfficientSAM).
TOP_LEFT, BOTTOM_RIGHT = 2, 3


def check_picture(picture: Picture, height: int | None = None, width: int | None = None) -> None:
    """InputError when a picture is not uint8 (height, width, 3), of this size if one is given."""
    shape, dtype = getattr(picture, "shape", None), getattr(picture, "dtype", None)
    if shape is None or len(shape) != 3 or shape[2] != 3 or str(dtype) != "uint8" or 0 in shape:
        raise InputError(f"A picture is uint8 (height, width, 3) RGB, not {dtype} {shape}.")
    _check_size(shape[0], shape[1], height, width)


def check_prepared(
    prepared: Prepared, height: int | None = None, width: int | None = None
) -> Prepared:
    """The prepared picture; InputError when it is not of this size."""
    _check_size(prepared.height, prepared.width, height, width)
    return prepared


def check_prompt(prompt: Prompt, height: int, width: int, accepts: Set[PromptKind]) -> None:
    """InputError when a prompt is empty, contradicts itself, or leaves the picture.

    accepts: the kinds that the model takes.
    """
    if prompt.mask is not None:
        if prompt.points is not None or prompt.labels is not None or prompt.box is not None:
            raise InputError("A mask is a prompt of its own: give no points or box beside it.")
        _check_mask(prompt.mask, height, width)
        _check_accepted("mask", accepts)
        return
    if prompt.points is None and prompt.labels is not None:
        raise InputError("Labels need their points.")
    if prompt.points is None and prompt.box is None:
        raise InputError("The prompt is empty: give points with labels, a box, or a mask.")
    if prompt.points is not None:
        _check_points(prompt, height, width)
        _check_accepted("points", accepts)
    if prompt.box is not None:
        _check_box(prompt.box, height, width)
        _check_accepted("box", accepts)


def as_points(prompt: Prompt) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """A box's corners, labelled 2 and 3, and then the points: float (n, 2) and int (n,).

    That order, and boxes as points, are those of `SAM2ImagePredictor._predict` and of
    `add_new_points_or_box`.
    """

    coordinates, labels = np.zeros((0, 2), np.float32), np.zeros(0, np.int64)
    if prompt.box is not None:
        coordinates = np.asarray(prompt.box, np.float32).reshape(2, 2)
        labels = np.array([TOP_LEFT, BOTTOM_RIGHT], np.int64)
    if prompt.points is not None and prompt.labels is not None:
        coordinates = np.concatenate([coordinates, np.asarray(prompt.points, np.float32)])
        labels = np.concatenate([labels, np.asarray(prompt.labels).astype(np.int64)])
    return coordinates, labels


def _check_points(prompt: Prompt, height: int, width: int) -> None:

    points, labels = _numbers(prompt.points, "Points"), prompt.labels
    if points.ndim != 2 or points.shape[1] != 2:
        raise InputError(f"Points are (n, 2), x and y, not {points.shape}.")
    if not len(points):
        raise InputError("The prompt is empty: there is not one point in it.")
    if labels is None:
        raise InputError("Points need labels: 1 on the object, 0 beside it.")
    labels = _numbers(labels, "Labels")
    if labels.shape != (len(points),):
        raise InputError(f"{len(points)} points need as many labels, not {labels.shape}.")
    if not np.isin(labels, (0, 1)).all():
        raise InputError("A point's label is 1 on the object or 0 beside it, and nothing else.")
    inside = (points >= 0) & (points < (width, height))
    if not inside.all():
        x, y = points[~inside.all(axis=1)][0]
        raise InputError(f"The point ({x:g}, {y:g}) is outside the picture of {width} x {height}.")


def _check_box(box: tuple[float, float, float, float], height: int, width: int) -> None:
    corners = _numbers(box, "A box")
    if corners.shape != (4,):
        raise InputError(f"A box is (x0, y0, x1, y1), not {corners.shape} numbers.")
    x0, y0, x1, y1 = corners
    if x0 > x1 or y0 > y1:
        raise InputError(f"A box is (x0, y0, x1, y1) with x0 <= x1, y0 <= y1, not {_listed(box)}.")
    if x0 < 0 or x1 > width or y0 < 0 or y1 > height:
        raise InputError(f"The box {_listed(box)} leaves the picture of {width} x {height}.")


def _check_mask(mask: Any, height: int, width: int) -> None:
    shape, dtype = getattr(mask, "shape", None), getattr(mask, "dtype", None)
    if shape != (height, width) or str(dtype) != "bool":
        raise InputError(f"A mask is bool ({height}, {width}) here, not {dtype} {shape}.")
    if not mask.any():
        raise InputError("The prompt is empty: not one pixel is set in its mask.")


def _check_accepted(kind: PromptKind, accepts: Set[PromptKind]) -> None:
    if kind not in accepts:
        raise InputError(
            f"This model takes no {kind} as a prompt; it takes {', '.join(sorted(accepts))}."
        )


def _check_size(height: int, width: int, meant_height: int | None, meant_width: int | None) -> None:
    if meant_height is not None and (height, width) != (meant_height, meant_width):
        raise InputError(
            f"A picture of {width} x {height} does not fit a video of {meant_width} x"
            f" {meant_height}."
        )


def _numbers(values: Any, what: str) -> NDArray[np.float64]:

    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{what}: numbers were expected.") from None
    if not np.isfinite(numbers).all():
        raise InputError(f"{what}: only finite numbers are places in a picture.")
    return numbers


def _listed(box: tuple[float, float, float, float]) -> str:
    return "(" + ", ".join(f"{edge:g}" for edge in box) + ")"
