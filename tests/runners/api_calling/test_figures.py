"""Shares with what failures leave open, and how quickly a model answered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.records import Score, Usage
from runners.api_calling.asking import CACHED
from runners.api_calling.figures import share_of, speed_of


def score(sample: str, value: float, cluster: str = "") -> Score:
    return Score(sample=sample, cluster=cluster, values={"correct": value})


def test_what_has_no_score_counts_as_lost_and_as_won() -> None:
    found = share_of("correct", [score("a", 1.0), score("b", 0.0)], 4)
    assert (found.value, found.worst, found.best, found.n) == (0.5, 0.25, 0.75, 2)
    assert found.note == "2 without a score"


def test_without_any_score_there_is_no_value() -> None:
    found = share_of("correct", [], 3)
    assert (found.value, found.worst, found.best, found.interval) == (None, 0.0, 1.0, None)


def test_samples_of_one_dialogue_are_one_cluster() -> None:
    scores = [score(f"{d}{n}", float(n > d), f"d{d}") for d in range(3) for n in range(4)]
    found = share_of("correct", scores, len(scores))
    assert found.interval is not None
    assert found.interval.clusters == 3
    alone = share_of("correct", [each.model_copy(update={"cluster": ""}) for each in scores], 12)
    assert alone.interval is not None
    assert alone.interval.clusters == 12


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.integers(0, 10))
def test_a_share_lies_between_its_worst_and_its_best(values: list[float], more: int) -> None:
    scores = [score(str(number), value) for number, value in enumerate(values)]
    found = share_of("correct", scores, len(values) + more)
    assert found.value is not None
    assert found.worst is not None
    assert found.best is not None
    slack = 1e-12
    assert 0 <= found.worst <= found.value + slack
    assert found.value <= found.best + slack
    assert found.best <= 1 + slack


def test_speed_is_of_replies_that_were_generated() -> None:
    timed = [
        Score(sample=str(n), seconds=n, usage=Usage(calls=1, output_tokens=10 * n))
        for n in range(1, 21)
    ]
    kept = Score(sample="kept", seconds=0.0, measures={CACHED: 1.0})
    found = {metric.name: metric for metric in speed_of([*timed, kept])}
    assert found["latency_p50"].value == 10_000
    assert found["latency_p95"].value == 19_000
    assert found["latency_p50"].n == 20
    assert found["output_tokens_per_second"].value == pytest.approx(10)
    assert speed_of([kept]) == ()
