"""Batches: every request once, of about one length, and with its likes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runners.models.language.scheduling import (
    SHORTEST_PREFIX,
    Limits,
    cut,
    generation_batches,
    goes_on_from,
    scoring_batches,
    shared_beginning,
)

TOKENS = st.lists(st.integers(0, 3), min_size=1, max_size=8).map(tuple)
PROMPTS = st.lists(TOKENS, min_size=1, max_size=30)


@given(PROMPTS, st.integers(1, 5), st.integers(1, 60))
def test_every_prompt_is_in_one_batch_within_the_limits(
    prompts: list[tuple[int, ...]], rows: int, places: int
) -> None:
    limits = Limits(rows, places)
    totals = [len(prompt) + 2 for prompt in prompts]
    for batches in (
        generation_batches(prompts, totals, limits),
        scoring_batches(prompts, totals, limits),
    ):
        assert sorted(number for batch in batches for number in batch) == list(range(len(prompts)))
        for batch in batches:
            longest = max(totals[number] for number in batch)
            assert len(batch) == 1 or (len(batch) <= rows and len(batch) * longest <= places)


def test_prompts_of_one_length_share_a_batch() -> None:
    prompts = [(0,) * length for length in (9, 2, 8, 1, 7, 3)]
    batches = generation_batches(prompts, list(map(len, prompts)), Limits(3))
    assert batches == [[0, 2, 4], [5, 1, 3]]


def test_prompts_that_begin_alike_stay_together_where_they_fill_a_batch() -> None:
    beginning = tuple(range(SHORTEST_PREFIX))
    alike = [(*beginning, number) for number in range(3)]
    others = [(90 + number,) * (SHORTEST_PREFIX + 1) for number in range(3)]
    prompts = [each for pair in zip(alike, others, strict=True) for each in pair]
    totals = list(map(len, prompts))
    assert generation_batches(prompts, totals, Limits(3)) == [[1, 3, 5], [0, 2, 4]]
    assert generation_batches(prompts, totals, Limits(4)) == [[0, 1, 2, 3], [4, 5]]


def test_equal_contexts_stand_side_by_side() -> None:
    contexts = [(1, 2), (3, 4), (1, 2), (3, 4), (5, 6, 7)]
    batches = scoring_batches(contexts, [4, 4, 5, 4, 9], Limits(2))
    assert batches == [[4, 2], [0, 1], [3]]


def test_a_long_item_begins_a_batch_of_its_own() -> None:
    assert cut([2, 2, 9, 2, 2], list("abcde"), Limits(8, 10)) == [["a", "b"], ["c"], ["d", "e"]]


@given(PROMPTS)
def test_a_shared_beginning_is_the_longest_that_leaves_a_token_of_each(
    prompts: list[tuple[int, ...]],
) -> None:
    shared = shared_beginning(prompts)
    assert all(goes_on_from(prompt, shared) for prompt in prompts)
    longer = {prompt[: len(shared) + 1] for prompt in prompts}
    assert len(longer) > 1 or min(map(len, prompts)) == len(shared) + 1
