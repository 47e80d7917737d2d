"""How long it takes to list, read and index a workspace of 1,000 source files.

    python -m tests.speed.index_workspace [--files 1000] [--python-only]

Prints wall and CPU seconds, and the ratio to `ast.parse` of the same Python text in the same
process: what a machine that is busy does to one it does to the other.
"""

from __future__ import annotations

import argparse
import ast
import tempfile
import time
from pathlib import Path

from judge.inspection import Inspection
from judge.workspace import Workspace

PYTHON = '''\
"""Part {n} of a generated project."""

import json
from pathlib import Path

import numpy as np
from sklearn.linear_model import Ridge

from part_{before} import Model{before}, load_{before}

OUT = Path("results") / "part_{n}"


def load_{n}(path="data/part_{n}.csv", limit=100):
    rows = np.loadtxt(path, delimiter=",", skiprows=1)
    if len(rows) > limit:
        rows = rows[:limit]
    return rows[:, :-1], rows[:, -1]


class Model{n}(Model{before}):
    def __init__(self, alpha=0.1):
        self.alpha = alpha
        self.model = Ridge(alpha=alpha)

    def fit(self, x, y):
        scaled = (x - x.mean(axis=0)) / (x.std(axis=0) + 1e-9)
        self.model.fit(scaled, y)
        return self

    def score(self, x, y):
        errors = [abs(a - b) for a, b in zip(self.model.predict(x), y)]
        return sum(errors) / max(1, len(errors))

'''
HELPER = """
def step_{n}_{k}(values, threshold={k}):
    total = 0
    for index, value in enumerate(values):
        if value > threshold:
            total += value * index
    return {{"total": total, "name": f"step_{{threshold}}"}}

"""
MAIN = """
if __name__ == "__main__":
    x, y = load_{n}()
    model = Model{n}().fit(x, y)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "metrics.json").write_text(json.dumps({{"mae": model.score(x, y)}}))
"""
SCRIPT = """\
const fs = require("fs");
const { part } = require("./part_%d");

function step(values, threshold) {
  return values.filter((value) => value > threshold).map((value) => value * 2);
}

const rows = fs.readFileSync("data/part_%d.csv", "utf8").split("\\n");
fs.writeFileSync("results/part_%d.json", JSON.stringify(step(rows, 3)));
"""


def write_project(root: Path, files: int, *, python_only: bool) -> int:
    """A project of so many files, one in ten of them JavaScript; how many lines it has."""
    lines = 0
    for n in range(files):
        before = max(0, n - 1)
        if not python_only and n % 10 == 9:
            text, name = SCRIPT % (before, n, n), f"part_{n}.js"
        else:
            helpers = "".join(HELPER.format(n=n, k=k) for k in range(7))
            text = PYTHON.format(n=n, before=before) + helpers + MAIN.format(n=n)
            name = f"part_{n}.py"
        (root / name).write_text(text)
        lines += text.count("\n")
    return lines


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=1_000)
    parser.add_argument("--python-only", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        lines = write_project(root, options.files, python_only=options.python_only)
        began, used = time.perf_counter(), time.process_time()
        inspection = Inspection(Workspace.open(root), None)
        graph = inspection.graph
        wall, cpu = time.perf_counter() - began, time.process_time() - used
        used = time.process_time()
        for path, text in inspection.sources.items():
            if path.endswith(".py"):
                ast.parse(text)
        plain = time.process_time() - used
    print(
        f"{options.files} files, {lines} lines: {wall:.2f} s wall, {cpu:.2f} s CPU,"
        f" {cpu / plain:.1f} times ast.parse of its Python;"
        f" {len(graph.definitions)} definitions, {len(graph.calls)} calls, {len(graph.uses)} uses"
    )


if __name__ == "__main__":
    main()
