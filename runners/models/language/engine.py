"""One engine for every network: batches by length, a key-value cache, prefixes read once.

Rows that have ended leave their batch. Where all prompts of a batch begin alike, such as with the
same system prompt and tools, that beginning is read once and kept for the next batch. A context
with several continuations is read once for all of them. A batch that does not fit into the device's
memory is halved, and later ones are no larger.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

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
from runners.models.language.prefixes import PrefixReader, filled
from runners.models.language.sampling import Chooser
from runners.models.language.scheduling import (
    Limits,
    Prompt,
    generation_batches,
    scoring_batches,
)
from runners.models.memory import is_out_of_memory

DEFAULT_BATCH = 16
# A GPU takes about as long for these as for a quarter of them.
DEFAULT_GPU_BATCH = 64
# A batch whose size nobody asked for holds no more places than this, prompts and replies together.
DEFAULT_PLACES = 32_768
# How many tokens more than a stop text has letters (in UTF-8) are looked at for it.
_STOP_MARGIN = 4


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
        self._described: Described | None = None
        self._grammar: Grammar | None = None
        self._reader = PrefixReader(network)
        self._rows_that_fit: int | None = network.largest_batch

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

        def run(batch: Sequence[int]) -> None:
            # Those that had ended before memory ran out are not generated again.
            left = [(index, requests[index]) for index in batch if index not in done]
            if is_left is not None and is_left():
                for index, request in left:
                    finished(
                        index, Generated("", (), 0, "length", len(request.tokens), 0, 0.0, 0.0)
                    )
            elif left:
                self._generate(left, finished, is_left or _never)

        prompts = [request.tokens for request in requests]
        totals = [len(request.tokens) + self._limit(request) for request in requests]
        for batch in generation_batches(prompts, totals, self._limits(batch_size)):
            for part in self._parts(batch):
                self._run_within_memory(part, run)
        return [done[index] for index in range(len(requests))]

    def log_likelihoods(
        self,
        requests: Sequence[ScoreRequest],
        *,
        batch_size: int | None = None,
        on_done: Callable[[int, Likelihood], None] | None = None,
    ) -> list[Likelihood]:
        rows = [self._scored_row(request) for request in requests]
        found: dict[int, Likelihood] = {}

        def run(batch: Sequence[int]) -> None:
            for index, likelihood in zip(
                batch, self._likelihoods([rows[index] for index in batch]), strict=True
            ):
                found[index] = likelihood
                if on_done is not None:
                    on_done(index, likelihood)

        contexts = [row.context for row in rows]
        totals = [len(row.context) + len(row.continuation) for row in rows]
        for batch in scoring_batches(contexts, totals, self._limits(batch_size)):
            for part in self._parts(batch):
                self._run_within_memory(part, run)
        return [found[index] for index in range(len(requests))]

    def describe(self) -> Described:
        # Once, because it reads every byte of the files.
        if self._described is None:
            self._described = self.network.describe()
        return self._described

    def close(self) -> None:
        self._reader.forget()

    # Batches

    def _limits(self, batch_size: int | None) -> Limits:
        rows = batch_size or (DEFAULT_GPU_BATCH if self.device == "cuda" else DEFAULT_BATCH)
        if self._rows_that_fit is not None:
            rows = min(rows, self._rows_that_fit)
        return Limits(rows, None if batch_size else DEFAULT_PLACES)

    def _parts(self, batch: Sequence[int]) -> Iterator[Sequence[int]]:
        """The batch, in parts of no more rows than have been found to fit since it was planned."""
        begin = 0
        while begin < len(batch):
            rows = self._rows_that_fit or len(batch)
            yield batch[begin : begin + rows]
            begin += rows

    def _run_within_memory(
        self, batch: Sequence[int], run: Callable[[Sequence[int]], None]
    ) -> None:
        """Runs a batch, by halves where it does not fit into the device's memory."""
        fits = True
        try:
            run(batch)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            fits = False
        # Beyond the handler, where the error holds the batch's arrays no longer.
        if fits:
            return
        self._reader.forget()
        if len(batch) == 1:
            raise InputError(
                f"A single request to {self.name} does not fit into the memory of {self.device};"
                " shorten it, choose a smaller precision, or another device."
            )
        half = len(batch) // 2
        self._rows_that_fit = min(self._rows_that_fit or half, half)
        for part in (batch[:half], batch[half:]):
            self._run_within_memory(part, run)

    # Generating

    def _check(self, request: GenerationRequest) -> None:
        length = len(request.tokens)
        if not length:
            raise InputError("A prompt has no tokens; give it at least one.")
        if request.max_tokens < 1:
            raise InputError(f"max_tokens is {request.max_tokens}; ask for at least one token.")
        if length >= self.context_length:
            raise InputError(
                f"A prompt has {length} tokens, and {self.context_length} is all that fits into"
                f" {self.name}; shorten it."
            )

    def _limit(self, request: GenerationRequest) -> int:
        """How many tokens may be generated: no more than fit after the prompt."""
        return min(request.max_tokens, self.context_length - len(request.tokens))

    def _generate(
        self,
        batch: Sequence[tuple[int, GenerationRequest]],
        finished: Callable[[int, Generated], None],
        is_left: Callable[[], bool],
    ) -> None:
        began = time.monotonic()
        rows = [self._row(index, request) for index, request in batch]
        cache, logits, reused = self._reader.read([row.request.tokens for row in rows])
        for row, tokens in zip(rows, reused, strict=True):
            row.reused_tokens = tokens
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
                    finished(row.index, self._generated(row, finish, now))
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
        return _Row(index, request, Chooser(request.sampling), self._limit(request), constraint)

    def _take(self, row: _Row, token: int) -> FinishReason | None:
        """Adds a token to a row; how the row has ended, or None where it goes on."""
        if token in self.tokenizer.ends:
            return "stop"
        row.tokens.append(token)
        if row.constraint is not None:
            row.constraint.take(token)
            if row.constraint.is_complete:
                return "stop"
        if (end := self._stopped_at(row)) is not None:
            row.text = end
            return "stop"
        return "length" if len(row.tokens) >= row.limit else None

    def _stopped_at(self, row: _Row) -> str | None:
        """The text before the first stop text; None where there is none yet."""
        stops = row.request.stop
        if not stops:
            return None
        # A token has a byte at least, so the last tokens hold a stop text that has just come.
        window = max(len(stop.encode()) for stop in stops) + _STOP_MARGIN
        recent = self.tokenizer.decode(row.tokens[-window:])
        if not any(stop in recent for stop in stops):
            return None
        text = self.tokenizer.decode(row.tokens)
        places = [at for at in map(text.find, stops) if at >= 0]
        return text[: min(places)] if places else None

    def _generated(self, row: _Row, finish: FinishReason, seconds: float) -> Generated:
        return Generated(
            text=self.tokenizer.decode(row.tokens) if row.text is None else row.text,
            tokens=tuple(row.tokens),
            token_count=len(row.tokens),
            finish=finish,
            prompt_tokens=len(row.request.tokens),
            reused_tokens=row.reused_tokens,
            seconds_to_first=row.seconds_to_first,
            seconds=seconds,
        )

    # Scoring

    def _scored_row(self, request: ScoreRequest) -> _Scored:
        """The request with as much of its context as fits, as lm-evaluation-harness cuts it: the
        last token of all is only scored, never read."""
        if not request.context or not request.continuation:
            raise InputError("A continuation and its context have at least a token each.")
        room = self.context_length + 1 - len(request.continuation)
        if room < 1:
            raise InputError(
                f"A continuation has {len(request.continuation)} tokens, and"
                f" {self.context_length} is all that fits into {self.name}."
            )
        context = request.context[-room:]
        return _Scored(context, request.continuation, len(request.context) - len(context))

    def _likelihoods(self, rows: Sequence[_Scored]) -> list[Likelihood]:
        after: Cache | None = None
        reads_contexts = self.network.reads_after and all(len(row.context) > 1 for row in rows)
        if reads_contexts:
            after = self._read_contexts(rows)
        whole = [
            (*(row.context[-1:] if reads_contexts else row.context), *row.continuation)
            for row in rows
        ]
        scores, greedy = self.network.token_scores(*filled(whole), after=after)
        found: list[Likelihood] = []
        for number, row in enumerate(rows):
            end = len(whole[number]) - 1
            of_row = slice(end - len(row.continuation), end)
            found.append(
                Likelihood(
                    float(scores[number, of_row].sum(dtype=np.float64)),
                    bool(greedy[number, of_row].all()),
                    len(row.context) + len(row.continuation),
                    row.cut_tokens,
                )
            )
        return found

    def _read_contexts(self, rows: Sequence[_Scored]) -> Cache:
        """The cache of each row's context but for its last token; equal contexts are read once."""
        heads: dict[Prompt, int] = {}
        places = [heads.setdefault(row.context[:-1], len(heads)) for row in rows]
        if len(heads) == 1:
            return self._reader.read_alone(next(iter(heads)))
        cache, _, _ = self._reader.read(list(heads))
        return self.network.keep(cache, places)


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
    reused_tokens: int = 0

    def choose(self, logits: Logits) -> int:
        if self.constraint is not None:
            logits = self.constraint.allowed(logits)
        return self.chooser.choose(logits)


@dataclass(frozen=True)
class _Scored:
    """A continuation and what fits of its context."""

    context: Prompt
    continuation: Prompt
    cut_tokens: int


def _never() -> bool:
    return False


def _column(tokens: Sequence[int]) -> Tokens:
    return np.array(tokens, np.int64)
