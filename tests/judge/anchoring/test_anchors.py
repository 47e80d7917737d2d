"""Anchors are judged when the judge changes, and say what it did to the verdicts."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from judge.anchoring import (
    Anchor,
    add_anchor,
    add_bundled,
    check_anchor,
    drift_warning,
    names_in,
    open_anchor,
    outcomes_of,
)
from results.errors import InputError
from results.records import Outcome, RunRecord, RunStatus
from results.run_folder import RunFolder
from tests.support.chat_server import Answer, Asked, ChatServer, fails, says_object
from tests.support.outputs import write_files, write_output, write_task, write_trajectory

NAMES = ("one", "two", "three")


@pytest.fixture
def anchor(tmp_path: Path) -> Anchor:
    return ours(tmp_path)


def ours(folder: Path, name: str = "ours") -> Anchor:
    """Three labelled outputs: the first two requirements met, the third not."""
    for task in NAMES:
        file = write_task(folder / "tasks", task)
        write_output(folder / "outputs" / task)
        flags = file.read_text().replace("null", "true", 2).replace("null", "false", 1)
        write_files(folder / "labels", {file.name: flags})
    return add_anchor(
        folder / "anchors",
        name,
        tasks=folder / "tasks",
        workspaces=folder / "outputs",
        labels=folder / "labels",
    )


@pytest.fixture
def model(chat_server: ChatServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ChatServer:
    monkeypatch.setenv("OPENAI_BASE_URL", chat_server.url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-loopback-012345")
    # Replies are cached, and a judge that is asked again is asked all the same.
    monkeypatch.setenv("JUDGE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return chat_server


def says_no(asked: Asked) -> Answer:
    cited = {"kind": "artifact", "path": "nothing.txt", "fact": "no such file"}
    said = {"outcome": "unsatisfied", "confidence": 0.9, "reason": "no", "citations": [cited]}
    return says_object(said)


def test_an_anchor_holds_copies_and_no_link(tmp_path: Path) -> None:
    write_task(tmp_path / "tasks", "one")
    workspace = write_output(tmp_path / "outputs" / "one")
    (workspace / "link").symlink_to("/etc/passwd")
    anchor = ours(tmp_path)
    shutil.rmtree(tmp_path / "outputs")
    shutil.rmtree(tmp_path / "tasks")
    again = open_anchor(tmp_path / "anchors", "ours")
    again.check_unchanged()
    assert again == anchor
    assert again.labels == {(n, r): r < 2 for n in NAMES for r in range(3)}
    assert not (again.workspaces / "one" / "link").exists()
    assert names_in(tmp_path / "anchors") == ("ours",)


def test_the_first_judgment_is_the_reference_and_the_same_judge_is_not_asked_again(
    anchor: Anchor,
) -> None:
    first = check_anchor(anchor)
    assert first.status == "first" and first.movement.after.agree == 9
    anchor = open_anchor(anchor.folder.parent, anchor.name)
    assert anchor.about.accepted == first.run_id
    known = check_anchor(anchor)
    assert (known.status, known.run_id) == ("known", first.run_id)
    again = check_anchor(anchor, again=True)
    assert again.status == "judged" and again.run_id != first.run_id
    assert again.reference == first.run_id and not again.movement.flips
    assert len(anchor.runs()) == 2


def test_another_judge_is_asked_and_said_to_have_moved_until_it_is_accepted(
    anchor: Anchor, model: ChatServer
) -> None:
    model.rule = says_no
    reference = check_anchor(anchor)
    anchor = open_anchor(anchor.folder.parent, anchor.name)
    other = check_anchor(anchor, judge="llm", model="openai:m")
    assert other.status == "judged" and other.reference == reference.run_id
    assert "the judge was checks and is llm" in other.changes
    assert (other.movement.before.agree, other.movement.after.agree) == (9, 3)
    assert len(other.movement.flips) == 6 and other.movement.moved is not None
    asked = len(model.requests)
    still = check_anchor(anchor, judge="llm", model="openai:m")
    assert still.status == "known" and still.movement.moved is not None
    assert len(model.requests) == asked
    accepted = anchor.accept(other.run_id)
    assert check_anchor(accepted, judge="llm", model="openai:m").movement.moved is None


def test_a_run_with_errors_is_no_reference_and_is_gone_on_with(
    anchor: Anchor, model: ChatServer
) -> None:
    model.rule = lambda asked: fails(400, "no") if "report.md" in asked.text else says_no(asked)
    first = check_anchor(anchor, judge="llm", model="openai:m")
    assert first.errors == 3
    assert open_anchor(anchor.folder.parent, anchor.name).about.accepted is None
    model.rule = says_no
    then = check_anchor(anchor, judge="llm", model="openai:m")
    assert (then.run_id, then.errors, then.status) == (first.run_id, 0, "first")
    assert len(anchor.runs()) == 1


def test_an_anchor_that_was_changed_is_refused_by_its_part(anchor: Anchor) -> None:
    (anchor.workspaces / "two" / "results" / "metrics.json").write_text("{}")
    with pytest.raises(InputError, match="workspaces/two"):
        check_anchor(anchor)


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden", "x" * 65])
def test_a_name_that_leads_elsewhere_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot name"):
        add_bundled(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_become_an_anchor_leaves_nothing_behind(tmp_path: Path) -> None:
    ours(tmp_path)
    with pytest.raises(InputError, match="already"):
        ours(tmp_path)
    given: dict[str, Any] = {"tasks": tmp_path / "tasks", "workspaces": tmp_path / "outputs"}
    write_task(tmp_path / "other", "else")
    shutil.copytree(tmp_path / "other", tmp_path / "labels2")
    with pytest.raises(InputError, match="no labels"):
        add_anchor(tmp_path / "anchors", "b", labels=tmp_path / "labels2", **given)
    assert [p.name for p in (tmp_path / "anchors").iterdir()] == ["ours"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"name": "x"}'])
def test_a_damaged_anchor_is_named_with_what_to_do(text: str, anchor: Anchor) -> None:
    (anchor.folder / "anchor.json").write_text(text)
    with pytest.raises(InputError, match=r"anchor\.json is not what"):
        open_anchor(anchor.folder.parent, "ours")


def test_trajectories_come_along_and_are_seen(tmp_path: Path) -> None:
    ours(tmp_path)
    for name in NAMES:
        write_trajectory(tmp_path / "steps", name)
    anchor = add_anchor(
        tmp_path / "anchors",
        "gray",
        tasks=tmp_path / "tasks",
        workspaces=tmp_path / "outputs",
        labels=tmp_path / "labels",
        trajectories=tmp_path / "steps",
    )
    found = check_anchor(anchor)
    run = anchor.run(found.run_id)
    assert run is not None and run.record.setting == "gray-box"
    assert {key for key in run.record.hashes if key.startswith("trajectory:")}


def of_run(run: RunFolder, **more: Any) -> RunRecord:
    """The record of an ordinary run by the judge of an anchor's run."""
    config = {name: value for name, value in run.record.config.items() if name != "code"}
    return run.record.model_copy(update={"run_id": "other", "config": config, **more})


