"""Tiny segmentation models of random weights, made on the spot and saved as their originals are.

`make_tiny_sam2` and `make_tiny_edgetam` write what `save_pretrained` writes for the checkpoints on
the hub: a video model's config, weights and processor configs, which the image model of the same
family reads, too. `make_tiny_sam` is a first-generation SAM. Random weights say nothing of objects,
but their masks depend on the picture, the prompt and the memory.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

MEAN = [0.485, 0.456, 0.406]
STD = [0.229, 0.224, 0.225]
SIZE = 128
# transformers handles object pointers only where they are wider than the memory's 64 channels.
HIDDEN = 128


def make_tiny_sam2(folder: Path, *, size: int = SIZE, seed: int = 0, **settings: Any) -> Path:
    """A SAM 2 for videos and images with pictures of size x size, saved in `folder`.

    settings: entries of Sam2VideoConfig, such as num_maskmem.
    """
    from transformers import Sam2VideoConfig, Sam2VideoModel

    config = Sam2VideoConfig(**_video_settings(size), **settings)
    return _save(Sam2VideoModel, config, folder, seed, "Sam2ImageProcessorFast", size)


def make_tiny_edgetam(folder: Path, *, size: int = SIZE, seed: int = 0, **settings: Any) -> Path:
    """An EdgeTAM for videos and images, with Hiera in the place of RepViT, saved in `folder`."""
    from transformers import EdgeTamVideoConfig, EdgeTamVideoModel

    config = EdgeTamVideoConfig(
        **_video_settings(size),
        **{
            "memory_attention_mlp_hidden_size": 64,
            "memory_attention_rope_k_sizes": [2, 2],
            "perceiver_resampler_num_latents": 4,
            "perceiver_resampler_num_latents_2d": 4,
            "perceiver_resampler_hidden_size": 64,
            "perceiver_resampler_num_layers": 1,
        },
        **settings,
    )
    return _save(EdgeTamVideoModel, config, folder, seed, "Sam2ImageProcessorFast", size)


def make_tiny_sam(folder: Path, *, size: int = SIZE, seed: int = 0) -> Path:
    """A first-generation SAM for images whose longer side is `size`, saved in `folder`."""
    from transformers import SamConfig, SamModel

    config = SamConfig(
        vision_config={
            "hidden_size": 32,
            "output_channels": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "image_size": size,
            "num_pos_feats": 16,
            "window_size": 4,
            "global_attn_indexes": [1],
            "initializer_range": 0.02,
        },
        prompt_encoder_config={"hidden_size": 32, "image_size": size, "mask_input_channels": 8},
        mask_decoder_config={
            "hidden_size": 32,
            "mlp_dim": 64,
            "num_attention_heads": 2,
            "iou_head_hidden_dim": 32,
        },
    )
    return _save(SamModel, config, folder, seed, "SamImageProcessor", size)


def _video_settings(size: int) -> dict[str, Any]:
    """What SAM 2 and EdgeTAM share; a stride of 16 leads from the picture to the memory."""
    grid = size // 16
    return {
        "image_size": size,
        "vision_config": {
            "model_type": "sam2_vision_model",
            "backbone_config": {
                "model_type": "sam2_hiera_det_model",
                "hidden_size": 16,
                "image_size": [size, size],
                "blocks_per_stage": [1, 1, 2, 1],
                "embed_dim_per_stage": [16, 32, 64, 128],
                "num_attention_heads_per_stage": [1, 1, 2, 2],
                "window_size_per_stage": [8, 4, 4, 2],
                "global_attention_blocks": [3],
            },
            "backbone_channel_list": [128, 64, 32, 16],
            "backbone_feature_sizes": [[4 * grid] * 2, [2 * grid] * 2, [grid] * 2],
            "fpn_hidden_size": HIDDEN,
        },
        "prompt_encoder_config": {
            "hidden_size": HIDDEN,
            "image_size": size,
            "mask_input_channels": 8,
        },
        "mask_decoder_config": {
            "hidden_size": HIDDEN,
            "mlp_dim": 64,
            "num_attention_heads": 2,
            "iou_head_hidden_dim": 32,
        },
        "memory_attention_hidden_size": HIDDEN,
        "memory_attention_feed_forward_hidden_size": 64,
        "memory_attention_num_layers": 1,
        "memory_attention_rope_feat_sizes": [grid, grid],
        "memory_encoder_hidden_size": HIDDEN,
        "memory_encoder_output_channels": 64,
        "mask_downsampler_embed_dim": HIDDEN,
        "memory_fuser_num_layers": 1,
        "memory_fuser_embed_dim": HIDDEN,
        "memory_fuser_intermediate_dim": 64,
    }


def _save(kind: Any, config: Any, folder: Path, seed: int, processor: str, size: int) -> Path:
    import torch

    torch.manual_seed(seed)
    model = kind(config).eval()
    with torch.no_grad():
        # Random as they come, the parts that make masks differ hardly do: no-object scores and
        # mask tokens start at nothing. Wider ones give masks with borders inside the picture.
        for name, parameter in model.named_parameters():
            if "mask_decoder" in name or "prompt_encoder" in name or "memory" in name:
                parameter.add_(0.1 * torch.randn_like(parameter))
            if name.endswith("pred_obj_score_head.proj_out.bias"):
                # Without it most frames have no object, and empty masks.
                parameter.fill_(5.0)
    model.save_pretrained(folder)
    side = (
        {"longest_edge": size} if kind.__name__ == "SamModel" else {"height": size, "width": size}
    )
    settings = {
        "image_processor_type": processor,
        "do_normalize": True,
        "do_rescale": True,
        "do_resize": True,
        "image_mean": MEAN,
        "image_std": STD,
        "size": side,
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(settings, indent=2))
    return folder


def make_tiny_encoder_decoder(
    folder: Path,
    form: str = "onnx",
    *,
    layout: str = "efficient-sam",
    size: int = 64,
    seed: int = 0,
) -> Path:
    """A tiny encoder and decoder as files of that form, spoken to in that layout.

    form: `onnx`, `torchscript` or `executorch`; layout: `efficient-sam`, `sam`, `sam2`, `points`,
    or `joint`, which is one file. ExecuTorch files take MOST_TINY_POINTS points and images of one
    size, and no other number. `tiny_network` with the same size and seed is what they were made
    from.
    """
    import torch

    from tests.support.tiny_networks import MOST_TINY_POINTS, graphs_of, tiny_network

    folder.mkdir(parents=True, exist_ok=True)
    if form == "executorch" and layout == "efficient-sam":
        layout = "efficient-sam-fixed"
    if form == "torchscript" and layout not in ("efficient-sam", "joint"):
        # A TorchScript archive does not say the size of its input.
        (folder / "model.json").write_text(json.dumps({"size": size}))
    suffix = {"onnx": "onnx", "torchscript": "pt", "executorch": "pte"}[form]
    for part, graph in graphs_of(tiny_network(size, seed), layout).items():
        path = folder / f"tiny_{part}.{suffix}"
        with torch.no_grad(), warnings.catch_warnings():
            # Such files are what there is, though torch would rather export otherwise now.
            warnings.simplefilter("ignore")
            if form == "onnx":
                graph.save_onnx(path)
            elif form == "torchscript":
                torch.jit.trace(graph.module, graph.example(2), check_trace=False).save(str(path))
            else:
                graph.save_executorch(path, MOST_TINY_POINTS)
    return folder
