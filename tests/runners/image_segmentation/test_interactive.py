"""Sets of images go through a model object by object, and a second time only where need be."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from benchmarks.image_segmentation.given_masks import score_given_masks
from benchmarks.image_segmentation.image_sets import open_image_sets
from results.records import Score, ScoreStatus
from runners.image_segmentation.interactive import (
    InteractiveRun,
    interactive_metrics,
    run_interactive,
)
from runners.image_segmentation.prompting import Prompting
from runners.models.segmentation.interface import Prompt
from tests.runners.image_segmentation.painted import ColourSegmenter, squares, write_set


def gone_through(
    root: Path, done: dict[str, Score] | None = None, segmenter: ColourSegmenter | None = None
) -> tuple[Score, ...]:
    run = InteractiveRun(
        segmenter or ColourSegmenter(), open_image_sets(root).images, Prompting(clicks=(1, 3))
    )
    added: list[Score] = []
    scores = run_interactive(run, done or {}, added.append)
    assert {score.sample for score in added} | set(done or {}) == {s.sample for s in scores}
    return scores


@pytest.mark.parametrize("form", ["maps", "files", "sa1b", "coco"])
def test_objects_of_one_colour_are_found_by_one_click(form: str, tmp_path: Path) -> None:
    write_set(tmp_path / "painted", 4, form=form)
    scores = gone_through(tmp_path)
    n_objects = sum(len(np.unique(squares(index))) - 1 for index in range(4))
    objects = [score for score in scores if score.values]
    images = [score for score in scores if not score.values]
    assert (len(objects), len(images)) == (n_objects, 4)
    for score in objects:
        assert set(score.values) == {"iou@1", "iou@1 oracle", "iou@3", "iou@box"}
        assert set(score.values.values()) == {1.0}
        assert score.slices["dataset"] == "painted"
        assert score.sample.startswith(f"{score.cluster}#")
    assert sum(score.measures["objects"] for score in images) == n_objects
    metrics = {(m.name, m.slice): m for m in interactive_metrics(scores)}
    assert metrics["mIoU@3", ""].value == 1
    assert metrics["mIoU@3", ""].n == n_objects
    # Two images warm the model up; the times of the others count.
    assert metrics["encoder_ms", ""].n == 2
    assert (metrics["decoder_ms", ""].value or 0) > 0


def test_a_resumed_run_asks_only_for_what_is_missing(tmp_path: Path) -> None:
    write_set(tmp_path / "painted", 3)
    whole = {score.sample: score for score in gone_through(tmp_path)}
    # Killed within the second image: its second object and its own record are missing.
    missing = {"painted/p001", "painted/p001#2", "painted/p002"} | {
        sample for sample in whole if sample.startswith("painted/p002#")
    }
    done = {sample: score for sample, score in whole.items() if sample not in missing}
    segmenter = ColourSegmenter()
    again = {score.sample: score for score in gone_through(tmp_path, done, segmenter)}
    assert set(again) == set(whole)
    for sample, score in whole.items():
        assert again[sample].values == score.values
        assert again[sample].prediction == score.prediction
    assert gone_through(tmp_path, again, untouched := ColourSegmenter()) == tuple(again.values())
    assert untouched.asked == []
    n_asked = len([prompt for prompt, _, _ in segmenter.asked if prompt.box is not None])
    assert n_asked == sum("#" in sample for sample in missing)


def test_an_unreadable_image_is_in_error_with_its_cause_and_the_run_goes_on(tmp_path: Path) -> None:
    write_set(tmp_path / "painted", 3)
    broken = tmp_path / "painted" / "images" / "p001.png"
    sound = broken.read_bytes()
    broken.write_bytes(sound[:100])
    scores = {score.sample: score for score in gone_through(tmp_path)}
    failed = scores["painted/p001"]
    assert failed.status is ScoreStatus.ERROR
    assert str(broken) in failed.reason
    assert not any(sample.startswith("painted/p001#") for sample in scores)
    assert "painted/p002#1" in scores
    metrics = {(m.name, m.slice): m for m in interactive_metrics(tuple(scores.values()))}
    assert metrics["mIoU@1", ""].value == 1
    assert (metrics["mIoU@1", ""].worst or 1) < 1
    # Mended, it is asked again, and its own record is final then.
    broken.write_bytes(sound)
    done = {s: score for s, score in scores.items() if score.status is ScoreStatus.SCORED}
    mended = {score.sample: score for score in gone_through(tmp_path, done)}
    assert mended["painted/p001"].status is ScoreStatus.SCORED
    assert mended["painted/p001#1"].values["iou@1"] == 1


def test_a_mask_that_does_not_fit_its_image_is_in_error(tmp_path: Path) -> None:
    write_set(tmp_path / "painted", 2)
    mask = tmp_path / "painted" / "masks" / "p000.png"
    Image.fromarray(np.ones((5, 6), dtype=np.uint8)).save(mask)
    scores = {score.sample: score for score in gone_through(tmp_path)}
    assert "has a mask of 6 x 5, its image is 96 x 64" in scores["painted/p000"].reason
    assert scores["painted/p001"].status is ScoreStatus.SCORED


def test_a_model_that_fails_on_one_object_is_asked_for_the_others(tmp_path: Path) -> None:
    class Fails(ColourSegmenter):
        def predict(
            self, prompt: Prompt, *, multimask: bool, previous: int | None = None
        ) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
            if len(self.asked) == 12:
                self.asked.append((prompt, multimask, previous))
                raise RuntimeError("out of memory")
            return super().predict(prompt, multimask=multimask, previous=previous)

    write_set(tmp_path / "painted", 3)
    scores = {s.sample: s for s in gone_through(tmp_path, segmenter=Fails())}
    (failed,) = (score for score in scores.values() if score.status is ScoreStatus.ERROR)
    assert failed.reason == "RuntimeError: out of memory"
    # Its image is not done, and is gone through again for this object alone.
    assert failed.cluster not in scores
    done = {sample: score for sample, score in scores.items() if score is not failed}
    again = {score.sample: score for score in gone_through(tmp_path, done)}
    assert set(again) - set(scores) == {failed.cluster}
    assert again[failed.sample].values["iou@3"] == 1


def test_saved_masks_score_as_the_run_did(tmp_path: Path) -> None:
    write_set(tmp_path / "painted", 3)
    run = InteractiveRun(
        ColourSegmenter(trusts=0),
        open_image_sets(tmp_path / "painted").images,
        Prompting(clicks=(1, 2)),
        save=tmp_path / "saved",
    )
    scores = run_interactive(run, {}, lambda score: None)
    for name in ("iou@1", "iou@2", "iou@box"):
        again = score_given_masks(tmp_path / "painted", tmp_path / "saved" / name).scores
        expected = {score.sample: score.values[name] for score in scores if score.values}
        assert {score.sample: score.values["iou"] for score in again} == expected


def test_salient_first_clicks_read_their_maps(tmp_path: Path) -> None:
    write_set(tmp_path / "painted", 2)
    maps = tmp_path / "saliency"
    maps.mkdir()
    for index in range(2):
        # The last column of the first object is what stands out.
        labels = squares(index)
        rows, columns = np.nonzero(labels == 1)
        saliency = np.zeros_like(labels)
        saliency[rows.min() : rows.max() + 1, columns.max()] = 250
        Image.fromarray(saliency).save(maps / f"p{index:03d}.png")
    images = open_image_sets(tmp_path / "painted").images
    prompting = Prompting(clicks=(1,), box=False, first_rule="salient")
    run = InteractiveRun(ColourSegmenter(), images, prompting, saliency=maps)
    scores = {score.sample: score for score in run_interactive(run, {}, lambda score: None)}
    for index, image in enumerate(images):
        first, second = scores[f"{image.key}#1"], scores[f"{image.key}#2"]
        assert first.slices["salient"] == "yes"
        assert second.slices["salient"] == "no"
        last_column = int(np.nonzero(squares(index) == 1)[1].max())
        assert json.loads(first.prediction)["clicks"][0][0] == last_column
    metrics = {(m.name, m.slice) for m in interactive_metrics(tuple(scores.values()))}
    assert ("mIoU@1", "salient=yes") in metrics
    (maps / "p001.png").unlink()
    run = InteractiveRun(ColourSegmenter(), images, prompting, saliency=maps)
    scores = {score.sample: score for score in run_interactive(run, {}, lambda score: None)}
    assert "no saliency map" in scores["painted/p001"].reason


def test_progress_counts_images(tmp_path: Path) -> None:
    write_set(tmp_path / "painted", 3)
    seen: list[tuple[int, int]] = []
    run = InteractiveRun(
        ColourSegmenter(), open_image_sets(tmp_path / "painted").images, Prompting(clicks=(1,))
    )
    run_interactive(run, {}, lambda score: None, lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]
