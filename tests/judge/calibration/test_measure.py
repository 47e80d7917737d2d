"""Sensitivity and specificity of judges whose answers are known."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from judge.calibration import (
    CalibrationReport,
    GoodOutput,
    bundled_good_outputs,
    calibrate,
    good_output,
    good_outputs,
)
from judge.judges.checks import ChecksJudge
from judge.judges.interface import Case, Question
from results.errors import InputError
from results.records import FileEvidence, Outcome, Verdict
from tests.judge.calibration.outputs import FILES, good
from tests.support.outputs import write_files, write_output, write_task


class Constant:
    """Says the same of everything; what it passes it shows with a line of the first file."""

    name = "constant"

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome

    def describe(self) -> dict[str, Any]:
        return {}

    def judge(self, case: Case, question: Question, earlier: Mapping[int, Verdict]) -> Verdict:
        evidence = ()
        for entry in case.inspection.workspace.files:
            lines = (case.inspection.workspace.text(entry.path) or "").splitlines()
            if lines and len(lines[0]) > 5:
                found = FileEvidence(path=entry.path, start_line=1, end_line=1, quote=lines[0])
                return question.verdict(self.outcome, 1.0, "as always", (found,))
        return question.verdict(self.outcome, 1.0, "as always", evidence)


class Breaking(Constant):
    """Breaks down on whatever it is asked."""

    def judge(self, case: Case, question: Question, earlier: Mapping[int, Verdict]) -> Verdict:
        raise RuntimeError("out of order")


def measured(judge: Constant, output: GoodOutput, **options: Any) -> CalibrationReport:
    return calibrate(judge, [output], **options)


def test_a_judge_that_passes_everything_finds_nothing(tmp_path: Path) -> None:
    report = measured(Constant(Outcome.SATISFIED), good(tmp_path))
    assert report.sensitivity.rate.value == 0
    assert report.specificity.rate.value == report.left_alone.rate.value == 1
    assert len(report.missed) == report.sensitivity.n > 40
    assert not report.false_alarms


def test_a_judge_that_passes_nothing_finds_everything_and_alarms_at_everything(
    tmp_path: Path,
) -> None:
    report = measured(Constant(Outcome.UNSATISFIED), good(tmp_path))
    assert report.sensitivity.rate.value == 1
    assert report.specificity.rate.value == 0
    assert report.specificity.n == 4
    assert len(report.false_alarms) == report.specificity.n + report.left_alone.n
    assert sum(share.n for share in report.by_kind.values()) == report.sensitivity.n


def test_what_is_left_undecided_is_counted_apart_with_its_worst_and_best(tmp_path: Path) -> None:
    report = measured(Constant(Outcome.ABSTAINED), good(tmp_path))
    found = report.sensitivity
    assert found.n == 0 and found.rate.value is None and found.ci is None
    assert (found.rate.worst, found.rate.best) == (0, 1)
    assert found.abstained > 40 and found.errors == 0
    assert not report.missed and not report.false_alarms


def test_a_judge_that_breaks_down_is_in_error_and_finds_nothing(tmp_path: Path) -> None:
    report = measured(Breaking(Outcome.SATISFIED), good(tmp_path), most=5)
    assert report.sensitivity.errors >= 5 and report.sensitivity.n == 0
    assert "out of order" in report.undecided[0].reason


def test_fewer_mutants_are_drawn_kind_by_kind_and_by_the_seed_alone(tmp_path: Path) -> None:
    output = good(tmp_path)
    judge = Constant(Outcome.SATISFIED)
    first, again = (measured(judge, output, most=20, seed=3) for _ in range(2))
    other = measured(judge, output, most=20, seed=4)
    assert first == again
    assert first.mutants == 20 and len(first.by_kind) >= 10
    assert first.missed != other.missed
    assert first.by_kind.keys() == other.by_kind.keys()


def test_nothing_stays_behind_and_the_good_output_is_as_it_was(tmp_path: Path) -> None:
    output = good(tmp_path)
    measured(Constant(Outcome.SATISFIED), output, most=10, jobs=3)
    assert [p.name for p in tmp_path.iterdir()] == ["workspace"]
    for path, text in FILES.items():
        assert (output.workspace / path).read_text() == text


def test_an_output_without_a_file_that_is_named_has_nothing_to_break(tmp_path: Path) -> None:
    output = good(tmp_path, criteria=("It is done well.", "It is fast."))
    with pytest.raises(InputError, match="nothing to break"):
        measured(Constant(Outcome.SATISFIED), output)


def test_labels_say_which_requirements_are_good(tmp_path: Path) -> None:
    task = write_task(tmp_path / "tasks", "one")
    workspace = write_output(tmp_path / "outputs" / "one")
    labels = write_files(
        tmp_path / "labels", {"one.json": task.read_text().replace("null", "true", 1)}
    )
    assert good_output(task, workspace).met == {0, 1, 2}
    assert good_output(task, workspace, labels=labels).met == {0}
    (only,) = good_outputs(tmp_path / "tasks", tmp_path / "outputs", labels=labels)
    assert only.met == {0}
    write_files(labels, {"one.json": task.read_text().replace("null", "false")})
    with pytest.raises(InputError, match="met"):
        good_output(task, workspace, labels=labels)
    with pytest.raises(InputError, match="met"):
        good_outputs(tmp_path / "tasks", tmp_path / "outputs", labels=labels)


@pytest.mark.slow
def test_checks_finds_nine_in_ten_mutants_of_the_bundled_outputs_without_a_false_alarm() -> None:
    report = calibrate(ChecksJudge(), bundled_good_outputs(), jobs=2)
    assert report.mutants > 150
    found = report.sensitivity.rate
    assert found.worst is not None and found.worst >= 0.9
    assert report.specificity.rate.worst == 1
    assert not report.false_alarms


@pytest.mark.slow
def test_checks_finds_mutants_of_a_real_output_without_a_false_alarm() -> None:
    if (data := os.environ.get("JUDGE_TEST_DATA")) is None:
        pytest.skip("the released DevAI output is needed; set JUDGE_TEST_DATA")
    devai = Path(data) / "devai"
    outputs = good_outputs(
        devai / "instances",
        devai / "workspaces" / "OpenHands",
        labels=devai / "judgments" / "OpenHands" / "human",
    )
    assert [output.met for output in outputs] == [{1, 2, 3, 4, 6}]
    report = calibrate(ChecksJudge(), outputs, most=30, jobs=2)
    assert report.sensitivity.rate.worst is not None and report.sensitivity.rate.worst >= 0.9
    assert not report.false_alarms
