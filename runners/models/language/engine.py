"""One engine for every network: batches by length, a key-value cache, prefixes read once.

Requests are taken from the longest on, so that those of a batch are of about one length, and what
does not fit into memory shows at once. Rows that have ended leave the batch. Where all requests of
a batch begin alike, such as with the same tools, that prefix is read once and kept for the next.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

import numpy as np

from results.errors import InputError
from runners.models.describing import Described
from runners.models.language.constraints import Constraint, Grammar
from runners.models.language.interface import (
    Cache,
    FinishReason,
    Generated,
    GenerationRequest,
    Likelihood,
    Logits,
    Network,
    ScoreRequest,
    TextTokenizer,
    Tokens,
)
from runners.models.language.sampling import Chooser

DEFAULT_BATCH = 16
# Below this, reading a prefix by itself costs more than it saves.
SHORTEST_PREFIX = 32


class EngineModel:
    """A `LanguageModel` over any network. Not safe for threads."""

    def __init__(
        self,
        name: str,
        network: Network,
        tokenizer: TextTokenizer,
        *,
        device: str = "cpu",
        precision: str = "fp32",
        variant: str | None = None,
    ) -> None:
        self.name = name
        self.network = network
        self.tokenizer = tokenizer
        self.device = device
        self.precision = precision
        self.variant = variant
        self.context_length = network.context_length
        self._grammar: Grammar | None = None
        self._prefix: tuple[tuple[int, ...], Cache] | None = None
        self._last: tuple[int, ...] = ()

    def generate(
        self,
        requests: Sequence[GenerationRequest],
        *,
        batch_size: int | None = None,
        on_done: Callable[[int, Generated], None] | None = None,
        is_left: Callable[[], bool] | None = None,
    ) -> list[Generated]:
        for request in requests:
            self._check(request)
        done: dict[int, Generated] = {}

        def finished(index: int, generated: Generated) -> None:
            done[index] = generated
            if on_done is not None:
                on_done(index, generated)

        for batch in self._batches([len(each.tokens) for each in requests], batch_size):
            self._generate(
                [(index, requests[index]) for index in batch], finished, is_left or _never
            )
        return [done[index] for index in range(len(requests))]

    def log_likelihoods(
        self,
        requests: Sequence[ScoreRequest],
        *,
        batch_size: int | None = None,
        on_done: Callable[[int, Likelihood], None] | None = None,
    ) -> list[Likelihood]:
        found: dict[int, Likelihood] = {}
        lengths = [len(each.context) + len(each.continuation) for each in requests]
        for batch in self._batches(lengths, batch_size):
            scored = self._scored([requests[index] for index in batch])
            for index, likelihood in zip(batch, scored, strict=True):
                found[index] = likelihood
                if on_done is not None:
                    on_done(index, likelihood)
        return [found[index] for index in range(len(requests))]

    def describe(self) -> Described:
        return self.network.describe()

    def close(self) -> None:
        self._prefix = None

    def _check(self, request: GenerationRequest) -> None:
        length = len(request.tokens)
        if not length:
            raise InputError("A prompt has no tokens; give it at least one.")
        if length >= self.context_length:
            raise InputError(
                f"A prompt has {length} tokens, and {self.context_length} is all that fits into"
                f" {self.name}; shorten it."
            )

    def _batches(self, lengths: Sequence[int], batch_size: int | None) -> Iterator[list[int]]:
        """The numbers of requests, batch by batch, from the longest on."""
        size = batch_size or DEFAULT_BATCH
        if self.network.largest_batch is not None:
            size = min(size, self.network.largest_batch)
        order = sorted(range(len(lengths)), key=lambda index: -lengths[index])
        for begin in range(0, len(order), size):
            yield order[begin : begin + size]

    # Generating

    def _generate(
        self,
        batch: Sequence[tuple[int, GenerationRequest]],
        finished: Callable[[int, Generated], None],
        is_left: Callable[[], bool],
    ) -> None:
        began = time.monotonic()
        rows = [self._row(index, request) for index, request in batch]
        cache, logits, reused = self._read([row.request.tokens for row in rows])
        while True:
            chosen = [row.choose(logits[number]) for number, row in enumerate(rows)]
            now = time.monotonic() - began
            stops = is_left()
            going: list[int] = []
            for number, (row, token) in enumerate(zip(rows, chosen, strict=True)):
                row.seconds_to_first = row.seconds_to_first or now
                finish = self._take(row, token) or ("length" if stops else None)
                if finish is None:
                    going.append(number)
                else:
                    finished(row.index, self._generated(row, finish, reused, now))
            if not going:
                return
            if len(going) < len(rows):
                cache = self.network.keep(cache, going)
                rows = [rows[number] for number in going]
            cache, logits = self.network.step(cache, _column([row.tokens[-1] for row in rows]))

    def _row(self, index: int, request: GenerationRequest) -> _Row:
        constraint = None
        if request.schema is not None:
            if self._grammar is None:
                self._grammar = Grammar(self.tokenizer, self.network.vocabulary)
            constraint = self._grammar.constraint(request.schema)
        room = self.context_length - len(request.tokens)
        limit = min(request.max_tokens, room)
        return _Row(index, request, Chooser(request.sampling), limit, constraint)

    def _take(self, row: _Row, token: int) -> FinishReason | None:
        """Adds a token to a row; how the row has ended, or None where it goes on."""
        if token in self.tokenizer.ends:
            return "stop"
        row.tokens.append(token)
        if row.constraint is not None:
            row.constraint.take(token)
            if row.constraint.is_complete:
                return "stop"
        if row.request.stop:
            text = self.tokenizer.decode(row.tokens)
            places = [at for at in map(text.find, row.request.stop) if at >= 0]
            if places:
                row.text = text[: min(places)]
                return "stop"
        return "length" if len(row.tokens) >= row.limit else None

    def _generated(self, row: _Row, finish: FinishReason, reused: int, seconds: float) -> Generated:
        return Generated(
            text=self.tokenizer.decode(row.tokens) if row.text is None else row.text,
            tokens=tuple(row.tokens),
            finish=finish,
            prompt_tokens=len(row.request.tokens),
            reused_tokens=reused,
            seconds_to_first=row.seconds_to_first,
            seconds=seconds,
        )

    def _read(self, prompts: Sequence[tuple[int, ...]]) -> tuple[Cache, Logits, int]:
        """The prompts' cache, what comes next, and how many tokens of each were not read anew."""
        # A prompt alone is compared with the one before it.
        shared = _shared(prompts if len(prompts) > 1 else [*prompts, self._last])
        self._last = prompts[0]
        held = self._prefix[0] if self._prefix is not None else ()
        # A new prefix is worth reading only where it spares much more than the one held.
        if len(shared) < 2 * len(held) and all(_begins(prompt, held) for prompt in prompts):
            shared = held
        if len(shared) < SHORTEST_PREFIX:
            return (*self.network.read(*_filled(prompts)), 0)
        if self._prefix is not None and self._prefix[0] == shared:
            reused = len(shared)
        else:
            # It is read once for the batch, so all but one of the rows are spared it.
            reused = len(shared) if len(prompts) > 1 else 0
            self._prefix = (shared, self.network.read(*_filled([shared]))[0])
        rest = [prompt[len(shared) :] for prompt in prompts]
        return (*self.network.read(*_filled(rest), after=self._prefix[1]), reused)

    # Scoring

    def _scored(self, requests: Sequence[ScoreRequest]) -> list[Likelihood]:
        rows: list[tuple[int, ...]] = []
        for request in requests:
            if not request.context or not request.continuation:
                raise InputError("A continuation and its context have at least a token each.")
            if len(request.continuation) >= self.context_length:
                raise InputError(
                    f"A continuation has {len(request.continuation)} tokens, and"
                    f" {self.context_length} is all that fits into {self.name}."
                )
            rows.append((*request.context, *request.continuation)[-self.context_length :])
        scores, greedy = self.network.token_scores(*_filled(rows))
        found: list[Likelihood] = []
        for number, (request, row) in enumerate(zip(requests, rows, strict=True)):
            end = len(row) - 1
            begin = end - len(request.continuation)
            found.append(
                Likelihood(
                    float(scores[number, begin:end].sum(dtype=np.float64)),
                    bool(greedy[number, begin:end].all()),
                    len(request.context) + len(request.continuation) - len(row),
                )
            )
        return found


