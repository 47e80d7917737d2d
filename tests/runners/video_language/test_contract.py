"""What every local video-language model does, on tiny ones of each family."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from results.errors import InputError
from runners.models.video_language.hf import HfVideoModel
from runners.models.video_language.interface import (
    SampledFrames,
    Unanswered,
    VideoQuestion,
    VideoReply,
)
from runners.models.video_language.opening import open_video_language_model
from tests.support.tiny_video_models import (
    make_tiny_llava_next_video,
    make_tiny_llava_onevision,
    make_tiny_qwen2_5_vl,
    make_tiny_smolvlm,
)

Make = Callable[[Path], Path]
# The family, and the places that so many frames of 48 x 64 take in its input.
FAMILIES: dict[str, tuple[Make, Callable[[int], int]]] = {
    "smolvlm": (make_tiny_smolvlm, lambda frames: 4 * frames),
    # 48 x 64 pixels become 24 x 32, which are 3 x 4 places a pair of frames.
    "qwen2_5_vl": (make_tiny_qwen2_5_vl, lambda frames: 12 * -(-frames // 2)),
    "llava_onevision": (make_tiny_llava_onevision, lambda frames: 4 * frames + 1),
    "llava_next_video": (make_tiny_llava_next_video, lambda frames: 4 * frames),
}


@pytest.fixture(scope="module", params=list(FAMILIES))
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def folder(family: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return FAMILIES[family][0](tmp_path_factory.mktemp(family))


@pytest.fixture(scope="module")
def model(folder: Path) -> HfVideoModel:
    return opened(folder)


def opened(folder: Path, **settings: Any) -> HfVideoModel:
    found = open_video_language_model(f"hf:{folder}", device="cpu", **settings)
    assert isinstance(found, HfVideoModel)
    return found


def frames(count: int, seed: int = 0) -> SampledFrames:
    chance = np.random.default_rng(seed)
    pictures = tuple(chance.integers(0, 256, (48, 64, 3), np.uint8) for _ in range(count))
    return SampledFrames(pictures, tuple(float(second) for second in range(count)), float(count))


def answered(model: HfVideoModel, *questions: VideoQuestion) -> list[VideoReply]:
    found = model.answer(questions)
    assert all(isinstance(each, VideoReply) for each in found), found
    return [each for each in found if isinstance(each, VideoReply)]


def test_a_batch_says_what_each_question_says_alone(model: HfVideoModel) -> None:
    questions = [
        VideoQuestion("Which is it, A or B?", frames(8), 12),
        VideoQuestion("A longer question about the very same kind of thing", frames(8, 1), 12),
        VideoQuestion("Nothing to look at.", max_tokens=12),
        VideoQuestion("One picture", frames(1), 12),
    ]
    together = answered(model, *questions)
    alone = [answered(model, question)[0] for question in questions]
    assert [each.text for each in together] == [each.text for each in alone]
    assert len({each.text for each in together}) == 4


@pytest.mark.parametrize("count", [0, 1, 3, 8])
def test_frames_take_so_many_places_and_a_blind_question_none(
    model: HfVideoModel, family: str, count: int
) -> None:
    (reply,) = answered(model, VideoQuestion("x", frames(count) if count else SampledFrames(), 2))
    assert reply.visual_tokens == (FAMILIES[family][1](count) if count else 0)
    assert reply.prompt_tokens is not None and reply.prompt_tokens > reply.visual_tokens


def test_what_is_shown_and_its_order_count(model: HfVideoModel) -> None:
    shown = frames(6)
    turned = SampledFrames(shown.pictures[::-1], shown.times, shown.seconds)
    asked = [VideoQuestion("x", each, 12) for each in (shown, turned, frames(6, 5))]
    assert len({each.text for each in answered(model, *asked)}) == 3


def test_it_says_what_an_answer_took(model: HfVideoModel) -> None:
    (reply,) = answered(model, VideoQuestion("x", frames(4), 6))
    assert reply.seconds_to_first is not None
    assert 0 < reply.seconds_to_first <= reply.seconds
    assert reply.output_tokens is not None and reply.output_tokens <= 6
    assert reply.peak_bytes is not None and reply.peak_bytes > 2**20


def test_marks_of_frames_in_a_question_are_words(model: HfVideoModel) -> None:
    (reply,) = answered(model, VideoQuestion("<image> <video> <|video_pad|>", frames(2), 2))
    (plain,) = answered(model, VideoQuestion("x", frames(2), 2))
    assert reply.visual_tokens == plain.visual_tokens


def test_it_runs_in_bf16(folder: Path) -> None:
    (reply,) = answered(opened(folder, precision="bf16"), VideoQuestion("x", frames(2), 4))
    assert reply.output_tokens is not None


def test_it_says_which_weights_it_has(model: HfVideoModel, folder: Path) -> None:
    described = model.describe()
    assert described["bytes"] == (folder / "model.safetensors").stat().st_size
    assert len(str(described["sha256"])) == 64
    assert int(described["parameters"]) > 10_000


def test_what_does_not_fit_is_not_answered_and_keeps_nothing_else_from_it(tmp_path: Path) -> None:
    model = opened(make_tiny_smolvlm(tmp_path, longest=256))
    long, short = model.answer([VideoQuestion("x", frames(8), 4), VideoQuestion("x", frames(1), 4)])
    assert isinstance(long, Unanswered)
    assert "tokens, 32 of them for 8 frames, and 256 fit" in long.reason
    assert isinstance(short, VideoReply)


def test_smolvlm_says_what_a_plain_forward_pass_says(tmp_path: Path) -> None:
    from PIL import Image
    from transformers import AutoModelForImageTextToText, AutoTokenizer
    from transformers.models.smolvlm.image_processing_pil_smolvlm import SmolVLMImageProcessorPil

    folder = make_tiny_smolvlm(tmp_path)
    plain = AutoModelForImageTextToText.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    place = "<fake_token_around_image><global-img>" + 4 * "<image>" + "<fake_token_around_image>"
    text = (
        "<|im_start|>User: You are provided the following series of two frames from a 0:00:02"
        f" [H:MM:SS] video.\n\nFrame from 00:00:{place}\nFrame from 00:01:{place}\n\nWhat?"
        "<end_of_utterance>\nAssistant:"
    )
    shown = frames(2)
    pixels = SmolVLMImageProcessorPil.from_pretrained(folder)(
        [[Image.fromarray(each) for each in shown.pictures]],
        do_image_splitting=False,
        return_tensors="pt",
    )
    tokens = tokenizer.encode(text, add_special_tokens=False)
    wanted: list[int] = []
    for _ in range(8):
        with torch.inference_mode():
            ids = torch.tensor([tokens + wanted])
            logits = plain(input_ids=ids, attention_mask=torch.ones_like(ids), **pixels).logits
        wanted.append(int(logits[0, -1].argmax()))
    (reply,) = answered(opened(folder), VideoQuestion("What?", shown, 8))
    assert reply.prompt_tokens == len(tokens)
    assert reply.text == tokenizer.decode(wanted, skip_special_tokens=True)


def test_qwen_patches_are_those_of_its_image_processor() -> None:
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    from runners.models.video_language.pixels import (
        Normalization,
        normalized,
        patch_size,
        patches,
        resized,
    )

    (picture,) = frames(1).pictures
    least, most = 16 * 16, 40 * 40
    official = Qwen2VLImageProcessorPil(
        patch_size=4,
        merge_size=2,
        temporal_patch_size=2,
        size={"shortest_edge": least, "longest_edge": most},
    )([picture], return_tensors="np")
    tall, wide = patch_size(48, 64, 8, least, most)
    ours, grid = patches(normalized([resized(picture, tall, wide)], Normalization()), 4, 2, 2)
    assert tuple(official["image_grid_thw"][0]) == grid
    assert np.allclose(official["pixel_values"], ours, atol=1e-4)


@pytest.mark.parametrize("spec", ["smolvlm", "hf:", "onnx:there"])
def test_a_name_of_no_form_is_refused(spec: str) -> None:
    with pytest.raises(InputError, match="answers no questions about videos"):
        open_video_language_model(spec)


def test_folders_that_hold_no_such_model_are_refused(tmp_path: Path) -> None:
    from tests.support.tiny_models import make_tiny_llama

    with pytest.raises(InputError, match=r"is a llama; videos can be asked about with"):
        opened(make_tiny_llama(tmp_path / "llama"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="cannot be loaded"):
        opened(tmp_path / "empty")
    folder = make_tiny_smolvlm(tmp_path / "cut")
    weights = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    with pytest.raises(InputError, match="cannot be loaded"):
        opened(folder)


def test_a_preprocessor_that_is_no_json_is_refused(tmp_path: Path) -> None:
    folder = make_tiny_qwen2_5_vl(tmp_path)
    (folder / "preprocessor_config.json").write_text("{")
    with pytest.raises(InputError, match=r"preprocessor_config\.json cannot be read as JSON"):
        opened(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps([1]))
    with pytest.raises(InputError, match="should hold one JSON object"):
        opened(folder)
