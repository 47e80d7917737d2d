"""AP equals pycocotools' on COCO and its definition on LVIS; bad files are named."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.image_segmentation.coco import read_annotations, read_instances
from benchmarks.image_segmentation.instance_ap import InstanceRules, InstanceScores, instance_ap
from benchmarks.image_segmentation.rle import encoded
from results.errors import InputError
from tests.benchmarks.image_segmentation.instances import HEIGHT, WIDTH, made_set, written
from tests.benchmarks.image_segmentation.reference_ap import lvis_ap

pytest.importorskip("faster_coco_eval", reason="needs the extra `segmentation`")


def scored(folder: Path, document: Any, results: Any, rules: InstanceRules) -> InstanceScores:
    truth, predictions = written(folder, document, results)
    annotations = read_annotations(truth, needs_frequency=rules == "lvis")
    return instance_ap(annotations, read_instances(predictions, annotations), rules)


@pytest.mark.parametrize("seed", range(6))
def test_coco_values_are_those_of_pycocotools(seed: int, tmp_path: Path) -> None:
    coco = pytest.importorskip("pycocotools.coco")
    cocoeval = pytest.importorskip("pycocotools.cocoeval")
    document, results = made_set(seed)
    values = scored(tmp_path, document, results, "coco").values
    # pycocotools takes an annotation of id 0 for no match.
    for annotation in document["annotations"]:
        annotation["id"] += 1
    truth, predictions = written(tmp_path, document, results)
    with contextlib.redirect_stdout(io.StringIO()):
        original = coco.COCO(str(truth))
        evaluation = cocoeval.COCOeval(original, original.loadRes(str(predictions)), "segm")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    names = ("AP", "AP50", "AP75", "AP_S", "AP_M", "AP_L")
    for name, expected in zip(names, evaluation.stats[:6], strict=True):
        assert (values[name] if values[name] is not None else -1) == pytest.approx(
            expected, abs=1e-12
        )
    assert 0 < (values["AP"] or 0) < 1


@pytest.mark.parametrize("seed", range(4))
def test_lvis_values_are_those_of_the_definition(seed: int, tmp_path: Path) -> None:
    document, results = made_set(seed, lvis=True)
    for annotation in document["annotations"]:
        if isinstance(annotation["segmentation"], list):
            annotation["segmentation"] = encoded(np.ones((HEIGHT, WIDTH), dtype=bool))
    values = scored(tmp_path, document, results, "lvis").values
    groups: dict[str, list[int]] = {"AP": [], "APr": [], "APc": [], "APf": []}
    for category in document["categories"]:
        groups["AP"].append(category["id"])
        groups[f"AP{category['frequency']}"].append(category["id"])
    for name, categories in groups.items():
        assert values[name] == pytest.approx(lvis_ap(document, results, categories), abs=1e-9)
    assert 0 < (values["AP"] or 0) < 1


def test_lvis_counts_three_hundred_of_an_image_over_all_categories(tmp_path: Path) -> None:
    mask = np.zeros((20, 20), dtype=bool)
    mask[5:15, 5:15] = True
    document = {
        "images": [{"id": 1, "height": 20, "width": 20, "file_name": "1.png"}],
        "categories": [
            {"id": 1, "name": "a", "frequency": "f"},
            {"id": 2, "name": "b", "frequency": "c"},
        ],
        "annotations": [
            {"id": i, "image_id": 1, "category_id": i, "area": 100, "segmentation": encoded(mask)}
            for i in (1, 2)
        ],
    }
    wrong = encoded(~mask)
    results = [
        {"image_id": 1, "category_id": 1, "score": 0.9, "segmentation": wrong} for _ in range(299)
    ]
    hit = {"image_id": 1, "category_id": 2, "score": 0.5, "segmentation": encoded(mask)}
    values = scored(tmp_path, document, [*results, hit], "lvis").values
    assert (values["APc"], values["APf"], values["APr"]) == (1, 0, None)
    values = scored(tmp_path, document, [*results, results[0], hit], "lvis").values
    assert values["APc"] == 0


def test_a_mask_is_counted_by_its_own_area_and_not_by_a_box_beside_it(tmp_path: Path) -> None:
    document, results = made_set(3)
    without = scored(tmp_path, document, results, "coco").values
    beside = [{**result, "bbox": [0, 0, 1, 1]} for result in results]
    assert scored(tmp_path, document, beside, "coco").values == without


def test_no_predictions_score_nothing_and_no_objects_have_no_score(tmp_path: Path) -> None:
    document, results = made_set(3)
    assert scored(tmp_path, document, [], "coco").values["AP"] == 0
    document["annotations"] = []
    assert scored(tmp_path, document, results, "coco").values["AP"] is None


def test_predictions_of_categories_an_image_is_not_known_for_are_no_errors(tmp_path: Path) -> None:
    document, _ = made_set(3, lvis=True)
    document["annotations"] = document["annotations"][:1]
    document["annotations"][0]["segmentation"] = encoded(np.ones((HEIGHT, WIDTH), dtype=bool))
    for image in document["images"]:
        image["neg_category_ids"] = []
    category_id = document["annotations"][0]["category_id"]
    results = [
        {
            "image_id": image["id"],
            "category_id": category_id,
            "score": 0.9,
            "segmentation": encoded(np.ones((HEIGHT, WIDTH), dtype=bool)),
        }
        for image in document["images"]
    ]
    assert scored(tmp_path, document, results, "lvis").values["AP"] == 1


def damaged(results: list[Any], **changes: Any) -> list[Any]:
    return [*results, {**results[0], **changes}]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"image_id": 12345678}, "image_id that annotations.json does not list"),
        ({"image_id": "1"}, "image_id"),
        ({"image_id": [1]}, "image_id"),
        ({"category_id": 99}, "category_id"),
        ({"score": "high"}, "no score"),
        ({"score": True}, "no score"),
        ({"segmentation": [[0, 0, 1, 1, 2, 2]]}, "no mask"),
        ({"segmentation": {"size": [HEIGHT, WIDTH], "counts": "~~~~"}}, "no mask"),
        ({"segmentation": {"size": [HEIGHT, WIDTH], "counts": [10]}}, "do not add up"),
        ({"segmentation": {"size": [WIDTH, HEIGHT], "counts": [HEIGHT * WIDTH]}}, "its image"),
        ({"segmentation": {"size": [1 << 40, 1 << 40], "counts": "0"}}, "out of bounds"),
    ],
)
def test_a_wrong_result_is_named_with_its_place(
    change: dict[str, Any], words: str, tmp_path: Path
) -> None:
    document, results = made_set(3)
    with pytest.raises(InputError, match=words) as caught:
        scored(tmp_path, document, damaged(results, **change), "coco")
    assert f"result {len(results)}" in str(caught.value)


@pytest.mark.parametrize(
    ("key", "change", "words"),
    [
        ("images", {"height": 0}, r"images\[0\] has no height"),
        ("images", {"file_name": "../../etc/passwd"}, "names a file"),
        ("images", {"file_name": "/etc/passwd"}, "names a file"),
        ("annotations", {"image_id": -5}, "not listed"),
        ("annotations", {"category_id": 555}, "not listed"),
        ("annotations", {"id": "x"}, "whole number"),
        ("annotations", {"area": None}, "no area"),
        ("annotations", {"segmentation": [[0, 0, 1e9, 0, 0, 1e9]]}, "in or near the image"),
        ("annotations", {"segmentation": [[0, 0]]}, "three or more"),
        ("annotations", {"segmentation": "everything"}, "neither polygons"),
    ],
)
def test_a_wrong_annotation_is_named_with_its_place(
    key: str, change: dict[str, Any], words: str, tmp_path: Path
) -> None:
    document, results = made_set(3)
    document[key][0].update(change)
    if words == "names a file":
        document[key][0].pop("coco_url", None)
        if change["file_name"].startswith("."):
            document[key][0]["file_name"] = ".."
        else:
            document[key][0]["file_name"] = "/"
    with pytest.raises(InputError, match=words):
        scored(tmp_path, document, results, "coco")


def test_image_files_never_lead_out_of_their_folder(tmp_path: Path) -> None:
    document, results = made_set(3)
    document["images"][0]["file_name"] = "../../secret.png"
    document["images"][1]["file_name"] = "/etc/secret.png"
    document["images"][2]["coco_url"] = "http://example.org/val2017/a.jpg"
    del document["images"][2]["file_name"]
    truth, _ = written(tmp_path, document, results)
    images = list(read_annotations(truth).images.values())
    assert images[0].files == images[1].files == ("secret.png",)
    assert images[2].files == ("val2017/a.jpg", "a.jpg")


def test_files_that_are_no_annotations_say_so(tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    for text, words in (
        ("[]", "no object of lists"),
        ("{}", "no list of images"),
        ("{", "cannot be read"),
        ('{"images": NaN}', "NaN"),
        ("[" * 100_000, "nested"),
    ):
        bad.write_text(text)
        with pytest.raises(InputError, match=words):
            read_annotations(bad)
    with pytest.raises(InputError, match="cannot be read"):
        read_annotations(tmp_path / "none.json")
    document, _ = made_set(3)
    bad.write_text(json.dumps(document))
    with pytest.raises(InputError, match="no LVIS file"):
        read_annotations(bad, needs_frequency=True)
