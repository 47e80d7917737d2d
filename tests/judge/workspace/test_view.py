"""The view of a folder: nothing leads out of it, nothing blocks, and every cut is told."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from judge.workspace import ArtifactState, Limits, Workspace
from results.errors import InputError


def reasons(workspace: Workspace) -> dict[str, str]:
    return {cut.path: cut.reason for cut in workspace.cuts}


def test_files_are_listed_by_path_with_their_sizes(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "two.txt").write_text("12")
    (tmp_path / "a.txt").write_text("1")
    workspace = Workspace.open(tmp_path)
    assert [(f.path, f.size) for f in workspace.files] == [("a.txt", 1), ("b/two.txt", 2)]
    assert workspace.directories == ("b",)
    assert workspace.has("b/two.txt")
    assert workspace.size("b/two.txt") == 2
    assert not workspace.cuts
    assert not workspace.is_truncated


def test_an_empty_workspace_has_no_files_and_no_cuts(tmp_path: Path) -> None:
    workspace = Workspace.open(tmp_path)
    assert workspace.files == ()
    assert workspace.cuts == ()
    assert workspace.fingerprint() == Workspace.open(tmp_path).fingerprint()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda p: None, "No such file"),
        (lambda p: p.write_text("x"), "is not a folder"),
        (lambda p: p.symlink_to("/etc"), "symbolic link"),
        (lambda p: p.symlink_to("/nowhere"), "symbolic link"),
    ],
)
def test_a_root_that_is_no_folder_is_refused_in_one_sentence(
    tmp_path: Path, make: object, words: str
) -> None:
    root = tmp_path / "root"
    assert callable(make)
    make(root)
    with pytest.raises(InputError, match=words) as failure:
        Workspace.open(root)
    assert "\n" not in str(failure.value)


def test_a_root_with_a_null_character_is_refused_in_one_sentence() -> None:
    with pytest.raises(InputError, match="null"):
        Workspace.open("a\0b")


def test_links_are_told_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "file").symlink_to("/etc/passwd")
    (tmp_path / "folder").symlink_to("/etc")
    (tmp_path / "loop").symlink_to(tmp_path)
    workspace = Workspace.open(tmp_path)
    assert workspace.files == ()
    assert set(reasons(workspace)) == {"file", "folder", "loop"}
    assert all("symbolic link" in reason for reason in reasons(workspace).values())


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "a/../../secret", "folder/x", ""])
def test_a_path_that_was_not_listed_is_not_opened(tmp_path: Path, path: str) -> None:
    (tmp_path / "secret").write_text("secret")
    root = tmp_path / "root"
    root.mkdir()
    workspace = Workspace.open(root)
    with pytest.raises(InputError, match="not a file of the workspace"):
        workspace.read_bytes(path)


def test_a_parent_folder_swapped_for_a_link_leads_nowhere(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "data.txt").write_text("secret")
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "sub" / "data.txt").write_text("mine")
    workspace = Workspace.open(root)
    (root / "sub" / "data.txt").unlink()
    (root / "sub").rmdir()
    (root / "sub").symlink_to(outside)
    with pytest.raises(InputError, match=r"sub/data\.txt"):
        workspace.read_bytes("sub/data.txt")
    assert workspace.text("sub/data.txt") is None
    artifact = workspace.artifact("sub/data.txt")
    assert artifact.state is ArtifactState.UNREADABLE
    assert "secret" not in artifact.text


def test_a_file_swapped_for_a_link_or_a_fifo_is_refused_without_blocking(tmp_path: Path) -> None:
    for name in ("link", "fifo"):
        (tmp_path / name).write_text("mine")
    workspace = Workspace.open(tmp_path)
    for name in ("link", "fifo"):
        (tmp_path / name).unlink()
    (tmp_path / "link").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "fifo")
    began = time.monotonic()
    for name in ("link", "fifo"):
        with pytest.raises(InputError):
            workspace.read_bytes(name)
    assert time.monotonic() - began < 5


def test_a_root_replaced_by_another_folder_is_noticed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "a").write_text("one")
    workspace = Workspace.open(root)
    root.rename(tmp_path / "old")
    root.mkdir()
    (root / "a").write_text("two")
    with pytest.raises(InputError, match="replaced"):
        workspace.read_bytes("a")


def test_special_files_are_told_and_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        workspace = Workspace.open(tmp_path)
    assert workspace.files == ()
    assert set(reasons(workspace)) == {"fifo", "socket"}
    assert all("special file" in reason for reason in reasons(workspace).values())


def test_names_that_are_not_utf8_are_told(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff.txt")).write_text("x")
    (tmp_path / "good.txt").write_text("x")
    workspace = Workspace.open(tmp_path)
    assert [file.path for file in workspace.files] == ["good.txt"]
    assert reasons(workspace) == {"bad\\xff.txt": "its name is not valid UTF-8"}
    workspace.fingerprint()


def test_folders_that_tools_make_are_told_and_not_looked_into(tmp_path: Path) -> None:
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "x.js").write_text("x")
    workspace = Workspace.open(tmp_path)
    assert workspace.files == ()
    assert "node_modules" in reasons(workspace)


def test_files_of_many_folders_are_cut_at_the_limit(tmp_path: Path) -> None:
    for folder in range(10):
        (tmp_path / f"d{folder}").mkdir()
        for number in range(1_000):
            (tmp_path / f"d{folder}" / f"{number:05}").touch()
    workspace = Workspace.open(tmp_path, Limits(max_files=2_000))
    assert len(workspace.files) == 2_000
    assert workspace.is_truncated
    assert any("only the first 2000 files" in reason for reason in reasons(workspace).values())


@pytest.mark.slow
def test_a_hundred_thousand_files_in_one_folder_are_listed_in_bounded_time(tmp_path: Path) -> None:
    for number in range(100_000):
        os.close(os.open(tmp_path / f"{number:06}", os.O_CREAT))
    began = time.monotonic()
    workspace = Workspace.open(tmp_path)
    assert time.monotonic() - began < 30
    assert len(workspace.files) == Limits().max_files
    assert workspace.files[0].path == "000000"
    assert workspace.files[-1].path == f"{Limits().max_files - 1:06}"
    assert workspace.is_truncated
    shutil.rmtree(tmp_path)


def test_more_entries_than_are_kept_of_a_folder_are_counted(tmp_path: Path) -> None:
    for number in range(50):
        (tmp_path / f"{number:02}").touch()
    workspace = Workspace.open(tmp_path, Limits(max_files=10, max_folders=5))
    assert [file.path for file in workspace.files] == [f"{number:02}" for number in range(10)]
    assert "35 of its entries are left out" in {cut.reason for cut in workspace.cuts}


@pytest.mark.slow
def test_a_folder_five_thousand_levels_deep_ends_at_the_limit(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(5_000):
        os.mkdir("d", dir_fd=here)
        deeper = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)
    try:
        workspace = Workspace.open(tmp_path)
        assert len(workspace.directories) == Limits().max_depth
        assert workspace.is_truncated
        assert any("deeper than" in reason for reason in reasons(workspace).values())
    finally:
        subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)


def test_many_folders_are_cut_at_the_limit(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number:02}").mkdir()
    workspace = Workspace.open(tmp_path, Limits(max_folders=10))
    assert len(workspace.directories) == 10
    assert any("only the first 10 folders" in reason for reason in reasons(workspace).values())


def test_cuts_themselves_are_bounded(tmp_path: Path) -> None:
    for number in range(1_100):
        (tmp_path / f"{number}").symlink_to("x")
    cuts = Workspace.open(tmp_path).cuts
    assert len(cuts) == 1_001
    assert "not named" in cuts[-1].reason


def test_a_sparse_file_of_two_gigabytes_costs_neither_time_nor_memory(tmp_path: Path) -> None:
    with (tmp_path / "huge.bin").open("wb") as file:
        file.truncate(2 << 30)
    began = time.monotonic()
    workspace = Workspace.open(tmp_path)
    artifact = workspace.artifact("huge.bin")
    workspace.fingerprint()
    assert workspace.text("huge.bin") is None
    assert not artifact.is_valid
    assert "not read whole" in reasons(workspace)["huge.bin"]
    assert time.monotonic() - began < 20


def test_files_beyond_the_total_of_bytes_are_listed_and_not_opened(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).write_text("x" * 100)
    workspace = Workspace.open(tmp_path, Limits(max_total_bytes=150))
    assert len(workspace.files) == 3
    assert workspace.text("a") == "x" * 100
    assert workspace.text("b") is None
    assert workspace.artifact("c").state is ArtifactState.UNREADABLE
    assert {"b", "c"} <= set(reasons(workspace))


def test_an_unreadable_folder_and_file_are_facts(tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir()
    (tmp_path / "locked" / "x").write_text("x")
    (tmp_path / "shut.txt").write_text("x")
    (tmp_path / "locked").chmod(0)
    (tmp_path / "shut.txt").chmod(0)
    code = f"""
