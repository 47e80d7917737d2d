"""From a request to a run: the task is opened, then the model; then the run is made and runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.vos.scoring import SCORER_VERSION
from results.errors import InputError
from results.records import RunRecord
from results.run_folder import RunFolder, new_run_id
from runners.benchmark_runs import benchmark_run
from runners.recording import description_of, host, installed_versions, variant_of
from runners.video_segmentation.prompted_sets import PvsTask, open_pvs, run_pvs
from runners.video_segmentation.requests import (
    ASKED,
    PVS,
    VideoRequest,
    hash_of_names,
    open_task,
)
from runners.video_segmentation.running import Found, How, run_task

if TYPE_CHECKING:
    from runners.models.segmentation.interface import VideoSegmenter
    from runners.video_segmentation.video_sets import VideoTask

# What reads pictures and writes masks: another version may give another pixel.
_READERS = ("av", "numpy", "pillow", "scipy")


@dataclass(frozen=True)
class Executed:
    """A run that came to its end, with or without errors."""

    folder: RunFolder
    files: Path
    found: Found


def execute(
    request: VideoRequest, *, runs_dir: Path, store: Path, how: How, resume: RunFolder | None = None
) -> Executed:
    """Runs what is asked; InputError before any model is opened where the data are not right.

    resume: the run to go on with; InputError where the data or the model are others by now.
    """
    task = open_pvs(request) if request.benchmark == PVS else open_task(request)
    segmenter = request.open_segmenter()
    if lacking := sorted(task.asks_by - segmenter.accepts):
        raise InputError(
            f"{request.model} takes no {' and no '.join(lacking)}, which {request.benchmark} gives."
        )
    record = record_of(request, task, segmenter)
    if resume is not None:
        record = record.model_copy(update={"run_id": resume.run_id})
    with benchmark_run(
        record, runs_dir=runs_dir, store=store, resume=resume, samples=task.names
    ) as run:
        how.on_begin(run.run_id)
        if isinstance(task, PvsTask):
            found = run_pvs(task, segmenter, run, how)
        else:
            found = run_task(task, segmenter, run, replace(how, warm_up=request.warm_up))
    return Executed(run.folder, run.files, found)


def record_of(
    request: VideoRequest, task: VideoTask | PvsTask, segmenter: VideoSegmenter
) -> RunRecord:
    """What run.json says: what was asked, what the model says of itself, versions and hashes."""
    model = description_of(segmenter.describe())
    return RunRecord(
        run_id=new_run_id(),
        kind="benchmark",
        model=request.model,
        benchmark=request.benchmark,
        split=task.split or None,
        variant=request.variant or variant_of(segmenter.variant, segmenter.precision),
        scorer=task.protocol,
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        config={
            ASKED: request.model_dump(mode="json"),
            "model": model.settings,
            "device": segmenter.device,
            "precision": segmenter.precision,
        },
        versions={**installed_versions(_READERS), **model.versions, "scorer": SCORER_VERSION},
        hashes={"sequences": hash_of_names(task.names), **model.hashes},
        host=host(),
    )
