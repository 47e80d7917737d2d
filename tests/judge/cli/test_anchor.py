"""`judge anchor`: added, checked, accepted and shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.chat_server import ChatServer, chat_server, says_object
from tests.support.command import Ended, judge
from tests.support.outputs import write_files, write_output, write_task

__all__ = ["chat_server"]

NO = {
    "outcome": "unsatisfied",
    "confidence": 0.9,
    "reason": "no",
    "citations": [{"kind": "artifact", "path": "nothing.txt", "fact": "no such file"}],
}


@pytest.mark.parametrize("command", ["add", "check", "accept", "show"])
def test_every_subcommand_explains_itself_with_an_example(command: str, tmp_path: Path) -> None:
    helped = judge("anchor", command, "--help", folder=tmp_path)
    assert helped.status == 0
    assert f"judge anchor {command}" in helped.out.partition("Example:")[2]
    for option in ("--json", "--quiet", "--debug", "--anchors"):
        assert option in helped.out


def test_without_an_anchor_the_bundled_example_is_one_and_is_judged_once(tmp_path: Path) -> None:
    first = judge("anchor", "check", folder=tmp_path)
    assert first.status == 0
    assert "the bundled example becomes one" in first.err
    assert "agrees with 23 of 23 labels (100.0%)" in first.out
    again = judge("anchor", "check", "--json", folder=tmp_path)
    (found,) = again.json["anchors"]
    assert again.status == 0 and again.err == ""
    assert found["status"] == "known" and found["movement"]["moved"] is None
    shown = judge("anchor", "show", "--json", folder=tmp_path).json["anchors"]
    assert [run["accepted"] for run in shown[0]["runs"]] == [True]
    assert not list(tmp_path.glob("*.duckdb"))


def added(folder: Path) -> Ended:
    """An anchor with three labelled outputs, whose first two requirements are met."""
    for name in ("one", "two", "three"):
        task = write_task(folder / "tasks", name)
        write_output(folder / "outputs" / name)
        flags = task.read_text().replace("null", "true", 2).replace("null", "false", 1)
        write_files(folder / "labels", {task.name: flags})
    given = ("--tasks", "tasks", "--workspaces", "outputs", "--labels", "labels")
    return judge("anchor", "add", "--name", "ours", *given, "--json", folder=folder)


def test_a_judge_that_moved_ends_with_one_until_it_is_accepted(
    chat_server: ChatServer, tmp_path: Path
) -> None:
    chat_server.rule = lambda asked: says_object(NO)
    model = {"OPENAI_BASE_URL": chat_server.url, "OPENAI_API_KEY": "sk-loopback-012345"}
    made = added(tmp_path)
    assert made.status == 0 and made.json["labels"] == 9
    assert judge("anchor", "check", "ours", folder=tmp_path).status == 0
    other = ("anchor", "check", "ours", "--judge", "llm", "--model", "openai:m")
    moved = judge(*other, folder=tmp_path, more=model)
    assert moved.status == 1
    for words in ("changed: the judge was checks and is llm", "before 9, after 3", "flips 6"):
        assert words in moved.out
    assert "flip: one 0: satisfied -> unsatisfied, labelled satisfied" in moved.out
    lenient = judge(*other, "--max-drop", "1", "--alpha", "0.001", folder=tmp_path, more=model)
    assert lenient.status == 0 and "within noise" in lenient.out
    accepted = judge("anchor", "accept", "ours", folder=tmp_path)
    assert accepted.status == 0 and "is accepted" in accepted.out
    assert judge(*other, folder=tmp_path, more=model).status == 0


def test_a_comparison_warns_where_the_judge_changed_between_its_runs(
    chat_server: ChatServer, tmp_path: Path
) -> None:
    chat_server.rule = lambda asked: says_object(NO)
    model = {"OPENAI_BASE_URL": chat_server.url, "OPENAI_API_KEY": "sk-loopback-012345"}
    added(tmp_path)
    asked = ("run", "--quiet", "--tasks", "tasks", "--workspaces", "outputs")
    first = judge(*asked, folder=tmp_path).out.strip()
    other = (*asked, "--judge", "llm", "--model", "openai:m")
    second = judge(*other, folder=tmp_path, more=model).out.strip()
    compared = judge("compare", first, second, "--allow", "trial", "--json", folder=tmp_path)
    assert compared.status == 0
    said = [text for text in compared.json["warnings"] if text.startswith("The judge itself")]
    assert len(said) == 1 and "the judge was checks and is llm" in said[0]
    same = judge("compare", first, first, "--json", folder=tmp_path)
    assert not [text for text in same.json["warnings"] if "judge" in text]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["add", "--tasks", "tasks"], "give all three"),
        (["add", "--agent", "x"], "--agent"),
        (["add", "--name", "ours"], "already"),
        (["add", "--name", "../up"], "cannot name"),
        (
            ["add", "--tasks", "tasks", "--workspaces", "outputs", "--labels", "labels"],
            "add --name",
        ),
        (["check", "nope"], "There is no anchor 'nope' in anchors; there are: ours"),
        (["accept", "ours"], "no whole run yet"),
        (["accept", "ours", "2026"], "2026"),
        (["show", "nope"], "nope"),
    ],
)
def test_a_wrong_call_ends_with_two_and_a_sentence(
    arguments: list[str], sentence: str, tmp_path: Path
) -> None:
    added(tmp_path)
    ended = judge("anchor", *arguments, folder=tmp_path)
    assert ended.status == 2
    assert sentence in ended.err and "Traceback" not in ended.err


def test_where_there_is_no_anchor_none_is_shown(tmp_path: Path) -> None:
    ended = judge("anchor", "show", folder=tmp_path)
    assert ended.status == 0 and "judge anchor add" in ended.out
