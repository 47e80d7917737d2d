"""`judge bench` on image segmentation, as a person runs it: real processes, killed and resumed."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.image_segmentation.clicks import FIRST_RULES, NEXT_RULES
from judge.cli.benches import image_segmentation
from judge.cli.main import status_of
from results.store import Store
from runners.image_segmentation.instances import BOX_RULES
from runners.image_segmentation.prompting import MULTIMASK_RULES
from tests.runners.image_segmentation.painted import boxes_of, squares, write_set
from tests.support.command import Ended, ended, start

REPOSITORY = Path(__file__).parents[3]
PAINTER = "python:tests.runners.image_segmentation.painted:colour_segmenter"
SLOW_PAINTER = "python:tests.runners.image_segmentation.painted:slow_segmenter"
OWN = ("--code", REPOSITORY)
SCORE = b'"kind":"score"'


def values(document: Any, slice_: str = "") -> dict[str, Any]:
    return {m["name"]: m["value"] for m in document["metrics"] if m["slice"] == slice_}


def scored(folder: Path) -> dict[str, Any]:
    """What the store's only run has for each sample, apart from times."""
    (run,) = Store(folder / "results.duckdb").runs()
    scores = Store(folder / "results.duckdb").scores(run.record.run_id)
    return {score.sample: (score.status, score.values, score.prediction) for score in scores}


def killed_after(n: int, *arguments: str | Path, folder: Path, how: int = signal.SIGKILL) -> Ended:
    """The command, ended by a signal once `n` scores are in its journal."""
    process = start(*arguments, folder=folder)
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        journals = list((folder / "runs").glob("*/journal.jsonl"))
        if journals and journals[0].read_bytes().count(SCORE) >= n:
            process.send_signal(how)
            break
        time.sleep(0.01)
    return ended(process)


Here = Callable[..., Ended]


