"""`openai:` and `litellm:` language models: text goes to a Completions endpoint.

An endpoint is asked with text, so what stands for tokens in a request is its characters, and no
tokenizer of the model is needed here. How many tokens that were, the endpoint tells.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from results.errors import InputError
from results.records import Usage
from runners.models.chat.answers import tokens_in
from runners.models.chat.calling import Caller
from runners.models.chat.failures import ChatError, Failure, FailureKind
from runners.models.chat.opening import open_caller
from runners.models.describing import Described, versions_described
from runners.models.language.interface import (
    Generated,
    GenerationRequest,
    Likelihood,
    ScoreRequest,
    TextTokenizer,
)

AT_ONCE = 16
SECONDS_BETWEEN_LOOKS = 0.1
# What servers that cannot write -inf in JSON give in its place; sums stay finite with it.
_LEAST = -9_999.0
# By which a logarithm may be above 0, of a probability computed in 16 bits.
_ROUNDING = 0.01
Answered = TypeVar("Answered")


class Characters:
    """Text as its characters' code points, for a model whose tokenizer is at an endpoint."""

    @property
    def ends(self) -> frozenset[int]:
        return frozenset()

    @property
    def chat_template(self) -> str:
        return ""

    @property
    def takes_tools(self) -> bool:
        return False

    def encode(self, text: str, *, special: bool) -> list[int]:
        return [ord(character) for character in text]

    def decode(self, tokens: Sequence[int]) -> str:
        return "".join(map(chr, tokens))

    def chat(
        self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] | None
    ) -> list[int]:
        raise ValueError("a Completions endpoint has no chat template")


@dataclass(frozen=True)
class Echo:
    """A prompt that an endpoint gave back: for each of its tokens but the first, the natural
    logarithm of its probability, and whether it was the likeliest."""

    token_count: int
    log_probabilities: tuple[float, ...]
    are_likeliest: tuple[bool, ...]


class EndpointLanguageModel:
    """A model behind `/v1/completions`, such as vLLM serves. Safe for threads.

    Likelihoods are read from the prompt that the endpoint gives back (`echo` with `logprobs`), as
    lm-evaluation-harness reads them (`local-completions`): what the tokens of context and
    continuation together have more than the context alone is the continuation. Not every server
    gives prompts back; one that does not is told in a sentence.
    """

    device = "endpoint"
    precision = "fp32"
    # What fits, the endpoint says itself when it is asked for more.
    context_length = 1 << 30

    def __init__(self, spec: str, caller: Caller, *, variant: str | None = None) -> None:
        self.name = spec
        self.variant = variant
        self.tokenizer: TextTokenizer = Characters()
        self._caller = caller

    def generate(
        self,
        requests: Sequence[GenerationRequest],
        *,
        batch_size: int | None = None,
        on_done: Callable[[int, Generated], None] | None = None,
        is_left: Callable[[], bool] | None = None,
    ) -> list[Generated]:
        """As the protocol says; `batch_size` is how many are asked for at once. How soon the first
        token came is not told, and is NaN."""
        bodies = [self._body_of(request) for request in requests]
        found: dict[int, Generated] = {}

        def generated(index: int) -> list[tuple[int, Generated]]:
            began = time.monotonic()
            answer, _ = self._ask(bodies[index], _read_text)
            return [(index, answer.generated(time.monotonic() - began))]

        def done(index: int, answer: Generated) -> None:
            found[index] = answer
            if on_done is not None:
                on_done(index, answer)

        self._all_of(
            [partial(generated, index) for index in range(len(requests))],
            done,
            batch_size,
            is_left,
        )
        for index in range(len(requests)):
            if index not in found:
                done(index, Generated("", (), 0, "length", 0, 0, math.nan, 0.0))
        return [found[index] for index in range(len(requests))]

    def log_likelihoods(
        self,
        requests: Sequence[ScoreRequest],
        *,
        batch_size: int | None = None,
        on_done: Callable[[int, Likelihood], None] | None = None,
    ) -> list[Likelihood]:
        """As the protocol says; `batch_size` is how many contexts are asked for at once."""
        of_context: dict[tuple[int, ...], list[int]] = {}
        for index, request in enumerate(requests):
            if not request.context or not request.continuation:
                raise InputError("A continuation and its context have at least a token each.")
            of_context.setdefault(request.context, []).append(index)
        found: dict[int, Likelihood] = {}

        def scored(context: tuple[int, ...], indices: list[int]) -> list[tuple[int, Likelihood]]:
            before = self._echo(context)
            whole = [self._echo((*context, *requests[index].continuation)) for index in indices]
            return [
                (index, _likelihood(self.name, before, echo))
                for index, echo in zip(indices, whole, strict=True)
            ]

        def done(index: int, likelihood: Likelihood) -> None:
            found[index] = likelihood
            if on_done is not None:
                on_done(index, likelihood)

        jobs = [partial(scored, context, indices) for context, indices in of_context.items()]
        self._all_of(jobs, done, batch_size, None)
        return [found[index] for index in range(len(requests))]

    def describe(self) -> Described:
        return {
            "adapter": "completions endpoint",
            "address": self._caller.address,
            **versions_described("openai"),
        }

    def close(self) -> None:
        self._caller.stop.set()
        self._caller.close()

    def _all_of(
        self,
        jobs: Sequence[Callable[[], list[tuple[int, Answered]]]],
        done: Callable[[int, Answered], None],
        at_once: int | None,
        is_left: Callable[[], bool] | None,
    ) -> None:
        """Carries out the jobs beside each other and tells of what each gave, in this thread.

        Once `is_left`, no further job is begun.
        """
        pool = ThreadPoolExecutor(min(at_once or AT_ONCE, self._caller.places))
        waiting: set[Future[list[tuple[int, Answered]]]] = {pool.submit(job) for job in jobs}
        try:
            while waiting:
                ended, waiting = wait(waiting, SECONDS_BETWEEN_LOOKS, FIRST_COMPLETED)
                for job in ended:
                    for index, answer in job.result():
                        done(index, answer)
                if is_left is not None and is_left():
                    waiting = {job for job in waiting if not job.cancel()}
        except KeyboardInterrupt:
            # Nothing more will be asked of this model, and nobody waits for what is under way.
            self._caller.stop.set()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _ask(
        self, body: dict[str, Any], read: Callable[[dict[str, Any]], Answered | Failure]
    ) -> tuple[Answered, Usage]:
        try:
            return self._caller.ask({"model": self._caller.model, **body}, read)
        except ChatError as error:
            if error.failure.kind is not FailureKind.TOO_LONG:
                raise
            raise InputError(f"{str(error).rstrip('.')}; shorten it.") from None

    def _echo(self, tokens: tuple[int, ...]) -> Echo:
        # A token is generated, because many servers refuse to generate none.
        body = {"prompt": _text_of(tokens), "max_tokens": 1, "temperature": 0.0}
        echo, _ = self._ask({**body, "echo": True, "logprobs": 1}, _read_echo)
        return echo

    def _body_of(self, request: GenerationRequest) -> dict[str, Any]:
        if not request.tokens:
            raise InputError("A prompt has no tokens; give it at least one.")
        if request.max_tokens < 1:
            raise InputError(f"max_tokens is {request.max_tokens}; ask for at least one token.")
        if request.schema is not None:
            raise InputError(
                f"{self.name} cannot be held to a JSON Schema by its Completions endpoint; ask it"
                " through chats, or leave the schema out."
            )
        sampling = request.sampling
        body: dict[str, Any] = {
            "prompt": _text_of(request.tokens),
            "max_tokens": request.max_tokens,
            "temperature": sampling.temperature,
        }
        if sampling.temperature > 0:
            body |= {"top_p": sampling.top_p, "seed": sampling.seed}
        if request.stop:
            body["stop"] = list(request.stop)
        return body


