"""Exported encoders and decoders: equal to what they were made from, and refused when unfit."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from results.errors import InputError
from runners.models.segmentation.encoder_decoder import EncoderDecoderSegmenter
from runners.models.segmentation.graphs import ExecuTorchGraph, OnnxGraph
from runners.models.segmentation.interface import Prompt
from runners.models.segmentation.opening import open_image_segmenter, open_video_segmenter
from tests.runners.segmentation.scenes import HEIGHT, WIDTH, click, noisy_picture

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")

LAYOUTS = ("efficient-sam", "sam", "sam2", "points", "joint")
SIZE = 64
PROMPT = Prompt(box=(20, 10, 60, 45), points=np.array([[30.0, 20.0]]), labels=np.array([1]))


def expected(layout: str) -> tuple[Any, Any]:
    """Logits at the image's size and scores for PROMPT, from the network itself."""
    import torch
    from torch.nn import functional

    from tests.support.tiny_networks import tiny_network

    network = tiny_network(SIZE)
    picture = noisy_picture()
    values = torch.tensor(picture).permute(2, 0, 1)[None].float() / 255
    stretched = torch.tensor([SIZE / WIDTH, SIZE / HEIGHT])
    points = torch.tensor([[20.0, 10.0], [60.0, 45.0], [30.0, 20.0]])
    labels = torch.tensor([[2.0, 3.0, 1.0]])
    with torch.no_grad():
        high = None
        if layout in ("efficient-sam", "joint"):
            features, _, _ = network.embed(network.normalised(values))
        elif layout == "sam":
            from PIL import Image

            # The longer side is the width: 64 x 40.
            small = np.asarray(
                Image.fromarray(picture).resize((SIZE, 40), Image.Resampling.BILINEAR)
            )
            pixels = torch.zeros(1, 3, SIZE, SIZE)
            inner = torch.tensor(small).permute(2, 0, 1)[None].float() / 255
            pixels[:, :, :40] = (inner - network.mean) / network.std
            features, _, _ = network.embed(pixels)
            stretched = torch.tensor([SIZE / WIDTH, 40 / HEIGHT])
        else:
            square = functional.interpolate(values, (SIZE, SIZE), mode="bilinear", antialias=True)
            features, fine, middle = network.embed((square - network.mean) / network.std)
            if layout == "sam2":
                side = SIZE // 4
                high = fine + functional.interpolate(middle, (side, side), mode="bilinear")
        # Refining starts from nothing, which is not the same as no such input.
        earlier = torch.zeros(1, 1, 16, 16) if layout in ("sam", "sam2") else None
        masks, scores = network.decode(features, (points * stretched)[None], labels, high, earlier)
        masks, scores = (
            (masks[:, :1], scores[:, :1])
            if layout == "points"
            else (
                masks[:, 1:],
                scores[:, 1:],
            )
        )
        if layout == "sam":
            masks = functional.interpolate(masks, (SIZE, SIZE), mode="bilinear")[:, :, :40]
        logits = functional.interpolate(masks, (HEIGHT, WIDTH), mode="bilinear")
    return logits[0].numpy(), scores[0].numpy()


def assert_equal_to_the_network(segmenter: Any, layout: str) -> None:
    logits, scores = expected(layout)
    segmenter.set_image(noisy_picture())
    masks, found = segmenter.predict(PROMPT, multimask=True)
    np.testing.assert_allclose(found, scores, atol=1e-5)
    sure = np.abs(logits) > 1e-4
    np.testing.assert_array_equal(masks[sure], (logits > 0)[sure])
    assert masks.any()
    assert not masks.all()
    single, score = segmenter.predict(PROMPT, multimask=False)
    if layout not in ("sam", "points"):
        np.testing.assert_array_equal(single[0], masks[int(scores.argmax())])
        np.testing.assert_allclose(score, scores.max(), atol=1e-5)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("form", ["onnx", "torchscript"])
def test_a_file_answers_as_the_network_it_was_made_from(
    models: Callable[[str], Path], form: str, layout: str
) -> None:
    segmenter = open_image_segmenter(f"{form}:{models(f'{form}-{layout}')}")
    assert isinstance(segmenter, EncoderDecoderSegmenter)
    assert segmenter.layout == layout
    assert segmenter.variant == form
    assert_equal_to_the_network(segmenter, layout)


@pytest.mark.slow
def test_an_executorch_program_answers_as_the_network(models: Callable[[str], Path]) -> None:
    """Of a fixed number of points: the missing ones are filled up with ones that do not count."""
    segmenter = open_image_segmenter(f"executorch:{models('executorch-sam2')}")
    assert segmenter.variant == "executorch"
    assert_equal_to_the_network(segmenter, "sam2")
    many = click(*[(5 * n, 5 * n, 1) for n in range(1, 8)])
    with pytest.raises(InputError, match="exported for 6 points"):
        segmenter.predict(many, multimask=True)


