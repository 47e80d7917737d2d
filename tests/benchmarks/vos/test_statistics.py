"""Means, recall and decay are numpy's, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.vos.assignment import best_assignment
from benchmarks.vos.statistics import clustered_bounds, decay, mean, recall
from results.statistics import clustered_ratio_interval

shares = st.floats(0, 1, allow_nan=False)


@settings(deadline=None)
@given(st.lists(shares, min_size=1, max_size=600))
def test_the_mean_is_numpys_to_the_last_bit(values: list[float]) -> None:
    assert mean(values) == np.mean(values)


@settings(deadline=None)
@given(st.lists(shares, min_size=1, max_size=300))
def test_recall_and_decay_are_those_of_the_davis_code(values: list[float]) -> None:
    array = np.array(values)
    assert recall(values) == np.nanmean(array > 0.5)
    # db_statistics of davis2017-evaluation, with bounds that do not overflow.
    bounds = (np.round(np.linspace(1, len(array), 5) + 1e-10) - 1).astype(int)
    bins = [array[bounds[i] : bounds[i + 1] + 1] for i in range(4)]
    assert decay(values) == np.nanmean(bins[0]) - np.nanmean(bins[3])


def test_the_decay_of_a_long_sequence_is_right_where_eight_bits_overflow() -> None:
    assert decay([1.0] * 500 + [0.0] * 500) == 1.0


@settings(deadline=None)
@given(st.lists(st.lists(shares, min_size=1, max_size=5), min_size=2, max_size=8))
def test_the_interval_is_that_of_the_house(clusters: list[list[float]]) -> None:
    bounds = clustered_bounds(clusters)
    sums, sizes = [sum(c) for c in clusters], [len(c) for c in clusters]
    expected = clustered_ratio_interval(sums, sizes)
    assert bounds is not None
    assert expected is not None
    if expected.method.startswith("clustered"):
        assert bounds == pytest.approx((expected.low, expected.high))


def test_one_sequence_gives_no_interval() -> None:
    assert clustered_bounds([[0.5, 0.6]]) is None


@settings(deadline=None)
@given(
    st.integers(1, 4).flatmap(
        lambda n: st.integers(n, 5).flatmap(
            lambda m: st.lists(st.lists(shares, min_size=m, max_size=m), min_size=n, max_size=n)
        )
    )
)
def test_the_assignment_is_the_best_of_all(values: list[list[float]]) -> None:
    from itertools import permutations

    found = best_assignment(values)
    assert len(set(found)) == len(values)
    best = max(
        sum(row[column] for row, column in zip(values, columns, strict=True))
        for columns in permutations(range(len(values[0])), len(values))
    )
    reached = sum(row[column] for row, column in zip(values, found, strict=True))
    assert reached == pytest.approx(best)
