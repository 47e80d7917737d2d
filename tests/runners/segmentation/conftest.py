"""Every segmenter there is, tiny and from files made on the spot."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runners.models.segmentation.interface import ImageSegmenter, VideoSegmenter
from runners.models.segmentation.opening import open_image_segmenter, open_video_segmenter

STAND_IN = Path(__file__).parent / "stand_in"

IMAGE_SEGMENTERS = (
    "hf-sam2",
    "hf-edgetam",
    "hf-sam",
    "onnx-efficient-sam",
    "onnx-sam",
    "onnx-sam2",
    "onnx-points",
    "onnx-joint",
    "torchscript-efficient-sam",
    "torchscript-sam2",
    "official-sam2",
    "official-efficienttam",
    pytest.param("executorch-sam2", marks=pytest.mark.slow),
)
VIDEO_SEGMENTERS = (
    "hf-sam2",
    "hf-edgetam",
    "official-first",
    "official-later",
    "official-efficienttam",
)


@pytest.fixture(scope="session", autouse=True)
def installed() -> None:
    """Skips everything here where the extra is not installed."""
    for module in ("torch", "transformers"):
        pytest.importorskip(module, reason="segmentation models need the extra models")


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a tiny model by name, made when it is first asked for."""
    from tests.support.tiny_segmenters import (
        make_tiny_edgetam,
        make_tiny_encoder_decoder,
        make_tiny_sam,
        make_tiny_sam2,
    )

    root = tmp_path_factory.mktemp("segmenters")
    made: dict[str, Path] = {}
    whole: dict[str, Callable[..., Path]] = {
        "hf-sam2": make_tiny_sam2,
        "hf-edgetam": make_tiny_edgetam,
        "hf-sam": make_tiny_sam,
    }

    def folder(name: str) -> Path:
        if name not in made:
            if name in whole:
                made[name] = whole[name](root / name, size=64)
            else:
                form, _, layout = name.partition("-")
                if form != "torchscript":
                    runtime = {"onnx": "onnxruntime", "executorch": "executorch"}[form]
                    pytest.importorskip(runtime, reason="exported files need the extra export")
                made[name] = make_tiny_encoder_decoder(root / name, form, layout=layout)
        return made[name]

    return folder


@pytest.fixture(scope="session")
def code_bases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with stand-ins for the packages sam2 and efficient_track_anything."""
    import torch

    folder = tmp_path_factory.mktemp("code")
    shutil.copytree(STAND_IN / "sam2", folder / "sam2")
    other = folder / "efficient_track_anything"
    other.mkdir()
    (other / "__init__.py").touch()
    (other / "build_efficienttam.py").write_text(
        "from sam2.build_sam import build_sam2 as build_efficienttam\n"
        "from sam2.build_sam import build_sam2_video_predictor"
        " as build_efficienttam_video_predictor\n"
    )
    (other / "efficienttam_image_predictor.py").write_text(
        "from sam2.sam2_image_predictor import SAM2ImagePredictor as EfficientTAMImagePredictor\n"
    )
    torch.save({"model": {"weight": torch.tensor([0.7, -0.4, 0.9])}}, folder / "tiny.pt")
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] in CODE_PACKAGES]:
        del sys.modules[name]
    if str(folder.resolve()) in sys.path:
        sys.path.remove(str(folder.resolve()))


CODE_PACKAGES = ("sam2", "efficient_track_anything")


@pytest.fixture
def opened_image(
    models: Callable[[str], Path], code_bases: Path
) -> Callable[[str], ImageSegmenter]:
    def opened(name: str) -> ImageSegmenter:
        if name.startswith("official"):
            return open_image_segmenter(official_spec(name, code_bases), code=code_bases)
        return open_image_segmenter(f"{name.partition('-')[0]}:{models(name)}")

    return opened


@pytest.fixture
def opened_video(models: Callable[[str], Path], code_bases: Path) -> Callable[..., VideoSegmenter]:
    def opened(name: str, **options: Any) -> VideoSegmenter:
        if name.startswith("official"):
            spec = official_spec(name, code_bases)
            return open_video_segmenter(spec, code=code_bases, **options)
        return open_video_segmenter(f"hf:{models(name)}", **options)

    return opened


def official_spec(name: str, folder: Path) -> str:
    kind = name.partition("-")[2]
    base = "efficienttam" if kind == "efficienttam" else "sam2"
    config = "first.yaml" if kind == "first" else "later.yaml"
    return f"official:{base}:{config}:{folder / 'tiny.pt'}"


@pytest.fixture(params=IMAGE_SEGMENTERS)
def image_segmenter(
    request: pytest.FixtureRequest, opened_image: Callable[[str], ImageSegmenter]
) -> ImageSegmenter:
    return opened_image(request.param)


@pytest.fixture(params=VIDEO_SEGMENTERS)
def video_segmenter(
    request: pytest.FixtureRequest, opened_video: Callable[[str], VideoSegmenter]
) -> VideoSegmenter:
    return opened_video(request.param)
