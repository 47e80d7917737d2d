"""How large a worsening a gate would see, and how likely it would see one of a given size."""

from __future__ import annotations

from collections.abc import Callable
from math import floor, sqrt

from results.statistics.paired import FEWEST_BY_T, fewest_to_flip

# From here on the steps of a sign-flip test's level are too small to matter.
_MANY = 40
_SMALLEST, _LARGEST = 1e-9, 1e12


def power(
    worsening: float,
    standard_error: float,
    clusters: int,
    *,
    alpha: float = 0.05,
    margin: float = 0.0,
) -> float:
    """The chance that the interval at 1 - alpha lies wholly beyond the margin.

    worsening: the true difference, counted positive where the candidate is worse, in the metric's
    unit like `standard_error` and `margin`. Student's t with clusters - 1 degrees of freedom and
    noncentrality (worsening - margin) / standard_error (Cohen, Statistical Power Analysis, 1988);
    with few clusters, at the level that a sign-flip test attains. 0 with two clusters or one, which
    reject nothing.

    >>> round(power(0.5, 0.25, 30), 2)
    0.49
    """
    if standard_error <= 0:
        raise ValueError(f"a standard error is positive: got {standard_error}")
    tail = attained_tail(clusters, alpha)
    if tail == 0:
        return 0.0
    from scipy.special import nctdtr, stdtrit

    degrees = clusters - 1
    critical = float(stdtrit(degrees, 1 - tail))
    return 1 - float(nctdtr(degrees, (worsening - margin) / standard_error, critical))


def attained_tail(clusters: int, alpha: float) -> float:
    """One side of the test that `paired_test` chooses.

    With sign flips the largest multiple of 2 ** -clusters up to alpha / 2; with Student's t all of
    alpha / 2, and with fewer than three clusters nothing.

    >>> attained_tail(6, 0.05), attained_tail(5, 0.05), attained_tail(2, 0.05)
    (0.015625, 0.025, 0.0)
    """
    if clusters < FEWEST_BY_T:
        return 0.0
    if clusters > _MANY or clusters < fewest_to_flip(1 - alpha):
        return alpha / 2
    assignments = float(2**clusters)
    return floor(alpha / 2 * assignments + 1e-9) / assignments


def minimum_detectable_effect(
    variance: Callable[[float], float],
    clusters: int,
    *,
    alpha: float = 0.05,
    power: float = 0.8,
    margin: float = 0.0,
    largest: float | None = None,
) -> float | None:
    """The least worsening that is called a failure with the chance `power`.

    variance: of the difference's estimate, given the true worsening; a constant where the worsening
    brings no spread of its own. Solves w = margin + (t_alpha/2 + t_power) * sqrt(variance(w)), the
    usual sum of two quantiles. None where nothing up to `largest` (1 for shares) would be seen.

    >>> round(minimum_detectable_effect(lambda _: 0.01, 1000), 3)
    0.28
    """
    tail = attained_tail(clusters, alpha)
    if tail == 0:
        return None
    from scipy.special import stdtrit

    degrees = clusters - 1
    reach = float(stdtrit(degrees, 1 - tail) + stdtrit(degrees, power))

    def is_seen(worsening: float) -> bool:
        return worsening >= margin + reach * sqrt(max(0.0, variance(worsening)))

    # The first crossing, sought upwards: the variance of a share falls again towards 1.
    low, high = 0.0, max(margin, _SMALLEST)
    top = _LARGEST if largest is None else largest
    while not is_seen(high):
        if high >= top:
            return None
        low, high = high, min(top, high * 1.25)
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if is_seen(middle) else (middle, high)
    return high
