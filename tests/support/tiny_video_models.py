"""Tiny video-language models of random weights with their tokenizers, made on the spot."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SMOLVLM_TEMPLATE = (
    "<|im_start|>{% for m in messages %}{{ m.role | capitalize }}: {% for part in m.content %}"
    "{% if part.type == 'text' %}{{ part.text }}{% else %}<image>{% endif %}{% endfor %}"
    "<end_of_utterance>\n{% endfor %}{% if add_generation_prompt %}Assistant:{% endif %}"
)
QWEN_TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{% for part in m.content %}"
    "{% if part.type == 'text' %}{{ part.text }}"
    "{% else %}<|vision_start|><|video_pad|><|vision_end|>{% endif %}{% endfor %}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
LLAVA_TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }} {% for part in m.content %}"
    "{% if part.type == 'text' %}\n{{ part.text }}{% else %}<video>{% endif %}{% endfor %}"
    "<|im_end|>{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def make_tiny_smolvlm(folder: Path, *, seed: int = 0, longest: int = 4_096) -> Path:
    """SmolVLM with frames of 32 pixels, 4 places each."""
    from transformers import SmolVLMConfig, SmolVLMForConditionalGeneration

    tokenizer = _tokenizer(
        folder,
        SMOLVLM_TEMPLATE,
        ("<|im_start|>", "<end_of_utterance>", "<fake_token_around_image>", "<global-img>"),
        "<image>",
    )
    config = SmolVLMConfig(
        text_config=_text_config("llama", len(tokenizer), longest),
        vision_config={
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "image_size": 32,
            "patch_size": 8,
        },
        scale_factor=2,
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        pad_token_id=0,
    )
    _save(folder, SmolVLMForConditionalGeneration, config, tokenizer, seed)
    settings = {
        "image_processor_type": "SmolVLMImageProcessor",
        "do_image_splitting": True,
        "size": {"longest_edge": 64},
        "max_image_size": {"longest_edge": 32},
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(settings))
    return folder


def make_tiny_qwen2_5_vl(folder: Path, *, seed: int = 0) -> Path:
    """Qwen2.5-VL with patches of 4 pixels, four of which are a place."""
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    tokenizer = _tokenizer(
        folder,
        QWEN_TEMPLATE,
        ("<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>"),
        "<|video_pad|>",
    )
    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in tokenizer.get_added_vocab()}
    text = _text_config("qwen2_5_vl_text", len(tokenizer), 4_096)
    text["rope_parameters"] = {
        "rope_type": "default",
        "mrope_section": [2, 3, 3],
        "rope_theta": 10_000.0,
    }
    config = Qwen2_5_VLConfig(
        text_config=text,
        vision_config={
            "depth": 2,
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_heads": 2,
            "patch_size": 4,
            "spatial_merge_size": 2,
            "temporal_patch_size": 2,
            "tokens_per_second": 2,
            "window_size": 16,
            "fullatt_block_indexes": [1],
            "out_hidden_size": 32,
        },
        image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
    )
    _save(folder, Qwen2_5_VLForConditionalGeneration, config, tokenizer, seed)
    settings = {"min_pixels": 16 * 16, "max_pixels": 32 * 32}
    (folder / "preprocessor_config.json").write_text(json.dumps(settings))
    return folder


def make_tiny_llava_onevision(folder: Path, *, seed: int = 0) -> Path:
    """LLaVA-OneVision with frames of 24 pixels, 4 places each and one more."""
    from transformers import LlavaOnevisionConfig, LlavaOnevisionForConditionalGeneration

    tokenizer = _tokenizer(
        folder, LLAVA_TEMPLATE, ("<|im_start|>", "<|im_end|>", "<image>"), "<video>"
    )
    config = LlavaOnevisionConfig(
        text_config=_text_config("qwen2", len(tokenizer), 4_096),
        vision_config=_tower("siglip_vision_model", 24, 8),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        video_token_index=tokenizer.convert_tokens_to_ids("<video>"),
    )
    _save(folder, LlavaOnevisionForConditionalGeneration, config, tokenizer, seed)
    return folder


def make_tiny_llava_next_video(folder: Path, *, seed: int = 0) -> Path:
    """LLaVA-NeXT-Video with frames of 32 pixels, 4 places each."""
    from transformers import LlavaNextVideoConfig, LlavaNextVideoForConditionalGeneration

    tokenizer = _tokenizer(
        folder, LLAVA_TEMPLATE, ("<|im_start|>", "<|im_end|>", "<image>"), "<video>"
    )
    config = LlavaNextVideoConfig(
        text_config=_text_config("llama", len(tokenizer), 4_096),
        vision_config=_tower("clip_vision_model", 32, 8),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        video_token_index=tokenizer.convert_tokens_to_ids("<video>"),
        image_grid_pinpoints=[[32, 32]],
    )
    _save(folder, LlavaNextVideoForConditionalGeneration, config, tokenizer, seed)
    return folder


def _tower(kind: str, image: int, patch: int) -> dict[str, Any]:
    return {
        "model_type": kind,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 3,
        "num_attention_heads": 2,
        "image_size": image,
        "patch_size": patch,
    }


def _text_config(kind: str, vocabulary: int, longest: int) -> dict[str, Any]:
    return {
        "model_type": kind,
        "vocab_size": vocabulary,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "max_position_embeddings": longest,
        # Larger than usual, so that answers depend on what is asked and shown.
        "initializer_range": 0.4,
        "pad_token_id": 0,
        "bos_token_id": 1,
        "eos_token_id": 2,
    }


def _tokenizer(folder: Path, template: str, marks: Sequence[str], frame: str) -> Any:
    """A token for each byte, and the special ones."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate(["<pad>", "<s>", "</s>", *alphabet])}
    bpe = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe, eos_token="</s>", pad_token="<pad>")
    tokenizer.add_special_tokens({"additional_special_tokens": [*marks, frame]})
    tokenizer.chat_template = template
    folder.mkdir(parents=True, exist_ok=True)
    return tokenizer


def _save(folder: Path, kind: Any, config: Any, tokenizer: Any, seed: int) -> None:
    import torch

    torch.manual_seed(seed)
    model = kind(config)
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
