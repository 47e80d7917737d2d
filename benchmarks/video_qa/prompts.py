"""What a model is asked for a question of each set: the benchmarks' own prompts.

The wordings are those of the benchmarks' repositories, or of lmms-eval's task files (0.7.3) where a
benchmark leaves it to them: Video-MME's README ("The common prompt used in our evaluation"), MLVU's
and MVBench's evaluation scripts, lmms-eval's `egoschema` and `longvideobench`. Options are written
as letters; the blind baseline is asked in the same words, so that only the frames differ.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.video_qa.questions import Question

MAX_SUBTITLES = 200_000


def prompt_of(question: Question, set_id: str, *, subtitles: str | None = None) -> str:
    """The text of a question with its options.

    Args:
        question: what is asked.
        set_id: the id of its set, such as `video-mme`.
        subtitles: those of the frames that are shown; None where the setting has none.
    """
    return _PROMPTS[set_id](question, None if subtitles is None else subtitles[-MAX_SUBTITLES:])


def _video_mme(question: Question, subtitles: str | None) -> str:
    letters = question.letters
    listed = f"{', '.join(letters[:-1])}, or {letters[-1]}"
    by = "the video" if subtitles is None else "the video and the subtitles"
    before = ""
    if subtitles is not None:
        before = f"This video's subtitles are listed below:\n{subtitles or 'No subtitles'}\n"
    return (
        f"{before}Select the best answer to the following multiple-choice question based on {by}."
        f" Respond with only the letter ({listed}) of the correct option.\n"
        f"{question.text}\n{_options(question, '{}. {}')}\nThe best answer is:"
    )


def _mlvu(question: Question, subtitles: str | None) -> str:
    return (
        f"{_before(subtitles)}Question: {question.text}\nOptions:\n"
        f"{_options(question, '({}) {}')}\nOnly give the best option.\nBest option: ("
    )


def _egoschema(question: Question, subtitles: str | None) -> str:
    return (
        f"{_before(subtitles)}{question.text}\n{_options(question, '{}. {}')}\n"
        "Answer with the option's letter from the given choices directly."
    )


def _mvbench(question: Question, subtitles: str | None) -> str:
    return (
        f"{_before(subtitles)}Question:{question.text}\nOption:\n"
        f"{_options(question, '({}) {}')}\nOnly give the best option.\n"
    )


def _longvideobench(question: Question, subtitles: str | None) -> str:
    return (
        f"{_before(subtitles)}{question.text}\n{_options(question, '{}. {}')}\n"
        "Answer with the option's letter from the given choices directly.\n"
    )


def _options(question: Question, form: str) -> str:
    return "\n".join(
        form.format(letter, option)
        for letter, option in zip(question.letters, question.options, strict=True)
    )


def _before(subtitles: str | None) -> str:
    return "" if subtitles is None else f"Subtitles:\n{subtitles or 'No subtitles'}\n"


_PROMPTS: dict[str, Callable[[Question, str | None], str]] = {
    "video-mme": _video_mme,
    "mlvu": _mlvu,
    "egoschema": _egoschema,
    "mvbench": _mvbench,
    "longvideobench": _longvideobench,
}
