"""Exact shares, correction for a judge's errors, and variance components."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from results.statistics import (
    averaged,
    clopper_pearson,
    rate_of,
    rogan_gladen,
    variance_components,
    wilson,
)


@given(st.integers(0, 80), st.integers(1, 80))
def test_both_intervals_of_a_share_are_statsmodels(successes: int, n: int) -> None:
    successes = min(successes, n)
    exact, score = clopper_pearson(successes, n), wilson(successes, n, z=1.959963984540054)
    assert exact is not None and score is not None
    assert (exact.low, exact.high) == pytest.approx(
        proportion_confint(successes, n, method="beta"), abs=1e-9
    )
    assert (score.low, score.high) == pytest.approx(
        proportion_confint(successes, n, method="wilson"), abs=1e-9
    )


def test_a_share_of_nothing_has_no_interval_and_an_impossible_one_is_refused() -> None:
    assert clopper_pearson(0, 0) is None
    with pytest.raises(ValueError, match=r"0\.\.n"):
        clopper_pearson(3, 2)


@given(st.lists(st.sampled_from([0.0, 1.0, 0.5, None])))
def test_worst_and_best_case_hold_however_the_undecided_are_decided(
    values: list[float | None],
) -> None:
    rate = rate_of(values)
    assert rate.n == len([value for value in values if value is not None])
    if rate.worst is None or rate.best is None:
        assert not values
        return
    for decision in (0.0, 0.3, 1.0):
        decided = [decision if value is None else value for value in values]
        assert rate.worst - 1e-12 <= sum(decided) / len(decided) <= rate.best + 1e-12


@given(st.floats(0, 1), st.floats(0.55, 1), st.floats(0.55, 1))
def test_correction_undoes_what_the_judge_does(
    truth: float, sensitivity: float, specificity: float
) -> None:
    raw = truth * sensitivity + (1 - truth) * (1 - specificity)
    found = rogan_gladen(raw, sensitivity, specificity, n=100)
    assert found.corrected == pytest.approx(truth, abs=1e-9)
    assert found.raw == raw and found.interval is None
    assert "measured on outputs like these" in found.warning


def test_a_judge_that_guesses_cannot_be_corrected_for() -> None:
    found = rogan_gladen(0.4, 0.5, 0.5, n=100)
    assert found.corrected is None
    assert "say nothing of the truth" in found.warning


def test_an_impossible_estimate_is_held_within_bounds_and_said() -> None:
    found = rogan_gladen(0.05, 0.9, 0.9, n=100, positives=50, negatives=50)
    assert found.corrected == 0
    assert "-0.062" in found.warning
    with pytest.raises(ValueError, match="raw"):
        rogan_gladen(1.2, 0.9, 0.9, n=10)


def test_the_interval_of_a_corrected_share_covers_the_truth() -> None:
    """Lang and Reiczigel report coverage near 0.95 for samples like these."""
    random = np.random.default_rng(11)
    truth, sensitivity, specificity = 0.3, 0.88, 0.82
    covered = 0
    for _ in range(2000):
        raw = random.binomial(200, truth * sensitivity + (1 - truth) * (1 - specificity)) / 200
        found = rogan_gladen(
            raw,
            random.binomial(60, sensitivity) / 60,
            random.binomial(70, specificity) / 70,
            n=200,
            positives=60,
            negatives=70,
        )
        assert found.interval is not None
        covered += found.interval.low <= truth <= found.interval.high
    assert 0.94 <= covered / 2000 <= 0.98


def test_repeats_are_averaged_within_what_they_repeat() -> None:
    assert averaged([("a", 1.0), ("b", 0.5), ("a", 0.0)]) == {"a": 0.5, "b": 0.5}
    assert averaged([]) == {}


def test_variance_components_of_a_balanced_design_are_the_textbook_ones() -> None:
    # Two tasks, two runs each, two judgings each; worked by hand:
    # within runs SS = 4 * 0.5 = 2 on 4 df; runs in tasks SS = 2 * (1 + 1 + 1 + 1) = 8 on 2 df;
    # tasks SS = 4 * (9 + 9) = 72 on 1 df. So judge 0.5, agent (4 - 0.5) / 2, task (72 - 4) / 4.
    values = {
        ("t", 1): (0.5, 1.5),
        ("t", 2): (2.5, 3.5),
        ("u", 1): (6.5, 7.5),
        ("u", 2): (8.5, 9.5),
    }
    rows = [(task, run, value) for (task, run), pair in values.items() for value in pair]
    found = variance_components(rows)
    assert found is not None
    assert found.judge == pytest.approx(0.5)
    assert found.agent == pytest.approx(1.75)
    assert found.task == pytest.approx(17)
    assert (found.n, found.tasks, found.agent_runs, found.mean) == (8, 2, 4, 5.0)


def test_variance_components_find_what_unequal_data_were_made_with() -> None:
    random = np.random.default_rng(4)
    rows = []
    for task in range(300):
        of_task = random.normal(0, 2)
        for run in range(int(random.integers(1, 5))):
            of_run = random.normal(0, 1)
            for _ in range(int(random.integers(1, 4))):
                rows.append((task, run, of_task + of_run + random.normal(0, 0.5)))
    found = variance_components(rows)
    assert found is not None and found.task and found.agent and found.judge
    assert (found.task, found.agent, found.judge) == pytest.approx((4, 1, 0.25), rel=0.2)
    assert not found.is_clipped


def test_what_was_not_repeated_has_no_variance_of_its_own() -> None:
    found = variance_components([("a", 1, 0.2), ("b", 1, 0.6)])
    assert found is not None
    assert (found.agent, found.judge) == (None, None)
    assert found.task == pytest.approx(0.08)
    once = variance_components([("a", 1, 0.2)])
    assert once is not None and once.task is None
    assert variance_components([]) is None
    equal = variance_components([("a", 1, 1.0), ("a", 2, 0.0), ("b", 1, 0.0), ("b", 2, 1.0)])
    assert equal is not None and equal.task == 0 and equal.is_clipped
