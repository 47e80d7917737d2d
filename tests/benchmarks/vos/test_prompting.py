"""The rules of promptable segmentation, by hand-worked cases."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from benchmarks.image_segmentation.clicks import Click
from benchmarks.vos.counting import Counts, count_masks
from benchmarks.vos.prompting import click_frame, frame_to_prompt, j_and_f
from benchmarks.vos.statistics import mean
from tests.benchmarks.vos.scenes import perturbed, scene

TRUTH = np.zeros((9, 20), bool)
TRUTH[2:7, 2:7] = True  # its centre is (4, 4)
TRUTH[2:7, 12:17] = True  # and that of this part (14, 4)


def test_clicks_go_to_the_centre_and_then_to_the_centre_of_what_is_wrong() -> None:
    asked: list[tuple[Click, ...]] = []

    def segment(clicks: Sequence[Click]) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        asked.append(tuple(clicks))
        mask = TRUTH.copy()
        if len(clicks) == 1:
            mask[:, 10:] = False  # the second part is missed
        elif len(clicks) == 2:
            mask[0:3, 18:20] = True  # something else is taken in
        return mask

    clicks, mask = click_frame(TRUTH, segment)
    assert clicks[:2] == (Click(4, 4, 1), Click(14, 4, 1))
    assert clicks[2].label == 0
    assert (clicks[2].x, clicks[2].y) in {(x, y) for x in (18, 19) for y in (0, 1, 2)}
    assert asked == [clicks[:1], clicks[:2], clicks[:3]]
    assert mask is not None
    assert (mask == TRUTH).all()


def test_a_frame_that_has_a_prediction_is_corrected_from_the_first_click_on() -> None:
    predicted = TRUTH.copy()
    predicted[:, 10:] = False
    clicks, _ = click_frame(TRUTH, lambda clicks: TRUTH, predicted=predicted)
    # The first mends it, so that there is nothing more to click.
    assert clicks == (Click(14, 4, 1),)


def test_a_perfect_prediction_is_not_clicked() -> None:
    clicks, mask = click_frame(TRUTH, lambda clicks: ~TRUTH, predicted=TRUTH)
    assert clicks == ()
    assert mask is TRUTH


def test_the_worst_frame_that_was_not_prompted_is_next() -> None:
    ious = {0: 0.2, 1: 0.9, 2: 0.4, 3: 0.4, 4: 1.0}
    assert frame_to_prompt(ious, {0}) == 2
    assert frame_to_prompt(ious, {0, 2}) == 3
    assert frame_to_prompt(ious, {0, 1, 2, 3}) is None


def test_ends_are_scored_only_where_that_is_asked_for() -> None:
    def counts(j: int) -> Counts:
        return Counts(j, 10, j, 4, 4, j // 3, j // 3)

    series = {k: counts(j) for k, j in ((0, 1), (4, 6), (8, 9), (12, 2))}
    assert j_and_f(series, keep_ends=False) == (mean([0.6, 0.9]), mean([0.5, 0.75]))
    with_ends = j_and_f(series, keep_ends=True)
    assert with_ends is not None
    assert with_ends[0] == pytest.approx((0.1 + 0.6 + 0.9 + 0.2) / 4)
    assert j_and_f({0: counts(1), 4: counts(2)}, keep_ends=False) is None


@pytest.mark.parametrize("seed", range(4))
def test_masks_are_counted_as_their_files_are(seed: int) -> None:
    from benchmarks.vos.counting import NOTHING, count
    from tests.benchmarks.vos.scenes import png

    gt = scene(60, 90, 3, frame=seed, seed=seed)
    pred = perturbed(gt, seed)
    of_files = count(png(gt), png(pred))
    for label in (1, 2, 3):
        assert count_masks(gt == label, pred == label) == of_files.get((label, label), NOTHING)
