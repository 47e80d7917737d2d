"""The figures that the `checks` judge is asked for, on the bundled example and on shared data."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from devai_tasks import Task, bundled_example, load_tasks
from judge.evidence import check_citation
from judge.inspection import Inspection
from judge.judges.checks import ChecksJudge
from judge.judges.checks.asking import read_requirement
from judge.judges.interface import Case, Question
from judge.trajectory import find_trajectory, load_trajectory
from judge.workspace import Workspace
from results.records import ArtifactEvidence, Outcome, Verdict
from tests.measures.checks_judge import (
    Judged,
    figures,
    hollow_figures,
    judge_bundled,
    judge_hollow,
    judge_task_39,
    leaving_one_out,
)

DATA = os.environ.get("JUDGE_TEST_DATA")
needs_data = pytest.mark.skipif(not DATA, reason="needs $JUDGE_TEST_DATA")


@pytest.fixture(scope="module")
def bundled() -> list[Judged]:
    return judge_bundled()


@pytest.fixture(scope="module")
def task_39() -> list[Judged]:
    return judge_task_39(Path(str(DATA)))


@pytest.fixture(scope="module")
def hollow() -> list[Judged]:
    return judge_hollow(Path(str(DATA)))


def _named(judged: list[Judged], number: str) -> list[Judged]:
    return [item for item in judged if item.task.startswith(number)]


def test_the_good_output_passes_what_is_labelled_satisfied(bundled: list[Judged]) -> None:
    good = [item for item in _named(bundled, "01_") if item.label]
    passed = [item for item in good if item.verdict.outcome is Outcome.SATISFIED]
    assert len(good) == 8
    assert len(passed) >= 0.8 * len(good)


def test_the_hollow_output_of_the_example_passes_nothing(bundled: list[Judged]) -> None:
    outcomes = {item.verdict.outcome for item in _named(bundled, "03_")}
    assert Outcome.SATISFIED not in outcomes


def test_the_example_is_judged_as_its_labels_say(bundled: list[Judged]) -> None:
    measured = figures(bundled)
    assert measured["coverage"] >= 0.75
    assert measured["balanced_accuracy"] >= 0.85
    low, _ = leaving_one_out(bundled)["balanced_accuracy"]
    assert low >= 0.8


def test_no_probe_fails(bundled: list[Judged]) -> None:
    assert [i.verdict.reason for i in bundled if i.verdict.outcome is Outcome.ERROR] == []


@needs_data
def test_task_39_agrees_with_the_human_labels_wherever_it_is_decided(task_39: list[Judged]) -> None:
    decided = [item for item in task_39 if item.verdict.outcome.is_decided]
    assert len(decided) >= 4
    for item in decided:
        assert (item.verdict.outcome is Outcome.SATISFIED) == item.label, item.verdict.reason


@needs_data
def test_the_labelled_outputs_together(bundled: list[Judged], task_39: list[Judged]) -> None:
    assert figures([*bundled, *task_39])["balanced_accuracy"] >= 0.85


@needs_data
def test_hollow_workspaces_are_decided_and_not_passed(hollow: list[Judged]) -> None:
    measured = hollow_figures(hollow)
    assert measured["agreed_unsatisfied"] == 118
    assert measured["decided"] >= 0.75
    assert measured["passed"] <= 0.03
    assert measured["passed_of_all"] <= 0.10


@needs_data
@pytest.mark.parametrize(
    ("task", "path"),
    [
        ("05_", "models/saved_models/dqn_model.pt"),
        ("15_", "models/saved_models/show_and_tell_model.pt"),
        ("27_", "results/figures/generated_images.gif"),
    ],
)
def test_an_artifact_that_fooled_four_model_judges_is_not_passed(
    task: str, path: str, hollow: list[Judged]
) -> None:
    about = [item for item in _named(hollow, task) if path in item.criteria]
    assert [item.verdict.outcome for item in about] == [Outcome.UNSATISFIED]


@needs_data
def test_no_verdict_on_a_hollow_workspace_passes_an_artifact_that_is_not_valid(
    hollow: list[Judged],
) -> None:
    root = Path(str(DATA)) / "hollow" / "workspaces"
    for item in hollow:
        if item.verdict.outcome is not Outcome.SATISFIED:
            continue
        workspace = Workspace.open(root / item.task)
        for evidence in item.verdict.evidence:
            if isinstance(evidence, ArtifactEvidence):
                assert workspace.artifact(evidence.path).is_valid


def _cases() -> list[tuple[Task, Path, Path | None]]:
    example = bundled_example()
    found = [
        (
            task,
            example.workspaces / task.name,
            find_trajectory(example.trajectories, "", task.name),
        )
        for task in load_tasks(example.tasks).tasks
    ]
    return found


def test_every_citation_holds_and_every_pass_has_one() -> None:
    for task, folder, trajectory in _cases():
        read = load_trajectory(trajectory) if trajectory is not None else None
        case = Case(task, Inspection(Workspace.open(folder), read))
        verdicts: list[Verdict] = [
            ChecksJudge().judge(case, Question.of_requirement(task, requirement), {})
            for requirement in task.requirements
        ]
        for verdict in verdicts:
            assert verdict.evidence or verdict.outcome is not Outcome.SATISFIED
            for evidence in verdict.evidence:
                assert check_citation(evidence, case.inspection.workspace, read) is None


def test_the_same_output_gets_the_same_verdicts(bundled: list[Judged]) -> None:
    def told(judged: list[Judged]) -> list[tuple[str, float, str]]:
        return [(i.verdict.outcome, i.verdict.confidence, i.verdict.reason) for i in judged]

    assert told(judge_bundled()) == told(bundled)


@needs_data
def test_nearly_every_requirement_of_devai_is_understood() -> None:
    tasks = load_tasks(Path(str(DATA)) / "devai" / "instances").tasks
    criteria = [r.criteria for task in tasks for r in task.requirements]
    assert len(criteria) == 365
    lost = []
    for text in criteria:
        ask = read_requirement(text)
        if (not ask.demands and not ask.contents and ask.places.is_empty) or (
            ask.places.sources and not ask.demands
        ):
            lost.append(text)
    assert len(lost) <= 0.03 * len(criteria), lost
