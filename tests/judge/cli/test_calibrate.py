"""`judge calibrate`: what it prints, what its JSON holds, and how it is called wrongly."""

from __future__ import annotations

from pathlib import Path

import pytest

from devai_tasks import bundled_example
from tests.support.command import judge
from tests.support.outputs import write_output, write_task

EXAMPLE = bundled_example()
DIGITS = "01_Digit_Recognition_MLP_Digits_ML"
SHARE = {"right", "n", "abstained", "errors", "rate", "ci"}


@pytest.fixture
def small(tmp_path: Path) -> tuple[Path, Path]:
    """A task and a workspace that is said to meet all of it."""
    return write_task(tmp_path / "tasks", "one"), write_output(tmp_path / "outputs" / "one")


def test_help_has_an_example_and_every_common_option(tmp_path: Path) -> None:
    helped = judge("calibrate", "--help", folder=tmp_path)
    assert helped.status == 0
    assert "judge calibrate" in helped.out.partition("Example:")[2]
    for option in ("--json", "--quiet", "--debug", "--seed", "--jobs", "--labels"):
        assert option in helped.out


def test_with_no_arguments_the_bundled_outputs_are_broken(tmp_path: Path) -> None:
    ended = judge("calibrate", "--most", "15", "--seed", "1", "--json", folder=tmp_path)
    assert ended.status == 0 and ended.err == ""
    report = ended.json
    assert report["judge"] == "checks" and report["mutants"] == 15 and report["seed"] == 1
    assert len(report["tasks"]) == 2
    for name in ("sensitivity", "specificity", "left_alone"):
        assert report[name].keys() == SHARE
        assert report[name]["rate"].keys() == {"value", "worst", "best", "n"}
    assert report["specificity"]["right"] == report["specificity"]["n"] == 12
    assert len(report["by_kind"]) == 15
    assert report["false_alarms"] == []


def test_one_task_and_its_workspace_are_told_in_tables(tmp_path: Path) -> None:
    ended = judge(
        "calibrate",
        EXAMPLE.tasks / f"{DIGITS}.json",
        EXAMPLE.workspaces / DIGITS,
        "--most",
        "6",
        folder=tmp_path,
    )
    assert ended.status == 0
    for words in ("6 mutants of 1 good outputs", "broken requirements found", "artifact deleted"):
        assert words in ended.out
    assert "--sensitivity 1 --specificity" in ended.out and "no model calls" in ended.out


def test_without_labels_a_requirement_that_is_not_met_is_a_false_alarm(
    small: tuple[Path, Path], tmp_path: Path
) -> None:
    task, workspace = small
    ended = judge("calibrate", task, workspace, "--most", "3", "--json", folder=tmp_path)
    assert ended.status == 0
    alarms = ended.json["false_alarms"]
    assert [alarm["kind"] for alarm in alarms][:1] == [None]
    assert {alarm["requirement_id"] for alarm in alarms} == {2}


def test_folders_of_tasks_and_workspaces_are_taken(
    small: tuple[Path, Path], tmp_path: Path
) -> None:
    given = ("--tasks", tmp_path / "tasks", "--workspaces", tmp_path / "outputs")
    ended = judge("calibrate", *given, "--most", "3", "--json", folder=tmp_path)
    assert ended.status == 0 and ended.json["tasks"] == ["one"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["tasks/one.json"], "without WORKSPACE"),
        (["tasks/one.json", "outputs/one", "--tasks", "tasks"], "not both"),
        (["tasks/one.json", "outputs/one", "--agent", "x"], "--agent"),
        (["--tasks", "tasks"], "belong together"),
        (["--labels", "tasks"], "--labels"),
        (["nowhere.json", "outputs/one"], "nowhere.json"),
        (["tasks/one.json", "nowhere"], "nowhere"),
        (["--judge", "llm"], "asks a model"),
        (["--judge", "wizard"], "There is no judge 'wizard'"),
        (["--most", "0"], "--most"),
    ],
)
def test_a_wrong_call_ends_with_two_and_a_sentence(
    arguments: list[str], sentence: str, small: tuple[Path, Path], tmp_path: Path
) -> None:
    ended = judge("calibrate", *arguments, folder=tmp_path)
    assert ended.status == 2
    assert sentence in ended.err and "Traceback" not in ended.err


def test_an_output_without_named_files_is_refused(tmp_path: Path) -> None:
    task = write_task(tmp_path, "one", [("It is done well.", ())])
    ended = judge("calibrate", task, write_output(tmp_path / "one"), folder=tmp_path)
    assert ended.status == 2 and "nothing to break" in ended.err
