"""API-Bank's calls and replies on hand-worked dialogues, and the command."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.api_calling.api_bank import (
    ApiCall,
    WrongCall,
    check_call,
    read_call,
    turns_of,
)
from benchmarks.api_calling.dialogues import read_dialogue_set
from tests.support.command import judge

DIALOGUE: list[dict[str, Any]] = [
    {"role": "User", "text": "Wake me at two."},
    {"role": "AI", "text": "Your password please"},
    {"role": "User", "text": "It's x."},
    {"role": "API", "api_name": "AddAlarm", "param_dict": {"token": "x", "time": "14:00"}},
    {"role": "AI", "text": "The alarm is set"},
]


def write_lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name in ("one", "two"):
        write_lines(tmp_path / "data" / "level-1" / f"{name}.jsonl", DIALOGUE)
    return tmp_path / "data"


@pytest.mark.parametrize(
    ("written", "arguments"),
    [
        ("[F()]", {}),
        ("[F(a='1', b=\"x, y\")]", {"a": "1", "b": "x, y"}),
        ("API-Request: [F(a='1')] is it.", {"a": "1"}),
        ("[F(a='[x(1)]')]", {"a": "[x(1)]"}),
        ("[F(a=1, b=[1, 2], c=word)]", {"a": "1", "b": "[1, 2]", "c": "word"}),
        ("[F(a='it's five', b='o'clock')]", {"a": "it's five", "b": "o'clock"}),
        ("[F(a='say \"hi\", now')]", {"a": 'say "hi", now'}),
        ({"name": "F", "arguments": {"a": 1}}, {"a": "1"}),
    ],
)
def test_calls_are_read(written: object, arguments: dict[str, str]) -> None:
    assert read_call(written) == ApiCall("F", arguments)


@pytest.mark.parametrize(
    ("written", "class_"),
    [
        ("I would call F.", "NO_API_CALL"),
        ("F(a='1')", "NO_API_CALL"),
        (None, "NO_API_CALL"),
        (3, "NO_API_CALL"),
        ("[F(a='1)]", "FAILED_PARSE_API_CALL"),
        ("[F('1')]", "FAILED_PARSE_API_CALL"),
        ("[F(a='1')], [G(b='2')]", "MISS_INPUT_ARGUMENT"),
        ("[G(a='1', b='2')]", "API_NAME_MISMATCH"),
        ("[F(a='1', b='2', c='3')]", "INVALID_INPUT_PARAMETER"),
        ("[F(a='1', c='2')]", "INVALID_INPUT_PARAMETER"),
        ("[F(a='1')]", "MISS_INPUT_ARGUMENT"),
        ("[F(a='1', b='3')]", "INPUT_MISMATCH"),
    ],
)
def test_a_wrong_call_has_the_first_class_that_applies(written: object, class_: str) -> None:
    with pytest.raises(WrongCall) as caught:
        check_call(read_call(written), ApiCall("F", {"a": "1", "b": "2"}))
    assert caught.value.type == class_
    assert str(caught.value)


def test_order_and_white_space_around_values_do_not_matter() -> None:
    check_call(read_call("[F(b=' 2', a='1 ')]"), ApiCall("F", {"a": "1", "b": "2"}))
    with pytest.raises(WrongCall):
        check_call(read_call("[F(a='A')]"), ApiCall("F", {"a": "a"}))


@given(st.text(max_size=60))
def test_any_text_is_a_call_or_wrong(text: str) -> None:
    for written in (text, f"[F({text})]"):
        try:
            call = read_call(written)
        except WrongCall:
            continue
        assert call.name


def test_the_command_measures_calls_and_replies(data: Path, tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"id": "level-1/one", "turn": 1, "reply": "Your password please"},
        {"id": "level-1/one", "turn": 3, "call": "[AddAlarm(time='14:00', token='x')]"},
        {"id": "two", "turn": 3, "call": "[AddAlarm(token='x', time='2 pm')]"},
        {"id": "two", "turn": 4, "reply": "alarm"},
    ]
    write_lines(tmp_path / "mine.jsonl", rows)
    arguments = ("bench", "score", "api-bank", "--data", data, "--predictions", "mine.jsonl")
    ended = judge(*arguments, "--json", folder=tmp_path)
    assert ended.status == 0
    document = ended.json
    assert (document["n"], document["accuracy"]) == (2, 0.5)
    assert (document["EM_intent"], document["EM_structure"]) == (1.0, 0.5)
    assert document["ROUGE-1"] == pytest.approx((1 + 2 * 1 * 0.25 / 1.25) / 2)
    assert document["errors"]["INPUT_MISMATCH"] == 1
    assert document["errors"]["OUTPUT_MISMATCH"] == "not_checked"
    assert document["ci"]["accuracy"]["clusters"] == 2
    assert document["without_prediction"] == [
        {"id": "level-1/one", "turn": 4},
        {"id": "level-1/two", "turn": 1},
    ]
    assert "2 of 6 turns have no prediction" in ended.err
    table = judge(*arguments, folder=tmp_path)
    assert "EM_structure" in table.out and "INPUT_MISMATCH" in table.out


def test_a_prediction_of_the_wrong_kind_is_wrong_and_no_fault_of_the_file(
    data: Path, tmp_path: Path
) -> None:
    rows: list[dict[str, Any]] = [
        {"id": "one", "turn": 3, "reply": "Done!"},
        {"id": "one", "turn": 4, "call": "[F()]"},
    ]
    write_lines(tmp_path / "mine.jsonl", rows)
    document = judge(
        *("bench", "score", "api-bank", "--data", data, "--predictions", "mine.jsonl", "--json"),
        folder=tmp_path,
    ).json
    assert document["errors"]["NO_API_CALL"] == 1
    assert document["ROUGE-L"] == 0


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"id": "three", "turn": 1, "reply": ""}, "no turn 1"),
        ({"id": "one", "turn": 0, "reply": ""}, "no turn 0"),
        ({"id": "one", "turn": "1", "reply": ""}, "needs an `id`"),
        ({"id": "one", "turn": 1}, "either a `call` or a `reply`"),
    ],
)
def test_a_malformed_prediction_ends_in_one_sentence(
    data: Path, tmp_path: Path, row: dict[str, Any], words: str
) -> None:
    write_lines(tmp_path / "mine.jsonl", [row])
    ended = judge(
        "bench", "score", "api-bank", "--data", data, "--predictions", "mine.jsonl", folder=tmp_path
    )
    assert ended.status == 2
    assert words in ended.err and "mine.jsonl, line 1" in ended.err


def test_a_malformed_dialogue_is_named(tmp_path: Path) -> None:
    write_lines(tmp_path / "data" / "bad.jsonl", [{"role": "AI"}])
    write_lines(tmp_path / "mine.jsonl", [{"id": "bad", "turn": 0, "reply": ""}])
    ended = judge(
        "bench",
        "score",
        "api-bank",
        "--data",
        "data",
        "--predictions",
        "mine.jsonl",
        folder=tmp_path,
    )
    assert ended.status == 2 and "bad.jsonl, line 1, is no turn" in ended.err


def test_the_released_dialogues_score_as_themselves(tmp_path: Path) -> None:
    if "JUDGE_TEST_DATA" not in os.environ:
        pytest.skip("JUDGE_TEST_DATA names no folder with API-Bank's dialogues")
    released = Path(os.environ["JUDGE_TEST_DATA"]) / "api_bank"
    rows: list[dict[str, Any]] = []
    for turn in turns_of(read_dialogue_set(released)):
        row: dict[str, Any] = {"id": turn.dialogue, "turn": turn.number}
        if turn.call is None:
            rows.append({**row, "reply": turn.reply})
        else:
            given_ = ", ".join(f"{key}='{value}'" for key, value in turn.call.arguments.items())
            rows.append({**row, "call": f"[{turn.call.name}({given_})]"})
    write_lines(tmp_path / "mine.jsonl", rows)
    document = judge(
        *("bench", "score", "api-bank", "--data", released),
        *("--predictions", "mine.jsonl", "--json"),
        folder=tmp_path,
    ).json
    assert (document["n"], document["accuracy"], document["EM_intent"]) == (252, 1, 1)
    assert document["n_replies"] == 623
    assert document["ROUGE-L"] == pytest.approx(1)
