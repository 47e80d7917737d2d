"""What every video segmenter must do, run over every one there is."""

from __future__ import annotations

import gc
import json
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from results.errors import InputError
from runners.models.segmentation.interface import (
    Mask,
    Picture,
    Prompt,
    VideoSegmenter,
    VideoSession,
)
from tests.runners.segmentation.scenes import (
    BRIGHT,
    DARK,
    HEIGHT,
    WIDTH,
    click,
    moving_squares,
    noisy_picture,
    square_mask,
)

Prompted = dict[int, list[tuple[int, Prompt]]]


def tracked(
    segmenter: VideoSegmenter,
    frames: Sequence[Picture],
    prompts: Prompted,
    *,
    keep_frames: bool = False,
    non_overlapping: bool = False,
) -> list[dict[int, Mask]]:
    """The masks of each frame, with prompts by frame index."""
    with segmenter.start(
        HEIGHT, WIDTH, len(frames), keep_frames=keep_frames, non_overlapping=non_overlapping
    ) as session:
        return [follow(session, index, frame, prompts) for index, frame in enumerate(frames)]


def follow(session: VideoSession, index: int, frame: Picture, prompts: Prompted) -> dict[int, Mask]:
    assert session.add_frame(frame) == index
    for object_id, prompt in prompts.get(index, []):
        session.prompt(index, object_id, prompt)
    return session.track(index)


def assert_same(first: Sequence[dict[int, Mask]], second: Sequence[dict[int, Mask]]) -> None:
    assert [set(masks) for masks in first] == [set(masks) for masks in second]
    for index, (one, other) in enumerate(zip(first, second, strict=True)):
        for object_id in one:
            np.testing.assert_array_equal(
                one[object_id], other[object_id], f"object {object_id} in frame {index}"
            )


def claims_of(masks: dict[int, Mask]) -> NDArray[np.int64]:
    """How many objects have each pixel."""
    claims: NDArray[np.int64] = np.stack(list(masks.values())).astype(np.int64).sum(axis=0)
    return claims


def test_masks_are_bool_at_the_size_of_the_video(video_segmenter: VideoSegmenter) -> None:
    found = tracked(video_segmenter, moving_squares(4), {0: [(7, BRIGHT), (300, DARK)]})
    for masks in found:
        assert set(masks) == {7, 300}
        for mask in masks.values():
            assert mask.shape == (HEIGHT, WIDTH)
            assert mask.dtype == np.bool_
    assert any(masks[7].any() for masks in found[1:])


def test_before_any_prompt_there_are_no_masks(video_segmenter: VideoSegmenter) -> None:
    assert tracked(video_segmenter, moving_squares(2), {}) == [{}, {}]


def test_a_mask_prompt_comes_back_as_the_mask_of_its_frame(
    video_segmenter: VideoSegmenter,
) -> None:
    with video_segmenter.start(HEIGHT, WIDTH, 1) as session:
        session.add_frame(moving_squares(1)[0])
        mask = session.prompt(0, 1, BRIGHT)
        there = square_mask(10, 10)
        assert (mask & there).sum() / (mask | there).sum() > 0.8
        np.testing.assert_array_equal(session.track(0)[1], mask)


@pytest.mark.parametrize(
    "prompt",
    [click((20, 20, 1)), click((20, 20, 1), (50, 40, 0)), Prompt(box=(10, 10, 29, 29))],
    ids=["a click", "clicks", "a box"],
)
def test_clicks_and_boxes_start_an_object(video_segmenter: VideoSegmenter, prompt: Prompt) -> None:
    with video_segmenter.start(HEIGHT, WIDTH, 2) as session:
        frames = moving_squares(2)
        session.add_frame(frames[0])
        mask = session.prompt(0, 1, prompt)
        assert mask.shape == (HEIGHT, WIDTH)
        np.testing.assert_array_equal(session.track(0)[1], mask)
        session.add_frame(frames[1])
        assert set(session.track(1)) == {1}


def test_two_runs_are_the_same(video_segmenter: VideoSegmenter) -> None:
    frames, prompts = moving_squares(5), {0: [(1, BRIGHT), (2, click((15, 45, 1)))]}
    first = tracked(video_segmenter, frames, prompts)
    assert_same(first, tracked(video_segmenter, frames, prompts))


