"""The gate on nothing and on real worsenings: a small run of tests.measures.gate_simulation."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from results.comparison import GateVerdict
from results.gate import Policy, Rule, gate
from tests.measures import gate_simulation as simulation
from tests.results.comparison.sides import side

SEEDS = 400
# Where the true rate is alpha / 2, more than this in 400 seeds come once in about 5,000 tries.
MOST = 0.055


@pytest.mark.parametrize("tasks", [3, 5, 8, 20])
def test_the_gate_is_seldom_red_where_nothing_changed(tasks: int) -> None:
    for regime in (simulation.independent_runs, simulation.few_flips):
        found = simulation.false_fails("here", regime, tasks, 0.0, SEEDS)
        assert found.rate <= MOST


def test_the_gate_is_seldom_red_on_the_released_labels_swapped_by_a_coin() -> None:
    data = os.environ.get("JUDGE_TEST_DATA")
    if data is None:
        pytest.skip("JUDGE_TEST_DATA is not set")
    regime = simulation.released_labels(Path(data))
    found = simulation.false_fails("released", regime, 55, 0.0, SEEDS)
    assert found.rate <= MOST
    assert 2.1 <= found.design_effect <= 2.6


@pytest.mark.parametrize("whole", [True, False])
def test_a_worsening_of_the_printed_size_is_seen_with_the_printed_power(whole: bool) -> None:
    found = simulation.detected("here", simulation.same_difficulty, 20, None, SEEDS, whole=whole)
    assert found.rate >= simulation.POWER
    assert found.worsening < 0.4


def test_the_simulation_and_the_gate_are_red_on_the_same_data() -> None:
    random = np.random.default_rng(8)
    for tasks, margin in ((4, 0.0), (8, 0.02), (20, 0.0)):
        baseline, candidate = simulation.same_difficulty(random, 30, tasks)
        worse = simulation.lose(random, candidate, 0.2, whole_tasks=False)
        red = simulation.is_red(baseline, worse, margin)
        assert 0 < red.sum() < 30 or tasks == 4
        for seed in range(30):
            before, now = (
                side(
                    {
                        f"task {place}": row[~np.isnan(row)].tolist()
                        for place, row in enumerate(outcomes[seed])
                    }
                )
                for outcomes in (baseline, worse)
            )
            result = gate(before, now, Policy(rules=(Rule(margin=margin),)))
            assert (result.verdict is GateVerdict.FAIL) == red[seed]
