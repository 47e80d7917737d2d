"""What citations point at is read safely, and only what was judged."""

from __future__ import annotations

import io
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.excerpts import (
    LONGEST_LINE,
    file_excerpt,
    file_page,
    numbered,
    recorded_output,
    shown_text,
    step_excerpts,
)
from dashboard.excerpts_pictures import LONGEST_SIDE, thumbnail
from devai_tasks import bundled_example
from judge.running.planning import RunRequest, plan_runs
from judge.running.sessions import run_request
from judge.trajectory.steps import Step
from judge.workspace import Workspace
from results.records import RunRecord
from tests.support.judged_stores import CANARY, HOSTILE

DIGITS = "01_Digit_Recognition_MLP_Digits_ML"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    outputs = tmp_path / "outputs"
    (outputs / "src").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text(CANARY)
    (outputs / "src" / "a.py").write_text("\n".join(f"line {n}" for n in range(1, 41)) + "\n")
    (outputs / "link.txt").symlink_to(tmp_path / "secret.txt")
    (outputs / "hostile.txt").write_text(f"{HOSTILE}\n> forged │ mark\n" + "A" * 10_000)
    return Workspace.open(outputs)


def test_cited_lines_are_marked_and_have_their_own_numbers(workspace: Workspace) -> None:
    found = file_excerpt(workspace, "src/a.py", 20, 21, "line 20 line 21", around=2)
    assert found.text.splitlines() == [
        "· 18 │ line 18",
        "· 19 │ line 19",
        "> 20 │ line 20",
        "> 21 │ line 21",
        "· 22 │ line 22",
        "· 23 │ line 23",
    ]
    assert found.note == ""
    assert found.title == "src/a.py, lines 20 to 21"


def test_a_quote_that_stands_elsewhere_is_said(workspace: Workspace) -> None:
    assert "not in these lines" in file_excerpt(workspace, "src/a.py", 3, 3, "line 33").note


@pytest.mark.parametrize(
    "path",
    [
        *("../secret.txt", "src/../../secret.txt", "/etc/passwd", "link.txt", "~/.bashrc", "", "."),
        *("src", "src/a.py/../../../secret.txt", "\0", "src/a.py\0.png", "..", "a" * 10_000),
    ],
)
def test_a_path_that_leads_out_or_is_no_file_shows_nothing(workspace: Workspace, path: str) -> None:
    for found in (file_excerpt(workspace, path, 1, 5, CANARY), file_page(workspace, path, 1)):
        assert found.text == ""
        assert "no file of the workspace" in found.note
        assert CANARY not in found.title + found.note
    assert thumbnail(workspace, path) is None


@given(st.text(max_size=40))
def test_no_path_whatsoever_reads_what_is_outside(path: str) -> None:
    folder = bundled_example().workspaces / DIGITS / "results"
    found = file_excerpt(Workspace.open(folder), path, 1, 400)
    assert found.text == "" or (folder / path).resolve().is_relative_to(folder.resolve())


@pytest.mark.parametrize(
    ("first", "last"), [(0, 0), (-5, 3), (5, 2), (1, 10**12), (10**15, 10**15)]
)
def test_absurd_line_numbers_are_bounded(workspace: Workspace, first: int, last: int) -> None:
    found = file_excerpt(workspace, "src/a.py", first, last)
    assert len(found.text.splitlines()) <= 420


def test_hostile_lines_are_cut_cannot_reorder_and_cannot_forge_a_mark(workspace: Workspace) -> None:
    found = file_excerpt(workspace, "hostile.txt", 1, 1)
    lines = found.text.splitlines()
    assert len(lines) == 3
    assert "\u202e" not in found.text
    assert lines[0].startswith("> 1 │ <script>")
    assert lines[1].startswith("· 2 │ > forged")
    assert len(lines[2]) < LONGEST_LINE + 60
    assert "the line is longer" in lines[2]


@given(st.text(max_size=300))
def test_what_is_shown_has_no_steering_characters_and_one_line_a_line(text: str) -> None:
    lines = text.split("\n")
    shown = numbered(lines, 1, range(0))
    assert len(shown.split("\n")) == len(lines)
    steering = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    for said in (shown, shown_text(text)):
        assert not {c for c in said if c != "\n" and unicodedata.category(c) in steering}


def test_a_notebook_is_shown_as_the_text_that_judges_cite(tmp_path: Path) -> None:
    cell = '{"cell_type": "code", "source": ["model.fit(x)"], "outputs": [], "metadata": {}}'
    (tmp_path / "a.ipynb").write_text(
        f'{{"cells": [{cell}], "metadata": {{}}, "nbformat": 4, "nbformat_minor": 5}}'
    )
    workspace = Workspace.open(tmp_path)
    lines = workspace.artifact("a.ipynb").text.splitlines()
    (number,) = [n for n, line in enumerate(lines, 1) if "model.fit" in line]
    found = file_excerpt(workspace, "a.ipynb", number, number, "model.fit(x)")
    assert f"> {number} │ " in found.text
    assert found.note == ""


