"""Runs a model through a video task: tracks, writes and scores sequence after sequence.

Each sequence ends in one of two ways: its masks stand whole in the run's files, with a score for
each object and one for the sequence in the journal; or one `error` score says what was wrong, and
the others go on. A run that was killed resumes with the sequences that have no score; masks that
were written but not yet scored are scored, not made again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from results.errors import InputError, JournalError, JudgeError
from results.records import Metric, Score, ScoreStatus
from runners.video_segmentation.figures import (
    FIGURES,
    NO_GROUND_TRUTH,
    is_final_sequence,
    metrics_of,
    object_scores,
    sequence_error,
    sequence_score,
)
from runners.video_segmentation.overlays import OverlayForm, OverlayWriter
from runners.video_segmentation.timing import peak_bytes, read_tracked, write_tracked
from runners.video_segmentation.tracking import Windows, track_sequence
from runners.video_segmentation.video_sets import VideoTask
from runners.video_segmentation.writing import SequenceWriter, clear_unfinished

if TYPE_CHECKING:
    from runners.benchmark_runs import BenchmarkRun
    from runners.models.segmentation.interface import Mask, VideoSegmenter
    from runners.video_segmentation.frames import Picture
    from runners.video_segmentation.jobs import SequenceJob

PREDICTIONS, TIMES, OVERLAYS = "predictions", "times", "overlays"
SUBMISSION = "submission.zip"


@dataclass(frozen=True)
class Progress:
    """How far a run is: sequences, and frames of the one under way."""

    sequence: str
    done: int
    total: int
    frames: int
    of_frames: int | None


@dataclass(frozen=True)
class How:
    """What changes nothing in the figures but speed, and what is made beside them.

    on_begin: told the run's id once its folder is there. on_progress: told of frames.
    """

    windows: Windows = field(default_factory=Windows)
    warm_up: int = 3
    visualize: OverlayForm | None = None
    on_begin: Callable[[str], None] = lambda run_id: None
    on_progress: Callable[[Progress], None] | None = None


@dataclass(frozen=True)
class Found:
    """What a run has in the end."""

    scores: tuple[Score, ...]
    metrics: tuple[Metric, ...]
    submission: Path | None
    notes: tuple[str, ...]

    @property
    def errors(self) -> tuple[Score, ...]:
        return tuple(score for score in self.scores if score.status is ScoreStatus.ERROR)

    def as_json(self) -> dict[str, Any]:
        """For `--json`: the metrics, also by name, every object's scores, and what went wrong."""
        whole = {metric.name: metric.value for metric in self.metrics if not metric.slice}
        final = [score for score in self.scores if score.status is ScoreStatus.SCORED]
        return {
            "global": {key: whole[name] for name, key in FIGURES.items() if name in whole} or None,
            "metrics": [metric.model_dump(mode="json") for metric in self.metrics],
            "objects": {score.sample: score.values for score in final if score.values},
            "sequences": {s.sample: s.measures for s in final if is_final_sequence(s)},
            "errors": {score.sample: score.reason for score in self.errors},
            "notes": list(self.notes),
        }


def run_task(task: VideoTask, segmenter: VideoSegmenter, run: BenchmarkRun, how: How) -> Found:
    """Tracks and scores every sequence that has no final score yet; then sets the run's metrics."""
    predictions = run.files / PREDICTIONS
    predictions.mkdir(parents=True, exist_ok=True)
    clear_unfinished(predictions)
    left = [name for name in task.names if name not in run.done]
    is_warm = False
    for name in left:
        report = reporter(how, task.names, name, len(task.names) - len(left) + left.index(name))
        try:
            sequence = _Sequence(task, name, run.files, how)
            if not sequence.is_written:
                job = task.job(name)
                if not is_warm:
                    warm_up(segmenter, job, how)
                    is_warm = True
                sequence.track(segmenter, job, report)
            scores = sequence.scores()
        except JournalError:
            raise
        except Exception as error:  # noqa: BLE001 - a stranger's model or file may raise anything
            run.add(sequence_error(name, cause_of(name, error), _count_objects(task, name)))
            continue
        for score in scores:
            run.add(score)
    return _conclude(task, run)


def warm_up(segmenter: VideoSegmenter, job: SequenceJob, how: How) -> None:
    """Takes the model through the first frames once, unmeasured: kernels are chosen and compiled
    then, and memory is taken."""
    if how.warm_up:
        track_sequence(segmenter, job, lambda *_: None, windows=how.windows, most=how.warm_up)


