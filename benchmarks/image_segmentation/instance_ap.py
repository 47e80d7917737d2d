"""Average precision of instance masks on COCO and LVIS, by faster-coco-eval.

COCO (arXiv 1405.0312, and cocoapi's `COCOeval`): AP over IoU .50 to .95, AP50, AP75, and by the
object's area; at most 100 masks an image and category count. LVIS (arXiv 1908.03195, and
lvis-api's `LVISEval`): at most 300 an image over all categories; a mask of a category that the
image is not known to have or to lack is left out, and one where the category is not marked
throughout is no error unless matched; APr, APc and APf are over rare, common and frequent
categories.

Zero-shot instance segmentation prompts a model with a detector's boxes and keeps the detector's
scores (SAM, arXiv 2304.02643, section 7.4; EfficientSAM, arXiv 2312.00863, table 5). The area of a
prediction is that of its mask, never of a box that stands beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import metadata
from importlib.util import find_spec
from typing import Any, Literal, NamedTuple

import numpy as np

from benchmarks.image_segmentation.coco import CocoSet, Instance, polygons_as_runs
from benchmarks.image_segmentation.rle import BadRleError, checked
from results.errors import InputError, MissingExtra

InstanceRules = Literal["coco", "lvis"]

LVIS_DETECTIONS = 300
COCO_DETECTIONS = (1, 10, 100)
_AREAS = {"AP_S": 1, "AP_M": 2, "AP_L": 3}
_FREQUENCIES = {"APr": "r", "APc": "c", "APf": "f"}


class InstanceScores(NamedTuple):
    """`values` are 0..1 by name; None where there is no object to find, as APr without rare ones.

    AP, AP50, AP75, AP_S, AP_M, AP_L; for LVIS APr, APc, APf, too. `n_objects` counts those to be
    found (crowds are not), `n_predictions` those given.
    """

    values: dict[str, float | None]
    n_images: int
    n_objects: int
    n_predictions: int
    scorer: str


def instance_ap(
    annotations: CocoSet, predictions: Sequence[Instance], rules: InstanceRules
) -> InstanceScores:
    """Average precision of the predictions; raises InputError for an annotated mask that is none.

    Needs the extra `segmentation`.
    """
    check_library()
    from faster_coco_eval import COCO, COCOeval_faster

    is_lvis = rules == "lvis"
    counted = _of_federated(annotations, predictions) if is_lvis else predictions
    truth = COCO(_as_document(annotations))
    found = truth.loadRes([instance.as_json() for instance in counted])
    evaluation = COCOeval_faster(
        truth, found, "segm", print_function=_say_nothing, lvis_style=is_lvis, extra_calc=False
    )
    evaluation.params.maxDets = [LVIS_DETECTIONS] if is_lvis else list(COCO_DETECTIONS)
    evaluation.evaluate()
    evaluation.accumulate()
    # (IoU thresholds, recalls, categories, areas, most detections); -1 where there is no object.
    precision = np.asarray(evaluation.eval["precision"])[..., -1]
    return InstanceScores(
        _values(precision, annotations, is_lvis),
        len(annotations.images),
        sum(not found.is_crowd for found in annotations.objects),
        len(predictions),
        scorer_of(rules),
    )


def check_library() -> None:
    """Raises MissingExtra where the library that computes AP is not installed."""
    if find_spec("faster_coco_eval") is None:
        raise MissingExtra("Average precision of masks", "segmentation")


def scorer_of(rules: InstanceRules) -> str:
    """Whose rules score and what computes them, such as `coco by faster-coco-eval 1.8.0`."""
    return f"{rules} by faster-coco-eval {metadata.version('faster-coco-eval')}"


def _values(precision: Any, annotations: CocoSet, is_lvis: bool) -> dict[str, float | None]:
    everything = precision[:, :, :, 0]
    values = {
        "AP": _mean(everything),
        "AP50": _mean(everything[0]),
        "AP75": _mean(everything[5]),
        **{name: _mean(precision[:, :, :, area]) for name, area in _AREAS.items()},
    }
    if is_lvis:
        categories = [annotations.categories[key] for key in sorted(annotations.categories)]
        for name, frequency in _FREQUENCIES.items():
            of_group = [i for i, found in enumerate(categories) if found.frequency == frequency]
            values[name] = _mean(everything[:, :, of_group])
    return values


def _mean(precision: Any) -> float | None:
    defined = precision[precision > -1]
    return float(defined.mean()) if defined.size else None


def _of_federated(annotations: CocoSet, predictions: Sequence[Instance]) -> list[Instance]:
    """What LVIS counts: 300 of each image, of equal scores the earlier, then of those what is of
    a category that the image is known to have or to lack.

    The library leaves the others out, too, but fails where that leaves an image without any.
    """
    by_image: dict[int, list[Instance]] = {}
    for instance in predictions:
        by_image.setdefault(instance.image_id, []).append(instance)
    kept: list[Instance] = []
    for image_id, of_image in by_image.items():
        known = set(annotations.images[image_id].absent)
        known |= {found.category_id for found in annotations.by_image.get(image_id, ())}
        best = sorted(of_image, key=lambda found: -found.score)[:LVIS_DETECTIONS]
        kept += [instance for instance in best if instance.category_id in known]
    return kept


def _as_document(annotations: CocoSet) -> dict[str, Any]:
    """A document of the library's own to write into; every mask in it is sound."""
    images = [
        {
            "id": image.id,
            "height": image.height,
            "width": image.width,
            "neg_category_ids": list(image.absent),
            "not_exhaustive_category_ids": list(image.not_exhaustive),
        }
        for image in annotations.images.values()
    ]
    categories = [
        {"id": found.id, "name": found.name, "frequency": found.frequency}
        for found in annotations.categories.values()
    ]
    objects = [
        {
            # Counted anew from 1: evaluators read the id 0 as no match.
            "id": index + 1,
            "image_id": found.image_id,
            "category_id": found.category_id,
            "segmentation": _sound(annotations, index),
            "area": found.area,
            "iscrowd": int(found.is_crowd),
        }
        for index, found in enumerate(annotations.objects)
    ]
    return {"images": images, "categories": categories, "annotations": objects}


def _sound(annotations: CocoSet, index: int) -> dict[str, Any]:
    found = annotations.objects[index]
    image = annotations.images[found.image_id]
    size = (image.height, image.width)
    try:
        if isinstance(found.segmentation, dict):
            return checked(found.segmentation, size)
        return polygons_as_runs(found.segmentation, size)
    except BadRleError as error:
        raise InputError(
            f"{annotations.path}: annotation {found.id} has a segmentation that is no mask:"
            f" {error}."
        ) from error


def _say_nothing(*_: object) -> None:
    """In place of the library's prints."""
