"""As minigpt4/common/eval_utils.py: registers a model and a processor, and prepares prompts."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import torch

from .registry import registry


def prepare_texts(texts: list[str], conv_temp: Any) -> list[str]:
    conversations = [conv_temp.copy() for _ in texts]
    for conversation, text in zip(conversations, texts, strict=True):
        conversation.append_message(conversation.roles[0], f"<Img><ImageHere></Img> {text}")
        conversation.append_message(conversation.roles[1], None)
    return [conversation.get_prompt() for conversation in conversations]


class Encoded(dict[str, Any]):
    input_ids: Any
    attention_mask: Any

    def to(self, device: str) -> Encoded:
        self.input_ids, self.attention_mask = self["input_ids"], self["attention_mask"]
        return self


class Tokenizer:
    def __call__(self, text: str, return_tensors: str) -> Encoded:
        ids = torch.tensor([[ord(letter) for letter in text]])
        return Encoded(input_ids=ids, attention_mask=torch.ones_like(ids))

    def decode(self, ids: Any, skip_special_tokens: bool) -> str:
        return "".join(map(chr, ids.tolist()))


class Llama:
    def generate(
        self, *, inputs_embeds: Any, attention_mask: Any, max_new_tokens: int, do_sample: bool
    ) -> Any:
        assert attention_mask.shape == inputs_embeds.shape[:2]
        heard = "".join(map(chr, inputs_embeds[0, :, 0].int().tolist()))
        heard = heard.replace("[/INST]", "end").replace("<s>", "start")
        return torch.tensor([[ord(letter) for letter in f"<s>x[/INST] blind: {heard}</s>y"]])


class MiniGPTv2(torch.nn.Module):  # type: ignore[misc]
    def __init__(self, config: Any) -> None:
        super().__init__()
        self.config = config
        self.llama_model, self.llama_tokenizer = Llama(), Tokenizer()

    @classmethod
    def from_config(cls, config: Any) -> MiniGPTv2:
        return cls(config)

    def maybe_autocast(self) -> Any:
        return contextlib.nullcontext()

    def embed_tokens(self, ids: Any) -> Any:
        return ids[..., None].float().expand(-1, -1, 4)

    def encode_img(self, image: Any) -> Any:
        return torch.zeros(len(image), 256, 4), torch.ones(len(image), 256)

    def generate(
        self, images: Any, texts: list[str], max_new_tokens: int = 20, do_sample: bool = False
    ) -> list[str]:
        self.encode_img(images)
        seen = f"{tuple(images.shape)} mean {images.float().mean():.0f}"
        built = f"{self.config.ckpt} on {self.config.llama_model}"
        return [f"<unk>{seen} by {built}: {text}" for text in texts]


class Processor:
    @classmethod
    def from_config(cls, config: Any) -> Processor:
        made = cls()
        made.side = config.image_size
        return made

    side = 0

    def __call__(self, image: Any) -> Any:
        return torch.from_numpy(np.array(image.resize((self.side, self.side)))).permute(2, 0, 1)


registry.models["minigpt_v2"] = MiniGPTv2
registry.processors["blip2_image_eval"] = Processor
