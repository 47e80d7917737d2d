"""SAM 2, EdgeTAM and SAM for images, through transformers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from results.errors import InputError
from runners.models.describing import Described, files_described, versions_described
from runners.models.devices import Placement, compiled
from runners.models.segmentation.checkpoint import Checkpoint, load_model, weights_described
from runners.models.segmentation.interface import Picture, Prepared, Prompt, PromptKind
from runners.models.segmentation.preparing import (
    image_pixels,
    logits_at,
    padded_pixels,
    read_normalization,
    unpadded_logits_at,
    within,
)
from runners.models.segmentation.prompts import as_points, check_picture, check_prompt

# config.model_type -> the class of transformers; a video checkpoint holds its image model, too.
IMAGE_MODELS = {
    "sam2": "Sam2Model",
    "sam2_video": "Sam2Model",
    "edgetam": "EdgeTamModel",
    "edgetam_video": "EdgeTamModel",
    "sam": "SamModel",
}

# What a mask prompt is turned into, and where logits of an earlier answer are cut off
# (SAM2Base._use_mask_as_output, SAM2ImagePredictor.predict).
MASK_SCALE, MASK_BIAS = 20.0, -10.0
HIGHEST_LOGIT = 32.0


@dataclass(frozen=True)
class _Encoded:
    """The image at hand."""

    embeddings: Any
    height: int
    width: int


class HfImageSegmenter:
    """An image model of the SAM family; `first` generation SAM pads where later ones stretch."""

    variant: str | None = None
    accepts: frozenset[PromptKind] = frozenset({"points", "box", "mask", "previous"})

    def __init__(self, checkpoint: Checkpoint, placement: Placement, *, compile: bool) -> None:
        kind = IMAGE_MODELS.get(checkpoint.model_type)
        if kind is None:
            raise InputError(
                f"{checkpoint.folder} is a {checkpoint.model_type}; images can be segmented with"
                f" {', '.join(sorted(IMAGE_MODELS))}."
            )
        self.name = checkpoint.name
        self._checkpoint = checkpoint
        self._placement = placement
        self._pads = kind == "SamModel"
        self._normalization = read_normalization(checkpoint.folder)
        self._model = load_model(checkpoint, kind, placement)
        self._size = int(self._model.config.prompt_encoder_config.image_size)
        self._compiled = compile
        if compile:
            self._model.vision_encoder.forward = compiled(self._model.vision_encoder.forward)
        self._encoded: _Encoded | None = None
        self._logits: Any = None

    @property
    def device(self) -> str:
        return self._placement.device

    @property
    def precision(self) -> str:
        return self._placement.precision

    def prepare(self, image: Picture) -> Prepared:
        check_picture(image)
        make = padded_pixels if self._pads else image_pixels
        pixels = make(image, self._size, self._normalization)
        return Prepared(pixels, image.shape[0], image.shape[1])

    def set_image(self, image: Picture | Prepared) -> None:
        prepared = image if isinstance(image, Prepared) else self.prepare(image)
        pixels = prepared.pixels[None].to(self.device)
        with self._placement.running():
            embeddings = self._model.get_image_embeddings(pixels)
        self._encoded = _Encoded(embeddings, prepared.height, prepared.width)
        self._logits = None

    def predict(
        self, prompt: Prompt, *, multimask: bool, previous: int | None = None
    ) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
        encoded = self._encoded
        if encoded is None:
            raise InputError("There is no image yet: call set_image before predict.")
        check_prompt(prompt, encoded.height, encoded.width, self.accepts)
        asked = self._asked(prompt, encoded)
        earlier = self._earlier(previous)
        if earlier is not None:
            if prompt.mask is not None:
                raise InputError("A mask cannot refine an earlier answer: points or a box can.")
            asked["input_masks"] = earlier
        with self._placement.running():
            answer = self._model(
                image_embeddings=encoded.embeddings, multimask_output=multimask, **asked
            )
        self._logits = answer.pred_masks[0, 0].float()
        if self._pads:
            logits = unpadded_logits_at(self._logits, encoded.height, encoded.width, self._size)
        else:
            logits = logits_at(self._logits, encoded.height, encoded.width)
        scores: NDArray[np.float32] = answer.iou_scores[0, 0].float().cpu().numpy()
        masks: NDArray[np.bool_] = (logits > 0).cpu().numpy()
        return masks, scores

    def describe(self) -> Described:
        resize = "longer side, Pillow bilinear, padded" if self._pads else "bilinear, antialiased"
        return {
            "adapter": "transformers",
            "model_type": self._checkpoint.model_type,
            "image_size": self._size,
            "resize": resize,
            "compiled": int(self._compiled),
            **weights_described(self._model),
            **files_described(self._checkpoint.weights),
            **versions_described("torch", "transformers"),
        }

    def _asked(self, prompt: Prompt, encoded: _Encoded) -> dict[str, Any]:
        """The prompt in the model's words, in pixels of its input."""
        import torch

        if prompt.mask is not None:
            return {"input_masks": self._mask_logits(prompt.mask)}
        if not self._pads:
            points, labels = as_points(prompt)
            points = points * (self._size / encoded.width, self._size / encoded.height)
            return self._point_inputs(points, labels)
        height, width = within(encoded.height, encoded.width, self._size)
        scale = np.array([width / encoded.width, height / encoded.height])
        asked: dict[str, Any] = {}
        if prompt.points is not None:
            points, labels = as_points(Prompt(points=prompt.points, labels=prompt.labels))
            asked = self._point_inputs(points * scale, labels)
        if prompt.box is not None:
            box = np.asarray(prompt.box) * np.tile(scale, 2)
            asked["input_boxes"] = torch.tensor(box, device=self.device).float()[None, None]
        return asked

    def _point_inputs(self, points: NDArray[Any], labels: NDArray[Any]) -> dict[str, Any]:
        import torch

        return {
            "input_points": torch.tensor(points, device=self.device).float()[None, None],
            "input_labels": torch.tensor(labels, device=self.device)[None, None],
        }

    def _mask_logits(self, mask: NDArray[np.bool_]) -> Any:
        import torch

        height, width = mask.shape
        logits = torch.tensor(mask, device=self.device).float()[None, None]
        side = self._low_size
        if self._pads:
            inner = within(height, width, side)
            fitted = torch.nn.functional.interpolate(
                logits, inner, mode="bilinear", antialias=True, align_corners=False
            )
            logits = torch.zeros(1, 1, side, side, device=self.device)
            logits[..., : inner[0], : inner[1]] = fitted
        else:
            logits = torch.nn.functional.interpolate(
                logits, (side, side), mode="bilinear", antialias=True, align_corners=False
            )
        return logits * MASK_SCALE + MASK_BIAS

    @property
    def _low_size(self) -> int:
        """The side of the logits that go in and come out: four times the embedding's."""
        config = self._model.config.prompt_encoder_config
        return 4 * int(config.image_size // config.patch_size)

    def _earlier(self, previous: int | None) -> Any:
        if previous is None:
            return None
        if self._logits is None or not 0 <= previous < len(self._logits):
            raise InputError(f"The last answer has no mask {previous} that could be refined.")
        logits = self._logits[previous][None, None]
        return logits if self._pads else logits.clamp(-HIGHEST_LOGIT, HIGHEST_LOGIT)
