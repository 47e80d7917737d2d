"""An endpoint is sent frames as pictures, and failures are reasons."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from runners.models.video_language.endpoint import LONGEST_SIDE, as_png
from runners.models.video_language.interface import (
    SampledFrames,
    Unanswered,
    VideoLanguageModel,
    VideoQuestion,
    VideoReply,
)
from runners.models.video_language.opening import open_video_language_model
from tests.support.chat_server import Asked, ChatServer, chat_server, fails, says

__all__ = ["chat_server"]


@pytest.fixture
def model(chat_server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> VideoLanguageModel:
    monkeypatch.setenv("OPENAI_BASE_URL", chat_server.url)
    monkeypatch.setenv("JUDGE_CACHE_MAX_MB", "0")
    return open_video_language_model("openai:seer")


def shown(*greys: int) -> SampledFrames:
    pictures = tuple(np.full((30, 40, 3), grey, np.uint8) for grey in greys)
    return SampledFrames(pictures, tuple(map(float, range(len(greys)))), float(len(greys)))


def pictures_in(asked: Asked) -> list[int]:
    """The grey of each picture that was sent, in order."""
    content = asked.messages[0]["content"]
    urls = [part["image_url"]["url"] for part in content if part["type"] == "image_url"]
    files = [base64.b64decode(url.partition(",")[2]) for url in urls]
    return [Image.open(io.BytesIO(file)).convert("L").getpixel((0, 0)) for file in files]  # type: ignore[misc]


def test_frames_go_as_pictures_in_their_order(
    model: VideoLanguageModel, chat_server: ChatServer
) -> None:
    seen: list[list[int]] = []

    def rule(asked: Asked) -> object:
        greys = pictures_in(asked) if isinstance(asked.messages[0]["content"], list) else []
        seen.append(greys)
        return says(f"{len(greys)} pictures", tokens=(100, 3))

    chat_server.rule = rule  # type: ignore[assignment]
    replies = model.answer(
        [VideoQuestion("Which?", shown(10, 200, 90)), VideoQuestion("Which?", SampledFrames())]
    )
    assert [each.text for each in replies if isinstance(each, VideoReply)] == [
        "3 pictures",
        "0 pictures",
    ]
    assert sorted(seen) == [[], [10, 200, 90]]
    assert isinstance(replies[0], VideoReply)
    assert (replies[0].prompt_tokens, replies[0].output_tokens) == (100, 3)
    assert replies[0].visual_tokens is None


def test_a_refused_key_is_a_reason_that_ends_the_asking(
    model: VideoLanguageModel, chat_server: ChatServer
) -> None:
    chat_server.rule = lambda asked: fails(401, "no such key")
    (reply,) = model.answer([VideoQuestion("Which?", shown(1))])
    assert isinstance(reply, Unanswered)
    assert reply.is_fatal
    assert "refused the key" in reply.reason


def test_large_pictures_are_made_smaller() -> None:
    image = Image.open(io.BytesIO(as_png(np.zeros((1000, 2000, 3), np.uint8))))
    assert image.size == (LONGEST_SIDE, LONGEST_SIDE // 2)
