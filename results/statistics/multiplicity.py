"""Several tests at once: p values adjusted so that chance findings stay rare."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Holm's adjusted p values, in the order given (Scand. J. Statist. 6, 1979).

    Rejecting where they are at or below alpha keeps the chance of even one false rejection at or
    below alpha, whatever the tests have to do with one another.

    >>> [round(p, 4) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    _check(p_values)
    n = len(p_values)
    adjusted = [0.0] * n
    reached = 0.0
    for rank, place in enumerate(sorted(range(n), key=lambda i: p_values[i])):
        reached = max(reached, min(1.0, (n - rank) * p_values[place]))
        adjusted[place] = reached
    return tuple(adjusted)


def benjamini_hochberg(p_values: Sequence[float]) -> tuple[float, ...]:
    """Benjamini and Hochberg's adjusted p values, in the order given (JRSS B 57, 1995).

    Rejecting where they are at or below q keeps the expected share of false ones among the
    rejections at or below q, for tests that are independent or positively dependent.

    >>> [round(p, 4) for p in benjamini_hochberg([0.01, 0.04, 0.03])]
    [0.03, 0.04, 0.04]
    """
    _check(p_values)
    if not p_values:
        return ()
    from scipy.stats import false_discovery_control

    return tuple(float(p) for p in false_discovery_control(list(p_values), method="bh"))


def _check(p_values: Sequence[float]) -> None:
    if not all(0 <= p <= 1 for p in p_values):
        raise ValueError("p values lie in 0..1")
