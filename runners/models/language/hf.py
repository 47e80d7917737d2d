"""`hf:` causal language models: a transformers model as the engine's network.

The weights come from a folder or the hub; pickles are read as weights alone, and code of the
model's author is never run. In bf16 and fp16 the weights themselves are of that type, as such
models are served; logits are made float32 before anything is computed from them.
"""

from __future__ import annotations

import copy
import functools
import importlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from results.errors import InputError, first_line
from runners.models.describing import Described, files_described, versions_described
from runners.models.devices import Placement
from runners.models.language.interface import Cache, Logits, Tokens
from runners.models.language.mobile_llm import is_mobile_llm, load_mobile_llm
from runners.models.loading import end_tokens, mismatched, quiet_transformers

_DEFAULT_CONTEXT = 2_048
# Weights, configs and what a tokenizer consists of: all that an answer depends on.
_MODEL_FILES = (".safetensors", ".bin", ".json", ".model", ".jinja", ".txt")
# 256 MiB of float32.
_MOST_LOGITS = 2**26


@dataclass
class HfCache:
    """Keys and values of a batch; `seen` (rows, length) marks the places that are no filling.

    Rows are filled at the left of what was read at once, so that every next token stands at the
    end. `lengths` (rows,) counts the tokens of each, which is the position of the next.
    """

    values: Any
    seen: Any
    lengths: Any

    @property
    def rows(self) -> int:
        return int(self.seen.shape[0])


