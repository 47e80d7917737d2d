"""Mean IoU over masks, and over sets, from the scores of single masks.

SAM (arXiv 2304.02643, section 7.1) reports the mean IoU of each set, and SAM 2 (arXiv 2408.00714)
the mean of those over SA-23's sets; so the figure over all is the mean over sets, and the
mean over all masks stands beside it where there are several. Masks of one image are resampled
together: they share its quality.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import sqrt
from typing import NamedTuple

from results.records import Interval, Metric, Score, ScoreStatus
from results.statistics import Z95, level_of, ratio_standard_error

DATASET = "dataset"
# What Score.values call an overlap: `iou@3`, `iou@box`, `iou@1 oracle`, or `iou` alone.
VALUE = "iou"
_METHOD = "linearised mean, masks clustered by image"


class _Group(NamedTuple):
    """Sums and counts by image."""

    sums: tuple[float, ...]
    counts: tuple[int, ...]

    @property
    def n(self) -> int:
        return sum(self.counts)

    @property
    def mean(self) -> float:
        return sum(self.sums) / self.n


def mean_iou_metrics(scores: Sequence[Score]) -> tuple[Metric, ...]:
    """`mIoU@1` and so on for each value that the scores hold, over all and by slice.

    What is in error has no value; `worst` and `best` count it as 0 and 1. An image that could not
    be read counts as one there, since nobody knows how many objects it has.
    """
    names = dict.fromkeys(name for score in scores for name in score.values)
    overlaps = [name for name in names if name.split("@")[0] == VALUE]
    slices = dict.fromkeys(key for score in scores for key in score.slices)
    metrics: list[Metric] = []
    for name in overlaps:
        metrics += _over_all(scores, name)
        for key in slices:
            metrics += _by_slice(scores, name, key)
    return tuple(metrics)


def _over_all(scores: Sequence[Score], name: str) -> list[Metric]:
    groups = _groups(scores, name, lambda score: score.slices.get(DATASET, ""))
    if not groups:
        return []
    errors = [score for score in scores if score.status is ScoreStatus.ERROR]
    metric = _metric(name, list(groups.values()), "")
    metric = metric.model_copy(update=_bounds(groups, errors))
    if len(groups) == 1:
        return [metric]
    over_masks = _metric(name, list(_groups(scores, name, lambda _: "").values()), "")
    return [
        metric.model_copy(update={"note": f"mean over {len(groups)} sets of their means"}),
        over_masks.model_copy(update={"name": f"{over_masks.name} over masks"}),
    ]


def _by_slice(scores: Sequence[Score], name: str, key: str) -> list[Metric]:
    groups = _groups(scores, name, lambda score: score.slices.get(key))
    if key == DATASET and len(groups) < 2:
        return []
    return [_metric(name, [groups[value]], f"{key}={value}") for value in sorted(groups)]


def _groups(
    scores: Iterable[Score], name: str, group_of: Callable[[Score], str | None]
) -> dict[str, _Group]:
    by_group: dict[str, dict[str, list[float]]] = {}
    for score in scores:
        group = group_of(score)
        if group is not None and name in score.values:
            clusters = by_group.setdefault(group, {})
            clusters.setdefault(score.cluster or score.sample, []).append(score.values[name])
    return {
        group: _Group(tuple(map(sum, clusters.values())), tuple(map(len, clusters.values())))
        for group, clusters in by_group.items()
    }


def _metric(name: str, groups: Sequence[_Group], slice_: str) -> Metric:
    value = sum(group.mean for group in groups) / len(groups)
    return Metric(
        name=f"m{name.replace(VALUE, 'IoU', 1)}",
        value=value,
        n=sum(group.n for group in groups),
        slice=slice_,
        interval=_interval(value, groups),
    )


def _interval(value: float, groups: Sequence[_Group]) -> Interval | None:
    """None where a set has a single image, or where all images are alike: nothing tells then how
    far others would lie from them.
    """
    squares = 0.0
    for group in groups:
        error = ratio_standard_error(group.sums, group.counts)
        if error is None:
            return None
        squares += error**2
    if not squares:
        return None
    half = Z95 * sqrt(squares) / len(groups)
    return Interval(
        low=max(0.0, value - half),
        high=min(1.0, value + half),
        level=level_of(Z95),
        method=_METHOD if len(groups) == 1 else f"{_METHOD}, sets held fixed",
        clusters=sum(len(group.sums) for group in groups),
    )


def _bounds(groups: dict[str, _Group], errors: Sequence[Score]) -> dict[str, float]:
    if not errors:
        return {}
    lost = dict.fromkeys(groups, 0)
    for score in errors:
        dataset = score.slices.get(DATASET, "")
        lost[dataset] = lost.get(dataset, 0) + 1
    worst = best = 0.0
    for dataset, n_lost in lost.items():
        group = groups.get(dataset, _Group((), ()))
        worst += sum(group.sums) / (group.n + n_lost)
        best += (sum(group.sums) + n_lost) / (group.n + n_lost)
    return {"worst": worst / len(lost), "best": best / len(lost)}
