"""The judge's end of the protocol, against any bytes and any fields."""

from __future__ import annotations

import io
import json
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.models.video_language.interface import Unanswered, VideoReply
from runners.models.workers.protocol import (
    AnswerReader,
    ProtocolFault,
    Unsendable,
    answers_of,
    error_in,
    framed,
    hello_of,
    loaded_of,
)
from runners.models.workers.side.judge_worker import (
    MAX_FRAMES,
    MAX_HEADER_BYTES,
    Channel,
    check_shapes,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
GOOD_ANSWER = {"text": "A", "visual_tokens": 64, "seconds": 0.5, "is_cut": True}


def message_of(value: Any) -> bytes:
    data = json.dumps(value).encode()
    return struct.pack(">I", len(data)) + data


@given(
    st.lists(st.dictionaries(st.text(), JSON.filter(lambda value: value == value)), max_size=4),
    st.lists(st.integers(1, 40), min_size=1),
)
def test_messages_are_read_however_they_are_parted(
    messages: list[dict[str, Any]], sizes: list[int]
) -> None:
    messages = [{**message, "frames": []} for message in messages]
    data, reader, read, turn = b"".join(map(message_of, messages)), AnswerReader(), [], 0
    while data:
        size = sizes[turn % len(sizes)]
        message, data, turn = reader.feed(data[:size]), data[size:], turn + 1
        while message is not None:
            read.append(message)
            message = reader.feed(b"")
    assert json.dumps(read) == json.dumps(messages)


@given(st.lists(st.binary(max_size=50)))
def test_any_bytes_are_a_message_or_a_fault_or_wait_for_more(pieces: list[bytes]) -> None:
    reader = AnswerReader()
    try:
        for piece in pieces:
            message = reader.feed(piece)
            assert message is None or isinstance(message, dict)
    except ProtocolFault:
        pass


@given(JSON)
def test_any_fields_are_understood_or_a_fault(value: Any) -> None:
    whole = {"id": 1, "protocol": 1, "device": "cpu", "precision": "fp32", "largest_batch": 1}
    for kind, field in (("hello", "versions"), ("loaded", "described"), ("answers", "answers")):
        message = {**whole, "type": kind, field: value}
        for understand in (hello_of, loaded_of, lambda m: answers_of(m, 1), error_in):
            try:
                understand(message)
            except ProtocolFault:
                continue


@given(st.sampled_from(sorted({*GOOD_ANSWER, "peak_bytes", "seconds_to_first"})), JSON)
def test_a_reply_holds_only_numbers_that_a_record_can_keep(name: str, value: Any) -> None:
    message = {"type": "answers", "answers": [{**GOOD_ANSWER, name: value}]}
    try:
        (reply,) = answers_of(message, 1)
    except ProtocolFault:
        return
    assert isinstance(reply, VideoReply)
    kept = json.loads(json.dumps(vars(reply), allow_nan=False))
    assert all(number >= 0 for number in kept.values() if isinstance(number, int | float))
    reply.text.encode()


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (struct.pack(">I", MAX_HEADER_BYTES + 1), "announced a message of 1048577 bytes"),
        (b"Loading checkpoint shards", "announced a message of"),
        (struct.pack(">I", 3) + b"abc", "something else than JSON"),
        (message_of([1]), "something else than a JSON object"),
        (message_of({"frames": [[2, 2, 3]]}), "only the judge sends"),
        (struct.pack(">I", 200_000) + b"[" * 200_000, "something else than JSON"),
        (struct.pack(">I", 9_000) + b"9" * 9_000, "something else than JSON"),
        (struct.pack(">I", 2) + b"\xff\xfe", "something else than JSON"),
    ],
)
def test_nonsense_is_named(sent: bytes, why: str) -> None:
    with pytest.raises(ProtocolFault, match=why):
        AnswerReader().feed(sent)


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ([], "a list of 1 answers"),
        ([GOOD_ANSWER] * 2, "a list of 1 answers"),
        ("A", "a list of 1 answers"),
        (["A"], "not an object"),
        ([{"text": 3}], "no text"),
        ([{**GOOD_ANSWER, "visual_tokens": -1}], "visual_tokens"),
        ([{**GOOD_ANSWER, "output_tokens": 2.5}], "output_tokens"),
        ([{**GOOD_ANSWER, "output_tokens": True}], "output_tokens"),
        ([{**GOOD_ANSWER, "peak_bytes": 10**30}], "peak_bytes"),
        ([{**GOOD_ANSWER, "seconds": float("nan")}], "seconds"),
        ([{**GOOD_ANSWER, "is_cut": 1}], "is_cut"),
    ],
)
def test_answers_that_are_none_are_named(answers: Any, why: str) -> None:
    with pytest.raises(ProtocolFault, match=why):
        answers_of({"type": "answers", "answers": answers}, 1)


