"""How large a worsening a rule would have seen, from the spread of the units it looked at."""

from __future__ import annotations

from results.comparison.pairing import PairedUnits
from results.statistics import minimum_detectable_effect


def detectable_effect(
    paired: PairedUnits, *, alpha: float, power: float, margin: float
) -> float | None:
    """The least true worsening that the rule calls FAIL with the chance `power`.

    In the metric's unit. None where even the largest would not be seen, which is so below six
    clusters at alpha 0.05, and where there is no spread to go by.

    The spread of the observed differences alone would promise too much: two runs of one agent
    hardly differ, and a regression brings spread of its own. A worsening by w is therefore taken to
    add, for shares of met requirements, the variance w * (1 - w) * D / n of newly lost units that
    move together as the baseline's own values do (D is their design effect; whole clusters where it
    cannot be told), and else (w ** 2) / G: a loss as uneven as it is large.
    """
    clusters, n = paired.clusters, paired.n
    error = paired.standard_error
    if error is None:
        return None
    whole_clusters = n / clusters
    binary, share = paired.is_binary, paired.is_share
    effect = paired.baseline_design_effect if binary else None
    together = min(effect or whole_clusters, whole_clusters)

    def variance(worsening: float) -> float:
        if binary or (share and error == 0):
            return error**2 + worsening * max(0.0, 1 - worsening) * together / n
        return error**2 + worsening**2 / clusters

    if error == 0 and not share:
        return None
    return minimum_detectable_effect(
        variance,
        clusters,
        alpha=alpha,
        power=power,
        margin=margin,
        largest=1.0 if share else None,
    )
