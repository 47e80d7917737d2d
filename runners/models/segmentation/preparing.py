"""Pictures made ready for SAM models, and masks brought back to the picture's size.

Three ways, each that of the models' own code, since the figures depend on it:

- frames of a video (`frame_pixels`): Pillow's bicubic resize of uint8 to the square, then scaling
  and normalising: `_load_img_as_tensor` in sam2/utils/misc.py.
- images for SAM 2 and EdgeTAM (`image_pixels`): scaled to 0..1 first, then torchvision's bilinear
  resize with antialiasing, which is torch's `interpolate`: sam2/utils/transforms.py.
- images for SAM (`padded_pixels`): Pillow's bilinear resize of uint8 of the longer side, padded
  with zeros at the right and below after normalising: `ResizeLongestSide` and `Sam.preprocess`.

Masks come back as logits by bilinear interpolation, and a pixel belongs to the object above 0.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from results.errors import InputError
from runners.models.segmentation.interface import Picture

# ImageNet's, which all these models were trained with.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
# What transformers saves beside a model, by age; settings of images stand at the top or within.
PROCESSOR_FILES = (
    "preprocessor_config.json",
    "processor_config.json",
    "video_preprocessor_config.json",
)


@dataclass(frozen=True)
class Normalization:
    """Mean and deviation of each colour, of values in 0..1."""

    mean: tuple[float, float, float] = MEAN
    std: tuple[float, float, float] = STD

    def applied(self, pixels: Any) -> Any:
        """(3, height, width) of values in 0..1, normalised."""
        mean = pixels.new_tensor(self.mean)[:, None, None]
        std = pixels.new_tensor(self.std)[:, None, None]
        return (pixels - mean) / std


def read_normalization(folder: Path) -> Normalization:
    """The `image_mean` and `image_std` of a checkpoint's processor config, or ImageNet's.

    InputError when there is one that cannot be read.
    """
    for name in PROCESSOR_FILES:
        path = folder / name
        if not path.is_file():
            continue
        try:
            settings = json.loads(path.read_text("utf-8"))
            settings = settings.get("image_processor") or settings
            mean, std = settings.get("image_mean"), settings.get("image_std")
            if mean is None and std is None:
                continue
            found = Normalization(_colours(mean), _colours(std))
        except (OSError, ValueError, TypeError, AttributeError):
            raise InputError(
                f"{path} cannot be read: image_mean and image_std are three numbers each."
            ) from None
        if min(found.std) <= 0:
            raise InputError(f"{path}: image_std must be above 0.")
        return found
    return Normalization()


def resized_frame(frame: Picture, size: int) -> NDArray[np.uint8]:
    """A video frame at the model's input size: uint8 (size, size, 3)."""
    from PIL import Image

    if frame.shape[:2] == (size, size):
        return np.ascontiguousarray(frame)
    image = Image.fromarray(frame).resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(image)


def frame_pixels(resized: NDArray[np.uint8], normalization: Normalization, device: str) -> Any:
    """A resized frame as the model reads it: float32 (3, size, size) on the device."""
    import torch

    pixels = torch.tensor(resized, device=device).permute(2, 0, 1)
    return normalization.applied(pixels.float() / 255)


def image_pixels(image: Picture, size: int, normalization: Normalization) -> Any:
    """An image as SAM 2 and EdgeTAM read it: float32 (3, size, size)."""
    import torch

    pixels = torch.tensor(image).permute(2, 0, 1)[None].float() / 255
    if image.shape[:2] != (size, size):
        pixels = torch.nn.functional.interpolate(
            pixels, (size, size), mode="bilinear", antialias=True, align_corners=False
        )
    return normalization.applied(pixels[0])


def padded_pixels(image: Picture, size: int, normalization: Normalization) -> Any:
    """An image as SAM reads it: float32 (3, size, size), zeros beside the resized image."""
    import torch
    from PIL import Image

    height, width = within(image.shape[0], image.shape[1], size)
    resized = Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR)
    pixels = torch.tensor(np.asarray(resized)).permute(2, 0, 1).float() / 255
    padded = torch.zeros(3, size, size)
    padded[:, :height, :width] = normalization.applied(pixels)
    return padded


def within(height: int, width: int, size: int) -> tuple[int, int]:
    """Height and width with the longer side at `size` (`get_preprocess_shape` of SAM)."""
    scale = size / max(height, width)
    return int(height * scale + 0.5), int(width * scale + 0.5)


def logits_at(logits: Any, height: int, width: int) -> Any:
    """Logits (k, h, w) at another size, bilinear, float32 (k, height, width)."""
    import torch

    return torch.nn.functional.interpolate(
        logits[None].float(), (height, width), mode="bilinear", align_corners=False
    )[0]


def unpadded_logits_at(logits: Any, height: int, width: int, size: int) -> Any:
    """Logits (k, h, w) of a padded square at the image's size: `postprocess_masks` of SAM."""
    inner_height, inner_width = within(height, width, size)
    return logits_at(logits_at(logits, size, size)[:, :inner_height, :inner_width], height, width)


def _colours(values: Any) -> tuple[float, float, float]:
    red, green, blue = (float(value) for value in values)
    return red, green, blue
