"""The sets' official layouts: which sequences, frames and objects they hold, and what is amiss."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.vos.appearances import read_mask
from benchmarks.vos.datasets import open_video_set
from benchmarks.vos.frame_names import natural_order
from results.errors import InputError
from tests.runners.video_segmentation import layouts

FRAMES = layouts.moving(2, 11)
LATE = layouts.late_object(FRAMES, at=4)


def test_davis_lists_the_split_and_gives_all_objects_of_the_first_map(tmp_path: Path) -> None:
    layouts.davis(tmp_path, {"bear": LATE, "dog": FRAMES, "cows": FRAMES})
    (tmp_path / "ImageSets" / "2017" / "val.txt").write_text("dog\n\nbear\n")
    videos = open_video_set("davis2017", tmp_path)
    assert videos.names == ("dog", "bear")
    bear = videos.sequence("bear")
    # The object that appears late is none of the benchmark's.
    assert [first.object_id for first in bear.objects] == ["1", "2"]
    assert bear.frames == tuple(f"{k:05d}" for k in range(11))
    assert bear.written == set(bear.frames)
    assert bear.has_ground_truth
    np.testing.assert_array_equal(bear.objects[1].read(), FRAMES[0] == 2)


def test_a_folder_that_holds_davis_will_do(tmp_path: Path) -> None:
    layouts.davis(tmp_path / "DAVIS", {"bear": FRAMES})
    assert open_video_set("davis2017", tmp_path).names == ("bear",)


def test_mose_has_ground_truth_for_training_only(tmp_path: Path) -> None:
    layouts.mose(tmp_path, {"0a1b": FRAMES})
    layouts.mose(tmp_path, {"9f9f": FRAMES}, split="train")
    assert not open_video_set("mose", tmp_path).has_ground_truth()
    train = open_video_set("mose", tmp_path, "train")
    assert train.names == ("9f9f",)
    assert train.has_ground_truth()


def test_sav_gives_each_object_where_its_folder_first_shows_it(tmp_path: Path) -> None:
    layouts.sav(tmp_path, {"sav_000001": LATE})
    videos = open_video_set("sav", tmp_path)
    sequence = videos.sequence("sav_000001")
    shown = [(first.object_id, first.number, first.frame) for first in sequence.objects]
    assert shown == [("000", 1, "00000"), ("001", 2, "00000"), ("002", 3, "00004")]
    np.testing.assert_array_equal(sequence.objects[2].read(), LATE[4] == 3)
    assert len(sequence.frames) == 11
    assert sequence.has_ground_truth


def test_youtube_vos_gives_late_objects_and_wants_sampled_frames_only(tmp_path: Path) -> None:
    late = layouts.late_object(FRAMES, at=5)
    layouts.youtube_vos(tmp_path, {"003234408d": late})
    sampled = open_video_set("youtube-vos", tmp_path).sequence("003234408d")
    assert sampled.frames == ("00000", "00005", "00010")
    everything = open_video_set("youtube-vos", tmp_path, all_frames=True)
    sequence = everything.sequence("003234408d")
    assert len(sequence.frames) == 11
    assert sequence.written == {"00000", "00005", "00010"}
    assert [(f.object_id, f.frame) for f in sequence.objects] == [
        ("1", "00000"),
        ("2", "00000"),
        ("3", "00005"),
    ]
    assert not everything.has_ground_truth()


def test_lvos_reads_its_metadata(tmp_path: Path) -> None:
    layouts.lvos(tmp_path, {"0tCWPOrc": layouts.late_object(FRAMES, at=5)})
    videos = open_video_set("lvos", tmp_path)
    assert videos.meta == tmp_path / "valid" / "valid_meta.json"
    sequence = videos.sequence("0tCWPOrc")
    assert [first.frame for first in sequence.objects] == ["00000", "00000", "00005"]
    assert sequence.has_ground_truth


def test_void_is_no_object(tmp_path: Path) -> None:
    first = FRAMES[0].copy()
    first[20:24, 20:24] = 255
    layouts.davis(tmp_path, {"bear": [first, *FRAMES[1:]]})
    objects = open_video_set("davis2017", tmp_path).sequence("bear").objects
    assert [each.number for each in objects] == [1, 2]


@pytest.mark.parametrize("benchmark", ["davis2017", "mose", "sav", "youtube-vos", "lvos"])
def test_another_folder_is_refused_in_a_sentence(benchmark: str, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    with pytest.raises(InputError, match="is not laid out as"):
        open_video_set(benchmark, tmp_path)
    with pytest.raises(InputError, match="There is no folder"):
        open_video_set(benchmark, tmp_path / "nothing")


def test_another_set_is_told_from_its_folders(tmp_path: Path) -> None:
    layouts.davis(tmp_path, {"bear": FRAMES})
    for benchmark in ("mose", "lvos", "youtube-vos"):
        with pytest.raises(InputError, match=r"holds folders, .* this is another set"):
            open_video_set(benchmark, tmp_path)


def test_what_a_sequence_lacks_is_said_when_it_is_asked_for(tmp_path: Path) -> None:
    layouts.davis(tmp_path, {"bear": FRAMES, "dog": FRAMES, "cat": FRAMES, "ape": FRAMES})
    annotations = tmp_path / "Annotations" / "480p"
    for mask in (annotations / "bear").iterdir():
        mask.unlink()
    (annotations / "dog" / "00000.png").write_bytes(b"no picture")
    (tmp_path / "JPEGImages" / "480p" / "cat" / "00000.png").unlink()
    layouts.write_masks(tmp_path / "empty", {0: FRAMES[0] * 0})
    (tmp_path / "empty" / "00000.png").replace(annotations / "ape" / "00000.png")
    videos = open_video_set("davis2017", tmp_path)
    for name, said in (
        ("bear", "holds no frames"),
        ("dog", "00000.png cannot be read"),
        ("cat", "frame 00000: .* has no picture"),
        ("ape", "no object is shown"),
    ):
        with pytest.raises(InputError, match=said):
            videos.sequence(name)


def test_a_list_cannot_lead_out_of_the_set(tmp_path: Path) -> None:
    layouts.davis(tmp_path, {"bear": FRAMES})
    (tmp_path / "ImageSets" / "2017" / "val.txt").write_text("bear\n../../etc\n")
    with pytest.raises(InputError, match="no folder's name"):
        open_video_set("davis2017", tmp_path)


def test_a_split_that_is_not_there_is_said(tmp_path: Path) -> None:
    layouts.davis(tmp_path, {"bear": FRAMES})
    with pytest.raises(InputError, match=r"no list of sequences at .*test-dev\.txt"):
        open_video_set("davis2017", tmp_path, "test-dev")


def test_all_frames_are_refused_where_they_are_not_there(tmp_path: Path) -> None:
    layouts.youtube_vos(tmp_path, {"a": FRAMES})
    (tmp_path / "valid_all_frames").rename(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="no folder of all frames"):
        open_video_set("youtube-vos", tmp_path, all_frames=True)
    layouts.davis(tmp_path / "davis", {"bear": FRAMES})
    with pytest.raises(InputError, match="belongs to youtube-vos"):
        open_video_set("davis2017", tmp_path / "davis", all_frames=True)


def test_a_broken_mask_is_named(tmp_path: Path) -> None:
    (tmp_path / "m.png").write_bytes(b"\x89PNG")
    with pytest.raises(InputError, match=r"m\.png cannot be read"):
        read_mask(tmp_path / "m.png", 1)


def test_numbers_in_names_are_counted_as_numbers() -> None:
    names = ["b1", "a10", "a9", "a09b", "10", "9"]
    assert sorted(names, key=natural_order) == ["9", "10", "a9", "a09b", "a10", "b1"]
