"""Exported language models as networks of the engine: arrays in, arrays out, the cache among them.

What the arrays are is told in runners/export/causal_lm.py, which writes such models. Each call
hands the whole cache over and gets it back longer; that costs a copy of it for each token, and
needs nothing of a runtime but to run a function.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from results.errors import InputError
from runners.models.describing import Described, files_described
from runners.models.language.interface import Cache, Logits, Tokens

SETTINGS = "export.json"
FORMAT_VERSION = 1
# 256 MiB of float32.
_MOST_LOGITS = 2**26
_MAX_SETTINGS = 1 << 20

Arrays = NDArray[np.float32]


class ExportSettings(BaseModel):
    """What `export.json` says beside a file of weights."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    format: str
    format_version: int
    file: str
    source: str
    quantized: str | None = None
    layers: int = Field(ge=1, le=10_000)
    heads: int = Field(ge=1, le=10_000)
    size: int = Field(ge=1, le=100_000)
    vocabulary: int = Field(ge=1, le=10_000_000)
    context_length: int = Field(ge=2, le=100_000_000)
    rows: int | None = Field(default=None, ge=1)
    parameters: int = Field(ge=1)
    ends: tuple[int, ...] = ()
    largest_difference: float = Field(ge=0)
    versions: dict[str, str] = Field(default_factory=dict)


def read_settings(folder: Path, form: str) -> ExportSettings:
    """The settings of an exported model; InputError where a folder holds none of that form."""
    path = folder / SETTINGS
    try:
        if path.stat().st_size > _MAX_SETTINGS:
            raise InputError(f"{path} is too large; export the model anew.")
        found = ExportSettings.model_validate(json.loads(path.read_bytes()))
    except OSError:
        raise InputError(
            f"{folder} has no {SETTINGS}; make it by judge models export SPEC --to {form}"
            " --out DIR."
        ) from None
    except (ValueError, RecursionError, ValidationError) as error:
        first = str(error).strip().splitlines()[0][:200]
        raise InputError(f"{path} is damaged ({first}); export the model anew.") from None
    if found.format != form or found.format_version != FORMAT_VERSION:
        raise InputError(
            f"{folder} holds a model exported to {found.format} in version"
            f" {found.format_version} of its layout; {form}: reads version {FORMAT_VERSION}."
        )
    if Path(found.file).name != found.file or not (folder / found.file).is_file():
        raise InputError(f"{path}: there is no file {found.file[:80]!r} beside it.")
    return found


@dataclass
class StepCache:
    """Keys and values (layers, rows, heads, length, size); `seen` (rows, length) is 0 for filling.

    `lengths` (rows,) counts the tokens of each row, which is the position of the next.
    """

    keys: Arrays
    values: Arrays
    seen: Tokens
    lengths: Tokens

    @property
    def rows(self) -> int:
        return len(self.lengths)