@dataclass
class _Row:
    """A request under way."""

    index: int
    request: GenerationRequest
    chooser: Chooser
    limit: int
    constraint: Constraint | None
    tokens: list[int] = field(default_factory=list)
    text: str | None = None
    """What stands before a stop text, where there was one."""
    seconds_to_first: float = 0.0

    def choose(self, logits: Logits) -> int:
        if self.constraint is not None:
            logits = self.constraint.allowed(logits)
        return self.chooser.choose(logits)


def _never() -> bool:
    return False


def _shared(prompts: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """What all begin with, leaving at least a token of each."""
    shortest = max(min(map(len, prompts)) - 1, 0)
    columns = zip(*(prompt[:shortest] for prompt in prompts), strict=True)
    alike = takewhile(lambda column: len(set(column)) == 1, columns)
    return tuple(column[0] for column in alike)


def _begins(prompt: tuple[int, ...], prefix: tuple[int, ...]) -> bool:
    """Whether a prompt begins so and goes on after it."""
    return len(prompt) > len(prefix) and prompt[: len(prefix)] == prefix


def _filled(rows: Sequence[tuple[int, ...]]) -> tuple[Tokens, Tokens]:
    """Rows as one array filled at the right, and their lengths."""
    lengths = np.array([len(row) for row in rows], np.int64)
    filled = np.zeros((len(rows), int(lengths.max())), np.int64)
    for number, row in enumerate(rows):
        filled[number, : len(row)] = row
    return filled, lengths


def _column(tokens: Sequence[int]) -> Tokens:
    return np.array(tokens, np.int64)
