"""A model through sets of images with masks: each object by clicks and by its box.

There is a Score for each object, and one for its image once all of its objects are done, which has
no values: it keeps the encoder's time and how many objects there are, and is what a resumed run
passes over. An image that cannot be read is an image in error, and the run goes on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.image_segmentation.clicks import salient_region
from benchmarks.image_segmentation.image_sets import MASKS, MaskedImage
from benchmarks.image_segmentation.masks import size_class
from benchmarks.image_segmentation.mean_iou import DATASET, mean_iou_metrics
from results.errors import InputError, JournalError
from results.records import Metric, Score, ScoreStatus
from runners.image_segmentation.pictures import ahead, read_picture, read_saliency
from runners.image_segmentation.prompting import Answers, Prompting, ask_for_object, cause_of
from runners.image_segmentation.timing import (
    DECODER,
    ENCODER,
    WARM_UP,
    Clock,
    latency_metrics,
)
from runners.models.segmentation.interface import ImageSegmenter, Prepared

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from benchmarks.image_segmentation.clicks import Mask

OBJECTS = "objects"


class _Ready(NamedTuple):
    prepared: Prepared
    shape: tuple[int, int]
    saliency: NDArray[np.uint8] | None


@dataclass
class InteractiveRun:
    """What is asked: `images` in order, and of each of their objects what `prompting` says.

    saliency: `<saliency>/<set>/<name>.png`, or `<saliency>/<name>.png`, for salient first clicks.
    save: a folder for the predicted masks, `<save>/<iou@n>/<set>/masks/<name>/<object>.png`.
    """

    segmenter: ImageSegmenter
    images: Sequence[MaskedImage]
    prompting: Prompting
    saliency: Path | None = None
    save: Path | None = None

    def __post_init__(self) -> None:
        self._clock = Clock(self.segmenter.device)
        self._n_shown = 0

    def scores(self, done: Mapping[str, Score]) -> Iterator[tuple[MaskedImage, Score]]:
        """The scores that `done` lacks, as they come; the image's own comes last of its scores."""
        pending = [image for image in self.images if image.key not in done]
        for image, loading in ahead(pending, self._load):
            try:
                ready = loading.result()
                yield from ((image, score) for score in self._of_image(image, ready, done))
            except JournalError:
                raise
            except Exception as error:  # noqa: BLE001 - a stranger's model or file raises anything
                yield image, _failed(image, image.key, error)

    def _load(self, image: MaskedImage) -> _Ready:
        picture = read_picture(image.image)
        saliency = None
        if self.saliency is not None:
            apart = self.saliency / image.dataset
            saliency = read_saliency(apart if apart.is_dir() else self.saliency, image.name)
            if saliency.shape != picture.shape[:2]:
                raise InputError(
                    f"The saliency map of {image.key} is {_size(saliency.shape)}, its image"
                    f" {_size(picture.shape)}."
                )
        height, width = picture.shape[:2]
        return _Ready(self.segmenter.prepare(picture), (height, width), saliency)

    def _of_image(
        self, image: MaskedImage, ready: _Ready, done: Mapping[str, Score]
    ) -> Iterator[Score]:
        is_set, n_objects, failed, encoder_ms = False, 0, False, 0.0
        for name, truth in image.masks.objects():
            n_objects += 1
            sample = f"{image.key}#{name}"
            if sample in done:
                continue
            if truth.shape != ready.shape:
                raise InputError(
                    f"Object {name} of {image.key} has a mask of {_size(truth.shape)}, its image is"
                    f" {_size(ready.shape)}."
                )
            if not is_set:
                encoder_ms = self._show(ready, truth)
                is_set = True
            try:
                yield self._of_object(image, name, truth, ready.saliency)
            except JournalError:
                raise
            except Exception as error:  # noqa: BLE001 - a stranger's model may raise anything
                failed = True
                yield _failed(image, sample, error, truth)
        if not failed:
            measures = {OBJECTS: float(n_objects)}
            if is_set and self._is_warm:
                measures[ENCODER] = encoder_ms
            yield Score(
                sample=image.key,
                cluster=image.key,
                slices={DATASET: image.dataset},
                measures=measures,
            )

    def _show(self, ready: _Ready, truth: Mask) -> float:
        """Encodes the image; the milliseconds of it. The first ones are asked of once for nothing,
        since they make a model allocate and compile."""
        self._n_shown += 1
        self._clock.taken()
        with self._clock.running():
            self.segmenter.set_image(ready.prepared)
        (encoder_ms,) = self._clock.taken()
        if not self._is_warm:
            warm_up = Prompting(clicks=(), box=True)
            if self.prompting.clicks:
                warm_up = Prompting(clicks=(min(2, max(self.prompting.clicks)),), box=False)
            ask_for_object(self.segmenter, truth, "", warm_up, self._clock)
            self._clock.taken()
        return encoder_ms

    @property
    def _is_warm(self) -> bool:
        return self._n_shown > WARM_UP

    def _of_object(
        self,
        image: MaskedImage,
        name: str,
        truth: Mask,
        saliency: NDArray[np.uint8] | None,
    ) -> Score:
        sample = f"{image.key}#{name}"
        began = time.perf_counter()
        # An object before may have failed halfway.
        self._clock.taken()
        answers = ask_for_object(
            self.segmenter, truth, sample, self.prompting, self._clock, saliency
        )
        spans = self._clock.taken()
        if self.save is not None:
            _write_masks(self.save, image, name, answers)
        measures = {"prompts": float(len(spans)), "area": float(truth.sum())}
        if self._is_warm:
            measures[DECODER] = sum(spans) / len(spans)
        return Score(
            sample=sample,
            cluster=image.key,
            values=answers.values,
            slices=_slices(image, truth, saliency if self.saliency is not None else None),
            prediction=answers.prompts,
            measures=measures,
            seconds=time.perf_counter() - began,
        )


