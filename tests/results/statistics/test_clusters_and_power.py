"""Cluster-robust errors, bootstraps, power and adjusted p values, against statsmodels and scipy."""

from __future__ import annotations

from math import sqrt
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower

from results.statistics import (
    benjamini_hochberg,
    bootstrap_interval,
    design_effect,
    holm,
    minimum_detectable_effect,
    power,
    ratio_standard_error,
)

p_values = st.lists(st.floats(0, 1), min_size=1, max_size=12)


def drawn(seed: int, clusters: int = 20) -> tuple[list[float], list[float]]:
    random = np.random.default_rng(seed)
    sizes = random.integers(3, 9, size=clusters)
    met = random.binomial(sizes, random.beta(2, 2, size=clusters))
    return met.astype(float).tolist(), sizes.astype(float).tolist()


def test_the_standard_error_is_statsmodels_cluster_robust_one() -> None:
    met, sizes = drawn(1)
    values = [float(i < a) for a, m in zip(met, sizes, strict=True) for i in range(int(m))]
    groups = [g for g, m in enumerate(sizes) for _ in range(int(m))]
    fitted = OLS(values, np.ones(len(values))).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
    )
    correction = sqrt(len(met) / (len(met) - 1))
    assert ratio_standard_error(met, sizes) == pytest.approx(float(fitted.bse[0]) * correction)


def test_the_design_effect_is_one_for_independent_units_and_the_size_for_whole_clusters() -> None:
    whole = design_effect([5, 0] * 100, [5] * 200)
    assert whole == pytest.approx(5, rel=0.01)
    random = np.random.default_rng(0)
    alone = design_effect(random.binomial(5, 0.5, size=4000).tolist(), [5] * 4000)
    assert alone == pytest.approx(1, abs=0.08)
    assert design_effect([5, 5], [5, 5]) is None
    assert design_effect([1], [5]) is None


@pytest.mark.parametrize("method", ["percentile", "BCa"])
def test_the_bootstrap_is_seeded_and_near_the_cluster_robust_interval(
    method: Literal["percentile", "BCa"],
) -> None:
    met, sizes = drawn(2, clusters=60)
    found = bootstrap_interval(met, sizes, method=method)
    assert found == bootstrap_interval(met, sizes, method=method)
    assert found != bootstrap_interval(met, sizes, method=method, seed=1)
    error = ratio_standard_error(met, sizes)
    assert found is not None and error is not None
    ratio = sum(met) / sum(sizes)
    assert found.low == pytest.approx(ratio - 1.96 * error, abs=0.25 * error)
    assert found.high == pytest.approx(ratio + 1.96 * error, abs=0.25 * error)
    assert found.method == f"cluster bootstrap, {method}"


def test_a_bootstrap_of_clusters_of_one_size_is_scipys_of_their_means() -> None:
    means = np.random.default_rng(5).normal(size=25)
    ours = bootstrap_interval((means * 4).tolist(), [4.0] * 25, seed=9)
    theirs = stats.bootstrap(
        (means,), np.mean, n_resamples=9999, method="BCa", rng=np.random.default_rng(9)
    ).confidence_interval
    assert ours is not None
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high))


def test_a_bootstrap_without_variance_or_clusters_says_so() -> None:
    alike = bootstrap_interval([2, 2, 2], [4, 4, 4])
    assert alike is not None
    assert (alike.low, alike.high) == (0.5, 0.5)
    assert "percentile" in alike.method
    assert bootstrap_interval([2], [4]) is None
    with pytest.raises(ValueError, match="finite"):
        bootstrap_interval([float("nan"), 1.0], [2, 2])


@settings(max_examples=20)
@given(p_values)
def test_adjusted_p_values_are_statsmodels(values: list[float]) -> None:
    assert holm(values) == pytest.approx(multipletests(values, method="holm")[1])
    assert benjamini_hochberg(values) == pytest.approx(multipletests(values, method="fdr_bh")[1])


def test_nothing_to_adjust_is_nothing() -> None:
    assert holm([]) == () and benjamini_hochberg([]) == ()
    with pytest.raises(ValueError, match=r"0\.\.1"):
        holm([1.2])


@pytest.mark.parametrize(("effect", "clusters"), [(0.3, 55), (0.5, 55), (0.2, 200), (0.4, 45)])
def test_power_is_statsmodels_of_a_one_sample_t_test(effect: float, clusters: int) -> None:
    # One side at alpha / 2 is what a two-sided interval does to a worsening.
    theirs = TTestPower().power(effect, nobs=clusters, alpha=0.025, alternative="larger")
    ours = power(effect, 1 / sqrt(clusters), clusters)
    assert ours == pytest.approx(theirs, abs=1e-6)
    shifted = power(effect + 0.1, 1 / sqrt(clusters), clusters, margin=0.1)
    assert shifted == pytest.approx(ours)


def test_power_is_none_with_two_clusters_and_grows_with_them() -> None:
    assert power(10, 0.1, 2) == 0
    powers = [power(0.3, 0.1, clusters) for clusters in (3, 8, 20, 55)]
    assert powers == sorted(powers)
    with pytest.raises(ValueError, match="positive"):
        power(0.1, 0, 10)


@pytest.mark.parametrize("clusters", [6, 10, 55, 500])
def test_the_minimum_detectable_effect_has_about_the_power_it_is_for(clusters: int) -> None:
    effect = minimum_detectable_effect(lambda _: 0.05**2, clusters, margin=0.02)
    assert effect is not None
    assert power(effect, 0.05, clusters, margin=0.02) == pytest.approx(0.8, abs=0.04)


def test_an_effect_beyond_what_is_possible_is_none() -> None:
    assert minimum_detectable_effect(lambda _: 1.0, 55, largest=1) is None
    assert minimum_detectable_effect(lambda _: 1.0, 2) is None
