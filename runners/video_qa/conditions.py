"""The conditions in which each question is asked: with its frames, and the two baselines.

"An Introduction to Vision-Language Modeling" (2405.17247) asks beside any result on videos
what the same model says without the video, and with one frame of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from benchmarks.video_qa.questions import Question


class Condition(StrEnum):
    """What a model is shown."""

    FULL = "full"
    BLIND = "blind"
    SINGLE_FRAME = "single-frame"


BASELINES = (Condition.BLIND, Condition.SINGLE_FRAME)


@dataclass(frozen=True)
class Ask:
    """A question in one condition."""

    question: Question
    condition: Condition

    @property
    def sample(self) -> str:
        """The question's id, which baselines add their name to."""
        if self.condition is Condition.FULL:
            return self.question.id
        return f"{self.question.id}@{self.condition}"


def value_name(condition: Condition) -> str:
    """The name of the value that says whether an answer is right, and of its mean.

    Baselines have values of their own, so that no figure mixes them with the full condition.

    >>> value_name(Condition.SINGLE_FRAME)
    'accuracy_single_frame'
    """
    if condition is Condition.FULL:
        return "accuracy"
    return f"accuracy_{condition.replace('-', '_')}"
