"""Where a simulated user clicks: in an object first, then where the prediction errs most.

Rules by name, for the first click:

- `center`: the pixel of the object farthest from its border, where the image's edge is a border,
  too (SAM, arXiv 2304.02643, section 7.1; SAM 2's `sample_one_point_from_error_center` of an
  empty prediction).
- `uniform`: a pixel of the object, all alike (EfficientSAM, arXiv 2312.00863, for its table 4).
- `salient`: the `center` of that part of the object which a saliency map marks; of the whole
  object where it marks none. SqueezeSAM (arXiv 2312.06736) says in its abstract that salient
  object detection makes the first clicks of a photo's editing; how these clicks are placed is our
  reading, as is that a map marks what reaches half its own maximum.

and for those that follow:

- `center`: missed and spurious pixels each get their exact Euclidean distance to the nearest pixel
  of another kind, the image's edge included; the click goes to the largest distance of both, to
  the first such pixel in rows from the top, positive if missed, negative if spurious or on a tie
  (`sample_one_point_from_error_center` in sam2/modeling/sam2_utils.py, which is RITM's rule). So
  the region is chosen by its depth and not by its area. Equal distances are equal here; in the
  original the last bit of OpenCV's float32 now and then prefers a later pixel.
- `largest-region`: the same within the 8-connected region, missed or spurious, of the largest area
  (missed on a tie): papers' words "centre of the largest error region", taken literally.
- `uniform`: any missed or spurious pixel, all alike (`sample_random_points_from_errors`, there).
- `in-object`: any pixel of the object whatever the prediction, always positive: that EfficientSAM
  draws its later points as its first, uniformly within the true mask, is our reading.

A prediction without errors needs no click: there is None, where the official code would put a
negative click into the corner pixel (`center`) or the background (`uniform`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from results.errors import InputError

Mask: TypeAlias = NDArray[np.bool_]
FirstRule = Literal["center", "uniform", "salient"]
NextRule = Literal["center", "largest-region", "uniform", "in-object"]
FIRST_RULES: tuple[FirstRule, ...] = get_args(FirstRule)
NEXT_RULES: tuple[NextRule, ...] = get_args(NextRule)

# Of a saliency map's maximum.
SALIENT_SHARE = 0.5


@dataclass(frozen=True)
class Click:
    """A click on the middle of pixel (x, y), from the top left; `label` 1 is on the object."""

    x: int
    y: int
    label: int


class _Peak(NamedTuple):
    depth: float
    x: int
    y: int


def random_of(seed: int, sample: str) -> np.random.Generator:
    """Random numbers of one sample, the same whatever else was run before it."""
    digest = hashlib.sha256(sample.encode()).digest()
    return np.random.default_rng([seed, *np.frombuffer(digest, dtype=np.uint32).tolist()])


def first_click(
    truth: Mask,
    *,
    rule: FirstRule = "center",
    rng: np.random.Generator | None = None,
    saliency: NDArray[Any] | None = None,
) -> Click:
    """The first click in the object of `truth`, bool (H, W); always positive.

    `rng` is needed by `uniform`, `saliency` (H, W), larger where more salient, by `salient`.
    Raises InputError when the object is empty, or the shapes differ.
    """
    _check_mask(truth)
    if not truth.any():
        raise InputError("There is no pixel to click: the object's mask is empty.")
    if rule == "uniform":
        return _any_pixel(truth, rng)
    if rule == "salient":
        marked = truth & salient_region(saliency, truth.shape)
        truth = marked if marked.any() else truth
    elif rule != "center":
        raise InputError(
            f"Unknown rule of the first click: {rule}. Known: {', '.join(FIRST_RULES)}."
        )
    peak = _deepest(truth)
    return Click(peak.x, peak.y, 1)


def next_click(
    truth: Mask,
    prediction: Mask,
    *,
    rule: NextRule = "center",
    rng: np.random.Generator | None = None,
) -> Click | None:
    """The click that mends `prediction`, both bool (H, W); None where nothing is to be mended.

    `rng` is needed by `uniform` and `in-object`. Raises InputError when the shapes differ.
    """
    _check_mask(truth)
    _check_mask(prediction)
    if truth.shape != prediction.shape:
        raise InputError(
            f"A prediction of {_size(prediction)} does not fit a true mask of {_size(truth)}."
        )
    if rule == "in-object":
        return _any_pixel(truth, rng) if truth.any() else None
    missed, spurious = truth & ~prediction, prediction & ~truth
    if not (missed.any() or spurious.any()):
        return None
    if rule == "uniform":
        click = _any_pixel(missed | spurious, rng)
        return Click(click.x, click.y, int(missed[click.y, click.x]))
    if rule == "largest-region":
        missed, spurious = _larger(_largest_region(missed), _largest_region(spurious))
    elif rule != "center":
        raise InputError(f"No rule {rule} of the next click; there are {', '.join(NEXT_RULES)}.")
    positive, negative = _deepest(missed), _deepest(spurious)
    if positive.depth > negative.depth:
        return Click(positive.x, positive.y, 1)
    return Click(negative.x, negative.y, 0)


def salient_region(saliency: NDArray[Any] | None, shape: tuple[int, ...]) -> Mask:
    """What a saliency map marks, bool (H, W): what reaches half its maximum, if that is above 0."""
    if saliency is None:
        raise InputError("A salient first click needs the image's saliency map.")
    if saliency.shape != shape:
        raise InputError(
            f"A saliency map of {_size(saliency)} does not fit a mask of {_size(shape)}."
        )
    most = float(saliency.max(initial=0))
    marked: Mask = (saliency >= SALIENT_SHARE * most) & (saliency > 0)
    return marked


def _deepest(region: Mask) -> _Peak:
    """The pixel farthest from what is not `region`, the first in rows from the top; depth 0 if
    there is no region."""
    from scipy.ndimage import distance_transform_edt

    rows, columns = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
    if not rows.size:
        return _Peak(0.0, 0, 0)
    top, left = int(rows[0]), int(columns[0])
    # Nothing beyond the box around the region, and one pixel more, can be nearer.
    cut = np.pad(region[top : rows[-1] + 1, left : columns[-1] + 1], 1)
    depths = distance_transform_edt(cut)[1:-1, 1:-1]
    y, x = divmod(int(depths.argmax()), depths.shape[1])
    return _Peak(float(depths[y, x]), left + x, top + y)


def _largest_region(mask: Mask) -> Mask:
    """The 8-connected region of the largest area, the first in rows on a tie."""
    from scipy.ndimage import label

    regions, n = label(mask, structure=np.ones((3, 3), dtype=int))
    if not n:
        return mask
    areas = np.bincount(regions.ravel())[1:]
    largest: Mask = regions == int(areas.argmax()) + 1
    return largest


def _larger(missed: Mask, spurious: Mask) -> tuple[Mask, Mask]:
    """Both regions, the smaller emptied."""
    none = np.zeros_like(missed)
    if np.count_nonzero(missed) >= np.count_nonzero(spurious):
        return missed, none
    return none, spurious


def _any_pixel(mask: Mask, rng: np.random.Generator | None) -> Click:
    if rng is None:
        raise InputError("Clicks drawn at random need random numbers: give rng.")
    places = np.flatnonzero(mask)
    y, x = divmod(int(places[rng.integers(places.size)]), mask.shape[1])
    return Click(x, y, 1)


def _check_mask(mask: NDArray[Any]) -> None:
    if mask.ndim != 2 or mask.dtype != np.bool_:
        raise InputError(f"A mask is bool (height, width), not {mask.dtype} {mask.shape}.")


def _size(array: NDArray[Any] | tuple[int, ...]) -> str:
    """Width x height."""
    shape = array if isinstance(array, tuple) else array.shape
    return " x ".join(map(str, shape[::-1]))