@pytest.mark.parametrize("part", ["encoder", "decoder"])
def test_the_tensors_of_an_onnx_file_are_those_of_the_network(
    models: Callable[[str], Path], part: str
) -> None:
    import torch

    from tests.support.tiny_networks import graphs_of, tiny_network

    made = graphs_of(tiny_network(SIZE), "sam2")[part]
    graph = OnnxGraph(models("onnx-sam2") / f"tiny_{part}.onnx", "cpu")
    assert graph.inputs == made.inputs
    assert graph.outputs == made.outputs
    fed = made.example(4)
    with torch.no_grad():
        eager = made.module(*fed)
    for one, other in zip(graph.run([array.numpy() for array in fed]), eager, strict=True):
        np.testing.assert_allclose(one, other.numpy(), atol=1e-5)


@pytest.mark.parametrize("name", ["onnx-joint", "torchscript-joint"])
def test_parameters_are_counted(models: Callable[[str], Path], name: str) -> None:
    from tests.support.tiny_networks import tiny_network

    count = sum(parameter.numel() for parameter in tiny_network(SIZE).parameters())
    described = open_image_segmenter(f"{name.partition('-')[0]}:{models(name)}").describe()
    # The file holds a few constants more, and leaves out what its layout has no use for.
    assert 0.9 * count < int(described["parameters"]) < 1.1 * count


def test_one_file_is_found_by_its_name_or_its_folder(
    models: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = models("onnx-points")
    by_file = open_image_segmenter(f"onnx:{folder / 'tiny_encoder.onnx'}")
    assert by_file.describe() == open_image_segmenter(f"onnx:{folder}").describe()
    joint = models("onnx-joint") / "tiny_joint.onnx"
    shutil.copy(joint, tmp_path / "squeeze_sam.onnx")
    assert open_image_segmenter(f"onnx:{tmp_path / 'squeeze_sam.onnx'}").name == "squeeze_sam"


def test_efficient_sams_own_archive_is_encoded_once(tmp_path: Path) -> None:
    """The scripted module of its export_to_torchscript.py: a method for each half."""
    import torch

    class Scripted(torch.nn.Module):  # type: ignore[misc]  # torch is read as untyped
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.tensor([0.6, -0.3, 0.8]))

        @torch.jit.export  # type: ignore[untyped-decorator]
        def get_image_embeddings(self, batched_images: torch.Tensor) -> torch.Tensor:
            return torch.einsum("bchw,c->bhw", batched_images, self.weight)[:, None]

        @torch.jit.export  # type: ignore[untyped-decorator]
        def predict_masks(
            self,
            image_embeddings: torch.Tensor,
            batched_points: torch.Tensor,
            batched_point_labels: torch.Tensor,
            multimask_output: bool,
            input_h: int,
            input_w: int,
            output_h: int = -1,
            output_w: int = -1,
        ) -> tuple[torch.Tensor, torch.Tensor]:
            shift = batched_points.mean() / (input_h + input_w) + batched_point_labels.mean()
            masks = torch.stack([image_embeddings[:, 0] - shift / k for k in range(2, 5)], 1)
            masks = torch.nn.functional.interpolate(masks, [output_h, output_w])
            scores = torch.sigmoid(masks.mean((2, 3)))
            return masks[None], scores[None]

        def forward(
            self,
            batched_images: torch.Tensor,
            batched_points: torch.Tensor,
            batched_point_labels: torch.Tensor,
        ) -> tuple[torch.Tensor, torch.Tensor]:
            embeddings = self.get_image_embeddings(batched_images)
            height, width = batched_images.shape[2], batched_images.shape[3]
            masks, scores = self.predict_masks(
                embeddings, batched_points, batched_point_labels, True, height, width, height, width
            )
            return masks, scores

    scripted = torch.jit.script(Scripted())
    scripted.save(str(tmp_path / "efficient_sam_vitt_torchscript.pt"))
    segmenter = open_image_segmenter(f"torchscript:{tmp_path}")
    assert isinstance(segmenter, EncoderDecoderSegmenter)
    assert segmenter.layout == "efficient-sam"
    segmenter.set_image(noisy_picture())
    masks, scores = segmenter.predict(click((30, 20, 1)), multimask=True)
    values = torch.tensor(noisy_picture()).permute(2, 0, 1)[None].float() / 255
    with torch.no_grad():
        whole, quality = scripted(values, torch.tensor([[[[30.0, 20.0]]]]), torch.tensor([[[1.0]]]))
    np.testing.assert_array_equal(masks, (whole[0, 0] > 0).numpy())
    np.testing.assert_allclose(scores, quality[0, 0].numpy(), atol=1e-6)


def test_efficient_sam_is_not_given_more_points_than_it_reads(
    models: Callable[[str], Path],
) -> None:
    segmenter = open_image_segmenter(f"onnx:{models('onnx-efficient-sam')}")
    segmenter.set_image(noisy_picture())
    many = click(*[(5 * n, 5 * n, 1) for n in range(1, 8)])
    with pytest.raises(InputError, match="reads 6 points"):
        segmenter.predict(many, multimask=True)


