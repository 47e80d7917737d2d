"""A small good output with two requirements for files, one for a report, and a known program."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from devai_tasks import Requirement, Task
from judge.calibration import GoodOutput
from tests.support.outputs import write_files

CRITERIA = (
    "A logistic regression model is implemented in `src/model.py`.",
    "The model is trained in `src/train.py`.",
    "The accuracy is saved in `results/metrics.txt`.",
    "A report with the sections Data and Findings is saved as `report.md`.",
)
MODEL = '''\
"""The model."""

from sklearn.linear_model import LogisticRegression


def make_model():
    """A logistic regression."""
    return LogisticRegression(C=0.5)
'''
TRAIN = '''\
"""Training."""

from model import make_model
from sklearn.metrics import accuracy_score


def main():
    rows, labels = [[0.0], [1.0]], [0, 1]
    model = make_model()
    model.fit(rows, labels)
    accuracy = accuracy_score(labels, model.predict(rows))
    with open("results/metrics.txt", "w") as file:
        file.write(f"Accuracy: {accuracy:.4f}\\n")


if __name__ == "__main__":
    main()
'''
REPORT = "# Ours\n\n## Data\n\nTwo rows typed in.\n\n## Findings\n\nAll are told apart.\n"
FILES: dict[str, str | bytes] = {
    "src/model.py": MODEL,
    "src/train.py": TRAIN,
    "results/metrics.txt": "Accuracy: 0.9375\n",
    "report.md": REPORT,
}


def good(
    folder: Path,
    files: Mapping[str, str | bytes] = FILES,
    criteria: tuple[str, ...] = CRITERIA,
) -> GoodOutput:
    """The output, all of whose requirements are known to be met."""
    requirements = tuple(
        Requirement(requirement_id=number, criteria=text) for number, text in enumerate(criteria)
    )
    task = Task(name="small", query="Do it.", requirements=requirements)
    workspace = write_files(folder / "workspace", files)
    return GoodOutput(task, workspace, None, frozenset(range(len(criteria))))
