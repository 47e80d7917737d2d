"""Builders with the signatures of sam2/build_sam.py."""

from __future__ import annotations

from typing import Any

import torch

from .sam2_video_predictor import SAM2Network, SAM2VideoPredictor


def build_sam2(
    config_file: str,
    ckpt_path: str | None = None,
    device: str = "cuda",
    mode: str = "eval",
    hydra_overrides_extra: Any = (),
    apply_postprocessing: bool = True,
    **kwargs: Any,
) -> Any:
    return _loaded(SAM2Network(), ckpt_path, device)


def build_sam2_video_predictor(
    config_file: str,
    ckpt_path: str | None = None,
    device: str = "cuda",
    mode: str = "eval",
    hydra_overrides_extra: Any = (),
    apply_postprocessing: bool = True,
    **kwargs: Any,
) -> Any:
    if config_file not in ("first.yaml", "later.yaml"):
        raise FileNotFoundError(f"Cannot find primary config '{config_file}'")
    predictor = SAM2VideoPredictor(
        is_first_release=config_file == "first.yaml",
        fill_hole_area=8 if apply_postprocessing else 0,
    )
    return _loaded(predictor, ckpt_path, device)


def _loaded(model: Any, ckpt_path: str | None, device: str) -> Any:
    if ckpt_path is not None:
        state = torch.load(ckpt_path, map_location="cpu", weights_only=True)["model"]
        model.load_state_dict(state)
    return model.to(device).eval()
