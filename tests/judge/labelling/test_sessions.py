"""Labels that people give, and what is kept of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devai_tasks import bundled_example
from judge.labelling import CONSENSUS, begin_session, label_sessions, studies
from judge.labelling.sessions import LONGEST_SECONDS, cited_lines, cited_step, clean_name, planned
from judge.reporting.judged import read_judged
from judge.running.planning import RunPlan
from judge.running.sessions import run_request
from judge.workspace import Workspace
from results.errors import InputError
from results.records import Outcome, RunStatus
from results.run_folder import RunFolder
from tests.judge.labelling.people import (
    DIGITS,
    NO,
    STUDY,
    UNSURE,
    YES,
    bundled_plan,
    label,
    names,
    only_study,
)


@pytest.fixture(scope="module")
def plan() -> RunPlan:
    return bundled_plan()


def test_a_label_is_on_disk_when_it_is_given_and_is_read_like_any_run(
    tmp_path: Path, plan: RunPlan
) -> None:
    session = label(tmp_path, plan, "Ada", [YES, NO, UNSURE])
    again = RunFolder.open(session.folder.path)
    assert [v.outcome for v in again.verdicts()] == [YES, NO, UNSURE]
    judged = read_judged(session.run_id, tmp_path, tmp_path / "none.duckdb")
    assert judged.judge == "human"
    assert judged.agent == "example"
    flags = judged.flags[DIGITS]
    assert [flag.outcome for flag in flags[:3]] == [YES, NO, UNSURE]
    assert {flag.outcome for flag in flags[3:]} == {Outcome.ERROR}


def test_a_later_label_takes_the_place_of_an_earlier_one(tmp_path: Path, plan: RunPlan) -> None:
    session = label(tmp_path, plan, "Ada", [YES])
    session.give(DIGITS, 0, NO, "on second thoughts")
    assert session.labels()[DIGITS, 0].outcome is NO
    assert session.labels()[DIGITS, 0].reason == "on second thoughts"


def test_a_torn_line_costs_only_the_label_that_was_being_written(
    tmp_path: Path, plan: RunPlan
) -> None:
    session = label(tmp_path, plan, "Ada", [YES, NO])
    journal = session.folder.path / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-40])
    again = begin_session(tmp_path, plan, STUDY, "Ada")
    assert {number: v.outcome for (_, number), v in again.labels().items()} == {0: YES}
    again.give(DIGITS, 1, NO)
    assert again.labels()[DIGITS, 1].outcome is NO


def test_a_person_comes_back_to_their_own_session_however_they_write_their_name(
    tmp_path: Path, plan: RunPlan
) -> None:
    first = begin_session(tmp_path, plan, STUDY, "Ada Lovelace")
    assert begin_session(tmp_path, plan, "PILOT", " ada  lovelace ").run_id == first.run_id
    other = begin_session(tmp_path, plan, STUDY, "Grace")
    assert other.run_id != first.run_id
    assert names(only_study(tmp_path).annotators) == ["Ada Lovelace", "Grace"]
    assert only_study(tmp_path).session_of("GRACE") is not None
    assert begin_session(tmp_path, plan, "another study", "Ada Lovelace").run_id != first.run_id
    assert len(studies(tmp_path)) == 2


def test_a_session_ends_complete_only_with_a_label_on_everything(
    tmp_path: Path, plan: RunPlan
) -> None:
    session = label(tmp_path, plan, "Ada", [YES])
    assert session.finish() is RunStatus.INCOMPLETE
    for task in session.tasks():
        for requirement in task.requirements:
            if not requirement.is_preference:
                session.give(task.task, requirement.requirement_id, NO, seconds=1.0)
    assert session.finish() is RunStatus.COMPLETE
    assert session.folder.status is RunStatus.COMPLETE
    session.finish()
    assert session.folder.content().progress.seconds == pytest.approx(23.0)


def test_what_is_no_requirement_of_the_session_cannot_be_labelled(
    tmp_path: Path, plan: RunPlan
) -> None:
    session = begin_session(tmp_path, plan, STUDY, "Ada")
    for task, number in ((DIGITS, 99), ("../01", 0)):
        with pytest.raises(InputError, match="no requirement"):
            session.give(task, number, YES)
    with pytest.raises(InputError, match="do not err"):
        session.give(DIGITS, 0, Outcome.ERROR)
    assert session.labels() == {}


def test_a_page_left_open_overnight_does_not_count_as_thinking(
    tmp_path: Path, plan: RunPlan
) -> None:
    session = begin_session(tmp_path, plan, STUDY, "Ada")
    assert session.give(DIGITS, 0, YES, seconds=1e9).seconds == LONGEST_SECONDS
    assert session.give(DIGITS, 0, YES, seconds=-5).seconds == 0


def test_outputs_that_changed_are_not_labelled_in_the_same_study(tmp_path: Path) -> None:
    example = bundled_example()
    outputs = tmp_path / "outputs"
    shutil.copytree(example.workspaces, outputs)
    request = run_request(example.tasks, outputs, agent="mine")
    begin_session(tmp_path / "runs", planned(request, "mine"), STUDY, "Ada")
    (outputs / DIGITS / "README.md").write_text("changed")
    with pytest.raises(InputError, match="changed since"):
        begin_session(tmp_path / "runs", planned(request, "mine"), STUDY, "Grace")


@pytest.mark.parametrize(
    "name",
    [
        *("", "  ", "../../etc", "a/b", "<b>Ada</b>", "![x](http://a.b/c.png)", "=cmd", "x" * 41),
        *("Ada\u202eecarG", "a\0b", "-dash", "Ada\u200b", "ends-", "[link](x)"),
    ],
)
def test_a_name_that_means_something_to_a_machine_is_refused(
    tmp_path: Path, plan: RunPlan, name: str
) -> None:
    with pytest.raises(InputError, match="must be 1 to 40"):
        begin_session(tmp_path, plan, STUDY, name)
    with pytest.raises(InputError, match="must be 1 to 40"):
        begin_session(tmp_path, plan, name, "Ada")
    assert list(tmp_path.iterdir()) == []


@given(st.text(max_size=60))
def test_a_name_that_is_taken_stays_what_it_is(text: str) -> None:
    try:
        name = clean_name(text, "A name")
    except InputError:
        return
    assert clean_name(name, "A name") == name
    assert name.isprintable()
    assert not set(name) & set("<>/\\[]()!`*=\"'")


def test_runs_of_judges_and_damaged_records_are_no_sessions(tmp_path: Path, plan: RunPlan) -> None:
    from tests.support.sample_runs import record

    RunFolder.create(tmp_path, record())
    RunFolder.create(tmp_path, record(judge="human"))
    about = {"study": "<script>", "annotator": "Ada"}
    RunFolder.create(tmp_path, record(judge="human", config={"labelling": about}))
    label(tmp_path, plan, "Ada", [YES])
    assert names(label_sessions(tmp_path)) == ["Ada"]


def test_lines_are_cited_with_what_stands_in_them_and_nothing_outside_can_be() -> None:
    workspace = Workspace.open(bundled_example().workspaces / DIGITS)
    cited = cited_lines(workspace, "src/train.py", 48, 50)
    assert "build_mlp" in cited.quote
    for path in ("../02/main.py", "/etc/passwd", "src", "src/../src/train.py", "nothing.py"):
        with pytest.raises(InputError):
            cited_lines(workspace, path, 1, 2)
    for first, last in ((5, 3), (1, 1_000), (9_000, 9_001)):
        with pytest.raises(InputError):
            cited_lines(workspace, "src/train.py", first, last)


def test_steps_are_cited_by_what_was_done_in_them(plan: RunPlan) -> None:
    (output,) = [output for output in plan.outputs if output.task.name == DIGITS]
    assert len(cited_step(output, 0).quote) > 10
    with pytest.raises(InputError, match="no step 999"):
        cited_step(output, 999)


def test_the_consensus_is_no_annotator(tmp_path: Path, plan: RunPlan) -> None:
    label(tmp_path, plan, "Ada", [YES])
    begin_session(tmp_path, plan, STUDY, "consensus", CONSENSUS)
    study = only_study(tmp_path)
    assert names(study.annotators) == ["Ada"]
    assert study.consensus is not None
