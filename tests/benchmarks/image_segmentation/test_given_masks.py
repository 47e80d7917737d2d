"""Masks that are there already, in any layout, against the true ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from benchmarks.image_segmentation.given_masks import score_given_masks
from results.errors import InputError

TRUTH = np.zeros((4, 10), dtype=np.uint8)
TRUTH[:, :4], TRUTH[:, 6:] = 1, 2
PREDICTION = np.zeros_like(TRUTH)
# Of the first object half, of the second all and two columns more.
PREDICTION[:, :2], PREDICTION[:, 4:] = 1, 2


def save(path: Path, pixels: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def values(truth: Path, predictions: Path) -> dict[str, float]:
    found = score_given_masks(truth, predictions).scores
    return {score.sample: score.values["iou"] for score in found}


def test_objects_pair_by_their_numbers(tmp_path: Path) -> None:
    save(tmp_path / "gt" / "a.png", TRUTH)
    save(tmp_path / "pred" / "a.png", PREDICTION)
    expected = {"a#1": pytest.approx(2 / 4), "a#2": pytest.approx(4 / 6)}
    assert values(tmp_path / "gt", tmp_path / "pred") == expected
    for number in (1, 2):
        mask = np.equal(PREDICTION, number).astype(np.uint8)
        save(tmp_path / "files" / "a" / f"{number}.png", mask)
    assert values(tmp_path / "gt", tmp_path / "files") == expected


@pytest.mark.parametrize("place", ["set/masks", "set", "masks", "."])
def test_predictions_are_found_in_each_of_their_places(place: str, tmp_path: Path) -> None:
    save(tmp_path / "gt" / "set" / "masks" / "a.png", TRUTH)
    save(tmp_path / "gt" / "set" / "images" / "a.png", TRUTH)
    save(tmp_path / "pred" / place / "a.png", TRUTH)
    assert values(tmp_path / "gt", tmp_path / "pred") == {"set/a#1": 1, "set/a#2": 1}


def test_one_object_each_pair_whatever_their_numbers(tmp_path: Path) -> None:
    save(tmp_path / "gt" / "a.png", np.equal(TRUTH, 1).astype(np.uint8) * 255)
    save(tmp_path / "pred" / "a.png", np.equal(PREDICTION, 1).astype(np.uint8))
    assert values(tmp_path / "gt", tmp_path / "pred") == {"a#255": 0.5}


def test_an_object_that_a_map_lacks_was_predicted_empty(tmp_path: Path) -> None:
    save(tmp_path / "gt" / "a.png", TRUTH)
    save(tmp_path / "pred" / "a.png", np.where(PREDICTION == 2, 7, PREDICTION).astype(np.uint8))
    found = score_given_masks(tmp_path / "gt", tmp_path / "pred")
    assert [score.values["iou"] for score in found.scores] == [0.5, 0]
    assert found.left_out == ("a: the truth has no object 7.",)


def test_a_missing_file_is_a_fault_and_left_out_when_lenient(tmp_path: Path) -> None:
    save(tmp_path / "gt" / "a.png", TRUTH)
    save(tmp_path / "gt" / "b.png", TRUTH)
    save(tmp_path / "pred" / "a" / "1.png", np.equal(TRUTH, 1).astype(np.uint8))
    with pytest.raises(InputError, match="object 2 has no prediction; add it"):
        score_given_masks(tmp_path / "gt", tmp_path / "pred")
    found = score_given_masks(tmp_path / "gt", tmp_path / "pred", lenient=True)
    assert [score.sample for score in found.scores] == ["a#1"]
    assert len(found.left_out) == 2
    # A file without pixels is a prediction.
    save(tmp_path / "pred" / "a" / "2.png", np.zeros_like(TRUTH))
    save(tmp_path / "pred" / "b.png", TRUTH)
    assert values(tmp_path / "gt", tmp_path / "pred")["a#2"] == 0


def test_maps_of_other_sizes_and_folders_without_masks_are_faults(tmp_path: Path) -> None:
    save(tmp_path / "gt" / "a.png", TRUTH)
    save(tmp_path / "pred" / "a.png", TRUTH[:3])
    with pytest.raises(InputError, match="10 x 4 and 10 x 3"):
        score_given_masks(tmp_path / "gt", tmp_path / "pred")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no images with masks"):
        score_given_masks(tmp_path / "empty", tmp_path / "pred")
    with pytest.raises(InputError, match="no folder"):
        score_given_masks(tmp_path / "gt", tmp_path / "none")
    with pytest.raises(InputError, match="no object to score"):
        save(tmp_path / "none" / "a.png", np.zeros_like(TRUTH))
        score_given_masks(tmp_path / "none", tmp_path / "none")
