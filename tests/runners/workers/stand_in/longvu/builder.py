"""A builder with the signature of longvu/builder.py, and a model that says what it was shown.

A frame takes four places, and one where it is as the frame before it.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch

from .constants import IMAGE_TOKEN_INDEX


class Tokenizer:
    bos_token_id = ord("^")
    eos_token_id = ord("$")

    def __init__(self, writes_bos: bool) -> None:
        self.writes_bos = writes_bos

    def __call__(self, text: str) -> list[int]:
        return [ord(letter) for letter in text]

    def batch_decode(self, ids: Any, skip_special_tokens: bool = False) -> list[str]:
        return ["".join(map(chr, row.tolist())).replace("$", "") for row in ids]


class Model(torch.nn.Module):  # type: ignore[misc]
    def __init__(self, version: str) -> None:
        super().__init__()
        self.config = SimpleNamespace(mm_use_im_start_end=False, version=version)

    def get_model(self) -> Any:
        return self

    def prepare_inputs_labels_for_multimodal(
        self, ids: Any, position_ids: Any, attention_mask: Any, past: Any, labels: Any, images: Any
    ) -> tuple[Any, ...]:
        if images is None:
            return ids, position_ids, attention_mask, past, None, labels
        (frames,), places = images[0], 0
        for number, frame in enumerate(frames):
            is_same = number > 0 and bool((frame == frames[number - 1]).all())
            places += 1 if is_same else 4
        n_text = int((ids != IMAGE_TOKEN_INDEX).sum())
        embeddings = torch.zeros(1, n_text + places, 8)
        return None, position_ids, attention_mask, past, embeddings, labels, None

    def generate(
        self,
        inputs: Any,
        images: Any = None,
        image_sizes: Any = None,
        *,
        do_sample: bool,
        temperature: float,
        max_new_tokens: int,
        use_cache: bool,
        stopping_criteria: list[Any],
    ) -> Any:
        self.prepare_inputs_labels_for_multimodal(inputs, None, None, None, None, images)
        asked = "".join(chr(token) if token >= 0 else "<image>" for token in inputs[0].tolist())
        shown = [] if images is None else [int(frame.mean()) for frame in images[0][0]]
        said = f"{shown} {image_sizes} {self.config.version} {asked}".replace("|", "/") + "|$"
        made: list[int] = []
        for letter in said[:max_new_tokens]:
            made.append(ord(letter))
            whole = torch.tensor([made])
            if any(criterion(whole, None) for criterion in stopping_criteria):
                break
        return torch.tensor([made])


def load_pretrained_model(
    model_path: str,
    model_base: str | None,
    model_name: str,
    load_8bit: bool = False,
    load_4bit: bool = False,
    device_map: Any = "auto",
    device: str = "cuda",
    **kwargs: Any,
) -> tuple[Any, Any, list[int], int]:
    if not Path(model_path).is_dir():
        raise OSError(f"{model_path} is not a local folder")
    version = model_name.removeprefix("cambrian_")
    return Tokenizer("llama3" in version), Model(version), [32, 16], 8192
