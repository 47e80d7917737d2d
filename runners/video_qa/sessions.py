"""A video-language model's run over a benchmark: begun or resumed, carried out, recorded."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from benchmarks.video_qa.questions import Question, by_id
from benchmarks.video_qa.scoring import SCORER_VERSION
from benchmarks.video_qa.sets import SETS
from benchmarks.video_qa.submission import submission_of
from benchmarks.video_qa.subtitles import ENDINGS
from results.errors import InputError
from results.records import Metric, RunRecord, Score, ScoreStatus, Value
from results.run_folder import RunFolder, new_run_id
from runners.benchmark_runs import BenchmarkRun, benchmark_run, read_asked
from runners.measures import size_metrics
from runners.models.describing import files_described
from runners.models.devices import Precision
from runners.models.video_language.interface import VideoLanguageModel
from runners.recording import description_of, host, installed_versions, variant_of
from runners.video_qa.asking import ask_all
from runners.video_qa.conditions import BASELINES, Ask, Condition
from runners.video_qa.figures import run_metrics
from runners.video_qa.frame_cache import FrameCache
from runners.video_qa.frames import MOST_SAMPLED, FrameSampling
from runners.video_qa.pool import opened_models
from runners.video_qa.preparing import Preparation, prepared
from runners.video_qa.videos import VIDEOS, MediaFolder

PREDICTIONS = "predictions"
"""The folder of predictions within a run's files, a file a condition."""
DEFAULT_FRAMES = 8
DEFAULT_MAX_TOKENS = 32
_READERS = ("av", "numpy", "pillow")
Progress = Callable[[int, int], None]


class VideoQaAsked(Value):
    """What a run asks of which model, as its record keeps it and a resumed run reads it.

    `limit` is of videos. `frames`, or else `fps` up to `max_frames`, say what is sampled.
    """

    benchmark: str
    model: str
    data: str
    videos: str
    subtitles: str | None = None
    frames: int | None = Field(default=None, ge=1, le=MOST_SAMPLED)
    fps: float | None = Field(default=None, gt=0, le=1000, allow_inf_nan=False)
    max_frames: int = Field(default=MOST_SAMPLED, ge=1, le=MOST_SAMPLED)
    longest_side: int | None = Field(default=None, ge=16)
    baselines: tuple[Condition, ...] = BASELINES
    parser: Literal["strict", "official", "lmms-eval"] = "strict"
    max_tokens: int = Field(default=DEFAULT_MAX_TOKENS, ge=1)
    limit: int | None = Field(default=None, ge=1)
    precision: Precision = "fp32"
    variant: str | None = None
    code: str | None = None
    python: str | None = None

    @model_validator(mode="after")
    def _checked(self) -> VideoQaAsked:
        if self.benchmark not in SETS:
            raise ValueError(f"there is no set {self.benchmark}")
        if (self.frames is None) == (self.fps is None):
            raise ValueError("sample a number of frames, or a rate")
        return self

    @property
    def sampling(self) -> FrameSampling:
        return FrameSampling(self.frames, self.fps, self.max_frames, self.longest_side)

    @property
    def split(self) -> str:
        return "with subtitles" if self.subtitles is not None else "without subtitles"


@dataclass(frozen=True)
class How:
    """What only says how quickly a run goes: it may differ when the run is resumed.

    devices: one for each model; with several, or several `processes`, each model has a process.
    """

    devices: tuple[str, ...] = ("auto",)
    processes: int = 1
    batch_size: int = 8
    decoders: int = 2
    cache: Path | None = None


@dataclass(frozen=True)
class Begun:
    """A run that can be carried out; its models are open."""

    record: RunRecord
    asked: VideoQaAsked
    how: How
    asks: tuple[Ask, ...]
    models: tuple[VideoLanguageModel, ...]
    preparation: Preparation
    resumes: RunFolder | None = None


@dataclass(frozen=True)
class Finished:
    """How a run ended. `stopped` says why it was not asked to the end; `missing` counts what was
    not."""

    folder: RunFolder
    asks: tuple[Ask, ...]
    scores: Mapping[str, Score]
    metrics: tuple[Metric, ...]
    missing: int
    stopped: str

    @property
    def errors(self) -> dict[str, str]:
        return {
            name: score.reason
            for name, score in self.scores.items()
            if score.status is ScoreStatus.ERROR
        }


def begin_video_qa(asked: VideoQaAsked, how: How, resumes: RunFolder | None = None) -> Begun:
    """Reads the data, then opens the models; InputError where either cannot be used."""
    questions = _questions(asked)
    subtitles = None
    if asked.subtitles is not None:
        subtitles = MediaFolder(Path(asked.subtitles), ENDINGS)
    preparation = Preparation(
        set_id=asked.benchmark,
        videos=MediaFolder(Path(asked.videos), VIDEOS, takes_folders=True),
        subtitles=subtitles,
        sampling=asked.sampling,
        max_tokens=asked.max_tokens,
        cache=None if how.cache is None else FrameCache(how.cache),
    )
    conditions = (Condition.FULL, *asked.baselines)
    asks = tuple(Ask(question, each) for question in questions for each in conditions)
    models = opened_models(asked, how)
    record = _record(asked, models[0], Path(asked.data), resumes)
    return Begun(record, asked, how, asks, models, preparation, resumes)


