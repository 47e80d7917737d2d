"""Dialogues in their two forms on disk, and what is said of files that are neither."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.api_calling.api_bank import ApiCall, turns_of
from benchmarks.api_calling.dialogues import read_dialogue_set
from benchmarks.api_calling.prompting_dialogues import histories_of
from results.errors import InputError
from tests.support.command import judge

ALARM = {
    "name": "add_alarm",
    "description": "Sets an alarm.",
    "parameters": {
        "type": "object",
        "properties": {"time": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["time"],
    },
}
TURNS: list[dict[str, Any]] = [
    {"role": "USER", "text": "Wake me at two."},
    {"role": "call", "name": "add_alarm", "arguments": {"time": "14:00", "days": 1}},
    {"role": "AGENT", "text": "The alarm is set."},
    {"role": "user", "text": "And the weather?"},
    {"role": "API", "api_name": "weather", "param_dict": {}, "result": {"sky": "blue"}},
    {"role": "assistant", "text": "It is fine."},
]
DIALOGUES = [
    {"id": "first", "apis": [ALARM, {"name": "weather"}], "turns": TURNS},
    {"turns": TURNS[:3]},
]


def written(folder: Path, name: str, dialogues: object) -> Path:
    path = folder / name
    if name.endswith(".jsonl") and isinstance(dialogues, list):
        path.write_text("".join(json.dumps(each) + "\n" for each in dialogues))
    else:
        path.write_text(json.dumps(dialogues))
    return path


@pytest.mark.parametrize("name", ["set.jsonl", "set.json"])
@pytest.mark.parametrize("whole", [True, False])
def test_many_dialogues_of_a_file_are_read(tmp_path: Path, name: str, whole: bool) -> None:
    path = written(tmp_path, name, DIALOGUES)
    dialogues = read_dialogue_set(tmp_path if whole else path)
    assert [dialogue.id for dialogue in dialogues] == ["set/first", "set/1"]
    turns = turns_of(dialogues)
    assert [(turn.dialogue, turn.number) for turn in turns] == [
        ("set/first", 1),
        ("set/first", 2),
        ("set/first", 4),
        ("set/first", 5),
        ("set/1", 1),
        ("set/1", 2),
    ]
    assert turns[0].call == ApiCall("add_alarm", {"time": "14:00", "days": "1"})
    assert turns[1].reply == "The alarm is set."


def test_documents_that_come_with_a_dialogue_are_on_offer(tmp_path: Path) -> None:
    dialogues = read_dialogue_set(written(tmp_path, "set.jsonl", DIALOGUES))
    histories = histories_of(dialogues)
    turns = turns_of(dialogues)
    offered = histories.on_offer(turns[0])
    assert [api.name for api in offered] == ["add_alarm", "weather"]
    assert offered[0].parameters == ALARM["parameters"]
    assert offered[1].parameters == {"type": "object", "properties": {}}
    # The other dialogue has none: what is called in it stands for them.
    (only,) = histories.on_offer(turns[4])
    assert only.parameters["required"] == ["time", "days"]
    said = [step.text for step in histories.as_text(turns[3])]
    assert '(The API gave: {"sky": "blue"})' in "\n".join(said)
    assert "[add_alarm(time='14:00', days='1')]" in said


@pytest.mark.parametrize(
    ("dialogues", "says"),
    [
        ([{"turns": 5}], "line 1, has `turns` that are no list"),
        ([{"id": [], "turns": TURNS}], "an id that is neither a text nor a number"),
        ([{"turns": TURNS, "apis": ["x"]}], "`apis` that are not a list of objects"),
        ([{"turns": TURNS, "apis": [{"name": "a b"}]}], "`apis` that are not a list of objects"),
        ([{"turns": TURNS, "apis": [{"name": "a", "parameters": 1}]}], "`apis` that are not"),
        ([{"turns": [{"role": "user"}]}], "line 1, turn 0, is no turn"),
        ([{"turns": [5]}], "line 1, turn 0, is no turn"),
        ([{"turns": [{"role": "call", "name": "a.b", "arguments": {}}]}], "is no turn"),
        ([{"turns": [{"role": "call", "name": "a", "arguments": []}]}], "is no turn"),
        ([{"turns": [{"role": ["user"], "text": "x"}]}], "is no turn"),
        ([{"id": 1, "turns": TURNS}, {"id": "1", "turns": TURNS}], "give each an id of its own"),
        ([{"role": "User", "text": "x"}, {"turns": TURNS}], "line 2, is no turn"),
        ([], "holds no dialogue"),
    ],
)
def test_what_is_no_dialogue_is_told_with_its_place(
    tmp_path: Path, dialogues: list[Any], says: str
) -> None:
    path = written(tmp_path, "set.jsonl", dialogues)
    with pytest.raises(InputError) as caught:
        read_dialogue_set(path)
    assert says in str(caught.value) and str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [("{", "is no JSON"), ("{}", "no list of dialogues"), ("[1]", "no list of dialogues")],
)
def test_a_json_file_that_holds_none_is_told(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "set.json"
    path.write_text(content)
    with pytest.raises(InputError, match=says):
        read_dialogue_set(path)
    with pytest.raises(InputError, match="There is no folder"):
        read_dialogue_set(tmp_path / "none")


def test_the_command_scores_them(tmp_path: Path) -> None:
    data = written(tmp_path, "set.jsonl", DIALOGUES)
    rows = [
        {"id": "first", "turn": 1, "call": "[add_alarm(days=1, time=' 14:00')]"},
        {"id": "first", "turn": 2, "reply": "The alarm is set."},
        {"id": "first", "turn": 4, "call": {"name": "weather", "arguments": {"at": "noon"}}},
        {"id": "set/1", "turn": 1, "call": "[remove_alarm(time='14:00')]"},
    ]
    predictions = written(tmp_path, "mine.jsonl", rows)
    call = ("bench", "score", "api-bank", "--data", data, "--predictions", predictions)
    found = judge(*call, "--json", folder=tmp_path)
    assert found.status == 0, found.err
    document = found.json
    assert (document["n"], document["n_replies"]) == (3, 1)
    assert document["EM_structure"] == pytest.approx(1 / 3)
    assert document["EM_intent"] == pytest.approx(2 / 3)
    assert document["ROUGE-L"] == 1.0
    assert document["errors"]["INVALID_INPUT_PARAMETER"] == 1
    assert document["errors"]["API_NAME_MISMATCH"] == 1
    assert len(document["without_prediction"]) == 2
