"""Text held to a JSON Schema while it is generated, by the llguidance library."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from results.errors import InputError, MissingExtra, first_line
from runners.models.language.interface import Logits, TextTokenizer

# JSON on one line, with spaces or without, as json.dumps and most models write it: room for more
# white space would let a weak model write nothing else.
_LAYOUT = {"whitespace_pattern": r"\x20?"}


class Grammar:
    """What a tokenizer's tokens spell, so that they can be held to schemas."""

    def __init__(self, tokenizer: TextTokenizer, vocabulary: int) -> None:
        """Raises MissingExtra without the library, InputError for a tokenizer that it cannot read.

        `vocabulary` is how many logits the model gives.
        """
        try:
            self._library: Any = importlib.import_module("llguidance")
        except ImportError:
            raise MissingExtra("Constrained decoding", "models") from None
        self._tokens = _spelled(tokenizer, vocabulary)
        self._vocabulary = vocabulary

    def constraint(self, schema: Mapping[str, Any]) -> Constraint:
        """A text that is about to begin; InputError for a schema that cannot be kept to."""
        matcher = self._library.LLMatcher
        grammar = matcher.grammar_from_json_schema(json.dumps(schema), overrides=_LAYOUT)
        begun = matcher(self._tokens, grammar)
        if fault := begun.get_error():
            raise InputError(f"The JSON Schema cannot be kept to: {str(fault)[:200]}.")
        return Constraint(begun, self._vocabulary)


class Constraint:
    """A text under way and the tokens that may come next."""

    def __init__(self, matcher: Any, vocabulary: int) -> None:
        self._matcher = matcher
        self._vocabulary = vocabulary

    @property
    def is_complete(self) -> bool:
        """Whether the text is whole and nothing may follow."""
        return bool(self._matcher.is_stopped())

    def allowed(self, logits: Logits) -> Logits:
        """Logits (vocabulary,) with what may not come next at minus infinity."""
        bits = np.frombuffer(self._matcher.compute_bitmask(), np.uint8)
        may = np.unpackbits(bits, bitorder="little")[: self._vocabulary].astype(np.bool_)
        return np.where(may, logits[: len(may)], np.float32(-np.inf))

    def take(self, token: int) -> None:
        """Adds a token to the text; InputError where the library gives up on the schema."""
        if not self._matcher.consume_token(token):
            fault = str(self._matcher.get_error()) or "the text does not fit"
            raise InputError(f"The JSON Schema cannot be kept to: {fault[:200]}.")


def _spelled(tokenizer: TextTokenizer, vocabulary: int) -> Any:
    """The library's own view of a tokenizer from transformers or from llama.cpp."""
    ends = sorted(tokenizer.ends) or None
    try:
        if (own := getattr(tokenizer, "hf", None)) is not None:
            bridge: Any = importlib.import_module("llguidance.hf")
            return bridge.from_tokenizer(own, n_vocab=max(vocabulary, len(own)), eos_token=ends)
        if (own := getattr(tokenizer, "llama_vocabulary", None)) is not None:
            bridge = importlib.import_module("llguidance.llamacpp")
            return bridge.lltokenizer_from_vocab(own, n_vocab=vocabulary, eos_token=ends)
    except Exception as error:  # noqa: BLE001 - tokenizers of any make
        raise InputError(
            f"This tokenizer cannot be held to a JSON Schema: {first_line(error)}."
        ) from None
    raise InputError(
        "This model's tokenizer cannot be held to a JSON Schema; use the model in its hf:, onnx:,"
        " executorch: or gguf: form, or leave the constraint out."
    )
