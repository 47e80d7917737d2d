"""The DevAI form is read by its published schema, exactly; its faults are told all at once."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any

import pytest

from judge.trajectory import load_trajectory
from judge.trajectory.bounds import LONGEST_TEXT, MOST_STEPS
from results.errors import InputError
from tests.judge.trajectory.samples import devai_step

REQUIRED = (
    "/step", "/user_message", "/agent", "/environment", "/step_usage", "/accumulated_usage",
    "/agent/thought", "/agent/action",
    "/step_usage/input_tokens", "/step_usage/output_tokens", "/step_usage/model",
    "/step_usage/cost", "/step_usage/llm_inference_time", "/step_usage/step_execution_time",
    "/accumulated_usage/accumulated_cost", "/accumulated_usage/accumulated_time",
)  # fmt: skip
"""Every key that the schema requires, as pointers into a step."""


def saved(folder: Path, content: Any) -> Path:
    path = folder / "t.json"
    path.write_text(json.dumps(content))
    return path


def changed(pointer: str, value: Any = None, *, removed: bool = False) -> dict[str, Any]:
    """A whole step with one value put in or taken out."""
    step = copy.deepcopy(devai_step(0, "Running command: ls", "a.py"))
    *parents, key = pointer.split("/")[1:]
    place = step
    for parent in parents:
        place = place[parent]
    if removed:
        del place[key]
    else:
        place[key] = value
    return step


@pytest.mark.parametrize("pointer", REQUIRED)
def test_a_required_key_that_is_missing_is_named(pointer: str, tmp_path: Path) -> None:
    path = saved(tmp_path, [devai_step(0, "x", "y"), changed(pointer, removed=True)])
    with pytest.raises(InputError, match=f"with 1 fault: /1{pointer} is missing"):
        load_trajectory(path)


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/step", "0"), ("/step", 1.5), ("/step", True), ("/step", None),
        ("/user_message", 3), ("/environment", ["a"]), ("/agent", None), ("/agent", "x"),
        ("/agent/thought", 7), ("/agent/action", {}), ("/agent/agent_name", 1),
        ("/step_usage/input_tokens", 1.5), ("/step_usage/cost", "0"), ("/step_usage/cost", True),
        ("/step_usage/model", None), ("/accumulated_usage", None),
        ("/accumulated_usage/accumulated_cost", None),
    ],
)  # fmt: skip
def test_a_value_of_the_wrong_kind_is_named(pointer: str, value: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"with 1 fault: /0{pointer} should be"):
        load_trajectory(saved(tmp_path, [changed(pointer, value)]))


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/step", 2.0), ("/user_message", None), ("/user_message", ""), ("/environment", None),
        ("/agent/action", None), ("/agent/extra", [1]), ("/extra", {"a": 1}),
        ("/step_usage", None), ("/step_usage", 5), ("/step_usage/cost", 0),
        ("/step_usage/extra", "x"), ("/accumulated_usage/accumulated_time", 1),
    ],
)  # fmt: skip
def test_what_the_schema_allows_is_read(pointer: str, value: Any, tmp_path: Path) -> None:
    assert len(load_trajectory(saved(tmp_path, [changed(pointer, value)])).steps) == 1


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    steps = [changed("/environment", removed=True), 7, changed("/agent/thought", 1)]
    with pytest.raises(InputError) as caught:
        load_trajectory(saved(tmp_path, steps))
    message = str(caught.value)
    assert "3 faults" in message
    assert "/0/environment is missing" in message
    assert "/1 should be an object" in message
    assert "/2/agent/thought should be a text or null and is a number" in message


def test_of_very_many_faults_the_first_are_told_and_the_rest_counted(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"1000 faults.*and 980 more\.$") as caught:
        load_trajectory(
            saved(tmp_path, [*[{"step": 0}][:0], *[devai_step(0, "", "")], *[3] * 1000])
        )
    assert len(str(caught.value)) < 2_000


def test_null_and_nothing_are_told_apart_in_what_the_environment_answered(tmp_path: Path) -> None:
    silent, unanswered = devai_step(0, "ls", ""), devai_step(1, "ls", None)
    steps = load_trajectory(saved(tmp_path, [silent, unanswered])).steps
    assert [(s.observation, s.is_answered) for s in steps] == [("", True), ("", False)]


def test_a_long_text_keeps_both_ends_and_the_cut_is_told(tmp_path: Path) -> None:
    observation = "BEGIN" + "x" * 500_000 + "END"
    trajectory = load_trajectory(saved(tmp_path, [devai_step(4, "ls", observation)]))
    (step,) = trajectory.steps
    assert step.observation.startswith("BEGIN") and step.observation.endswith("END")
    assert LONGEST_TEXT < len(step.observation) < LONGEST_TEXT + 100
    left_out = 500_008 - LONGEST_TEXT
    assert f"[… {left_out:,} characters left out …]" in step.observation
    (cut,) = trajectory.cuts
    assert cut == f"step 4: its observation has 500,008 characters; {left_out:,} in its middle " \
        "are left out"  # fmt: skip


def test_more_steps_than_are_read_is_a_cut(tmp_path: Path) -> None:
    step = devai_step(0, None, None)
    trajectory = load_trajectory(saved(tmp_path, [step] * (MOST_STEPS + 5)))
    assert len(trajectory.steps) == MOST_STEPS
    assert trajectory.cuts == (f"the trajectory has {MOST_STEPS + 5:,} steps; the first "
                               f"{MOST_STEPS:,} are read",)  # fmt: skip


def test_two_steps_of_one_number_are_warned_of_and_the_first_counts(tmp_path: Path) -> None:
    trajectory = load_trajectory(saved(tmp_path, [devai_step(1, "a", ""), devai_step(1, "b", "")]))
    assert trajectory.warnings == ("two steps have the number 1; the first is cited by it",)
    step = trajectory.step(1)
    assert step is not None and step.action == "a"


def test_half_a_surrogate_pair_becomes_a_character_that_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text(json.dumps([devai_step(0, "ls", "a\ud800b")]))
    (step,) = load_trajectory(path).steps
    assert step.observation.encode() == b"a?b"


def test_an_empty_list_is_a_trajectory_without_steps(tmp_path: Path) -> None:
    trajectory = load_trajectory(saved(tmp_path, []))
    assert trajectory.steps == () and trajectory.warnings == ("the trajectory has no steps",)


def test_the_released_trajectory_is_read_as_it_is() -> None:
    data = os.environ.get("JUDGE_TEST_DATA")
    if not data:
        pytest.skip("the released OpenHands trajectory is needed; set JUDGE_TEST_DATA")
    (path,) = (Path(data) / "devai" / "trajectories" / "OpenHands").glob("39_*.json")
    raw = json.loads(path.read_text())
    trajectory = load_trajectory(path)
    assert trajectory.cuts == trajectory.warnings == ()
    assert [s.number for s in trajectory.steps] == [step["step"] for step in raw]
    assert [s.action for s in trajectory.steps] == [s["agent"]["action"] or "" for s in raw]
    assert [s.observation for s in trajectory.steps] == [s["environment"] or "" for s in raw]
    assert trajectory.usage.cost == pytest.approx(raw[-1]["accumulated_usage"]["accumulated_cost"])


def test_the_schema_names_the_keys_that_are_required_here() -> None:
    data = os.environ.get("JUDGE_TEST_DATA")
    if not data:
        pytest.skip("the published schema is needed; set JUDGE_TEST_DATA")
    schema = json.loads((Path(data) / "devai" / "trajectory-schema.json").read_text())

    def required(node: dict[str, Any], pointer: str) -> set[str]:
        found = {f"{pointer}/{key}" for key in node.get("required", [])}
        for key, inner in node.get("properties", {}).items():
            found |= required(inner, f"{pointer}/{key}")
        return found

    assert required(schema["items"], "") == set(REQUIRED)


def test_a_thought_that_is_null_is_an_empty_one(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text(json.dumps([changed("/agent/thought", None)]))
    assert load_trajectory(path).steps[0].thought == ""
