"""Majority first, then discussion; and how far people agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from judge.labelling import Standing, agreements, record_decision, record_majorities, settle
from judge.running.planning import RunPlan
from results.errors import InputError
from results.records import FileEvidence
from tests.judge.labelling.people import (
    DIGITS,
    NO,
    UNSURE,
    YES,
    bundled_plan,
    label,
    only_study,
)
from tests.support.command import judge


@pytest.fixture(scope="module")
def plan() -> RunPlan:
    return bundled_plan()


def _first(runs: Path, number: int) -> Standing:
    return settle(only_study(runs))[number]


def test_majority_settles_what_more_than_half_say_and_leaves_the_rest_to_discussion(
    tmp_path: Path, plan: RunPlan
) -> None:
    label(tmp_path, plan, "Ada", [YES, YES, YES, UNSURE, YES])
    label(tmp_path, plan, "Grace", [YES, NO, NO, UNSURE, NO])
    label(tmp_path, plan, "Joan", [YES, YES, UNSURE, NO])
    standings = settle(only_study(tmp_path))
    assert [s.majority for s in standings[:5]] == [YES, YES, None, None, None]
    assert [s.is_disputed for s in standings[:5]] == [False, True, True, True, True]
    assert [s.is_open for s in standings[:6]] == [False, False, True, True, True, False]


def test_recorded_majorities_say_who_counted_and_are_written_once(
    tmp_path: Path, plan: RunPlan
) -> None:
    label(tmp_path, plan, "Ada", [YES, YES, YES])
    label(tmp_path, plan, "Grace", [YES, NO, YES])
    study = only_study(tmp_path)
    session, written = record_majorities(tmp_path, plan, study, settle(study))
    assert written == 2
    assert session.labels()[DIGITS, 0].reason == "unanimous, 2 of 2"
    assert (DIGITS, 1) not in session.labels()
    study = only_study(tmp_path)
    assert record_majorities(tmp_path, plan, study, settle(study))[1] == 0


def test_a_decision_needs_a_note_and_no_later_majority_takes_it_away(
    tmp_path: Path, plan: RunPlan
) -> None:
    ada = label(tmp_path, plan, "Ada", [YES])
    label(tmp_path, plan, "Grace", [NO])
    cited = FileEvidence(path="src/data_loader.py", start_line=1, end_line=2, quote="load")
    ada.give(DIGITS, 0, YES, "it is loaded", [cited])
    study = only_study(tmp_path)
    with pytest.raises(InputError, match="note"):
        record_decision(tmp_path, plan, study, settle(study)[0], YES, "  ")
    session = record_decision(tmp_path, plan, study, settle(study)[0], YES, "It is in line 21.")
    recorded = session.labels()[DIGITS, 0]
    assert recorded.reason.endswith("It is in line 21.")
    assert recorded.evidence == (cited,)
    assert _first(tmp_path, 0).outcome is YES
    label(tmp_path, plan, "Ada", [NO])
    assert _first(tmp_path, 0).majority is NO
    study = only_study(tmp_path)
    assert record_majorities(tmp_path, plan, study, settle(study))[1] == 0
    assert _first(tmp_path, 0).outcome is YES


def test_a_majority_that_went_away_leaves_the_consensus_undecided(
    tmp_path: Path, plan: RunPlan
) -> None:
    label(tmp_path, plan, "Ada", [YES])
    label(tmp_path, plan, "Grace", [YES])
    study = only_study(tmp_path)
    record_majorities(tmp_path, plan, study, settle(study))
    label(tmp_path, plan, "Grace", [NO])
    study = only_study(tmp_path)
    session, written = record_majorities(tmp_path, plan, study, settle(study))
    assert written == 1
    assert session.labels()[DIGITS, 0].outcome is UNSURE
    assert _first(tmp_path, 0).is_open


def test_what_only_one_of_several_people_labelled_is_no_consensus(
    tmp_path: Path, plan: RunPlan
) -> None:
    label(tmp_path, plan, "Ada", [YES, YES])
    label(tmp_path, plan, "Grace", [YES])
    study = only_study(tmp_path)
    assert record_majorities(tmp_path, plan, study, settle(study))[1] == 1


def test_the_papers_figures_are_counted_over_what_both_sides_decided(
    tmp_path: Path, plan: RunPlan
) -> None:
    # By hand: Ada and Grace both decide 0..3 and differ on 1 and 3; Joan decides 0..2.
    label(tmp_path, plan, "Ada", [YES, YES, NO, YES])
    label(tmp_path, plan, "Grace", [YES, NO, NO, NO])
    label(tmp_path, plan, "Joan", [YES, NO, YES, UNSURE])
    study = only_study(tmp_path)
    record_majorities(tmp_path, plan, study, settle(study))
    study = only_study(tmp_path)
    record_decision(tmp_path, plan, study, settle(study)[3], YES, "seen together")
    study = only_study(tmp_path)
    record_decision(tmp_path, plan, study, settle(study)[1], YES, "the majority overlooked it")
    found = agreements(only_study(tmp_path))
    pairs = {(p.first, p.second): (p.n, p.differ, p.disagreement) for p in found.pairs}
    assert pairs == {
        ("Ada", "Grace"): (4, 2, 0.5),
        ("Ada", "Joan"): (3, 2, pytest.approx(2 / 3)),
        ("Grace", "Joan"): (3, 1, pytest.approx(1 / 3)),
    }
    # Majority: yes, no, no, and none on 3. Consensus: yes, yes, no, yes.
    against_majority = {c.second: (c.n, c.differ) for c in found.against_majority}
    assert against_majority == {"Ada": (3, 1), "Grace": (3, 0), "Joan": (3, 1)}
    against_consensus = {c.second: (c.n, c.differ) for c in found.against_consensus}
    assert against_consensus == {
        "Ada": (4, 0),
        "Grace": (4, 2),
        "Joan": (3, 2),
        "majority vote": (3, 1),
    }
    assert (found.requirements, found.labelled_by_all, found.disputed) == (23, 4, 3)
    assert {e.name: (e.labelled, e.cannot_tell, e.seconds) for e in found.efforts} == {
        "Ada": (4, 0, 8.0),
        "Grace": (4, 0, 8.0),
        "Joan": (4, 1, 8.0),
    }


def test_one_person_alone_has_no_pair_and_no_vote(tmp_path: Path, plan: RunPlan) -> None:
    label(tmp_path, plan, "Ada", [YES])
    found = agreements(only_study(tmp_path))
    assert found.pairs == ()
    assert found.against_consensus == ()
    assert [(c.second, c.n) for c in found.against_majority] == [("Ada", 1)]


def test_judge_align_takes_the_consensus_for_labels(tmp_path: Path, plan: RunPlan) -> None:
    runs = tmp_path / "runs"
    label(runs, plan, "Ada", [YES, YES, NO])
    label(runs, plan, "Grace", [YES, YES, NO])
    study = only_study(runs)
    session, _ = record_majorities(runs, plan, study, settle(study))
    judged = judge("run", "--json", "--select", DIGITS, folder=tmp_path)
    assert judged.status == 0, judged.err
    run = judged.json["run_id"]
    ended = judge(
        "align", "--labels", session.run_id, "--judgments", run, "--json", folder=tmp_path
    )
    assert ended.status == 0, ended.err
    # The checks judge finds everything of this task; the people said that 2 is not met.
    assert (ended.json["n"], ended.json["agree"]) == (3, 2)
