"""Metrics made from journalled scores are those that the scorer makes from the masks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.vos import score
from results.records import Score
from runners.video_segmentation.figures import (
    FIGURES,
    metrics_of,
    object_scores,
    sequence_error,
    sequence_score,
)
from runners.video_segmentation.timing import Tracked, quartiles, read_tracked, write_tracked
from tests.benchmarks.vos.scenes import perturbed
from tests.runners.video_segmentation import layouts

SEQUENCES = {
    name: layouts.moving(n, 21, seed=n) for name, n in (("b", 3), ("a", 12), ("c", 1), ("d", 2))
}


@pytest.mark.parametrize("unseen", [(), ("c", "d")])
def test_means_over_objects_and_over_groups(unseen: tuple[str, ...], tmp_path: Path) -> None:
    layouts.lvos(tmp_path / "LVOS", SEQUENCES)
    root = tmp_path / "LVOS" / "valid"
    document = json.loads((root / "valid_meta.json").read_text())
    if unseen:
        document["unseen_videos"] = list(unseen)
    (root / "meta.json").write_text(json.dumps(document))
    for name, frames in SEQUENCES.items():
        predicted = {k: perturbed(f, k) for k, f in enumerate(frames)}
        layouts.write_masks(tmp_path / "pred" / name, predicted)
    whole = score(root, tmp_path / "pred", "lvos")
    assert bool(whole.groups) == bool(unseen)
    scores: list[Score] = []
    for name in SEQUENCES:
        alone = score(root, tmp_path / "pred", "lvos", only=(name,))
        scores += object_scores(alone, f"files/predictions/{name}")
    metrics = {(m.name, m.slice): m for m in metrics_of(scores, [], protocol="lvos")}
    for name, key in FIGURES.items():
        assert metrics[name, ""].value == getattr(whole.overall, key)
        for group, summary in whole.groups.items():
            assert metrics[name, f"group={group}"].value == getattr(summary, key)
    assert metrics["J&F", ""].n == 18
    interval = metrics["J", ""].interval
    if unseen:
        assert interval is None
        assert metrics["J", "group=unseen"].n == 3
    else:
        found = whole.as_json()["ci"]["J"]
        assert interval is not None
        assert (interval.low, interval.high) == pytest.approx((found["low"], found["high"]))
        assert "seen from unseen" in metrics["J", ""].note


def test_what_failed_bounds_the_means_from_both_sides() -> None:
    values = dict.fromkeys(FIGURES, 0.6)
    scores = [
        Score(sample="a/1", cluster="a", values=values),
        Score(sample="a/2", cluster="a", values=values),
        sequence_error("b", "its picture is broken", objects=1),
        sequence_error("c", "its masks are missing", objects=0),
    ]
    metrics = {m.name: m for m in metrics_of(scores, [], protocol="davis")}
    # Of c nobody knows how many objects it has; it counts as one.
    assert metrics["J"].value == pytest.approx(0.6)
    assert metrics["J"].worst == pytest.approx(1.2 / 4)
    assert metrics["J"].best == pytest.approx((1.2 + 2) / 4)


def test_speed_is_that_of_all_frames_together() -> None:
    took = {
        "a": Tracked(4, 2.0, (0.1, 0.1, 0.2, 0.1)),
        "b": Tracked(3, 3.0, (0.4, 0.1)),
    }
    scores = [
        sequence_score(name, each, objects=1, peak=10 + k, prediction="")
        for k, (name, each) in enumerate(took.items())
    ]
    times = [s for each in took.values() for s in each.frame_seconds]
    metrics = {m.name: m for m in metrics_of(scores, times, protocol="davis")}
    assert metrics["fps"].value == pytest.approx(6 / 1.0)
    assert metrics["end_to_end_fps"].value == pytest.approx(7 / 5.0)
    assert metrics["frame_ms"].value == pytest.approx(100)
    assert metrics["frame_ms"].n == 6
    assert metrics["peak_bytes"].value == 11
    assert scores[0].measures["fps"] == pytest.approx(4 / 0.5)


def test_quartiles_lie_between_neighbours() -> None:
    assert quartiles([3.0, 1.0, 2.0, 4.0]) == (1.75, 2.5, 3.25)
    assert quartiles([7.0]) == (7.0, 7.0, 7.0)


def test_times_are_read_back_as_they_were(tmp_path: Path) -> None:
    took = Tracked(3, 0.123456789, (0.1, 0.2 / 3))
    write_tracked(tmp_path / "times" / "a.json", took, objects=2, peak=3)
    assert read_tracked(tmp_path / "times" / "a.json") == (took, 2, 3)
