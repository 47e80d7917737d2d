"""Paired differences between two runs over the same clusters, with little assumed.

A cluster gives the sum of its differences, d_g, and how many units it has, m_g; what is estimated
is sum(d) / sum(m). Under no change the two runs are exchangeable cluster by cluster, so every d_g
is as likely as -d_g. Flipping signs therefore gives a test that is exact for any number of
clusters and any distribution, and its inversion an interval that says the same as the test. Of
three to five clusters sign flips can tell nothing at 0.95; there Student's t stands in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor, inf, log2
from typing import TYPE_CHECKING

from results.records import Interval
from results.statistics.clusters import cluster_arrays, ratio_standard_error
from results.statistics.shares import clopper_pearson

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

# 2 ** 16 sign assignments are enumerated in a millisecond; beyond that they are drawn.
MOST_ENUMERATED = 16
DRAWN = 19_999
TOO_FEW = "; too few clusters to bound it"
"""How `method` ends of an interval that is everything possible."""
FEWEST_BY_T = 3
_CELLS_AT_ONCE = 8_000_000
_KEPT_CLUSTERS = 100
# Sums that are equal in theory are a hair apart in floating point.
_HAIR = 1e-12
# alpha * assignments, a whole number in theory, likewise.
_PART = 1e-9


@dataclass(frozen=True)
class SignFlips:
    """Ratios of the flipped subsets of clusters, sorted, and how many assignments they stand for.

    The unchanged assignment is one of `assignments` and is not among `ratios`. An empty subset,
    which may be drawn, stands at both ends: it is as extreme as what was observed.
    """

    ratios: Floats
    assignments: int
    empty: int
    clusters: int

    @property
    def is_exact(self) -> bool:
        return self.clusters <= MOST_ENUMERATED

    def p_worse(self, margin: float = 0.0) -> float:
        """One-sided p of a true difference at or above `-margin`, against one below.

        Share of the assignments whose sum is at most the observed one, after the differences are
        moved by the margin; at the least 1 / assignments.
        """
        import numpy as np

        below = int(np.searchsorted(self.ratios, -margin - _HAIR, side="left"))
        return (1 + self.empty + self.ratios.size - below) / self.assignments

    def p_better(self, margin: float = 0.0) -> float:
        """One-sided p of a true difference at or below `margin`, against one above."""
        import numpy as np

        up_to = int(np.searchsorted(self.ratios, margin + _HAIR, side="right"))
        return (1 + self.empty + up_to) / self.assignments

    @property
    def p(self) -> float:
        """Two-sided p of no difference."""
        return min(1.0, 2 * min(self.p_worse(), self.p_better()))

    def bounds(self, level: float) -> tuple[float, float]:
        """The differences that a two-sided test at 1 - level does not reject; may be infinite."""
        rejected = floor((1 - level) / 2 * self.assignments + _PART) - self.empty
        if rejected < 1:
            return -inf, inf
        if rejected > self.ratios.size:
            raise ValueError(f"a level of {level} leaves no interval")
        return float(self.ratios[rejected - 1]), float(self.ratios[-rejected])


def sign_flips(
    differences: Sequence[float], sizes: Sequence[float], *, seed: int = 0
) -> SignFlips | None:
    """All sign assignments of the clusters, or 19,999 drawn ones where there are over 2 ** 16.

    differences, sizes: shape (G,). A sum with the signs of subset S flipped is at most the observed
    sum when sum_S(d - delta * m) >= 0, that is when delta <= sum_S(d) / sum_S(m): the ratios of
    subsets hold every p value and both bounds (Hartigan's typical values, JASA 64, 1969). Drawn
    assignments count the observed one as well, which keeps the test exact (Phipson and Smyth, Stat.
    Appl. Genet. Mol. Biol. 9, 2010). None without clusters.
    """
    import numpy as np

    d, m = cluster_arrays(differences, sizes)
    if d.size == 0:
        return None
    if d.size <= MOST_ENUMERATED:
        of_d, of_m = _subset_sums(d)[1:], _subset_sums(m)[1:]
        assignments = 2**d.size
    else:
        of_d, of_m = _drawn_sums(d, m, seed)
        assignments = DRAWN + 1
    filled = of_m > 0
    return SignFlips(
        ratios=np.sort(of_d[filled] / of_m[filled]),
        assignments=assignments,
        empty=int(of_m.size - filled.sum()),
        clusters=int(d.size),
    )


@dataclass(frozen=True)
class StudentT:
    """The linearised ratio with G - 1 degrees of freedom, for clusters too few to flip.

    It takes their differences as normal. Two clusters bound nothing: two tasks that lose alike are
    no rarity where nothing changed. Without spread between clusters there is no t, and p is that of
    the Clopper-Pearson guard of `interval_of`.
    """

    estimate: float
    standard_error: float
    clusters: int

    def p_worse(self, margin: float = 0.0) -> float:
        """One-sided p of a true difference at or above `-margin`, against one below."""
        return self._p_below(self.estimate, margin)

    def p_better(self, margin: float = 0.0) -> float:
        """One-sided p of a true difference at or below `margin`, against one above."""
        return self._p_below(-self.estimate, margin)

    @property
    def p(self) -> float:
        """Two-sided p of no difference."""
        return min(1.0, 2 * min(self.p_worse(), self.p_better()))

    def bounds(self, level: float) -> tuple[float, float]:
        """The interval at a level; infinite for two clusters."""
        if self.clusters < FEWEST_BY_T:
            return -inf, inf
        from scipy.special import stdtrit

        half = float(stdtrit(self.clusters - 1, (1 + level) / 2)) * self.standard_error
        return self.estimate - half, self.estimate + half

    def _p_below(self, estimate: float, margin: float) -> float:
        if self.clusters < FEWEST_BY_T:
            return 1.0
        if self.standard_error <= _HAIR:
            return (margin / -estimate) ** self.clusters if estimate < -margin - _HAIR else 1.0
        from scipy.special import stdtr

        return float(stdtr(self.clusters - 1, (estimate + margin) / self.standard_error))


def paired_test(
    differences: Sequence[float], sizes: Sequence[float], *, level: float = 0.95, seed: int = 0
) -> SignFlips | StudentT | None:
    """Sign flips where there are clusters enough for them at `level`, else Student's t.

    None with fewer than two clusters.
    """
    d, m = cluster_arrays(differences, sizes)
    if d.size < 2:
        return None
    if d.size >= fewest_to_flip(level):
        return sign_flips(differences, sizes, seed=seed)
    error = ratio_standard_error(differences, sizes)
    assert error is not None
    return StudentT(float(d.sum() / m.sum()), error, int(d.size))


def p_worse_of_many(
    differences: Floats,
    sizes: Floats,
    margin: float = 0.0,
    *,
    level: float = 0.95,
    seed: int = 0,
) -> Floats:
    """`p_worse` of the `paired_test` of many data sets at once, as simulations need it.

    differences, sizes: shape (k, G), a data set a row, every size above 0. Gives shape (k,).
    """
    import numpy as np

    clusters = differences.shape[1]
    if clusters < fewest_to_flip(level):
        tests = [paired_test(d, m, level=level) for d, m in zip(differences, sizes, strict=True)]
        return np.array([1.0 if test is None else test.p_worse(margin) for test in tests])
    if clusters <= MOST_ENUMERATED:
        subsets, observed = _all_subsets(clusters), 0
    else:
        subsets, observed = np.concatenate(list(_subsets(clusters, seed))), 1
    moved = differences + margin * sizes
    rows = max(1, _CELLS_AT_ONCE // len(subsets))
    as_extreme = [
        (subsets @ moved[start : start + rows].T >= -_HAIR).sum(axis=0)
        for start in range(0, len(moved), rows)
    ]
    return (np.concatenate(as_extreme) + observed) / (len(subsets) + observed)


def sign_flip_p(
    differences: Sequence[float], sizes: Sequence[float] | None = None, *, seed: int = 0
) -> float | None:
    """Two-sided sign-flip p by cluster; None without clusters.

    Exact up to 16 clusters, else by drawn assignments. Without `sizes`, clusters count alike.

    >>> sign_flip_p([-1, -1, -1, -1, -1, -1])
    0.03125
    """
    found = sign_flips(differences, [1.0] * len(differences) if sizes is None else sizes, seed=seed)
    return None if found is None else found.p


def fewest_to_flip(level: float = 0.95) -> int:
    """Below so many clusters no sign-flip test can reject: 2 ** -G exceeds (1 - level) / 2.

    >>> fewest_to_flip(0.95), fewest_to_flip(0.90)
    (6, 5)
    """
    return max(2, ceil(-log2((1 - level) / 2) - _PART))


def paired_interval(
    differences: Sequence[float],
    sizes: Sequence[float],
    *,
    level: float = 0.95,
    bound: float | None = None,
    seed: int = 0,
) -> Interval | None:
    """Interval of sum(differences) / sum(sizes) by inversion of `paired_test`.

    Why sign flips. Where nothing changed, the interval lies wholly below 0 in at most
    (1 - level) / 2 of all cases, exactly: with 6 clusters as with 600, with few flips as with many,
    however large some clusters are. A percentile bootstrap is too narrow with few clusters, and an
    interval of Student's t, though near enough on the whole, is not so where only four or five of
    many clusters differ, which is what a small regression looks like.

    Three to five clusters, which no sign-flip test at 0.95 can tell anything of, get Student's t.
    That is no guarantee, but on data like the released judgments its false alarms stay below 0.03
    too, and a suite of three tasks that all break is not left without a red light.

    bound: the largest possible size of a difference, 1 for shares. The interval then is held within
    it, is all of it with two clusters, and has a guard where all clusters differ by the very same
    ratio: they have no variance, and the interval no width, which would claim certainty. Then the
    share of clusters that may be otherwise, by Clopper and Pearson, makes its width. Without a
    bound, None with two clusters and where nothing differs. None with fewer than two clusters.
    """
    test = paired_test(differences, sizes, level=level, seed=seed)
    return None if test is None else interval_of(test, level=level, bound=bound)


def interval_of(
    test: SignFlips | StudentT, *, level: float, bound: float | None
) -> Interval | None:
    """`paired_interval` of a test that is at hand; None with fewer than two clusters."""
    if test.clusters < 2:
        return None
    low, high = test.bounds(level)
    method = _named(test)
    if high == inf:
        if bound is None:
            return None
        low, high, method = -bound, bound, f"{method}{TOO_FEW}"
    elif high - low <= _HAIR:
        alike = (low + high) / 2
        guarded = _without_variance(
            0.0 if abs(alike) <= _HAIR else alike, test.clusters, level, bound
        )
        if guarded is None:
            return None
        (low, high), method = guarded, "Clopper-Pearson over clusters without variance"
    if bound is not None:
        low, high = max(-bound, low), min(bound, high)
    return Interval(low=low, high=high, level=level, method=method, clusters=test.clusters)


def _named(test: SignFlips | StudentT) -> str:
    if isinstance(test, StudentT):
        return "Student's t over clusters, linearised ratio"
    way = "exact" if test.is_exact else f"{DRAWN:,} drawn".replace(",", " ")
    return f"sign-flip by cluster, {way}"


def mcnemar(harmful: int, beneficial: int) -> float:
    """Exact two-sided McNemar p of two counts of discordant pairs: a binomial test of one half.

    Pairs are taken as independent, which requirements of one task are not: with clusters it is too
    small, and stands beside the sign-flip p only because papers report it. 1 without discordance.

    >>> f"{mcnemar(120, 44):.1e}", f"{mcnemar(53, 59):.3f}"
    ('2.5e-09', '0.637')
    """
    if harmful < 0 or beneficial < 0:
        raise ValueError(f"counts are not negative: got {harmful}, {beneficial}")
    if harmful + beneficial == 0:
        return 1.0
    from scipy.special import bdtr

    return min(1.0, 2 * float(bdtr(min(harmful, beneficial), harmful + beneficial, 0.5)))


def is_non_inferior(interval: Interval, margin: float, *, higher_is_better: bool = True) -> bool:
    """Whether the whole interval of candidate - baseline lies on the good side of the margin."""
    return interval.low >= -margin - _HAIR if higher_is_better else interval.high <= margin + _HAIR


def is_inferior(interval: Interval, margin: float, *, higher_is_better: bool = True) -> bool:
    """Whether the whole interval of candidate - baseline is beyond the margin, on the bad side."""
    return interval.high < -margin - _HAIR if higher_is_better else interval.low > margin + _HAIR


def _without_variance(
    ratio: float, clusters: int, level: float, bound: float | None
) -> tuple[float, float] | None:
    """Bounds where every cluster has the same ratio, and up to a share `other` may have another.

    Those others may differ from it by as much as it is large, or, where it is 0, by all that is
    possible; None where that is not known.
    """
    found = clopper_pearson(0, clusters, level)
    assert found is not None
    size = abs(ratio) or bound
    if size is None:
        return None
    return ratio - found.high * size, ratio + found.high * size


def _subset_sums(values: Floats) -> Floats:
    """Sums of all 2 ** G subsets, the empty one first."""
    import numpy as np

    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate((sums, sums + value))
    return sums


def _all_subsets(clusters: int) -> Floats:
    """All 2 ** G subsets as 0 or 1, of shape (2 ** G, G), the empty one first."""
    import numpy as np

    return (np.arange(2**clusters)[:, None] >> np.arange(clusters) & 1).astype(np.float64)


def _drawn_sums(d: Floats, m: Floats, seed: int) -> tuple[Floats, Floats]:
    """Sums of d and of m over DRAWN random subsets, each cluster in or out with equal chance."""
    import numpy as np

    both = np.column_stack((d, m))
    if d.size <= _KEPT_CLUSTERS:
        sums = _kept_subsets(d.size, seed) @ both
    else:
        sums = np.concatenate([subsets @ both for subsets in _subsets(d.size, seed)])
    return sums[:, 0], sums[:, 1]


@lru_cache(maxsize=4)
def _kept_subsets(clusters: int, seed: int) -> Floats:
    """All drawn subsets of a few clusters: slices and simulations ask for the same again."""
    import numpy as np

    return np.concatenate(list(_subsets(clusters, seed)))


def _subsets(clusters: int, seed: int) -> Iterator[Floats]:
    """Subsets as 0 or 1, of shape (k, clusters), until DRAWN rows have been given."""
    import numpy as np

    random = np.random.default_rng(seed)
    at_once = max(1, _CELLS_AT_ONCE // clusters)
    for start in range(0, DRAWN, at_once):
        rows = min(at_once, DRAWN - start)
        bits = np.frombuffer(random.bytes(rows * ceil(clusters / 8)), dtype=np.uint8)
        subsets = np.unpackbits(bits.reshape(rows, -1), axis=1, count=clusters)
        yield subsets.astype(np.float64)
