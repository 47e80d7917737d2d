"""Writes jf_vos_benchmark.json: what vos-benchmark 0.1.0 makes of scenes and of real masks.

    python -m tests.golden.make_jf_golden [REAL_MASKS]

Run in an environment that holds vos-benchmark (`make bench-jf` makes one). REAL_MASKS is the folder
of OSVOS masks, $JUDGE_TEST_DATA/vos/osvos. Scenes and predictions are those of
tests/benchmarks/vos/scenes.py. Each object's J and F are the peer's own, 0..100, and so are the
values of single frames, from which the davis convention's recall and decay are taken with numpy,
by the formula of davis2017-evaluation (`db_statistics`, with bounds wide enough for any length).
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.benchmarks.vos.scenes import (
    Labels,
    generated,
    perturbed,
    perturbed_sequences,
    png,
    write_pair,
)

GOLDEN = Path(__file__).parent / "jf_vos_benchmark.json"
HEIGHT, WIDTH, FRAMES = 240, 427, 16


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        scenes = generated(HEIGHT, WIDTH, FRAMES)
        gt, pred = write_pair(root, scenes, perturbed_sequences(scenes))
        golden: dict[str, Any] = {
            "made_by": f"vos-benchmark {version('vos-benchmark')}",
            "generated": measured(gt, pred),
        }
        if len(sys.argv) > 1:
            real = Path(sys.argv[1])
            for folder in sorted(real.iterdir()):
                (root / "real" / folder.name).mkdir(parents=True)
                for number, path in enumerate(sorted(folder.glob("*.png"))):
                    made = root / "real" / folder.name / path.name
                    made.write_bytes(png(perturbed(read(path), number)))
            golden["osvos"] = measured(real, root / "real")
    text = json.dumps(golden, indent=1)
    # An object's figures on one line.
    GOLDEN.write_text(re.sub(r"\[[^\[\]]*\]", lambda m: " ".join(m[0].split()), text) + "\n")


def read(path: Path) -> Labels:
    return np.array(Image.open(path))


def measured(gt: Path, pred: Path) -> dict[str, Any]:
    """The peer's figures with and without the ends, and the davis convention's."""
    from vos_benchmark.benchmark import VideoEvaluator

    found: dict[str, Any] = {"vos": {}, "vos_keep_ends": {}, "davis": {}}
    for folder in sorted(gt.iterdir()):
        for name, skip in (("vos", True), ("vos_keep_ends", False)):
            _, js, fs = VideoEvaluator(gt, pred, skip_first_and_last=skip)(folder.name)
            for label in sorted(js):
                found[name][f"{folder.name}/{label}"] = [float(js[label]), float(fs[label])]
        found["davis"].update(davis(folder, pred / folder.name))
    return found


def davis(gt: Path, pred: Path) -> dict[str, list[float]]:
    """J, F, and recall and decay of both, for the ids 1..max of the first frame."""
    from vos_benchmark.evaluator import Evaluator

    paths = sorted(gt.glob("*.png"))
    objects = {}
    for label in range(1, int(read(paths[0]).max()) + 1):
        js, fs = [], []
        for path in paths[1:-1]:
            evaluator = Evaluator()
            # One object at a time, with a pixel's worth of certainty that it is looked at.
            evaluator.objects_in_gt.add(1)
            mask, truth = read(pred / path.name) == label, read(path) == label
            evaluator.feed_frame(mask.astype(np.uint8), truth.astype(np.uint8))
            js.append(float(evaluator.object_iou[1][0]))
            fs.append(float(evaluator.boundary_f[1][0]))
        values = [statistics(js), statistics(fs)]
        objects[f"{gt.name}/{label}"] = [
            float(v) for pair in zip(*values, strict=True) for v in pair
        ]
    return objects


def statistics(values: list[float]) -> tuple[float, float, float]:
    """Mean, recall and decay, 0..1."""
    array = np.array(values)
    bounds = (np.round(np.linspace(1, len(array), 5) + 1e-10) - 1).astype(int)
    bins = [array[bounds[i] : bounds[i + 1] + 1] for i in range(4)]
    decay = np.nanmean(bins[0]) - np.nanmean(bins[3])
    return float(np.nanmean(array)), float(np.nanmean(array > 0.5)), float(decay)


if __name__ == "__main__":
    main()
