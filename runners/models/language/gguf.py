"""`gguf:` language models by llama.cpp, on the CPU or on the GPU that it was built for.

llama.cpp holds one sequence, which is a memo here: a cache is the tokens that were read, and
reading on from any of them keeps whatever the held sequence has in common with it. Sampling, stops
and batches are the engine's own, as for every other form.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from results.errors import InputError, MissingExtra, first_line
from runners.models.describing import Described, files_described, versions_described
from runners.models.language.interface import Cache, Logits, Tokens

_TEMPLATE = "tokenizer.chat_template"
_MAGIC = b"GGUF"


@dataclass(frozen=True)
class GgufCache:
    """The tokens of the one row that were read."""

    tokens: tuple[int, ...]

    @property
    def rows(self) -> int:
        return 1


class GgufNetwork:
    """A model in llama.cpp, one row at a time."""

    largest_batch: int | None = 1
    reads_after = True

    def __init__(self, llama: Any, path: Path) -> None:
        self._llama = llama
        self._path = path

    @property
    def context_length(self) -> int:
        return int(self._llama.n_ctx())

    @property
    def vocabulary(self) -> int:
        return int(self._llama.n_vocab())

    def token_scores(
        self, tokens: Tokens, lengths: Tokens, after: Cache | None = None
    ) -> tuple[Logits, NDArray[np.bool_]]:
        before = _tokens_of(after)
        longest = max(tokens.shape[1] - 1, 0)
        scores = np.zeros((1, longest), np.float32)
        greedy = np.zeros((1, longest), np.bool_)
        row = tokens[0, : lengths[0]].tolist()
        for place in range(len(row) - 1):
            logits = self._after((*before, *row[: place + 1])).astype(np.float64)
            most = logits.max()
            total = most + np.log(np.exp(logits - most).sum())
            scores[0, place] = logits[row[place + 1]] - total
            greedy[0, place] = int(logits.argmax()) == row[place + 1]
        return scores, greedy

    def read(
        self, tokens: Tokens, lengths: Tokens, after: Cache | None = None
    ) -> tuple[GgufCache, Logits]:
        whole = (*_tokens_of(after), *tokens[0, : lengths[0]].tolist())
        return GgufCache(whole), self._after(whole)[None]

    def step(self, cache: Cache, tokens: Tokens) -> tuple[GgufCache, Logits]:
        whole = (*_tokens_of(cache), int(tokens[0]))
        return GgufCache(whole), self._after(whole)[None]

    def keep(self, cache: Cache, rows: Sequence[int]) -> GgufCache:
        if list(rows) != [0]:
            raise ValueError("llama.cpp holds one row here")
        assert isinstance(cache, GgufCache)
        return cache

    def describe(self) -> Described:
        metadata = self._llama.metadata
        described: Described = {
            "adapter": "llama.cpp",
            "model_type": str(metadata.get("general.architecture", "unknown"))[:100],
            "parameters": int(self._parameters()),
            **files_described([self._path]),
            **versions_described("llama-cpp-python"),
        }
        if kind := metadata.get("general.file_type"):
            described["file_type"] = str(kind)[:100]
        return described

    def _parameters(self) -> int:
        library: Any = importlib.import_module("llama_cpp")
        return int(library.llama_model_n_params(self._llama.model))

    def _after(self, tokens: tuple[int, ...]) -> NDArray[np.float32]:
        """The logits (vocabulary,) after these tokens; what is held of them is not read anew."""
        llama = self._llama
        held = llama.input_ids[: llama.n_tokens].tolist()
        shared = 0
        # The last is always read, because only its logits are there.
        for one, other in zip(held, tokens[:-1], strict=False):
            if one != other:
                break
            shared += 1
        llama.n_tokens = shared
        llama.eval(list(tokens[shared:]))
        library: Any = importlib.import_module("llama_cpp")
        logits = library.llama_get_logits_ith(llama.ctx, -1)
        found: NDArray[np.float32] = np.ctypeslib.as_array(logits, shape=(self.vocabulary,))
        return found.astype(np.float32, copy=True)


class GgufTokenizer:
    """The tokenizer and the chat template in a GGUF file."""

    def __init__(self, llama: Any) -> None:
        self._llama = llama
        library: Any = importlib.import_module("llama_cpp")
        self.llama_vocabulary: Any = library.llama_model_get_vocab(llama.model)
        """llama.cpp's own pointer, for what reads all tokens of it."""
        ends = (llama.token_eos(), library.llama_vocab_eot(self.llama_vocabulary))
        self._ends = frozenset(int(token) for token in ends if token >= 0)
        self._template = str(llama.metadata.get(_TEMPLATE) or "")

    @property
    def ends(self) -> frozenset[int]:
        return self._ends

    @property
    def chat_template(self) -> str:
        return self._template

    @property
    def takes_tools(self) -> bool:
        return "tools" in self._template

    def encode(self, text: str, *, special: bool) -> list[int]:
        data = text.encode("utf-8", "replace")
        return [int(token) for token in self._llama.tokenize(data, add_bos=special, special=True)]

    def decode(self, tokens: Sequence[int]) -> str:
        data: bytes = self._llama.detokenize(list(tokens))
        return data.decode("utf-8", "replace")

    def chat(
        self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] | None
    ) -> list[int]:
        formats: Any = importlib.import_module("llama_cpp.llama_chat_format")
        llama = self._llama
        try:
            # llama-cpp-python renders in jinja's sandbox.
            formatter = formats.Jinja2ChatFormatter(
                template=self._template,
                eos_token=_piece(llama, llama.token_eos()),
                bos_token=_piece(llama, llama.token_bos()),
            )
            prompt = formatter(messages=[dict(each) for each in messages], tools=tools).prompt
        except Exception as error:  # noqa: BLE001 -- a template is a program of the model's author
            raise ValueError(f"the chat template failed: {error}"[:300]) from None
        return self.encode(prompt, special=False)


def open_llama(path: Path, device: str) -> Any:
    """llama-cpp-python's model of a file; MissingExtra without it, InputError for a file that is
    none."""
    try:
        library: Any = importlib.import_module("llama_cpp")
    except ImportError:
        raise MissingExtra("A gguf: model", "gguf") from None
    try:
        with path.open("rb") as file:
            is_gguf = file.read(len(_MAGIC)) == _MAGIC
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}; gguf: takes a file.") from None
    if not is_gguf:
        raise InputError(f"{path} is no GGUF file.")
    has_gpu = bool(library.llama_supports_gpu_offload())
    if device in ("cuda", "mps") and not has_gpu:
        raise InputError(
            f"llama-cpp-python was built for the CPU alone here; choose the device cpu, or build it"
            f" for {device}."
        )
    layers = -1 if has_gpu and device != "cpu" else 0
    try:
        # A context of 0 is the longest that the model was trained with.
        return library.Llama(str(path), n_ctx=0, n_gpu_layers=layers, verbose=False)
    except Exception as error:  # noqa: BLE001 -- a broken file makes the library raise anything
        raise InputError(f"{path} cannot be loaded by llama.cpp: {first_line(error)}.") from None


def _piece(llama: Any, token: int) -> str:
    return "" if token < 0 else str(llama._model.token_get_text(token))


def _tokens_of(cache: Cache | None) -> tuple[int, ...]:
    if cache is None:
        return ()
    assert isinstance(cache, GgufCache)
    return cache.tokens
