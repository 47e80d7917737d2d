"""Agreement and intervals, against values worked out by hand or by another route."""

import doctest
import random
from importlib import import_module
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from results import statistics

flags = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60)


@pytest.mark.parametrize(
    "subject",
    ["agreement", "clusters", "multiplicity", "paired", "power", "repeats", "shares"],
)
def test_the_examples_in_the_docstrings_hold(subject: str) -> None:
    attempted = doctest.testmod(import_module(f"results.statistics.{subject}"))
    assert attempted.failed == 0
    assert attempted.attempted


def test_kappa_of_a_two_by_two_table_is_the_textbook_value() -> None:
    # 20 both yes, 5 only first yes, 10 only second yes, 15 both no: observed .7, by chance .5.
    pairs = [(1, 1)] * 20 + [(1, 0)] * 5 + [(0, 1)] * 10 + [(0, 0)] * 15
    first, second = zip(*pairs, strict=True)
    assert statistics.cohen_kappa(first, second) == pytest.approx(0.4)


@given(flags)
def test_kappa_is_symmetric_and_at_most_one(pairs: list[tuple[bool, bool]]) -> None:
    first, second = zip(*pairs, strict=True)
    kappa = statistics.cohen_kappa(first, second)
    assert kappa == statistics.cohen_kappa(second, first)
    assert kappa is None or -1 <= kappa <= 1


@given(flags)
def test_balanced_accuracy_is_blind_to_how_common_a_class_is(
    pairs: list[tuple[bool, bool]],
) -> None:
    labels, answers = zip(*pairs, strict=True)
    positives = [pair for pair in pairs if pair[0]]
    more_labels, more_answers = zip(*(pairs + positives * 3), strict=True)
    once = statistics.balanced_accuracy(labels, answers)
    weighted = statistics.balanced_accuracy(more_labels, more_answers)
    assert (once is None) == (weighted is None)
    if once is not None:
        assert weighted == pytest.approx(once)


def test_wilson_never_leaves_the_unit_interval_and_keeps_its_ends() -> None:
    for n in range(1, 40):
        for successes in range(n + 1):
            interval = statistics.wilson(successes, n)
            assert interval is not None
            assert 0 <= interval.low <= successes / n <= interval.high <= 1
    none, all_met = statistics.wilson(0, 12), statistics.wilson(12, 12)
    assert none is not None and all_met is not None
    assert (none.low, all_met.high) == (0.0, 1.0)
    assert all_met.low == pytest.approx(12 / (12 + 1.96**2))


def test_clusters_of_one_size_give_the_interval_of_a_plain_mean() -> None:
    met = [3, 5, 2, 4, 5, 1]
    shares = [a / 5 for a in met]
    mean = sum(shares) / 6
    standard_error = sqrt(sum((s - mean) ** 2 for s in shares) / 5 / 6)
    interval = statistics.clustered_ratio_interval(met, [5] * 6)
    assert interval is not None
    assert interval.low == pytest.approx(mean - 1.96 * standard_error)
    assert interval.high == pytest.approx(mean + 1.96 * standard_error)
    assert (interval.level, interval.clusters) == (0.95, 6)


def test_the_clustered_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    chance = random.Random(7)
    covered = 0
    for _ in range(400):
        met, sizes = [], []
        for _ in range(50):
            ease = chance.betavariate(6, 2)
            sizes.append(chance.randint(4, 9))
            met.append(sum(chance.random() < ease for _ in range(sizes[-1])))
        interval = statistics.clustered_ratio_interval(met, sizes)
        assert interval is not None
        covered += interval.low <= 0.75 <= interval.high
    assert 0.90 <= covered / 400 <= 0.98


def test_full_agreement_is_no_certainty() -> None:
    interval = statistics.clustered_ratio_interval([3, 4], [3, 4])
    assert interval is not None
    assert interval.low < 0.5 < interval.high == 1.0
    assert "without variance" in interval.method


def test_one_cluster_has_no_interval() -> None:
    assert statistics.clustered_ratio_interval([3, 0], [7, 0]) is None


@pytest.mark.parametrize(
    "call",
    [
        lambda: statistics.cohen_kappa([True], []),
        lambda: statistics.wilson(3, 2),
        lambda: statistics.clustered_ratio_interval([3], [2]),
        lambda: statistics.clustered_ratio_interval([1], [2, 2]),
    ],
)
def test_impossible_counts_are_refused(call: object) -> None:
    assert callable(call)
    with pytest.raises(ValueError):
        call()
