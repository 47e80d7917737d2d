"""Every kind of bad input ends in one sentence, exit status 2, or in a report of what was left."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.vos import score
from tests.benchmarks.vos.scenes import perturbed, png, scene, write_pair
from tests.support.command import judge

FRAMES = [scene(48, 80, 2, frame) for frame in range(5)]
Spoil = Callable[[Path, Path], object]


def missing_frame(gt: Path, pred: Path) -> None:
    (pred / "b" / "00002.png").unlink()


def missing_sequence(gt: Path, pred: Path) -> None:
    shutil.rmtree(pred / "b")


def empty_sequence(gt: Path, pred: Path) -> None:
    for path in (pred / "b").iterdir():
        path.unlink()


def cut_short(gt: Path, pred: Path) -> None:
    path = pred / "b" / "00002.png"
    path.write_bytes(path.read_bytes()[:-40])


def empty_file(gt: Path, pred: Path) -> None:
    (pred / "b" / "00002.png").write_bytes(b"")


def another_format(gt: Path, pred: Path) -> None:
    (pred / "b" / "00002.png").write_bytes(b"\xff\xd8\xff\xe0" + bytes(200))


def broken_truth(gt: Path, pred: Path) -> None:
    path = gt / "b" / "00002.png"
    path.write_bytes(path.read_bytes()[:-40])


def another_size(gt: Path, pred: Path) -> None:
    (pred / "b" / "00002.png").write_bytes(png(np.zeros((40, 80))))


def stray_in_truth(gt: Path, pred: Path) -> None:
    (gt / "b" / ".DS_Store").write_bytes(b"x")


def stray_in_prediction(gt: Path, pred: Path) -> None:
    (pred / "b" / "Thumbs.db").write_bytes(b"x")


def black_and_white(gt: Path, pred: Path) -> None:
    for path, frame in zip(sorted((pred / "b").iterdir()), FRAMES, strict=True):
        path.write_bytes(png(np.where(frame > 0, 255, 0), colour=0))


def unknown_sequence(gt: Path, pred: Path) -> None:
    shutil.copytree(pred / "b", pred / "c")


def by_objects(gt: Path, pred: Path) -> None:
    for root in (gt, pred):
        (root / "b").rename(root / "000")
        (root / "b").mkdir()
        (root / "000").rename(root / "b" / "000")


def two_frames(gt: Path, pred: Path) -> None:
    for number in (2, 3, 4):
        (gt / "b" / f"{number:05d}.png").unlink()


# What is done to sequence b, and what the sentence must name besides it.
SPOILT: dict[str, tuple[Spoil, list[str]]] = {
    "missing frame": (missing_frame, ["frame 00002", "the predictions lack it"]),
    "missing sequence": (missing_sequence, ["the predictions lack it"]),
    "empty prediction folder": (empty_sequence, ["hold no frames"]),
    "corrupt PNG": (cut_short, ["frame 00002", "prediction cannot be read"]),
    "empty file": (empty_file, ["frame 00002", "it is empty"]),
    "no PNG at all": (another_format, ["frame 00002", "no PNG file"]),
    "corrupt ground truth": (broken_truth, ["frame 00002", "ground truth cannot be read"]),
    "wrong size": (another_size, ["frame 00002", "80 x 40", "80 x 48"]),
    "stray file in the ground truth": (stray_in_truth, [".DS_Store", "ground truth"]),
    "stray file in the prediction": (stray_in_prediction, ["Thumbs.db", "predictions"]),
    "black and white": (black_and_white, ["255", "black-and-white", "ids 1, 2"]),
    "SA-V's layout": (by_objects, ["holds folders", "--protocol sav"]),
    "too few frames": (two_frames, ["none of its frames is scored"]),
}


@pytest.fixture
def roots(tmp_path: Path) -> tuple[Path, Path]:
    predicted = [perturbed(frame, k) for k, frame in enumerate(FRAMES)]
    return write_pair(tmp_path, {"a": FRAMES, "b": FRAMES}, {"a": predicted, "b": predicted})


@pytest.mark.parametrize("protocol", ["davis", "vos"])
@pytest.mark.parametrize("kind", SPOILT)
def test_a_fault_ends_the_call_with_one_sentence_that_names_its_place(
    kind: str, protocol: str, roots: tuple[Path, Path], tmp_path: Path
) -> None:
    spoil, named = SPOILT[kind]
    spoil(*roots)
    ended = judge(
        "bench", "score", "vos", "--gt", roots[0], "--pred", roots[1], "--protocol", protocol,
        folder=tmp_path,
    )  # fmt: skip
    assert ended.status == 2
    assert ended.out == ""
    assert len(ended.err.strip().splitlines()) == 1
    for part in ("Sequence b", *named):
        assert part in ended.err


@pytest.mark.parametrize("kind", SPOILT)
def test_leniently_the_fault_is_reported_and_the_rest_is_scored(
    kind: str, roots: tuple[Path, Path], tmp_path: Path
) -> None:
    before = {o.key: o.summary for o in score(*roots, "vos").objects}
    SPOILT[kind][0](*roots)
    ended = judge(
        "bench", "score", "vos", "--gt", roots[0], "--pred", roots[1], "--protocol", "vos",
        "--lenient", "--json", folder=tmp_path,
    )  # fmt: skip
    assert ended.status == 0
    left_out = ended.json["left_out"]
    assert {entry["sequence"] for entry in left_out} == {"b"}
    for name in ("a/1", "a/2"):
        assert ended.json["objects"][name]["J"] == before[name].J
    if kind.startswith("stray"):
        assert ended.json["objects"]["b/1"]["J"] == before["b/1"].J
    frames = {entry["frame"] for entry in left_out}
    if frames == {"00002"} and kind != "black and white":
        assert ended.json["objects"]["b/1"]["n"] == 2


def test_sequences_that_only_the_prediction_has_are_a_fault(roots: tuple[Path, Path]) -> None:
    from results.errors import InputError

    unknown_sequence(*roots)
    with pytest.raises(InputError, match="Sequence c: the ground truth has no such sequence"):
        score(*roots, "vos")
    (entry,) = score(*roots, "vos", lenient=True).left_out
    assert entry.sequence == "c"


def test_further_faults_are_counted(roots: tuple[Path, Path], tmp_path: Path) -> None:
    missing_frame(*roots)
    stray_in_prediction(*roots)
    ended = judge("bench", "score", "vos", "--gt", roots[0], "--pred", roots[1], folder=tmp_path)
    assert "(1 more such faults follow)" in ended.err


def test_files_beside_the_sequences_and_unscored_frames_do_no_harm(
    roots: tuple[Path, Path],
) -> None:
    before = score(*roots, "vos").as_json()
    (roots[1] / "results.csv").write_text("made by another evaluator")
    (roots[1] / "a" / "00000.png").unlink()
    (roots[1] / "a" / "00004.png").write_bytes(b"not scored, so not read")
    assert score(*roots, "vos").as_json() == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--gt", "nowhere", "--pred", "pred"], "no folder of ground truth at nowhere"),
        (["--gt", "gt", "--pred", "nowhere"], "no folder of predictions at nowhere"),
        (["--gt", "gt/a", "--pred", "pred/a"], "takes the folder above the sequences"),
        (["--gt", "gt", "--pred", "empty"], "the predictions lack it"),
        (["--gt", "empty", "--pred", "pred"], "it holds no folders"),
        (["--gt", "gt", "--pred", "pred", "--meta", "m.json"], "--meta has no place with davis"),
        (["--gt", "gt", "--pred", "pred", "--protocol", "coco"], "coco"),
        (["--gt", "gt", "--pred", "pred", "--jobs", "0"], "--jobs"),
        (["--gt", "gt", "--pred", "empty", "--lenient"], "nothing to score"),
        (
            ["--gt", "gt", "--pred", "pred", "--protocol", "lvos", "--meta", "no.json"],
            "no.json cannot be read",
        ),
        (
            ["--gt", "gt", "--pred", "pred", "--protocol", "lvos", "--meta", "list.json"],
            'no object "videos"',
        ),
    ],
)
def test_a_wrong_call_is_told_in_one_sentence(
    arguments: list[str], sentence: str, roots: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "list.json").write_text("[]")
    ended = judge("bench", "score", "vos", *arguments, folder=tmp_path)
    assert ended.status == 2
    assert len(ended.err.strip().splitlines()) == 1
    assert sentence in ended.err
