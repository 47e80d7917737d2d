"""MobileLLM (2402.14905) in the form in which it is on the hub, read as the Llama that it is.

Its config names two things that plain Llama has not: `share_embedding`, by which the output layer
is the embedding itself, and `layer_sharing` (the LS models, Section 3.4), by which each block is
run twice in a row. Here the second run is a block of its own that has the very same parameters, so
that it has its own keys and values in the cache, and parameters are counted once. The released
code lets both runs append to one slot of the cache; what is computed here is what it computes, and
what the models were trained to compute, without a cache.

The hub form brings code of its own, which is never run.
"""

from __future__ import annotations

import copy
import importlib
from collections.abc import Mapping
from typing import Any

from results.errors import InputError
from runners.models.loading import mismatched

MODEL_TYPE = "mobilellm"
_SHARED, _TWICE = "share_embedding", "layer_sharing"
# What says how the hub form is loaded, and has no meaning for the network.
_LOADING = {
    "architectures",
    "auto_map",
    "dtype",
    "model_type",
    "pretraining_tp",
    "torch_dtype",
    "transformers_version",
    _SHARED,
    _TWICE,
}
# What Llama's config takes, but does not write any more.
_OLDER = {"rope_scaling", "rope_theta"}


def is_mobile_llm(config: Mapping[str, Any]) -> bool:
    """Whether a config.json is one of these: of the hub's form, or, as the released training code
    writes it, of a Llama with one of the two fields."""
    kind = config.get("model_type")
    return kind == MODEL_TYPE or (kind == "llama" and (_SHARED in config or _TWICE in config))


def load_mobile_llm(place: str, config: Mapping[str, Any], kind: Any) -> Any:
    """The model in a folder or on the hub, with weights of that torch type.

    Raises InputError where the config has a field that is none of such a model's, or where the
    weights are not those of such a network.
    """
    transformers: Any = importlib.import_module("transformers")
    _check_fields(place, config, {*transformers.LlamaConfig().to_dict(), *_LOADING, *_OLDER})
    twice = _flag(place, config, _TWICE, otherwise=False)
    # The hub's config class shares them unless it is told otherwise, the training code does not.
    shared = _flag(place, config, _SHARED, otherwise=config.get("model_type") == MODEL_TYPE)
    shared = shared or bool(config.get("tie_word_embeddings"))
    network = {
        name: value
        for name, value in config.items()
        if name not in _LOADING and value is not None and not name.startswith("_")
    }
    settings = transformers.LlamaConfig(**{**network, "tie_word_embeddings": shared})
    model, found = transformers.LlamaForCausalLM.from_pretrained(
        place,
        config=settings,
        dtype=kind,
        output_loading_info=True,
        trust_remote_code=False,
        ignore_mismatched_sizes=True,
    )
    output = {"lm_head.weight"} if shared else set()
    odd = {name for name in found["unexpected_keys"] if not name.endswith("rotary_emb.inv_freq")}
    faults = sorted({*found["missing_keys"], *odd} - output | {*mismatched(found)})
    if faults:
        raise InputError(
            f"The weights of {place} are not those of a MobileLLM: {', '.join(faults[:3])} is"
            " missing, unknown or of another shape; download the model anew."
        )
    if shared:
        model.lm_head.weight = model.model.embed_tokens.weight
    if twice:
        _run_each_block_twice(model)
    return model


def _run_each_block_twice(model: Any) -> None:
    torch: Any = importlib.import_module("torch")
    blocks: list[Any] = []
    for block in model.model.layers:
        # What the copy finds in its memo is taken as it is: the weights, and the one config.
        shared = [*block.parameters(), model.config]
        again = copy.deepcopy(block, {id(each): each for each in shared})
        for run in (block, again):
            run.self_attn.layer_idx = len(blocks)
            blocks.append(run)
    model.model.layers = torch.nn.ModuleList(blocks)
    model.config.num_hidden_layers = len(blocks)


def _check_fields(place: str, config: Mapping[str, Any], known: set[str]) -> None:
    """A field that is not understood may change what the network computes."""
    odd = sorted(name for name in config if name not in known and not name.startswith("_"))
    if odd:
        raise InputError(
            f"{place}, config.json: MobileLLM has no field `{odd[0][:60]}`, so its network would"
            " not be what the file describes; take it out, or use the model's own config.json."
        )


def _flag(place: str, config: Mapping[str, Any], name: str, *, otherwise: bool) -> bool:
    value = config.get(name, otherwise)
    if not isinstance(value, bool):
        raise InputError(
            f"{place}, config.json: `{name}` is {str(value)[:40]!r}; it should be true or false."
        )
    return value
