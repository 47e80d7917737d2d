"""Endpoints that look at pictures: frames go as PNG files beside the question."""

from __future__ import annotations

import io
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from runners.models.chat import ChatError, Message, open_chat
from runners.models.chat.failures import HOPELESS
from runners.models.describing import Described, versions_described
from runners.models.video_language.interface import (
    Picture,
    Unanswered,
    VideoQuestion,
    VideoReply,
)

# Endpoints make larger pictures smaller themselves, and bill the bytes until then.
LONGEST_SIDE = 768
AT_ONCE = 8


class EndpointVideoModel:
    """A model of any OpenAI-compatible endpoint, or one that litellm knows.

    What a question takes there is told by its usage; how many of its tokens the frames are, how
    soon the first token came and what memory it took, endpoints do not tell.
    """

    device = "endpoint"
    precision = "fp32"
    largest_batch: int | None = AT_ONCE

    def __init__(self, spec: str, *, variant: str | None = None) -> None:
        self.name = spec
        self.variant = variant
        self._client = open_chat(spec)

    def answer(self, questions: Sequence[VideoQuestion]) -> list[VideoReply | Unanswered]:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(self._answer, questions))

    def describe(self) -> Described:
        return {
            "adapter": "endpoint",
            "address": self._client.address,
            "longest_side": LONGEST_SIDE,
            **versions_described("openai"),
        }

    def close(self) -> None:
        self._client.stop.set()
        self._client.close()

    def _answer(self, question: VideoQuestion) -> VideoReply | Unanswered:
        images = tuple(as_png(picture) for picture in question.frames.pictures)
        began = time.monotonic()
        try:
            reply = self._client.complete(
                [Message("user", question.prompt, images=images)],
                temperature=0.0,
                max_output_tokens=question.max_tokens,
            )
        except ChatError as error:
            return Unanswered(str(error), is_fatal=error.failure.kind in HOPELESS)
        return VideoReply(
            text=reply.text or reply.refusal or "",
            prompt_tokens=reply.usage.input_tokens or None,
            output_tokens=reply.usage.output_tokens or None,
            seconds=0.0 if reply.is_cached else time.monotonic() - began,
            is_cut=reply.finish_reason == "length",
        )


def as_png(picture: Picture) -> bytes:
    """A picture as a PNG file, its longest side at most LONGEST_SIDE pixels."""
    from PIL import Image

    image = Image.fromarray(picture)
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=1)
    return file.getvalue()
