"""What a run will judge: planned, read and checked as a whole before the first question."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from devai_tasks import Task, load_tasks
from devai_tasks.dag import topological_order
from judge.inspection import Inspection
from judge.judges.interface import Case, Judge, Question
from judge.running.outputs import Output, find_outputs
from judge.running.provenance import hash_of_path, hash_of_tasks, versions
from judge.trajectory import load_trajectory
from judge.workspace import Workspace
from results.errors import InputError
from results.records import AskedRequirement, AskedTask, RunRecord, Value
from runners.recording import host

Setting = Literal["black-box", "gray-box"]
FLAGS = ("is_kaggle_api_needed", "is_training_needed", "is_web_navigation_needed")


class RunRequest(Value):
    """What was asked for. Paths are absolute, so that a run can be resumed from anywhere."""

    tasks: str
    workspaces: str
    trajectories: str | None = None
    agent: str | None = None
    judge: str = "checks"
    model: str | None = None
    modules: tuple[str, ...] | None = None
    planning: str | None = None
    vision: bool = False
    embeddings: str | None = None
    max_steps: int | None = None
    skip_doomed: bool = False
    setting: Setting | None = None
    preferences: bool = False
    select: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunPlan:
    """One agent's outputs and every question about them, prerequisites before what needs them."""

    request: RunRequest
    agent: str
    setting: Setting
    outputs: tuple[Output, ...]
    questions: tuple[Question, ...]
    hashes: dict[str, str]
    notes: tuple[str, ...]

    @property
    def tasks(self) -> tuple[Task, ...]:
        return tuple(output.task for output in self.outputs)

    def open_case(self, task: str) -> Case:
        """The output for one task, ready to be looked at; InputError when it cannot be read."""
        output = next(output for output in self.outputs if output.task.name == task)
        trajectory = None if output.trajectory is None else load_trajectory(output.trajectory)
        return Case(output.task, Inspection(Workspace.open(output.workspace), trajectory))

    def record(self, run_id: str, judge: Judge, nonce: str = "") -> RunRecord:
        """What run.json is to say; `nonce` marks the fences around what a model is shown."""
        described = judge.describe()
        prompts = {f"prompt:{name}": sha for name, sha in _prompts(described).items()}
        flags = {
            output.task.name: [flag for flag in FLAGS if getattr(output.task, flag)]
            for output in self.outputs
        }
        return RunRecord(
            run_id=run_id,
            agent=self.agent,
            judge=self.request.judge,
            model=self.request.model,
            setting=self.setting,
            started_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            config={
                "request": self.request.model_dump(mode="json"),
                "judge": described,
                "nonce": nonce,
                "task_flags": {task: names for task, names in flags.items() if names},
            },
            versions=versions(),
            hashes={**self.hashes, **prompts},
            host=host(),
        )


def plan_runs(request: RunRequest) -> tuple[RunPlan, ...]:
    """A plan for each agent. InputError, before anything is judged, for whatever cannot be read."""
    loaded = load_tasks(request.tasks)
    trajectories = _chosen_trajectories(request)
    found = find_outputs(
        loaded, Path(request.workspaces), trajectories, request.agent, request.select
    )
    plans = []
    for number, outputs in enumerate(found):
        tasks = tuple(output.task for output in outputs.outputs)
        warnings = loaded.warnings if number == 0 else ()
        plan = RunPlan(
            request=request,
            agent=outputs.agent,
            setting="black-box" if trajectories is None else "gray-box",
            outputs=outputs.outputs,
            questions=tuple(q for task in tasks for q in questions_of(task, request.preferences)),
            hashes={"tasks": hash_of_tasks(tasks)},
            notes=(*warnings, *outputs.notes),
        )
        for task in tasks:
            plan.hashes.update(_hashes_of(plan, task.name))
        plans.append(plan)
    return tuple(plans)


def questions_of(task: Task, preferences: bool = False) -> list[Question]:
    """A question for each requirement, prerequisites first; preferences after them if wanted."""
    questions = [
        Question.of_requirement(task, task.requirement(number))
        for number in topological_order(task.graph)
    ]
    if preferences:
        questions += [Question.of_preference(task, wish) for wish in task.preferences]
    return questions


def asked_task(task: Task) -> AskedTask:
    """The task's text as a run keeps it."""
    requirements = [
        AskedRequirement(
            requirement_id=requirement.requirement_id,
            criteria=requirement.criteria,
            prerequisites=requirement.prerequisites,
            category=requirement.category,
        )
        for requirement in task.requirements
    ]
    preferences = [
        AskedRequirement(
            requirement_id=preference.preference_id,
            criteria=preference.criteria,
            is_preference=True,
        )
        for preference in task.preferences
    ]
    return AskedTask(
        task=task.name,
        query=task.query,
        tags=task.tags,
        requirements=(*requirements, *preferences),
    )


def _prompts(described: dict[str, Any]) -> dict[str, str]:
    """Prompt name -> hash, of a judge and of the members of a panel."""
    found: dict[str, str] = dict(described.get("prompts", {}))
    for member in described.get("members", ()):
        found |= _prompts(member)
    return found


def _chosen_trajectories(request: RunRequest) -> Path | None:
    """The folder of trajectories, where the setting lets the judge see them."""
    if request.setting == "black-box":
        return None
    if request.setting == "gray-box" and request.trajectories is None:
        raise InputError("The gray-box setting needs the agent's steps; add --trajectories DIR.")
    return None if request.trajectories is None else Path(request.trajectories)


def _hashes_of(plan: RunPlan, task: str) -> dict[str, Any]:
    """Hashes of one output's workspace and trajectory; opening them proves they can be read."""
    case = plan.open_case(task)
    hashes = {f"workspace:{task}": case.inspection.workspace.fingerprint()}
    output = next(output for output in plan.outputs if output.task.name == task)
    if output.trajectory is not None:
        hashes[f"trajectory:{task}"] = hash_of_path(output.trajectory)
    return hashes
