"""Shares of units: their intervals, their worst and best case, and what a fallible judge hides."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist

from pydantic import Field

from results.records import Interval, Rate, Value

Z95 = 1.96
LANG_REICZIGEL = "Lang-Reiczigel"


def level_of(z: float) -> float:
    """The two-sided confidence level that belongs to `z`.

    >>> level_of(1.96)
    0.95
    """
    return round(2 * NormalDist().cdf(z) - 1, 4)


def share(part: float, whole: float) -> float | None:
    """`part / whole`, or None where there is nothing to divide by."""
    return part / whole if whole else None


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


def clopper_pearson(successes: int, n: int, level: float = 0.95) -> Interval | None:
    """Clopper and Pearson's exact interval of a share of `n` independent units (1934).

    Its bounds are quantiles of Beta(x, n - x + 1) and Beta(x + 1, n - x). It covers the truth at
    least as often as it says, for any n; None without units.

    >>> interval = clopper_pearson(0, 10)
    >>> interval.low, round(interval.high, 4)
    (0.0, 0.3085)
    """
    if not 0 <= successes <= n:
        raise ValueError(f"successes must lie in 0..n: got {successes} of {n}")
    if n == 0:
        return None
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    return Interval(
        low=0.0 if successes == 0 else float(betaincinv(successes, n - successes + 1, tail)),
        high=1.0 if successes == n else float(betaincinv(successes + 1, n - successes, 1 - tail)),
        level=level,
        method="Clopper-Pearson",
        clusters=n,
    )


def rate_of(values: Sequence[float | None]) -> Rate:
    """The mean of values in 0..1, where None is a unit that abstained or failed.

    `value` is over decided units; `worst` and `best` count the others as 0 and as 1, so that no
    way of deciding them could lead outside.

    >>> rate_of([1.0, 0.0, None, 1.0])
    Rate(value=0.6666666666666666, worst=0.5, best=0.75, n=3)
    """
    decided = [value for value in values if value is not None]
    if any(not 0 <= value <= 1 for value in decided):
        raise ValueError("worst and best case are of values in 0..1")
    total, undecided = sum(decided), len(values) - len(decided)
    return Rate(
        value=share(total, len(decided)),
        worst=share(total, len(values)),
        best=share(total + undecided, len(values)),
        n=len(decided),
    )


class CorrectedShare(Value):
    """A share as a fallible judge reports it, and an estimate of the share behind it.

    The two stand side by side, with the warning: the correction is only as good as the judge's
    sensitivity and specificity, and those must come from outputs like the ones that are judged.
    """

    raw: float
    corrected: float | None = Field(description="in 0..1; None where the judge tells nothing")
    interval: Interval | None = None
    warning: str


def rogan_gladen(
    raw: float,
    sensitivity: float,
    specificity: float,
    *,
    n: float,
    positives: int | None = None,
    negatives: int | None = None,
    z: float = Z95,
) -> CorrectedShare:
    """The share that a judge with this sensitivity and specificity would report as `raw`.

    (raw + specificity - 1) / (sensitivity + specificity - 1), held within 0..1 (Rogan and Gladen,
    Am. J. Epidemiol. 107, 1978). `n` is how many units `raw` rests on, divided by their design
    effect where they come in clusters. With `positives` and `negatives`, how many labelled units
    of either kind sensitivity and specificity rest on, there is an interval that carries the
    uncertainty of all three (Lang and Reiczigel, Prev. Vet. Med. 113, 2014, equations 2 and 3).

    >>> found = rogan_gladen(0.5, 0.9, 0.8, n=100, positives=50, negatives=50)
    >>> round(found.corrected, 4), round(found.interval.low, 4), round(found.interval.high, 4)
    (0.4286, 0.2411, 0.6008)
    """
    for name, value in (("raw", raw), ("sensitivity", sensitivity), ("specificity", specificity)):
        if not 0 <= value <= 1:
            raise ValueError(f"{name} must lie in 0..1: got {value}")
    if n <= 0:
        raise ValueError(f"a share rests on at least something: got n = {n}")
    youden = sensitivity + specificity - 1
    if youden <= 0:
        return CorrectedShare(
            raw=raw,
            corrected=None,
            warning="The judge's sensitivity and specificity add up to no more than 1: its verdicts"
            " say nothing of the truth, so there is nothing to correct with.",
        )
    estimate = (raw + specificity - 1) / youden
    beside = not 0 <= estimate <= 1
    warning = (
        "Corrected for a judge of sensitivity "
        f"{sensitivity:.3f} and specificity {specificity:.3f}; it holds only if those were measured"
        " on outputs like these."
    )
    if beside:
        warning += f" The estimate was {estimate:.3f} and is held within 0..1: they were not."
    return CorrectedShare(
        raw=raw,
        corrected=min(1.0, max(0.0, estimate)),
        interval=_lang_reiczigel(raw, sensitivity, specificity, n, positives, negatives, z),
        warning=warning,
    )


def _lang_reiczigel(
    raw: float,
    sensitivity: float,
    specificity: float,
    n: float,
    positives: int | None,
    negatives: int | None,
    z: float,
) -> Interval | None:
    if not positives or not negatives:
        return None
    of_units, of_positives, of_negatives = n + z**2, positives + 2, negatives + 2
    p = (n * raw + z**2 / 2) / of_units
    se = (positives * sensitivity + 1) / of_positives
    sp = (negatives * specificity + 1) / of_negatives
    youden = se + sp - 1
    if youden <= 0:
        return None
    centre = (p + sp - 1) / youden
    of_se, of_sp = se * (1 - se) / of_positives, sp * (1 - sp) / of_negatives
    shift = 2 * z**2 * (centre * of_se - (1 - centre) * of_sp)
    spread = p * (1 - p) / of_units + centre**2 * of_se + (1 - centre) ** 2 * of_sp
    half = z * sqrt(spread) / youden
    return Interval(
        low=min(1.0, max(0.0, centre + shift - half)),
        high=max(0.0, min(1.0, centre + shift + half)),
        level=level_of(z),
        method=LANG_REICZIGEL,
        clusters=round(n),
    )


def paired_length(first: Sequence[object], second: Sequence[object]) -> int:
    """The length that both have; ValueError where they differ."""
    if len(first) != len(second):
        raise ValueError(f"expected two sequences of one length: got {len(first)}, {len(second)}")
    return len(first)