class StepwiseNetwork(ABC):
    """A `Network` over a function of arrays; `_call` is all that a runtime has to bring."""

    reads_after = True

    def __init__(self, folder: Path, settings: ExportSettings) -> None:
        self._folder = folder
        self.settings = settings

    @property
    def context_length(self) -> int:
        return self.settings.context_length

    @property
    def vocabulary(self) -> int:
        return self.settings.vocabulary

    @property
    def largest_batch(self) -> int | None:
        return self.settings.rows

    def token_scores(
        self, tokens: Tokens, lengths: Tokens, after: Cache | None = None
    ) -> tuple[Logits, NDArray[np.bool_]]:
        rows, longest = tokens.shape
        n = longest - 1
        scores = np.zeros((rows, n), np.float32)
        greedy = np.zeros((rows, n), np.bool_)
        if not n:
            return scores, greedy
        # A row's last token is not read: nothing is wanted of what follows it.
        read, counts = tokens[:, :-1], np.minimum(lengths, n)
        before = self._before(after, rows)
        together = max(_MOST_LOGITS // (n * self.vocabulary), 1)
        for begin in range(0, rows, together):
            part = slice(begin, min(begin + together, rows))
            places = np.tile(np.arange(n), (part.stop - part.start, 1))
            seen = (np.arange(n)[None] < counts[part, None]).astype(np.int64)
            logits, _ = self._forward(read[part], seen, places, _rows_of(before, part))
            wanted = tokens[part, 1:]
            chosen = np.take_along_axis(logits, wanted[..., None], 2)[..., 0]
            most = logits.max(-1)
            total = np.log(np.exp(logits - most[..., None]).sum(-1, dtype=np.float64))
            scores[part] = chosen - most - total
            greedy[part] = logits.argmax(-1) == wanted
        return scores, greedy

    def read(
        self, tokens: Tokens, lengths: Tokens, after: Cache | None = None
    ) -> tuple[StepCache, Logits]:
        rows, longest = tokens.shape
        filled = np.zeros_like(tokens)
        seen = np.zeros((rows, longest), np.int64)
        for row, length in enumerate(lengths):
            filled[row, longest - length :] = tokens[row, :length]
            seen[row, longest - length :] = 1
        places = np.full((rows, 1), longest - 1, np.int64)
        logits, cache = self._forward(filled, seen, places, self._before(after, rows))
        return cache, logits[:, 0]

    def step(self, cache: Cache, tokens: Tokens) -> tuple[StepCache, Logits]:
        assert isinstance(cache, StepCache)
        ones = np.ones((cache.rows, 1), np.int64)
        logits, longer = self._forward(tokens[:, None], ones, ones - 1, cache)
        return longer, logits[:, 0]

    def keep(self, cache: Cache, rows: Sequence[int]) -> StepCache:
        assert isinstance(cache, StepCache)
        kept = list(rows)
        return StepCache(
            cache.keys[:, kept], cache.values[:, kept], cache.seen[kept], cache.lengths[kept]
        )

    def describe(self) -> Described:
        found: Described = {
            "adapter": self.settings.format,
            "source": self.settings.source,
            "parameters": self.settings.parameters,
            **files_described([self._folder / self.settings.file, *self._folder.glob("*.data")]),
        }
        if self.settings.quantized:
            found["quantized"] = self.settings.quantized
        return found

    @abstractmethod
    def _call(self, inputs: Mapping[str, NDArray[Any]]) -> tuple[Logits, Arrays, Arrays]:
        """The exported function: its inputs by name, in its order; logits, keys and values."""

    def _forward(
        self, tokens: Tokens, new: Tokens, places: Tokens, before: StepCache
    ) -> tuple[Logits, StepCache]:
        seen = np.concatenate([before.seen, new], 1)
        counted = before.lengths[:, None] + new.cumsum(1) - 1
        positions = np.maximum(counted, 0)
        logits, keys, values = self._call(
            {
                "tokens": np.ascontiguousarray(tokens, np.int64),
                "seen": seen,
                "positions": positions,
                "places": np.ascontiguousarray(places, np.int64),
                "keys": np.ascontiguousarray(before.keys),
                "values": np.ascontiguousarray(before.values),
            }
        )
        lengths = before.lengths + new.sum(1)
        return logits, StepCache(keys, values, seen, lengths)

    def _before(self, after: Cache | None, rows: int) -> StepCache:
        """What comes before so many rows; one place that nobody sees where nothing does."""
        if after is None:
            layout = self.settings
            shape = (layout.layers, rows, layout.heads, 1, layout.size)
            nothing = np.zeros(shape, np.float32)
            zeros = np.zeros((rows, 1), np.int64)
            return StepCache(nothing, nothing, zeros, np.zeros(rows, np.int64))
        assert isinstance(after, StepCache)
        if after.rows == rows:
            return after
        return self.keep(after, [0] * rows)


def _rows_of(cache: StepCache, rows: slice) -> StepCache:
    return StepCache(
        cache.keys[:, rows], cache.values[:, rows], cache.seen[rows], cache.lengths[rows]
    )
