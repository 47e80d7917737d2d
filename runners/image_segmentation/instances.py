"""A detector's boxes turned into masks by a model that is prompted with them.

Each box is a prompt and keeps its score (SAM, arXiv 2304.02643, section 7.4). Which mask is taken:

- `box-overlap`: of several, the one of the largest IoU with the box (EfficientSAM, arXiv
  2312.00863, for its table 5);
- `confident`: of several, the one that the model trusts most;
- `single`: the model's one mask for a prompt that is not ambiguous, SAM 2's `multimask_output` off.

`refine` shows the taken mask's logits to the model once more, with the box, as SAM does.

There is a Score for each image; its masks are a line of `instances.jsonl` in the run's files, which
is written before the Score is.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from benchmarks.image_segmentation.coco import CocoImage, CocoSet, Detection, Instance
from benchmarks.image_segmentation.instance_ap import InstanceScores
from benchmarks.image_segmentation.rle import BadRleError, checked_each, encoded
from results.errors import InputError, JournalError
from results.records import Metric, Score, ScoreStatus
from runners.image_segmentation.pictures import ahead, read_picture
from runners.image_segmentation.prompting import cause_of, predicted
from runners.image_segmentation.timing import DECODER, ENCODER, WARM_UP, Clock, latency_metrics
from runners.models.segmentation.interface import ImageSegmenter, Prepared, Prompt

if TYPE_CHECKING:
    from benchmarks.image_segmentation.masks import Box

BoxRule = Literal["box-overlap", "confident", "single"]
BOX_RULES: tuple[BoxRule, ...] = get_args(BoxRule)
LINES = "instances.jsonl"
PREDICTIONS = "predictions.json"
DETECTIONS = "detections"


class _Ready(NamedTuple):
    prepared: Prepared | None
    shape: tuple[int, int]


@dataclass
class InstanceRun:
    """What is asked: a mask for each of the `detections`, of `images` in `folder`."""

    segmenter: ImageSegmenter
    images: Sequence[CocoImage]
    folder: Path
    detections: Mapping[int, Sequence[Detection]]
    rule: BoxRule
    refine: bool
    lines: Path

    def __post_init__(self) -> None:
        self._clock = Clock(self.segmenter.device)
        self._n_shown = 0

    def scores(self, done: Mapping[str, Score]) -> Iterator[Score]:
        """The scores of images that `done` lacks, as they come."""
        pending = [image for image in self.images if str(image.id) not in done]
        for image, loading in ahead(pending, self._load):
            try:
                score = self._of_image(image, loading.result())
            except JournalError:
                raise
            except Exception as error:  # noqa: BLE001 - a stranger's model or file raises anything
                score = Score(
                    sample=str(image.id), status=ScoreStatus.ERROR, reason=cause_of(error)
                )
            yield score

    def _load(self, image: CocoImage) -> _Ready:
        size = (image.height, image.width)
        if not self.detections.get(image.id):
            return _Ready(None, size)
        path = image.find(self.folder)
        picture = read_picture(path)
        if picture.shape[:2] != size:
            raise InputError(
                f"{path} is {picture.shape[1]} x {picture.shape[0]}, and image {image.id} was"
                f" annotated at {image.width} x {image.height}."
            )
        return _Ready(self.segmenter.prepare(picture), size)

    def _of_image(self, image: CocoImage, ready: _Ready) -> Score:
        began = time.perf_counter()
        detections = self.detections.get(image.id, ())
        measures = {DETECTIONS: float(len(detections))}
        found = []
        if ready.prepared is not None:
            self._clock.taken()
            with self._clock.running():
                self.segmenter.set_image(ready.prepared)
            (encoder_ms,) = self._clock.taken()
            if self._n_shown < WARM_UP:
                self._mask(detections[0].box, ready.shape)
                self._clock.taken()
            for detection in detections:
                runs = encoded(self._mask(detection.box, ready.shape))
                found.append(
                    Instance(image.id, detection.category_id, runs, detection.score).as_json()
                )
            spans = self._clock.taken()
            if self._n_shown >= WARM_UP:
                measures |= {ENCODER: encoder_ms, DECODER: sum(spans) / len(spans)}
            self._n_shown += 1
        _append(self.lines, {"image_id": image.id, "instances": found})
        return Score(
            sample=str(image.id),
            prediction=LINES,
            measures=measures,
            seconds=time.perf_counter() - began,
        )

    def _mask(self, box: Box, shape: tuple[int, int]) -> Any:
        inside = _clipped(box, shape)
        prompt = Prompt(box=inside)
        found = predicted(self.segmenter, prompt, self.rule != "single", self._clock, shape)
        choice = found.choose("confident" if self.rule != "box-overlap" else self.rule, box=inside)
        if self.refine:
            found = predicted(self.segmenter, prompt, False, self._clock, shape, previous=choice)
            choice = found.choose("confident")
        return found.masks[choice]


def run_instances(
    run: InstanceRun,
    done: Mapping[str, Score],
    add: Callable[[Score], None],
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Score, ...]:
    """Gives `add` each image's score as it comes; all scores, those in `done` included."""
    scores = dict(done)
    n_done = sum(str(image.id) in done for image in run.images)
    for score in run.scores(done):
        add(score)
        scores[score.sample] = score
        n_done += 1
        if progress is not None:
            progress(n_done, len(run.images))
    return tuple(scores.values())


