"""Overlap of masks that are there already with the true ones.

The truth is a set of images with masks (`image_sets`), a folder of such, or a bare folder of masks:
`<name>.png` label maps, or `<name>/<object>.png`. Predictions lie in the same form, in
`<pred>/<set>/masks/`, `<pred>/<set>/`, `<pred>/masks/` or `<pred>` itself. Objects pair by id; two
maps with one object each pair whatever its number is, since some write 1 and some 255.

In a label map an object that is not there was predicted empty. A missing file is a fault.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.image_segmentation.clicks import Mask
from benchmarks.image_segmentation.image_sets import MASKS, mask_source, open_image_sets
from benchmarks.image_segmentation.masks import iou, size_class
from benchmarks.image_segmentation.mean_iou import DATASET, VALUE
from benchmarks.image_segmentation.sources import LabelMapFile, MaskFiles, MaskSource
from results.errors import InputError
from results.records import Score


class _Truth(NamedTuple):
    dataset: str
    name: str
    masks: MaskSource


class GivenScores(NamedTuple):
    scores: tuple[Score, ...]
    left_out: tuple[str, ...]
    """Sentences about what has no prediction, or no object in the truth."""


def score_given_masks(truth: Path, predictions: Path, *, lenient: bool = False) -> GivenScores:
    """A score for each true object, with the value `iou`, clustered by image.

    Raises InputError for a missing or broken file, the first of them; with `lenient` what is
    missing is left out and said.
    """
    for folder in (truth, predictions):
        if not folder.is_dir():
            raise InputError(f"There is no folder {folder}.")
    scores: list[Score] = []
    left_out: list[str] = []
    for found in _truths(truth):
        key = f"{found.dataset}/{found.name}" if found.dataset else found.name
        source = _prediction(predictions, found)
        if source is None:
            _leave_out(left_out, f"{key} has no prediction in {predictions}", lenient)
        else:
            scores += _scored(key, found, source, left_out, lenient)
    if not scores:
        raise InputError(f"{truth} holds no object to score.")
    return GivenScores(tuple(scores), tuple(left_out))


def _scored(
    key: str, truth: _Truth, source: MaskSource, left_out: list[str], lenient: bool
) -> Iterator[Score]:
    objects, predicted = dict(truth.masks.objects()), dict(source.objects())
    both_maps = isinstance(source, LabelMapFile) and isinstance(truth.masks, LabelMapFile)
    if both_maps and len(objects) == len(predicted) == 1:
        predicted = dict(zip(objects, predicted.values(), strict=True))
    for name, mask in objects.items():
        prediction = predicted.pop(name, None)
        if prediction is None:
            if not _says_empty(source, name):
                _leave_out(left_out, f"{key}, object {name} has no prediction", lenient)
                continue
            prediction = np.zeros_like(mask)
        yield _score(key, truth, name, mask, prediction)
    if predicted:
        left_out.append(f"{key}: the truth has no object {', '.join(sorted(predicted))}.")


def _score(key: str, truth: _Truth, name: str, mask: Mask, prediction: Mask) -> Score:
    if mask.shape != prediction.shape:
        sizes = " and ".join(f"{shape[1]} x {shape[0]}" for shape in (mask.shape, prediction.shape))
        raise InputError(f"{key}, object {name}: truth and prediction are {sizes} pixels.")
    slices = {"size": size_class(int(np.count_nonzero(mask)))}
    if truth.dataset:
        slices[DATASET] = truth.dataset
    return Score(
        sample=f"{key}#{name}", cluster=key, values={VALUE: iou(mask, prediction)}, slices=slices
    )


def _says_empty(source: MaskSource, name: str) -> bool:
    """Whether the prediction of an object without pixels is there."""
    if isinstance(source, MaskFiles):
        return name in source.names
    return isinstance(source, LabelMapFile)


def _truths(folder: Path) -> list[_Truth]:
    try:
        sets = open_image_sets(folder)
    except InputError:
        bare = folder / MASKS if (folder / MASKS).is_dir() else folder
        names = {path.stem if path.is_file() else path.name for path in bare.iterdir()}
        sources = [(name, mask_source(bare, name)) for name in sorted(names)]
        found = [_Truth("", name, source) for name, source in sources if source is not None]
        if not found:
            raise
        return found
    return [_Truth(image.dataset, image.name, image.masks) for image in sets.images]


def _prediction(folder: Path, truth: _Truth) -> MaskSource | None:
    for place in (folder / truth.dataset / MASKS, folder / truth.dataset, folder / MASKS, folder):
        source = mask_source(place, truth.name) if place.is_dir() else None
        if source is not None:
            return source
    return None


def _leave_out(left_out: list[str], what: str, lenient: bool) -> None:
    if not lenient:
        raise InputError(f"{what}; add it, or leave out what is missing with --lenient.")
    left_out.append(f"{what}.")
