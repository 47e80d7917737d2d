"""J&F against vos-benchmark: CPU time, memory, and every value compared.

    python -m tests.speed.bench_jf --peer PEER_PYTHON [--rounds N] [--quick] [--json]

Run by `make bench-jf`, which makes the peer's environment. The masks are those of
$JUDGE_TEST_DATA/vos or ../shared/data/vos as ground truth, perturbed into predictions, at 480p and
scaled to 1080p; where they are absent, generated scenes. Both evaluators run in turn, each in a
process of its own, on one core's worth of work:

- process: CPU seconds of the whole process, imports included; ours is `judge bench score vos`;
- scoring: CPU seconds of the evaluation alone, imports left out;
- memory: the most a process had resident.

The least of the rounds counts. The peer's pool of workers, which only costs, is left out. Values
are compared to the last bit for each object, and within 1e-9 over all.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.benchmarks.vos.scenes import Labels, generated, nearest, perturbed, png

SIZES = {"480p": (480, 854), "1080p": (1080, 1920)}
GENERATED_FRAMES = 40

PEER = """
import json, sys, time, os
from vos_benchmark.benchmark import VideoEvaluator
began = time.process_time()
evaluate = VideoEvaluator(sys.argv[1], sys.argv[2])
objects = {}
for name in sorted(os.listdir(sys.argv[1])):
    _, js, fs = evaluate(name)
    objects.update({f"{name}/{k}": [float(js[k]), float(fs[k])] for k in js})
seconds = time.process_time() - began
print(json.dumps({"objects": objects, "seconds": seconds}))
"""
OURS = """
import json, sys, time
from benchmarks.vos import score
began = time.process_time()
scores = score(sys.argv[1], sys.argv[2], "vos", jobs=1)
print(json.dumps({"seconds": time.process_time() - began}))
"""


@dataclass(frozen=True)
class Ended:
    """What a process said, and what it took: CPU and wall-clock seconds, and MB."""

    said: Any
    cpu: float
    wall: float
    megabytes: float


# Between us and what is measured stands a process that is small: a process counts as its own
# what its parent had resident when it was forked.
BETWEEN = """
import json, os, sys
with open(sys.argv[1], "wb") as out:
    actions = [(os.POSIX_SPAWN_DUP2, out.fileno(), 1)]
    pid = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ, file_actions=actions)
_, status, usage = os.wait4(pid, 0)
print(json.dumps([status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss]))
"""


def run(command: list[str]) -> Ended:
    """Runs a process alone and measures it."""
    with tempfile.NamedTemporaryFile() as out:
        began = time.perf_counter()
        between = [sys.executable, "-S", "-c", BETWEEN, out.name, *command]
        told = subprocess.run(between, stdout=subprocess.PIPE, check=True).stdout
        wall = time.perf_counter() - began
        status, cpu, most = json.loads(told)
        if status:
            raise SystemExit(f"{command[0]} ended with {os.waitstatus_to_exitcode(status)}")
        said = json.loads(Path(out.name).read_bytes())
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return Ended(said, cpu, wall, most / unit)


def sequences(size: tuple[int, int], quick: bool) -> tuple[str, dict[str, list[Labels]]]:
    """What the masks are, and the masks by sequence."""
    # The peer takes a tenth of a second for a mask at 1080p.
    step = 12 if quick else 1 if size == SIZES["480p"] else 3
    for data in (os.environ.get("JUDGE_TEST_DATA"), "../shared/data"):
        real = Path(data or "") / "vos" / "osvos"
        if data and real.is_dir():
            folders = sorted(folder for folder in real.iterdir() if folder.is_dir())
            found = {
                folder.name: [
                    np.array(Image.open(path)) for path in sorted(folder.glob("*.png"))[::step]
                ]
                for folder in folders
            }
            if size == SIZES["480p"]:
                return "real masks", found
            return "real masks, scaled", {
                name: [nearest(labels, *size) for labels in frames]
                for name, frames in found.items()
            }
    return "generated scenes", generated(*size, n_frames=max(4, GENERATED_FRAMES // step))


def write(root: Path, masks: dict[str, list[Labels]]) -> tuple[Path, Path]:
    """Ground truth, and predictions made of it, as palette PNGs."""
    for name, frames in masks.items():
        for folder in ("gt", "pred"):
            (root / folder / name).mkdir(parents=True)
        for number, labels in enumerate(frames):
            file = f"{number:05d}.png"
            (root / "gt" / name / file).write_bytes(png(labels))
            (root / "pred" / name / file).write_bytes(png(perturbed(labels, number)))
    return root / "gt", root / "pred"


def differing(ours: Any, peer: dict[str, list[float]]) -> list[str]:
    """What differs between `judge bench score vos --json` and the peer's objects, 0..100."""
    found = {key: [o["J"] * 100, o["F"] * 100] for key, o in ours["objects"].items()}
    wrong = [key for key in {*found, *peer} if found.get(key) != peer.get(key)]
    means = np.mean(list(peer.values()), axis=0) / 100
    overall = ours["global"]
    for name, expected in (("J", means[0]), ("F", means[1]), ("JF", means.mean())):
        if abs(overall[name] - expected) > 1e-9:
            wrong.append(f"global {name}")
    return wrong


