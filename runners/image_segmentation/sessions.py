"""Runs of image segmentation from what is asked to what is journalled, begun or resumed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

from benchmarks.image_segmentation.coco import read_annotations, read_detections
from benchmarks.image_segmentation.image_sets import (
    ImageSets,
    MaskedImage,
    coco_image_set,
    open_image_sets,
)
from benchmarks.image_segmentation.instance_ap import check_library, instance_ap, scorer_of
from results.errors import InputError
from results.records import Metric, RunRecord, Score
from results.run_folder import RunFolder, new_run_id
from runners.benchmark_runs import BenchmarkRun, benchmark_run
from runners.image_segmentation.asked import (
    DESCRIBED,
    InstancesAsked,
    InteractiveAsked,
    ModelAsked,
)
from runners.image_segmentation.instances import (
    LINES,
    InstanceRun,
    instance_metrics,
    read_lines,
    run_instances,
    write_predictions,
)
from runners.image_segmentation.interactive import (
    InteractiveRun,
    interactive_metrics,
    run_interactive,
)
from runners.measures import size_metrics
from runners.models.segmentation.interface import ImageSegmenter, PromptKind
from runners.recording import description_of, host, installed_versions, variant_of

Progress = Callable[[int, int], None]
Found: TypeAlias = tuple[tuple[Score, ...], tuple[Metric, ...]]
SAVED_MASKS = "masks"
# What reads pictures and makes clicks: another version may give another pixel.
_READERS = ("faster-coco-eval", "numpy", "pillow", "scipy")


@dataclass(frozen=True)
class Begun:
    """A run that can be carried out: `carry_out` journals scores and gives the metrics."""

    record: RunRecord
    notes: tuple[str, ...]
    samples: tuple[str, ...]
    """Of the images: what is left when their scores are there, and each object's besides."""
    carry_out: Callable[[BenchmarkRun, Progress | None], Found]
    resumes: RunFolder | None = None


@dataclass(frozen=True)
class Finished:
    record: RunRecord
    folder: Path
    scores: tuple[Score, ...]
    metrics: tuple[Metric, ...]


def begin_interactive(asked: InteractiveAsked, resumes: RunFolder | None = None) -> Begun:
    """Opens data and model; InputError, in a sentence, where either cannot be used."""
    sets, data_hash = _opened(asked)
    images = _limited(sets.images, asked.limit)
    saliency = None if asked.saliency is None else Path(asked.saliency)
    if asked.first_click == "salient" and saliency is None:
        raise InputError("Salient first clicks need the folder of saliency maps: give --saliency.")
    if saliency is not None and not saliency.is_dir():
        raise InputError(f"There is no folder {saliency}.")
    segmenter = asked.open_model()
    _check_accepts(segmenter, "points", bool(asked.clicks), "--prompt box")
    _check_accepts(segmenter, "box", asked.box, "--prompt clicks")

    def carry_out(run: BenchmarkRun, progress: Progress | None) -> Found:
        interactive = InteractiveRun(
            segmenter,
            images,
            asked.prompting,
            saliency,
            run.files / SAVED_MASKS if asked.save_masks else None,
        )
        scores = run_interactive(interactive, run.done, run.add, progress)
        return scores, (*interactive_metrics(scores), *size_metrics(segmenter.describe()))

    record = _record(asked, segmenter, asked.split, asked.scorer, data_hash, resumes)
    return Begun(record, sets.notes, tuple(image.key for image in images), carry_out, resumes)