@pytest.fixture
def here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Here:
    """The command within this process, in `tmp_path`: quicker, where nothing is killed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JUDGE_STORE", raising=False)

    def run(*arguments: str | Path) -> Ended:
        status = status_of([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Ended(status, said.out, said.err)

    return run


def only_run(folder: Path) -> str:
    (run,) = (path.name for path in (folder / "runs").iterdir() if path.name[0] != ".")
    return run


def test_the_list_names_what_can_be_run_and_scored(here: Here, tmp_path: Path) -> None:
    listed = here("bench", "list", "--json").json
    run = {bench["id"] for bench in listed["run"]}
    assert run >= {"sa23", "coco", "lvis", "coco-instances", "lvis-instances"}
    assert {bench["id"] for bench in listed["score"]} >= {
        "coco-instances",
        "lvis-instances",
        "image-masks",
    }


def test_the_options_offer_every_rule_there_is() -> None:
    assert image_segmentation.FIRST_CLICKS == FIRST_RULES
    assert image_segmentation.NEXT_CLICKS == NEXT_RULES
    assert image_segmentation.MULTIMASKS == MULTIMASK_RULES
    assert image_segmentation.BOX_CHOICES == BOX_RULES


def test_sets_of_images_are_run_scored_and_stored(here: Here, tmp_path: Path) -> None:
    write_set(tmp_path / "sets" / "maps", 3)
    write_set(tmp_path / "sets" / "sa1b", 2, form="sa1b", first=10)
    run = here(
        *("bench", "run", "sa23", "--model", PAINTER, *OWN, "--data", "sets", "--json"),
        *("--save-masks", "--clicks", "1,3", "--variant", "by hand"),
    )
    assert run.status == 0, run.err
    n = sum(len(np.unique(squares(index))) - 1 for index in (0, 1, 2, 10, 11))
    assert run.json["n"] == n
    assert values(run.json) == {
        **values(run.json),
        "mIoU@1": 1,
        "mIoU@1 oracle": 1,
        "mIoU@3": 1,
        "mIoU@box": 1,
    }
    assert values(run.json, "dataset=sa1b")["mIoU@1"] == 1
    (stored,) = Store(tmp_path / "results.duckdb").runs()
    record = stored.record
    assert (record.benchmark, record.split, record.variant) == ("sa23", "sets", "by hand")
    assert record.scorer == "mIoU; first click center, next center"
    assert {"numpy", "pillow", "scipy", "python"} <= set(record.versions)
    assert record.host["cpus"]
    metrics = Store(tmp_path / "results.duckdb").metrics(record.run_id)
    assert {metric.name for metric in metrics} >= {"mIoU@1", "encoder_ms", "decoder_ms"}
    # Masks that were kept score as the run did.
    masks = Path(run.json["run_dir"]) / "files" / "masks" / "iou@box"
    again = here("bench", "score", "image-masks", "--gt", "sets", "--pred", masks, "--json")
    assert (again.status, again.json["mIoU"], again.json["n"]) == (0, 1, n)


@pytest.mark.parametrize(
    "how", [signal.SIGKILL, pytest.param(signal.SIGINT, marks=pytest.mark.slow)]
)
def test_a_run_that_was_stopped_goes_on_to_the_same_end(
    how: int, here: Here, tmp_path: Path
) -> None:
    write_set(tmp_path, 4, form="coco")
    (tmp_path / "annotations.json").rename(tmp_path / "instances_val2017.json")
    (tmp_path / "images").rename(tmp_path / "val2017")
    command: Any = ("bench", "run", "coco", "--model", SLOW_PAINTER, *OWN, "--clicks", "1,2")
    command += ("--first-click", "uniform", "--data", ".")
    (tmp_path / "whole").mkdir()
    assert here(*command, "--store", "whole/results.duckdb").status == 0
    whole = scored(tmp_path / "whole")
    first = killed_after(6, *command, folder=tmp_path, how=how)
    assert first.status == (-9 if how == signal.SIGKILL else 130), first.err
    run = only_run(tmp_path)
    if how == signal.SIGINT:
        assert f"To go on: judge bench run coco --resume {run}" in first.err
    journal = tmp_path / "runs" / run / "journal.jsonl"
    n_done = journal.read_bytes().count(SCORE)
    again = here("bench", "run", "coco", "--resume", run, "--json")
    assert again.status == 0, again.err
    assert scored(tmp_path) == whole
    # Nothing was asked twice.
    assert journal.read_bytes().count(SCORE) == len(whole) > n_done
    # A run that is whole can be resumed, and stays as it is.
    assert here("bench", "run", "coco", "--resume", run).status == 0
    assert scored(tmp_path) == whole


def test_an_image_in_error_ends_with_three_and_is_asked_again(here: Here, tmp_path: Path) -> None:
    write_set(tmp_path / "one", 3)
    broken = tmp_path / "one" / "images" / "p001.png"
    sound = broken.read_bytes()
    broken.write_bytes(b"not a picture")
    command: Any = ("bench", "run", "sa23", "--model", PAINTER, *OWN, "--data", "one")
    run = here(*command, "--json")
    assert run.status == 3
    assert list(run.json["errors"]) == ["one/p001"]
    assert "p001.png cannot be read" in run.json["errors"]["one/p001"]
    resume = f"judge bench run sa23 --resume {run.json['run_id']}"
    assert f"Units in error: 1. To ask them again: {resume}" in run.err
    assert values(run.json)["mIoU@1"] == 1
    broken.write_bytes(sound)
    again = here(*resume.split()[1:], "--json")
    assert (again.status, again.json["errors"]) == (0, {})
    assert again.json["n"] > run.json["n"]


@pytest.mark.parametrize("rules", ["coco", "lvis"])
def test_boxes_become_masks_and_ap(rules: str, here: Here, tmp_path: Path) -> None:
    pytest.importorskip("faster_coco_eval", reason="needs the extra `segmentation`")
    write_set(tmp_path / "set", 4, form="coco")
    truth = tmp_path / "set" / "annotations.json"
    (tmp_path / "boxes.json").write_text(json.dumps(boxes_of(truth)))
    run = here(
        *("bench", "run", f"{rules}-instances", "--model", PAINTER, *OWN, "--json"),
        *("--annotations", truth, "--images", tmp_path / "set" / "images"),
        *("--boxes", "boxes.json"),
    )
    assert run.status == 0, run.err
    assert values(run.json)["AP"] == 1
    predictions = Path(run.json["run_dir"]) / "files" / "predictions.json"
    again = here(
        *("bench", "score", f"{rules}-instances", "--annotations", truth),
        *("--predictions", predictions, "--json"),
    )
    assert again.status == 0, again.err
    assert again.json["AP"] == 1
    assert again.json["scorer"] == run.json["scorer"]
    assert again.json["n_predictions"] == len(boxes_of(truth))
    assert ("APr" in again.json) == (rules == "lvis")
    shown = here(
        *("bench", "score", f"{rules}-instances", "--annotations", truth),
        *("--predictions", predictions),
    )
    assert "100.0" in shown.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("sa23", "--data", "one"), "Give --model"),
        (("sa23", "--model", PAINTER, *OWN), "Give --data"),
        (("sa23", "--model", PAINTER, *OWN, "--data", "none"), "no folder"),
        (("sa23", "--model", PAINTER, *OWN, "--data", "one/images"), "no images with masks"),
        (("sa23", "--model", "nonsense", "--data", "one"), "not a segmentation model"),
        (("sa23", "--model", PAINTER, *OWN, "--data", "one", "--clicks", "0"), "from 1 to 100"),
        (("sa23", "--model", PAINTER, *OWN, "--data", "one", "--clicks", "x"), "by commas"),
        (
            ("sa23", "--model", PAINTER, *OWN, "--data", "one", "--first-click", "salient"),
            "give --saliency",
        ),
        (("coco", "--model", PAINTER, *OWN), "Give --data, COCO's folder"),
        (("lvis", "--model", PAINTER, *OWN, "--data", "one"), "holds no annotations/lvis_v1_val"),
        (("coco-instances", "--model", PAINTER, *OWN, "--data", "set"), "holds no annotations/"),
        (
            (
                *("coco-instances", "--model", PAINTER, *OWN, "--images", "set/images"),
                *("--annotations", "set/annotations.json"),
            ),
            "Give --boxes",
        ),
        (
            (
                *("coco-instances", "--model", PAINTER, *OWN, "--images", "set/images"),
                *("--annotations", "set/annotations.json", "--boxes", "none.json"),
            ),
            "none.json cannot be read",
        ),
        (
            (
                *("lvis-instances", "--model", PAINTER, *OWN, "--images", "set/images"),
                *("--annotations", "set/annotations.json", "--boxes", "boxes.json", "--refine"),
            ),
            "does not take its previous answer",
        ),
        (("sa23", "--resume", "20000101-000000"), "20000101"),
        (("sa23", "--resume", "x", "--clicks", "1"), "--clicks has no place beside it"),
    ],
)
def test_wrong_calls_end_with_two_and_a_sentence(
    arguments: tuple[str | Path, ...], words: str, here: Here, tmp_path: Path
) -> None:
    write_set(tmp_path / "one", 1)
    write_set(tmp_path / "set", 1, form="coco")
    (tmp_path / "boxes.json").write_text("[]")
    run = here("bench", "run", *arguments)
    assert run.status == 2, run.err
    assert words in run.err
    assert "Traceback" not in run.err
    assert not (tmp_path / "runs").exists()


def test_a_run_is_resumed_as_what_it_is(here: Here, tmp_path: Path) -> None:
    write_set(tmp_path / "one", 1)
    command: Any = ("bench", "run", "sa23", "--model", PAINTER, *OWN, "--data", "one", "--json")
    run = here(*command).json["run_id"]
    for other in ("coco", "coco-instances"):
        wrong = here("bench", "run", other, "--resume", run)
        assert wrong.status == 2
        assert "sa23" in wrong.err
    # Another set of images is another experiment.
    write_set(tmp_path / "more", 2)
    (tmp_path / "one" / "images" / "p000.png").rename(tmp_path / "one" / "images" / "other.png")
    (tmp_path / "one" / "masks" / "p000.png").rename(tmp_path / "one" / "masks" / "other.png")
    changed = here("bench", "run", "sa23", "--resume", run)
    assert changed.status == 2
    assert "cannot be resumed: its `hashes.data` was" in changed.err


@pytest.mark.slow
def test_a_tiny_sam2_goes_through_sets_and_is_resumed(here: Here, tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="needs the extra `models`")
    from tests.support.tiny_segmenters import make_tiny_sam2

    write_set(tmp_path / "one", 5)
    make_tiny_sam2(tmp_path / "sam2")
    command: Any = ("bench", "run", "sa23", "--model", "hf:sam2", "--data", "one")
    stopped = killed_after(7, *command, folder=tmp_path)
    assert stopped.status == -9, stopped.err
    run = here("bench", "run", "sa23", "--resume", only_run(tmp_path), "--json")
    assert run.status == 0, run.err
    found = values(run.json)
    assert all(0 <= found[f"mIoU@{key}"] <= 1 for key in ("1", "3", "5", "box"))
    assert found["mIoU@1 oracle"] >= found["mIoU@1"]
    assert found["parameters"] > 0
    assert run.json["n"] == sum(len(np.unique(squares(index))) - 1 for index in range(5))
    (stored,) = Store(tmp_path / "results.duckdb").runs()
    assert {"torch", "transformers"} <= set(stored.record.versions)
    assert len(stored.record.hashes["model"]) == 64


@pytest.mark.slow
def test_a_tiny_edgetam_makes_masks_of_boxes(here: Here, tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="needs the extra `models`")
    pytest.importorskip("faster_coco_eval", reason="needs the extra `segmentation`")
    from tests.support.tiny_segmenters import make_tiny_edgetam

    write_set(tmp_path / "set", 3, form="coco")
    truth = tmp_path / "set" / "annotations.json"
    (tmp_path / "boxes.json").write_text(json.dumps(boxes_of(truth)))
    make_tiny_edgetam(tmp_path / "edgetam")
    run = here(
        *("bench", "run", "coco-instances", "--model", "hf:edgetam", "--json", "--refine"),
        *("--annotations", truth, "--images", tmp_path / "set" / "images"),
        *("--boxes", "boxes.json", "--limit", "2"),
    )
    assert run.status == 0, run.err
    assert 0 <= values(run.json)["AP"] <= 1
    lines = (Path(run.json["run_dir"]) / "files" / "instances.jsonl").read_text().splitlines()
    assert len(lines) == 2