def read_lines(path: Path, annotations: CocoSet) -> tuple[Instance, ...]:
    """The instances of `instances.jsonl`: of two lines of an image the later, and no torn line.

    A line that was cut off when a run was killed belongs to an image that is asked again.
    """
    by_image: dict[int, list[Instance]] = {}
    if not path.exists():
        return ()
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.endswith(b"\n"):
                continue
            try:
                found = json.loads(line)
                image = annotations.images[found["image_id"]]
                entries = found["instances"]
                masks = checked_each(
                    [entry["segmentation"] for entry in entries],
                    [(image.height, image.width)] * len(entries),
                )
                by_image[image.id] = [
                    Instance(image.id, int(entry["category_id"]), mask, float(entry["score"]))
                    for entry, mask in zip(entries, masks, strict=True)
                ]
            except (ValueError, KeyError, TypeError, BadRleError) as error:
                raise InputError(f"{path}, line {number} is damaged: {error}.") from None
    return tuple(instance for image_id in sorted(by_image) for instance in by_image[image_id])


def write_predictions(found: Sequence[Instance], folder: Path) -> None:
    """`predictions.json` in COCO's result form, whole or not at all."""
    beginning = folder / f".{PREDICTIONS}"
    beginning.write_text(json.dumps([instance.as_json() for instance in found]))
    beginning.replace(folder / PREDICTIONS)


def instance_metrics(found: InstanceScores, scores: Sequence[Score]) -> tuple[Metric, ...]:
    """AP and its parts, which have no interval since AP is no mean over images, and the times."""
    failed = sum(score.status is ScoreStatus.ERROR for score in scores)
    note = "no interval: AP is no mean over images"
    if failed:
        note += f"; {failed} images without predictions, in error"
    ap = [
        Metric(name=name, value=value, n=found.n_objects, note=note)
        for name, value in found.values.items()
    ]
    return (*ap, *latency_metrics(scores))


def _clipped(box: Box, shape: tuple[int, int]) -> Box:
    """The box within the image, since detectors' boxes may stand out of it by a little."""
    height, width = shape
    x0, x1 = (min(max(x, 0.0), float(width)) for x in (box[0], box[2]))
    y0, y1 = (min(max(y, 0.0), float(height)) for y in (box[1], box[3]))
    return x0, y0, x1, y1


def _append(path: Path, entry: dict[str, Any]) -> None:
    """A line at the end, on disk when this returns; begun anew after a torn line."""
    data = json.dumps(entry, separators=(",", ":")).encode() + b"\n"
    try:
        with path.open("ab+") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    _drop_torn_line(path)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise JournalError(
            f"{path} cannot be written: {error.strerror}; free some disk space, then resume."
        ) from error


def _drop_torn_line(path: Path) -> None:
    data = path.read_bytes()
    os.truncate(path, data.rfind(b"\n") + 1)
