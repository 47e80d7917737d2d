"""The verdicts of a RUN, whether that is a run of ours or a folder of DevAI judgment files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from devai_tasks import (
    FlaggedRequirement,
    JudgedRequirement,
    JudgmentFile,
    Rates,
    load_judgments,
    rates,
)
from results.errors import InputError
from results.records import (
    AskedRequirement,
    AskedTask,
    Outcome,
    RunRecord,
    RunStatus,
    Usage,
    Verdict,
)
from results.run_folder import RunFolder, resolve_run


@dataclass(frozen=True)
class JudgedTask:
    """A task's text, and the verdicts on it; what has none was not judged (yet)."""

    asked: AskedTask
    verdicts: Mapping[tuple[bool, int], Verdict]
    """(is it a preference, its id) -> the verdict."""

    @property
    def name(self) -> str:
        return self.asked.task

    @property
    def requirements(self) -> tuple[AskedRequirement, ...]:
        return tuple(r for r in self.asked.requirements if not r.is_preference)

    @property
    def preferences(self) -> tuple[AskedRequirement, ...]:
        return tuple(r for r in self.asked.requirements if r.is_preference)

    def verdict(self, requirement: AskedRequirement) -> Verdict | None:
        """The verdict on one of the task's requirements or preferences."""
        return self.verdicts.get((requirement.is_preference, requirement.requirement_id))

    @property
    def flags(self) -> tuple[FlaggedRequirement, ...]:
        """The requirements with their outcomes; one that was not judged is in `error`."""
        return tuple(
            FlaggedRequirement(
                requirement.requirement_id,
                requirement.criteria,
                requirement.prerequisites,
                verdict.outcome if (verdict := self.verdict(requirement)) else Outcome.ERROR,
            )
            for requirement in self.requirements
        )


@dataclass(frozen=True)
class JudgedRun:
    """Everything one judge said of one agent's outputs."""

    name: str
    """The run's id, or the folder of judgment files."""
    agent: str
    judge: str
    tasks: tuple[JudgedTask, ...]
    record: RunRecord | None = None
    status: RunStatus = RunStatus.COMPLETE
    usage: Usage = field(default_factory=Usage)
    seconds: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def flags(self) -> dict[str, tuple[FlaggedRequirement, ...]]:
        """Task name -> its requirements with their outcomes."""
        return {task.name: task.flags for task in self.tasks}

    @property
    def rates(self) -> Rates:
        return rates(self.flags)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """In the order of tasks and of their requirements, preferences last."""
        return tuple(
            verdict
            for task in self.tasks
            for requirement in task.asked.requirements
            if (verdict := task.verdict(requirement)) is not None
        )

    @property
    def unjudged(self) -> int:
        """How many requirements have no verdict."""
        return sum(task.verdict(r) is None for task in self.tasks for r in task.requirements)

    def chosen(self, task: str | None) -> tuple[JudgedTask, ...]:
        """All tasks, or the one that is named; InputError when there is none of that name."""
        if task is None:
            return self.tasks
        found = tuple(judged for judged in self.tasks if judged.name == task)
        if not found:
            names = ", ".join(judged.name for judged in self.tasks[:5])
            raise InputError(f"{self.name} has no task {task!r}; it has {names}.")
        return found


def read_judged(run: str, run_dir: Path, store: Path) -> JudgedRun:
    """What RUN names: an id, a unique prefix, a run folder, or a folder of judgment files."""
    path = Path(run)
    if path.is_dir() and not (path / "run.json").exists() and _holds_json(path):
        return judged_by_files(path)
    if path.is_file() and path.suffix == ".json":
        return judged_by_files(path)
    return judged_by_run(resolve_run(run, run_dir, store))


def judged_by_run(folder: RunFolder) -> JudgedRun:
    """The standing verdicts of a run, with its tasks' texts; InputError for a benchmark's run."""
    if folder.record.kind == "benchmark":
        raise InputError(
            f"Run {folder.run_id} is of a benchmark and has no verdicts; `judge results show"
            f" {folder.run_id}` shows its figures."
        )
    content = folder.content()
    verdicts: dict[str, dict[tuple[bool, int], Verdict]] = {}
    for attempt in content.standing():
        key = attempt.key
        of_task = verdicts.setdefault(key.task, {})
        of_task[key.is_preference, key.requirement_id] = attempt.verdict
    judged = JudgedRun(
        name=folder.run_id,
        agent=folder.record.agent,
        judge=folder.record.judge,
        tasks=tuple(JudgedTask(task, verdicts.get(task.task, {})) for task in content.tasks),
        record=folder.record,
        status=content.progress.status,
        usage=sum((attempt.verdict.usage for attempt in content.attempts), Usage()),
        seconds=content.progress.seconds,
        notes=folder.notes(),
    )
    if not judged.unjudged:
        return judged
    note = (
        f"{judged.unjudged} requirements of run {judged.name} are not judged yet and count as"
        f" undecided; go on with `judge run --resume {folder.path}`."
    )
    return replace(judged, notes=(note, *judged.notes))


def judged_by_files(path: Path) -> JudgedRun:
    """The judgments in a folder of DevAI's form, or in one such file."""
    loaded = load_judgments(path)
    name = path.resolve().name
    return JudgedRun(
        name=str(path),
        agent=path.resolve().parent.name,
        judge=name,
        tasks=tuple(_judged_task(file) for file in loaded.files.values()),
        notes=loaded.warnings,
    )


def _judged_task(file: JudgmentFile) -> JudgedTask:
    asked = AskedTask(
        task=file.name,
        query=file.query,
        tags=file.tags,
        requirements=tuple(
            AskedRequirement(
                requirement_id=requirement.requirement_id,
                criteria=requirement.criteria,
                prerequisites=requirement.prerequisites,
                category=requirement.category,
            )
            for requirement in file.requirements
        ),
    )
    stats = {given.get("requirement_id"): given for given in file.judge_stats}
    verdicts = {
        (False, requirement.requirement_id): _verdict(
            file.name, requirement, stats.get(requirement.requirement_id, {})
        )
        for requirement in file.requirements
    }
    return JudgedTask(asked, verdicts)


def _verdict(task: str, requirement: JudgedRequirement, stats: Mapping[str, Any]) -> Verdict:
    """The verdict with as much of its reason, confidence and evidence as the file has kept."""
    reason, confidence = stats.get("reason"), stats.get("confidence")
    bare = Verdict(
        task=task,
        requirement_id=requirement.requirement_id,
        outcome=requirement.outcome,
        confidence=1.0 if requirement.outcome.is_decided else 0.0,
        reason=reason if isinstance(reason, str) else "",
    )
    if confidence is None:
        return bare
    try:
        return Verdict.model_validate(
            {**dict(bare), "confidence": confidence, "evidence": stats.get("evidence", ())}
        )
    except ValidationError:
        return bare


def _holds_json(folder: Path) -> bool:
    return any(entry.suffix == ".json" for entry in folder.iterdir())
