"""SAM 2, EdgeTAM and SAM through transformers, against transformers itself."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from results.errors import InputError
from runners.models.segmentation.interface import ImageSegmenter, Mask, Prompt, VideoSegmenter
from runners.models.segmentation.opening import open_image_segmenter, open_video_segmenter
from tests.runners.segmentation.scenes import (
    BRIGHT,
    HEIGHT,
    WIDTH,
    click,
    moving_squares,
    noisy_picture,
)

SIZE = 64
MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
VIDEO_CLASSES = {
    "hf-sam2": ("Sam2VideoModel", "sam2_video", "Sam2VideoInferenceSession"),
    "hf-edgetam": ("EdgeTamVideoModel", "edgetam_video", "EdgeTamVideoInferenceSession"),
}


def unpruned(folder: Path, name: str, n: int, prompt: Prompt) -> list[Mask]:
    """The masks that a session of transformers gives, which keeps everything."""
    import importlib

    import torch
    import transformers
    from PIL import Image

    kind, module, session_name = VIDEO_CLASSES[name]
    model = getattr(transformers, kind).from_pretrained(folder).eval()
    modelling = importlib.import_module(f"transformers.models.{module}.modeling_{module}")
    pixels = [
        np.asarray(Image.fromarray(frame).resize((SIZE, SIZE))) / 255.0
        for frame in moving_squares(n)
    ]
    video = torch.tensor(np.stack(pixels)).permute(0, 3, 1, 2).float()
    video -= torch.tensor(MEAN).float()[:, None, None]
    video /= torch.tensor(STD).float()[:, None, None]
    session = getattr(modelling, session_name)(
        video=video, video_height=HEIGHT, video_width=WIDTH, dtype=torch.float32
    )
    index = session.obj_id_to_idx(1)
    if prompt.mask is not None:
        whole = torch.tensor(prompt.mask).float()[None, None]
        resized = torch.nn.functional.interpolate(
            whole, (SIZE, SIZE), mode="bilinear", antialias=True, align_corners=False
        )
        session.add_mask_inputs(index, 0, (resized >= 0.5).float())
    else:
        assert prompt.points is not None
        points = torch.tensor(prompt.points * (SIZE / WIDTH, SIZE / HEIGHT)).float()
        labels = torch.tensor(prompt.labels)
        session.add_point_inputs(
            index, 0, {"point_coords": points[None, None], "point_labels": labels[None, None]}
        )
    session.obj_with_new_inputs = [1]
    model(session, frame_idx=0)
    masks = []
    for answer in model.propagate_in_video_iterator(session):
        logits = torch.nn.functional.interpolate(
            answer.pred_masks, (HEIGHT, WIDTH), mode="bilinear", align_corners=False
        )
        masks.append((logits[0, 0] > 0).numpy())
    return masks


def streamed(segmenter: VideoSegmenter, n: int, prompt: Prompt) -> list[Mask]:
    with segmenter.start(HEIGHT, WIDTH, n) as session:
        masks = []
        for index, frame in enumerate(moving_squares(n)):
            session.add_frame(frame)
            if index == 0:
                session.prompt(0, 1, prompt)
            masks.append(session.track(index)[1])
        return masks


@pytest.mark.parametrize("name", VIDEO_CLASSES)
@pytest.mark.parametrize("prompt", [BRIGHT, click((20, 20, 1))], ids=["a mask", "a click"])
@pytest.mark.parametrize("n", [5, 24])
def test_masks_are_those_of_a_session_that_keeps_everything(
    models: Callable[[str], Path], name: str, prompt: Prompt, n: int
) -> None:
    folder = models(name)
    found = streamed(open_video_segmenter(f"hf:{folder}"), n, prompt)
    for one, other in zip(found, unpruned(folder, name, n, prompt), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_over_300_frames_what_is_held_stays_and_so_do_the_masks(
    models: Callable[[str], Path],
) -> None:
    n, name = 300, "hf-sam2"
    folder = models(name)
    segmenter: Any = open_video_segmenter(f"hf:{folder}")
    most_outputs = most_features = 0
    masks = []
    with segmenter.start(HEIGHT, WIDTH, n) as session:
        for index, frame in enumerate(moving_squares(n)):
            session.add_frame(frame)
            if index == 0:
                session.prompt(0, 1, BRIGHT)
            masks.append(session.track(index)[1])
            outputs = session._objects[1].output_dict_per_obj[0]
            tracked = outputs["non_cond_frame_outputs"]
            most_outputs = max(most_outputs, len(tracked) + len(outputs["cond_frame_outputs"]))
            with_features = [out for out in tracked.values() if "maskmem_features" in out]
            most_features = max(most_features, len(with_features))
            assert len(session._features._vision_features) == 1
            assert len(session._objects[1].frames_tracked_per_obj[0]) == 1
    assert most_outputs <= 17
    assert most_features <= 7
    for one, other in zip(masks, unpruned(folder, name, n, BRIGHT), strict=True):
        np.testing.assert_array_equal(one, other)


def test_frames_are_prepared_as_sam_2_loads_them(models: Callable[[str], Path]) -> None:
    from PIL import Image

    frame = noisy_picture()
    prepared = open_video_segmenter(f"hf:{models('hf-sam2')}").prepare(frame)
    expected = Image.fromarray(frame).resize((SIZE, SIZE), Image.Resampling.BICUBIC)
    np.testing.assert_array_equal(prepared.pixels, np.asarray(expected))
    assert (prepared.height, prepared.width) == (HEIGHT, WIDTH)


def test_images_for_sam_are_prepared_as_its_processor_does(
    models: Callable[[str], Path],
) -> None:
    from transformers.models.sam.image_processing_pil_sam import SamImageProcessorPil

    processor = SamImageProcessorPil(
        size={"longest_edge": SIZE}, pad_size={"height": SIZE, "width": SIZE}
    )
    segmenter = open_image_segmenter(f"hf:{models('hf-sam')}")
    for picture in (noisy_picture(0, 50, 75), noisy_picture(1, 90, 30)):
        expected = np.asarray(processor(picture, return_tensors="np")["pixel_values"])[0]
        np.testing.assert_allclose(segmenter.prepare(picture).pixels, expected, atol=1e-5)


def test_images_for_sam_2_are_scaled_before_they_are_resized(
    models: Callable[[str], Path],
) -> None:
    """Halving by a bilinear filter with antialiasing weighs 1, 3, 3, 1 (over 8) each way."""
    segmenter = open_image_segmenter(f"hf:{models('hf-sam2')}")
    picture = noisy_picture(0, 2 * SIZE, 2 * SIZE)
    padded = np.pad(picture / 255.0, ((1, 1), (1, 1), (0, 0)), mode="edge")
    for axis in (0, 1):
        shifted = [np.roll(padded, -step, axis) for step in range(4)]
        padded = (shifted[0] + 3 * shifted[1] + 3 * shifted[2] + shifted[3]) / 8
    inner: NDArray[Any] = (padded[: 2 * SIZE : 2, : 2 * SIZE : 2] - MEAN) / STD
    found = np.moveaxis(np.asarray(segmenter.prepare(picture).pixels), 0, 2)
    # The outermost pixels weigh what is there and no edge.
    np.testing.assert_allclose(found[1:-1, 1:-1], inner[1:-1, 1:-1], atol=1e-5)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("hf-sam2", "Sam2Model"), ("hf-edgetam", "EdgeTamModel"), ("hf-sam", "SamModel")],
)
def test_image_answers_are_those_of_one_call_of_the_model(
    models: Callable[[str], Path], name: str, kind: str
) -> None:
    import torch
    import transformers

    folder = models(name)
    segmenter = open_image_segmenter(f"hf:{folder}")
    model = getattr(transformers, kind).from_pretrained(folder).eval()
    # A square needs no scaling, so that only the prompt's form is between the two.
    picture = noisy_picture(0, SIZE, SIZE)
    segmenter.set_image(picture)
    _, scores = segmenter.predict(
        Prompt(box=(8, 8, 40, 40), points=np.array([[20.0, 24.0]]), labels=np.array([1])),
        multimask=True,
    )
    with torch.no_grad():
        answer = model(
            pixel_values=segmenter.prepare(picture).pixels[None],
            **(
                {
                    "input_points": torch.tensor([[[[20.0, 24.0]]]]),
                    "input_labels": torch.tensor([[[1]]]),
                    "input_boxes": torch.tensor([[[8.0, 8.0, 40.0, 40.0]]]),
                }
                if name == "hf-sam"
                else {
                    "input_points": torch.tensor([[[[8.0, 8.0], [40.0, 40.0], [20.0, 24.0]]]]),
                    "input_labels": torch.tensor([[[2, 3, 1]]]),
                }
            ),
        )
    np.testing.assert_allclose(scores, answer.iou_scores[0, 0].numpy(), atol=1e-6)


def test_clicks_are_scaled_to_the_models_square(models: Callable[[str], Path]) -> None:
    """The same click in a picture and in that picture made twice as wide."""
    segmenter = open_image_segmenter(f"hf:{models('hf-sam2')}")
    picture = noisy_picture(0, SIZE, SIZE)
    scores = []
    for wide, x in ((picture, 20.0), (np.repeat(picture, 2, axis=1), 40.0)):
        prepared = segmenter.prepare(wide)
        prepared.pixels.copy_(segmenter.prepare(picture).pixels)
        segmenter.set_image(prepared)
        scores.append(segmenter.predict(click((x, 24, 1)), multimask=True)[1])
    np.testing.assert_allclose(scores[0], scores[1], atol=1e-6)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
@pytest.mark.parametrize("name", VIDEO_CLASSES)
def test_half_precision_runs_and_says_so(
    models: Callable[[str], Path], name: str, precision: Any
) -> None:
    full = streamed(open_video_segmenter(f"hf:{models(name)}"), 8, BRIGHT)
    segmenter = open_video_segmenter(f"hf:{models(name)}", precision=precision)
    assert segmenter.precision == precision
    half = streamed(segmenter, 8, BRIGHT)
    agreeing = np.mean([one == other for one, other in zip(full, half, strict=True)])
    assert agreeing > 0.9
    images: ImageSegmenter = open_image_segmenter(f"hf:{models(name)}", precision=precision)
    images.set_image(noisy_picture())
    assert np.isfinite(images.predict(click((20, 20, 1)), multimask=True)[1]).all()


def test_a_compiled_model_gives_the_same_masks(
    models: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the graph captured and checked as ever, and run without making C++ of it."""
    import torch

    monkeypatch.setattr(torch, "compile", functools.partial(torch.compile, backend="eager"))
    spec = f"hf:{models('hf-sam2')}"
    plain = streamed(open_video_segmenter(spec), 4, BRIGHT)
    segmenter = open_video_segmenter(spec, compile=True)
    compiled = streamed(segmenter, 4, BRIGHT)
    assert segmenter.describe()["compiled"] == 1
    agreeing = np.mean([one == other for one, other in zip(plain, compiled, strict=True)])
    assert agreeing > 0.999


def test_a_model_that_cannot_be_compiled_here_is_a_sentence(
    models: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a machine without a C++ compiler."""
    import torch

    def failing(*_: Any) -> Any:
        raise RuntimeError("No working C++ compiler found")

    monkeypatch.setattr(torch, "compile", functools.partial(torch.compile, backend=failing))
    segmenter = open_image_segmenter(f"hf:{models('hf-sam')}", compile=True)
    with pytest.raises(InputError, match=r"torch\.compile cannot compile this model here"):
        segmenter.set_image(noisy_picture())
