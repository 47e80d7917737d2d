"""A chat model's run over a benchmark: what it asks, begun or resumed, carried out, recorded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import Field

from benchmarks.api_calling.prompting import Mode
from results.errors import InputError
from results.records import Metric, RunRecord, Score, Value
from results.run_folder import RunFolder, new_run_id
from runners.api_calling.asking import Decoding, Mark, Question, ask_all
from runners.api_calling.figures import size_of
from runners.benchmark_runs import BenchmarkRun, benchmark_run
from runners.models.chat import open_chat
from runners.models.chat.client import ChatClient
from runners.models.chat.opening import LOCAL
from runners.models.devices import Device, Precision
from runners.recording import description_of, host, installed_versions, variant_of

Progress = Callable[[int, int], None]
DEFAULT_MAX_TOKENS = 1024
DEFAULT_JOBS = 8
_Asked = TypeVar("_Asked", bound="ChatAsked")
_CLIENTS = {
    "openai": ("openai",),
    "litellm": ("litellm",),
}


class ChatAsked(Value):
    """What a run asks of which model, as its record keeps it and a resumed run reads it."""

    benchmark: Literal["bfcl", "api-bank"]
    model: str
    data: str
    mode: Mode
    limit: int | None = Field(default=None, ge=1)
    max_tokens: int = Field(default=DEFAULT_MAX_TOKENS, ge=1)
    temperature: float = Field(default=0.0, ge=0, le=10, allow_inf_nan=False)
    top_p: float | None = Field(default=None, gt=0, le=1, allow_inf_nan=False)
    seed: int | None = Field(default=None, ge=0, lt=2**31)
    precision: Precision = "fp32"
    variant: str | None = None

    @property
    def is_local(self) -> bool:
        """Whether the model runs in this process."""
        return self.model.partition(":")[0] in LOCAL

    @property
    def decoding(self) -> Decoding:
        return Decoding(self.max_tokens, self.temperature, self.top_p, self.seed)

    def open_model(self, how: How) -> ChatClient:
        client = open_chat(
            self.model,
            device=how.device,
            precision=self.precision,
            batch_size=how.jobs or DEFAULT_JOBS,
        )
        if self.temperature > 0:
            # A kept reply would be the same draw once more.
            client.cache = None
        return client


@dataclass(frozen=True)
class How:
    """What only says how quickly a run goes: it may differ when the run is resumed.

    jobs: questions at once, which for a model in this process is its batch.
    """

    jobs: int | None = None
    device: Device = "auto"


@dataclass(frozen=True)
class Begun:
    """A run that can be carried out.

    mark: what a reply is worth. write: puts the final scores' predictions into the run's files.
    measure: the metrics of all scores.
    """

    record: RunRecord
    asked: ChatAsked
    how: How
    client: ChatClient
    questions: Sequence[Question]
    mark: Mark
    write: Callable[[Sequence[Score], Path], None]
    measure: Callable[[Sequence[Score]], tuple[Metric, ...]]
    resumes: RunFolder | None = None


@dataclass(frozen=True)
class Finished:
    """How a run ended. `stopped` says why it was not asked to the end; `missing` counts what was
    not."""

    folder: RunFolder
    scores: tuple[Score, ...]
    metrics: tuple[Metric, ...]
    missing: int
    stopped: str


def carry_out(begun: Begun, *, runs_dir: Path, store: Path, progress: Progress | None) -> Finished:
    """Asks what is left, and writes predictions and metrics of all there is.

    Predictions are written however the session ends, so that they never lag behind the journal.
    A model in this process has two batches of questions waiting, so that none is ever short.
    """
    jobs = begun.how.jobs or DEFAULT_JOBS
    with benchmark_run(
        begun.record,
        runs_dir=runs_dir,
        store=store,
        resume=begun.resumes,
        samples=[question.sample for question in begun.questions],
        on_progress=progress,
    ) as run:
        try:
            stopped = ask_all(
                begun.questions,
                begun.client,
                run,
                begun.mark,
                jobs=2 * jobs if begun.asked.is_local else jobs,
                decoding=begun.asked.decoding,
            )
        finally:
            sizes = size_of(begun.client.local_model)
            begun.client.close()
            scores = _standing(run, begun.questions)
            begun.write(scores, run.files)
        metrics = (*begun.measure(scores), *sizes)
        run.set_metrics(metrics)
        return Finished(run.folder, scores, metrics, len(run.missing - run.errors), stopped)


def record_of(
    asked: ChatAsked,
    client: ChatClient,
    *,
    split: str,
    scorer: str,
    scorer_version: str,
    hashes: Mapping[str, str],
    resumes: RunFolder | None,
) -> RunRecord:
    """What run.json says. The endpoint's address is among the versions: another one does not keep a
    run from going on, and is noted."""
    model = client.local_model
    described = description_of({} if model is None else model.describe())
    precision = "fp32" if model is None else model.precision
    return RunRecord(
        run_id=new_run_id() if resumes is None else resumes.run_id,
        kind="benchmark",
        model=asked.model,
        benchmark=asked.benchmark,
        split=split,
        variant=asked.variant or variant_of(None if model is None else model.variant, precision),
        scorer=scorer,
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        config=asked.model_dump(mode="json"),
        versions={
            **installed_versions(_CLIENTS.get(asked.model.partition(":")[0], ())),
            **described.versions,
            "scorer": scorer_version,
            "endpoint": client.address,
        },
        hashes={**described.hashes, **hashes},
        host=host(),
    )


def files_hash(paths: Iterable[Path]) -> str:
    """One SHA-256 of files' names and contents, in the order given."""
    whole = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            of_file = hashlib.file_digest(file, "sha256").hexdigest()
        whole.update(f"{path.name}\0{of_file}\0".encode("utf-8", "surrogateescape"))
    return whole.hexdigest()


def text_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """JSON lines, whole or not at all. InputError where they cannot be written."""
    unfinished = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("w", encoding="ascii") as file:
            for row in rows:
                file.write(json.dumps(row) + "\n")
        unfinished.replace(path)
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {error.strerror}; mend that, then resume the run."
        ) from error


def _standing(run: BenchmarkRun, questions: Sequence[Question]) -> tuple[Score, ...]:
    """The scores of this run's samples, in their order."""
    found = {score.sample: score for score in run.folder.scores()}
    return tuple(found[each.sample] for each in questions if each.sample in found)
