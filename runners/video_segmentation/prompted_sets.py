"""Promptable segmentation of a whole set: which objects there are, and the run over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.vos.datasets import VideoSet, open_video_set
from results.errors import InputError, JournalError
from results.records import Metric, Score, ScoreStatus
from results.statistics import clustered_ratio_interval
from runners.models.segmentation.interface import PromptKind
from runners.video_segmentation.clips import Clip, open_clip
from runners.video_segmentation.figures import sequence_error
from runners.video_segmentation.prompted import (
    PvsObject,
    PvsRules,
    objects_of_clip,
    objects_of_set,
    prompted_score,
)
from runners.video_segmentation.requests import PvsLayout, VideoRequest
from runners.video_segmentation.running import Found, How, cause_of, reporter

if TYPE_CHECKING:
    from runners.benchmark_runs import BenchmarkRun
    from runners.models.segmentation.interface import VideoSegmenter

# --layout -> the video set that is laid out so; a folder is one video of one's own.
LAYOUTS: dict[PvsLayout, str] = {
    "davis": "davis2017",
    "sav": "sav",
    "mose": "mose",
    "lvos": "lvos",
}
FOLDER = "folder"


@dataclass(frozen=True)
class PvsTask:
    """The sequences of a set, or one video, whose objects are clicked."""

    videos: VideoSet | Clip
    rules: PvsRules
    max_frames: int | None
    asks_by: frozenset[PromptKind] = frozenset({"points"})

    @property
    def names(self) -> tuple[str, ...]:
        return self.videos.names

    @property
    def split(self) -> str:
        """Which set, and which of it: all of them make PVS."""
        if isinstance(self.videos, Clip):
            return self.videos.name
        return f"{self.videos.benchmark} {self.videos.split}"

    @property
    def protocol(self) -> str:
        return f"pvs-{self.rules.mode}"

    def objects(self, name: str) -> tuple[PvsObject, ...]:
        """The objects of a sequence; InputError says what it lacks."""
        if isinstance(self.videos, Clip):
            return objects_of_clip(self.videos)
        return objects_of_set(self.videos, name, self.max_frames)


def open_pvs(request: VideoRequest) -> PvsTask:
    """What `judge bench run pvs` is asked; InputError before any model is opened."""
    data = Path(request.data)
    rules = PvsRules(request.mode, request.frames, request.clicks, request.keep_ends)
    if request.layout == FOLDER:
        masks = None if request.masks is None else Path(request.masks)
        clip = open_clip(data, masks=masks, keep_ends=request.keep_ends, most=request.max_frames)
        return PvsTask(clip, rules, request.max_frames)
    videos = open_video_set(LAYOUTS[request.layout], data, request.split).limited(request.limit)
    if not videos.has_ground_truth():
        raise InputError(f"{videos.annotations} has first masks only; clicks need all of them.")
    return PvsTask(videos, rules, request.max_frames)


def run_pvs(task: PvsTask, segmenter: VideoSegmenter, run: BenchmarkRun, how: How) -> Found:
    """Clicks every object that has no final score yet; then sets the run's metrics."""
    for done, name in enumerate(task.names):
        if name in run.done:
            continue
        on_frame = reporter(how, task.names, name, done)
        try:
            targets = task.objects(name)
            for target in targets:
                if target.key not in run.done:
                    run.add(
                        prompted_score(
                            segmenter,
                            target,
                            task.rules,
                            windows=how.windows,
                            on_frame=_counting(on_frame),
                        )
                    )
        except JournalError:
            raise
        except Exception as error:  # noqa: BLE001 - a stranger's model or file may raise anything
            run.add(sequence_error(name, cause_of(name, error), 0))
            continue
        # The sequence itself, so that an earlier error of it is answered and it counts as done.
        run.add(
            Score(
                sample=name,
                cluster=name,
                slices={"unit": "sequence"},
                measures={"objects": len(targets)},
            )
        )
    scores = run.folder.scores()
    metrics = tuple(_metrics(scores, task.rules))
    run.set_metrics(metrics)
    return Found(scores, metrics, None, ())


def _counting(report: Callable[[int | None], None]) -> Callable[[], None]:
    # How many frames several passes will be is not known beforehand.
    return lambda: report(None)


def _metrics(scores: Sequence[Score], rules: PvsRules) -> Iterator[Metric]:
    """J&F and its parts over objects: after each number of prompted frames, and their mean."""
    found = [s for s in scores if s.status is ScoreStatus.SCORED and s.values]
    if not found:
        return
    note = (
        f"{rules.mode}, {rules.clicks} clicks a frame; the mean over 1 to {rules.frames} prompted"
        " frames, then over objects"
    )
    for name in ("J&F", "J", "F", *(f"J&F@{k}" for k in range(1, rules.frames + 1))):
        clusters: dict[str, list[float]] = {}
        for score in found:
            clusters.setdefault(score.cluster, []).append(score.values[name])
        values = [value for each in clusters.values() for value in each]
        yield Metric(
            name=name,
            value=sum(values) / len(values),
            n=len(values),
            interval=clustered_ratio_interval(
                [sum(each) for each in clusters.values()],
                [len(each) for each in clusters.values()],
            ),
            note=f"{name.partition('@')[2]} prompted frames" if "@" in name else note,
        )
