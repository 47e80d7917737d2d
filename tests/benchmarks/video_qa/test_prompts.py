"""What models are asked: the benchmarks' own words."""

from __future__ import annotations

import pytest

from benchmarks.video_qa.prompts import MAX_SUBTITLES, prompt_of
from benchmarks.video_qa.questions import Question
from benchmarks.video_qa.sets import SETS

QUESTION = Question("q", "v", "What falls?", ("An apple", "A pear", "A leaf", "Rain"), "A")


def test_video_mme_asks_as_its_authors_do() -> None:
    assert prompt_of(QUESTION, "video-mme") == (
        "Select the best answer to the following multiple-choice question based on the video."
        " Respond with only the letter (A, B, C, or D) of the correct option.\n"
        "What falls?\nA. An apple\nB. A pear\nC. A leaf\nD. Rain\nThe best answer is:"
    )


def test_with_subtitles_they_come_first_and_are_named() -> None:
    prompt = prompt_of(QUESTION, "video-mme", subtitles="It fell.")
    assert prompt.startswith("This video's subtitles are listed below:\nIt fell.\nSelect the best")
    assert "based on the video and the subtitles. Respond" in prompt
    assert prompt.endswith("The best answer is:")
    assert "below:\nNo subtitles available\nSelect" in prompt_of(
        QUESTION, "video-mme", subtitles=""
    )


@pytest.mark.parametrize("name", SETS)
def test_every_set_asks_with_all_options_and_ends_in_its_own_words(name: str) -> None:
    prompt = prompt_of(QUESTION, name)
    assert all(option in prompt for option in (QUESTION.text, *QUESTION.options))
    ends = {
        "video-mme": "The best answer is:",
        "mlvu": "Only give the best option.\nBest option: (",
        "egoschema": "Answer with the option's letter from the given choices directly.",
        "mvbench": "Only give the best option.\nBest option:(",
        "longvideobench": "Answer with the option's letter from the given choices directly.",
    }
    assert prompt.endswith(ends[name])
    first = "(A) An apple" if name in ("mlvu", "mvbench") else "A. An apple"
    assert first in prompt


def test_options_are_as_many_as_a_question_has() -> None:
    two = Question("q", "v", "Yes?", ("Yes", "No"), "A")
    assert "the letter (A or B) of" in prompt_of(two, "video-mme")


def test_mlvu_and_mvbench_begin_with_their_system_text_and_then_the_subtitles() -> None:
    assert prompt_of(QUESTION, "mlvu", subtitles="It fell.") == (
        "Carefully watch this video and pay attention to every detail. Based on your observations,"
        " select the best option that accurately addresses the question.\nIt fell.\n"
        "Question: What falls?\nOptions:\n(A) An apple\n(B) A pear\n(C) A leaf\n(D) Rain\n"
        "Only give the best option.\nBest option: ("
    )
    assert prompt_of(QUESTION, "mvbench").startswith(
        "Carefully watch the video and pay attention to the cause and sequence of events, the"
        " detail and movement of objects, and the action and pose of persons. Based on your"
        " observations, select the best option that accurately addresses the question.\nQuestion: "
    )


def test_very_long_subtitles_keep_their_end() -> None:
    prompt = prompt_of(QUESTION, "egoschema", subtitles="x" * MAX_SUBTITLES + "end")
    assert len(prompt) < MAX_SUBTITLES + 500 and "xend\nWhat falls?" in prompt
