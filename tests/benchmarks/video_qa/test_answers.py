"""Which option a reply chooses, by each rule."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.video_qa.answers import PARSERS, read_answer
from benchmarks.video_qa.reply_text import plain_reply
from tests.golden.make_mcq_golden import GOLDEN, made_replies, peer_answers

PEER = Path(__file__).parents[3] / ".venvs" / "lmms-eval" / "bin" / "python"
OPTIONS = ("Apple", "Blue", "Green tea", "None of the above")


@pytest.mark.parametrize(
    ("reply", "official", "lmms_eval"),
    [
        ("Based on the video, the answer is C.", "B", "C"),
        ("I think it is Blue, so D", "B", "D"),
        ("After A and B, the correct answer is (C)", "A", "C"),
        ("The best answer is: B. Apple", "B", "A"),
        ("Between A and C, I choose A because C is wrong", "B", "C"),
        ("a", None, None),
        ("", None, None),
        ("None of these", None, None),
        ("The best answer is A", "A", "A"),
        ("Best answer:Best option: a C", "C", "C"),
        ("one two three four five six seven eight nine ten eleven", None, None),
    ],
)
def test_both_official_rules_read_what_the_originals_do(
    reply: str, official: str | None, lmms_eval: str | None
) -> None:
    assert read_answer(reply, "official") == official
    assert read_answer(reply, "lmms-eval") == lmms_eval


def test_the_lmms_eval_rule_equals_the_peers_kept_answers() -> None:
    answers = json.loads(GOLDEN.read_text())["answers"]
    assert len(answers) == 400
    found = {reply: read_answer(reply, "lmms-eval") or "" for reply in answers}
    assert found == answers


@pytest.mark.slow
def test_the_lmms_eval_rule_equals_the_peer_on_other_replies() -> None:
    if not PEER.exists():
        pytest.skip("lmms-eval is not installed; make .venvs/lmms-eval/.installed installs it")
    replies = made_replies(5000, seed=1)
    ours = [read_answer(reply, "lmms-eval") or "" for reply in replies]
    assert ours == peer_answers(str(PEER), replies)


@pytest.mark.parametrize(
    ("reply", "letter"),
    [
        ("C", "C"),
        ("(b)", "B"),
        ("**C**", "C"),
        ("B.", "B"),
        ("B. Blue", "B"),
        ("C) Green tea", "C"),
        ("Option C", "C"),
        ("B\n\nExplanation: A is wrong.", "B"),
        ("C because it is", "C"),
        ("blue.", "B"),
        ("The answer is Blue.", "B"),
        ("Based on the video, the answer is C.", "C"),
        ("I think it is Blue, so D", "D"),
        ("After A and B, the correct answer is (C)", "C"),
        ("Between A and C, I choose A because C is wrong", "A"),
        ("The answer would be B, since A is wrong", "B"),
        ("The answer is not A but C", "C"),
        ("I'd go with D.", "D"),
        ("Answer: d", "D"),
        ("The answer is A because of it", "A"),
        ("<think>The answer is A</think>\nC", "C"),
        ("The answer is A. But then: final answer: B", "B"),
        (r"So \boxed{D}", "D"),
        ("The man waves. (D)", "D"),
        ("정답은 C입니다", "C"),
        ("正确答案是B", "B"),
        ("答案：D", "D"),
    ],
)
def test_strict_reads_the_one_answer_that_a_reply_gives(reply: str, letter: str) -> None:
    assert read_answer(reply, options=OPTIONS) == letter


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "None of these",
        "A man is walking",
        "The answer is A man walking",
        "Both A and C",
        "A, B and C are all wrong",
        "The answer is A or B",
        "The answer is A. Wait, the answer is B.",
        "The answer is B. Apple",
        "It could be B. It could be C.",
        "Vitamin C is good",
        "E",
        "The answer is E",
    ],
)
def test_strict_leaves_unparsed_what_gives_no_answer_or_several(reply: str) -> None:
    assert read_answer(reply, options=OPTIONS) is None


def careful_readings() -> list[tuple[str, tuple[str, ...], str | None]]:
    """(reply, options, the answer that a careful person reads in it), by hand."""
    document = json.loads((GOLDEN.parent / "strict_replies.json").read_text(encoding="utf-8"))
    return [
        (reply, tuple(group["options"]), answer)
        for group in document
        for reply, answer in group["replies"]
    ]


@pytest.mark.parametrize(("reply", "options", "answer"), careful_readings())
def test_strict_reads_what_a_careful_person_does(
    reply: str, options: tuple[str, ...], answer: str | None
) -> None:
    assert read_answer(reply, options=options, n_options=len(options)) == answer


def test_thoughts_echoes_and_what_follows_the_turn_are_no_part_of_a_reply() -> None:
    assert plain_reply("so A</think>\n**B**<|im_end|>\nUser: next?") == "B"
    assert plain_reply("<think>cut off, so A") == ""
    listed = "Options:\n(A) Apple\n(B) Blue\n(C) Green tea\n(D) None of the above\nAnswer: B"
    assert plain_reply(listed, "ABCD", OPTIONS) == "Answer: B"


@pytest.mark.parametrize("piece", ["the answer is ", "A) ", "(", "\\boxed{", "A is ", "not ", "\n"])
def test_a_very_long_reply_is_read_at_once(piece: str) -> None:
    began = time.perf_counter()
    read_answer(piece * (200_000 // len(piece)), options=OPTIONS)
    assert time.perf_counter() - began < 30


def test_letters_go_as_far_as_the_options() -> None:
    for parser in PARSERS:
        assert read_answer("E", parser, n_options=5) == "E"
        assert read_answer("E", parser, n_options=4) is None
    with pytest.raises(ValueError, match="2 to 26"):
        read_answer("A", n_options=1)


@given(st.text(alphabet="ABCDE aiswer(:).,\\boxed{}<think/>\n'\"", max_size=200))
def test_every_rule_gives_a_letter_or_nothing(reply: str) -> None:
    for parser in PARSERS:
        assert read_answer(reply, parser, options=OPTIONS) in {"A", "B", "C", "D", None}
