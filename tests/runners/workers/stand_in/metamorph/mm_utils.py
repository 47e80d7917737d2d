"""What metamorph/mm_utils.py does with images and prompts."""

from __future__ import annotations

from typing import Any

import torch

from .constants import IMAGE_TOKEN_INDEX


def process_images(images: list[Any], image_processor: Any, model_cfg: Any) -> Any:
    """A tensor (images, 3, side, side)."""
    return torch.stack([image_processor(image) for image in images])


def tokenizer_image_token(
    prompt: str,
    tokenizer: Any,
    image_token_index: int = IMAGE_TOKEN_INDEX,
    return_tensors: str | None = None,
) -> Any:
    ids: list[int] = []
    for number, chunk in enumerate(prompt.split("<image>")):
        ids += [*([image_token_index] if number else []), *tokenizer(chunk)]
    return torch.tensor(ids, dtype=torch.long)
