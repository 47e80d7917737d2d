"""ROUGE equals the rouge-score package's F1 without stemming."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.api_calling.rouge import rouge_1, rouge_l

WORDS = st.lists(st.sampled_from(["a", "b", "C", "d1", "é", "it's", "-", ""]), max_size=12)


@pytest.fixture(scope="module")
def original() -> object:
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(["rouge1", "rougeL"], use_stemmer=False)


def test_values_equal_the_packages(original: object) -> None:
    @given(WORDS, WORDS)
    def equal(reference: list[str], reply: list[str]) -> None:
        texts = " ".join(reference), " ".join(reply)
        found = original.score(*texts)  # type: ignore[attr-defined]
        assert rouge_1(*texts) == pytest.approx(found["rouge1"].fmeasure, abs=1e-12)
        assert rouge_l(*texts) == pytest.approx(found["rougeL"].fmeasure, abs=1e-12)

    equal()


def test_a_text_equals_itself_and_shares_nothing_with_an_empty_one() -> None:
    assert rouge_1("Alarm set.", "alarm SET") == rouge_l("Alarm set.", "alarm SET") == 1
    assert rouge_1("Alarm set.", "") == rouge_l("", "Alarm set.") == rouge_1("", "") == 0
