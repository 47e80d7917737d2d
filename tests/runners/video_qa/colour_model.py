"""A model that looks: it names the letter that the mean grey of its last frame stands for.

Made by `python:colour_model:make`. Blind, it says A; asked about "mumble" it says nothing that can
be read; asked about "crash" it gives no answer, and to "ponder" only after minutes. With
`COLOUR_MODEL_LOG` every question it answers is a line of that file, so that a test knows what was
asked, and each takes a moment.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from runners.models.describing import Described
from runners.models.video_language.interface import Unanswered, VideoQuestion, VideoReply

LETTERS = "ABCD"


class ColourModel:
    """What `open_video_language_model` takes for a model."""

    name = "colour"
    variant: str | None = None
    device = "cpu"
    precision = "fp32"
    largest_batch: int | None = None

    def answer(self, questions: Sequence[VideoQuestion]) -> list[VideoReply | Unanswered]:
        return [self._answer(question) for question in questions]

    def describe(self) -> Described:
        return {"adapter": "colour", "parameters": 3, "bytes": 12, "sha256": "c" * 64}

    def close(self) -> None:
        return None

    def _answer(self, question: VideoQuestion) -> VideoReply | Unanswered:
        if log := os.environ.get("COLOUR_MODEL_LOG"):
            with open(log, "a", encoding="utf-8") as file:  # noqa: PTH123
                file.write(f"{len(question.frames.pictures)} {question.prompt!r}\n")
            time.sleep(0.02)
        if "ponder" in question.prompt:
            time.sleep(300)
        if "crash" in question.prompt:
            return Unanswered("The model stumbled over this question.")
        pictures = question.frames.pictures
        letter = LETTERS[min(int(pictures[-1].mean()) // 64, 3)] if pictures else "A"
        text = "It could be A or B." if "mumble" in question.prompt else f"{letter}."
        return VideoReply(
            text,
            visual_tokens=10 * len(pictures),
            prompt_tokens=10 * len(pictures) + len(question.prompt),
            output_tokens=2,
            seconds_to_first=0.001,
            seconds=0.002,
            peak_bytes=1_000_000,
        )


def make(*, device: str, precision: str) -> ColourModel:
    return ColourModel()
