"""Run lengths are COCO's own, and broken ones are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.image_segmentation.rle import BadRleError, checked, checked_each, decoded, encoded
from tests.benchmarks.image_segmentation.shapes import drawn, made, seeds, sizes


def test_runs_go_down_the_columns_absent_first() -> None:
    mask = drawn(".#", "##", ".#")
    assert np.array_equal(decoded({"size": [3, 2], "counts": [1, 1, 1, 3]}), mask)
    # 1, 1, 1 and then 3 - 1 = 2.
    assert encoded(mask) == {"size": [3, 2], "counts": "1112"}
    # A mask that begins present has a first run of none.
    assert encoded(drawn("##")) == {"size": [1, 2], "counts": "02"}


@given(sizes(), seeds())
def test_a_mask_comes_back_as_it_went(size: tuple[int, int], seed: int) -> None:
    mask = made(seed, *size)
    assert np.array_equal(decoded(encoded(mask), size), mask)
    assert checked(encoded(mask), size) == encoded(mask)


@given(sizes(), seeds(), st.floats(0, 1))
def test_text_is_what_pycocotools_writes(size: tuple[int, int], seed: int, share: float) -> None:
    coco = pytest.importorskip("pycocotools.mask")
    mask = np.random.default_rng(seed).random(size) < share
    written = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
    assert encoded(mask)["counts"] == written["counts"].decode()


@given(st.lists(st.tuples(sizes(), seeds()), max_size=8), st.data())
def test_many_are_looked_over_as_each_would_be(
    masks: list[tuple[tuple[int, int], int]], data: st.DataObject
) -> None:
    encodings = [encoded(made(seed, *size)) for size, seed in masks]
    fitting = [size for size, _ in masks]
    assert list(checked_each(encodings, fitting)) == encodings
    # One of them with a character changed, or its size: it is refused, or is a mask by itself.
    if not masks:
        return
    index = data.draw(st.integers(0, len(masks) - 1))
    text = encodings[index]["counts"]
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(min_codepoint=40, max_codepoint=120))
    encodings[index] = {**encodings[index], "counts": text[:place] + other + text[place + 1 :]}
    try:
        alone = checked(encodings[index], fitting[index])
    except BadRleError:
        with pytest.raises(BadRleError):
            list(checked_each(encodings, fitting))
        return
    assert list(checked_each(encodings, fitting))[index] == alone


@given(st.text(max_size=30), st.integers(1, 20), st.integers(1, 20))
def test_any_text_is_a_mask_of_its_size_or_refused(text: str, height: int, width: int) -> None:
    try:
        mask = decoded({"size": [height, width], "counts": text})
    except BadRleError:
        return
    assert mask.shape == (height, width)


@pytest.mark.parametrize(
    "broken",
    [
        None,
        {"size": [3, 2]},
        {"size": [3], "counts": "6"},
        {"size": [0, 2], "counts": ""},
        {"size": [3, 2], "counts": [7]},
        {"size": [3, 2], "counts": [8, -2]},
        {"size": [3, 2], "counts": [True] * 6},
        {"size": [3, 2], "counts": [1 << 300]},
        {"size": [3, 2], "counts": "ooooooooooooo1"},
        {"size": [3, 2], "counts": "o"},
        {"size": [1 << 20, 1 << 20], "counts": [1 << 40]},
    ],
)
def test_broken_runs_are_refused(broken: Any) -> None:
    with pytest.raises(BadRleError):
        decoded(broken)


def test_a_mask_of_another_size_than_its_image_is_refused() -> None:
    with pytest.raises(BadRleError, match="it is 2 x 3, its image 3 x 2"):
        decoded({"size": [3, 2], "counts": [6]}, (2, 3))
