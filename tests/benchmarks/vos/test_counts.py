"""The seven counts, by both implementations, against definitions and hand-worked cases."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from benchmarks.vos import counting
from benchmarks.vos.counting import BadMapError, Counts, FrameCounts, Reading
from tests.benchmarks.vos.reference import frame_counts
from tests.benchmarks.vos.scenes import Labels, perturbed, png, scene

Count = Callable[..., FrameCounts]


@pytest.fixture(scope="module", params=["kernel", "numpy"])
def count(request: pytest.FixtureRequest) -> Any:
    """`counting.count` of two maps, by one of the implementations."""
    if request.param == "kernel" and not counting.is_compiled():
        pytest.skip("the kernel is not built here: a C compiler and Python's headers are needed")

    def counted(gt: Labels, pred: Labels, reading: Reading = Reading()) -> FrameCounts:  # noqa: B008
        depth = [16 if labels.max(initial=0) > 255 else 8 for labels in (gt, pred)]
        sources = png(gt, depth[0], colour=0), png(pred, depth[1], colour=0)
        with pytest.MonkeyPatch.context() as patch:
            if request.param == "numpy":
                patch.setattr(counting, "_kernel", None)
            return counting.count(*sources, reading)

    return counted


def maps(labels: list[int], height: int = 12, width: int = 70) -> st.SearchStrategy[Any]:
    """Pairs of maps of one size: noise, and rectangles that touch the edges."""

    @st.composite
    def pair(draw: st.DrawFn) -> tuple[Labels, Labels]:
        size = draw(st.tuples(st.integers(1, height), st.integers(1, width)))
        made = []
        for _ in range(2):
            if draw(st.booleans()):
                made.append(draw(arrays(np.uint16, size, elements=st.sampled_from([0, *labels]))))
                continue
            labels_of = np.zeros(size, np.uint16)
            for label in draw(st.lists(st.sampled_from([0, *labels]), max_size=4)):
                top, left = draw(st.integers(0, size[0] - 1)), draw(st.integers(0, size[1] - 1))
                bottom, right = draw(st.integers(top, size[0])), draw(st.integers(left, size[1]))
                labels_of[top:bottom, left:right] = label
            made.append(labels_of)
        return made[0], made[1]

    return pair()


@settings(deadline=None, max_examples=40)
@given(pair=maps([1, 2, 7]))
def test_counts_are_those_of_the_definitions(count: Count, pair: tuple[Labels, Labels]) -> None:
    found = count(*pair)
    assert {g: tuple(c) for (g, _), c in found.items()} == frame_counts(*pair)
    assert all(g == p for g, p in found)


@settings(deadline=None, max_examples=40)
@given(pair=maps([1, 300, 65535]))
def test_ids_up_to_65535_count_like_any_other(count: Count, pair: tuple[Labels, Labels]) -> None:
    assert {g: tuple(c) for (g, _), c in count(*pair).items()} == frame_counts(*pair)


@settings(deadline=None, max_examples=40)
@given(pair=maps([1, 2, 3]))
def test_swapping_the_maps_swaps_the_counts(count: Count, pair: tuple[Labels, Labels]) -> None:
    there, back = count(*pair), count(*pair[::-1])
    for key, c in there.items():
        swapped = Counts(c.inter, c.area_pred, c.area_gt, c.n_pred, c.n_gt, c.matched_pred, c[5])
        assert back[key] == swapped
        assert (back[key].j, back[key].f) == (c.j, c.f)


@settings(deadline=None, max_examples=40)
@given(pair=maps([1, 2, 3]), ids=st.permutations([1, 2, 3]))
def test_ids_are_only_names(count: Count, pair: tuple[Labels, Labels], ids: list[int]) -> None:
    renamed = np.array([0, *ids], np.uint16)
    before = count(*pair)
    after = count(renamed[pair[0]], renamed[pair[1]])
    assert after == {(ids[g - 1], ids[p - 1]): c for (g, p), c in before.items()}


@settings(deadline=None, max_examples=40)
@given(pair=maps([1, 2, 5], height=6))
def test_every_pair_counts_each_label_against_each(
    count: Count, pair: tuple[Labels, Labels]
) -> None:
    gt, pred = pair
    found = count(gt, pred, Reading(every_pair=True))
    in_gt, in_pred = ({0, *np.unique(labels).tolist()} for labels in pair)
    assert set(found) == {(g, p) for g in in_gt for p in in_pred if g or p}
    for (g, p), c in found.items():
        only = frame_counts((gt == g) & (g > 0), (pred == p) & (p > 0))
        assert tuple(c) == only[1]


@settings(deadline=None, max_examples=40)
@given(pair=maps([1, 2, 5], height=6), hides=st.booleans())
def test_void_is_background_and_hides_what_is_predicted_there(
    count: Count, pair: tuple[Labels, Labels], hides: bool
) -> None:
    gt, pred = pair
    found = count(gt, pred, Reading(void=2, void_hides=hides))
    shown = np.where((gt == 2) & hides, 0, pred)
    assert {g: tuple(c) for (g, _), c in found.items()} == frame_counts(
        np.where(gt == 2, 0, gt), shown
    )


@settings(deadline=None, max_examples=40)
@given(pair=maps([255], height=6))
def test_masks_are_one_object_whatever_their_label(
    count: Count, pair: tuple[Labels, Labels]
) -> None:
    found = count(*pair, Reading(masks=True))
    expected = frame_counts(pair[0] > 0, pair[1] > 0)
    assert {g: tuple(c) for (g, _), c in found.items()} == {int(k): v for k, v in expected.items()}


def test_a_mask_of_several_labels_is_refused(count: Count) -> None:
    with pytest.raises(BadMapError, match="several labels") as refused:
        count(np.array([[0, 1]]), np.array([[1, 2]]), Reading(masks=True))
    assert refused.value.side == "prediction"


def test_maps_of_two_sizes_are_refused(count: Count) -> None:
    with pytest.raises(BadMapError, match="sizes differ"):
        count(np.zeros((4, 5), int), np.zeros((5, 4), int))


def test_a_square_moved_by_a_pixel_counts_as_worked_out_by_hand(count: Count) -> None:
    # 10 x 10 pixels: the tolerance is ceil(0.008 * 14.14) = 1. A 4 x 4 square, one pixel right.
    gt, pred = np.zeros((10, 10), int), np.zeros((10, 10), int)
    gt[3:7, 3:7] = 1
    pred[3:7, 4:8] = 1
    # The boundary is a ring of 5 x 5 pixels, half a pixel towards the origin: 16 of them.
    # Of the ring, every pixel has one of the other ring beside it.
    assert count(gt, pred) == {(1, 1): Counts(12, 16, 16, 16, 16, 16, 16)}
    (c,) = count(gt, pred).values()
    assert c.j == 12 / 20
    assert c.f == 1.0


def test_a_square_moved_by_two_pixels_loses_part_of_its_boundary(count: Count) -> None:
    gt, pred = np.zeros((10, 10), int), np.zeros((10, 10), int)
    gt[3:7, 2:6] = 1
    pred[3:7, 4:8] = 1
    # Rings of rows 2..6: columns 1..5 and 3..7. Of the left ring's top, columns 2..5 have a partner
    # within a pixel, and so at the bottom; of its right side, the middle pixel has none, but those
    # above and below it lie beside the other ring's top and bottom. Its left side has none.
    assert count(gt, pred) == {(1, 1): Counts(8, 16, 16, 16, 16, 10, 10)}
    (c,) = count(gt, pred).values()
    assert (c.j, c.f) == (8 / 24, 10 / 16)


def test_a_full_frame_has_no_boundary(count: Count) -> None:
    full, empty = np.ones((5, 9), int), np.zeros((5, 9), int)
    assert count(full, full) == {(1, 1): Counts(45, 45, 45, 0, 0, 0, 0)}
    assert count(full, full)[1, 1].f == 1.0
    assert count(full, empty)[1, 1] == Counts(0, 45, 0, 0, 0, 0, 0)
    assert (count(full, empty)[1, 1].j, count(full, empty)[1, 1].f) == (0.0, 1.0)
    assert count(empty, empty) == {}


def test_nothing_against_nothing_is_right_and_against_something_wrong() -> None:
    assert (counting.NOTHING.j, counting.NOTHING.f) == (1.0, 1.0)
    only_gt = Counts(0, 9, 0, 8, 0, 0, 0)
    assert (only_gt.j, only_gt.f) == (0.0, 0.0)
    apart = Counts(0, 9, 9, 8, 8, 0, 0)
    assert (apart.j, apart.f) == (0.0, 0.0)


def test_a_fault_found_in_another_process_comes_back_whole() -> None:
    back = pickle.loads(pickle.dumps(BadMapError("prediction", "it is broken")))  # noqa: S301
    assert (back.side, back.cause, str(back)) == ("prediction", "it is broken", "it is broken")


@pytest.mark.parametrize(("height", "width"), [(480, 854), (1080, 1920), (63, 4097), (3000, 64)])
def test_both_implementations_agree_on_large_maps(height: int, width: int) -> None:
    if not counting.is_compiled():
        pytest.skip("the kernel is not built here: a C compiler and Python's headers are needed")
    gt = scene(height, width, 3, frame=1)
    pred = perturbed(gt, 3)
    sources = png(gt), png(pred)
    by_kernel = counting.count(*sources)
    assert by_kernel
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting, "_kernel", None)
        assert counting.count(*sources) == by_kernel


def test_a_tolerance_wider_than_a_machine_word_is_searched_whole(count: Count) -> None:
    # 8,200 pixels across: the tolerance is 66, more than 64 pixels to either side.
    gt, pred = np.zeros((3, 8200), int), np.zeros((3, 8200), int)
    gt[:, 4000:] = 1
    for shift, expected in ((65, 3), (66, 3), (67, 0)):
        pred[:] = 0
        pred[:, 4000 + shift :] = 1
        assert count(gt, pred)[1, 1].matched_gt == expected
        assert count(gt, pred)[1, 1].matched_pred == expected