def carry_out(begun: Begun, *, runs_dir: Path, store: Path, progress: Progress | None) -> Finished:
    """Asks what is left, and writes predictions and metrics of all there is.

    Predictions are written however the session ends, so that they never lag behind the journal.
    """
    of = SETS[begun.asked.benchmark]
    with benchmark_run(
        begun.record,
        runs_dir=runs_dir,
        store=store,
        resume=begun.resumes,
        samples=[ask.sample for ask in begun.asks],
        on_progress=progress,
    ) as run:
        stream = prepared(
            _left(begun.asks, run),
            begun.preparation,
            threads=begun.how.decoders,
            ahead=2 * len(begun.models),
        )
        try:
            stopped = ask_all(
                stream,
                begun.models,
                run,
                parser=begun.asked.parser,
                batch_size=begun.how.batch_size,
            )
        finally:
            stream.close()
            for model in begun.models:
                model.close()
            scores = _standing(run, begun.asks)
            _write_predictions(begun, scores, run.files)
        metrics = (
            *run_metrics(begun.asks, scores, of, begun.asked.parser),
            *size_metrics(begun.record.config["model"]),
        )
        run.set_metrics(metrics)
        missing = len(run.missing - run.errors)
        return Finished(run.folder, begun.asks, scores, metrics, missing, stopped)


def asked_before(record: RunRecord, benchmark: str) -> VideoQaAsked:
    """What a run was asked; InputError where it is a run of another benchmark."""
    return read_asked(record, VideoQaAsked, benchmark, record.config.get("asked"), "config.asked")


def _questions(asked: VideoQaAsked) -> list[Question]:
    """The questions with an answer, those of a video side by side."""
    data = Path(asked.data)
    of = SETS[asked.benchmark]
    every = by_id((question for question, _ in of.read_from(data)), data)
    by_video: dict[str, list[Question]] = {}
    for question in every.values():
        if question.answer is not None:
            by_video.setdefault(question.video, []).append(question)
    if not by_video:
        raise InputError(
            f"{data} has no question with an answer, so nothing could be scored; name the file"
            " that has the answers."
        )
    kept = list(by_video.values())[: asked.limit]
    return [question for group in kept for question in group]


def _left(asks: Sequence[Ask], run: BenchmarkRun) -> list[list[Ask]]:
    """What has no final score, video by video; videos that failed before come last."""
    failed = run.errors
    groups: dict[str, list[Ask]] = {}
    for ask in asks:
        if ask.sample not in run.done:
            groups.setdefault(ask.question.video, []).append(ask)
    return sorted(groups.values(), key=lambda group: any(ask.sample in failed for ask in group))


def _standing(run: BenchmarkRun, asks: Sequence[Ask]) -> dict[str, Score]:
    found = {score.sample: score for score in run.folder.scores()}
    return {ask.sample: found[ask.sample] for ask in asks if ask.sample in found}


def _write_predictions(begun: Begun, scores: Mapping[str, Score], files: Path) -> None:
    """A file a condition, each whole or not at all."""
    folder = files / PREDICTIONS
    try:
        folder.mkdir(exist_ok=True)
        for condition in (Condition.FULL, *begun.asked.baselines):
            pairs = [
                (ask.question, scores[ask.sample].prediction)
                for ask in begun.asks
                if ask.condition is condition
                and ask.sample in scores
                and scores[ask.sample].status is not ScoreStatus.ERROR
            ]
            rows = submission_of(begun.asked.benchmark, pairs)
            unfinished = folder / f"{condition}.json.part"
            unfinished.write_text(json.dumps(rows, indent=1) + "\n", encoding="ascii")
            unfinished.replace(folder / f"{condition}.json")
    except OSError as error:
        raise InputError(
            f"{folder} cannot be written: {error.strerror}; mend that, then resume the run."
        ) from error


def _record(
    asked: VideoQaAsked, model: VideoLanguageModel, data: Path, resumes: RunFolder | None
) -> RunRecord:
    described = description_of(model.describe())
    files = [data] if data.is_file() else SETS[asked.benchmark].files_in(data)
    return RunRecord(
        run_id=new_run_id() if resumes is None else resumes.run_id,
        kind="benchmark",
        model=asked.model,
        benchmark=asked.benchmark,
        split=asked.split,
        variant=asked.variant or variant_of(model.variant, asked.precision),
        scorer=asked.parser,
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        config={"asked": asked.model_dump(mode="json"), "model": described.settings},
        versions={**installed_versions(_READERS), **described.versions, "scorer": SCORER_VERSION},
        hashes={"data": str(files_described(files)["sha256"]), **described.hashes},
        host=host(),
    )
