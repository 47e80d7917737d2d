"""What a model is asked for a question of each set: the benchmarks' own prompts.

The wordings are those of each benchmark's repository: Video-MME's README ("The common prompt used
in our evaluation"), MLVU's `choice_bench.py` and `test_bench.py`, MVBench's `mvbench.ipynb` in
Ask-Anything, LongVideoBench's `longvideobench_dataset.py`. EgoSchema leaves it to others; asked is
what lmms-eval 0.7.3 asks. What MLVU and MVBench set before and after the question, as system text
and as the beginning of the reply ("Best option: ("), is here part of the one prompt, since not
every model takes those apart.

Subtitles come first, those of the shown frames alone; only Video-MME has words for them, and where
a video has none those of lmms-eval. A question without frames is asked in the same words, so that
nothing but the frames differs.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.video_qa.questions import Question

MAX_SUBTITLES = 200_000
_NONE = "No subtitles available"


def prompt_of(question: Question, set_id: str, *, subtitles: str | None = None) -> str:
    """The text of a question with its options.

    Args:
        question: what is asked.
        set_id: the id of its set, such as `video-mme`.
        subtitles: those of the frames that are shown, of which the last MAX_SUBTITLES characters
            are given; None where the setting has none.
    """
    shown = None if subtitles is None else subtitles[-MAX_SUBTITLES:] or _NONE
    return _PROMPTS[set_id](question, shown)


def _video_mme(question: Question, subtitles: str | None) -> str:
    letters = question.letters
    before, by = "", "the video"
    if subtitles is not None:
        before = f"This video's subtitles are listed below:\n{subtitles}\n"
        by = "the video and the subtitles"
    # Two options are "A or B", as only other sets in this form have them.
    listed = f"{', '.join(letters[:-1])}{',' if len(letters) > 2 else ''} or {letters[-1]}"
    return (
        f"{before}Select the best answer to the following multiple-choice question based on {by}."
        f" Respond with only the letter ({listed}) of the correct option.\n"
        f"{question.text}\n{_options(question, '{}. {}')}\nThe best answer is:"
    )


def _mlvu(question: Question, subtitles: str | None) -> str:
    return (
        "Carefully watch this video and pay attention to every detail. Based on your observations,"
        " select the best option that accurately addresses the question.\n"
        f"{_before(subtitles)}Question: {question.text}\nOptions:\n"
        f"{_options(question, '({}) {}')}\nOnly give the best option.\nBest option: ("
    )


def _mvbench(question: Question, subtitles: str | None) -> str:
    return (
        "Carefully watch the video and pay attention to the cause and sequence of events, the"
        " detail and movement of objects, and the action and pose of persons. Based on your"
        " observations, select the best option that accurately addresses the question.\n"
        f"{_before(subtitles)}Question: {question.text}\nOptions:\n"
        f"{_options(question, '({}) {}')}\nOnly give the best option.\nBest option:("
    )


def _egoschema(question: Question, subtitles: str | None) -> str:
    return (
        f"{_before(subtitles)}{question.text}\n{_options(question, '{}. {}')}\n"
        "Answer with the option's letter from the given choices directly."
    )


def _longvideobench(question: Question, subtitles: str | None) -> str:
    return (
        f"{_before(subtitles)}Question: {question.text}\n{_options(question, '{}. {}')}\n"
        "Answer with the option's letter from the given choices directly."
    )


def _options(question: Question, form: str) -> str:
    return "\n".join(
        form.format(letter, option)
        for letter, option in zip(question.letters, question.options, strict=True)
    )


def _before(subtitles: str | None) -> str:
    return "" if subtitles is None else f"{subtitles}\n"


_PROMPTS: dict[str, Callable[[Question, str | None], str]] = {
    "video-mme": _video_mme,
    "mlvu": _mlvu,
    "egoschema": _egoschema,
    "mvbench": _mvbench,
    "longvideobench": _longvideobench,
}
