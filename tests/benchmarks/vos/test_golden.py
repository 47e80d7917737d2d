"""The peers' figures: vos-benchmark's own, and the davis convention on top of them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmarks.vos import Scores, score
from tests.benchmarks.vos.scenes import (
    generated,
    perturbed,
    perturbed_sequences,
    png,
    write_pair,
)

GOLDEN = Path(__file__).parents[2] / "golden" / "jf_vos_benchmark.json"
HEIGHT, WIDTH, FRAMES = 240, 427, 16


@pytest.fixture(scope="module")
def golden() -> Any:
    return json.loads(GOLDEN.read_bytes())


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    made = generated(HEIGHT, WIDTH, FRAMES)
    return write_pair(tmp_path_factory.mktemp("scenes"), made, perturbed_sequences(made))


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    data = os.environ.get("JUDGE_TEST_DATA")
    if not data or not (Path(data) / "vos" / "osvos").is_dir():
        pytest.skip("the real masks are needed; set JUDGE_TEST_DATA")
    gt, pred = Path(data) / "vos" / "osvos", tmp_path_factory.mktemp("real")
    for folder in gt.iterdir():
        (pred / folder.name).mkdir()
        for number, path in enumerate(sorted(folder.glob("*.png"))):
            labels = perturbed(np.array(Image.open(path)), number)
            (pred / folder.name / path.name).write_bytes(png(labels))
    return gt, pred


def check(scores: Scores, peers: dict[str, list[float]]) -> None:
    """Against vos-benchmark's J and F, which are 0..100."""
    assert {o.key: [o.summary.J * 100, o.summary.F * 100] for o in scores.objects} == peers
    means = np.mean(list(peers.values()), axis=0)
    expected = [*means, means.mean()]
    overall = scores.overall.as_json()
    assert [overall[name] for name in ("J", "F", "JF")] == pytest.approx(
        [value / 100 for value in expected], abs=1e-11
    )


@pytest.mark.parametrize("keep_ends", [False, True])
def test_generated_scenes_score_as_vos_benchmark_scores_them(
    golden: Any, scenes: tuple[Path, Path], keep_ends: bool
) -> None:
    peers = golden["generated"]["vos_keep_ends" if keep_ends else "vos"]
    check(score(*scenes, "vos", keep_ends=keep_ends), peers)


@pytest.mark.parametrize("keep_ends", [False, True])
def test_real_masks_score_as_vos_benchmark_scores_them(
    golden: Any, real: tuple[Path, Path], keep_ends: bool
) -> None:
    peers = golden["osvos"]["vos_keep_ends" if keep_ends else "vos"]
    check(score(*real, "vos", keep_ends=keep_ends), peers)


def check_davis(scores: Scores, peers: dict[str, list[float]]) -> None:
    names = ("J", "F", "J_recall", "F_recall", "J_decay", "F_decay")
    ours = {o.key: [o.summary.as_json()[name] for name in names] for o in scores.objects}
    assert ours == peers
    means = np.mean(list(peers.values()), axis=0)
    overall = [scores.overall.as_json()[name] for name in names]
    assert overall == pytest.approx(means.tolist(), abs=1e-12)


def test_real_masks_score_by_the_davis_convention(golden: Any, real: tuple[Path, Path]) -> None:
    check_davis(score(*real, "davis"), golden["osvos"]["davis"])


def test_generated_scenes_score_by_the_davis_convention(
    golden: Any, scenes: tuple[Path, Path], tmp_path: Path
) -> None:
    # The late object, 9, is beyond the first frame's ids: an error for davis if predicted.
    sequences = {
        name: [np.where(labels == 9, 0, labels) for labels in frames]
        for name, frames in generated(HEIGHT, WIDTH, FRAMES).items()
    }
    predicted = {
        name: [np.where(labels == 9, 0, labels) for labels in frames]
        for name, frames in perturbed_sequences(generated(HEIGHT, WIDTH, FRAMES)).items()
    }
    check_davis(
        score(*write_pair(tmp_path, sequences, predicted), "davis"), golden["generated"]["davis"]
    )