def open_endpoint_model(spec: str, variant: str | None = None) -> EndpointLanguageModel:
    """The model of `openai:<model>` or `litellm:<model>`; InputError where no key or endpoint is
    known for it."""
    return EndpointLanguageModel(spec, open_caller(spec), variant=variant)


@dataclass(frozen=True)
class _Text:
    """A text that an endpoint generated, and how many tokens it and its prompt have."""

    text: str
    token_count: int
    prompt_tokens: int
    reused_tokens: int
    is_cut: bool

    def generated(self, seconds: float) -> Generated:
        return Generated(
            text=self.text,
            tokens=(),
            token_count=self.token_count,
            finish="length" if self.is_cut else "stop",
            prompt_tokens=self.prompt_tokens,
            reused_tokens=self.reused_tokens,
            seconds_to_first=math.nan,
            seconds=seconds,
        )


def _text_of(tokens: Sequence[int]) -> str:
    text = "".join(map(chr, tokens))
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise InputError("A prompt holds half of a character, which no endpoint takes; mend it.")
    return text


def _likelihood(name: str, context: Echo, whole: Echo) -> Likelihood:
    """Of what the whole has more than the context alone."""
    if whole.token_count <= context.token_count:
        raise InputError(
            f"The tokenizer of {name} leaves nothing of a continuation after its context; begin it"
            " with a space, say."
        )
    # The first token has no probability.
    beginning = context.token_count - 1
    return Likelihood(
        math.fsum(whole.log_probabilities[beginning:]),
        all(whole.are_likeliest[beginning:]),
        whole.token_count,
    )


def _read_text(answer: dict[str, Any]) -> _Text | Failure:
    choice = _choice_of(answer)
    text = choice.get("text")
    asked, answered, kept = tokens_in(answer)
    if not isinstance(text, str):
        return Failure(FailureKind.UNREADABLE, "the answer has no choice with a text")
    if asked is None or answered is None:
        return Failure(FailureKind.UNREADABLE, "the answer does not tell how many tokens it took")
    return _Text(text, answered, asked, kept, choice.get("finish_reason") == "length")


def _read_echo(answer: dict[str, Any]) -> Echo | Failure:
    found = _choice_of(answer).get("logprobs")
    given = found if isinstance(found, dict) else {}
    scores, tops = given.get("token_logprobs"), given.get("top_logprobs")
    if not isinstance(scores, list) or not isinstance(tops, list) or len(scores) != len(tops):
        return _unechoed("it gives no log-probabilities back")
    _, answered, _ = tokens_in(answer)
    count = len(scores) - (1 if answered is None else answered)
    if count < 1:
        return _unechoed("it does not give the prompt back")
    values: list[float] = []
    likeliest: list[bool] = []
    for score, top in zip(scores[1:count], tops[1:count], strict=True):
        others = list(top.values()) if isinstance(top, dict) else []
        if not others or not all(map(_is_score, [score, *others])):
            return _unechoed("a token of the prompt has no log-probability, or no likeliest one")
        values.append(max(float(score), _LEAST))
        likeliest.append(score >= max(others))
    return Echo(count, tuple(values), tuple(likeliest))


def _unechoed(why: str) -> Failure:
    detail = f"{why}; likelihoods take a Completions endpoint with echo and logprobs, as vLLM's"
    # Asked again, it would do the same.
    return Failure(FailureKind.NO_LIKELIHOODS, detail)


def _is_score(value: object) -> bool:
    """Whether this can be a natural logarithm of a probability; -inf stands for none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    # NaN is not below anything.
    return value <= _ROUNDING


def _choice_of(answer: dict[str, Any]) -> dict[str, Any]:
    choices = answer.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, dict) else {}