def begin_instances(asked: InstancesAsked, resumes: RunFolder | None = None) -> Begun:
    """Opens annotations, boxes and model; InputError where one of them cannot be used."""
    check_library()
    whole = read_annotations(Path(asked.annotations), needs_frequency=asked.rules == "lvis")
    boxes = Path(asked.boxes)
    detections = read_detections(boxes, whole)
    annotations = whole.first(asked.limit)
    folder = Path(asked.images)
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}.")
    segmenter = asked.open_model()
    _check_accepts(segmenter, "box", True, "another model")
    _check_accepts(segmenter, "previous", asked.refine, "no --refine")

    def carry_out(run: BenchmarkRun, progress: Progress | None) -> Found:
        images = list(annotations.images.values())
        lines = run.files / LINES
        instances = InstanceRun(
            segmenter, images, folder, detections, asked.choose, asked.refine, lines
        )
        scores = run_instances(instances, run.done, run.add, progress)
        found = read_lines(lines, annotations)
        write_predictions(found, run.files)
        metrics = instance_metrics(instance_ap(annotations, found, asked.rules), scores)
        return scores, (*metrics, *size_metrics(segmenter.describe()))

    n_boxes = sum(len(detections.get(image_id, ())) for image_id in annotations.images)
    notes = (f"{n_boxes} boxes in {len(annotations.images)} images.",)
    hashes = {"annotations": _file_hash(whole.path), "boxes": _file_hash(boxes)}
    record = _record(asked, segmenter, asked.split, scorer_of(asked.rules), hashes, resumes)
    return Begun(record, notes, tuple(map(str, annotations.images)), carry_out, resumes)


def carry_out(begun: Begun, runs_dir: Path, store: Path, progress: Progress | None) -> Finished:
    """Runs to the end, or as far as it comes: each score is journalled as it comes."""
    with benchmark_run(
        begun.record,
        runs_dir=runs_dir,
        store=store,
        resume=begun.resumes,
        samples=begun.samples,
    ) as run:
        scores, metrics = begun.carry_out(run, progress)
        run.set_metrics(metrics)
        return Finished(begun.record, run.folder.path, scores, metrics)


def _opened(asked: InteractiveAsked) -> tuple[ImageSets, Mapping[str, str]]:
    if asked.benchmark == "sa23":
        if asked.data is None:
            raise InputError("Give --data, a folder of images and masks.")
        sets = open_image_sets(Path(asked.data))
        return sets, {"data": _names_hash(image.key for image in sets.images)}
    if asked.annotations is None or asked.images is None:
        raise InputError("Give --annotations and --images.")
    annotations = read_annotations(Path(asked.annotations))
    sets = coco_image_set(asked.benchmark, annotations, Path(asked.images))
    return sets, {"annotations": _file_hash(annotations.path)}


def _check_accepts(
    segmenter: ImageSegmenter, kind: PromptKind, is_asked: bool, instead: str
) -> None:
    """Better known before a run is made than as the error of each of its objects."""
    if is_asked and kind not in segmenter.accepts:
        what = {"points": "clicks", "box": "boxes"}.get(kind, "its previous answer")
        raise InputError(f"{segmenter.name} does not take {what}; ask it with {instead}.")


def _limited(images: Iterable[MaskedImage], limit: int | None) -> list[MaskedImage]:
    """The first `limit` images of each set."""
    taken: dict[str, int] = {}
    kept = []
    for image in images:
        taken[image.dataset] = taken.get(image.dataset, 0) + 1
        if limit is None or taken[image.dataset] <= limit:
            kept.append(image)
    return kept


def _record(
    asked: ModelAsked,
    segmenter: ImageSegmenter,
    split: str,
    scorer: str,
    data_hashes: Mapping[str, str],
    resumes: RunFolder | None,
) -> RunRecord:
    model = description_of(segmenter.describe())
    config: dict[str, Any] = {
        **asked.model_dump(mode="json"),
        DESCRIBED: {
            "device": segmenter.device,
            "precision": segmenter.precision,
            # Whether the previous answer went in with the next click can be told by it.
            "accepts": sorted(segmenter.accepts),
            **model.settings,
        },
    }
    return RunRecord(
        run_id=new_run_id() if resumes is None else resumes.run_id,
        kind="benchmark",
        model=asked.model,
        benchmark=config["benchmark"],
        split=split,
        variant=asked.variant or variant_of(segmenter.variant, segmenter.precision),
        scorer=scorer,
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        config=config,
        versions={**installed_versions(_READERS), **model.versions},
        hashes={**model.hashes, **data_hashes},
        host=host(),
    )


def _names_hash(names: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for name in names:
        digest.update(name.encode("utf-8", "surrogateescape") + b"\0")
    return digest.hexdigest()


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
