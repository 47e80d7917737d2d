"""A detector's boxes become masks and then AP."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.image_segmentation.coco import read_annotations, read_detections
from benchmarks.image_segmentation.instance_ap import instance_ap
from results.errors import InputError
from results.records import Score, ScoreStatus
from runners.image_segmentation.instances import (
    BoxRule,
    InstanceRun,
    instance_metrics,
    read_lines,
    run_instances,
)
from runners.models.segmentation.interface import Prompt
from tests.runners.image_segmentation.painted import (
    ColourSegmenter,
    PreviousSegmenter,
    boxes_of,
    write_set,
)

pytest.importorskip("faster_coco_eval", reason="needs the extra `segmentation`")


def prepared(
    folder: Path,
    segmenter: ColourSegmenter,
    rule: BoxRule = "box-overlap",
    *,
    refine: bool = False,
    n: int = 4,
) -> tuple[Any, InstanceRun]:
    root = folder / "set"
    if not root.exists():
        write_set(root, n, form="coco")
        (folder / "boxes.json").write_text(json.dumps(boxes_of(root / "annotations.json")))
    annotations = read_annotations(root / "annotations.json")
    detections = read_detections(folder / "boxes.json", annotations)
    images = list(annotations.images.values())
    return annotations, InstanceRun(
        segmenter, images, root / "images", detections, rule, refine, folder / "lines.jsonl"
    )


@pytest.mark.parametrize("rule", ["box-overlap", "single", "confident"])
def test_true_boxes_of_painted_objects_give_all_there_is(rule: BoxRule, tmp_path: Path) -> None:
    annotations, run = prepared(tmp_path, ColourSegmenter(), rule)
    scores = run_instances(run, {}, lambda score: None)
    assert [score.status for score in scores] == [ScoreStatus.SCORED] * 4
    found = instance_ap(annotations, read_lines(run.lines, annotations), "coco")
    assert found.values["AP"] == 1
    assert found.n_predictions == sum(score.measures["detections"] for score in scores)
    metrics = {metric.name: metric for metric in instance_metrics(found, scores)}
    assert metrics["AP"].value == 1
    assert metrics["encoder_ms"].n == 2


def test_the_rule_chooses_among_several_masks(tmp_path: Path) -> None:
    # Trusted most is the whole picture, which overlaps the box little.
    annotations, run = prepared(tmp_path, ColourSegmenter(trusts=0), "confident")
    run_instances(run, {}, lambda score: None)
    found = instance_ap(annotations, read_lines(run.lines, annotations), "coco")
    assert found.values["AP"] == 0
    run.lines.unlink()
    annotations, run = prepared(tmp_path, ColourSegmenter(trusts=0), "box-overlap")
    run_instances(run, {}, lambda score: None)
    found = instance_ap(annotations, read_lines(run.lines, annotations), "coco")
    assert found.values["AP"] == 1


def test_refining_shows_the_choice_once_more(tmp_path: Path) -> None:
    segmenter = PreviousSegmenter()
    _, run = prepared(tmp_path, segmenter, refine=True, n=1)
    run_instances(run, {}, lambda score: None)
    assert [previous for _, _, previous in segmenter.asked[:4]] == [None, 1, None, 1]
    assert [several for _, several, _ in segmenter.asked[:2]] == [True, False]


def test_a_resumed_run_passes_over_what_is_done_and_drops_a_torn_line(tmp_path: Path) -> None:
    annotations, run = prepared(tmp_path, ColourSegmenter())
    whole = run_instances(run, {}, lambda score: None)
    expected = read_lines(run.lines, annotations)
    lines = run.lines.read_bytes().splitlines(keepends=True)
    # Killed while the third line was being written.
    run.lines.write_bytes(b"".join(lines[:2]) + lines[2][:40])
    done = {score.sample: score for score in whole[:2]}
    segmenter = ColourSegmenter()
    _, run = prepared(tmp_path, segmenter)
    assert len(run_instances(run, done, lambda score: None)) == 4
    assert read_lines(run.lines, annotations) == expected
    assert len(run.lines.read_bytes().splitlines()) == 4


def test_an_image_that_is_missing_or_of_another_size_is_in_error(tmp_path: Path) -> None:
    prepared(tmp_path, ColourSegmenter())
    (tmp_path / "set" / "images" / "p001.png").unlink()
    path = tmp_path / "set" / "annotations.json"
    document = json.loads(path.read_text())
    document["images"][2]["width"] += 1
    document["annotations"] = [a for a in document["annotations"] if a["image_id"] != 2]
    path.write_text(json.dumps(document))
    annotations, run = prepared(tmp_path, ColourSegmenter())
    scores = {score.sample: score for score in run_instances(run, {}, lambda score: None)}
    assert "Image 1 is not in" in scores["1"].reason
    assert "is 96 x 64, and image 2 was annotated at 97 x 64" in scores["2"].reason
    assert scores["3"].status is ScoreStatus.SCORED
    found = instance_ap(annotations, read_lines(run.lines, annotations), "coco")
    notes = {metric.note for metric in instance_metrics(found, tuple(scores.values()))[:6]}
    assert notes == {
        "no interval: AP is no mean over images; 2 images without predictions, in error"
    }


def test_boxes_are_kept_within_the_image(tmp_path: Path) -> None:
    class Boxes(ColourSegmenter):
        def predict(
            self, prompt: Prompt, *, multimask: bool, previous: int | None = None
        ) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
            seen.append(prompt.box)
            return super().predict(prompt, multimask=multimask, previous=previous)

    seen: list[Any] = []
    prepared(tmp_path, ColourSegmenter(), n=1)
    box = {"image_id": 0, "category_id": 1, "bbox": [-3.5, 2, 500, 10], "score": 1}
    (tmp_path / "boxes.json").write_text(json.dumps([box]))
    _, run = prepared(tmp_path, Boxes())
    run_instances(run, {}, lambda score: None)
    assert set(seen) == {(0, 2, 96, 12)}


@pytest.mark.parametrize(
    ("bbox", "words"),
    [([1, 2, 3], "four numbers"), ([1, 2, -3, 4], "negative"), ([1, 2, "3", 4], "four numbers")],
)
def test_wrong_boxes_are_named(bbox: list[Any], words: str, tmp_path: Path) -> None:
    prepared(tmp_path, ColourSegmenter(), n=1)
    box = {"image_id": 0, "category_id": 1, "bbox": bbox, "score": 1}
    (tmp_path / "boxes.json").write_text(json.dumps([box]))
    with pytest.raises(InputError, match=words):
        prepared(tmp_path, ColourSegmenter())


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    annotations, run = prepared(tmp_path, ColourSegmenter(), n=1)
    run_instances(run, {}, lambda score: None)
    with run.lines.open("ab") as lines:
        lines.write(b'{"image_id": 0, "instances": [{}]}\n')
    with pytest.raises(InputError, match="line 2 is damaged"):
        read_lines(run.lines, annotations)


def test_images_without_detections_are_done_without_the_model(tmp_path: Path) -> None:
    prepared(tmp_path, ColourSegmenter())
    (tmp_path / "boxes.json").write_text("[]")
    segmenter = ColourSegmenter()
    annotations, run = prepared(tmp_path, segmenter)
    added: list[Score] = []
    run_instances(run, {}, added.append)
    assert len(added) == 4
    assert segmenter.asked == []
    found = instance_ap(annotations, read_lines(run.lines, annotations), "coco")
    assert found.values["AP"] == 0
