"""A language model's run over the commonsense tasks: what it asks, begun or resumed, carried out.

An item is a Score: its accuracies, the likeliest option, and what it took. Each is journalled as
soon as all its options have been scored, while the options of all items go through the model in
batches by length.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import Field

from benchmarks.language.commonsense import (
    BENCHMARK,
    CHOICE,
    TASK_SLICE,
    TASKS,
    commonsense_metrics,
)
from benchmarks.language.local_data import read_task_data
from results.errors import InputError
from results.records import Metric, RunRecord, Score, ScoreStatus, Value
from results.run_folder import RunFolder, new_run_id
from runners.benchmark_runs import BenchmarkRun, benchmark_run, read_asked
from runners.language_tasks.harness import HarnessTask, Item, request_of
from runners.measures import peak_memory, size_metrics
from runners.models.describing import files_described
from runners.models.devices import Device, Precision
from runners.models.language.interface import LanguageModel, Likelihood, ScoreRequest
from runners.models.language.opening import open_language_model
from runners.models.memory import peak_bytes
from runners.recording import description_of, host, installed_versions, variant_of

Progress = Callable[[int, int], None]
DESCRIBED = "described"
TOKENS, CUT_TOKENS, LIKELIHOOD = "tokens", "cut_tokens", "log_likelihood"
SCORER = "lm-evaluation-harness"
_LONGEST_LABEL = 200


class CommonsenseAsked(Value):
    """What a run asks of which model, as its record keeps it and a resumed run reads it."""

    model: str
    data: str
    tasks: tuple[str, ...]
    device: Device = "auto"
    precision: Precision = "fp32"
    variant: str | None = None
    limit: int | None = Field(default=None, ge=1)

    def open_model(self) -> LanguageModel:
        return open_language_model(
            self.model, device=self.device, precision=self.precision, variant=self.variant
        )


@dataclass(frozen=True)
class Begun:
    """A run that can be carried out."""

    record: RunRecord
    asked: CommonsenseAsked
    model: LanguageModel
    tasks: tuple[HarnessTask, ...]
    items: tuple[tuple[HarnessTask, Item], ...]
    resumes: RunFolder | None = None


@dataclass(frozen=True)
class Finished:
    record: RunRecord
    folder: Path
    scores: tuple[Score, ...]
    metrics: tuple[Metric, ...]


def begin_commonsense(asked: CommonsenseAsked, resumes: RunFolder | None = None) -> Begun:
    """Opens data and model; InputError, in a sentence, where either cannot be used."""
    unknown = [name for name in asked.tasks if name not in TASKS]
    if unknown or not asked.tasks:
        raise InputError(
            f"There is no commonsense task {(unknown or ['of no name'])[0]}; there are"
            f" {', '.join(TASKS)}."
        )
    found = {name: read_task_data(Path(asked.data), TASKS[name]) for name in asked.tasks}
    tasks = tuple(
        HarnessTask(TASKS[name], data.rows[: asked.limit]) for name, data in found.items()
    )
    items = tuple((task, item) for task in tasks for item in task.items())
    model = asked.open_model()
    hashes = {
        f"data {name}": str(files_described(data.files)["sha256"]) for name, data in found.items()
    }
    record = _record(asked, model, tasks, hashes, resumes)
    return Begun(record, asked, model, tasks, items, resumes)


def carry_out(
    begun: Begun,
    *,
    runs_dir: Path,
    store: Path,
    batch_size: int | None = None,
    progress: Progress | None = None,
) -> Finished:
    """Asks what is left; each score is journalled as it comes."""
    with benchmark_run(
        begun.record,
        runs_dir=runs_dir,
        store=store,
        resume=begun.resumes,
        samples=[item.sample for _, item in begun.items],
        on_progress=progress,
    ) as run:
        began = time.monotonic()
        try:
            tokens, options = _ask(begun, run, batch_size)
        finally:
            begun.model.close()
        seconds = time.monotonic() - began
        standing = {score.sample: score for score in run.folder.scores()}
        scores = tuple(standing[item.sample] for _, item in begun.items if item.sample in standing)
        metrics = (
            *commonsense_metrics(scores, begun.asked.tasks),
            *_speed_metrics(begun.model, tokens, options, seconds),
        )
        run.set_metrics(metrics)
        return Finished(begun.record, run.folder.path, scores, metrics)


def asked_before(record: RunRecord) -> CommonsenseAsked:
    """What a run was asked; InputError where it is a run of another benchmark."""
    config = {key: value for key, value in record.config.items() if key != DESCRIBED}
    return read_asked(record, CommonsenseAsked, BENCHMARK, config)


@dataclass
class _UnderWay:
    """An item whose options are being scored."""

    task: HarnessTask
    item: Item
    requests: tuple[ScoreRequest, ...]
    found: dict[int, Likelihood] = field(default_factory=dict)


def _ask(begun: Begun, run: BenchmarkRun, batch_size: int | None) -> tuple[int, int]:
    """Scores every item without a final score; how many tokens and options that were."""
    under_way: list[_UnderWay] = []
    for task, item in begun.items:
        if item.sample in run.done:
            continue
        try:
            requests = tuple(request_of(option, begun.model.tokenizer) for option in item.options)
            _check_fits(requests, begun.model)
        except ValueError as error:
            run.add(_failed(task, item, str(error)))
            continue
        under_way.append(_UnderWay(task, item, requests))
    places = [(waiting, option) for waiting in under_way for option in range(len(waiting.requests))]

    def scored(index: int, likelihood: Likelihood) -> None:
        waiting, option = places[index]
        waiting.found[option] = likelihood
        if len(waiting.found) == len(waiting.requests):
            run.add(_score(waiting))

    found = begun.model.log_likelihoods(
        [waiting.requests[option] for waiting, option in places],
        batch_size=batch_size,
        on_done=scored,
    )
    return sum(each.token_count for each in found), len(places)


def _check_fits(requests: Sequence[ScoreRequest], model: LanguageModel) -> None:
    """ValueError for an option that is longer than the context by itself."""
    longest = max(len(request.continuation) for request in requests)
    if longest > model.context_length:
        raise ValueError(
            f"an option has {longest} tokens, and the model's context {model.context_length}"
        )


def _score(waiting: _UnderWay) -> Score:
    found = [waiting.found[option] for option in range(len(waiting.requests))]
    item = waiting.item
    values, chosen = waiting.task.values(
        item, [(each.log_likelihood, each.is_greedy) for each in found]
    )
    cut = max(each.cut_tokens for each in found)
    return Score(
        sample=item.sample,
        values=values,
        slices={TASK_SLICE: waiting.task.task.name},
        prediction=item.labels[chosen][:_LONGEST_LABEL],
        reference=item.labels[item.right][:_LONGEST_LABEL],
        reason="" if chosen == item.right else "another option is likelier",
        measures={
            TOKENS: float(sum(each.token_count for each in found)),
            CUT_TOKENS: float(cut),
            **{f"{LIKELIHOOD}_{n}": each.log_likelihood for n, each in enumerate(found)},
        },
    )


def _failed(task: HarnessTask, item: Item, why: str) -> Score:
    return Score(
        sample=item.sample,
        status=ScoreStatus.ERROR,
        slices={TASK_SLICE: task.task.name},
        reason=f"{why[:1].upper()}{why[1:]}.",
    )


def _speed_metrics(
    model: LanguageModel, tokens: int, options: int, seconds: float
) -> tuple[Metric, ...]:
    """What this session took; a resumed run tells of its last session that scored anything."""
    found = list(size_metrics(model.describe()))
    if model.device != "endpoint":
        of = "of the device" if model.device == "cuda" else "of the process"
        found.append(peak_memory([peak_bytes(model.device)], of))
    if options and seconds > 0:
        note = "context and continuation of each option, also where a context was read once"
        found += [
            Metric(name="options_per_second", value=options / seconds, n=options, unit="options/s"),
            Metric(
                name="tokens_per_second",
                value=tokens / seconds,
                n=options,
                unit="tokens/s",
                note=note,
            ),
        ]
    return tuple(found)


def _record(
    asked: CommonsenseAsked,
    model: LanguageModel,
    tasks: Sequence[HarnessTask],
    data_hashes: dict[str, str],
    resumes: RunFolder | None,
) -> RunRecord:
    described = description_of(model.describe())
    config: dict[str, Any] = {
        **asked.model_dump(mode="json"),
        DESCRIBED: {
            "device": model.device,
            "precision": model.precision,
            "context_length": model.context_length,
            "averaged": CHOICE,
            **{f"{task.task.name}_version": task.version for task in tasks},
            **described.settings,
        },
    }
    return RunRecord(
        run_id=new_run_id() if resumes is None else resumes.run_id,
        kind="benchmark",
        model=asked.model,
        benchmark=BENCHMARK,
        split="zero-shot",
        variant=asked.variant or variant_of(model.variant, model.precision),
        scorer=SCORER,
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        config=config,
        versions={**installed_versions(("lm_eval", "datasets", "numpy")), **described.versions},
        hashes={**described.hashes, **data_hashes},
        host=host(),
    )
