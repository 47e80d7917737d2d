"""Means over sets, their intervals, and what errors leave open."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.image_segmentation.mean_iou import mean_iou_metrics
from results.records import Metric, Score, ScoreStatus


def score(sample: str, value: float, *, size: str = "small", name: str = "iou@1") -> Score:
    image = sample.split("#")[0]
    slices = {"dataset": image.split("/")[0], "size": size}
    return Score(sample=sample, cluster=image, values={name: value}, slices=slices)


def named(metrics: tuple[Metric, ...]) -> dict[tuple[str, str], Metric]:
    return {(metric.name, metric.slice): metric for metric in metrics}


SCORES = [
    score("a/1#1", 1.0),
    score("a/1#2", 0.5, size="large"),
    score("a/2#1", 0.6),
    score("b/1#1", 0.1),
    score("b/2#1", 0.3),
]


def test_the_figure_is_the_mean_over_sets_of_their_means() -> None:
    metrics = named(mean_iou_metrics(SCORES))
    overall = metrics["mIoU@1", ""]
    assert overall.value == pytest.approx((0.7 + 0.2) / 2)
    assert (overall.n, overall.note) == (5, "mean over 2 sets of their means")
    assert overall.worst is None
    assert metrics["mIoU@1 over masks", ""].value == pytest.approx(0.5)
    assert metrics["mIoU@1", "dataset=a"].value == pytest.approx(0.7)
    assert metrics["mIoU@1", "dataset=b"].value == pytest.approx(0.2)
    assert metrics["mIoU@1", "size=small"].value == pytest.approx(0.5)
    assert metrics["mIoU@1", "size=large"].n == 1


def test_a_single_set_is_not_repeated_as_a_slice() -> None:
    metrics = named(mean_iou_metrics(SCORES[:3]))
    assert set(metrics) == {("mIoU@1", ""), ("mIoU@1", "size=small"), ("mIoU@1", "size=large")}
    assert metrics["mIoU@1", ""].note == ""


def test_masks_of_one_image_are_one_cluster() -> None:
    metric = named(mean_iou_metrics(SCORES[:3]))["mIoU@1", ""]
    # Images of two masks (sum 1.5) and one (0.6): e = 1.5 - 2 * .7 and .6 - .7, so by hand
    # variance = 2 / 1 * (0.1 ** 2 + 0.1 ** 2) / 3 ** 2.
    half = 1.96 * (2 * 0.02 / 9) ** 0.5
    assert metric.interval is not None
    assert metric.interval.low == pytest.approx(0.7 - half)
    assert metric.interval.high == pytest.approx(0.7 + half)
    assert (metric.interval.clusters, metric.interval.level) == (2, 0.95)
    alone = named(mean_iou_metrics(SCORES[:2]))["mIoU@1", ""]
    assert alone.interval is None


def test_images_that_are_all_alike_claim_no_certainty() -> None:
    alike = [score("a/1#1", 1.0), score("a/2#1", 1.0), score("a/3#1", 1.0)]
    metric = named(mean_iou_metrics(alike))["mIoU@1", ""]
    assert (metric.value, metric.interval) == (1, None)


def test_intervals_over_sets_cover_the_true_mean_as_often_as_they_say() -> None:
    rng = np.random.default_rng(5)
    n_covered = 0
    for trial in range(150):
        scores = []
        for dataset, mean in (("a", 0.4), ("b", 0.7)):
            for image in range(30):
                level = mean + rng.normal(0, 0.1)
                scores += [
                    score(f"{dataset}/{trial}-{image}#{i}", float(level + rng.normal(0, 0.05)))
                    for i in range(3)
                ]
        interval = named(mean_iou_metrics(scores))["mIoU@1", ""].interval
        assert interval is not None
        n_covered += interval.low <= 0.55 <= interval.high
    assert 0.90 <= n_covered / 150 <= 0.99


def test_errors_bound_the_figure_and_never_lower_it() -> None:
    failed = Score(
        sample="b/3", cluster="b/3", status=ScoreStatus.ERROR, slices={"dataset": "b"}, reason="x"
    )
    overall = named(mean_iou_metrics([*SCORES, failed]))["mIoU@1", ""]
    assert overall.value == pytest.approx(0.45)
    assert overall.worst == pytest.approx((0.7 + 0.4 / 3) / 2)
    assert overall.best == pytest.approx((0.7 + 1.4 / 3) / 2)
    # A set of which nothing could be read counts as well.
    lost = failed.model_copy(update={"slices": {"dataset": "c"}})
    overall = named(mean_iou_metrics([*SCORES, lost]))["mIoU@1", ""]
    assert overall.worst == pytest.approx(0.3)
    assert overall.best == pytest.approx(0.9 / 3 + 1 / 3)


def test_values_are_named_as_the_papers_name_them() -> None:
    scores = [
        score("a/1#1", 0.5, name=name) for name in ("iou@3", "iou@box", "iou@1 oracle", "other")
    ]
    names = {metric.name for metric in mean_iou_metrics(scores)}
    assert names == {"mIoU@3", "mIoU@box", "mIoU@1 oracle"}
    # An image's own record has no values and adds nothing.
    assert mean_iou_metrics([Score(sample="a/1", slices={"dataset": "a"})]) == ()
