"""Frames as the numbers that vision towers see, without torchvision.

Pictures are resized by Pillow with antialiasing, brought to 0..1 and normalised by channel.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from results.errors import InputError
from runners.models.video_language.interface import Picture

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
# In this order, because what a file says of videos goes before what one says of images.
SETTINGS = ("video_preprocessor_config.json", "preprocessor_config.json", "processor_config.json")


@dataclass(frozen=True)
class Normalization:
    """Mean and deviation by channel, of values in 0..1."""

    mean: tuple[float, ...] = CLIP_MEAN
    std: tuple[float, ...] = CLIP_STD

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Normalization:
        return cls(
            tuple(settings.get("image_mean") or CLIP_MEAN),
            tuple(settings.get("image_std") or CLIP_STD),
        )


def preprocessor_settings(place: str) -> dict[str, Any]:
    """What the model's files say of how pictures are made ready; empty where they say nothing.

    InputError for a file that is no JSON object.
    """
    folder = Path(place)
    if not folder.is_dir():
        return _from_hub(place)
    for name in SETTINGS:
        if (folder / name).is_file():
            found = _object(folder / name)
            for part in ("video_processor", "image_processor"):
                if isinstance(found.get(part), dict):
                    return dict(found[part])
            return found
    return {}


def resized(picture: Picture, height: int, width: int) -> Picture:
    """The picture at that size, bicubic."""
    from PIL import Image

    if picture.shape[:2] == (height, width):
        return picture
    smaller = Image.fromarray(picture).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(smaller, np.uint8)


def normalized(pictures: Sequence[Picture], by: Normalization) -> NDArray[np.float32]:
    """(n, 3, height, width) of pictures of one size."""
    mean = np.array(by.mean, np.float32)
    std = np.array(by.std, np.float32)
    values = (np.stack(pictures).astype(np.float32) / 255 - mean) / std
    return np.ascontiguousarray(values.transpose(0, 3, 1, 2))


def cropped(picture: Picture, height: int, width: int) -> Picture:
    """The middle of a picture that is at least so large."""
    top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
    return picture[top : top + height, left : left + width]


def with_shortest_edge(picture: Picture, shortest: int) -> Picture:
    """The picture with its shorter side at that length, keeping its shape."""
    height, width = picture.shape[:2]
    scale = shortest / min(height, width)
    return resized(picture, max(int(height * scale), shortest), max(int(width * scale), shortest))


def patch_size(height: int, width: int, factor: int, least: int, most: int) -> tuple[int, int]:
    """Qwen2-VL's size for a picture: sides are multiples of `factor`, their product within bounds.

    As `smart_resize` of its processor (2409.12191, Section 2.1).
    """
    tall, wide = (max(round(side / factor), 1) * factor for side in (height, width))
    if tall * wide > most:
        shrink = math.sqrt(height * width / most)
        tall, wide = (
            max(math.floor(side / shrink / factor), 1) * factor for side in (height, width)
        )
    elif tall * wide < least:
        grow = math.sqrt(least / (height * width))
        tall, wide = (math.ceil(side * grow / factor) * factor for side in (height, width))
    return tall, wide


def patches(
    frames: NDArray[np.float32], patch: int, merge: int, together: int
) -> tuple[NDArray[np.float32], tuple[int, int, int]]:
    """Qwen2-VL's patches: (t * h * w, 3 * together * patch * patch), and the grid (t, h, w).

    `together` frames make one step in time; the last frame is repeated where they do not come out
    even. Patches that are merged into one token stand side by side.
    """
    if missing := -len(frames) % together:
        frames = np.concatenate([frames, np.repeat(frames[-1:], missing, axis=0)])
    steps = len(frames) // together
    tall, wide = frames.shape[2] // patch, frames.shape[3] // patch
    split = frames.reshape(
        steps, together, 3, tall // merge, merge, patch, wide // merge, merge, patch
    )
    ordered = split.transpose(0, 3, 6, 4, 7, 2, 1, 5, 8)
    flat = ordered.reshape(steps * tall * wide, 3 * together * patch * patch)
    return np.ascontiguousarray(flat), (steps, tall, wide)


def _object(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read as JSON: {str(error)[:200]}.") from None
    if not isinstance(found, dict):
        raise InputError(f"{path} should hold one JSON object.")
    return found


def _from_hub(place: str) -> dict[str, Any]:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError

    for name in SETTINGS:
        try:
            return _object(Path(hf_hub_download(place, name)))
        except (OSError, HfHubHTTPError):
            continue
    return {}
