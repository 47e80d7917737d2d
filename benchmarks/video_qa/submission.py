"""Replies in the form in which each set's questions are released, with `response` added.

Video-MME's is the form that its own script scores; `judge bench score` reads all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from benchmarks.video_qa.questions import Question

Pairs = Iterable[tuple[Question, str]]


def submission_of(set_id: str, pairs: Pairs) -> list[dict[str, Any]]:
    """The rows of a set's file of predictions, for questions and what was said to them."""
    if set_id == "video-mme":
        return _video_mme(pairs)
    return [{**_ROWS[set_id](question), "response": reply} for question, reply in pairs]


def _video_mme(pairs: Pairs) -> list[dict[str, Any]]:
    """A list of videos, each with its questions."""
    videos: dict[str, dict[str, Any]] = {}
    for question, reply in pairs:
        video = videos.setdefault(
            question.video,
            {
                "video_id": question.video,
                **_slices(question, "duration", "domain", "sub_category"),
                "questions": [],
            },
        )
        video["questions"].append(
            {
                "question_id": question.id,
                **_slices(question, "task_type"),
                "question": question.text,
                "options": [
                    f"{letter}. {option}"
                    for letter, option in zip(question.letters, question.options, strict=True)
                ],
                "answer": question.answer,
                "response": reply,
            }
        )
    return list(videos.values())


def _by_text(question: Question) -> dict[str, Any]:
    """MLVU and MVBench, which give the right option's text."""
    return {
        "question_id": question.id,
        "video": question.video,
        "question": question.text,
        "candidates": list(question.options),
        "answer": None if question.answer is None else _right(question),
        **_slices(question, "task_type"),
    }


def _egoschema(question: Question) -> dict[str, Any]:
    return {
        "q_uid": question.id,
        "video_idx": question.video,
        "question": question.text,
        **{f"option {number}": option for number, option in enumerate(question.options)},
        "answer": _index(question),
    }


def _longvideobench(question: Question) -> dict[str, Any]:
    return {
        "id": question.id,
        "video_id": question.video,
        "question": question.text,
        "candidates": list(question.options),
        "correct_choice": _index(question),
        "duration_group": question.slices.get("duration", ""),
        "question_category": question.slices.get("task_type", ""),
    }


_ROWS: Mapping[str, Callable[[Question], dict[str, Any]]] = {
    "mlvu": _by_text,
    "mvbench": _by_text,
    "egoschema": _egoschema,
    "longvideobench": _longvideobench,
}


def _slices(question: Question, *names: str) -> dict[str, str]:
    return {name: question.slices[name] for name in names if question.slices.get(name)}


def _index(question: Question) -> int | None:
    return None if question.answer is None else question.letters.index(question.answer)


def _right(question: Question) -> str:
    assert question.answer is not None
    return question.options[question.letters.index(question.answer)]
