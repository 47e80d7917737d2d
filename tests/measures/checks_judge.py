"""How the `checks` judge does on labelled outputs: coverage, agreement and cost.

    python -m tests.measures.checks_judge [--json] [--verdicts] [--corpus DIR ...]

Hollow workspaces and task 39 are read from $JUDGE_TEST_DATA where it is set; the bundled example
always. A corpus is a folder with `tasks/`, `workspaces/<task>/`, `labels/` (judgments in DevAI's
form) and, optionally, `trajectories/`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devai_tasks import Task
from devai_tasks.example import bundled_example
from judge.inspection import Inspection
from judge.judges.checks.judge import ChecksJudge
from judge.judges.interface import Case, Question
from judge.trajectory import find_trajectory, load_trajectory
from judge.workspace import Workspace
from results.records import Outcome, Verdict

STRONGEST = ("gpt-5.4", "claude-sonnet-4.6", "deepseek-v3.2", "gemini-3-flash-preview")


@dataclass(frozen=True)
class Judged:
    """One requirement with its verdict; `label` is None where nobody labelled it."""

    group: str
    task: str
    criteria: str
    verdict: Verdict
    label: bool | None


def judge_workspace(
    group: str, task: Task, workspace: Path, trajectory: Path | None, labels: dict[int, bool | None]
) -> list[Judged]:
    """Every requirement of one task, judged; the trajectory makes it gray-box."""
    read = load_trajectory(trajectory) if trajectory is not None else None
    case = Case(task, Inspection(Workspace.open(workspace), read))
    judge = ChecksJudge()
    found: list[Judged] = []
    earlier: dict[int, Verdict] = {}
    for requirement in task.requirements:
        verdict = judge.judge(case, Question.of_requirement(task, requirement), earlier)
        earlier[requirement.requirement_id] = verdict
        label = labels.get(requirement.requirement_id)
        found.append(Judged(group, workspace.name, requirement.criteria, verdict, label))
    return found


def read_task(path: Path) -> tuple[Task, dict[int, bool | None]]:
    """A task or judgment file in DevAI's form, with the labels it holds."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    labels = {r["requirement_id"]: r.get("satisfied") for r in raw["requirements"]}
    return Task.model_validate(raw), labels


def judge_corpus(group: str, folder: Path, *, black_box: bool = False) -> list[Judged]:
    """Every workspace of a corpus that has a task and labels."""
    found: list[Judged] = []
    for labelled in sorted((folder / "labels").glob("*.json")):
        workspace = folder / "workspaces" / labelled.stem
        if not workspace.is_dir():
            continue
        task, labels = read_task(labelled)
        trajectory: Path | None = folder / "trajectories" / labelled.name
        if black_box or trajectory is None or not trajectory.exists():
            trajectory = None
        found += judge_workspace(group, task, workspace, trajectory, labels)
    return found


def judge_bundled() -> list[Judged]:
    return judge_corpus("bundled", bundled_example().tasks.parent)


def judge_task_39(data: Path) -> list[Judged]:
    name = "39_Drug_Response_Prediction_SVM_GDSC_ML"
    devai = data / "devai"
    task, labels = read_task(devai / "judgments" / "OpenHands" / "human" / f"{name}.json")
    workspace = devai / "workspaces" / "OpenHands" / name
    trajectory = find_trajectory(devai / "trajectories", "OpenHands", name)
    return judge_workspace("task 39", task, workspace, trajectory, labels)


def judge_hollow(data: Path) -> list[Judged]:
    """The hollow workspaces; labelled False where the four strongest judges agree on that."""
    opinions = json.loads((data / "hollow" / "llm_judge_verdicts.json").read_text())["verdicts"]
    found: list[Judged] = []
    for workspace in sorted((data / "hollow" / "workspaces").iterdir()):
        task, _ = read_task(data / "devai" / "instances" / f"{workspace.name}.json")
        labels: dict[int, bool | None] = {}
        for number, votes in opinions.get(workspace.name, {}).items():
            agreed = not any(votes.get(judge, True) for judge in STRONGEST)
            labels[int(number)] = False if agreed else None
        found += judge_workspace("hollow", task, workspace, None, labels)
    return found


