"""The four readings of what share is met, with undecided requirements kept apart."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devai_tasks import (
    FlaggedRequirement,
    Task,
    bundled_example,
    dependent_rate,
    flagged,
    independent_rate,
    rates,
    solve_rate,
    transitive_rate,
)
from results.errors import InputError
from results.records import Outcome, Rate, Verdict

YES, NO, ABSTAINED = Outcome.SATISFIED, Outcome.UNSATISFIED, Outcome.ABSTAINED


def requirement(number: int, outcome: Outcome, *prerequisites: int) -> FlaggedRequirement:
    return FlaggedRequirement(number, f"thing {number}", prerequisites, outcome)


def test_the_direct_reading_forgives_what_lies_two_steps_back() -> None:
    tasks = {"t": (requirement(0, NO), requirement(1, YES, 0), requirement(2, YES, 1))}
    assert independent_rate(tasks).value == pytest.approx(2 / 3)
    assert dependent_rate(tasks).value == pytest.approx(1 / 3)
    assert transitive_rate(tasks).value == 0
    assert rates(tasks, "transitive").dependent == transitive_rate(tasks)
    assert solve_rate(tasks) == Rate(value=0, worst=0, best=0, n=1)


def test_an_undecided_prerequisite_leaves_the_dependent_undecided_but_a_failed_one_decides() -> (
    None
):
    tasks = {
        "t": (
            requirement(0, ABSTAINED),
            requirement(1, NO),
            requirement(2, YES, 0),
            requirement(3, YES, 0, 1),
            requirement(4, YES),
        )
    }
    assert dependent_rate(tasks) == Rate(value=1 / 3, worst=1 / 5, best=3 / 5, n=3)
    assert solve_rate(tasks).n == 1
    open_task = {"t": (requirement(0, Outcome.ERROR), requirement(1, YES))}
    assert solve_rate(open_task) == Rate(value=None, worst=0, best=1, n=0)


def test_the_tasks_order_of_requirements_does_not_matter_and_self_loops_are_ignored() -> None:
    tasks = {"t": (requirement(2, YES, 1, 2), requirement(1, YES, 0), requirement(0, YES))}
    assert transitive_rate(tasks).value == dependent_rate(tasks).value == 1
    assert solve_rate(tasks).value == 1


def test_prerequisites_that_are_not_counted_still_weigh() -> None:
    tasks = {"t": (requirement(0, NO), requirement(1, YES, 0)), "u": (requirement(0, YES),)}
    found = rates(tasks, counted={"t": {1}})
    assert (found.independent.value, found.dependent.value, found.independent.n) == (1, 0, 1)
    assert found.solve.n == 1


def test_nothing_to_count_has_no_rate() -> None:
    assert independent_rate({}) == Rate(value=None, worst=None, best=None, n=0)


def test_broken_graphs_are_refused_and_never_hang() -> None:
    with pytest.raises(InputError, match="0 → 1 → 0"):
        rates({"t": (requirement(0, YES, 1), requirement(1, YES, 0))})
    with pytest.raises(InputError, match=r"\[5\]"):
        rates({"t": (requirement(0, YES, 5),)})


@given(st.lists(st.tuples(st.sampled_from(list(Outcome)), st.sets(st.integers(0, 9))), min_size=1))
def test_each_stricter_reading_is_at_most_the_looser_one(
    drawn: list[tuple[Outcome, set[int]]],
) -> None:
    requirements = tuple(
        requirement(number, outcome, *(p for p in prerequisites if p < number))
        for number, (outcome, prerequisites) in enumerate(drawn)
    )
    found = rates({"t": requirements})
    readings = (found.independent, found.dependent, found.transitive)
    for rate in readings:
        assert rate.worst is not None and rate.best is not None
        assert 0 <= rate.worst <= rate.best <= 1
        assert rate.value is None or rate.worst <= rate.value <= rate.best
    for looser, stricter in pairwise(readings):
        assert looser.worst is not None and stricter.worst is not None
        assert looser.best is not None and stricter.best is not None
        assert stricter.worst <= looser.worst and stricter.best <= looser.best


def test_what_has_no_verdict_is_abstained_and_preferences_do_not_count() -> None:
    task = Task.model_validate(
        {
            "name": "t",
            "query": "q",
            "requirements": [
                {"requirement_id": i, "prerequisites": [], "criteria": "c"} for i in range(2)
            ],
        }
    )
    given = Verdict(task="t", requirement_id=0, outcome=YES, confidence=1, reason="r")
    aside = given.model_copy(update={"requirement_id": 1, "is_preference": True})
    assert [r.outcome for r in flagged(task, [given, aside])] == [YES, ABSTAINED]


def test_the_bundled_example_lies_within_the_package() -> None:
    example = bundled_example()
    assert example.tasks.parent.name == "bundled"
    assert example.tasks.parent.parent.joinpath("models.py").is_file()
