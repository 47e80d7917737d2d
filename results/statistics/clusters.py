"""Ratios over clusters: units of one task, video or dialogue move together and count as one."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, sqrt
from typing import TYPE_CHECKING, Any, Literal

from results.records import Interval
from results.statistics.shares import Z95, level_of, paired_length, wilson

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

RESAMPLES = 9_999
_CELLS_AT_ONCE = 4_000_000


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
    paired_length(numerators, denominators)
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


def ratio_standard_error(
    numerators: Sequence[float], denominators: Sequence[float]
) -> float | None:
    """Standard error of sum(numerators) / sum(denominators), clusters being independent.

    sqrt(G / (G - 1) * sum((a_g - r * m_g) ** 2)) / sum(m): the linearised ratio (Cochran, Sampling
    Techniques, section 6.4), which is the cluster-robust error of a mean over units with the
    correction for few clusters. Clusters without units are passed over; None with fewer than two.

    >>> round(ratio_standard_error([3, 1, 4], [4, 4, 4]), 4)
    0.2205
    """
    a, m = cluster_arrays(numerators, denominators)
    if a.size < 2:
        return None
    residuals = a - a.sum() / m.sum() * m
    return float(sqrt(a.size / (a.size - 1) * (residuals @ residuals)) / m.sum())


def design_effect(numerators: Sequence[float], denominators: Sequence[float]) -> float | None:
    """How many times the variance of a share exceeds that of as many independent units.

    The squared standard error over r * (1 - r) / n (Kish, Survey Sampling, 1965): 1 where clusters
    make no difference, the mean cluster size where each moves as a whole. On the released DevAI
    labels it is 2.1 to 2.3. None with fewer than two clusters, or where all units are alike.
    """
    error = ratio_standard_error(numerators, denominators)
    a, m = cluster_arrays(numerators, denominators)
    if error is None:
        return None
    ratio, n = float(a.sum() / m.sum()), float(m.sum())
    if not 0 < ratio < 1:
        return None
    return error**2 / (ratio * (1 - ratio) / n)


def bootstrap_interval(
    numerators: Sequence[float],
    denominators: Sequence[float],
    *,
    method: Literal["percentile", "BCa"] = "BCa",
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval | None:
    """Bootstrap interval of sum(numerators) / sum(denominators), whole clusters drawn.

    With differences as numerators it is the paired cluster bootstrap. BCa corrects bias and skew
    (Efron, JASA 82, 1987). The same seed gives the same interval. None with fewer than two
    clusters; where all clusters have one ratio the interval has no width, and BCa, which divides
    by the spread, is then the percentile interval, as `method` says. With few clusters both are
    too narrow: a gate takes `paired_interval`.
    """
    import numpy as np
    from scipy import stats

    a, m = cluster_arrays(numerators, denominators)
    if a.size < 2:
        return None
    alike = bool(np.ptp(a / m) == 0)
    if alike:
        only = float(a[0] / m[0])
        return _interval(only, only, level, "cluster bootstrap, percentile", a.size)

    def ratio(drawn: Floats, of: Floats, axis: int = -1) -> Any:
        return drawn.sum(axis=axis) / of.sum(axis=axis)

    found = stats.bootstrap(
        (a, m),
        ratio,
        n_resamples=resamples,
        batch=max(1, _CELLS_AT_ONCE // a.size),
        vectorized=True,
        paired=True,
        confidence_level=level,
        method=method,
        rng=np.random.default_rng(seed),
    ).confidence_interval
    low, high = float(found.low), float(found.high)
    if not (isfinite(low) and isfinite(high)):
        return bootstrap_interval(
            a.tolist(),
            m.tolist(),
            method="percentile",
            level=level,
            resamples=resamples,
            seed=seed,
        )
    return _interval(low, high, level, f"cluster bootstrap, {method}", a.size)


def cluster_arrays(
    numerators: Sequence[float], denominators: Sequence[float]
) -> tuple[Floats, Floats]:
    """Both as arrays of shape (G,), without the clusters that hold no units.

    ValueError where the lengths differ, a value is not finite, or a denominator is negative.
    """
    import numpy as np

    paired_length(numerators, denominators)
    a = np.asarray(numerators, dtype=np.float64)
    m = np.asarray(denominators, dtype=np.float64)
    if not (np.isfinite(a).all() and np.isfinite(m).all()) or (m < 0).any():
        raise ValueError("clusters need finite sums, and sizes that are not negative")
    kept = m > 0
    return a[kept], m[kept]


def _interval(low: float, high: float, level: float, method: str, clusters: int) -> Interval:
    return Interval(low=low, high=high, level=level, method=method, clusters=clusters)
