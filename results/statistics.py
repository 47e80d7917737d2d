"""Agreement, shares and their intervals, as pure functions over plain values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from math import sqrt
from statistics import NormalDist

from results.records import Interval

Z95 = 1.96


def level_of(z: float) -> float:
    """The two-sided confidence level that belongs to `z`.

    >>> level_of(1.96)
    0.95
    """
    return round(2 * NormalDist().cdf(z) - 1, 4)


def share(part: int, whole: int) -> float | None:
    """`part / whole`, or None where there is nothing to divide by."""
    return part / whole if whole else None


def cohen_kappa(first: Sequence[Hashable], second: Sequence[Hashable]) -> float | None:
    """Cohen's kappa of two raters over the same items (Cohen 1960).

    None without items, and where both raters give one and the same answer throughout: chance
    alone then explains everything and kappa is 0/0.

    >>> cohen_kappa([True, True, False, False], [True, False, False, False])
    0.5
    >>> cohen_kappa([True, True], [True, True]) is None
    True
    """
    n = _paired(first, second)
    if n == 0:
        return None
    observed = sum(a == b for a, b in zip(first, second, strict=True)) / n
    of_first, of_second = Counter(first), Counter(second)
    by_chance = sum(of_first[value] * of_second[value] for value in of_first) / n**2
    if by_chance == 1:
        return None
    return (observed - by_chance) / (1 - by_chance)


def sensitivity(labels: Sequence[bool], answers: Sequence[bool]) -> float | None:
    """Share of the truly positive items that are answered positive; None without positives.

    >>> sensitivity([True, True, False], [True, False, True])
    0.5
    """
    _paired(labels, answers)
    of_positives = [answer for label, answer in zip(labels, answers, strict=True) if label]
    return share(sum(of_positives), len(of_positives))


def specificity(labels: Sequence[bool], answers: Sequence[bool]) -> float | None:
    """Share of the truly negative items that are answered negative; None without negatives.

    >>> specificity([True, False, False], [True, False, True])
    0.5
    """
    _paired(labels, answers)
    of_negatives = [not answer for label, answer in zip(labels, answers, strict=True) if not label]
    return share(sum(of_negatives), len(of_negatives))


def balanced_accuracy(labels: Sequence[bool], answers: Sequence[bool]) -> float | None:
    """Mean of sensitivity and specificity; None when the labels are all alike.

    >>> balanced_accuracy([True, True, False], [True, False, False])
    0.75
    """
    of_positives, of_negatives = sensitivity(labels, answers), specificity(labels, answers)
    if of_positives is None or of_negatives is None:
        return None
    return (of_positives + of_negatives) / 2


def majority_share(labels: Sequence[Hashable]) -> float | None:
    """What a judge scores that always gives the commonest answer.

    >>> majority_share([True, False, False, False])
    0.75
    """
    return max(Counter(labels).values()) / len(labels) if labels else None


def wilson(successes: int, n: int, z: float = Z95) -> Interval | None:
    """Wilson's score interval of a share of `n` independent units; None without units.

    >>> interval = wilson(8, 10)
    >>> round(interval.low, 4), round(interval.high, 4)
    (0.4902, 0.9433)
    """
    if not 0 <= successes <= n:
        raise ValueError(f"successes must lie in 0..n: got {successes} of {n}")
    if n == 0:
        return None
    p = successes / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    # At the two ends the bound is 0 or 1 exactly; rounding would leave it a hair beside.
    return Interval(
        low=0.0 if successes == 0 else centre - half,
        high=1.0 if successes == n else centre + half,
        level=level_of(z),
        method="Wilson score",
        clusters=n,
    )


def clustered_ratio_interval(
    numerators: Sequence[float], denominators: Sequence[float], z: float = Z95
) -> Interval | None:
    """Interval of sum(numerators) / sum(denominators) when units come in clusters.

    One numerator and one denominator a cluster (agreements and requirements of a task, say).
    The ratio is linearised: with e_g = a_g - r * m_g, its variance is
    G / (G - 1) * sum(e_g ** 2) / sum(m) ** 2. Clusters without units are passed over, and the
    bounds are held within 0..1. None with fewer than two clusters. Where every cluster is all
    met or all unmet alike the linearised interval has no width, which would claim certainty
    from any two clusters; then Wilson's interval over the clusters stands in, and `method` says so.

    >>> interval = clustered_ratio_interval([3, 1, 4], [4, 4, 4])
    >>> round(interval.low, 3), round(interval.high, 3), interval.clusters
    (0.235, 1.0, 3)
    """
    _paired(numerators, denominators)
    clusters = [(a, m) for a, m in zip(numerators, denominators, strict=True) if m]
    if any(m < 0 or not 0 <= a <= m for a, m in clusters):
        raise ValueError("each numerator must lie in 0..denominator")
    size = len(clusters)
    if size < 2:
        return None
    total = sum(m for _, m in clusters)
    met = sum(a for a, _ in clusters)
    if met in (0, total):
        stand_in = wilson(size if met else 0, size, z)
        assert stand_in is not None
        return stand_in.model_copy(update={"method": "Wilson score over clusters without variance"})
    ratio = met / total
    squares = sum((a - ratio * m) ** 2 for a, m in clusters)
    half = z * sqrt(size / (size - 1) * squares) / total
    return Interval(
        low=max(0.0, ratio - half),
        high=min(1.0, ratio + half),
        level=level_of(z),
        method="clustered ratio estimator, linearised",
        clusters=size,
    )


def _paired(first: Sequence[object], second: Sequence[object]) -> int:
    if len(first) != len(second):
        raise ValueError(f"expected two sequences of one length: got {len(first)}, {len(second)}")
    return len(first)
