"""The Human labels page: blind labelling, disagreements, consensus, and what is left on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from dashboard.labelling import BUNDLED, outputs_to_label, plan_of
from judge.labelling import begin_session, studies
from judge.running.sessions import run_request
from results.errors import InputError
from results.records import FileEvidence, RunRecord
from results.run_folder import RunFolder, new_run_id
from tests.dashboard.pages_drawn import Drawn
from tests.judge.labelling.people import DIGITS, NO, UNSURE, YES, bundled_plan, label
from tests.support.browser import looking_at, needs_chromium, settle
from tests.support.command import judge as judge_command
from tests.support.judged_stores import CANARY, copied_example, stored

NEW_BUNDLED = f"new study of {BUNDLED}"
KEYS = {YES: "✔ satisfied", NO: "✘ unsatisfied", UNSURE: "? cannot tell"}


def _enter(page: Drawn, name: str, *, moderates: bool = False) -> Drawn:
    page.app.text_input[1].set_value(name)
    if moderates:
        page.app.radio[0].set_value("moderate the discussion")
    return page.click("Begin or go on")


def _nowhere(folder: Path) -> Path:
    """A store that nobody has made; the bundled example can be labelled all the same."""
    return folder / "none.duckdb"


def test_a_label_is_on_disk_as_it_is_given_and_the_next_requirement_follows(
    tmp_path: Path,
) -> None:
    page = _enter(Drawn("labels", _nowhere(tmp_path)), "Ada")
    assert "Requirement 0: is it met?" in page.texts
    page.app.text_area[0].set_value("It is loaded in line 21.")
    page.click(KEYS[YES])
    (study,) = studies(tmp_path / "runs")
    (given,) = study.annotators[0].labels().values()
    assert (given.task, given.requirement_id, given.outcome) == (DIGITS, 0, YES)
    assert given.reason == "It is loaded in line 21."
    assert "Requirement 1: is it met?" in page.texts
    assert page.app.text_area[0].value in ("", None)


def test_who_comes_back_finds_their_labels_and_goes_on(tmp_path: Path) -> None:
    label(tmp_path / "runs", bundled_plan(), "Ada", [YES, NO])
    page = _enter(Drawn("labels", _nowhere(tmp_path)), "ada")
    assert "Requirement 2: is it met?" in page.texts
    page.click("← back")
    assert "You said ✘ unsatisfied" in page.texts
    assert page.app.text_area[0].value == "Ada on 1"
    page.click(KEYS[UNSURE])
    (study,) = studies(tmp_path / "runs")
    assert study.annotators[0].labels()[DIGITS, 1].outcome is UNSURE


def test_lines_are_cited_from_the_files_that_are_shown(tmp_path: Path) -> None:
    page = _enter(Drawn("labels", _nowhere(tmp_path)), "Ada")
    (files,) = [box for box in page.app.selectbox if box.label.startswith("File, of")]
    page.choose(files.label, "src/data_loader.py")
    assert "· 21 │     images, labels = load_digits(return_X_y=True)" in page.texts
    page.app.number_input[1].set_value(21)
    page.again()
    page.app.number_input[2].set_value(22)
    page.click("Cite these lines")
    page.click(KEYS[YES])
    (study,) = studies(tmp_path / "runs")
    (given,) = study.annotators[0].labels().values()
    (cited,) = given.evidence
    assert isinstance(cited, FileEvidence)
    assert (cited.path, cited.start_line, cited.end_line) == ("src/data_loader.py", 21, 22)
    assert "load_digits" in cited.quote


@pytest.mark.parametrize("name", ["", "<b>Ada</b>", "../../x", "![x](http://203.0.113.9/a.png)"])
def test_a_name_that_cannot_be_used_begins_nothing(tmp_path: Path, name: str) -> None:
    page = _enter(Drawn("labels", _nowhere(tmp_path)), name)
    assert "must be 1 to 40 letters" in page.texts
    assert not (tmp_path / "runs").exists()


def test_nobody_sees_others_labels_before_their_own_are_complete(tmp_path: Path) -> None:
    plan = bundled_plan()
    label(tmp_path / "runs", plan, "Grace", [NO, NO, NO])
    page = _enter(Drawn("labels", _nowhere(tmp_path)), "Ada")
    page.click(KEYS[YES])
    assert "Grace" not in page.texts
    assert "Disagreements" not in [s.value for s in page.app.subheader]


def test_the_page_asks_for_no_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dashboard.data import View

    store = copied_example(tmp_path)
    asked: list[str] = []
    before = View.__call__

    def watched(self: View, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        asked.append(sql)
        return before(self, sql, parameters)

    monkeypatch.setattr(View, "__call__", watched)
    page = _enter(Drawn("labels", store), "Ada")
    page.click(KEYS[NO])
    assert asked
    for table in ("verdicts", "evidence", "usage"):
        assert not [sql for sql in asked if table in sql]
    # What the judge said of the first requirement stands nowhere on the page.
    assert "by sklearn.datasets" not in page.texts


def test_nothing_is_written_but_labels(tmp_path: Path) -> None:
    store = copied_example(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    page = _enter(Drawn("labels", store), "Ada")
    page.click(KEYS[YES])
    for name in ("agents", "judgment", "judges"):
        Drawn(name, store)
    after = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    (run,) = {path.parent for path in after.keys() - before.keys()}
    assert RunFolder.open(run).record.judge == "human"
    assert {path: after[path] for path in before} == before


def test_two_annotators_a_discussion_and_align(tmp_path: Path) -> None:
    store = copied_example(tmp_path)
    said = {"Ada": [YES] * 8, "Grace": [YES, NO, NO, YES, YES, YES, YES, YES]}
    runs = tmp_path / "runs"
    (judged,) = [path.name for path in runs.iterdir()]
    plan = plan_of(_bundled_outputs())
    for name, outcomes in said.items():
        for task in plan.tasks:
            wanted = outcomes if task.name == DIGITS else [NO] * len(task.requirements)
            label(runs, plan, name, wanted[:-1] if task.name == DIGITS else wanted, task.name)
        page = _enter(Drawn("labels", store), name)
        page.click(KEYS[outcomes[-1]])
        assert "Everything is labelled. Thank you!" in [s.value for s in page.app.success]
    assert "Whoever moderates the discussion records what it comes to." in page.texts
    page = _enter(Drawn("labels", store), "Mo", moderates=True)
    assert [m.value for m in page.app.metric] == ["23", "23", "2", "2"]
    page.click("Record all majorities")
    page.app.text_area[0].set_value("Both looked again: the split is in line 23.")
    page.click("Record this outcome")
    (study,) = studies(runs)
    assert study.consensus is not None
    consensus = study.consensus.labels()
    assert len(consensus) == 22
    assert consensus[DIGITS, 1].reason.endswith("the split is in line 23.")
    assert f"judge align --labels {study.consensus.run_id}" in page.texts
    ended = judge_command(
        *("align", "--labels", study.consensus.run_id, "--judgments", judged, "--json"),
        folder=tmp_path,
    )
    assert ended.status == 0, ended.err
    # Of 22 recorded ones the judge agrees on 7 of the first task (one is open), on the 4 of the
    # second that it does not find met either, and on all 7 of the third.
    assert (ended.json["n"], ended.json["agree"]) == (22, 18)


def test_a_decision_without_a_note_is_not_recorded(tmp_path: Path) -> None:
    plan = bundled_plan()
    for name, outcome in (("Ada", YES), ("Grace", NO)):
        label(tmp_path / "runs", plan, name, [outcome])
    page = _enter(Drawn("labels", _nowhere(tmp_path)), "Mo", moderates=True)
    page.click("Record this outcome")
    assert "Say in the note why" in page.texts
    (study,) = studies(tmp_path / "runs")
    assert study.consensus is None or not study.consensus.labels()


def _bundled_outputs() -> Any:
    return outputs_to_label(None)[-1]


def test_outputs_of_a_run_from_elsewhere_are_not_opened_unless_they_are_what_was_judged(
    tmp_path: Path,
) -> None:
    bundled = run_request()
    private = tmp_path / "private" / DIGITS
    private.mkdir(parents=True)
    (private / "key").write_text(CANARY)
    request = bundled.model_copy(update={"workspaces": str(private.parent)})
    record = RunRecord(
        run_id=new_run_id(),
        agent="example",
        judge="checks",
        setting="gray-box",
        started_at="2026-11-24T10:00:00+00:00",
        config={"request": request.model_dump(mode="json")},
        hashes={f"workspace:{DIGITS}": "0" * 64},
    )
    store = stored(tmp_path, [RunFolder.create(tmp_path / "runs", record)])
    from dashboard.data import open_view

    first, last = outputs_to_label(open_view(store))
    assert last.name == BUNDLED
    with pytest.raises(InputError, match="no longer what was recorded"):
        plan_of(first)
    page = _enter(Drawn("labels", store), "Ada")
    assert "no longer what was recorded" in page.texts
    assert CANARY not in page.texts


def test_hostile_files_are_shown_as_text_and_pictures_only_drawn_anew(tmp_path: Path) -> None:
    from judge.running.planning import plan_runs
    from tests.support.judged_stores import HOSTILE

    tasks = tmp_path / "tasks"
    outputs = tmp_path / "outputs" / "hostile_task"
    tasks.mkdir()
    outputs.mkdir(parents=True)
    (outputs / "a.txt").write_text(f"{HOSTILE}\n", encoding="utf-8")
    (outputs / "fake.png").write_text("<svg onload='x'/>")
    asked = '{"requirement_id": 0, "prerequisites": [], "criteria": "<img src=x onerror=a()>"}'
    name, query = "hostile_task", "![x](http://203.0.113.9/)"
    (tasks / "t.json").write_text(
        f'{{"name": "{name}", "query": "{query}", "requirements": [{asked}]}}'
    )
    request = run_request(tasks, tmp_path / "outputs", agent="mine")
    (plan,) = plan_runs(request)
    begin_session(tmp_path / "runs", plan, "hostile", "Ada")
    page = _enter(Drawn("labels", _nowhere(tmp_path)), "Ada")
    assert "· 1 │ <script>" in page.texts
    (files,) = [box for box in page.app.selectbox if box.label.startswith("File, of")]
    page.choose(files.label, "fake.png")
    assert "It cannot be shown as a picture." in page.texts
    for sign in ("<script", "<img", "203.0.113.9", "javascript", "\u202e"):
        assert sign not in page.rendered


@pytest.mark.slow
@needs_chromium
def test_in_a_browser_two_people_label_by_keyboard_and_align_reads_their_consensus(
    tmp_path: Path,
) -> None:
    outputs = _one_task_store(tmp_path)
    with looking_at(outputs, tmp_path / "runs") as look:
        for name, keys in (("Ada", "11111112"), ("Grace", "11121111")):
            page = look.open("labels")
            page.get_by_label("Your name").fill(name)
            page.get_by_label("Your name").press("Tab")
            page.get_by_role("button", name="Begin or go on").click()
            page.get_by_text("Requirement 0: is it met?").wait_for()
            settle(page)
            for number, key in enumerate(keys):
                page.get_by_text(f"{number} of {len(keys)} labelled").wait_for()
                page.locator("h1").click()
                page.keyboard.press(key)
            page.get_by_text("Everything is labelled. Thank you!").wait_for()
            page.close()
        page = look.open("labels")
        page.get_by_label("Your name").fill("Mo")
        page.get_by_text("moderate the discussion").click()
        page.get_by_role("button", name="Begin or go on").click()
        page.get_by_role("button", name="Record all majorities").click()
        page.get_by_text("6 outcomes were recorded.").wait_for()
        page.get_by_label("Note: why").fill("Seen together.")
        page.get_by_label("Note: why").press("Tab")
        page.get_by_role("button", name="Record this outcome").click()
        page.get_by_text("Seen together.").first.wait_for()
        assert look.complaints == []
        assert look.requested_elsewhere == []
    (study,) = studies(tmp_path / "runs")
    assert study.consensus is not None
    ended = judge_command(
        *("align", "--labels", study.consensus.run_id, "--json"),
        *("--judgments", study.annotators[0].run_id),
        folder=tmp_path,
    )
    assert ended.status == 0, ended.err
    # Ada's eight labels against six majorities and one decision for what she said.
    assert (ended.json["n"], ended.json["agree"]) == (7, 7)


def _one_task_store(folder: Path) -> Path:
    """A store whose only run judged one task of the bundled outputs, copied so that it is new."""
    import shutil

    import judge
    from devai_tasks import bundled_example
    from results.store import Store

    example = bundled_example()
    shutil.copytree(example.workspaces / DIGITS, folder / "outputs" / DIGITS)
    store = folder / "results.duckdb"
    judge.judge_workspaces(
        example.tasks, folder / "outputs", agent="mine", select=[DIGITS], store=store
    )
    Store(store).publish()
    return store
