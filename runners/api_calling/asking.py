"""Questions put to a chat model, several at once, each reply scored and journalled as it comes.

A question that the endpoint gives no answer to becomes an `error` score. What every other question
would meet as well, such as a refused key, ends the session: those not asked stay missing, and the
run can be resumed.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field

from results.records import Score, ScoreStatus
from runners.benchmark_runs import BenchmarkRun
from runners.models.chat import ChatError, FailureKind, Message, ObjectSchema, Reply, Tool
from runners.models.chat.client import ChatClient
from runners.models.chat.failures import HOPELESS
from runners.models.chat.values import ToolChoice

NATIVE_CALLS = "native_calls"
"""The measure that says how many calls of tools a prediction is; 0 where it is a text."""
CACHED = "cached"
"""The measure of a reply that was kept from before, and so took no time."""
TO_FIRST, REUSED, BATCH = "seconds_to_first", "reused_tokens", "batch"
"""The measures of a model in this process: as `Reply.timings` has them."""
CUT = "cut"
"""The measure of a reply that ended at the limit of its length."""

MOST_ERRORS_IN_A_ROW = 20
_MAX_TEXT = 200_001
"""One more than BFCL's reader takes, so that what is too long stays so."""
_MAX_CALLS_TEXT = 1_000_000


@dataclass(frozen=True)
class Question:
    """What is asked for one sample, and how its score is filed."""

    sample: str
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    schema: ObjectSchema | None = None
    """What the reply is held to, where the endpoint can."""
    cluster: str = ""
    slices: Mapping[str, str] = field(default_factory=dict)
    reference: str = ""


@dataclass(frozen=True)
class Given:
    """A model's reply within bounds: a text, or calls of tools by name and JSON text."""

    text: str
    calls: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Marked:
    """What a reply is worth: its form in the benchmark's predictions, values, and what is wrong."""

    prediction: str
    values: Mapping[str, float]
    is_read: bool = True
    """Whether there was an answer in it."""
    reason: str = ""
    native_calls: int = 0


Mark = Callable[[Question, Given], Marked]


@dataclass(frozen=True)
class Decoding:
    """How replies are generated: greedy at temperature 0, else drawn, with a seed of each sample's
    own that is made of `seed` and its name, so that a resumed run draws what it would have."""

    max_tokens: int
    temperature: float = 0.0
    top_p: float | None = None
    seed: int | None = None

    def seed_of(self, sample: str) -> int | None:
        if self.seed is None or self.temperature <= 0:
            return None
        digest = hashlib.sha256(f"{self.seed} {sample}".encode("utf-8", "surrogatepass"))
        return int.from_bytes(digest.digest()[:4], "big") >> 1


def ask_all(
    questions: Iterable[Question],
    client: ChatClient,
    run: BenchmarkRun,
    mark: Mark,
    *,
    jobs: int,
    decoding: Decoding,
) -> str:
    """Asks what has no final score yet, and journals a score for each.

    Those that failed in an earlier session come last, so that they do not keep the others from
    being asked. Returns why the asking ended early; an empty text where it did not. On any
    exception, Ctrl-C included, waiting for replies ends at once and nothing more is asked.
    """
    left = [question for question in questions if question.sample not in run.done]
    failed = run.errors
    left.sort(key=lambda question: question.sample in failed)
    health = _Health()

    def ask(question: Question) -> None:
        if health.verdict or client.stop.is_set():
            return
        began = time.monotonic()
        try:
            reply = client.complete(
                question.messages,
                tools=question.tools,
                tool_choice=question.tool_choice,
                schema=question.schema,
                temperature=decoding.temperature,
                max_output_tokens=decoding.max_tokens,
                top_p=decoding.top_p,
                seed=decoding.seed_of(question.sample),
            )
        except ChatError as error:
            if error.failure.kind is not FailureKind.STOPPED:
                run.add(_error(question, error, time.monotonic() - began))
                health.note(error)
            return
        health.note(None)
        seconds = 0.0 if reply.is_cached else time.monotonic() - began
        run.add(_score(question, reply, mark(question, given_by(reply)), seconds))

    with ThreadPoolExecutor(jobs, "asking") as pool:
        try:
            for done in as_completed([pool.submit(ask, question) for question in left]):
                done.result()
        except BaseException:
            client.stop.set()
            pool.shutdown(cancel_futures=True)
            raise
    return health.verdict


class _Health:
    """Whether the endpoint still answers. Safe for threads."""

    def __init__(self) -> None:
        self.verdict = ""
        self._in_a_row = 0
        self._lock = threading.Lock()

    def note(self, error: ChatError | None) -> None:
        with self._lock:
            if error is None:
                self._in_a_row = 0
                return
            # A prompt that is too long says nothing of the endpoint.
            if error.failure.kind is not FailureKind.TOO_LONG:
                self._in_a_row += 1
            if error.failure.kind in HOPELESS:
                self.verdict = self.verdict or str(error)
            elif self._in_a_row >= MOST_ERRORS_IN_A_ROW:
                self.verdict = self.verdict or (
                    f"{self._in_a_row} questions in a row got no answer; the last: {error}"
                )


def given_by(reply: Reply) -> Given:
    """The reply, cut where it is longer than any answer is."""
    room = _MAX_CALLS_TEXT
    calls: list[tuple[str, str]] = []
    for call in reply.tool_calls:
        name, arguments = call.name[:_MAX_TEXT], call.arguments[:_MAX_TEXT]
        room -= len(name) + len(arguments)
        if room < 0:
            break
        calls.append((name, arguments))
    return Given((reply.text or reply.refusal or "")[:_MAX_TEXT], tuple(calls))


def _score(question: Question, reply: Reply, marked: Marked, seconds: float) -> Score:
    measures = {NATIVE_CALLS: float(marked.native_calls)}
    if reply.is_cached:
        measures[CACHED] = 1.0
    if reply.finish_reason == "length":
        measures[CUT] = 1.0
    for name in (TO_FIRST, REUSED, BATCH):
        if name in reply.timings:
            measures[name] = reply.timings[name]
    return Score(
        sample=question.sample,
        status=ScoreStatus.SCORED if marked.is_read else ScoreStatus.UNPARSED,
        values=dict(marked.values),
        cluster=question.cluster,
        slices=dict(question.slices),
        prediction=marked.prediction,
        reference=question.reference,
        reason=marked.reason,
        measures=measures,
        seconds=seconds,
        usage=reply.usage,
    )


def _error(question: Question, error: ChatError, seconds: float) -> Score:
    return Score(
        sample=question.sample,
        status=ScoreStatus.ERROR,
        cluster=question.cluster,
        slices=dict(question.slices),
        reference=question.reference,
        reason=f"{error.failure.kind.name.lower()}: {error}",
        seconds=seconds,
        usage=error.usage,
    )
