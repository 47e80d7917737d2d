"""An image predictor with SAM 2's interface."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.nn import functional


class SAM2ImagePredictor:
    def __init__(
        self,
        sam_model: Any,
        mask_threshold: float = 0.0,
        max_hole_area: float = 0.0,
        max_sprinkle_area: float = 0.0,
        **kwargs: Any,
    ) -> None:
        self.model = sam_model
        self.mask_threshold = mask_threshold
        self._features: Any = None
        self._orig_hw: tuple[int, int] = (0, 0)

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def set_image(self, image: Any) -> None:
        self._orig_hw = image.shape[:2]
        side = (self.model.image_size, self.model.image_size)
        resized = np.array(Image.fromarray(image).resize(side, Image.Resampling.BILINEAR))
        pixels = torch.tensor(resized).float().permute(2, 0, 1) / 127.5 - 1
        self._features = torch.einsum("chw,c->hw", pixels.to(self.model.device), self.model.weight)

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def predict(
        self,
        point_coords: Any = None,
        point_labels: Any = None,
        box: Any = None,
        mask_input: Any = None,
        multimask_output: bool = True,
        return_logits: bool = False,
        normalize_coords: bool = True,
    ) -> tuple[Any, Any, Any]:
        height, width = self._orig_hw
        points = np.zeros((0, 2)) if point_coords is None else point_coords
        labels = np.zeros(0) if point_labels is None else point_labels
        if box is not None:
            points = np.concatenate([np.reshape(box, (2, 2)), points])
            labels = np.concatenate([[2, 3], labels])
        scale = np.array([self.model.image_size / width, self.model.image_size / height])
        one = self.model.clicked(
            self._features, torch.tensor(points * scale)[None], torch.tensor(labels)[None]
        )
        if mask_input is not None:
            assert mask_input.shape == (1, self.model.image_size, self.model.image_size)
            one = one + torch.tensor(mask_input)[None].roll(7, -1)
        low = torch.cat([one, one - 1, one + 1] if multimask_output else [one], dim=1)
        masks = functional.interpolate(low.float(), (height, width), mode="bilinear")
        if not return_logits:
            masks = masks > self.mask_threshold
        scores = torch.sigmoid(low.mean((2, 3)))
        return tuple(part[0].float().numpy() for part in (masks, scores, low.clamp(-32, 32)))