def test_model_json_names_what_a_file_calls_by_other_names(
    models: Callable[[str], Path], tmp_path: Path
) -> None:
    import onnx

    for part in ("encoder", "decoder"):
        model = onnx.load(models("onnx-points") / f"tiny_{part}.onnx")
        for node in model.graph.node:
            node.input[:] = [
                f"my_{name}" if name == "point_coords" else name for name in node.input
            ]
        for entry in model.graph.input:
            entry.name = f"my_{entry.name}" if entry.name == "point_coords" else entry.name
        onnx.save(model, tmp_path / f"{part}_of_mine.onnx")
    with pytest.raises(InputError, match=r"my_point_coords.*expected were the points"):
        open_image_segmenter(f"onnx:{tmp_path}")
    names = ["image_embeddings", "point_coords", "point_labels"]
    said = {
        "encoder": {"file": "encoder_of_mine.onnx"},
        "decoder": {"file": "decoder_of_mine.onnx", "inputs": names},
    }
    (tmp_path / "model.json").write_text(json.dumps(said))
    assert_equal_to_the_network(open_image_segmenter(f"onnx:{tmp_path}"), "points")


def test_a_mask_threshold_is_read(models: Callable[[str], Path], tmp_path: Path) -> None:
    shutil.copytree(models("onnx-points"), tmp_path / "copy")
    (tmp_path / "copy" / "model.json").write_text('{"mask_threshold": 1e9}')
    segmenter = open_image_segmenter(f"onnx:{tmp_path / 'copy'}")
    segmenter.set_image(noisy_picture())
    assert not segmenter.predict(PROMPT, multimask=False)[0].any()


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("{", "cannot be read"),
        ("[]", "an object was expected"),
        ('{"layout": "mine"}', "layout is one of"),
        ('{"size": -4}', "size is a number"),
        ('{"mean": [1, 2]}', "three numbers"),
        ('{"encoder": {"file": "../encoder.onnx"}}', "beside model.json"),
        ('{"encoder": {"file": "a.onnx"}, "decoder": {"file": "b.onnx"}}', "no file .*a.onnx"),
        ('{"encoder": {"inputs": "image"}}', "list of names"),
        ('{"decoder": {"inputs": ["only"]}}', "3 inputs without known names"),
        ('{"decoder": {"outputs": ["only", "two"]}}', "expected were masks"),
    ],
)
def test_a_model_json_that_is_wrong_is_named(
    models: Callable[[str], Path], tmp_path: Path, said: str, why: str
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(models("onnx-points"), folder)
    (folder / "model.json").write_text(said)

    def used() -> None:
        segmenter = open_image_segmenter(f"onnx:{folder}")
        segmenter.set_image(noisy_picture())
        segmenter.predict(PROMPT, multimask=True)

    with pytest.raises(InputError, match=why):
        used()


@pytest.mark.parametrize(
    ("form", "file"), [("onnx", "a.onnx"), ("torchscript", "a.pt"), ("executorch", "a.pte")]
)
def test_a_broken_file_is_named(tmp_path: Path, form: str, file: str) -> None:
    (tmp_path / file).write_bytes(b"this is no model" * 100)
    with pytest.raises(InputError, match=f"{file} cannot be read as a model"):
        open_image_segmenter(f"{form}:{tmp_path}")


def test_files_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file or folder"):
        open_image_segmenter(f"onnx:{tmp_path / 'nowhere'}")
    with pytest.raises(InputError, match=r"holds 0 \.onnx files"):
        open_image_segmenter(f"onnx:{tmp_path}")
    (tmp_path / "my_encoder.onnx").touch()
    with pytest.raises(InputError, match=r"no file .*my_decoder\.onnx"):
        open_image_segmenter(f"onnx:{tmp_path / 'my_encoder.onnx'}")


def test_a_torchscript_file_needs_its_size_said(
    models: Callable[[str], Path], tmp_path: Path
) -> None:
    shutil.copytree(models("torchscript-points"), tmp_path / "copy")
    (tmp_path / "copy" / "model.json").unlink()
    with pytest.raises(InputError, match=r"give size in model\.json"):
        open_image_segmenter(f"torchscript:{tmp_path / 'copy'}")


def test_what_a_file_cannot_do_is_refused(models: Callable[[str], Path]) -> None:
    spec = f"onnx:{models('onnx-points')}"
    with pytest.raises(InputError, match="precision of an onnx file is its own"):
        open_image_segmenter(spec, precision="bf16")
    with pytest.raises(InputError, match="compiled already"):
        open_image_segmenter(spec, compile=True)
    with pytest.raises(InputError, match="CUDAExecutionProvider"):
        open_image_segmenter(spec, device="cuda")
    with pytest.raises(InputError, match="run on the CPU"):
        open_image_segmenter("executorch:x", device="mps")
    with pytest.raises(InputError, match="segments images and no videos"):
        open_video_segmenter(spec)


def test_an_executorch_graph_says_what_it_takes(tmp_path: Path) -> None:
    (tmp_path / "model.pte").write_bytes(b"")
    with pytest.raises(InputError, match="cannot be read as a model"):
        ExecuTorchGraph(tmp_path / "model.pte")