def figures(judged: Sequence[Judged]) -> dict[str, Any]:
    """Coverage and agreement over the labelled, outcomes over all; shares are 0..1."""
    labelled = [j for j in judged if j.label is not None]
    decided = [j for j in labelled if j.verdict.outcome.is_decided]
    outcomes = {
        outcome.value: sum(j.verdict.outcome is outcome for j in judged) for outcome in Outcome
    }
    confusion = {
        f"{label}": {
            outcome.value: sum(j.label is value and j.verdict.outcome is outcome for j in labelled)
            for outcome in Outcome
        }
        for label, value in (("satisfied", True), ("unsatisfied", False))
    }
    sensitivity = _share(confusion["satisfied"], "satisfied", "unsatisfied")
    specificity = _share(confusion["unsatisfied"], "unsatisfied", "satisfied")
    both = [value for value in (sensitivity, specificity) if value is not None]
    return {
        "n": len(judged),
        "labelled": len(labelled),
        "outcomes": outcomes,
        "coverage": len(decided) / len(labelled) if labelled else None,
        "confusion": confusion,
        "sensitivity": sensitivity,
        "specificity": specificity,
        "balanced_accuracy": sum(both) / len(both) if both else None,
        "passed_of_all": outcomes["satisfied"] / len(judged) if judged else None,
        "milliseconds": 1000 * sum(j.verdict.seconds for j in judged) / max(1, len(judged)),
    }


def _share(row: dict[str, int], right: str, wrong: str) -> float | None:
    decided = row[right] + row[wrong]
    return row[right] / decided if decided else None


def leaving_one_out(judged: Sequence[Judged]) -> dict[str, Any]:
    """The lowest and highest figures when each workspace in turn is left out."""
    spans: dict[str, list[float]] = {"coverage": [], "balanced_accuracy": []}
    for task in sorted({j.task for j in judged}):
        rest = figures([j for j in judged if j.task != task])
        for name, values in spans.items():
            if rest[name] is not None:
                values.append(rest[name])
    return {name: [min(v), max(v)] if v else None for name, v in spans.items()}


def hollow_figures(judged: Sequence[Judged]) -> dict[str, Any]:
    """The figures that hollow workspaces are asked for."""
    sound = [j for j in judged if j.label is False]
    return {
        "agreed_unsatisfied": len(sound),
        "decided": sum(j.verdict.outcome.is_decided for j in sound) / len(sound),
        "passed": sum(j.verdict.outcome is Outcome.SATISFIED for j in sound) / len(sound),
        "passed_of_all": sum(j.verdict.outcome is Outcome.SATISFIED for j in judged) / len(judged),
    }


def measure(corpora: Iterable[Path], *, black_box: bool = False) -> list[Judged]:
    """Everything there is to measure on."""
    judged = judge_bundled()
    data = os.environ.get("JUDGE_TEST_DATA")
    if data:
        judged += judge_task_39(Path(data)) + judge_hollow(Path(data))
    for corpus in corpora:
        judged += judge_corpus(str(corpus), corpus, black_box=black_box)
    return judged


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--verdicts", action="store_true", help="print every verdict and reason")
    parser.add_argument("--wrong", action="store_true", help="print wrong and open verdicts only")
    parser.add_argument("--black-box", action="store_true", help="leave a corpus' trajectories out")
    parser.add_argument("--corpus", type=Path, nargs="*", default=[], metavar="DIR")
    options = parser.parse_args(arguments)
    started = time.perf_counter()
    judged = measure(options.corpus, black_box=options.black_box)
    seconds = time.perf_counter() - started
    groups = dict.fromkeys(j.group for j in judged)
    report: dict[str, Any] = {}
    for group in groups:
        members = [j for j in judged if j.group == group]
        report[group] = figures(members) | {"leaving_one_out": leaving_one_out(members)}
        if group == "hollow":
            report[group] |= hollow_figures(members)
    real = [j for j in judged if j.group in ("bundled", "task 39")]
    report["bundled and task 39"] = figures(real) | {"leaving_one_out": leaving_one_out(real)}
    report["milliseconds_with_reading"] = 1000 * seconds / max(1, len(judged))
    if options.json:
        print(json.dumps(report, indent=2))
        return 0
    if options.verdicts or options.wrong:
        for item in judged:
            outcome = item.verdict.outcome
            is_right = (outcome is Outcome.SATISFIED) is item.label and outcome.is_decided
            if options.wrong and (is_right or item.label is None):
                continue
            mark = " " if item.label is None or not outcome.is_decided else "=" if is_right else "X"
            print(
                f"{mark} {item.task} {item.verdict.requirement_id} label={item.label} "
                f"{outcome.value} {item.verdict.confidence:.2f} ({item.verdict.seconds:.3f} s)\n"
                f"    {item.criteria[:170]}\n    {item.verdict.reason}"
            )
    for group, values in report.items():
        print(f"{group}: {json.dumps(values, default=str)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
