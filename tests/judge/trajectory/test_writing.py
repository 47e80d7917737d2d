"""A trajectory written in ATIF or DevAI form tells the same story when it is read again."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from judge.trajectory import (
    Call,
    Step,
    StepUsage,
    Trajectory,
    last_run_of,
    load_trajectory,
    registry,
    write_trajectory,
    writes,
)
from judge.trajectory.documents import Document
from results.errors import InputError
from tests.judge.trajectory.samples import PROGRAM, SAMPLES, Sample

both = pytest.mark.parametrize("form", ["atif", "devai"])
each_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)


def told(trajectory: Trajectory) -> list[tuple[str, str]]:
    """What is said, done and seen, in order, whichever step it stands in."""
    found: list[tuple[str, str]] = []
    for step in trajectory.steps:
        for kind in ("user_message", "thought", "action", "observation"):
            if getattr(step, kind):
                found.append((kind, getattr(step, kind)))
    return found


@both
@each_sample
def test_every_format_can_be_converted(sample: Sample, form: str, tmp_path: Path) -> None:
    trajectory = load_trajectory(sample.write(tmp_path))
    target = tmp_path / "converted.json"
    write_trajectory(trajectory, target, form)
    again = load_trajectory(target)
    assert again.format == form
    assert told(again) == told(trajectory)
    (write,) = writes(again, "src/train.py")
    assert write.content is not None and write.content.strip() == PROGRAM.strip()
    run = last_run_of(again, "src/train.py")
    assert run is not None and run.ended == "ok"


@each_sample
def test_converting_twice_changes_nothing_more(sample: Sample, tmp_path: Path) -> None:
    once, twice = tmp_path / "once.json", tmp_path / "twice.json"
    for form in ("atif", "devai"):
        write_trajectory(load_trajectory(sample.write(tmp_path)), once, form)
        write_trajectory(load_trajectory(once), twice, form)
        assert json.loads(twice.read_text()) == json.loads(once.read_text())


text = st.text(st.characters(blacklist_categories=["Cs"]), max_size=60)
names = st.sampled_from(["bash", "python", "str_replace_editor", "Write", "text_action", "x y"])
keys = st.sampled_from(["command", "code", "path", "file_text", "text"])
some_calls = st.builds(
    Call, name=names, arguments=st.dictionaries(keys, text, max_size=3), observation=text
)
some_steps = st.builds(
    Step,
    number=st.just(0),
    thought=text,
    action=st.one_of(
        text,
        text.map(lambda t: f"Running command: {t}"),
        text.map(lambda t: f"Running Python code interactively: {t}"),
        text.map(lambda t: f"Calling tool: edit\npath: {t}"),
    ),
    observation=text,
    user_message=text,
    usage=st.one_of(
        st.none(),
        st.builds(
            StepUsage,
            st.integers(0, 10**9),
            st.integers(0, 10**9),
            st.none() | st.floats(0, 1e6),
            st.none() | text.filter(bool),
        ),
    ),
    seconds=st.none() | st.floats(0, 1e6),
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(some_steps, max_size=5))
def test_the_devai_form_keeps_every_field(steps: list[Step], tmp_path: Path) -> None:
    trajectory = Trajectory("Ägent", "devai", "x", tuple(steps))
    path = tmp_path / "t.json"
    write_trajectory(trajectory, path, "devai")
    again = load_trajectory(path)
    assert again.agent == "Ägent" or not steps
    assert [s.number for s in again.steps] == list(range(len(steps)))
    for before, after in zip(steps, again.steps, strict=True):
        assert (after.thought, after.action) == (before.thought, before.action)
        assert (after.observation, after.user_message) == (before.observation, before.user_message)
        assert after.usage == before.usage
        assert after.seconds == (before.seconds if before.usage else None)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(some_steps, max_size=5))
def test_atif_keeps_what_was_said_done_and_seen(steps: list[Step], tmp_path: Path) -> None:
    trajectory = Trajectory("Example", "devai", "x", tuple(steps))
    path = tmp_path / "t.json"
    write_trajectory(trajectory, path, "atif")
    again = load_trajectory(path)
    assert told(again) == told(trajectory)
    assert [s.number for s in again.steps] == list(range(1, len(again.steps) + 1))
    known = [s.usage for s in steps if s.usage is not None]
    assert [s.usage for s in again.steps if s.usage is not None] != [] or not known
    assert again.usage.input_tokens == trajectory.usage.input_tokens


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(calls=st.lists(some_calls, min_size=1, max_size=4))
def test_calls_of_one_reply_keep_apart_in_both_forms(calls: list[Call], tmp_path: Path) -> None:
    step = Step(0, thought="t", action="several", observation="all", calls=tuple(calls))
    trajectory = Trajectory("Example", "atif", "x", (step,))
    path = tmp_path / "t.json"
    write_trajectory(trajectory, path, "atif")
    (again,) = load_trajectory(path).steps
    assert [dict(c.arguments) for c in again.calls] == [dict(c.arguments) for c in calls]
    write_trajectory(trajectory, path, "devai")
    if len(calls) > 1:
        answers = [s.observation for s in load_trajectory(path).steps]
        assert answers == [c.observation for c in calls]


def test_an_unknown_price_and_time_are_not_written_as_known(tmp_path: Path) -> None:
    step = Step(0, thought="x", usage=StepUsage(5, 6, None, None))
    path = tmp_path / "t.json"
    write_trajectory(Trajectory("a", "devai", "x", (step,)), path, "devai")
    (written,) = json.loads(path.read_text())
    assert written["step_usage"]["cost_is_unknown"] is True
    assert load_trajectory(path).usage.cost is None


def test_a_format_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    trajectory = Trajectory("a", "devai", "x", ())
    with pytest.raises(InputError, match="'swe-agent'; the formats that can be are atif, devai"):
        write_trajectory(trajectory, tmp_path / "t.json", "swe-agent")
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    trajectory = Trajectory("a", "devai", "x", ())
    with pytest.raises(InputError, match=r"cannot be written to .*No such file or directory"):
        write_trajectory(trajectory, tmp_path / "none" / "t.json", "atif")


def test_a_written_file_has_the_usual_permissions_and_leaves_nothing_beside(tmp_path: Path) -> None:
    mask = os.umask(0o022)
    try:
        write_trajectory(Trajectory("a", "devai", "x", ()), tmp_path / "t.json", "devai")
    finally:
        os.umask(mask)
    (only,) = tmp_path.iterdir()
    assert stat.S_IMODE(only.stat().st_mode) == 0o644


class _Entry:
    """What an installed package's entry point gives."""

    def __init__(self, name: str, loaded: Any) -> None:
        self.name = name
        self.loaded = loaded

    def load(self) -> Any:
        if isinstance(self.loaded, Exception):
            raise self.loaded
        return self.loaded


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes a format known as an installed package would."""

    def install(loaded: Any) -> None:
        monkeypatch.setattr(registry, "entry_points", lambda group: [_Entry("diary", loaded)])
        registry.formats.cache_clear()

    yield install
    registry.formats.cache_clear()


def test_an_installed_package_can_add_a_format(installed: Any, tmp_path: Path) -> None:
    def recognises(document: Document) -> bool:
        return isinstance(document.content, dict) and "diary" in document.content

    def read(document: Document) -> Trajectory:
        steps = tuple(Step(n, thought=t) for n, t in enumerate(document.content["diary"]))
        return Trajectory("diarist", "diary", document.path, steps)

    installed(SimpleNamespace(NAME="diary", recognises=recognises, read=read))
    path = tmp_path / "d.json"
    path.write_text('{"diary": ["Dear diary", "I trained a model."]}')
    trajectory = load_trajectory(path)
    assert (trajectory.format, len(trajectory.steps)) == ("diary", 2)


def test_a_format_that_breaks_on_import_is_named(installed: Any, tmp_path: Path) -> None:
    installed(ImportError("no module named quill"))
    path = tmp_path / "d.json"
    path.write_text("[]")
    with pytest.raises(InputError, match="'diary' of an installed package cannot be loaded"):
        load_trajectory(path)


def test_a_format_that_lacks_a_part_is_named(installed: Any, tmp_path: Path) -> None:
    installed(SimpleNamespace(NAME="diary"))
    path = tmp_path / "d.json"
    path.write_text("[]")
    with pytest.raises(InputError, match="has no recognises and no read"):
        load_trajectory(path)