def test_objects_do_not_depend_on_their_order_or_company(
    video_segmenter: VideoSegmenter,
) -> None:
    frames = moving_squares(6)
    together = tracked(video_segmenter, frames, {0: [(1, BRIGHT), (2, DARK)]})
    turned = tracked(video_segmenter, frames, {0: [(2, DARK), (1, BRIGHT)]})
    assert_same(together, turned)
    alone = tracked(video_segmenter, frames, {0: [(1, BRIGHT)]})
    assert_same([{1: masks[1]} for masks in together], alone)


def test_an_object_may_come_later(video_segmenter: VideoSegmenter) -> None:
    frames = moving_squares(7)
    first = tracked(video_segmenter, frames, {0: [(1, BRIGHT)]})
    both = tracked(video_segmenter, frames, {0: [(1, BRIGHT)], 3: [(2, DARK)]})
    assert [set(masks) for masks in both] == [{1}] * 3 + [{1, 2}] * 4
    assert_same([{1: masks[1]} for masks in both], first)


def test_frames_prepared_ahead_give_the_same_masks(video_segmenter: VideoSegmenter) -> None:
    frames = moving_squares(4)
    expected = tracked(video_segmenter, frames, {0: [(1, BRIGHT)]})
    with video_segmenter.start(HEIGHT, WIDTH, len(frames)) as session:
        found = []
        for index, frame in enumerate(frames):
            session.add_frame(video_segmenter.prepare(frame))
            if index == 0:
                session.prompt(0, 1, BRIGHT)
            found.append(session.track(index))
    assert_same(expected, found)


def test_two_sessions_at_once_do_not_meet(video_segmenter: VideoSegmenter) -> None:
    frames, others = moving_squares(4), [noisy_picture(50 + n) for n in range(4)]
    prompts, other_prompts = {0: [(1, BRIGHT)]}, {0: [(1, DARK)]}
    with (
        video_segmenter.start(HEIGHT, WIDTH, 4) as one,
        video_segmenter.start(HEIGHT, WIDTH, 4) as two,
    ):
        found = [
            (follow(one, n, frames[n], prompts), follow(two, n, others[n], other_prompts))
            for n in range(4)
        ]
    assert_same([pair[0] for pair in found], tracked(video_segmenter, frames, prompts))
    assert_same([pair[1] for pair in found], tracked(video_segmenter, others, other_prompts))


def test_frames_that_are_kept_change_nothing(video_segmenter: VideoSegmenter) -> None:
    frames = moving_squares(24)
    prompts = {0: [(1, BRIGHT)], 2: [(2, DARK)]}
    assert_same(
        tracked(video_segmenter, frames, prompts),
        tracked(video_segmenter, frames, prompts, keep_frames=True),
    )


def test_going_over_a_video_is_tracking_it(video_segmenter: VideoSegmenter) -> None:
    frames = moving_squares(6)
    expected = tracked(video_segmenter, frames, {0: [(1, BRIGHT), (2, DARK)]})
    with video_segmenter.start(HEIGHT, WIDTH, 6, keep_frames=True) as session:
        for frame in frames:
            session.add_frame(frame)
        session.prompt(0, 1, BRIGHT)
        session.prompt(0, 2, DARK)
        for _ in range(2):
            passed = dict(session.propagate())
            assert list(passed) == list(range(6))
            assert_same(expected, list(passed.values()))


def test_a_correction_stays_and_tells_in_the_next_pass(video_segmenter: VideoSegmenter) -> None:
    frames = moving_squares(8)
    with video_segmenter.start(HEIGHT, WIDTH, 8, keep_frames=True) as session:
        for frame in frames:
            session.add_frame(frame)
        session.prompt(0, 1, click((20, 20, 1)))
        before = dict(session.propagate())
        corrected = session.prompt(5, 1, Prompt(mask=square_mask(60, 30)))
        after = dict(session.propagate())
    np.testing.assert_array_equal(after[5][1], corrected)
    assert not np.array_equal(before[5][1], after[5][1])
    np.testing.assert_array_equal(before[0][1], after[0][1])
    assert any(not np.array_equal(before[n][1], after[n][1]) for n in (1, 2, 3, 4))
    assert any(not np.array_equal(before[n][1], after[n][1]) for n in (6, 7))


@pytest.mark.parametrize("index", [0, 3])
def test_a_tracked_frame_takes_click_after_click(
    video_segmenter: VideoSegmenter, index: int
) -> None:
    clicks = [(20, 20, 1), (70, 50, 1), (5, 55, 0)]
    with video_segmenter.start(HEIGHT, WIDTH, 5, keep_frames=True) as session:
        for frame in moving_squares(5):
            session.add_frame(frame)
        session.prompt(0, 1, click((20, 20, 1)))
        dict(session.propagate())
        for n in (1, 2, 3):
            corrected = session.prompt(index, 1, click(*clicks[:n]))
        after = dict(session.propagate())
    np.testing.assert_array_equal(after[index][1], corrected)


