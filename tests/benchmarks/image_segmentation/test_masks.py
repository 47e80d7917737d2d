"""Overlaps of masks and boxes, and the choice among several masks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from benchmarks.image_segmentation.masks import box_overlap, chosen, iou, size_class, tight_box
from results.errors import InputError
from tests.benchmarks.image_segmentation.shapes import drawn, made, seeds, sizes


def test_overlap_is_intersection_over_union() -> None:
    assert iou(drawn("##..", "##.."), drawn(".##.", ".##.")) == pytest.approx(2 / 6)
    assert iou(drawn("##"), drawn("..")) == 0
    assert iou(drawn(".."), drawn("..")) == 1
    with pytest.raises(InputError, match="cannot be compared"):
        iou(drawn("##"), drawn("#"))


@given(sizes(), seeds(), seeds())
def test_overlap_is_symmetric_within_bounds_and_one_only_for_equals(
    size: tuple[int, int], one: int, other: int
) -> None:
    left, right = made(one, *size), made(other, *size)
    value = iou(left, right)
    assert 0 <= value <= 1
    assert value == iou(right, left)
    assert (value == 1) == np.array_equal(left, right)


def test_the_tight_box_ends_on_the_last_pixel() -> None:
    assert tight_box(drawn("....", ".##.", ".#..")) == (1, 1, 2, 2)
    with pytest.raises(InputError, match="without a pixel"):
        tight_box(drawn("..", ".."))


def test_a_box_covers_the_pixels_whose_middles_it_holds() -> None:
    mask = drawn("####", "####", "....")
    assert box_overlap(mask, (0, 0, 4, 2)) == 1
    assert box_overlap(mask, (0.4, 0.4, 3.6, 1.6)) == 1
    # Rows 0 and 1 of columns 1 to 3, of eight pixels.
    assert box_overlap(mask, (0.6, 0, 9, 2)) == pytest.approx(6 / 8)
    assert box_overlap(mask, (7, 7, 9, 9)) == 0
    assert box_overlap(drawn(".."), (0, 0, 0, 0)) == 0


def test_each_rule_chooses_its_own_mask() -> None:
    masks = np.stack([drawn("#...", "...."), drawn("##..", "##.."), drawn("####", "####")])
    scores = np.array([0.9, 0.2, 0.9])
    assert chosen(masks, scores, "confident") == 0
    assert chosen(masks, scores, "box-overlap", box=(0, 0, 4, 2)) == 2
    assert chosen(masks, scores, "oracle", truth=drawn("##..", "#...")) == 1
    with pytest.raises(InputError, match="true mask"):
        chosen(masks, scores, "oracle")
    with pytest.raises(InputError, match="needs the box"):
        chosen(masks, scores, "box-overlap")


def test_sizes_are_cocos() -> None:
    assert [size_class(area) for area in (1, 1023, 1024, 9215, 9216)] == [
        "small",
        "small",
        "medium",
        "medium",
        "large",
    ]
