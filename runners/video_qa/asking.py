"""Questions put to video-language models, one or several side by side, each reply journalled.

Models share one stream of prepared videos: whichever is free takes the next. What every question
would meet as well, such as a refused key or a worker that cannot be started again, ends the
session; what was not asked stays missing, and the run can be resumed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from benchmarks.video_qa.answers import read_answer
from results.records import Score, ScoreStatus
from runners.benchmark_runs import BenchmarkRun
from runners.models.video_language.interface import (
    Interruptible,
    Unanswered,
    VideoLanguageModel,
    VideoReply,
)
from runners.video_qa.conditions import Ask, value_name
from runners.video_qa.figures import CONDITION
from runners.video_qa.preparing import Ready

MAX_REPLY = 20_000


def ask_all(
    stream: Iterator[list[Ready]],
    models: Sequence[VideoLanguageModel],
    run: BenchmarkRun,
    *,
    parser: str,
    batch_size: int,
) -> str:
    """Asks all that comes; returns why the asking ended early, empty where it did not."""
    lock = threading.Lock()
    stop, is_left = threading.Event(), threading.Event()
    verdicts: list[str] = []

    def next_group() -> list[Ready] | None:
        with lock:
            return None if stop.is_set() else next(stream, None)

    def drive(model: VideoLanguageModel) -> None:
        size = min(batch_size, model.largest_batch or batch_size)
        while (group := next_group()) is not None:
            for ready in group:
                if ready.shown is None:
                    run.add(_error(ready.ask, ready.reason))
            left = [ready for ready in group if ready.shown is not None]
            for begin in range(0, len(left), size):
                if stop.is_set():
                    return
                fatal = _ask(model, left[begin : begin + size], run, parser, is_left)
                if fatal:
                    verdicts.append(fatal)
                    stop.set()
                    return

    if len(models) == 1:
        drive(models[0])
    else:
        with ThreadPoolExecutor(len(models), "model") as pool:
            try:
                for done in as_completed([pool.submit(drive, model) for model in models]):
                    done.result()
            except Exception:
                # What the others are asked now is still answered and kept.
                stop.set()
                raise
            except BaseException:
                stop.set()
                is_left.set()
                for model in models:
                    if isinstance(model, Interruptible):
                        model.interrupt()
                raise
    return verdicts[0] if verdicts else ""


def _ask(
    model: VideoLanguageModel,
    batch: Sequence[Ready],
    run: BenchmarkRun,
    parser: str,
    is_left: threading.Event,
) -> str:
    """Asks a batch; gives why no other would be answered, empty where others would."""
    fatal = ""
    replies = model.answer([ready.shown for ready in batch if ready.shown is not None])
    if is_left.is_set():
        return ""
    for ready, reply in zip(batch, replies, strict=True):
        if isinstance(reply, Unanswered):
            run.add(_error(ready.ask, reply.reason))
            fatal = fatal or (reply.reason if reply.is_fatal else "")
        else:
            run.add(_score(ready, reply, parser))
    return fatal


def _score(ready: Ready, reply: VideoReply, parser: str) -> Score:
    question, shown = ready.ask.question, ready.shown
    assert shown is not None
    letter = read_answer(
        reply.text, parser, options=question.options, n_options=len(question.options)
    )
    measures: dict[str, float] = {"frames": float(len(shown.frames.pictures))}
    for name in (
        "visual_tokens",
        "prompt_tokens",
        "output_tokens",
        "seconds_to_first",
        "peak_bytes",
    ):
        value = getattr(reply, name)
        if value is not None:
            measures[name] = float(value)
    if reply.is_cut:
        measures["cut"] = 1.0
    return Score(
        sample=ready.ask.sample,
        status=ScoreStatus.SCORED if letter else ScoreStatus.UNPARSED,
        values={value_name(ready.ask.condition): float(letter == question.answer)},
        cluster=question.video,
        slices=_slices(ready.ask),
        prediction=reply.text[:MAX_REPLY],
        reference=question.answer or "",
        reason="" if letter else "No one option can be read in the reply.",
        measures=measures,
        seconds=max(reply.seconds, 0.0),
    )


def _error(ask: Ask, reason: str) -> Score:
    return Score(
        sample=ask.sample,
        status=ScoreStatus.ERROR,
        cluster=ask.question.video,
        slices=_slices(ask),
        reference=ask.question.answer or "",
        reason=reason,
    )


def _slices(ask: Ask) -> dict[str, str]:
    named = {name: value for name, value in ask.question.slices.items() if value}
    return {**named, CONDITION: str(ask.condition)}
