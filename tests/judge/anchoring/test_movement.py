"""How far a judge moved on labelled requirements."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from judge.anchoring import movement
from results.records import Outcome

LABELS = {("task", number): number % 2 == 0 for number in range(20)}
RIGHT = {key: Outcome.SATISFIED if label else Outcome.UNSATISFIED for key, label in LABELS.items()}


def with_wrong(*numbers: int) -> dict[tuple[str, int], Outcome]:
    """The right outcomes but for these, which are the other way round."""
    turned = {Outcome.SATISFIED: Outcome.UNSATISFIED, Outcome.UNSATISFIED: Outcome.SATISFIED}
    return RIGHT | {("task", number): turned[RIGHT["task", number]] for number in numbers}


def test_a_judge_that_says_the_same_has_not_moved() -> None:
    found = movement(LABELS, RIGHT, RIGHT)
    assert (found.drop, found.flips, found.moved) == (0, (), None)
    assert (found.before.agree, found.after.agree, found.after.n) == (20, 20, 20)


def test_one_flip_is_noise_and_two_are_more_than_the_agreement_may_fall() -> None:
    one = movement(LABELS, RIGHT, with_wrong(3))
    assert one.moved is None and [flip.requirement_id for flip in one.flips] == [3]
    two = movement(LABELS, RIGHT, with_wrong(3, 4))
    assert two.moved is not None and "fell by 10.0 points" in two.moved
    assert movement(LABELS, RIGHT, with_wrong(3, 4), most_drop=0.1).moved is None


def test_an_agreement_that_rose_beyond_noise_is_movement_too() -> None:
    found = movement(LABELS, with_wrong(*range(6)), RIGHT)
    # Six of six discordant pairs on one side: p = 2 / 2**6.
    assert found.p_agreement == 0.03125
    assert found.drop < 0 and found.moved is not None and "6 won" in found.moved


def test_verdicts_that_all_go_one_way_are_seen_where_agreement_stays() -> None:
    labels = {("task", number): number < 8 for number in range(16)}
    before = dict.fromkeys(labels, Outcome.SATISFIED)
    found = movement(labels, before, dict.fromkeys(labels, Outcome.UNSATISFIED))
    assert found.drop == 0 and found.p_agreement == 1
    assert found.p_verdicts == 2 / 2**16
    assert found.moved is not None and "16 verdicts left satisfied" in found.moved


def test_what_is_left_undecided_agrees_with_no_label() -> None:
    found = movement(
        LABELS, RIGHT, {**RIGHT, ("task", 0): Outcome.ABSTAINED, ("task", 1): Outcome.ERROR}
    )
    assert (found.after.agree, found.after.undecided) == (18, 2)
    missing = movement(LABELS, RIGHT, {})
    assert missing.after.agree == 0 and missing.after.undecided == 20


OUTCOMES = st.fixed_dictionaries({key: st.sampled_from(Outcome) for key in LABELS})


@given(OUTCOMES, OUTCOMES)
def test_two_judgments_turned_about_have_the_same_flips_and_the_opposite_drop(
    first: dict[tuple[str, int], Outcome], second: dict[tuple[str, int], Outcome]
) -> None:
    there, back = movement(LABELS, first, second), movement(LABELS, second, first)
    assert there.drop == -back.drop
    assert (there.p_agreement, there.p_verdicts) == (back.p_agreement, back.p_verdicts)
    assert [f.requirement_id for f in there.flips] == [f.requirement_id for f in back.flips]
    assert len(there.flips) == sum(first[key] is not second[key] for key in LABELS)