def test_two_runs_by_judges_that_differ_are_warned_of_with_what_the_anchor_knows(
    anchor: Anchor, model: ChatServer
) -> None:
    model.rule = says_no
    first = anchor.run(check_anchor(anchor).run_id)
    assert first is not None
    anchors = anchor.folder.parent
    before = of_run(first)
    now = before.model_copy(update={"judge": "llm", "model": "openai:m"})
    unknown = drift_warning(before, now, anchors)
    assert unknown is not None and "run judge anchor check" in unknown
    second = anchor.run(check_anchor(anchor, judge="llm", model="openai:m").run_id)
    assert second is not None
    said = drift_warning(before, of_run(second), anchors)
    assert said is not None
    assert "the judge was checks and is llm" in said
    assert "on the anchor ours it moved, agreeing on 9 of 9 labels before and 3 after" in said
    assert drift_warning(before, before, anchors) is None


def test_a_model_that_changed_under_one_name_is_seen_by_the_anchor(
    anchor: Anchor, model: ChatServer
) -> None:
    model.rule = says_no
    first = anchor.run(check_anchor(anchor, judge="llm", model="openai:m").run_id)
    cited = {"kind": "file", "path": "src/train.py", "start_line": 1, "end_line": 1}
    yes = {"outcome": "satisfied", "confidence": 1.0, "reason": "yes"}
    yes["citations"] = [{**cited, "quote": "import json"}]
    model.rule = lambda asked: says_object(yes)
    second = anchor.run(check_anchor(anchor, judge="llm", model="openai:m", again=True).run_id)
    assert first is not None and second is not None
    assert outcomes_of(second)["one", 0] is Outcome.SATISFIED
    before, after = of_run(first), of_run(second)
    said = drift_warning(before, after, anchor.folder.parent)
    assert said is not None and said.startswith("The judge moved between the two runs")


def test_benchmarks_people_and_damaged_anchors_have_nothing_to_say(anchor: Anchor) -> None:
    run = anchor.run(check_anchor(anchor).run_id)
    assert run is not None and run.status is RunStatus.COMPLETE
    anchors = anchor.folder.parent
    here = of_run(run)
    bench = here.model_copy(update={"kind": "benchmark", "judge": ""})
    assert drift_warning(bench, bench.model_copy(update={"judge": "x"}), anchors) is None
    assert drift_warning(here, here.model_copy(update={"judge": "human"}), anchors) is None
    (anchor.folder / "anchor.json").write_text("{}")
    assert drift_warning(here, here, anchors) is None
    other = drift_warning(here, here.model_copy(update={"model": "m"}), anchors)
    assert other is not None and "is not known" in other