def measured(label: str, peer_python: str, rounds: int, quick: bool) -> dict[str, Any]:
    """Both evaluators in turn at one size."""
    what, masks = sequences(SIZES[label], quick)
    with tempfile.TemporaryDirectory() as temporary:
        gt, pred = map(str, write(Path(temporary), masks))
        judge = str(Path(sys.executable).parent / "judge")
        command = [judge, "bench", "score", "vos", "--gt", gt, "--pred", pred]
        command += ["--protocol", "vos", "--json", "--jobs"]
        peers, ours, scorings, all_cores = [], [], [], []
        for _ in range(rounds):
            peers.append(run([peer_python, "-c", PEER, gt, pred]))
            # Ours takes so little that it is measured more often.
            for _ in range(3):
                ours.append(run([*command, "1"]))
                scorings.append(run([sys.executable, "-c", OURS, gt, pred]))
                all_cores.append(run([*command, str(os.cpu_count() or 1)]))
    n = ours[0].said["n"]["frames"]
    peer_scoring = min(p.said["seconds"] for p in peers)
    our_scoring = min(s.said["seconds"] for s in scorings)
    return {
        "size": label,
        "masks": f"{what}, {n} of objects in frames",
        "counted_by": ours[0].said["counted_by"],
        "differing": differing(ours[0].said, peers[0].said["objects"]),
        "process": [min(p.cpu for p in peers), min(o.cpu for o in ours)],
        "scoring": [peer_scoring, our_scoring],
        "milliseconds_a_mask": [1000 * peer_scoring / n, 1000 * our_scoring / n],
        "memory": [max(p.megabytes for p in peers), max(o.megabytes for o in ours)],
        "wall_one_worker": min(o.wall for o in ours),
        "wall_all_cores": min(a.wall for a in all_cores),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description="J&F against vos-benchmark.")
    parser.add_argument("--peer", required=True, help="The Python that has vos-benchmark.")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="A few frames only.")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results = [measured(label, options.peer, options.rounds, options.quick) for label in SIZES]
    if options.json:
        print(json.dumps(results, indent=2))
    else:
        for result in results:
            print(told(result))
    return 1 if any(result["differing"] for result in results) else 0


def told(result: dict[str, Any]) -> str:
    def ratio(name: str, unit: str) -> str:
        peer, ours = result[name]
        return f"{peer:9.3f} {unit} against {ours:8.4f} {unit}: {peer / ours:6.1f} times"

    wrong = result["differing"]
    return "\n".join(
        [
            f"{result['size']}: {result['masks']}; counted by {result['counted_by']}",
            f"  values    {'every one is equal' if not wrong else f'DIFFERENT: {wrong}'}",
            f"  process   {ratio('process', 's ')}  (CPU, imports included)",
            f"  scoring   {ratio('scoring', 's ')}  (CPU, imports left out)",
            f"  a mask    {ratio('milliseconds_a_mask', 'ms')}",
            f"  memory    {ratio('memory', 'MB')}  (the most resident)",
            f"  workers   {result['wall_one_worker']:.2f} s with one,"
            f" {result['wall_all_cores']:.2f} s with {os.cpu_count()} (wall clock)",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
