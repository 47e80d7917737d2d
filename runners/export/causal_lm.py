"""A causal language model as one function of arrays, its keys and values among them.

    tokens (rows, n), seen (rows, past + n), positions (rows, n), places (rows, m),
    keys and values (layers, rows, heads, past, size)
        -> logits (rows, m, vocabulary), keys and values (layers, rows, heads, past + n, size)

`seen` is 0 where a place is filling, `places` say of which of the n tokens logits are wanted. The
past is never empty: a first call is given one place that is not seen, because runtimes disagree on
arrays without elements.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from results.errors import InputError, first_line

INPUTS = ("tokens", "seen", "positions", "places", "keys", "values")
OUTPUTS = ("logits", "new_keys", "new_values")


@dataclass(frozen=True)
class Sizes:
    """What the arrays of a model's cache are like."""

    layers: int
    heads: int
    size: int
    vocabulary: int
    context_length: int


def sizes_of(model: Any, context: int | None) -> Sizes:
    """The sizes of a transformers model, for contexts of at most so many tokens.

    InputError for a model whose cache is no plain one of keys and values.
    """
    config = model.config.get_text_config(decoder=True)
    heads = int(config.num_attention_heads)
    longest = int(getattr(config, "max_position_embeddings", 0) or 2_048)
    if context is not None and context > longest:
        raise InputError(f"The model has a context of {longest} tokens; --context takes no more.")
    return Sizes(
        layers=int(config.num_hidden_layers),
        heads=int(getattr(config, "num_key_value_heads", None) or heads),
        size=int(getattr(config, "head_dim", None) or config.hidden_size // heads),
        vocabulary=int(config.vocab_size),
        context_length=context or longest,
    )


def example(sizes: Sizes, rows: int, seed: int = 0) -> dict[str, NDArray[Any]]:
    """Inputs of small and uneven sizes."""
    chance = np.random.default_rng(seed)
    past, n = 5, 3
    shape = (sizes.layers, rows, sizes.heads, past, sizes.size)
    return {
        "tokens": chance.integers(0, sizes.vocabulary, (rows, n)),
        "seen": np.ones((rows, past + n), np.int64),
        "positions": np.tile(np.arange(past, past + n), (rows, 1)),
        "places": np.tile(np.arange(n - 2, n), (rows, 1)),
        "keys": chance.standard_normal(shape).astype(np.float32),
        "values": chance.standard_normal(shape).astype(np.float32),
    }


def exported_program(model: Any, sizes: Sizes, *, rows: int | None) -> Any:
    """The model as a torch program; `rows` is fixed, or any number with None.

    InputError where torch cannot trace it.
    """
    torch: Any = importlib.import_module("torch")
    many = rows or 2
    inputs = {name: torch.from_numpy(array) for name, array in example(sizes, many).items()}
    dim = torch.export.Dim
    longest = sizes.context_length
    n = dim("n", min=1, max=longest)
    past = dim("past", min=1, max=longest)
    wanted = dim("m", min=1, max=longest)
    whole = dim("whole", min=2, max=2 * longest)
    batch: Mapping[int, Any] = {} if rows else {0: dim("rows", min=1, max=4_096)}
    inner: Mapping[int, Any] = {} if rows else {1: batch[0]}
    shapes = {
        "tokens": {**batch, 1: n},
        "seen": {**batch, 1: whole},
        "positions": {**batch, 1: n},
        "places": {**batch, 1: wanted},
        "keys": {**inner, 3: past},
        "values": {**inner, 3: past},
    }
    try:
        with torch.no_grad():
            return torch.export.export(
                cached_decoder(model),
                (),
                kwargs=inputs,
                dynamic_shapes=shapes,
                strict=False,
            )
    except Exception as error:  # noqa: BLE001 - tracing runs the model's own code
        raise InputError(f"torch.export cannot trace this model: {first_line(error)}.") from None


def cached_decoder(model: Any) -> Any:
    """A torch module around a transformers model that takes and gives its cache."""
    torch: Any = importlib.import_module("torch")
    transformers: Any = importlib.import_module("transformers")
    model.set_attn_implementation("eager")

    class CachedDecoder(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.decoder = model.get_decoder()
            self.head = model.get_output_embeddings()

        def forward(
            self, tokens: Any, seen: Any, positions: Any, places: Any, keys: Any, values: Any
        ) -> tuple[Any, Any, Any]:
            n, past = tokens.shape[1], keys.shape[3]
            behind = torch.arange(past + n, device=tokens.device)[None, :]
            ahead = torch.arange(n, device=tokens.device)[:, None] + past
            may = (behind <= ahead)[None, None] & (seen[:, None, None, :] > 0)
            lowest = torch.finfo(keys.dtype).min
            mask = torch.zeros_like(may, dtype=keys.dtype).masked_fill(~may, lowest)
            cache = transformers.DynamicCache(
                ddp_cache_data=[(keys[layer], values[layer]) for layer in range(keys.shape[0])]
            )
            states = self.decoder(
                input_ids=tokens,
                attention_mask=mask,
                position_ids=positions,
                past_key_values=cache,
                use_cache=True,
            ).last_hidden_state
            wide = places[:, :, None].expand(-1, -1, states.shape[2])
            logits = self.head(torch.gather(states, 1, wide))
            return (
                logits,
                torch.stack([layer.keys for layer in cache.layers]),
                torch.stack([layer.values for layer in cache.layers]),
            )

    return CachedDecoder().eval()