class HfNetwork:
    """A causal language model of transformers.

    `model` is the transformers model itself, for exports.
    """

    largest_batch: int | None = None

    def __init__(self, model: Any, placement: Placement, describe: Callable[[], Described]) -> None:
        self.model = model
        self._torch: Any = importlib.import_module("torch")
        self._placement = placement
        self._describe = describe
        self._config = model.config.get_text_config(decoder=True)
        self._takes = frozenset(inspect.signature(model.forward).parameters)
        kinds = _cache_kinds(model)
        self._reads_after = kinds == {"DynamicLayer"}
        self._reads_parts = kinds <= {"DynamicLayer", "DynamicSlidingWindowLayer"}

    @property
    def context_length(self) -> int:
        return int(getattr(self._config, "max_position_embeddings", 0) or _DEFAULT_CONTEXT)

    @property
    def vocabulary(self) -> int:
        return int(self._config.vocab_size)

    @property
    def reads_after(self) -> bool:
        """Where attention is full in every layer. A sliding window counts places, not tokens, so
        that filling between two parts of a row would push tokens out of it."""
        return self._reads_after

    @property
    def ends(self) -> tuple[int, ...]:
        """The tokens that end a reply, by the generation config."""
        return end_tokens(self.model)

    def token_scores(
        self, tokens: Tokens, lengths: Tokens, after: Cache | None = None
    ) -> tuple[Logits, NDArray[np.bool_]]:
        torch = self._torch
        rows, longest = tokens.shape[0], max(tokens.shape[1] - 1, 0)
        place = self._placement.device
        scores = torch.zeros((rows, longest), dtype=torch.float32, device=place)
        greedy = torch.zeros((rows, longest), dtype=torch.bool, device=place)
        # So many tokens at once that their logits stay small; the cache joins the parts.
        width = max(1, _MOST_LOGITS // (rows * self.vocabulary))
        if not self._reads_parts:
            width = max(longest, 1)
        values, seen, begun = self._before(after, rows)
        ids = torch.as_tensor(tokens, device=place)
        # Filling at the right is never seen by what stands before it: attention looks back only.
        mask = self._mask(longest, lengths - 1)
        for begin in range(0, longest, width):
            part = slice(begin, min(begin + width, longest))
            seen = mask[:, part] if seen is None else torch.cat([seen, mask[:, part]], 1)
            places = torch.arange(part.start, part.stop, device=place)
            logits, values = self._forward(
                ids[:, part],
                seen,
                begun[:, None] + places[None],
                values,
                keeps=values is not None or part.stop < longest,
            )
            wanted = ids[:, part.start + 1 : part.stop + 1]
            # A row at a time, because float32 of a whole batch and vocabulary is large.
            for row in range(rows):
                of_row = logits[row].float()
                chosen = of_row.gather(1, wanted[row][:, None])[:, 0]
                scores[row, part] = chosen - of_row.logsumexp(-1)
                greedy[row, part] = of_row.argmax(-1) == wanted[row]
        return scores.cpu().numpy(), greedy.cpu().numpy()

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
        values, before, begun = self._before(after, rows)
        seen = new if before is None else torch.cat([before, new], 1)
        positions = (begun[:, None] + new.cumsum(1) - 1).clamp(min=0)
        logits, values = self._forward(ids, seen, positions, values, last=True)
        cache = HfCache(values, seen, begun + new.sum(1))
        return cache, logits[:, -1].float().cpu().numpy()

    def step(self, cache: Cache, tokens: Tokens) -> tuple[HfCache, Logits]:
        assert isinstance(cache, HfCache)
        torch = self._torch
        ids = torch.as_tensor(tokens, device=self._placement.device)[:, None]
        seen = torch.cat([cache.seen, torch.ones_like(cache.seen[:, :1])], 1)
        logits, values = self._forward(ids, seen, cache.lengths[:, None], cache.values, last=True)
        grown = HfCache(values, seen, cache.lengths + 1)
        return grown, logits[:, -1].float().cpu().numpy()

    def keep(self, cache: Cache, rows: Sequence[int]) -> HfCache:
        assert isinstance(cache, HfCache)
        kept = self._torch.as_tensor(list(rows), device=self._placement.device)
        cache.values.reorder_cache(kept)
        return HfCache(cache.values, cache.seen[kept], cache.lengths[kept])

    def describe(self) -> Described:
        return self._describe()

    def _forward(
        self,
        ids: Any,
        seen: Any,
        positions: Any,
        values: Any,
        *,
        keeps: bool = True,
        last: bool = False,
    ) -> tuple[Any, Any]:
        """Logits (rows, tokens or 1 for the `last` alone, vocabulary) and the values, where the
        model `keeps` them."""
        settings: dict[str, Any] = {"position_ids": positions}
        if last:
            settings["logits_to_keep"] = 1
        # Models without positions of this kind (ALiBi, recurrent ones) read the mask instead.
        settings = {name: value for name, value in settings.items() if name in self._takes}
        with self._torch.inference_mode():
            answer = self.model(
                input_ids=ids,
                attention_mask=seen,
                past_key_values=values,
                use_cache=keeps,
                **settings,
            )
            return answer.logits, answer.past_key_values if keeps else None

    def _before(self, after: Cache | None, rows: int) -> tuple[Any, Any, Any]:
        """What comes before so many rows, which stays as it was: values, places seen, lengths."""
        torch = self._torch
        if after is None:
            none = torch.zeros(rows, dtype=torch.long, device=self._placement.device)
            return None, None, none
        assert isinstance(after, HfCache)
        values = copy.copy(after.values)
        # The layers put new tensors in the place of theirs, so that a shallow copy is enough.
        values.layers = [copy.copy(layer) for layer in after.values.layers]
        seen, lengths = after.seen, after.lengths
        if after.rows == 1 and rows > 1:
            for layer in values.layers:
                layer.keys = layer.keys.expand(rows, -1, -1, -1)
                layer.values = layer.values.expand(rows, -1, -1, -1)
            seen, lengths = seen.expand(rows, -1), lengths.expand(rows)
        return values, seen, lengths

    def _mask(self, longest: int, lengths: Tokens) -> Any:
        torch = self._torch
        places = torch.arange(longest, device=self._placement.device)
        counts = torch.as_tensor(lengths, device=self._placement.device)
        return (places[None] < counts[:, None]).long()


def open_hf_network(place: str, placement: Placement) -> HfNetwork:
    """The model in a folder, or of that name on the hub; InputError where it cannot be loaded."""
    kind = placement.dtype
    try:
        with quiet_transformers() as transformers:
            # A config that names code of its own would otherwise be asked about on the terminal.
            config, _ = transformers.PretrainedConfig.get_config_dict(place)
            if is_mobile_llm(config):
                model = load_mobile_llm(place, config, kind)
            else:
                model, found = transformers.AutoModelForCausalLM.from_pretrained(
                    place,
                    dtype=kind,
                    trust_remote_code=False,
                    output_loading_info=True,
                    # What does not fit is told below, in a sentence.
                    ignore_mismatched_sizes=True,
                )
                _check_filled(found)
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001 -- a broken config or file makes loading raise anything
        raise InputError(
            f"The model hf:{place} cannot be loaded: {first_line(error)}; give a folder with a"
            " transformers model, or the name of one that the hub has."
        ) from None
    model.to(placement.device).eval()
    return HfNetwork(model, placement, functools.partial(hf_described, model, place))


def hf_described(model: Any, place: str) -> Described:
    """What a record says of a model: its kind, size, files and the libraries that run it."""
    described: Described = {
        "adapter": "transformers",
        "model_type": str(model.config.model_type),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        **versions_described("torch", "transformers", "tokenizers"),
    }
    folder = Path(place)
    if folder.is_dir():
        described.update(
            files_described(path for path in folder.iterdir() if path.suffix in _MODEL_FILES)
        )
    elif commit := getattr(model.config, "_commit_hash", None):
        described["commit"] = str(commit)
    return described


def _check_filled(found: Mapping[str, Any]) -> None:
    """Weights that are not there, or of another shape, would be random ones."""
    lost = sorted({*found["missing_keys"], *mismatched(found)})
    if lost:
        raise ValueError(
            f"of its weights {len(lost)} are missing or of another shape than its config says, such"
            f" as {lost[0]}"
        )


def _cache_kinds(model: Any) -> set[str]:
    """What the model's layers keep of what was read, by transformers' names; a name of none of
    theirs where that cannot be told."""
    caches: Any = importlib.import_module("transformers.cache_utils")
    try:
        layers = caches.DynamicCache(config=model.config).layers
    except (TypeError, AttributeError, KeyError):
        layers = []
    return {type(layer).__name__ for layer in layers} or {"unknown"}
