"""A question's video is found below the folder, by path or by name, and never outside of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from results.errors import InputError
from runners.video_qa.packets import UnreadableVideo
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


def test_a_path_of_a_later_name_goes_before_a_bare_name(tmp_path: Path) -> None:
    media = folder(tmp_path, "video/perception/videos/video_1.mp4", "video/clevrer/video_1.mp4")
    names = ["data/perception/videos/video_1.mp4", "perception/videos/video_1.mp4", "video_1.mp4"]
    found = media.find(names)
    assert found is not None and found.parent.parent.name == "perception"


def test_a_folder_of_pictures_is_found_by_its_name(tmp_path: Path) -> None:
    media = folder(tmp_path, "video/tvqa/frames_fps3_hq/castle_s01/00001.jpg")
    for name in ("tvqa/frames_fps3_hq/castle_s01", "castle_s01"):
        found = media.find([name])
        assert found is not None and found.name == "castle_s01"


def test_subtitles_are_found_by_the_name_of_their_video(tmp_path: Path) -> None:
    (tmp_path / "a.srt").write_text("")
    assert MediaFolder(tmp_path, (".srt",)).find(["x/a.mp4"]) == tmp_path / "a.srt"


def test_many_threads_may_look_at_once(tmp_path: Path) -> None:
    media = folder(tmp_path, *(f"deep/{number}/v{number}.mp4" for number in range(200)))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: media.find([f"v{number}"]), range(200)))
    assert None not in found
