"""How far two raters agree, and how often one is right about the other's answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

from results.statistics.shares import paired_length, share


def cohen_kappa(first: Sequence[Hashable], second: Sequence[Hashable]) -> float | None:
    """Cohen's kappa of two raters over the same items (Cohen 1960).

    None without items, and where both raters give one and the same answer throughout: chance
    alone then explains everything and kappa is 0/0.

    >>> cohen_kappa([True, True, False, False], [True, False, False, False])
    0.5
    >>> cohen_kappa([True, True], [True, True]) is None
    True
    """
    n = paired_length(first, second)
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
    paired_length(labels, answers)
    of_positives = [answer for label, answer in zip(labels, answers, strict=True) if label]
    return share(sum(of_positives), len(of_positives))


def specificity(labels: Sequence[bool], answers: Sequence[bool]) -> float | None:
    """Share of the truly negative items that are answered negative; None without negatives.

    >>> specificity([True, False, False], [True, False, True])
    0.5
    """
    paired_length(labels, answers)
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
