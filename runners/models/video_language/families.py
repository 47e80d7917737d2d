"""How each family of models is shown a video: its prompt, its pixels, its places for frames.

The prompt is made by the chat template of the model's own files. Where it has a mark for a picture
or a video, that mark is repeated once for each place that the frames take in the input of the
language model, as the processors of transformers do, which need torchvision for videos; here none
of them is used for those.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

import numpy as np

from results.errors import InputError
from runners.models.video_language.interface import SampledFrames, VideoQuestion
from runners.models.video_language.pixels import (
    Normalization,
    cropped,
    normalized,
    patch_size,
    patches,
    preprocessor_settings,
    resized,
    with_shortest_edge,
)


@dataclass(frozen=True, eq=False)
class Shown:
    """A question as a model sees it: tokens, how many of them are the frames', and arrays."""

    tokens: tuple[int, ...]
    visual_tokens: int
    arrays: Mapping[str, Any] = field(default_factory=dict)


class Family(Protocol):
    """What is particular to one kind of model."""

    def show(self, question: VideoQuestion) -> Shown: ...

    def together(self, shown: Sequence[Shown], padding: Sequence[int]) -> dict[str, Any]:
        """The model's inputs, beside tokens and mask, for questions with equally many frames.

        `padding` is how many tokens were put to the left of each.
        """


class _Templated:
    """A chat template, and a mark in what it makes that stands for frames."""

    mark: str

    def __init__(self, tokenizer: Any, config: Any, place: str) -> None:
        self._tokenizer = tokenizer
        self._config = config
        self._settings = preprocessor_settings(place)
        self._normalization = Normalization.of(self._settings)

    def _rendered(self, content: Sequence[Mapping[str, str]]) -> str:
        """The prompt as text; InputError where the template fails."""
        try:
            return str(
                self._tokenizer.apply_chat_template(
                    [{"role": "user", "content": [dict(part) for part in content]}],
                    add_generation_prompt=True,
                    tokenize=False,
                )
            )
        except Exception as error:  # noqa: BLE001 -- a template is a program of the model's author
            raise InputError(f"The chat template failed: {str(error)[:200]}.") from None

    def _tokens(self, text: str) -> tuple[int, ...]:
        # The template writes the special tokens itself.
        begins = self._tokenizer.bos_token
        special = bool(begins) and not text.startswith(begins)
        return tuple(self._tokenizer.encode(text, add_special_tokens=special))

    def _words(self, prompt: str) -> str:
        """The question's own words, in which a mark for frames is not one."""
        return prompt.replace(self.mark, self.mark[0] + " " + self.mark[1:])

    def _token(self) -> int:
        found = self._tokenizer.convert_tokens_to_ids(self.mark)
        if found is None or found == self._tokenizer.unk_token_id:
            raise InputError(f"The tokenizer has no token {self.mark}; restore the model's files.")
        return int(found)


