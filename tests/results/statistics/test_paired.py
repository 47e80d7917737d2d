"""Sign flips, Student's t and McNemar's test, against scipy, statsmodels and enumeration."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as their_mcnemar

from results.statistics import (
    TOO_FEW,
    SignFlips,
    StudentT,
    fewest_to_flip,
    is_inferior,
    is_non_inferior,
    mcnemar,
    p_worse_of_many,
    paired_interval,
    paired_test,
    sign_flip_p,
    sign_flips,
)

clusters = st.lists(
    st.tuples(st.integers(-4, 4), st.integers(4, 9)), min_size=6, max_size=10
).filter(lambda rows: any(d for d, _ in rows))


def test_the_exact_p_is_that_of_scipys_permutation_test() -> None:
    for seed in range(6):
        values = np.random.default_rng(seed).normal(0.4, 1, size=9)
        theirs = stats.permutation_test(
            (values,), np.sum, permutation_type="samples", n_resamples=np.inf
        )
        assert sign_flip_p(values.tolist()) == pytest.approx(theirs.pvalue)


def test_drawn_flips_come_close_to_all_of_them() -> None:
    values = np.random.default_rng(3).normal(0.35, 1, size=17)
    signs = np.array(list(product((-1, 1), repeat=17)))
    exact = float(np.mean(np.abs(signs @ values) >= abs(values.sum()) - 1e-12))
    assert sign_flip_p(values.tolist()) == pytest.approx(exact, abs=0.01)
    assert sign_flip_p(values.tolist()) == sign_flip_p(values.tolist())


@given(clusters, st.integers(-10, 10))
def test_a_difference_is_rejected_just_where_it_lies_outside_the_interval(
    rows: list[tuple[int, int]], tenths: int
) -> None:
    differences, sizes = (list(map(float, column)) for column in zip(*rows, strict=True))
    flips = sign_flips(differences, sizes)
    assert isinstance(flips, SignFlips)
    low, high = flips.bounds(0.95)
    moved = tenths / 10
    # By enumeration: flip what is left of each difference when `moved` is the truth.
    left = np.array(differences) - moved * np.array(sizes)
    signs = np.array(list(product((-1, 1), repeat=len(rows))))
    sums = signs @ left
    if np.mean(sums <= left.sum() + 1e-9) <= 0.025:
        assert high < moved
    else:
        assert high >= moved - 1e-9
    if np.mean(sums >= left.sum() - 1e-9) <= 0.025:
        assert low > moved
    else:
        assert low <= moved + 1e-9


@given(clusters)
def test_swapping_the_sides_turns_the_interval_round(rows: list[tuple[int, int]]) -> None:
    differences, sizes = (list(map(float, column)) for column in zip(*rows, strict=True))
    there = paired_interval(differences, sizes, bound=1)
    back = paired_interval([-d for d in differences], sizes, bound=1)
    assert there is not None and back is not None
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))
    assert there.low <= sum(differences) / sum(sizes) <= there.high


@settings(max_examples=30)
@given(clusters)
def test_p_and_interval_agree(rows: list[tuple[int, int]]) -> None:
    differences, sizes = (list(map(float, column)) for column in zip(*rows, strict=True))
    test = paired_test(differences, sizes)
    assert test is not None
    low, high = test.bounds(0.95)
    assert (test.p <= 0.05) == (not low <= 0 <= high)


def test_three_to_five_clusters_get_students_t() -> None:
    values = [-0.5, -0.4, -0.7, -0.2]
    test = paired_test(values, [1.0] * 4)
    assert isinstance(test, StudentT)
    theirs = stats.ttest_1samp(values, 0)
    assert test.p == pytest.approx(theirs.pvalue)
    interval = paired_interval(values, [1.0] * 4, bound=1)
    assert interval is not None
    between = theirs.confidence_interval(0.95)
    assert (interval.low, interval.high) == pytest.approx((between.low, between.high))
    shifted = stats.ttest_1samp(values, -0.1, alternative="less")
    assert test.p_worse(0.1) == pytest.approx(shifted.pvalue)


def test_clusters_without_units_count_for_nothing() -> None:
    assert sign_flip_p([-1, -1, -1, -1, -1, -1, 0], [1, 1, 1, 1, 1, 1, 0]) == 0.03125
    assert paired_interval([1.0, 0.0], [2.0, 0.0]) is None


def test_too_few_clusters_bound_nothing() -> None:
    assert paired_interval([], []) is None
    assert paired_interval([-1.0], [1.0], bound=1) is None
    assert sign_flip_p([]) is None
    two = paired_interval([-1.0, -1.0], [1.0, 1.0], bound=1)
    assert two is not None
    assert (two.low, two.high) == (-1, 1)
    assert two.method.endswith(TOO_FEW)
    assert paired_interval([-1.0, -1.0], [1.0, 1.0]) is None


@pytest.mark.parametrize("level", [0.8, 0.9, 0.95, 0.99])
def test_the_fewest_clusters_are_those_with_which_the_least_p_rejects(level: float) -> None:
    fewest = fewest_to_flip(level)
    assert 2 ** -float(fewest) <= (1 - level) / 2 + 1e-12
    assert 2 ** -float(fewest - 1) > (1 - level) / 2


def test_clusters_that_all_differ_alike_are_not_taken_as_certain() -> None:
    lost = paired_interval([-4.0] * 10, [4.0] * 10, bound=1)
    assert lost is not None
    assert lost.low == -1
    assert lost.high == pytest.approx(-1 + 0.3085, abs=1e-4)
    little = paired_interval([-0.4] * 10, [4.0] * 10)
    assert little is not None
    assert (little.low, little.high) == pytest.approx((-0.13085, -0.06915), abs=1e-5)
    assert paired_interval([0.0] * 10, [4.0] * 10) is None
    same = paired_interval([0.0] * 10, [4.0] * 10, bound=1)
    assert same is not None
    assert (same.low, same.high) == pytest.approx((-0.3085, 0.3085), abs=1e-4)


@pytest.mark.parametrize("number", [3, 7, 21])
def test_many_data_sets_at_once_are_tested_as_each_alone(number: int) -> None:
    random = np.random.default_rng(number)
    sizes = random.integers(3, 9, size=(12, number)).astype(float)
    differences = np.round(sizes * random.uniform(-1, 1, size=sizes.shape))
    together = p_worse_of_many(differences, sizes, 0.02)
    for row in range(12):
        alone = paired_test(differences[row].tolist(), sizes[row].tolist())
        assert alone is not None
        assert together[row] == pytest.approx(alone.p_worse(0.02))


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_exact_test_of_statsmodels(harmful: int, beneficial: int) -> None:
    if harmful + beneficial == 0:
        assert mcnemar(0, 0) == 1
        return
    theirs = their_mcnemar([[1, harmful], [beneficial, 1]], exact=True)
    assert mcnemar(harmful, beneficial) == pytest.approx(theirs.pvalue)


def test_inferior_and_non_inferior_read_the_interval_by_the_metrics_direction() -> None:
    interval = paired_interval([-2.0, -1.0, -3.0, -2.0, -1.0, -2.0, -1.0], [4.0] * 7, bound=1)
    assert interval is not None
    assert is_inferior(interval, 0) and not is_non_inferior(interval, 0)
    assert is_non_inferior(interval, 0, higher_is_better=False)
    assert not is_inferior(interval, 0.9) and is_non_inferior(interval, 0.9)


def test_where_nothing_changed_few_differing_clusters_among_many_raise_no_alarm() -> None:
    """Four or five of 55 clusters that differ, all to the worse, happen 1 in 16 or 32 times."""
    for lost in (4, 5):
        interval = paired_interval([-1.0] * lost + [0.0] * (55 - lost), [1.0] * 55, bound=1)
        assert interval is not None
        assert not is_inferior(interval, 0)
    six = paired_interval([-1.0] * 6 + [0.0] * 49, [1.0] * 55, bound=1)
    assert six is not None
    assert is_inferior(six, 0)
