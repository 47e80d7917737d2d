"""`judge bench score coco-instances|lvis-instances|image-masks`: masks that are there already."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from judge.cli.benches.running import PATH
from judge.cli.calling import Call, judge_command

_ANNOTATIONS = click.option("--annotations", required=True, type=PATH, help="The annotation file.")
_PREDICTIONS = click.option(
    "--predictions",
    required=True,
    type=PATH,
    help="[{image_id, category_id, segmentation (run lengths), score}].",
)


@judge_command(
    "coco-instances",
    example="judge bench score coco-instances --annotations instances_val2017.json "
    "--predictions predictions.json",
    help="COCO's AP of predicted masks: AP, AP50, AP75, AP_S, AP_M, AP_L.",
)
@_ANNOTATIONS
@_PREDICTIONS
def score_coco_instances(call: Call, *, annotations: Path, predictions: Path) -> None:
    _score_instances(call, "coco", annotations, predictions)


@judge_command(
    "lvis-instances",
    example="judge bench score lvis-instances --annotations lvis_v1_val.json "
    "--predictions predictions.json",
    help="LVIS's AP of predicted masks, with APr, APc and APf.",
)
@_ANNOTATIONS
@_PREDICTIONS
def score_lvis_instances(call: Call, *, annotations: Path, predictions: Path) -> None:
    _score_instances(call, "lvis", annotations, predictions)


@judge_command(
    "image-masks",
    example="judge bench score image-masks --gt sets/ --pred predicted/",
    help="mIoU of masks that are there: <name>.png label maps or <name>/<object>.png, by set where"
    " --gt holds several.",
)
@click.option("--gt", required=True, type=PATH, help="Sets of images with masks, or masks alone.")
@click.option("--pred", required=True, type=PATH, help="Masks in the same form.")
@click.option("--lenient", is_flag=True, help="Leave out what has no prediction, and say so.")
def score_image_masks(call: Call, *, gt: Path, pred: Path, lenient: bool) -> None:
    from benchmarks.image_segmentation.given_masks import score_given_masks
    from benchmarks.image_segmentation.mean_iou import mean_iou_metrics
    from judge.reporting.benchmarks import metrics_table

    found = score_given_masks(gt, pred, lenient=lenient)
    metrics = mean_iou_metrics(found.scores)
    for sentence in found.left_out:
        call.note(sentence)
    document = {
        "mIoU": metrics[0].value,
        "n": metrics[0].n,
        "metrics": [metric.model_dump(mode="json") for metric in metrics],
        "masks": {score.sample: score.values["iou"] for score in found.scores},
        "left_out": list(found.left_out),
    }
    call.answer(document, metrics_table(metrics, f"overlap of {len(found.scores)} masks"))


def _score_instances(
    call: Call, rules: Literal["coco", "lvis"], annotations: Path, predictions: Path
) -> None:
    from benchmarks.image_segmentation.coco import read_annotations, read_instances
    from benchmarks.image_segmentation.instance_ap import instance_ap
    from judge.reporting.tables import text_table

    truth = read_annotations(annotations, needs_frequency=rules == "lvis")
    found = instance_ap(truth, read_instances(predictions, truth), rules)
    document = {
        **found.values,
        "n_images": found.n_images,
        "n_objects": found.n_objects,
        "n_predictions": found.n_predictions,
        "scorer": found.scorer,
    }
    title = (
        f"{found.scorer}: {found.n_predictions} masks for {found.n_objects} objects in"
        f" {found.n_images} images; percent"
    )
    rows = [tuple(map(_percent, found.values.values()))]
    call.answer(document, text_table(rows, tuple(found.values), title))


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}"