class SmolVlm(_Templated):
    """SmolVLM and SmolVLM2: each frame is an image, with the time at which it is shown."""

    mark = "<image>"

    def __init__(self, tokenizer: Any, config: Any, place: str) -> None:
        super().__init__(tokenizer, config, place)
        module: Any = importlib.import_module(
            "transformers.models.smolvlm.image_processing_pil_smolvlm"
        )
        self._images = module.SmolVLMImageProcessorPil.from_pretrained(place)
        side = config.vision_config.image_size // config.vision_config.patch_size
        self._places = side**2 // config.scale_factor**2

    def show(self, question: VideoQuestion) -> Shown:
        frames = question.frames
        text = {"type": "text", "text": self._words(question.prompt)}
        if not frames.pictures:
            return Shown(self._tokens(self._rendered([text])), 0)
        length = timedelta(seconds=int(frames.seconds))
        # The words that the model was trained with (transformers' processor of SmolVLM).
        begin = (
            f"You are provided the following series of {_in_words(len(frames.pictures))} frames"
            f" from a {length} [H:MM:SS] video.\n"
        )
        content = [{"type": "text", "text": begin}]
        for seconds in frames.times:
            minutes, rest = divmod(int(seconds), 60)
            content.append({"type": "text", "text": f"\nFrame from {minutes:02d}:{rest:02d}:"})
            content.append({"type": "image"})
        content += [{"type": "text", "text": "\n\n"}, text]
        around = "<fake_token_around_image>"
        expanded = f"{around}<global-img>{self.mark * self._places}{around}"
        rendered = self._rendered(content).replace(self.mark, expanded)
        from PIL import Image

        seen = self._images(
            [[Image.fromarray(picture) for picture in frames.pictures]],
            do_image_splitting=False,
            return_tensors="np",
        )
        arrays = {
            "pixel_values": np.asarray(seen["pixel_values"][0], np.float32),
            "pixel_attention_mask": np.asarray(seen["pixel_attention_mask"][0]),
        }
        return Shown(self._tokens(rendered), self._places * len(frames.pictures), arrays)

    def together(self, shown: Sequence[Shown], padding: Sequence[int]) -> dict[str, Any]:
        return _stacked(shown, ("pixel_values", "pixel_attention_mask"))


class QwenVl(_Templated):
    """Qwen2-VL and Qwen2.5-VL: patches of pairs of frames, with positions in time."""

    mark = "<|video_pad|>"

    def __init__(self, tokenizer: Any, config: Any, place: str) -> None:
        super().__init__(tokenizer, config, place)
        vision = config.vision_config
        self._patch = int(vision.patch_size)
        self._merge = int(vision.spatial_merge_size)
        self._pair = int(vision.temporal_patch_size)
        self._is_timed = hasattr(vision, "tokens_per_second")
        size = self._settings.get("size") or {}
        least = self._settings.get("min_pixels") or size.get("shortest_edge") or 128 * 28 * 28
        most = self._settings.get("max_pixels") or size.get("longest_edge") or 768 * 28 * 28
        self._least, self._most = int(least), int(most)
        self._mark_token = self._token()

    def show(self, question: VideoQuestion) -> Shown:
        frames = question.frames
        text = {"type": "text", "text": self._words(question.prompt)}
        if not frames.pictures:
            return Shown(self._tokens(self._rendered([text])), 0)
        factor = self._patch * self._merge
        height, width = frames.pictures[0].shape[:2]
        tall, wide = patch_size(height, width, factor, self._least, self._most)
        pixels = normalized(
            [resized(picture, tall, wide) for picture in frames.pictures], self._normalization
        )
        flat, grid = patches(pixels, self._patch, self._merge, self._pair)
        places = math.prod(grid) // self._merge**2
        rendered = self._rendered([{"type": "video"}, text])
        tokens = self._tokens(rendered.replace(self.mark, self.mark * places))
        arrays = {
            "pixel_values_videos": flat,
            "video_grid_thw": np.array([grid], np.int64),
            "second_per_grid_ts": np.array([self._pair * _gap(frames)], np.float32),
        }
        return Shown(tokens, places, arrays)

    def together(self, shown: Sequence[Shown], padding: Sequence[int]) -> dict[str, Any]:
        torch: Any = importlib.import_module("torch")
        # Which tokens are text (0) and which a video's (2).
        longest = max(len(each.tokens) + pad for each, pad in zip(shown, padding, strict=True))
        kinds = np.zeros((len(shown), longest), np.int64)
        for row, (each, pad) in enumerate(zip(shown, padding, strict=True)):
            is_video = np.array(each.tokens) == self._mark_token
            kinds[row, pad:] = np.where(is_video & bool(each.visual_tokens), 2, 0)
        inputs: dict[str, Any] = {"mm_token_type_ids": torch.from_numpy(kinds)}
        if not shown[0].visual_tokens:
            return inputs
        names = ["pixel_values_videos", "video_grid_thw"]
        if self._is_timed:
            names.append("second_per_grid_ts")
        for name in names:
            joined = np.concatenate([each.arrays[name] for each in shown])
            inputs[name] = torch.from_numpy(joined)
        return inputs


