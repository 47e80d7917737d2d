"""A model's way through one sequence, and the masks and times that come of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from benchmarks.vos.datasets import open_video_set
from benchmarks.vos.png import read_map
from results.errors import InputError, ModelError
from runners.models.segmentation.interface import Prompt
from runners.video_segmentation.frames import PictureFolder
from runners.video_segmentation.jobs import GivenPrompt, SequenceJob
from runners.video_segmentation.overlays import OverlayWriter, overlay
from runners.video_segmentation.tracking import Windows, track_sequence
from runners.video_segmentation.video_sets import SetTask
from runners.video_segmentation.writing import SequenceWriter, clear_unfinished, label_map
from tests.runners.video_segmentation import layouts
from tests.runners.video_segmentation.colour_segmenter import ColourSegmenter

if TYPE_CHECKING:
    from runners.models.segmentation.interface import Mask, Picture

FRAMES = layouts.moving(2, 7)
WINDOWS = Windows()


class Kept:
    """Keeps what is to be written, as label maps."""

    def __init__(self) -> None:
        self.maps: dict[str, NDArray[Any]] = {}

    def __call__(self, frame: str, picture: Picture, masks: Mapping[int, Mask]) -> None:
        self.maps[frame] = label_map(masks, *picture.shape[:2])


def job_of(root: Path, name: str = "bear") -> SequenceJob:
    return SetTask(open_video_set("davis2017", root)).job(name)


def test_every_frame_gets_the_masks_that_the_model_gives(tmp_path: Path) -> None:
    kept = Kept()
    job = job_of(layouts.davis(tmp_path, {"bear": FRAMES}))
    took = track_sequence(ColourSegmenter(), job, kept, windows=WINDOWS)
    assert list(kept.maps) == [f"{k:05d}" for k in range(7)]
    for found, truth in zip(kept.maps.values(), FRAMES, strict=True):
        np.testing.assert_array_equal(found, truth)
    assert took.frames == len(took.frame_seconds) == 7
    assert 0 < took.model_seconds < took.wall_seconds


def test_an_object_that_appears_late_is_given_there_and_frames_before_any_are_empty(
    tmp_path: Path,
) -> None:
    blank = [np.zeros_like(FRAMES[0])] * 2
    layouts.youtube_vos(tmp_path, {"v": [*blank, *layouts.late_object(FRAMES, at=3)]})
    # Of 9 frames every fifth is sampled: the first is blank, the sixth has all three objects.
    videos = open_video_set("youtube-vos", tmp_path, all_frames=True)
    kept = Kept()
    took = track_sequence(ColourSegmenter(), SetTask(videos).job("v"), kept, windows=WINDOWS)
    assert list(kept.maps) == ["00000", "00005"]
    assert not kept.maps["00000"].any()
    np.testing.assert_array_equal(kept.maps["00005"], layouts.late_object(FRAMES, at=3)[3])
    # The model's work begins with the first object, in the sixth frame.
    assert (took.frames, len(took.frame_seconds)) == (9, 4)


def test_model_time_leaves_out_reading_and_writing(tmp_path: Path) -> None:
    import time

    job = job_of(layouts.davis(tmp_path, {"bear": FRAMES}))
    segmenter = ColourSegmenter(seconds=0.01)
    took = track_sequence(
        segmenter, job, lambda *_: time.sleep(0.02), windows=Windows(ahead=0, behind=0)
    )
    assert 7 * 0.01 <= took.model_seconds < 7 * 0.02
    assert took.wall_seconds >= 7 * 0.03


def test_a_frame_of_another_size_is_named(tmp_path: Path) -> None:
    layouts.davis(tmp_path, {"bear": FRAMES})
    odd = tmp_path / "JPEGImages" / "480p" / "bear" / "00004.png"
    Image.new("RGB", (79, 48)).save(odd)
    with pytest.raises(InputError, match="frame 00004: the picture is 79 x 48 pixels"):
        track_sequence(ColourSegmenter(), job_of(tmp_path), Kept(), windows=WINDOWS)


def test_a_mask_of_another_size_is_named(tmp_path: Path) -> None:
    layouts.davis(tmp_path, {"bear": FRAMES})
    small = layouts.moving(2, 1, size=(24, 40))
    layouts.write_masks(tmp_path / "small", {0: small[0]})
    (tmp_path / "small" / "00000.png").replace(
        tmp_path / "Annotations" / "480p" / "bear" / "00000.png"
    )
    with pytest.raises(InputError, match="frame 00000: the mask is 40 x 24 pixels, but the pict"):
        track_sequence(ColourSegmenter(), job_of(tmp_path), Kept(), windows=WINDOWS)


def test_a_prompt_for_a_frame_that_never_comes_is_an_error(tmp_path: Path) -> None:
    layouts.write_pictures(tmp_path / "f", FRAMES)
    given = GivenPrompt(1, "1", "00099", lambda: Prompt(mask=FRAMES[0] == 1))
    job = SequenceJob("f", PictureFolder(tmp_path / "f"), (given,))
    with pytest.raises(InputError, match="is to be given on frame 00099"):
        track_sequence(ColourSegmenter(), job, Kept(), windows=WINDOWS)


def test_a_model_that_fails_ends_the_sequence_with_its_own_error(tmp_path: Path) -> None:
    job = job_of(layouts.davis(tmp_path, {"bear": FRAMES}))
    with pytest.raises(ModelError, match="out of memory"):
        track_sequence(ColourSegmenter(fails_after=3), job, Kept(), windows=WINDOWS)


def test_a_warm_up_stops_after_its_frames(tmp_path: Path) -> None:
    job = job_of(layouts.davis(tmp_path, {"bear": FRAMES}))
    kept = Kept()
    took = track_sequence(ColourSegmenter(), job, kept, windows=WINDOWS, most=2)
    assert len(took.frame_seconds) == 2


def test_where_masks_overlap_the_lowest_id_wins() -> None:
    one, two = np.zeros((2, 3), bool), np.zeros((2, 3), bool)
    one[0], two[:, 0] = True, True
    assert label_map({2: two, 1: one}, 2, 3).tolist() == [[1, 1, 1], [2, 0, 0]]


def test_a_sequence_has_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    writer = SequenceWriter(tmp_path, "bear")
    writer.write("00000", {1: FRAMES[0] == 1}, 48, 80)
    assert not (tmp_path / "bear").exists()
    writer.finish()
    assert [path.name for path in (tmp_path / "bear").iterdir()] == ["00000.png"]
    SequenceWriter(tmp_path, "dog").write("00000", {}, 48, 80)
    clear_unfinished(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["bear"]


def test_label_maps_have_the_palette_of_davis_and_ids_beyond_255_fit(tmp_path: Path) -> None:
    writer = SequenceWriter(tmp_path, "bear")
    writer.write("a", {1: FRAMES[0] == 1, 2: FRAMES[0] == 2}, 48, 80)
    writer.write("b", {300: FRAMES[0] == 1}, 48, 80)
    writer.finish()
    with Image.open(tmp_path / "bear" / "a.png") as image:
        assert image.mode == "P"
        palette = image.getpalette()
        assert palette is not None
        assert palette[3:6] == [128, 0, 0]
        np.testing.assert_array_equal(np.asarray(image), FRAMES[0])
    wide = read_map((tmp_path / "bear" / "b.png").read_bytes())
    np.testing.assert_array_equal(wide == 300, FRAMES[0] == 1)


def test_an_object_has_a_folder_of_its_own_where_the_set_has_it_so(tmp_path: Path) -> None:
    writer = SequenceWriter(tmp_path, "v", {1: "000", 2: "001"})
    writer.write("00000", {1: FRAMES[0] == 1}, 48, 80)
    writer.finish()
    first = read_map((tmp_path / "v" / "000" / "00000.png").read_bytes())
    np.testing.assert_array_equal(first > 0, FRAMES[0] == 1)
    assert not read_map((tmp_path / "v" / "001" / "00000.png").read_bytes()).any()


def test_an_overlay_tints_objects_and_outlines_them() -> None:
    picture = np.full((60, 80, 3), 100, np.uint8)
    mask = np.zeros((60, 80), bool)
    mask[20:40, 20:60] = True
    drawn = overlay(picture, {1: mask})
    np.testing.assert_array_equal(drawn[~mask], picture[~mask])
    inside, edge = drawn[30, 40], drawn[20, 40]
    assert (edge == drawn[30, 20]).all()
    assert inside[0] > 100 > inside[1]
    assert not (inside == edge).all()


@pytest.mark.parametrize("size", [(48, 80), (47, 79)])
def test_overlays_make_a_film_of_every_frame(size: tuple[int, int], tmp_path: Path) -> None:
    import av

    writer = OverlayWriter(tmp_path, "bear", "mp4", 24)
    for k in range(5):
        picture = np.full((*size, 3), 40 * k, np.uint8)
        writer.write(f"{k}", picture, {1: np.zeros(size, bool)})
    assert not (tmp_path / "bear.mp4").exists()
    writer.finish()
    with av.open(str(tmp_path / "bear.mp4")) as film:
        shown = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    assert len(shown) == 5
    for k, pixels in enumerate(shown):
        assert abs(float(pixels.mean()) - 40 * k) < 6