class _Sequence:
    """One sequence on its way: its masks, its times and its scores."""

    def __init__(self, task: VideoTask, name: str, files: Path, how: How) -> None:
        self._task, self._name, self._files, self._how = task, name, files, how
        self._masks = files / PREDICTIONS / name
        self._times = files / TIMES / f"{name}.json"

    @property
    def is_written(self) -> bool:
        return self._masks.is_dir() and self._times.is_file()

    def track(
        self, segmenter: VideoSegmenter, job: SequenceJob, report: Callable[[int | None], None]
    ) -> None:
        """Writes the masks, whole or not at all."""
        masks = SequenceWriter(self._masks.parent, self._name, job.folders)
        overlays = None
        if self._how.visualize is not None:
            overlays = OverlayWriter(
                self._files / OVERLAYS, self._name, self._how.visualize, self._task.fps
            )

        def write(frame: str, picture: Picture, found: Mapping[int, Mask]) -> None:
            masks.write(frame, found, *picture.shape[:2])
            if overlays is not None:
                overlays.write(frame, picture, found)

        try:
            took = track_sequence(
                segmenter,
                job,
                write,
                windows=self._how.windows,
                on_frame=lambda: report(job.source.count),
            )
            write_tracked(
                self._times, took, objects=len(job.given), peak=peak_bytes(segmenter.device)
            )
            if overlays is not None:
                overlays.finish()
            # Last, because these mark the sequence as done.
            masks.finish()
        except BaseException:
            masks.discard()
            if overlays is not None:
                overlays.discard()
            raise

    def scores(self) -> tuple[Score, ...]:
        """The objects' scores, if there is ground truth, then the sequence's."""
        took, objects, peak = read_tracked(self._times)
        place = f"files/{PREDICTIONS}/{self._name}"
        found = self._task.scores(self._name, self._masks.parent)
        return (
            *(() if found is None else object_scores(found, place)),
            sequence_score(
                self._name,
                took,
                objects=objects,
                peak=peak,
                prediction=place,
                reason=(
                    NO_GROUND_TRUTH
                    if found is None
                    else " ".join(f"{each}." for each in found.left_out)
                ),
            ),
        )


def _conclude(task: VideoTask, run: BenchmarkRun) -> Found:
    scores = run.folder.scores()
    times: list[float] = []
    for score in scores:
        if is_final_sequence(score):
            took, _, _ = read_tracked(run.files / TIMES / f"{score.sample}.json")
            times += took.frame_seconds
    metrics = metrics_of(scores, times, protocol=task.protocol)
    run.set_metrics(metrics)
    # What the protocol left out of a sequence's score, which is no error.
    notes = [
        s.reason for s in scores if is_final_sequence(s) and s.reason not in ("", NO_GROUND_TRUTH)
    ]
    submission = None
    is_whole = not any(score.status is ScoreStatus.ERROR for score in scores)
    if metrics and not task.has_ground_truth:
        notes.append(
            f"{task.benchmark} {task.split}".rstrip() + f": {NO_GROUND_TRUTH}; speed only."
        )
        if task.submitted_as is not None and is_whole:
            submission = run.files / SUBMISSION
            try:
                task.write_submission(run.files / PREDICTIONS, submission)
            except InputError as error:
                submission = None
                notes.append(f"No archive for the server was written: {error}")
    return Found(scores, metrics, submission, tuple(notes))


def reporter(how: How, names: Sequence[str], name: str, done: int) -> Callable[[int | None], None]:
    """To be called for each frame; tells of them a few times a second at the most."""
    frames, told = 0, 0.0

    def report(of_frames: int | None) -> None:
        nonlocal frames, told
        frames += 1
        now = time.monotonic()
        if how.on_progress is not None and (now - told > 0.1 or frames == of_frames):
            told = now
            how.on_progress(Progress(name, done, len(names), frames, of_frames))

    return report


def cause_of(name: str, error: Exception) -> str:
    """Why nothing came of a sequence, in one sentence; of a stranger's error, its kind as well."""
    text = " ".join(str(error).split())[:2000]
    if isinstance(error, JudgeError):
        return text
    return f"Sequence {name}: the model failed with {type(error).__name__}: {text}"


def _count_objects(task: VideoTask, name: str) -> int:
    try:
        return len(task.job(name).given)
    except Exception:  # noqa: BLE001 - the same hostile input once more
        return 0
