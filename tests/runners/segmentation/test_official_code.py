"""The official code bases' predictors, against the same predictors shown a whole folder."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from results.errors import InputError
from runners.models.segmentation.interface import Mask, Prompt, VideoSegmenter
from runners.models.segmentation.opening import open_image_segmenter, open_video_segmenter
from tests.runners.segmentation.conftest import CODE_PACKAGES, official_spec
from tests.runners.segmentation.scenes import (
    BRIGHT,
    HEIGHT,
    WIDTH,
    click,
    moving_squares,
    square_mask,
)


def shown_whole(predictor: Any, folder: Path, n: int) -> list[dict[int, Mask]]:
    """What the predictor's own way through a folder of frames gives, with two prompts at first."""
    for index, frame in enumerate(moving_squares(n)):
        # A PNG by content, so that the predictor's loader reads these very pixels.
        with (folder / f"{index:05d}.jpg").open("wb") as file:
            Image.fromarray(frame).save(file, "PNG")
    state = predictor.init_state(str(folder))
    predictor.add_new_mask(state, 0, 1, square_mask(10, 10))
    predictor.add_new_points_or_box(state, 0, 2, box=np.array([5, 35, 24, 54], np.float32))
    return [
        {object_id: (mask[0] > 0).numpy() for object_id, mask in zip(ids, masks, strict=True)}
        for _, ids, masks in predictor.propagate_in_video(state)
    ]


@pytest.mark.parametrize("name", ["official-first", "official-later"])
@pytest.mark.parametrize("keep_frames", [False, True])
@pytest.mark.parametrize("n", [3, 20])
def test_frame_by_frame_the_masks_are_those_of_the_whole_folder(
    opened_video: Callable[[str], VideoSegmenter],
    tmp_path: Path,
    name: str,
    keep_frames: bool,
    n: int,
) -> None:
    segmenter: Any = opened_video(name)
    whole = shown_whole(segmenter._predictor, tmp_path, n)
    with segmenter.start(HEIGHT, WIDTH, n, keep_frames=keep_frames) as session:
        for index, frame in enumerate(moving_squares(n)):
            session.add_frame(frame)
            if index == 0:
                session.prompt(0, 1, BRIGHT)
                session.prompt(0, 2, Prompt(box=(5, 35, 24, 54)))
            masks = session.track(index)
            assert set(masks) == {1, 2}
            for object_id, mask in masks.items():
                np.testing.assert_array_equal(mask, whole[index][object_id])


def test_the_predictor_is_built_as_for_the_official_evaluation(
    opened_video: Callable[[str], VideoSegmenter],
) -> None:
    segmenter: Any = opened_video("official-later")
    assert segmenter._predictor.fill_hole_area == 0
    assert segmenter._predictor.add_all_frames_to_correct_as_cond


def test_nothing_is_drawn_for_each_frame(
    opened_video: Callable[[str], VideoSegmenter], capsys: pytest.CaptureFixture[str]
) -> None:
    with opened_video("official-later").start(HEIGHT, WIDTH, 2) as session:
        session.add_frame(moving_squares(1)[0])
        session.prompt(0, 1, click((20, 20, 1)))
        session.track(0)
    assert "propagate" not in capsys.readouterr().err


def test_a_code_base_that_is_not_there_is_named_with_its_install(
    code_bases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [at for at in sys.path if at != str(code_bases.resolve())])
    for name in [name for name in sys.modules if name.partition(".")[0] in CODE_PACKAGES]:
        monkeypatch.delitem(sys.modules, name)
    checkpoint = tmp_path / "tiny.pt"
    checkpoint.touch()
    for opened in (open_video_segmenter, open_image_segmenter):
        with pytest.raises(InputError, match=r"not installed.*pip install git\+https"):
            opened(f"official:efficienttam:some.yaml:{checkpoint}")


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ("official:sam3:a.yaml:b.pt", "no code base 'sam3'"),
        ("official:sam2", "is not whole"),
        ("official:sam2:b.pt", "is not whole"),
        ("official:sam2:a.yaml:nowhere.pt", r"no checkpoint nowhere\.pt"),
        ("official:edgetam:nowhere.pt", r"no checkpoint nowhere\.pt"),
    ],
)
def test_a_spec_that_is_not_whole_is_refused(spec: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        open_video_segmenter(spec)


def test_what_cannot_be_built_is_one_sentence(code_bases: Path, tmp_path: Path) -> None:
    good = official_spec("official-later", code_bases)
    with pytest.raises(InputError, match=r"cannot build other\.yaml.*primary config"):
        open_video_segmenter(good.replace("later.yaml", "other.yaml"), code=code_bases)
    broken = tmp_path / "broken.pt"
    broken.write_bytes(b"no weights")
    with pytest.raises(InputError, match="cannot build"):
        open_video_segmenter(f"official:sam2:later.yaml:{broken}", code=code_bases)
    with pytest.raises(InputError, match="no folder"):
        open_video_segmenter(good, code=tmp_path / "nowhere")


def test_two_code_bases_of_one_name_are_not_mixed(code_bases: Path, tmp_path: Path) -> None:
    spec = official_spec("official-later", code_bases)
    open_video_segmenter(spec, code=code_bases)
    with pytest.raises(InputError, match="process of its own"):
        open_video_segmenter(spec, code=tmp_path)


def test_a_device_that_the_code_base_does_not_know_is_a_sentence(
    opened_video: Callable[[str], VideoSegmenter], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first release of SAM 2 moves everything to CUDA, whatever it was built for."""
    segmenter: Any = opened_video("official-later")

    def started(**_: Any) -> None:
        raise AssertionError("Torch not compiled with CUDA enabled")

    monkeypatch.setattr(segmenter._predictor, "init_state", started)
    with segmenter.start(HEIGHT, WIDTH, 1) as session:
        session.add_frame(moving_squares(1)[0])
        with pytest.raises(InputError, match="cannot start a video on cpu"):
            session.prompt(0, 1, BRIGHT)
