"""Counts a ground-truth label map against a predicted one: seven integers for each object.

All of J&F follows from them, under every convention. Two implementations give the same integers:
`benchmarks.vos._kernel`, compiled C, and `benchmarks.vos.fallback`, numpy and Pillow, which takes
over where the kernel was not built.

Why C rather than numba: scoring a set takes a fraction of a second, less than importing numba
does; numba would compile on first use, and is a large dependency for one module. The kernel needs
no library at all (it reads PNGs itself, because decoding would otherwise be most of the work),
loads in a millisecond, releases the interpreter's lock, and is built by pip wherever there are a C
compiler and Python's headers; where there are none, installation goes on without it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

    Source = bytes | tuple[int, int, int, object]
    Kernel = Callable[[Source, Source, int, int], list[tuple[int, ...]] | None]

try:
    from benchmarks.vos import _kernel  # type: ignore[attr-defined,unused-ignore]
except ImportError:
    _kernel = None

Side = Literal["ground truth", "prediction", ""]
_SIDES: dict[str, Side] = {"gt": "ground truth", "pred": "prediction"}


class Counts(NamedTuple):
    """What one object's two masks in one frame have in common, in pixels.

    `n_gt` and `n_pred` count boundary pixels; `matched_gt` those of the ground truth that have one
    of the prediction within the tolerance, and `matched_pred` the reverse.
    """

    inter: int
    area_gt: int
    area_pred: int
    n_gt: int
    n_pred: int
    matched_gt: int
    matched_pred: int

    @property
    def j(self) -> float:
        """Intersection over union, 0..1; 1 where both masks are empty (DAVIS, `db_eval_iou`)."""
        union = self.area_gt + self.area_pred - self.inter
        return self.inter / union if union else 1.0

    @property
    def f(self) -> float:
        """F-measure of the boundaries, 0..1 (DAVIS, `f_measure`).

        1 where neither mask has a boundary, 0 where exactly one has none.
        """
        if not self.n_gt or not self.n_pred:
            return float(self.n_gt == self.n_pred)
        precision, recall = self.matched_pred / self.n_pred, self.matched_gt / self.n_gt
        if precision + recall == 0:
            return 0.0
        return 2 * precision * recall / (precision + recall)


NOTHING = Counts(0, 0, 0, 0, 0, 0, 0)

# (label in the ground truth, label in the prediction) -> counts
FrameCounts = dict[tuple[int, int], Counts]


class Reading(NamedTuple):
    """How the two maps of a frame are read.

    every_pair: each label of the ground truth is counted against each of the prediction, and each
        of either against 0, which is nothing here; instead of every label against itself.
    masks: any label is the one object, which is called 1; several labels in a file are a fault.
    void: this label of the ground truth is background; 0 for none.
    void_hides: what is predicted under the void is background, too.
    """

    every_pair: bool = False
    masks: bool = False
    void: int = 0
    void_hides: bool = False

    @property
    def flags(self) -> int:
        return self.every_pair | self.masks << 1 | self.void_hides << 2


class BadMapError(ValueError):
    """A map that cannot be counted; `side` is the file at fault, or "" for both together."""

    def __init__(self, side: Side, cause: str) -> None:
        super().__init__(side, cause)  # both, so that it comes back from another process
        self.side: Side = side
        self.cause = cause

    def __str__(self) -> str:
        return self.cause


def is_compiled() -> bool:
    """Whether the compiled kernel counts, rather than numpy."""
    return _kernel is not None


def count(gt: bytes, pred: bytes, reading: Reading = Reading()) -> FrameCounts:  # noqa: B008
    """The counts of a frame, from the bytes of its two PNG files.

    Every label but 0 that one of the maps holds is counted. Raises BadMapError for a file that is
    no whole PNG of labels, and for maps of different sizes.
    """
    try:
        rows = None
        if _kernel is not None:
            rows = cast("Kernel", _kernel.count)(gt, pred, reading.flags, reading.void)
        if rows is None:
            rows = _count_decoded(gt, pred, reading)
    except ValueError as error:
        if isinstance(error, BadMapError) or len(error.args) != 2:
            raise
        raise BadMapError(_SIDES.get(error.args[0], ""), error.args[1]) from None
    return {(row[0], row[1]): Counts(*row[2:]) for row in rows}


def _count_decoded(gt: bytes, pred: bytes, reading: Reading) -> list[tuple[int, ...]]:
    """For PNGs of kinds that the kernel does not read, and for when there is no kernel."""
    from benchmarks.vos.fallback import count_maps
    from benchmarks.vos.png import UnreadableError, read_map

    maps = []
    for side, data in (("gt", gt), ("pred", pred)):
        try:
            maps.append(read_map(data))
        except UnreadableError as error:
            raise BadMapError(_SIDES[side], str(error)) from None
    if _kernel is None:
        return count_maps(maps[0], maps[1], reading)
    sources: list[Any] = [(*m.shape, m.itemsize, m.data.cast("B")) for m in maps]
    return cast("list[tuple[int, ...]]", _kernel.count(*sources, reading.flags, reading.void))


def count_masks(gt: Mask, pred: Mask) -> Counts:
    """The counts of one object from its two masks, bool (height, width), rather than from files.

    Raises BadMapError for masks of different sizes.
    """
    import numpy as np

    if gt.shape != pred.shape:
        raise BadMapError("", f"the masks are {gt.shape} and {pred.shape} pixels")
    maps = [np.ascontiguousarray(mask, dtype=np.uint8) for mask in (gt, pred)]
    if _kernel is None:
        from benchmarks.vos.fallback import count_maps

        rows = count_maps(maps[0], maps[1], Reading(masks=True))
    else:
        sources: list[Any] = [(*m.shape, 1, m.data.cast("B")) for m in maps]
        rows = cast("list[tuple[int, ...]]", _kernel.count(*sources, Reading(masks=True).flags, 0))
    return Counts(*rows[0][2:]) if rows else NOTHING


def count_file(gt: str, pred: str, reading: Reading) -> FrameCounts | BadMapError:
    """The counts of a frame, from two paths; a file that cannot be counted comes back as such."""
    side: Side = "ground truth"
    try:
        gt_bytes = read_file(gt)
        side = "prediction"
        return count(gt_bytes, read_file(pred), reading)
    except BadMapError as error:
        return error
    except OSError as error:
        return BadMapError(side, f"it cannot be read: {error.strerror or error}")


def count_files(
    pairs: Sequence[tuple[str, str]], reading: Reading
) -> list[FrameCounts | BadMapError]:
    """`count_file` of each pair."""
    return [count_file(gt, pred, reading) for gt, pred in pairs]


def read_file(path: str) -> bytes:
    """The bytes of a file; of large numbers of small files this is twice as quick as `open`."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        size = os.fstat(handle).st_size
        data = os.read(handle, size + 1)
        while len(data) < size and (more := os.read(handle, size - len(data))):
            data += more
        return data
    finally:
        os.close(handle)