class LlavaOneVision(_Templated):
    """LLaVA-OneVision: square frames pooled to a quarter of their places, and a newline."""

    mark = "<video>"

    def __init__(self, tokenizer: Any, config: Any, place: str) -> None:
        super().__init__(tokenizer, config, place)
        self._side = int(config.vision_config.image_size)
        grid = self._side // int(config.vision_config.patch_size)
        self._places = math.ceil(grid / 2) ** 2

    def show(self, question: VideoQuestion) -> Shown:
        pictures = question.frames.pictures
        text = {"type": "text", "text": self._words(question.prompt)}
        if not pictures:
            return Shown(self._tokens(self._rendered([text])), 0)
        places = self._places * len(pictures) + 1
        rendered = self._rendered([{"type": "video"}, text])
        pixels = normalized(
            [resized(each, self._side, self._side) for each in pictures], self._normalization
        )
        tokens = self._tokens(rendered.replace(self.mark, self.mark * places))
        return Shown(tokens, places, {"pixel_values_videos": pixels})

    def together(self, shown: Sequence[Shown], padding: Sequence[int]) -> dict[str, Any]:
        return _stacked(shown, ("pixel_values_videos",))


class LlavaNextVideo(_Templated):
    """LLaVA-NeXT-Video: the middle square of each frame, pooled to a quarter of its places."""

    mark = "<video>"

    def __init__(self, tokenizer: Any, config: Any, place: str) -> None:
        super().__init__(tokenizer, config, place)
        self._side = int(config.vision_config.image_size)
        stride = int(getattr(config, "spatial_pool_stride", 2))
        grid = self._side // int(config.vision_config.patch_size)
        self._places = (grid // stride) ** 2

    def show(self, question: VideoQuestion) -> Shown:
        pictures = question.frames.pictures
        text = {"type": "text", "text": self._words(question.prompt)}
        if not pictures:
            return Shown(self._tokens(self._rendered([text])), 0)
        places = self._places * len(pictures)
        rendered = self._rendered([{"type": "video"}, text])
        squares = [
            cropped(with_shortest_edge(each, self._side), self._side, self._side)
            for each in pictures
        ]
        tokens = self._tokens(rendered.replace(self.mark, self.mark * places))
        arrays = {"pixel_values_videos": normalized(squares, self._normalization)}
        return Shown(tokens, places, arrays)

    def together(self, shown: Sequence[Shown], padding: Sequence[int]) -> dict[str, Any]:
        return _stacked(shown, ("pixel_values_videos",))


# config.model_type -> its family.
FAMILIES: dict[str, type[SmolVlm | QwenVl | LlavaOneVision | LlavaNextVideo]] = {
    "smolvlm": SmolVlm,
    "qwen2_vl": QwenVl,
    "qwen2_5_vl": QwenVl,
    "llava_onevision": LlavaOneVision,
    "llava_next_video": LlavaNextVideo,
}


def _stacked(shown: Sequence[Shown], names: Sequence[str]) -> dict[str, Any]:
    torch: Any = importlib.import_module("torch")
    if not shown[0].arrays:
        return {}
    return {
        name: torch.from_numpy(np.stack([each.arrays[name] for each in shown])) for name in names
    }


def _gap(frames: SampledFrames) -> float:
    """Seconds between frames."""
    if len(frames.times) < 2:
        return 1.0
    return (frames.times[-1] - frames.times[0]) / (len(frames.times) - 1)


_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()


def _in_words(number: int) -> str:
    """A number below a thousand in words, as SmolVLM's prompt has it; in digits from there on.

    >>> _in_words(128)
    'one hundred and twenty-eight'
    """
    if number < 20:
        return _ONES[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return _TENS[tens - 2] + (f"-{_ONES[ones]}" if ones else "")
    if number < 1000:
        hundreds, rest = divmod(number, 100)
        return f"{_ONES[hundreds]} hundred" + (f" and {_in_words(rest)}" if rest else "")
    return str(number)
