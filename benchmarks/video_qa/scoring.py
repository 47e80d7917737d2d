"""Replies scored: which are right, which cannot be read, and the accuracies by slice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.video_qa.answers import read_answer
from benchmarks.video_qa.files import read_rows
from benchmarks.video_qa.questions import Question, Row, by_id
from benchmarks.video_qa.sets import QaSet
from results.errors import InputError
from results.records import Interval
from results.statistics import clustered_ratio_interval

SCORER_VERSION = "2"
"""Counts up when a rule reads some reply otherwise than it did."""


@dataclass(frozen=True)
class Answered:
    """A question, what the model said, and the letter that was read in it; None for unparsed."""

    question: Question
    reply: str
    letter: str | None

    @property
    def is_correct(self) -> bool:
        return self.letter is not None and self.letter == self.question.answer


@dataclass(frozen=True)
class Figures:
    """Counts and accuracies, shares in 0..1, of some answered questions."""

    n: int
    answered: int
    correct: int
    interval: Interval | None
    """Of the accuracy over all, with videos as the unit; None with fewer than two videos."""

    @property
    def accuracy(self) -> float | None:
        """Correct over all; what cannot be read counts as wrong. None without questions."""
        return self.correct / self.n if self.n else None

    @property
    def accuracy_answered(self) -> float | None:
        """Correct over those whose reply could be read."""
        return self.correct / self.answered if self.answered else None


@dataclass(frozen=True)
class QaScores:
    """All replies scored by one parser."""

    of: QaSet
    parser: str
    answered: tuple[Answered, ...]
    without_reply: tuple[str, ...] = ()
    """The ids of questions to which there is no reply at all; they are part of no figure."""

    @property
    def overall(self) -> Figures:
        return figures(self.answered)

    @property
    def by(self) -> dict[str, dict[str, Figures]]:
        """{slice: {its value: figures}}, values in their order of appearance."""
        return {name: self._by(name) for name in self.of.slices}

    @property
    def mean_of_slices(self) -> float | None:
        """The set's headline mean of accuracies, such as MLVU's M-Avg; None where it has none."""
        if not self.of.means_of:
            return None
        found = [each.accuracy for each in self._by(self.of.means_of).values()]
        shares = [share for share in found if share is not None]
        return sum(shares) / len(shares) if shares else None

    @property
    def unparsed(self) -> tuple[str, ...]:
        """The ids of questions whose reply could not be read."""
        return tuple(each.question.id for each in self.answered if each.letter is None)

    def _by(self, name: str) -> dict[str, Figures]:
        groups: dict[str, list[Answered]] = {}
        for each in self.answered:
            value = each.question.slices.get(name, "")
            if value:
                groups.setdefault(value, []).append(each)
        return {value: figures(group) for value, group in groups.items()}


def figures(answered: Iterable[Answered]) -> Figures:
    """Counts, accuracies and the interval clustered by video."""
    group = list(answered)
    videos: dict[str, list[int]] = {}
    for each in group:
        of_video = videos.setdefault(each.question.video, [0, 0])
        of_video[0] += each.is_correct
        of_video[1] += 1
    return Figures(
        n=len(group),
        answered=sum(each.letter is not None for each in group),
        correct=sum(each.is_correct for each in group),
        interval=clustered_ratio_interval(
            [right for right, _ in videos.values()], [n for _, n in videos.values()]
        ),
    )


def score_answers(
    pairs: Iterable[tuple[Question, str]], of: QaSet, parser: str = "strict"
) -> QaScores:
    """Scores what a model said to questions that have an answer."""
    return QaScores(
        of,
        parser,
        tuple(
            Answered(
                question,
                reply,
                read_answer(
                    reply,
                    parser,
                    options=question.options,
                    n_options=len(question.options),
                ),
            )
            for question, reply in pairs
        ),
    )


def score_file(
    of: QaSet, predictions: Path, parser: str = "strict", data: Path | None = None
) -> QaScores:
    """Scores a file of predictions, which hold the released rows with replies, or ids and replies.

    Args:
        of: the set.
        predictions: JSON, JSON lines, or a folder of such files.
        parser: one of PARSERS.
        data: the released file or folder; needed where the predictions lack questions or answers.

    Raises:
        InputError: a file is missing or malformed, a reply is to no question, or a question has no
            answer to compare with.
    """
    if data is None:
        found = list(of.read_from(predictions))
        questions = by_id((question for question, _ in found), predictions)
        replies = {question.id: reply for question, reply in found if reply is not None}
    else:
        questions = by_id((question for question, _ in of.read_from(data)), data)
        replies = _replies(of, predictions, questions)
    if not replies:
        raise InputError(
            f"{predictions} holds no reply; each question needs a `response` with what the model"
            " said."
        )
    for id_ in replies:
        if questions[id_].answer is None:
            raise InputError(
                f"The question {id_[:80]!r} has no answer to compare with; name the released"
                " answers with --data."
            )
    scored = score_answers(
        ((questions[id_], replies[id_]) for id_ in questions if id_ in replies), of, parser
    )
    return QaScores(
        of, parser, scored.answered, tuple(id_ for id_ in questions if id_ not in replies)
    )


def _replies(of: QaSet, path: Path, questions: Mapping[str, Question]) -> dict[str, str]:
    replies: dict[str, str] = {}
    for row in read_rows(path):
        nested = row.content.get("questions")
        inner = [row]
        if isinstance(nested, list):
            inner = [Row(each, row.place, row.stem) for each in nested if isinstance(each, dict)]
        for each in inner:
            id_, reply = each.maybe("question_id", "q_uid", "id"), each.reply()
            if id_ is None:
                raise InputError(f"{row.place} has no id of the question that it is a reply to.")
            if id_ not in questions:
                raise InputError(f"{row.place}: the data have no question {id_[:80]!r}.")
            if id_ in replies:
                raise InputError(f"{row.place}: {id_[:80]!r} has a reply already; keep one.")
            number = each.content.get("response")
            if of.replies_are_numbers and isinstance(number, int) and not isinstance(number, bool):
                letters = questions[id_].letters
                reply = letters[number] if 0 <= number < len(letters) else ""
            if reply is not None:
                replies[id_] = reply
    return replies
