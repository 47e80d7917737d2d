"""Clicks fall where the rules they are named for say."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given

from benchmarks.image_segmentation.clicks import (
    NEXT_RULES,
    Click,
    Mask,
    first_click,
    next_click,
    random_of,
    salient_region,
)
from results.errors import InputError
from tests.benchmarks.image_segmentation.shapes import drawn, made, seeds, sizes

NOTHING = np.zeros((7, 9), dtype=bool)


def any_number() -> np.random.Generator:
    return np.random.default_rng(3)


def test_the_first_click_is_the_pixel_farthest_from_the_border() -> None:
    square = drawn(".......", ".#####.", ".#####.", ".#####.", ".#####.", ".#####.", ".......")
    assert first_click(square) == Click(3, 3, 1)


def test_the_edge_of_the_image_is_a_border() -> None:
    corner = drawn("###..", "###..", "###..", ".....")
    assert first_click(corner) == Click(1, 1, 1)
    assert first_click(np.ones((5, 9), dtype=bool)) == Click(2, 2, 1)


def test_equal_depths_go_to_the_first_pixel_in_rows() -> None:
    two = drawn("......###", "###...###", "###...###", "###......")
    assert first_click(two) == Click(7, 1, 1)


def test_a_missed_pixel_asks_for_a_positive_click_and_a_spurious_one_for_a_negative() -> None:
    truth = drawn("#####....", "#####....", "#####....", "#####....", "#####....")
    assert next_click(truth, np.zeros_like(truth)) == Click(2, 2, 1)
    everywhere = np.ones_like(truth)
    # The spurious part is 4 x 5; its deepest pixels are two from its border.
    assert next_click(truth, everywhere) == Click(6, 1, 0)


def test_a_tie_of_depths_is_a_negative_click_as_in_the_original() -> None:
    truth = drawn("###......", "###......", "###......")
    prediction = drawn("......###", "......###", "......###")
    assert next_click(truth, prediction) == Click(7, 1, 0)


def test_the_centre_rule_goes_by_depth_and_the_other_by_area() -> None:
    # Missed: a line of nine pixels. Spurious: a square of four.
    truth = drawn("#########", ".........", ".........")
    prediction = drawn(".........", "......###", "......###")
    square = np.zeros((5, 9), dtype=bool)
    square[2:5, 6:9] = True
    line = np.zeros((5, 9), dtype=bool)
    line[0, :] = True
    line[1, 0] = True
    assert next_click(line, square) == Click(7, 3, 0)
    assert next_click(line, square, rule="largest-region") == Click(0, 0, 1)
    # By area 9 against 6, all of depth 1: the tie of depths is negative, the area positive.
    assert next_click(truth, prediction) == Click(6, 1, 0)
    assert next_click(truth, prediction, rule="largest-region") == Click(0, 0, 1)


def test_regions_that_touch_at_corners_are_one() -> None:
    # The diagonal is one region of five; the block has four.
    truth = drawn("##....#", "##...#.", "....#..", "...#...", "..#....")
    assert next_click(truth, np.zeros_like(truth), rule="largest-region") == Click(6, 0, 1)
    assert next_click(truth, np.zeros_like(truth)) == Click(0, 0, 1)


def test_a_faultless_prediction_needs_no_click() -> None:
    truth = drawn("##.", "##.")
    for rule in NEXT_RULES:
        if rule != "in-object":
            assert next_click(truth, truth, rule=rule, rng=any_number()) is None
    empty = np.zeros_like(truth)
    assert next_click(empty, empty) is None
    assert next_click(empty, empty, rule="in-object", rng=any_number()) is None


def test_an_empty_object_has_no_first_click_but_what_is_spurious_gets_one() -> None:
    with pytest.raises(InputError, match="empty"):
        first_click(NOTHING)
    prediction = NOTHING.copy()
    prediction[4, 5] = True
    assert next_click(NOTHING, prediction) == Click(5, 4, 0)


def test_salient_first_clicks_are_the_centre_of_the_marked_part() -> None:
    square = np.zeros((9, 9), dtype=bool)
    square[0:7, 0:7] = True
    map_ = np.zeros((9, 9), dtype=np.uint8)
    map_[4:9, 4:9] = 200  # meets the square in 3 x 3
    map_[0, 0] = 99  # under half the maximum
    assert first_click(square, rule="salient", saliency=map_) == Click(5, 5, 1)
    elsewhere = np.zeros((9, 9), dtype=np.float32)
    elsewhere[8, 8] = 0.1
    assert first_click(square, rule="salient", saliency=elsewhere) == Click(3, 3, 1)
    assert not salient_region(np.zeros((9, 9)), (9, 9)).any()
    with pytest.raises(InputError, match="saliency map"):
        first_click(square, rule="salient")
    with pytest.raises(InputError, match="8 x 9 does not fit a mask of 9 x 9"):
        first_click(square, rule="salient", saliency=np.zeros((9, 8)))


def test_masks_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match="2 x 3 does not fit a true mask of 3 x 2"):
        next_click(np.ones((2, 3), bool), np.ones((3, 2), bool))
    with pytest.raises(InputError, match="bool"):
        first_click(np.ones((2, 3), np.uint8))
    with pytest.raises(InputError, match="random"):
        first_click(np.ones((2, 3), bool), rule="uniform")


def test_random_clicks_of_a_sample_do_not_depend_on_what_was_drawn_before() -> None:
    mask = np.ones((50, 60), dtype=bool)
    one = first_click(mask, rule="uniform", rng=random_of(7, "a"))
    assert one == first_click(mask, rule="uniform", rng=random_of(7, "a"))
    others = {first_click(mask, rule="uniform", rng=random_of(7, f"b{i}")) for i in range(20)}
    assert len(others) > 15
    assert first_click(mask, rule="uniform", rng=random_of(8, "a")) != one


def test_uniform_clicks_reach_every_erring_pixel_alike() -> None:
    truth = drawn("##..", "....")
    prediction = drawn("..##", "....")
    rng = any_number()
    clicks = [next_click(truth, prediction, rule="uniform", rng=rng) for _ in range(4000)]
    counts = Counter(clicks)
    assert set(counts) == {Click(0, 0, 1), Click(1, 0, 1), Click(2, 0, 0), Click(3, 0, 0)}
    # Four standard deviations of a share of one in four among 4,000.
    assert all(abs(n - 1000) < 4 * (4000 * 0.25 * 0.75) ** 0.5 for n in counts.values())


@given(sizes(), seeds(), seeds())
def test_every_rule_clicks_inside_what_its_label_says(
    size: tuple[int, int], one: int, other: int
) -> None:
    truth, prediction = made(one, *size), made(other, *size)
    for rule in NEXT_RULES:
        click = next_click(truth, prediction, rule=rule, rng=any_number())
        if click is None:
            assert np.array_equal(truth, prediction) or not truth.any()
        elif rule == "in-object":
            assert click.label == 1 and truth[click.y, click.x]
        elif click.label:
            assert truth[click.y, click.x] and not prediction[click.y, click.x]
        else:
            assert prediction[click.y, click.x] and not truth[click.y, click.x]


@given(sizes(), seeds(), seeds())
def test_turning_truth_and_prediction_round_turns_the_label(
    size: tuple[int, int], one: int, other: int
) -> None:
    truth, prediction = made(one, *size), made(other, *size)
    there, back = next_click(truth, prediction), next_click(prediction, truth)
    if there is None or back is None:
        assert there is back
    elif (there.x, there.y) == (back.x, back.y):
        assert there.label != back.label
    else:
        # Only a tie, which is negative either way, moves the click.
        assert there.label == back.label == 0


def of_the_original(truth: Mask, prediction: Mask) -> tuple[Click, bool]:
    """The click by OpenCV's distances, and whether another pixel is as deep but for rounding."""
    cv2 = pytest.importorskip("cv2")
    depths = []
    for region in (truth & ~prediction, prediction & ~truth):
        padded = np.pad(region, 1).astype(np.uint8)
        depths.append(cv2.distanceTransform(padded, cv2.DIST_L2, 0)[1:-1, 1:-1].ravel())
    both = np.concatenate(depths)
    n_near = int((both > both.max() * (1 - 1e-6)).sum())
    is_positive = depths[0].max() > depths[1].max()
    place = int(depths[0 if is_positive else 1].argmax())
    y, x = divmod(place, truth.shape[1])
    return Click(x, y, int(is_positive)), n_near > 1


def test_the_centre_rule_is_the_originals_with_opencv() -> None:
    rng = np.random.default_rng(11)
    n_ambiguous = n_different = 0
    for seed in range(400):
        height, width = (int(n) for n in rng.integers(2, 120, 2))
        truth, prediction = made(seed, height, width), made(seed + 10_000, height, width)
        click = next_click(truth, prediction)
        if click is None:
            continue
        expected, is_ambiguous = of_the_original(truth, prediction)
        n_ambiguous += is_ambiguous
        n_different += click != expected
        assert click == expected or is_ambiguous
    # OpenCV rounds equal distances apart once in a thousand masks or so.
    assert n_ambiguous > 50
    assert n_different <= 4
