"""`hf:` causal language models: a transformers model as the engine's network.

The weights come from a folder or the hub; pickles are read as weights alone, and code of the
model's author is never run. In bf16
and fp16 the weights themselves are of that type, as such models are served; logits are made float32
before anything is computed from them.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from results.errors import InputError, MissingExtra
from runners.models.describing import Described, files_described, versions_described
from runners.models.devices import Placement
from runners.models.language.interface import Cache, Logits, Tokens
from runners.models.language.mobile_llm import is_mobile_llm, load_mobile_llm

_DEFAULT_CONTEXT = 2_048


@dataclass
class HfCache:
    """Keys and values of a batch; `seen` (rows, length) marks the places that are no filling.

    Rows are filled at the left, so that every next token stands at the end.
    """

    values: Any
    seen: Any
    lengths: Any

    @property
    def rows(self) -> int:
        return int(self.seen.shape[0])


class HfNetwork:
    """A causal language model of transformers."""

    largest_batch: int | None = None

    def __init__(self, model: Any, placement: Placement, described: Described) -> None:
        self._torch: Any = importlib.import_module("torch")
        self._model = model
        self._placement = placement
        self._described = described

    @property
    def context_length(self) -> int:
        return int(getattr(self._model.config, "max_position_embeddings", 0) or _DEFAULT_CONTEXT)

    @property
    def vocabulary(self) -> int:
        return int(self._model.config.vocab_size)

    @property
    def ends(self) -> tuple[int, ...]:
        """The tokens that end a reply, by the generation config."""
        found = self._model.generation_config.eos_token_id
        if found is None:
            return ()
        return tuple(found) if isinstance(found, list | tuple) else (int(found),)

    def token_scores(self, tokens: Tokens, lengths: Tokens) -> tuple[Logits, NDArray[np.bool_]]:
        torch = self._torch
        # Filling at the right is never seen by what stands before it: attention looks back only.
        ids = torch.as_tensor(tokens, device=self._placement.device)
        seen = self._mask(tokens.shape[1], lengths)
        scores = np.zeros((tokens.shape[0], max(tokens.shape[1] - 1, 0)), np.float32)
        greedy = np.zeros(scores.shape, np.bool_)
        with torch.inference_mode():
            logits = self._model(input_ids=ids, attention_mask=seen, use_cache=False).logits
            # A row at a time, because float32 of a whole batch and vocabulary is large.
            for row in range(tokens.shape[0]):
                of_row = logits[row, :-1].float()
                wanted = ids[row, 1:]
                chosen = of_row.gather(1, wanted[:, None])[:, 0]
                scores[row] = (chosen - of_row.logsumexp(-1)).cpu().numpy()
                greedy[row] = (of_row.argmax(-1) == wanted).cpu().numpy()
        return scores, greedy

    def read(
        self, tokens: Tokens, lengths: Tokens, after: Cache | None = None
    ) -> tuple[HfCache, Logits]:
        torch = self._torch
        rows, longest = tokens.shape
        filled = np.zeros_like(tokens)
        for row, length in enumerate(lengths):
            filled[row, longest - length :] = tokens[row, :length]
        ids = torch.as_tensor(filled, device=self._placement.device)
        new = torch.flip(self._mask(longest, lengths), (1,))
        values = before = None
        if after is not None:
            assert isinstance(after, HfCache)
            values, before = _repeated(after.values, rows), after.seen.expand(rows, -1)
        seen = new if before is None else torch.cat([before, new], 1)
        positions = (seen.cumsum(1) - 1).clamp(min=0)[:, -longest:]
        logits, values = self._forward(ids, seen, positions, values)
        return HfCache(values, seen, seen.sum(1)), logits

    def step(self, cache: Cache, tokens: Tokens) -> tuple[HfCache, Logits]:
        assert isinstance(cache, HfCache)
        torch = self._torch
        ids = torch.as_tensor(tokens, device=self._placement.device)[:, None]
        seen = torch.cat([cache.seen, torch.ones_like(cache.seen[:, :1])], 1)
        logits, values = self._forward(ids, seen, cache.lengths[:, None], cache.values)
        return HfCache(values, seen, cache.lengths + 1), logits

    def keep(self, cache: Cache, rows: Sequence[int]) -> HfCache:
        assert isinstance(cache, HfCache)
        kept = self._torch.as_tensor(list(rows), device=self._placement.device)
        cache.values.batch_select_indices(kept)
        return HfCache(cache.values, cache.seen[kept], cache.lengths[kept])

    def describe(self) -> Described:
        return dict(self._described)

    def _forward(self, ids: Any, seen: Any, positions: Any, values: Any) -> tuple[Any, Any]:
        with self._torch.inference_mode():
            answer = self._model(
                input_ids=ids,
                attention_mask=seen,
                position_ids=positions,
                past_key_values=values,
                use_cache=True,
                logits_to_keep=1,
            )
            return answer.logits[:, -1].float().cpu().numpy(), answer.past_key_values

    def _mask(self, longest: int, lengths: Tokens) -> Any:
        torch = self._torch
        places = torch.arange(longest, device=self._placement.device)
        counts = torch.as_tensor(lengths, device=self._placement.device)
        return (places[None] < counts[:, None]).long()


def open_hf_network(place: str, placement: Placement) -> HfNetwork:
    """The model in a folder, or of that name on the hub; InputError where it cannot be loaded."""
    try:
        torch: Any = importlib.import_module("torch")
        transformers: Any = importlib.import_module("transformers")
    except ImportError:
        raise MissingExtra("An hf: model", "models") from None
    kind = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[
        placement.precision
    ]
    try:
        # A config that names code of its own would otherwise be asked about on the terminal.
        config, _ = transformers.PreTrainedConfig.get_config_dict(place)
        if is_mobile_llm(config):
            model = load_mobile_llm(place, config, kind)
        else:
            model = transformers.AutoModelForCausalLM.from_pretrained(
                place, dtype=kind, trust_remote_code=False
            )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        first = (str(error).strip().splitlines() or ["no reason was given"])[0][:300]
        raise InputError(
            f"The model hf:{place} cannot be loaded: {first.rstrip('.')}; give a folder with a"
            " transformers model, or the name of one that the hub has."
        ) from None
    model.to(placement.device).eval()
    return HfNetwork(model, placement, hf_described(model, place))


def hf_described(model: Any, place: str) -> Described:
    """What a record says of a model: its kind, size, files and the libraries that run it."""
    described: Described = {
        "adapter": "transformers",
        "model_type": str(model.config.model_type),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        **versions_described("torch", "transformers", "tokenizers"),
    }
    if Path(place).is_dir():
        weights = [
            each for each in Path(place).iterdir() if each.suffix in (".safetensors", ".bin")
        ]
        described.update(files_described(weights))
    elif commit := getattr(model.config, "_commit_hash", None):
        described["commit"] = str(commit)
    return described


def _repeated(values: Any, rows: int) -> Any:
    """The keys and values of one row, for so many rows; the original stays as it was."""
    import copy

    repeated = copy.deepcopy(values)
    repeated.batch_repeat_interleave(rows)
    return repeated
