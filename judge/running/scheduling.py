"""Hands out questions to several workers so that prerequisites are settled first."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Iterable, Mapping, Sequence

from judge.judges.interface import Question
from results.records import Outcome, Verdict

Key = tuple[str, bool, int]


def key_of(question: Question) -> Key:
    """What a question is on; equal to that of its verdict."""
    return (question.task, question.is_preference, question.number)


def key_of_verdict(verdict: Verdict) -> Key:
    return (verdict.task, verdict.is_preference, verdict.requirement_id)


class Desk:
    """Each question goes out once, the earliest listed first, after its prerequisites are settled.

    With a question go the final verdicts on its own prerequisites and no others, so what a judge is
    told does not depend on the order in which workers finish. Prerequisites that are not among the
    questions nor settled before do not hold a question back.
    """

    def __init__(
        self, questions: Sequence[Question], settled: Mapping[Key, Verdict] | None = None
    ) -> None:
        self._questions = tuple(questions)
        self._settled = dict(settled or {})
        self._changed = threading.Condition()
        self._is_stopped = False
        self._failure: BaseException | None = None
        self._left = len(self._questions)
        asked = {key_of(question) for question in self._questions}
        self._ready: list[int] = []
        self._waits_for: dict[int, set[Key]] = {}
        self._needed_by: dict[Key, list[int]] = {}
        for index, question in enumerate(self._questions):
            self._waits_for[index] = set(_prerequisites(question)) & asked
            for key in self._waits_for[index]:
                self._needed_by.setdefault(key, []).append(index)
            if not self._waits_for[index]:
                heapq.heappush(self._ready, index)

    def take(self) -> tuple[Question, dict[int, Verdict]] | None:
        """The next question with the verdicts on its prerequisites; None when there is no more.

        Waits while the questions that are left hang on others that are out.
        """
        with self._changed:
            while not self._ready and self._left and not self._is_stopped:
                self._changed.wait()
            if self._is_stopped or not self._ready:
                return None
            question = self._questions[heapq.heappop(self._ready)]
            earlier = {
                key[2]: self._settled[key]
                for key in _prerequisites(question)
                if key in self._settled and self._settled[key].outcome is not Outcome.ERROR
            }
            return question, earlier

    def settle(self, verdict: Verdict) -> None:
        """Records the verdict on a question that was taken, and frees those that waited for it."""
        key = key_of_verdict(verdict)
        with self._changed:
            self._settled[key] = verdict
            self._left -= 1
            for index in self._needed_by.get(key, ()):
                self._waits_for[index].discard(key)
                if not self._waits_for[index]:
                    heapq.heappush(self._ready, index)
            self._changed.notify_all()

    def stop(self, failure: BaseException | None = None) -> None:
        """Nothing more goes out; the first failure is what `wait` raises."""
        with self._changed:
            self._is_stopped = True
            self._failure = self._failure or failure
            self._changed.notify_all()

    def wait(self) -> bool:
        """Returns when all is settled (True) or the desk was stopped (False); raises a failure."""
        with self._changed:
            while self._left and not self._is_stopped:
                self._changed.wait()
            if self._failure is not None:
                raise self._failure
            return not self._left


def _prerequisites(question: Question) -> Iterable[Key]:
    return ((question.task, False, number) for number in question.prerequisites)
