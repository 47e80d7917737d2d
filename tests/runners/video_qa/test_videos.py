"""A question's video is found below the folder, by path or by name, and never outside of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from results.errors import InputError
from runners.video_qa.frames import UnreadableVideo
from runners.video_qa.videos import VIDEOS, MediaFolder


def folder(tmp_path: Path, *files: str) -> MediaFolder:
    root = tmp_path / "videos"
    root.mkdir()
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_bytes(b"x")
    return MediaFolder(root, VIDEOS, takes_folders=True)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("a", "a.mp4"),
        ("a.mp4", "a.mp4"),
        ("star/clips/b.MP4", "star/clips/b.MP4"),
        ("b", "star/clips/b.MP4"),
        ("b.mp4", "star/clips/b.MP4"),
        ("old/place/b.mp4", "star/clips/b.MP4"),
        ("v1.2", "v1.2.webm"),
        ("frames", "frames"),
    ],
)
def test_a_video_is_found_by_path_or_name(tmp_path: Path, name: str, found: str) -> None:
    media = folder(
        tmp_path, "a.mp4", "star/clips/b.MP4", "v1.2.webm", "frames/0001.jpg", "notes.txt"
    )
    assert media.find([name]) == (tmp_path / "videos" / found).resolve()


@pytest.mark.parametrize("name", ["c", "notes.txt", "", "../out", "/etc/passwd", "a\0b", "."])
def test_what_is_no_video_of_the_folder_is_not_found(tmp_path: Path, name: str) -> None:
    (tmp_path / "out.mp4").write_bytes(b"x")
    media = folder(tmp_path, "a.mp4", "notes.txt")
    try:
        assert media.find([name]) is None
    except UnreadableVideo as error:
        assert "leads out of videos" in str(error)


def test_a_link_that_leads_out_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out.mp4").write_bytes(b"x")
    media = folder(tmp_path, "a.mp4")
    (tmp_path / "videos" / "b.mp4").symlink_to(tmp_path / "out.mp4")
    with pytest.raises(UnreadableVideo, match="leads out of videos"):
        media.find(["b"])


def test_a_name_of_two_files_is_refused_and_a_path_of_one_is_not(tmp_path: Path) -> None:
    media = folder(tmp_path, "x/a.mp4", "y/a.mp4")
    with pytest.raises(UnreadableVideo, match="2 files below videos are called a"):
        media.find(["a"])
    assert media.find(["y/a.mp4"]) == (tmp_path / "videos" / "y" / "a.mp4").resolve()


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no folder"):
        MediaFolder(tmp_path / "nowhere", VIDEOS)
