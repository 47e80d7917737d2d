"""What a causal language model offers, whatever form it is in.

A form (`hf:`, `onnx:`, `executorch:` …) is a `Network`: it reads tokens and says what comes next.
One engine makes a `LanguageModel` of any network: batches sorted by length, a key-value cache,
prefixes that are read once, greedy and sampled decoding, JSON held to a schema.

Tokens are int64; logits and log-probabilities are float32; logarithms are natural.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from runners.models.describing import Described

Tokens = NDArray[np.int64]
Logits = NDArray[np.float32]
FinishReason = Literal["stop", "length"]


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen: the likeliest at temperature 0, else drawn.

    top_p: drawn among the likeliest tokens whose probabilities reach this sum, in (0, 1].
    seed: of a request's own generator, so that its draws do not depend on its batch.
    """

    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0


@dataclass(frozen=True)
class GenerationRequest:
    """A prompt to go on from.

    stop: texts that end it; what is generated ends before them.
    schema: the JSON Schema that the text must satisfy; None for free text.
    """

    tokens: tuple[int, ...]
    max_tokens: int
    sampling: Sampling = field(default_factory=Sampling)
    stop: tuple[str, ...] = ()
    schema: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Generated:
    """What a model wrote, and what it took.

    tokens: those that were generated, without the one that ended the text; a stop text, which
        `text` leaves out, is among them. None from a model that tells only how many there were.
    token_count: how many were generated.
    finish: "length" where `max_tokens` or the context was used up first.
    seconds_to_first, seconds: from the beginning of its batch to its first and to its last token.
    reused_tokens: those of the prompt that were read before, or for another prompt of its batch.
    """

    text: str
    tokens: tuple[int, ...]
    token_count: int
    finish: FinishReason
    prompt_tokens: int
    reused_tokens: int
    seconds_to_first: float
    seconds: float


@dataclass(frozen=True)
class ScoreRequest:
    """A continuation whose probability after a context is asked for; the context is not empty."""

    context: tuple[int, ...]
    continuation: tuple[int, ...]


@dataclass(frozen=True)
class Likelihood:
    """The sum of the continuation's log-probabilities, and whether it is what greedy decoding says.

    token_count: of context and continuation, as far as they fitted.
    cut_tokens: how many tokens at the left of the context did not fit.
    """

    log_likelihood: float
    is_greedy: bool
    token_count: int
    cut_tokens: int = 0


class TextTokenizer(Protocol):
    """Text to tokens and back."""

    @property
    def ends(self) -> frozenset[int]:
        """The tokens that end a reply."""

    @property
    def chat_template(self) -> str:
        """How a conversation becomes a prompt; empty where there is none."""

    @property
    def takes_tools(self) -> bool:
        """Whether the chat template has a place for tools."""

    def encode(self, text: str, *, special: bool) -> list[int]:
        """The tokens of a text; `special` puts those around it that the model was trained with."""

    def decode(self, tokens: Sequence[int]) -> str:
        """The text without special tokens."""

    def chat(
        self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] | None
    ) -> list[int]:
        """The prompt of a conversation, by the chat template, up to where the reply begins.

        Raises ValueError with a sentence where the template fails.
        """


class LanguageModel(Protocol):
    """A causal language model that is open. Not safe for threads unless it says so."""

    name: str
    variant: str | None
    device: str
    precision: str
    context_length: int
    tokenizer: TextTokenizer

    def generate(
        self,
        requests: Sequence[GenerationRequest],
        *,
        batch_size: int | None = None,
        on_done: Callable[[int, Generated], None] | None = None,
        is_left: Callable[[], bool] | None = None,
    ) -> list[Generated]:
        """A text for each request, in their order; `on_done` is told each as it is finished.

        is_left: asked between tokens; once True, nothing more is generated, and what is unfinished
            ends with "length".
        Raises InputError for a prompt that does not fit into the context, and for a schema that
        cannot be kept to; MissingExtra where a schema is given and the library for it is missing.
        """

    def log_likelihoods(
        self,
        requests: Sequence[ScoreRequest],
        *,
        batch_size: int | None = None,
        on_done: Callable[[int, Likelihood], None] | None = None,
    ) -> list[Likelihood]:
        """How likely each continuation is, in the order of the requests."""

    def describe(self) -> Described:
        """For the run's record: versions, parameters, bytes, hashes of the files, and settings."""

    def close(self) -> None: ...


class Cache(Protocol):
    """The keys and values of the tokens read so far, for each row of a batch: a network's own."""

    @property
    def rows(self) -> int: ...


class Network(Protocol):
    """A form of a causal language model, as the engine drives it."""

    @property
    def context_length(self) -> int: ...

    @property
    def vocabulary(self) -> int:
        """How many logits there are."""

    @property
    def largest_batch(self) -> int | None:
        """How many rows it takes at once; None for any number."""

    @property
    def reads_after(self) -> bool:
        """Whether it can go on from a cache with more than one token; else `after` is None."""

    def token_scores(
        self, tokens: Tokens, lengths: Tokens, after: Cache | None = None
    ) -> tuple[Logits, NDArray[np.bool_]]:
        """For each token but the first of each row: its log-probability after those before it, and
        whether it is the likeliest.

        tokens (rows, longest), filled at the right; lengths (rows,). Both answers are (rows,
        longest - 1); what stands beyond a row's length means nothing. A row's last token is not
        read, so that a row may have one token more than the context.
        after: what comes before the rows, as in `read`.
        """

    def read(
        self, tokens: Tokens, lengths: Tokens, after: Cache | None = None
    ) -> tuple[Cache, Logits]:
        """Reads prompts; gives their cache and the logits (rows, vocabulary) of what comes next.

        after: the cache of what comes before, of as many rows (whose lengths may differ), or of one
            row that comes before each of these; it is left as it was.
        """

    def step(self, cache: Cache, tokens: Tokens) -> tuple[Cache, Logits]:
        """Reads one more token of each row, tokens (rows,); `cache` is used up."""

    def keep(self, cache: Cache, rows: Sequence[int]) -> Cache:
        """Those rows in that order, a row as often as it is named; `cache` is used up."""

    def describe(self) -> Described: ...
