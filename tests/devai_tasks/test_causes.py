"""A requirement that is not met is traced back to what failed first."""

from __future__ import annotations

from devai_tasks.causes import root_causes
from devai_tasks.rates import FlaggedRequirement
from results.records import Outcome

S, U, A = Outcome.SATISFIED, Outcome.UNSATISFIED, Outcome.ABSTAINED


def of(number: int, outcome: Outcome, *prerequisites: int) -> FlaggedRequirement:
    return FlaggedRequirement(number, f"requirement {number}", prerequisites, outcome)


def test_a_chain_leads_back_to_its_first_failure() -> None:
    chain = [of(0, S), of(1, U, 0), of(2, U, 1), of(3, S, 2)]
    assert root_causes(chain) == {2: 1, 3: 1}


def test_undecided_ones_are_no_cause_but_pass_one_on() -> None:
    assert root_causes([of(0, A), of(1, U, 0)]) == {}
    assert root_causes([of(0, U), of(1, A, 0), of(2, S, 1)]) == {1: 0, 2: 0}


def test_of_several_the_first_is_named_and_unknown_ones_are_passed_over() -> None:
    assert root_causes([of(0, U), of(1, U), of(2, U, 1, 0, 9)]) == {2: 0}
    assert root_causes([of(0, U, 0), of(1, S, 0)]) == {1: 0}
