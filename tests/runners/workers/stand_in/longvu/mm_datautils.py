"""What longvu/mm_datautils.py does with frames and prompts."""

from __future__ import annotations

from typing import Any

import torch

from .constants import IMAGE_TOKEN_INDEX


def process_images(images: Any, image_processor: list[int], model_cfg: Any) -> list[Any]:
    """A tensor (frames, 3, side, side) for each of the two vision towers."""
    frames = torch.from_numpy(images.copy()).permute(0, 3, 1, 2).float()
    return [torch.nn.functional.interpolate(frames, (side, side)) for side in image_processor]


def tokenizer_image_token(
    prompt: str,
    tokenizer: Any,
    image_token_index: int = IMAGE_TOKEN_INDEX,
    return_tensors: str | None = None,
) -> Any:
    chunks = [tokenizer(chunk) for chunk in prompt.split("<image>")]
    ids = [tokenizer.bos_token_id] if tokenizer.writes_bos else []
    for number, chunk in enumerate(chunks):
        ids += [*([image_token_index] if number else []), *chunk]
    return torch.tensor(ids)


class KeywordsStoppingCriteria:
    def __init__(self, keywords: list[str], tokenizer: Any, input_ids: Any) -> None:
        self.ends = [tokenizer(keyword) for keyword in keywords]

    def __call__(self, output_ids: Any, scores: Any) -> bool:
        made = output_ids[0].tolist()
        return any(made[-len(end) :] == end for end in self.ends)
