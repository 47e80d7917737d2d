"""MobileLLM's hub form, against a computation of our own from its weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file

from results.errors import InputError
from runners.models.devices import Placement
from runners.models.language.engine import EngineModel
from runners.models.language.hf import open_hf_network
from runners.models.language.interface import GenerationRequest, ScoreRequest
from runners.models.language.opening import open_language_model
from tests.support.tiny_models import make_tiny_llama

torch: Any = pytest.importorskip("torch", reason="the extra `models` is not installed")

Weights = dict[str, NDArray[np.float64]]
HEADS, KEY_VALUE_HEADS, BLOCKS = 4, 2, 3


@pytest.fixture(params=[False, True], ids=["plain", "shared-layers"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return make_tiny_mobile_llm(tmp_path, layer_sharing=request.param)


def make_tiny_mobile_llm(folder: Path, *, layer_sharing: bool) -> Path:
    """As the hub has it: Llama's names of weights, no output layer, a config of its own."""
    from transformers import LlamaConfig, LlamaForCausalLM

    make_tiny_llama(folder)
    torch.manual_seed(7)
    config = LlamaConfig(
        vocab_size=259,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=BLOCKS,
        num_attention_heads=HEADS,
        num_key_value_heads=KEY_VALUE_HEADS,
        max_position_embeddings=128,
        initializer_range=0.3,
        bos_token_id=1,
        eos_token_id=2,
        tie_word_embeddings=True,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    hub = {
        "architectures": ["MobileLLMForCausalLM"],
        "auto_map": {
            "AutoConfig": "configuration_mobilellm.MobileLLMConfig",
            "AutoModelForCausalLM": "modeling_mobilellm.MobileLLMForCausalLM",
        },
        "attention_bias": False,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "head_dim": 8,
        "hidden_act": "silu",
        "hidden_size": 32,
        "intermediate_size": 48,
        "layer_sharing": layer_sharing,
        "max_position_embeddings": 128,
        "model_type": "mobilellm",
        "num_attention_heads": HEADS,
        "num_hidden_layers": BLOCKS,
        "num_key_value_heads": KEY_VALUE_HEADS,
        "rms_norm_eps": 1e-06,
        "rope_scaling": None,
        "rope_theta": 10000.0,
        "share_embedding": True,
        "tie_word_embeddings": False,
        "vocab_size": 259,
    }
    (folder / "config.json").write_text(json.dumps(hub))
    (folder / "modeling_mobilellm.py").write_text("raise SystemExit('code of the model was run')\n")
    return folder


def opened(folder: Path) -> EngineModel:
    model = open_language_model(f"hf:{folder}", device="cpu")
    assert isinstance(model, EngineModel)
    return model


def log_shares(folder: Path, tokens: list[int]) -> NDArray[np.float64]:
    """(length, vocabulary): what the paper's network says of each next token, in float64."""
    weights = {
        name: value.astype(np.float64)
        for name, value in load_file(folder / "model.safetensors").items()
    }
    runs = 2 if json.loads((folder / "config.json").read_text())["layer_sharing"] else 1
    states = weights["model.embed_tokens.weight"][tokens]
    for block in range(BLOCKS):
        for _ in range(runs):
            states = after_block(weights, f"model.layers.{block}.", states)
    states = normed(states, weights["model.norm.weight"])
    logits = states @ weights["model.embed_tokens.weight"].T
    logits -= logits.max(-1, keepdims=True)
    shares: NDArray[np.float64] = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    return shares


def after_block(weights: Weights, name: str, states: NDArray[Any]) -> NDArray[Any]:
    inner = normed(states, weights[name + "input_layernorm.weight"])
    query, key, value = (
        heads(inner @ weights[f"{name}self_attn.{part}_proj.weight"].T, count)
        for part, count in (("q", HEADS), ("k", KEY_VALUE_HEADS), ("v", KEY_VALUE_HEADS))
    )
    query, key = turned(query), turned(key)
    key, value = (part.repeat(HEADS // KEY_VALUE_HEADS, axis=0) for part in (key, value))
    scores = query @ key.transpose(0, 2, 1) / np.sqrt(query.shape[-1])
    scores[:, np.triu(np.ones(scores.shape[1:], bool), 1)] = -np.inf
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    attended = (scores / scores.sum(-1, keepdims=True)) @ value
    joined = attended.transpose(1, 0, 2).reshape(len(states), -1)
    states = states + joined @ weights[name + "self_attn.o_proj.weight"].T
    inner = normed(states, weights[name + "post_attention_layernorm.weight"])
    gate = inner @ weights[name + "mlp.gate_proj.weight"].T
    up = inner @ weights[name + "mlp.up_proj.weight"].T
    widened = gate / (1 + np.exp(-gate)) * up
    after: NDArray[Any] = states + widened @ weights[name + "mlp.down_proj.weight"].T
    return after


def normed(states: NDArray[Any], weight: NDArray[Any]) -> NDArray[Any]:
    scaled: NDArray[Any] = states / np.sqrt((states**2).mean(-1, keepdims=True) + 1e-6) * weight
    return scaled


def heads(states: NDArray[Any], count: int) -> NDArray[Any]:
    split: NDArray[Any] = states.reshape(len(states), count, -1).transpose(1, 0, 2)
    return split


def turned(states: NDArray[Any]) -> NDArray[Any]:
    """Rotary positions, with pairs of the first and second half."""
    half = states.shape[-1] // 2
    angles = np.arange(states.shape[1])[:, None] / 10000.0 ** (np.arange(half) / half)
    first, second = states[..., :half], states[..., half:]
    cos, sin = np.cos(angles), np.sin(angles)
    return np.concatenate([first * cos - second * sin, second * cos + first * sin], -1)


def test_its_likelihoods_are_those_of_the_network_in_the_paper(folder: Path) -> None:
    model = opened(folder)
    tokens = model.tokenizer.encode("what the paper computes", special=False)
    shares = log_shares(folder, tokens)
    wanted = sum(shares[place, tokens[place + 1]] for place in range(3, len(tokens) - 1))
    (found,) = model.log_likelihoods([ScoreRequest(tuple(tokens[:4]), tuple(tokens[4:]))])
    assert found.log_likelihood == pytest.approx(wanted, abs=1e-4)


def test_with_its_cache_it_says_the_same(folder: Path) -> None:
    model = opened(folder)
    tokens = model.tokenizer.encode("go on", special=False)
    (generated,) = model.generate([GenerationRequest(tuple(tokens), 12)])
    assert len(generated.tokens) >= 3
    for token in generated.tokens:
        assert token == int(log_shares(folder, tokens)[-1].argmax())
        tokens.append(token)


def test_a_batch_that_shares_a_beginning_says_the_same(folder: Path) -> None:
    model = opened(folder)
    beginning = model.tokenizer.encode(
        "what forty tokens of a beginning are good for", special=False
    )
    prompts = [[*beginning, *model.tokenizer.encode(end, special=False)] for end in "ab!"]
    prompts.append(prompts[0] + beginning[:20])
    found = model.generate([GenerationRequest(tuple(prompt), 6) for prompt in prompts])
    assert sum(each.reused_tokens >= len(beginning) for each in found) == 3
    for prompt, generated in zip(prompts, found, strict=True):
        for token in generated.tokens:
            assert token == int(log_shares(folder, prompt)[-1].argmax())
            prompt.append(token)


def test_both_runs_of_a_block_have_the_very_same_weights(tmp_path: Path) -> None:
    folder = make_tiny_mobile_llm(tmp_path, layer_sharing=True)
    network = open_hf_network(str(folder), Placement("cpu", "bf16"))
    blocks = network.model.model.layers
    assert [block.self_attn.layer_idx for block in blocks] == list(range(2 * BLOCKS))
    for first, second in zip(blocks[::2], blocks[1::2], strict=True):
        pairs = zip(first.parameters(), second.parameters(), strict=True)
        assert all(one is other for one, other in pairs)


def test_a_tokenizer_in_the_form_of_sentencepiece_is_read(tmp_path: Path) -> None:
    sentencepiece: Any = pytest.importorskip("sentencepiece", reason="sentencepiece is missing")
    folder = make_tiny_mobile_llm(tmp_path / "m", layer_sharing=True)
    for path in (*folder.glob("*token*"), folder / "chat_template.jinja"):
        path.unlink()
    text = tmp_path / "text"
    text.write_text("\n".join(f"the dog number {n} jumps over {n * n} foxes" for n in range(300)))
    sentencepiece.SentencePieceTrainer.train(
        input=str(text),
        model_prefix=str(folder / "tokenizer"),
        vocab_size=300,
        model_type="bpe",
        byte_fallback=True,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    # As the hub's folders have it.
    special = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    config = {
        **special,
        "add_bos_token": True,
        "legacy": False,
        "tokenizer_class": "LlamaTokenizer",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    own = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
    tokenizer = opened(folder).tokenizer
    for said in ("the dog jumps", "Ünïcode ✓"):
        assert tokenizer.encode(said, special=True) == [1, *own.encode(said)]
        assert tokenizer.decode(tokenizer.encode(said, special=True)) == said
    assert tokenizer.ends == {2} and not tokenizer.chat_template


def test_shared_weights_are_counted_once(folder: Path) -> None:
    stored = load_file(folder / "model.safetensors")
    assert opened(folder).describe()["parameters"] == sum(each.size for each in stored.values())


def test_each_block_of_the_shared_form_is_run_twice(tmp_path: Path) -> None:
    once = opened(make_tiny_mobile_llm(tmp_path / "once", layer_sharing=False))
    twice = opened(make_tiny_mobile_llm(tmp_path / "twice", layer_sharing=True))
    request = ScoreRequest((5, 6, 7), (8, 9))
    (first,), (second,) = once.log_likelihoods([request]), twice.log_likelihoods([request])
    assert abs(first.log_likelihood - second.log_likelihood) > 1e-3


def test_a_checkpoint_of_the_training_code_is_read_the_same(folder: Path) -> None:
    request = ScoreRequest((5, 6, 7), (8, 9))
    (found,) = opened(folder).log_likelihoods([request])
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "llama", "architectures": ["LlamaForCausalLM"]}
    (folder / "config.json").write_text(json.dumps(config))
    (again,) = opened(folder).log_likelihoods([request])
    assert again == found


def test_embeddings_are_shared_unless_the_config_says_otherwise(folder: Path) -> None:
    request = ScoreRequest((5, 6, 7), (8, 9))
    (found,) = opened(folder).log_likelihoods([request])
    config = json.loads((folder / "config.json").read_text())
    config.pop("share_embedding")
    (folder / "config.json").write_text(json.dumps(config))
    (again,) = opened(folder).log_likelihoods([request])
    assert again == found
    (folder / "config.json").write_text(json.dumps(config | {"share_embedding": False}))
    with pytest.raises(InputError, match=r"lm_head\.weight is missing"):
        opened(folder)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"layer_sharing": "yes"}, "`layer_sharing` is 'yes'; it should be true or false"),
        ({"layer_sharing_repeats": 3}, "MobileLLM has no field `layer_sharing_repeats`"),
        ({"quantization_config": {"bits": 4}}, "MobileLLM has no field `quantization_config`"),
        ({"hidden_size": "wide"}, "cannot be loaded"),
        ({"num_key_value_heads": HEADS}, "are not those of a MobileLLM: .*k_proj"),
        ({"num_hidden_layers": BLOCKS + 1}, "are not those of a MobileLLM"),
        ({"num_hidden_layers": BLOCKS - 1}, "are not those of a MobileLLM"),
    ],
)
def test_a_config_that_does_not_fit_is_refused(
    tmp_path: Path, changes: dict[str, Any], says: str
) -> None:
    folder = make_tiny_mobile_llm(tmp_path, layer_sharing=True)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **changes}))
    with pytest.raises(InputError, match=says):
        opened(folder)
