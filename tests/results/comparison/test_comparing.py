"""What two sides have in common, how far they differ, and when they cannot be compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.comparison import JudgeAccuracy, Series, Side, Unit, compare
from results.comparison.repeats import averaged_sides
from results.errors import InputError
from tests.results.comparison.sides import side, tasks

IDENTITY = {"judge": "llm", "model": "a", "prompt llm_judge": "1", "scorer": "x"}
outcomes = st.sampled_from([0.0, 1.0, None])


def test_a_difference_is_over_what_both_have_and_both_decided() -> None:
    before = side({"a": [1.0, 1.0, None], "b": [1.0, 0.0], "gone": [1.0]}, "before")
    now = side({"a": [1.0, 0.0, 1.0], "b": [None, 1.0], "new": [0.0, 0.0]}, "now")
    comparison = compare(before, now)
    (metric,) = comparison.metrics
    assert (metric.n, metric.clusters, metric.undecided) == (3, 2, 2)
    assert metric.baseline == pytest.approx(2 / 3)
    assert metric.candidate == pytest.approx(2 / 3)
    assert metric.difference == 0
    (harm,), (gain,) = metric.flips.harmful, metric.flips.beneficial
    assert (harm.cluster, harm.key, harm.candidate_reason) == ("a", "1", "now says 0.0")
    assert (gain.cluster, gain.key, gain.baseline) == ("b", "1", 0)
    # Worst: a/2 was met and b/0 is lost; best: a/2 was unmet and b/0 is met.
    assert (metric.worst, metric.best) == pytest.approx((-1 / 5, 1 / 5))
    assert comparison.only_in_baseline == ("gone/0",)
    assert comparison.only_in_candidate == ("new/0", "new/1")
    assert metric.mcnemar_p == 1


@given(st.lists(st.tuples(outcomes, outcomes), min_size=1, max_size=12))
def test_no_way_of_deciding_leads_beyond_worst_and_best(
    pairs: list[tuple[float | None, float | None]],
) -> None:
    before = side({f"t{i}": [old] for i, (old, _) in enumerate(pairs)})
    now = side({f"t{i}": [new] for i, (_, new) in enumerate(pairs)})
    (metric,) = compare(before, now).metrics
    assert metric.worst is not None and metric.best is not None
    for old_guess in (0.0, 1.0):
        for new_guess in (0.0, 1.0):
            changes = [
                (new_guess if new is None else new) - (old_guess if old is None else old)
                for old, new in pairs
            ]
            mean = sum(changes) / len(changes)
            assert metric.worst - 1e-9 <= mean <= metric.best + 1e-9


def test_each_slice_is_compared_on_its_own() -> None:
    slices = {f"task {i:03d}": "length=long" if i < 8 else "length=short" for i in range(16)}
    before = side(tasks(16, [1.0, 1.0]), slices=slices)
    lost = {name: [0.0, 1.0] if i < 8 else [1.0, 1.0] for i, name in enumerate(slices)}
    by_slice = {m.slice: m for m in compare(before, side(lost, slices=slices)).metrics}
    assert list(by_slice) == ["", "length=long", "length=short"]
    assert by_slice[""].difference == -0.25
    assert by_slice["length=long"].difference == -0.5
    assert by_slice["length=short"].difference == 0
    assert not by_slice["length=short"].flips.harmful
    assert by_slice["length=long"].ci is not None and by_slice["length=long"].ci.high < 0


def test_less_may_be_better() -> None:
    units = [Unit(cluster=f"v{i}", key=str(i), value=i / 10) for i in range(8)]
    worse = [unit.model_copy(update={"value": (unit.value or 0) + 0.2}) for unit in units]
    before, now = (
        side({}, series=(Series(name="decay", higher_is_better=False, units=tuple(rows)),))
        for rows in (units, worse)
    )
    (metric,) = compare(before, now).metrics
    assert metric.difference == pytest.approx(0.2)
    assert len(metric.flips.harmful) == 8
    assert not metric.higher_is_better


def test_values_beyond_0_and_1_have_an_interval_that_is_not_held_there() -> None:
    def speeds(by: float) -> Side:
        units = tuple(
            Unit(cluster=f"v{i}", key=str(i), value=20.0 + i - by * (i % 3)) for i in range(9)
        )
        return side({}, series=(Series(name="fps", unit="frames/s", units=units),))

    (metric,) = compare(speeds(0), speeds(5)).metrics
    assert metric.difference == pytest.approx(-5)
    assert metric.ci is not None and metric.ci.low < -5 < metric.ci.high <= 0
    assert (metric.worst, metric.best) == (None, None)


@pytest.mark.parametrize("changed", IDENTITY)
def test_what_was_measured_otherwise_is_refused_by_name_and_can_be_allowed(changed: str) -> None:
    before = side(tasks(3, [1.0]), "before", identity=IDENTITY)
    now = side(tasks(3, [1.0]), "now", identity={**IDENTITY, changed: "other"})
    with pytest.raises(InputError, match=f"the {changed} differs.*--allow"):
        compare(before, now)
    allowed = compare(before, now, allow="checked by hand")
    assert allowed.allowed == "checked by hand"
    assert any(changed in warning for warning in allowed.warnings)


def test_an_allowance_that_nothing_needed_is_not_claimed() -> None:
    same = side(tasks(3, [1.0]), identity=IDENTITY)
    assert compare(same, same, allow="just in case").allowed is None


def test_a_task_that_asks_something_else_is_another_dataset() -> None:
    before = side(tasks(3, [1.0]), identity=IDENTITY, asked={"task 000": "x", "task 001": "y"})
    now = side(tasks(3, [1.0]), identity=IDENTITY, asked={"task 000": "x", "task 001": "z"})
    with pytest.raises(InputError, match="the dataset differs: task 001 asks something else"):
        compare(before, now)
    fewer = side(tasks(3, [1.0]), identity=IDENTITY, asked={"task 000": "x"})
    assert compare(before, fewer).metrics


def test_what_does_not_say_how_it_was_made_is_compared_with_its_like_only() -> None:
    silent, human = side(tasks(3, [1.0])), side(tasks(3, [1.0]), identity={"judge": "human"})
    other = side(tasks(3, [1.0]), identity={"judge": "agent_gray_box"})
    spoken = side(tasks(3, [1.0]), identity=IDENTITY)
    assert compare(silent, human).metrics and compare(human, human).metrics
    with pytest.raises(InputError, match="the judge differs"):
        compare(human, other)
    with pytest.raises(InputError, match="says no more of its judge"):
        compare(human, spoken)
    with pytest.raises(InputError, match="benchmark run"):
        compare(human, side(tasks(3, [1.0]), kind="benchmark", identity=IDENTITY))


def test_sides_with_nothing_in_common_are_refused() -> None:
    with pytest.raises(InputError, match="nothing in common"):
        compare(side({"a": [1.0]}), side({"b": [1.0]}))


def test_when_nothing_is_decided_there_are_no_figures_and_a_warning() -> None:
    (metric,) = compare(side(tasks(4, [None])), side(tasks(4, [1.0]))).metrics
    assert (metric.n, metric.difference, metric.ci, metric.p) == (0, None, None, None)
    assert metric.warnings == ("No unit is decided on both sides.",)


def test_rates_are_corrected_for_a_judge_beside_the_raw_ones() -> None:
    before, now = side(tasks(20, [1.0, 1.0])), side(tasks(20, [1.0, 0.0]))
    accuracy = JudgeAccuracy(sensitivity=0.9, specificity=0.8, positives=50, negatives=50)
    (metric,) = compare(before, now, accuracy=accuracy).metrics
    assert metric.corrected is not None
    assert metric.candidate == 0.5
    assert metric.corrected.candidate.raw == 0.5
    assert metric.corrected.candidate.corrected == pytest.approx(0.3 / 0.7)
    assert metric.corrected.candidate.interval is not None
    assert metric.corrected.baseline.corrected == 1
    assert metric.corrected.difference == pytest.approx(0.3 / 0.7 - 1)


def test_repeats_are_averaged_and_their_spread_is_told_apart() -> None:
    runs = [
        side(
            {f"t{i}": [float((i + number) % 2), 1.0] for i in range(6)},
            f"run {number}",
            identity=IDENTITY,
            outputs={f"t{i}": f"made {number // 2}" for i in range(6)},
        )
        for number in range(4)
    ]
    together = averaged_sides(runs)
    assert {unit.value for unit in together.series[0].units} == {0.5, 1.0}
    assert together.spread is not None
    assert (together.spread.tasks, together.spread.agent_runs, together.spread.n) == (6, 12, 24)
    # Judging the same outputs again turns one of two requirements round each time.
    assert together.spread.judge == pytest.approx(0.125)
    assert together.spread.agent == 0
    with pytest.raises(InputError, match="no repeat"):
        averaged_sides([runs[0], side(tasks(3, [1.0]), identity={**IDENTITY, "model": "b"})])


def test_a_unit_that_some_repeat_decided_is_decided() -> None:
    first, second = side({"a": [None, None]}, failed=True), side({"a": [1.0, None]}, failed=True)
    kept, lost = averaged_sides([first, second]).series[0].units
    assert (kept.value, kept.is_error) == (1.0, False)
    assert (lost.value, lost.is_error) == (None, True)