import os
import judge.workspace.reading, judge.workspace.texts
from judge.workspace import Workspace
if os.geteuid() == 0:
    os.setgid(65534); os.setuid(65534)
w = Workspace.open({str(tmp_path)!r})
print([c.path + ": " + c.reason for c in w.cuts], w.artifact("shut.txt").state.value)
"""
    folder = tmp_path
    opened = []
    while folder != folder.parent and folder.stat().st_uid == os.geteuid():
        opened.append((folder, folder.stat().st_mode))
        folder.chmod(folder.stat().st_mode | 0o055)
        folder = folder.parent
    try:
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, cwd=Path.cwd()
        )
    finally:
        for folder, mode in opened:
            folder.chmod(mode)
        (tmp_path / "locked").chmod(0o755)
    assert "locked: the folder cannot be read: Permission denied" in done.stdout, done.stderr
    assert "unreadable" in done.stdout


def test_the_fingerprint_changes_with_content_name_and_cuts(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one")
    prints = {Workspace.open(tmp_path).fingerprint()}
    (tmp_path / "a").write_text("two")
    prints.add(Workspace.open(tmp_path).fingerprint())
    (tmp_path / "a").rename(tmp_path / "b")
    prints.add(Workspace.open(tmp_path).fingerprint())
    (tmp_path / "link").symlink_to("b")
    prints.add(Workspace.open(tmp_path).fingerprint())
    with (tmp_path / "b").open("wb") as file:
        file.truncate(3 << 20)
    prints.add(Workspace.open(tmp_path).fingerprint())
    with (tmp_path / "b").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"x")
    prints.add(Workspace.open(tmp_path).fingerprint())
    assert len(prints) == 6


def test_text_is_bounded_and_binary_has_none(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("é" * 1_000)
    (tmp_path / "data.bin").write_bytes(bytes(range(256)))
    workspace = Workspace.open(tmp_path, Limits(max_text_chars=100))
    assert workspace.text("long.txt") == "é" * 100
    assert workspace.text("data.bin") is None


def test_the_source_of_a_notebook_is_its_code(tmp_path: Path) -> None:
    (tmp_path / "n.ipynb").write_text(
        '{"cells": [{"cell_type": "code", "source": ["import os\\n", "%matplotlib inline\\n",'
        ' "x = 1"], "outputs": []}, {"cell_type": "markdown", "source": "# Title"}], "nbformat": 4}'
    )
    (tmp_path / "broken.ipynb").write_text("{")
    (tmp_path / "a.py").write_text("y = 2\n")
    workspace = Workspace.open(tmp_path)
    assert workspace.source("n.ipynb") == "import os\n\nx = 1"
    assert workspace.source("broken.ipynb") is None
    assert workspace.source("a.py") == "y = 2\n"


def test_importing_the_room_loads_no_reader() -> None:
    code = (
        "import sys, judge.workspace; print([m for m in ('numpy', 'PIL', 'av', 'h5py', 'duckdb',"
        " 'pypdf', 'docx', 'yaml', 'lxml', 'charset_normalizer') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
