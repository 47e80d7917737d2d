"""The judge's end of the protocol with workers: how messages are framed, and what they may say.

A worker runs code that is not ours, so nothing that it says is believed before it is checked:
lengths before memory is taken, and the kind and range of every field. docs/workers.md describes
the messages; the limits are those of the worker's end.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

import numpy as np

from results.errors import ModelError
from runners.models.describing import Described
from runners.models.video_language.interface import (
    Picture,
    Unanswered,
    VideoQuestion,
    VideoReply,
)
from runners.models.workers.side.judge_worker import (
    LENGTH,
    MAX_HEADER_BYTES,
    MAX_REASON,
    PROTOCOL,
    check_shapes,
)

MAX_NAME = 200
MAX_DESCRIBED = 100
# The largest number that JSON of every language keeps exactly.
LARGEST_NUMBER = 2**53


class ProtocolFault(ModelError):
    """What a worker sent is not a message of the protocol."""


class Unsendable(ModelError):
    """A question is over the protocol's limits."""


@dataclass(frozen=True)
class Hello:
    """What a worker says of its environment."""

    python: str
    versions: Mapping[str, str]


@dataclass(frozen=True)
class Loaded:
    """What a worker says of the model that it holds."""

    name: str | None
    device: str
    precision: str
    largest_batch: int | None
    described: Described


def framed(header: Mapping[str, Any], pictures: Sequence[Picture] = ()) -> list[memoryview]:
    """The bytes of a message, in pieces to be written one after the other; no picture is copied.

    Unsendable when it is over the limits.
    """
    whole = [np.ascontiguousarray(picture) for picture in pictures]
    if any(picture.dtype != np.uint8 for picture in whole):
        raise Unsendable("The frames are not of uint8, as the protocol of workers has them.")
    shapes = [list(picture.shape) for picture in whole]
    try:
        check_shapes(shapes)
    except ValueError as error:
        raise Unsendable(
            f"The question is more than a worker can be sent: {error}; sample fewer or smaller"
            " frames."
        ) from None
    data = json.dumps({**header, "frames": shapes}).encode("ascii")
    if len(data) > MAX_HEADER_BYTES:
        raise Unsendable(
            f"The question is more than a worker can be sent: {len(data)} bytes of text, and"
            f" {MAX_HEADER_BYTES} is the most."
        )
    start = memoryview(LENGTH.pack(len(data)) + data)
    return [start, *(picture.reshape(-1).data for picture in whole)]


def question_header(questions: Sequence[VideoQuestion]) -> dict[str, Any]:
    """What a `predict` message says beside the frames."""
    return {
        "type": "predict",
        "questions": [
            {
                "prompt": question.prompt,
                "max_tokens": question.max_tokens,
                "frames": len(question.frames.pictures),
                "times": list(question.frames.times),
                "seconds": question.frames.seconds,
            }
            for question in questions
        ],
    }