def test_clicks_on_a_tracked_frame_start_from_its_mask(video_segmenter: VideoSegmenter) -> None:
    frames, more = moving_squares(4), click((70, 50, 1))

    def clicked(first: Prompt) -> Mask:
        with video_segmenter.start(HEIGHT, WIDTH, 4) as session:
            for index, frame in enumerate(frames):
                follow(session, index, frame, {0: [(1, first)]})
            mask = session.prompt(3, 1, more)
            np.testing.assert_array_equal(session.track(3)[1], mask)
            return mask

    assert not np.array_equal(clicked(BRIGHT), clicked(DARK))


def test_without_overlap_each_pixel_has_one_object(video_segmenter: VideoSegmenter) -> None:
    frames = moving_squares(5)
    prompts = {0: [(1, BRIGHT), (2, DARK), (3, Prompt(mask=square_mask(12, 14)))]}
    free = tracked(video_segmenter, frames, prompts)
    apart = tracked(video_segmenter, frames, prompts, non_overlapping=True)
    assert any(claims_of(masks).max() > 1 for masks in free)
    for loose, strict in zip(free, apart, strict=True):
        claims = claims_of(strict)
        assert claims.max() <= 1
        np.testing.assert_array_equal(claims > 0, np.any(list(loose.values()), axis=0))
        for object_id, mask in strict.items():
            assert not (mask & ~loose[object_id]).any()


def test_memory_does_not_grow_with_the_video(video_segmenter: VideoSegmenter) -> None:
    import torch

    def held() -> int:
        gc.collect()
        return sum(
            thing.untyped_storage().nbytes()
            for thing in gc.get_objects()
            if type(thing) is torch.Tensor
        )

    frames = moving_squares(50)
    with video_segmenter.start(HEIGHT, WIDTH, None) as session:
        for index in range(25):
            follow(session, index, frames[index], {0: [(1, BRIGHT)], 1: [(2, DARK)]})
        half = held()
        for index in range(25, 50):
            follow(session, index, frames[index], {})
        assert held() <= half


def test_a_prompt_that_makes_no_sense_is_refused_and_leaves_no_object(
    video_segmenter: VideoSegmenter,
) -> None:
    with video_segmenter.start(HEIGHT, WIDTH, 2) as session:
        session.add_frame(moving_squares(1)[0])
        for prompt in (Prompt(), click((WIDTH, 1, 1)), Prompt(box=(9, 9, 1, 1))):
            with pytest.raises(InputError):
                session.prompt(0, 1, prompt)
        assert session.track(0) == {}


def test_calls_out_of_order_are_refused(video_segmenter: VideoSegmenter) -> None:
    frames = moving_squares(3)
    with video_segmenter.start(HEIGHT, WIDTH, 3) as session:
        with pytest.raises(InputError, match="no frame 0"):
            session.prompt(0, 1, BRIGHT)
        session.add_frame(frames[0])
        session.add_frame(frames[1])
        with pytest.raises(InputError, match="out of reach"):
            session.prompt(0, 1, BRIGHT)
        with pytest.raises(InputError, match="not the newest"):
            session.track(0)
        with pytest.raises(InputError, match="keep_frames"):
            session.propagate()
    with video_segmenter.start(HEIGHT, WIDTH, 3, keep_frames=True) as session:
        session.add_frame(frames[0])
        with pytest.raises(InputError, match="give a prompt first"):
            session.propagate()
        with pytest.raises(InputError, match="no frame 1"):
            session.prompt(1, 1, BRIGHT)


def test_a_frame_of_another_size_is_refused(video_segmenter: VideoSegmenter) -> None:
    other = noisy_picture(0, WIDTH, HEIGHT)
    with video_segmenter.start(HEIGHT, WIDTH, 1) as session:
        with pytest.raises(InputError, match="does not fit"):
            session.add_frame(other)
        with pytest.raises(InputError, match="does not fit"):
            session.add_frame(video_segmenter.prepare(other))


def test_it_says_what_it_is(video_segmenter: VideoSegmenter) -> None:
    described = video_segmenter.describe()
    assert json.loads(json.dumps(described)) == described
    assert len(str(described["sha256"])) == 64
    assert int(described["parameters"]) > 0
    assert video_segmenter.name
    assert video_segmenter.variant is None
    assert video_segmenter.device == "cpu"