def test_another_version_of_the_protocol_is_named() -> None:
    with pytest.raises(ProtocolFault, match="speaks version 2 of the protocol, and this judge 1"):
        hello_of({"type": "hello", "protocol": 2, "python": "3.8", "versions": {}})


def test_half_a_pair_of_surrogates_does_not_stay_in_a_text() -> None:
    message = json.loads('{"type": "answers", "answers": [{"text": "A \\ud800"}]}')
    (reply,) = answers_of(message, 1)
    assert isinstance(reply, VideoReply)
    assert reply.text == "A ?"


def test_an_error_is_said_on_one_line_without_what_steers_a_terminal() -> None:
    error = "no\nmemory \x1b[2J left"
    assert error_in({"type": "error", "reason": error}) == "no memory  [2J left."
    (answer,) = answers_of({"type": "answers", "answers": [{"error": error}]}, 1)
    assert answer == Unanswered("The worker could not answer: no memory  [2J left.")
    assert error_in({"type": "error", "reason": {"a": 1}}) == "it gave no reason."


@given(
    st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), max_size=4),
    st.text(max_size=20),
    st.randoms(use_true_random=False),
)
def test_the_worker_reads_what_the_judge_wrote(
    sizes: list[tuple[int, int]], prompt: str, random: Any
) -> None:
    pictures = [
        np.frombuffer(random.randbytes(height * width * 3), np.uint8)
        .reshape(height, width, 3)
        # Turned, so that the pixels do not lie one after the other.
        .transpose(1, 0, 2)
        for height, width in sizes
    ]
    data = b"".join(framed({"type": "predict", "prompt": prompt}, pictures))
    channel = Channel(io.BufferedReader(io.BytesIO(data)), io.BytesIO())
    message = channel.receive()
    assert message is not None
    header, frames = message
    assert header["prompt"] == prompt
    assert len(frames) == len(pictures)
    for frame, picture in zip(frames, pictures, strict=True):
        np.testing.assert_array_equal(frame, picture)
    assert channel.receive() is None


def test_what_is_over_the_limits_is_not_sent() -> None:
    small = np.zeros((1, 1, 3), np.uint8)
    with pytest.raises(Unsendable, match="sample fewer or smaller"):
        framed({}, [small] * (MAX_FRAMES + 1))
    with pytest.raises(ValueError, match="more than"):
        check_shapes([[16_000, 16_000, 3]] * 6)
    with pytest.raises(Unsendable, match="sides from 1 to"):
        framed({}, [np.zeros((1, 20_000, 3), np.uint8)])
    with pytest.raises(Unsendable, match="uint8"):
        framed({}, [small.astype(np.float32)])
    with pytest.raises(Unsendable, match="bytes of text"):
        framed({"prompt": "a" * MAX_HEADER_BYTES})


@pytest.mark.parametrize(
    "shapes",
    [[[1, 1]], [[1, 1, 4]], [[0, 1, 3]], [[True, 1, 3]], [["1", 1, 3]], {}, "a", [3], None],
)
def test_the_worker_takes_no_memory_for_shapes_that_are_none(shapes: Any) -> None:
    with pytest.raises(ValueError, match="frame"):
        check_shapes(shapes)
