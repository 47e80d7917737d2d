"""Small tasks and workspaces on disk, made for one test."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

TRAIN = """\
import json
from sklearn.linear_model import LogisticRegression


def main():
    model = LogisticRegression()
    model.fit([[0], [1]], [0, 1])
    with open("results/metrics.json", "w") as file:
        json.dump({"accuracy": model.score([[0], [1]], [0, 1])}, file)


if __name__ == "__main__":
    main()
"""
REQUIREMENTS = (
    ("A logistic regression model is implemented in `src/train.py`.", ()),
    ("The accuracy is saved in `results/metrics.json`.", (0,)),
    ("A report is saved as `report.md`.", (0, 1)),
)


def write_task(
    folder: Path,
    name: str,
    requirements: Sequence[tuple[str, Sequence[int]]] = REQUIREMENTS,
    preferences: Sequence[str] = (),
    **more: Any,
) -> Path:
    """`<folder>/<name>.json` in DevAI's form; requirements are (criteria, prerequisites)."""
    task = {
        "name": name,
        "query": f"Do {name}.",
        "tags": ["Small"],
        "requirements": [
            {
                "requirement_id": number,
                "prerequisites": list(prerequisites),
                "criteria": criteria,
                "category": "Other",
                "satisfied": None,
            }
            for number, (criteria, prerequisites) in enumerate(requirements)
        ],
        "preferences": [
            {"preference_id": number, "criteria": criteria, "satisfied": None}
            for number, criteria in enumerate(preferences)
        ],
        "is_kaggle_api_needed": False,
        "is_training_needed": True,
        "is_web_navigation_needed": False,
        **more,
    }
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.json"
    file.write_text(json.dumps(task), encoding="utf-8")
    return file


def write_files(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """The files below `folder`, by their relative paths; the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def write_output(folder: Path) -> Path:
    """A workspace that meets the first two of REQUIREMENTS."""
    return write_files(
        folder, {"src/train.py": TRAIN, "results/metrics.json": '{"accuracy": 1.0}\n'}
    )


def write_trajectory(folder: Path, task: str) -> Path:
    """A trajectory in DevAI's form with one step."""
    step = {
        "step": 0,
        "user_message": "Do it.",
        "agent": {
            "thought": "I run it.",
            "action": "Running command: python src/train.py",
            "agent_name": "tester",
        },
        "environment": "done",
        "step_usage": {
            "input_tokens": 1,
            "output_tokens": 1,
            "model": "none",
            "cost": 0.0,
            "llm_inference_time": 0.1,
            "step_execution_time": 0.1,
        },
        "accumulated_usage": {
            "accumulated_cost": 0.0,
            "accumulated_time": 0.1,
        },
    }
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{task}.json"
    file.write_text(json.dumps([step]), encoding="utf-8")
    return file
