"""The bundled example is whole: tasks, outputs, trajectories and labels that fit together."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from devai_tasks import bundled_example, load_judgments, load_tasks
from devai_tasks.example import BUNDLED

EXAMPLE = bundled_example()
TASKS = {task.name: task for task in load_tasks(EXAMPLE.tasks).tasks}
LABELS = load_judgments(EXAMPLE.labels).files
NAMED_FILE = re.compile(r"`([\w./-]+\.\w+)`")
each_task = pytest.mark.parametrize("name", sorted(TASKS))


def trajectory(name: str) -> list[dict[str, Any]]:
    text = (EXAMPLE.trajectories / f"{name}.json").read_text(encoding="utf-8")
    steps: list[dict[str, Any]] = json.loads(text)
    return steps


def files_of(name: str) -> set[str]:
    root = EXAMPLE.workspaces / name
    return {f.relative_to(root).as_posix() for f in root.rglob("*") if f.is_file()}


def bundled_files() -> list[Path]:
    return [f for f in BUNDLED.rglob("*") if f.is_file() and "__pycache__" not in f.parts]


def test_there_are_three_tasks_with_a_workspace_a_trajectory_and_labels_each() -> None:
    assert len(TASKS) == 3
    assert {p.name for p in EXAMPLE.workspaces.iterdir()} == set(TASKS)
    assert {p.stem for p in EXAMPLE.trajectories.iterdir()} == set(TASKS)
    assert set(LABELS) == set(TASKS)


def test_the_example_is_read_without_warnings() -> None:
    assert load_tasks(EXAMPLE.tasks).warnings == ()
    assert load_judgments(EXAMPLE.labels).warnings == ()


@each_task
def test_the_labels_answer_each_requirement_and_preference_and_give_reasons(name: str) -> None:
    labels, task = LABELS[name], TASKS[name]
    said = [r.model_dump(exclude={"satisfied", "outcome"}) for r in labels.requirements]
    assert said == [r.model_dump(exclude={"satisfied"}) for r in task.requirements]
    assert all(r.satisfied is not None for r in labels.requirements)
    assert all(p.satisfied is not None for p in labels.preferences)
    reasons = {s["requirement_id"]: (s["satisfied"], s["reason"]) for s in labels.judge_stats}
    assert {i: flag for i, (flag, _) in reasons.items()} == {
        r.requirement_id: r.satisfied for r in labels.requirements
    }
    assert all(reason for _, reason in reasons.values())


def test_one_output_meets_all_one_meets_part_and_one_meets_nothing() -> None:
    met = [[r.satisfied for r in LABELS[name].requirements] for name in sorted(LABELS)]
    assert all(met[0])
    assert any(met[1]) and not all(met[1])
    assert not any(met[2])


@each_task
def test_every_file_that_the_trajectory_writes_or_the_run_listed_is_in_the_workspace(
    name: str,
) -> None:
    kept = files_of(name)
    for step in trajectory(name):
        written = re.findall(r"^cat >>? ?(\S+) <<", step["agent"]["action"] or "", re.MULTILINE)
        listed = re.findall(r"^\./(\S+\.\w+)$", step["environment"] or "", re.MULTILINE)
        assert kept.issuperset(written + listed)


@each_task
def test_a_file_that_a_met_requirement_names_is_there_with_bytes(name: str) -> None:
    for requirement in LABELS[name].requirements:
        for path in NAMED_FILE.findall(requirement.criteria) if requirement.satisfied else []:
            assert (EXAMPLE.workspaces / name / path).stat().st_size > 0


@each_task
def test_the_trajectory_starts_with_the_query_and_ends_by_the_agents_word(name: str) -> None:
    steps = trajectory(name)
    assert [step["step"] for step in steps] == list(range(len(steps)))
    assert [step["user_message"] for step in steps] == [TASKS[name].query] + [None] * (
        len(steps) - 1
    )
    assert all(step["agent"]["action"] for step in steps[:-1])
    assert steps[-1]["agent"]["action"] is None
    assert not any(step["step_usage"]["cost"] for step in steps)


@each_task
def test_the_numbers_in_the_results_are_those_that_the_run_printed(name: str) -> None:
    printed = "".join(step["environment"] or "" for step in trajectory(name))
    for path in sorted((EXAMPLE.workspaces / name / "results").glob("metrics.*")):
        for number in re.findall(r"\d+\.\d+", path.read_text(encoding="utf-8")):
            assert number in printed


def test_the_example_stays_below_400_kilobytes_and_names_no_place_on_a_machine() -> None:
    assert sum(f.stat().st_size for f in bundled_files()) < 400_000
    inside = re.compile(rb"/(?:home|work|Users|root|opt)/|site-packages")
    assert [f.name for f in bundled_files() if inside.search(f.read_bytes())] == []


def test_no_file_is_hidden_so_that_the_package_holds_all_of_them() -> None:
    names = [part for f in bundled_files() for part in f.relative_to(BUNDLED).parts]
    assert [name for name in names if name.startswith(".")] == []
