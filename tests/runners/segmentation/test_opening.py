"""What cannot be opened is one sentence that says why and how to mend it."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from results.errors import InputError
from runners.models.segmentation.opening import open_image_segmenter, open_video_segmenter


@pytest.fixture
def copied(models: Callable[[str], Path], tmp_path: Path) -> Path:
    """A tiny SAM 2 to be broken."""
    return shutil.copytree(models("hf-sam2"), tmp_path / "copy")


def changed(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "config.json"
    config = json.loads(path.read_text())
    change(config)
    path.write_text(json.dumps(config))


@pytest.mark.parametrize("spec", ["sam2", "hf:", "openai:gpt", ":x", ""])
def test_what_is_no_spec_is_refused(spec: str) -> None:
    for opened in (open_video_segmenter, open_image_segmenter):
        with pytest.raises(InputError, match="not a segmentation model; name it hf:"):
            opened(spec)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no folder"):
        open_video_segmenter(f"hf:{tmp_path / 'nowhere'}")


def test_a_file_is_no_checkpoint_folder(copied: Path) -> None:
    with pytest.raises(InputError, match="takes the folder"):
        open_video_segmenter(f"hf:{copied / 'model.safetensors'}")


def test_a_name_that_the_hub_does_not_give_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match="the hub gave no model of that name"):
        open_video_segmenter("hf:nobody/no-such-model")


def test_a_folder_without_a_config_is_named(copied: Path) -> None:
    (copied / "config.json").unlink()
    with pytest.raises(InputError, match=r"holds no config\.json"):
        open_video_segmenter(f"hf:{copied}")


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"model_type": 3}'])
def test_a_config_that_is_broken_is_named(copied: Path, text: str) -> None:
    (copied / "config.json").write_text(text)
    with pytest.raises(InputError, match=r"config\.json"):
        open_video_segmenter(f"hf:{copied}")


def test_a_model_of_another_kind_is_named(copied: Path, models: Callable[[str], Path]) -> None:
    changed(copied, lambda config: config.update(model_type="llama"))
    with pytest.raises(InputError, match=r"is a llama; .* edgetam_video, sam2_video"):
        open_video_segmenter(f"hf:{copied}")
    with pytest.raises(InputError, match="is a llama; images"):
        open_image_segmenter(f"hf:{copied}")
    with pytest.raises(InputError, match="is a sam; videos"):
        open_video_segmenter(f"hf:{models('hf-sam')}")


def test_a_config_that_fits_no_network_is_named(copied: Path) -> None:
    changed(copied, lambda config: config.update(memory_attention_hidden_size="wide"))
    with pytest.raises(InputError, match="cannot be loaded"):
        open_video_segmenter(f"hf:{copied}")


def test_missing_weights_are_named(copied: Path) -> None:
    (copied / "model.safetensors").unlink()
    with pytest.raises(InputError, match="holds no weights"):
        open_video_segmenter(f"hf:{copied}")


@pytest.mark.parametrize("content", [b"", b"no weights here", b"\xff" * 64])
def test_broken_weights_are_named(copied: Path, content: bytes) -> None:
    (copied / "model.safetensors").write_bytes(content)
    with pytest.raises(InputError, match=r"model\.safetensors is broken"):
        open_video_segmenter(f"hf:{copied}")


def test_weights_that_were_cut_off_are_named(copied: Path) -> None:
    path = copied / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(InputError, match=r"model\.safetensors is broken"):
        open_video_segmenter(f"hf:{copied}")


def test_weights_that_leave_a_part_random_are_refused(copied: Path) -> None:
    from safetensors.torch import load_file, save_file

    path = copied / "model.safetensors"
    weights = load_file(path)
    save_file({name: weights[name] for name in weights if "mask_decoder" not in name}, path)
    with pytest.raises(InputError, match=r"are missing, such as .*mask_decoder"):
        open_video_segmenter(f"hf:{copied}")


def test_a_pickle_is_read_as_weights_alone(copied: Path, tmp_path: Path) -> None:
    """One that would run code is refused before any of it runs."""
    import torch
    from safetensors.torch import load_file

    ran = tmp_path / "ran"

    class Payload:
        def __reduce__(self) -> Any:
            return (Path.touch, (ran,))

    path = copied / "model.safetensors"
    weights: dict[str, Any] = load_file(path)
    path.unlink()
    torch.save(weights, copied / "pytorch_model.bin")
    open_video_segmenter(f"hf:{copied}")
    torch.save({**weights, "payload": Payload()}, copied / "pytorch_model.bin")
    with pytest.raises(InputError, match="cannot be loaded"):
        open_video_segmenter(f"hf:{copied}")
    assert not ran.exists()


def test_a_tower_of_timm_is_asked_for_by_name(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib.util

    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "timm" else found(name)
    )
    tower = {"model_type": "timm_wrapper", "architecture": "repvit_m1"}
    changed(copied, lambda config: config["vision_config"].update(backbone_config=tower))
    with pytest.raises(InputError, match="pip install timm"):
        open_video_segmenter(f"hf:{copied}")


@pytest.mark.parametrize(
    "said",
    [{"image_mean": [1, 2]}, {"image_mean": "grey", "image_std": "grey"}, {"image_mean": [0] * 3}],
)
def test_a_processor_config_that_is_wrong_is_named(copied: Path, said: dict[str, Any]) -> None:
    (copied / "preprocessor_config.json").write_text(json.dumps(said))
    with pytest.raises(InputError, match=r"preprocessor_config\.json cannot be read"):
        open_video_segmenter(f"hf:{copied}")


def test_mean_and_deviation_are_the_checkpoints(copied: Path) -> None:
    import numpy as np

    path = copied / "preprocessor_config.json"
    path.unlink()
    said = {"image_processor": {"image_mean": [0.5] * 3, "image_std": [0.25] * 3}}
    (copied / "processor_config.json").write_text(json.dumps(said))
    white = np.full((64, 64, 3), 255, np.uint8)
    pixels = open_image_segmenter(f"hf:{copied}").prepare(white).pixels
    np.testing.assert_allclose(np.asarray(pixels), 2.0)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"device": "cuda"}, "no CUDA device"),
        ({"device": "mps"}, "no Apple GPU"),
        ({"device": "tpu"}, "No device tpu"),
        ({"precision": "int8"}, "No precision int8"),
    ],
)
def test_what_this_machine_lacks_is_named(
    models: Callable[[str], Path], options: dict[str, Any], why: str
) -> None:
    import torch

    if torch.cuda.is_available() or torch.backends.mps.is_available():
        pytest.skip("this machine has a GPU")
    for opened in (open_video_segmenter, open_image_segmenter):
        with pytest.raises(InputError, match=why):
            opened(f"hf:{models('hf-sam2')}", **options)


def test_a_function_of_ones_own_is_called(
    models: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_segmenter.py").write_text(
        "from runners.models.segmentation.opening import open_video_segmenter\n"
        f"SPEC = 'hf:{models('hf-sam2')}'\n"
        "def made(**options):\n    return open_video_segmenter(SPEC, **options)\n"
        "def wrong(**options):\n    return options\n"
    )
    monkeypatch.setattr("sys.path", list(sys.path))
    opened = open_video_segmenter("python:own_segmenter:made", code=tmp_path, precision="bf16")
    assert opened.precision == "bf16"
    with pytest.raises(InputError, match="has no prepare and no start"):
        open_video_segmenter("python:own_segmenter:wrong", code=tmp_path)
    with pytest.raises(InputError, match="has no function other"):
        open_video_segmenter("python:own_segmenter:other", code=tmp_path)
    with pytest.raises(InputError, match="no_such_module"):
        open_video_segmenter("python:no_such_module:made")
    with pytest.raises(InputError, match="is not whole"):
        open_image_segmenter("python:own_segmenter")
