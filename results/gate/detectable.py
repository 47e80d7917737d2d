"""How large a worsening a rule would have seen, from the spread of the units it looked at."""

from __future__ import annotations

from collections.abc import Sequence

from results.comparison.pairing import PairedUnits
from results.statistics import fewest_to_flip, minimum_detectable_effect, ratio_standard_error


def detectable_effect(
    paired: PairedUnits, *, alpha: float, power: float, margin: float
) -> float | None:
    """The least true worsening that the rule calls FAIL with the chance `power`.

    In the metric's unit. None where even the largest would not be seen, which is so with fewer
    than three clusters, and where there is no spread to go by. Values that are not 0 or 1 are
    taken to lose anything between nothing and twice the worsening w, evenly spread, which adds the
    variance w ** 2 / 3 / G.
    """
    error, clusters = paired.standard_error, paired.clusters
    if error is None or (error == 0 and not paired.is_share):
        return None
    if paired.is_binary or error == 0:
        return effect_of_lost_clusters(
            paired.differences,
            paired.losable,
            paired.sizes,
            alpha=alpha,
            power=power,
            margin=margin,
        )
    return minimum_detectable_effect(
        lambda worsening: error**2 + worsening**2 / 3 / clusters,
        clusters,
        alpha=alpha,
        power=power,
        margin=margin,
        largest=1.0 if paired.is_share else None,
    )


def effect_of_lost_clusters(
    differences: Sequence[float],
    losable: Sequence[float],
    sizes: Sequence[float],
    *,
    alpha: float,
    power: float,
    margin: float = 0.0,
) -> float | None:
    """The minimum detectable effect on a share, when a regression loses clusters as a whole.

    differences, losable, sizes: by cluster, the sum of differences, what there is to lose (the
    baseline's met units) and the number of units. The spread of the observed differences alone
    would promise too much: two runs of one agent hardly differ, and a regression brings spread of
    its own. The hardest to see is the one that loses all of a few clusters. With a_g to lose in
    cluster g and r = sum(a) / sum(m), a worsening by w loses a share c = w / r of the clusters and
    adds the variance G * (c * mean(a ** 2) - c ** 2 * mean(a) ** 2) / sum(m) ** 2. It must also
    reach so many clusters that a sign-flip test can reject at all, or all of three to five. A
    regression that is spread more evenly is seen with a greater chance than `power`.
    """
    error = ratio_standard_error(differences, sizes)
    clusters, lost, units = len(sizes), sum(losable), sum(sizes)
    if error is None or not lost:
        return None
    ratio = lost / units
    squares = sum(a * a for a in losable) / clusters
    square_of_mean = (lost / clusters) ** 2

    def variance(worsening: float) -> float:
        share = min(1.0, worsening / ratio)
        of_lost = clusters * (share * squares - share**2 * square_of_mean) / units**2
        return error**2 + of_lost

    by_spread = minimum_detectable_effect(
        variance, clusters, alpha=alpha, power=power, margin=margin, largest=ratio
    )
    reached = _share_that_reaches(
        min(fewest_to_flip(1 - alpha), clusters), sum(a > 0 for a in losable), power
    )
    if by_spread is None or reached is None:
        return None
    return max(by_spread, reached * ratio)


def _share_that_reaches(fewest: int, clusters: int, power: float) -> float | None:
    """The share of clusters that must be lost for `fewest` of them to be so with chance `power`.

    Each is lost independently: the p with P(Binomial(clusters, p) >= fewest) = power, which is a
    quantile of Beta(fewest, clusters - fewest + 1).
    """
    if clusters < fewest:
        return None
    from scipy.special import betaincinv

    return float(betaincinv(fewest, clusters - fewest + 1, power))
