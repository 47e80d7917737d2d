"""COCO's run-length encoding of masks, read without trust.

Runs go down the columns, absent first; as a list of lengths, or as COCO's text of them: five bits
a character from `0` on, the sixth says that more follow, the fifth of the last one is the sign;
from the fourth run on, the difference to the last run but one is written
(`rleToString` in cocoapi/common/maskApi.c).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.image_segmentation.clicks import Mask

# A few digits must not claim the memory.
MOST_PIXELS = 1 << 28
_BASE = 48
_MOST_CHARACTERS = 7
_LONGEST_TEXT = 1 << 26


class BadRleError(ValueError):
    """What is wrong with an encoded mask, as the end of a sentence that names it."""


def decoded(encoded: Any, size: tuple[int, int] | None = None) -> Mask:
    """The bool mask (height, width) of `{"size": [height, width], "counts": text or list}`.

    Raises BadRleError where it is none, or not of `size` (height, width) if that is given.
    """
    height, width, runs = _runs(encoded, size)
    starts = np.concatenate(([0], np.cumsum(runs)))
    flat = np.zeros(height * width, dtype=np.bool_)
    for first, last in zip(starts[1:-1:2], starts[2::2], strict=False):
        flat[first:last] = True
    return np.ascontiguousarray(flat.reshape(width, height).T)


def encoded(mask: Mask) -> dict[str, Any]:
    """`{"size": [height, width], "counts": text}` of a bool mask, as COCO's own tools write it."""
    flat = np.asarray(mask, dtype=np.bool_).T.ravel()
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    starts = np.concatenate(([0], changes, [flat.size]))
    runs = np.diff(starts)
    if flat.size and flat[0]:
        runs = np.concatenate(([0], runs))
    return {"size": list(mask.shape), "counts": _as_text(runs)}


def checked(encoded: Any, size: tuple[int, int]) -> dict[str, Any]:
    """A sound encoding of the same mask, with its runs as text; raises BadRleError."""
    height, width, runs = _runs(encoded, size)
    counts = encoded["counts"]
    text = counts if isinstance(counts, str) else _as_text(runs)
    return {"size": [height, width], "counts": text}


def checked_each(
    encodings: Sequence[Any], sizes: Sequence[tuple[int, int]]
) -> Iterator[dict[str, Any]]:
    """What `checked` gives for each; where all are sound, which most files are, in a few sweeps
    over all of them, since a file of LVIS's predictions has millions.
    """
    is_plain = all(
        isinstance(encoding, dict)
        and encoding.get("size") == list(size)
        and isinstance(encoding.get("counts"), str)
        for encoding, size in zip(encodings, sizes, strict=True)
    )
    if is_plain and _are_sound([found["counts"] for found in encodings], sizes):
        for found, size in zip(encodings, sizes, strict=True):
            yield {"size": list(size), "counts": found["counts"]}
        return
    for found, size in zip(encodings, sizes, strict=True):
        yield checked(found, size)


def _are_sound(texts: Sequence[str], sizes: Sequence[tuple[int, int]]) -> bool:
    """Whether each text has the runs of a mask of its size. False may mean only that it has to be
    looked at by itself.
    """
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    if not lengths.size or not lengths.all() or lengths.sum() > _LONGEST_TEXT:
        return False
    try:
        values, starts = _numbers("".join(texts))
    except BadRleError:
        return False
    text_starts = np.concatenate(([0], np.cumsum(lengths)[:-1]))
    firsts = np.searchsorted(starts, text_starts)
    if not np.array_equal(starts[np.minimum(firsts, starts.size - 1)], text_starts):
        return False
    n_runs = np.diff(np.concatenate((firsts, [starts.size])))
    text_of_run = np.repeat(np.arange(len(texts)), n_runs)
    places = np.arange(starts.size) - firsts[text_of_run]
    # Three sums go on side by side in a text: its first run, those at odd and at even places.
    sums = 3 * text_of_run + np.where(places == 0, 0, np.where(places % 2, 1, 2))
    order = np.argsort(sums, kind="stable")
    totals = np.cumsum(values[order])
    begins = np.flatnonzero(np.diff(sums[order], prepend=-1))
    before = totals[begins] - values[order][begins]
    runs = np.empty_like(values)
    runs[order] = totals - np.repeat(before, np.diff(np.append(begins, order.size)))
    if ((runs < 0) | (runs > MOST_PIXELS)).any():
        return False
    pixels = np.array([height * width for height, width in sizes])
    return bool(np.array_equal(np.add.reduceat(runs, firsts), pixels))


def _runs(encoded: Any, size: tuple[int, int] | None) -> tuple[int, int, NDArray[np.int64]]:
    if not isinstance(encoded, dict):
        raise BadRleError("it is no object with size and counts")
    height, width = _size(encoded.get("size"))
    if size is not None and (height, width) != size:
        raise BadRleError(f"it is {width} x {height}, its image {size[1]} x {size[0]}")
    counts = encoded.get("counts")
    if isinstance(counts, str):
        runs = _of_text(counts)
    elif isinstance(counts, list) and all(type(n) is int and 0 <= n <= MOST_PIXELS for n in counts):
        runs = np.array(counts, dtype=np.int64)
    else:
        raise BadRleError("its counts are neither text nor a list of lengths")
    out_of_bounds = (runs < 0) | (runs > MOST_PIXELS)
    if out_of_bounds.any() or int(runs.sum()) != height * width:
        raise BadRleError(f"its runs do not add up to {width} x {height} pixels")
    return height, width, runs


def _size(size: Any) -> tuple[int, int]:
    if not (isinstance(size, list) and len(size) == 2 and all(type(n) is int for n in size)):
        raise BadRleError("its size is not [height, width]")
    height, width = size
    if not (height > 0 and width > 0 and height * width <= MOST_PIXELS):
        raise BadRleError(f"its size {width} x {height} is out of bounds")
    return height, width


def _of_text(text: str) -> NDArray[np.int64]:
    values, _ = _numbers(text)
    values[1::2] = np.cumsum(values[1::2])
    values[2::2] = np.cumsum(values[2::2])
    return values


def _numbers(text: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The numbers as they are written, and at which character each begins."""
    if len(text) > _LONGEST_TEXT:
        raise BadRleError("its counts are too long")
    try:
        codes = np.frombuffer(text.encode("ascii"), dtype=np.uint8).astype(np.int64) - _BASE
    except UnicodeEncodeError:
        raise BadRleError("its counts are not COCO's text") from None
    ends = np.flatnonzero((codes & 32) == 0)
    if ((codes < 0) | (codes > 63)).any() or not ends.size or ends[-1] != codes.size - 1:
        raise BadRleError("its counts are not COCO's text")
    starts = np.concatenate(([0], ends[:-1] + 1))
    lengths = ends - starts + 1
    if lengths.max() > _MOST_CHARACTERS:
        raise BadRleError("its counts hold a run beyond any image")
    places = np.arange(codes.size) - np.repeat(starts, lengths)
    values = np.add.reduceat((codes & 31) << (5 * places), starts)
    negative = (codes[ends] & 16) != 0
    values[negative] -= 1 << (5 * lengths[negative])
    return values, starts


def _as_text(runs: NDArray[np.int64]) -> str:
    differences = runs.astype(np.int64)
    differences[3:] -= runs[1:-2]
    text = bytearray()
    for value in differences.tolist():
        more = True
        while more:
            bits = value & 31
            value >>= 5
            more = value != (-1 if bits & 16 else 0)
            text.append(_BASE + (bits | 32 if more else bits))
    return text.decode("ascii")
