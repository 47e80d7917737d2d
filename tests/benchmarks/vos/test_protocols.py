"""What each convention counts, in cases small enough to work out by hand.

Maps are 10 x 10, where the tolerance is one pixel; SQUARE is worth J = F = 1 against itself, and
against nothing J = F = 0.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.vos import Scores, score
from results.errors import InputError
from tests.benchmarks.vos.scenes import GREY, Labels, write_pair, write_sequence


def square(label: int = 1, place: int = 0) -> Labels:
    """A 3 x 3 square; places 0..3 do not touch."""
    labels = np.zeros((10, 10), np.uint8)
    top, left = 1 + 5 * (place // 2), 1 + 5 * (place % 2)
    labels[top : top + 3, left : left + 3] = label
    return labels


NONE = np.zeros((10, 10), np.uint8)
ONE, TWO = square(1, 0), square(2, 1)
BOTH = ONE + TWO


def scored(
    root: Path, gt: list[Labels], pred: list[Labels], protocol: str, **options: Any
) -> Scores:
    """One sequence, called s."""
    return score(*write_pair(root, {"s": gt}, {"s": pred}), protocol, **options)


def shares(scores: Scores) -> dict[str, float]:
    """Object -> J, which is F in these cases."""
    for found in scores.objects:
        assert found.summary.J == found.summary.F == found.summary.JF
    return {found.key: found.summary.J for found in scores.objects}


@pytest.mark.parametrize("protocol", ["davis", "vos"])
def test_first_and_last_frames_are_not_scored_unless_asked_for(
    protocol: str, tmp_path: Path
) -> None:
    gt, pred = [ONE] * 4, [NONE, ONE, ONE, NONE]
    assert shares(scored(tmp_path, gt, pred, protocol)) == {"s/1": 1.0}
    assert shares(scored(tmp_path, gt, pred, protocol, keep_ends=True)) == {"s/1": 0.5}


def test_an_object_that_appears_late(tmp_path: Path) -> None:
    gt = [ONE, ONE, BOTH, BOTH, BOTH]
    pred = [NONE, ONE, ONE, BOTH, NONE]
    # Beyond the first frame's ids davis does not know it; predicting it is a fault.
    with pytest.raises(InputError, match=r"Sequence s, frame 00003: .* id 2.* end at 1"):
        scored(tmp_path, gt, pred, "davis")
    lenient = scored(tmp_path, gt, pred, "davis", lenient=True)
    assert shares(lenient) == {"s/1": 1.0}
    assert [(x.sequence, x.frame) for x in lenient.left_out] == [("s", "00003")]
    # vos counts it from its first appearance, frame 2: missed there, found in frame 3.
    assert shares(scored(tmp_path, gt, pred, "vos")) == {"s/1": 1.0, "s/2": 0.5}


def test_a_prediction_begins_an_object_before_the_ground_truth_does(tmp_path: Path) -> None:
    gt, pred = [NONE, NONE, ONE, ONE, ONE], [NONE, ONE, ONE, ONE, ONE]
    # Counted from frame 1, where it is wrong, as vos-benchmark does.
    assert shares(scored(tmp_path, gt, pred, "vos")) == {"s/1": pytest.approx(2 / 3)}


def test_gaps_in_the_ids_are_objects_for_davis_alone(tmp_path: Path) -> None:
    gt, three = [square(3)] * 4, square(3)
    assert shares(scored(tmp_path, gt, [three] * 4, "davis")) == {
        "s/1": 1.0,
        "s/2": 1.0,
        "s/3": 1.0,
    }
    assert shares(scored(tmp_path, gt, [three] * 4, "vos")) == {"s/3": 1.0}
    # An id predicted in the gap scores nothing there, and is not seen by vos.
    pred = [three, three + TWO, three, three]
    assert shares(scored(tmp_path, gt, pred, "davis"))["s/2"] == 0.5
    assert shares(scored(tmp_path, gt, pred, "vos")) == {"s/3": 1.0}


def test_255_is_background_for_davis_and_an_object_for_vos(tmp_path: Path) -> None:
    gt = [ONE + square(255, 3)] * 3
    pred = [ONE] * 3
    assert shares(scored(tmp_path, gt, pred, "davis")) == {"s/1": 1.0}
    by_vos = scored(tmp_path, gt, pred, "vos")
    assert shares(by_vos) == {"s/1": 1.0, "s/255": 0.0}
    assert "255" in by_vos.notes[0]


def test_objects_are_pooled_and_not_averaged_by_sequence(tmp_path: Path) -> None:
    gt = {"a": [ONE] * 3, "b": [BOTH] * 3}
    roots = write_pair(tmp_path, gt, {"a": [NONE] * 3, "b": [BOTH] * 3})
    assert score(*roots, "davis").overall.J == 2 / 3


def test_recall_is_strictly_above_half_and_decay_first_less_last_quarter(tmp_path: Path) -> None:
    half = NONE.copy()
    half[1:4, 1:7] = 1  # 18 pixels against 9: J = 0.5 exactly
    gt = [ONE] * 10
    found = scored(tmp_path, gt, [NONE, *[ONE] * 2, *[half] * 4, *[NONE] * 2, NONE], "davis")
    (of_one,) = found.objects
    # J over the eight scored frames: 1 1 .5 .5 .5 .5 0 0. The quarters' bounds are 0, 2, 4,
    # 5, 7: the first quarter is 1 1 .5, the last .5 0 0.
    assert of_one.summary.J == 0.5
    assert of_one.summary.J_recall == 0.25
    assert of_one.summary.J_decay == pytest.approx(2.5 / 3 - 0.5 / 3)


def test_sav_has_a_folder_of_masks_for_each_object(tmp_path: Path) -> None:
    mask = square(255)
    for name, frames in (("000", [mask] * 4), ("001", [NONE, NONE, mask, mask])):
        write_sequence(tmp_path / "gt" / "v" / name, frames, colour=GREY)
    write_sequence(tmp_path / "pred" / "v" / "000", [ONE] * 4)
    write_sequence(tmp_path / "pred" / "v" / "001", [mask, NONE, NONE, mask])
    found = score(tmp_path / "gt", tmp_path / "pred", "sav")
    # Object 001: frame 1 is empty in both and not counted yet; frame 2 is missed.
    assert shares(found) == {"v/000": 1.0, "v/001": 0.0}
    assert [len(o.counts) for o in found.objects] == [2, 1]


def test_sav_scores_annotated_frames_only(tmp_path: Path) -> None:
    write_sequence(tmp_path / "pred" / "v" / "000", [NONE, ONE, NONE, ONE, NONE, ONE])
    write_sequence(tmp_path / "gt" / "v" / "000", [ONE] * 6)
    for sparse in ("00000", "00002", "00004"):
        (tmp_path / "gt" / "v" / "000" / f"{sparse}.png").unlink()
    # Annotated: 1, 3, 5; scored: 3.
    assert shares(score(tmp_path / "gt", tmp_path / "pred", "sav")) == {"v/000": 1.0}


def test_an_object_without_ground_truth_in_scored_frames_is_left_out(tmp_path: Path) -> None:
    for name, frame in (("000", ONE), ("001", NONE)):
        write_sequence(tmp_path / "gt" / "v" / name, [ONE, frame, frame, ONE])
        write_sequence(tmp_path / "pred" / "v" / name, [ONE] * 4)
    found = score(tmp_path / "gt", tmp_path / "pred", "sav")
    assert set(shares(found)) == {"v/000"}
    assert [(x.sequence, x.object) for x in found.left_out] == [("v", "001")]


def test_sav_takes_label_maps_too(tmp_path: Path) -> None:
    assert shares(scored(tmp_path, [BOTH] * 3, [BOTH] * 3, "sav")) == {"s/1": 1.0, "s/2": 1.0}


def test_proposals_are_assigned_to_objects_at_their_best(tmp_path: Path) -> None:
    # Proposal 7 is object 1, proposal 4 object 2 in one frame of two; void hides a stray.
    gt = [BOTH + square(255, 3)] * 2
    pred = [square(7, 0) + square(4, 1) + square(5, 3), square(7, 0)]
    found = scored(tmp_path, gt, pred, "davis-unsupervised")
    assert shares(found) == {"s/1": 1.0, "s/2": 0.5}


def test_a_frame_without_any_proposal_is_a_miss(tmp_path: Path) -> None:
    found = scored(tmp_path, [ONE, ONE], [square(3), NONE], "davis-unsupervised")
    assert shares(found) == {"s/1": 0.5}


def test_fewer_proposals_than_objects_leave_the_others_with_nothing(tmp_path: Path) -> None:
    found = scored(tmp_path, [BOTH, BOTH], [TWO, TWO], "davis-unsupervised")
    assert shares(found) == {"s/1": 0.0, "s/2": 1.0}


def test_more_than_twenty_proposals_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the id 21; 20 proposals are allowed"):
        scored(tmp_path, [ONE] * 2, [square(21)] * 2, "davis-unsupervised")


def write_meta(path: Path, objects: dict[str, Any], **more: Any) -> Path:
    path.write_text(json.dumps({"videos": {"s": {"objects": objects}}, **more}))
    return path


def test_youtube_vos_averages_seen_and_unseen_after_the_first_frame(tmp_path: Path) -> None:
    three = square(3, 2)
    gt = [BOTH, BOTH + three, BOTH + three, BOTH + three]
    pred = [NONE, ONE, BOTH, BOTH + three]
    meta = write_meta(
        tmp_path / "meta.json",
        {"1": {"category": "cat"}, "2": {"category": "cat"}, "3": {"category": "yeti"}},
        unseen_categories=["yeti"],
    )
    found = scored(tmp_path, gt, pred, "youtube-vos", meta=meta)
    # 1: frames 1..3 all right; 2: two of three; 3 begins in frame 1: one of frames 2 and 3.
    assert shares(found) == {"s/1": 1.0, "s/2": pytest.approx(2 / 3), "s/3": 0.5}
    means = {name: group.as_json()["J"] for name, group in found.groups.items()}
    assert means == {"seen": pytest.approx(5 / 6), "unseen": 0.5}
    overall = found.overall.as_json()
    assert overall["JF"] == pytest.approx((5 / 6 + 0.5) / 2)
    assert overall["J_recall"] is None
    assert found.notes == ()


def test_without_metadata_the_groups_are_not_told_apart(tmp_path: Path) -> None:
    found = scored(tmp_path, [BOTH] * 3, [BOTH] * 3, "youtube-vos")
    assert found.overall.JF == 1.0
    assert found.groups == {}
    assert "not told apart" in found.notes[0]


def test_lvos_takes_every_fifth_frame_of_an_objects_span(tmp_path: Path) -> None:
    for folder, frames in (("gt", [BOTH] * 21), ("pred", [BOTH] * 6 + [ONE] * 15)):
        write_sequence(tmp_path / folder / "s", frames)
    for number in range(20, -1, -1):  # named by eight digits, from 1
        for folder in ("gt", "pred"):
            at = tmp_path / folder / "s"
            (at / f"{number:05d}.png").rename(at / f"{number + 1:08d}.png")
    meta = write_meta(
        tmp_path / "meta.json",
        {
            "1": {"frame_range": {"start": "1", "end": "21", "frame_nums": "4"}},
            "2": {"frame_range": {"start": "00000001", "end": "00000016"}, "unseen": True},
        },
    )
    found = score(tmp_path / "gt", tmp_path / "pred", "lvos", meta=meta)
    # 1: frames 1, 6, 11, 16; 2: frames 1, 6, 11, of which the last is missed.
    assert [len(o.counts) for o in found.objects] == [4, 3]
    assert shares(found) == {"s/1": 1.0, "s/2": pytest.approx(2 / 3)}
    kept = score(tmp_path / "gt", tmp_path / "pred", "lvos", meta=meta, keep_ends=True)
    assert [len(o.counts) for o in kept.objects] == [5, 4]


def test_workers_change_nothing(tmp_path: Path) -> None:
    gt = {name: [BOTH] * 40 for name in "abc"}
    pred = {name: [ONE, BOTH] * 20 for name in "abc"}
    roots = write_pair(tmp_path, gt, pred)
    assert score(*roots, "davis", jobs=1) == score(*roots, "davis", jobs=3)