class AnswerReader:
    """Takes a worker's messages out of the bytes that come, however they are parted."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> dict[str, Any] | None:
        """A message once it is whole; ProtocolFault for bytes that are none.

        No more is held than the longest message and the last `data`.
        """
        self._held += data
        if len(self._held) < LENGTH.size:
            return None
        (length,) = LENGTH.unpack_from(self._held)
        if length > MAX_HEADER_BYTES:
            raise ProtocolFault(
                f"it announced a message of {length} bytes, and {MAX_HEADER_BYTES} is the most"
            )
        end = LENGTH.size + length
        if len(self._held) < end:
            return None
        text = bytes(self._held[LENGTH.size : end])
        del self._held[:end]
        return _parsed(text)


def _parsed(text: bytes) -> dict[str, Any]:
    try:
        message = json.loads(text)
    # A hostile text may also be nested deeper than Python recurses, or hold a number too long.
    except (ValueError, RecursionError):
        raise ProtocolFault("it sent something else than JSON") from None
    if not isinstance(message, dict):
        raise ProtocolFault("it sent something else than a JSON object")
    if message.get("frames"):
        raise ProtocolFault("it announced frames, which only the judge sends")
    return message


def error_in(message: Mapping[str, Any]) -> str | None:
    """The reason that an `error` message gives; None for any other message."""
    if message.get("type") != "error":
        return None
    return _reason(message.get("reason"))


def hello_of(message: Mapping[str, Any]) -> Hello:
    """What a `hello` says; ProtocolFault when it is none, or of another version."""
    _check_kind(message, "hello")
    spoken = message.get("protocol")
    if spoken != PROTOCOL or isinstance(spoken, bool):
        raise ProtocolFault(
            f"it speaks version {str(spoken)[:20]} of the protocol, and this judge {PROTOCOL}"
        )
    versions = message.get("versions")
    if not isinstance(versions, dict) or len(versions) > MAX_DESCRIBED:
        raise ProtocolFault("its hello has no versions of libraries")
    return Hello(
        _short(message.get("python"), "python"),
        {_short(name, "versions"): _short(at, "versions") for name, at in versions.items()},
    )


def loaded_of(message: Mapping[str, Any]) -> Loaded:
    """What a `loaded` says; ProtocolFault when it is none."""
    _check_kind(message, "loaded")
    name = message.get("name")
    described = message.get("described")
    if not isinstance(described, dict) or len(described) > MAX_DESCRIBED:
        raise ProtocolFault("its description is not an object")
    batch = message.get("largest_batch")
    if batch is not None and (not _is_count(batch) or batch < 1):
        raise ProtocolFault("its largest_batch is not a number from 1 up")
    return Loaded(
        None if name is None else _short(name, "name"),
        _short(message.get("device"), "device"),
        _short(message.get("precision"), "precision"),
        batch,
        {_short(key, "described"): _said(value) for key, value in described.items()},
    )


def answers_of(message: Mapping[str, Any], n: int) -> list[VideoReply | Unanswered]:
    """What `answers` say to `n` questions; ProtocolFault when they are none."""
    _check_kind(message, "answers")
    answers = message.get("answers")
    if not isinstance(answers, list) or len(answers) != n:
        raise ProtocolFault(f"it did not send a list of {n} answers to {n} questions")
    return [_answer(answer) for answer in answers]


def _answer(answer: Any) -> VideoReply | Unanswered:
    if not isinstance(answer, dict):
        raise ProtocolFault("an answer is not an object")
    if "error" in answer:
        is_fatal = answer.get("is_fatal") is True
        return Unanswered(f"The worker could not answer: {_reason(answer['error'])}", is_fatal)
    text = answer.get("text")
    if not isinstance(text, str):
        raise ProtocolFault("an answer has no text")
    is_cut = answer.get("is_cut", False)
    if not isinstance(is_cut, bool):
        raise ProtocolFault("is_cut of an answer is neither true nor false")
    seconds = _seconds(answer, "seconds")
    return VideoReply(
        text=_whole(text),
        visual_tokens=_count(answer, "visual_tokens"),
        prompt_tokens=_count(answer, "prompt_tokens"),
        output_tokens=_count(answer, "output_tokens"),
        seconds_to_first=_seconds(answer, "seconds_to_first"),
        seconds=0.0 if seconds is None else seconds,
        peak_bytes=_count(answer, "peak_bytes"),
        is_cut=is_cut,
    )


def _check_kind(message: Mapping[str, Any], kind: str) -> None:
    if message.get("type") != kind:
        raise ProtocolFault(f"it sent {str(message.get('type'))[:40]!r} in place of {kind!r}")


def _is_count(value: Any) -> TypeGuard[int]:
    return type(value) is int and 0 <= value <= LARGEST_NUMBER


def _count(answer: Mapping[str, Any], name: str) -> int | None:
    value = answer.get(name)
    if value is not None and not _is_count(value):
        raise ProtocolFault(f"{name} of an answer is not a whole number from 0 up")
    return value


def _seconds(answer: Mapping[str, Any], name: str) -> float | None:
    value = answer.get(name)
    if value is None:
        return None
    if type(value) not in (int, float) or not math.isfinite(value) or value < 0:
        raise ProtocolFault(f"{name} of an answer is not a number from 0 up")
    return float(value)


def _short(value: Any, where: str) -> str:
    if not isinstance(value, str) or len(value) > MAX_NAME:
        raise ProtocolFault(f"{where} holds something else than a text of {MAX_NAME} characters")
    return printable(value)


def _said(value: Any) -> str | int | float:
    if type(value) in (int, float) and math.isfinite(value) and abs(value) <= LARGEST_NUMBER:
        number: int | float = value
        return number
    return _short(value, "described")


def _reason(value: Any) -> str:
    said = printable(value[:MAX_REASON]).strip() if isinstance(value, str) else ""
    if not said:
        return "it gave no reason."
    return said if said.endswith((".", "!", "?")) else f"{said}."


def _whole(text: str) -> str:
    """The text without halves of surrogate pairs, which no file could keep."""
    return text.encode("utf-8", "replace").decode("utf-8")


def printable(text: str) -> str:
    """The text on one line, without what could steer a terminal."""
    return "".join(c if c.isprintable() else " " for c in _whole(text))
