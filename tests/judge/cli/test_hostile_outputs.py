"""Outputs that are missing, empty, huge or traps: a clear sentence or an honest verdict."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import judge
from tests.support.outputs import write_files, write_output, write_task, write_trajectory

SMALL = ("run", "--tasks", "tasks", "--workspaces", "out", "--json")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    write_task(tmp_path / "tasks", "a")
    (tmp_path / "out").mkdir()
    return tmp_path


def judged(folder: Path) -> dict[str, Any]:
    """What a run found; it must end well, and pass nothing."""
    ended = judge(*SMALL, folder=folder)
    assert ended.status == 0, ended.err
    assert "Traceback" not in ended.err
    document: dict[str, Any] = ended.json
    assert document["outcomes"]["satisfied"] == 0
    assert document["outcomes"]["error"] == 0
    return document


def refusal(folder: Path, *arguments: str) -> str:
    """The one sentence of a run that was refused before anything was judged."""
    ended = judge(*SMALL, *arguments, folder=folder)
    assert ended.status == 2, ended.err
    assert len(ended.err.strip().splitlines()) == 1
    assert not (folder / "runs").exists()
    return ended.err


def test_an_empty_workspace_gets_verdicts_and_none_is_a_pass(home: Path) -> None:
    (home / "out" / "a").mkdir()
    assert sum(judged(home)["outcomes"].values()) == 3


def test_a_workspace_that_is_a_link_to_etc_is_refused(home: Path) -> None:
    (home / "out" / "a").symlink_to("/etc")
    assert "symbolic link" in refusal(home)


def test_a_workspace_that_is_a_file_is_no_workspace(home: Path) -> None:
    (home / "out" / "a").write_text("here is my work")
    assert "has the name of a task" in refusal(home)


def test_links_in_a_workspace_lead_nowhere(home: Path) -> None:
    secret = home / "elsewhere"
    write_output(secret)
    (home / "out" / "a").mkdir()
    (home / "out" / "a" / "src").symlink_to(secret / "src")
    (home / "out" / "a" / "results").symlink_to(secret / "results")
    judged(home)


def test_a_trajectory_of_no_known_form_is_refused_with_its_name(home: Path) -> None:
    write_output(home / "out" / "a")
    write_files(home / "steps", {"a.json": '{"broken": '})
    assert "a.json" in refusal(home, "--trajectories", "steps")


def test_a_missing_folder_of_trajectories_is_named(home: Path) -> None:
    write_output(home / "out" / "a")
    assert "nowhere" in refusal(home, "--trajectories", "nowhere")


def test_a_file_of_two_gigabytes_is_not_read_whole(home: Path) -> None:
    write_files(home / "out" / "a", {"results/metrics.json": "", "notes.txt": "notes"})
    with (home / "out" / "a" / "results" / "metrics.json").open("wb") as file:
        file.truncate(2 << 30)  # a sparse file: it takes no space
    judged(home)


def test_undecodable_names_are_judged_and_shown(home: Path) -> None:
    workspace = write_output(home / "out" / "a")
    strange = os.fsencode(workspace) + b"/results/\xff\xfe.json"
    with open(strange, "wb") as file:  # noqa: PTH123 - pathlib cannot name it
        file.write(b"{}")
    ended = judge(*SMALL, folder=home)
    assert ended.status == 0
    assert ended.json["outcomes"]["satisfied"] == 2


def test_a_folder_whose_name_cannot_be_decoded_is_judged_as_any_other(home: Path) -> None:
    write_output(home / "out" / "a")
    strange = os.fsdecode(b"out-\xff")
    (home / "out").rename(home / strange)
    arguments = ("run", "--tasks", "tasks", "--workspaces", strange)
    ended = judge(*arguments, "--json", folder=home)
    assert ended.status == 0, ended.err
    assert ended.json["outcomes"]["satisfied"] == 2
    assert judge(*arguments, folder=home).status == 0
    assert judge("results", "list", folder=home).status == 0


def test_pipes_and_sockets_in_a_workspace_do_not_hang_a_run(home: Path) -> None:
    (home / "out" / "a" / "results").mkdir(parents=True)
    os.mkfifo(home / "out" / "a" / "results" / "metrics.json")
    judged(home)


@pytest.mark.slow
def test_a_hundred_thousand_files_are_cut_and_the_cut_is_no_pass(home: Path) -> None:
    workspace = home / "out" / "a"
    for folder in range(100):
        (workspace / f"d{folder:03}").mkdir(parents=True)
        for number in range(1_000):
            (workspace / f"d{folder:03}" / f"f{number}.txt").touch()
    judged(home)


def test_what_a_stranger_wrote_cannot_command_the_terminal(home: Path) -> None:
    write_output(home / "out" / "a")
    hostile = "\x1b]0;owned\x07\x1b[2J [bold red]hello[/]"
    write_task(home / "tasks", "a", [(f"A report is saved as `report.md`. {hostile}", ())])
    shown = judge("run", "--tasks", "tasks", "--workspaces", "out", folder=home)
    run_id = json.loads(judge("results", "list", "--json", folder=home).out)["runs"][0]["run_id"]
    tree = judge("show", run_id, folder=home)
    for text in (shown.out, tree.out, judge("show", run_id, "--json", folder=home).out):
        assert "\x1b" not in text
        assert "\x07" not in text
    assert "[bold red]hello[/]" in tree.out


def test_a_trajectory_named_for_the_task_belongs_to_it(home: Path) -> None:
    write_output(home / "out" / "a")
    write_trajectory(home / "steps", "a")
    ended = judge(*SMALL, "--trajectories", "steps", folder=home)
    assert ended.status == 0
    assert ended.json["setting"] == "gray-box"