def test_a_binary_file_is_described_and_not_shown(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(bytes(range(256)) * 20)
    found = file_page(Workspace.open(tmp_path), "a.bin", 1)
    assert found.text == ""
    assert found.note


def test_the_lines_of_a_steps_quote_are_marked() -> None:
    step = Step(3, thought="hm", action="python a.py", observation="one\nsaved  to\nx.png\nend")
    parts = {part.title: part.text for part in step_excerpts(step, "saved to x.png")}
    assert parts["Observation"].splitlines() == [
        "· 1 │ one",
        "> 2 │ saved  to",
        "> 3 │ x.png",
        "· 4 │ end",
    ]
    assert parts["Thought"] == "hm"
    assert set(parts) == {"Thought", "Action", "Observation"}


def _record(**changes: object) -> RunRecord:
    (plan,) = plan_runs(run_request())
    given = {
        "run_id": "r",
        "agent": "example",
        "judge": "checks",
        "setting": "gray-box",
        "started_at": "",
        "config": {"request": plan.request.model_dump(mode="json")},
        "hashes": plan.hashes,
    }
    return RunRecord.model_validate({**given, **changes})


def test_an_unchanged_output_is_found_again() -> None:
    found = recorded_output(_record(), DIGITS)
    assert found.workspace is not None
    assert found.trajectory is not None
    assert (found.workspace_fault, found.trajectory_fault) == ("", "")


def test_what_changed_or_went_away_is_said_and_not_shown(tmp_path: Path) -> None:
    record = _record()
    changed = dict.fromkeys(record.hashes, "0" * 64)
    found = recorded_output(_record(hashes=changed), DIGITS)
    assert (found.workspace, found.trajectory) == (None, None)
    assert "changed since" in found.workspace_fault
    assert "changed since" in found.trajectory_fault
    gone = RunRequest.model_validate(record.config["request"]).model_copy(
        update={"workspaces": str(tmp_path / "gone"), "trajectories": str(tmp_path / "gone")}
    )
    config = {"request": gone.model_dump(mode="json")}
    found = recorded_output(_record(config=config), DIGITS)
    assert "no longer where" in found.workspace_fault
    assert found.trajectory is None


def test_a_run_from_elsewhere_shows_no_folder_of_this_machine(tmp_path: Path) -> None:
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "key").write_text(CANARY)
    config = {"request": {"tasks": "x", "workspaces": str(tmp_path), "trajectories": "/"}}
    for hashes in ({}, {"workspace:private": ""}, {"workspace:private": "0" * 64}):
        found = recorded_output(_record(config=config, hashes=hashes), "private")
        assert found.workspace is None
    for task in ("..", "../private", "/etc", "private/..", "a\0b", ""):
        assert recorded_output(_record(config=config), task).workspace is None
    found = recorded_output(_record(config={"request": "?"}), DIGITS)
    assert "does not say" in found.workspace_fault


def test_a_black_box_run_shows_no_trajectory() -> None:
    found = recorded_output(_record(setting="black-box"), DIGITS)
    assert found.trajectory is None
    assert "no trajectory" in found.trajectory_fault


def _image(mode: str, size: tuple[int, int], form: str) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.new(mode, size, 120).save(file, format=form)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "mode", "form"),
    [
        ("a.png", "RGBA", "PNG"),
        ("b.jpg", "CMYK", "JPEG"),
        ("c.gif", "P", "GIF"),
        ("d.png", "I;16", "PNG"),
    ],
)
def test_a_picture_is_drawn_anew_and_small(tmp_path: Path, name: str, mode: str, form: str) -> None:
    from PIL import Image

    content = _image(mode, (1300, 40), form) + b"<script>trailing</script>"
    (tmp_path / name).write_bytes(content)
    made = thumbnail(Workspace.open(tmp_path), name)
    assert made is not None
    assert b"script" not in made
    picture = Image.open(io.BytesIO(made))
    assert (picture.format, picture.mode, max(picture.size)) == ("PNG", "RGB", LONGEST_SIDE)


@pytest.mark.parametrize(
    "content",
    [
        b"<svg onload='x'/>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
        b"",
        b"\x89PNG\r\n\x1a\n broken",
        b"GIF89a",
    ],
)
def test_what_is_no_picture_is_not_shown_whatever_its_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.png").write_bytes(content)
    assert thumbnail(Workspace.open(tmp_path), "a.png") is None


def test_a_picture_of_too_many_pixels_is_not_decoded(tmp_path: Path) -> None:
    (tmp_path / "bomb.png").write_bytes(_image("1", (30_000, 30_000), "PNG"))
    assert thumbnail(Workspace.open(tmp_path), "bomb.png") is None
