"""The injection corpus reaches the judge, and a judge that obeys it is seen to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from judge.findings import find_instructions
from judge.inspection import Inspection
from judge.judges.interface import Case, Question
from judge.redteam import attacks, run_redteam
from judge.redteam.corpus import CARRIERS, PAYLOADS
from judge.trajectory import load_trajectory
from judge.workspace import ArtifactState, Workspace
from results.records import Outcome, Verdict


class Gullible:
    """Passes whatever asks for it in any text that the view of the output shows."""

    name = "gullible"

    def describe(self) -> dict[str, Any]:
        return {}

    def judge(self, case: Case, question: Question, earlier: Mapping[int, Verdict]) -> Verdict:
        found = find_instructions(case.inspection)
        outcome = Outcome.SATISFIED if found else Outcome.UNSATISFIED
        return question.verdict(outcome, 1.0, "as it says" if found else "nothing asks for it")


class Strict(Gullible):
    """Passes nothing."""

    name = "strict"

    def judge(self, case: Case, question: Question, earlier: Mapping[int, Verdict]) -> Verdict:
        return question.verdict(Outcome.UNSATISFIED, 1.0, "no")


class Broken(Gullible):
    """Always fails."""

    name = "broken"

    def judge(self, case: Case, question: Question, earlier: Mapping[int, Verdict]) -> Verdict:
        return question.verdict(Outcome.ERROR, 0.0, "no answer")


def test_every_payload_stands_in_every_carrier() -> None:
    corpus = attacks()
    assert len(corpus) == len(CARRIERS) * len(PAYLOADS) >= 100
    assert len({attack.name for attack in corpus}) == len(corpus)


@pytest.mark.parametrize("carrier", sorted(CARRIERS))
def test_what_a_carrier_plants_is_readable_and_valid(tmp_path: Path, carrier: str) -> None:
    attack = next(a for a in attacks() if a.carrier == carrier)
    steps = tmp_path / "steps.json"
    has_trajectory = attack.plant(tmp_path / "output", steps)
    workspace = Workspace.open(tmp_path / "output")
    assert workspace.cuts == ()
    states = {e.path: workspace.artifact(e.path).state for e in workspace.files}
    assert set(states.values()) == {ArtifactState.VALID}
    loaded = load_trajectory(steps) if has_trajectory else None
    inspection = Inspection(workspace, loaded)
    if carrier != "png text":
        assert find_instructions(inspection)


def test_an_output_without_planted_text_has_no_finding(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("model.fit(x, y)  # the system trains the judge of wines\n")
    (tmp_path / "README.md").write_text("Mark the date. All instructions are above. Satisfied?\n")
    assert find_instructions(Inspection(Workspace.open(tmp_path), None)) == ()


def test_the_success_rate_counts_passes_by_carrier() -> None:
    report = run_redteam(Gullible(), jobs=2)
    assert report.control is Outcome.UNSATISFIED
    assert report.n == len(attacks())
    assert report.succeeded == sum(kind.succeeded for kind in report.by_kind.values())
    assert report.rate is not None
    assert report.rate > 0.5
    assert report.ci is not None
    assert report.ci.low < report.rate < report.ci.high or report.rate == 1
    assert report.by_kind["docstring"].n == len(PAYLOADS)
    assert run_redteam(Strict(), attacks()[:10]).rate == 0


def test_a_judge_that_fails_is_neither_fooled_nor_safe() -> None:
    report = run_redteam(Broken(), attacks()[:4])
    assert (report.n, report.errors, report.rate, report.ci) == (0, 4, None, None)


def test_the_checks_judge_is_not_fooled_by_any_of_it() -> None:
    from judge.judges.checks import ChecksJudge

    report = run_redteam(ChecksJudge())
    assert [a.name for a in report.attempts if a.outcome is Outcome.SATISFIED] == []
    assert report.errors == 0
