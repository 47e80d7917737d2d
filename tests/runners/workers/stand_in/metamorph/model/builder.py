"""A builder with the signature of metamorph/model/builder.py, and a model of its interface."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

END = 128009


class Tokenizer:
    def __call__(self, text: str) -> list[int]:
        return [ord(letter) for letter in text]

    def decode(self, ids: Any, skip_special_tokens: bool = False) -> str:
        return "".join(chr(token) for token in ids.tolist() if token != END)


class Model(torch.nn.Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.config = SimpleNamespace(mm_use_im_start_end=True, tokenizer_model_max_length=600)

    def get_vision_tower(self) -> Any:
        return SimpleNamespace(image_token_len=64)

    def generate(
        self,
        inputs: Any = None,
        images: Any = None,
        image_sizes: Any = None,
        output_image: bool = False,
        use_customize_greedy: bool = True,
        image_embeds: Any = None,
        *,
        max_new_tokens: int = 1024,
        use_cache: bool | None = None,
    ) -> list[Any]:
        asked = "".join(chr(token) if token >= 0 else "<image>" for token in inputs[0].tolist())
        shown = [] if images is None else [frame[:, 0, 0].int().tolist() for frame in images]
        tokens = [*map(ord, f"{shown} {image_sizes} {asked}"), END]
        made: list[int] = []
        for token in tokens:
            made.append(token)
            # As greedy_decode, which stops after one token more than it is told.
            if token == END or len(made) > max_new_tokens:
                break
        return [torch.tensor(made, dtype=torch.int32)]


def load_pretrained_model(
    model_path: str,
    model_base: str | None,
    model_name: str,
    load_8bit: bool = False,
    load_4bit: bool = False,
    device_map: str = "auto",
    device: str = "cuda",
    use_flash_attn: bool = False,
    **kwargs: Any,
) -> tuple[Any, Any, Any, int]:
    if "metamorph" not in model_name.lower() or not Path(model_path).is_dir():
        raise OSError(f"{model_name} at {model_path} is no MetaMorph")

    def process(image: Any) -> Any:
        return torch.from_numpy(np.asarray(image.resize((8, 8)))).permute(2, 0, 1)

    return Tokenizer(), Model(), process, 2048