def interactive_metrics(scores: Sequence[Score]) -> tuple[Metric, ...]:
    """mIoU by clicks and box, over all and by slice, and the times of encoder and decoder."""
    return (*mean_iou_metrics(scores), *latency_metrics(scores))


def run_interactive(
    run: InteractiveRun,
    done: Mapping[str, Score],
    add: Callable[[Score], None],
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Score, ...]:
    """Gives `add` each score as it comes; all scores, those in `done` included.

    `progress` is told how many images are done, and of how many.
    """
    scores = dict(done)
    n_done = sum(image.key in done for image in run.images)
    for image, score in run.scores(done):
        add(score)
        scores[score.sample] = score
        if score.sample == image.key:
            n_done += 1
            if progress is not None:
                progress(n_done, len(run.images))
    return tuple(scores.values())


def _slices(image: MaskedImage, truth: Mask, saliency: NDArray[Any] | None) -> dict[str, str]:
    slices = {DATASET: image.dataset, "size": size_class(int(truth.sum()))}
    if saliency is not None:
        is_salient = bool((truth & salient_region(saliency, truth.shape)).any())
        slices["salient"] = "yes" if is_salient else "no"
    return slices


def _failed(image: MaskedImage, sample: str, error: Exception, truth: Mask | None = None) -> Score:
    slices = {DATASET: image.dataset} if truth is None else _slices(image, truth, None)
    return Score(
        sample=sample,
        cluster=image.key,
        status=ScoreStatus.ERROR,
        slices=slices,
        reason=cause_of(error),
    )


def _write_masks(folder: Path, image: MaskedImage, name: str, answers: Answers) -> None:
    from PIL import Image

    for value, mask in answers.masks.items():
        place = folder / value / image.dataset / MASKS / image.name
        try:
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(mask).save(place / f"{name}.png")
        except OSError as error:
            raise JournalError(
                f"The masks of {image.key} cannot be written: {error.strerror or error}; free some"
                " disk space, then resume the run."
            ) from None


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]} x {shape[0]}"
