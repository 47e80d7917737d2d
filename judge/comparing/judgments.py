"""A judgment run, or a folder of judgment files, as a side of a comparison."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence

from devai_tasks import rates
from judge.reporting.judged import JudgedRun, JudgedTask
from results.comparison.values import Series, Side, Unit
from results.records import AskedRequirement, AskedTask, Outcome, RunRecord, Verdict

# Whose verdicts a released folder holds, by its name; another name says nothing of the judge.
KNOWN_FOLDERS = frozenset(
    {"human", "agent_gray_box", "agent_black_box", "llm_gray_box", "llm_black_box"}
)
READINGS = ("independent", "dependent", "transitive")
SOLVE = "solve"


def side_of_judgments(run: JudgedRun) -> Side:
    """Requirement by requirement, in the three readings; tasks solved come of pairing two sides."""
    units = _units(run.tasks)
    return Side(
        name=run.name,
        kind="judgment",
        about=f"{run.agent}, judged by {run.judge}",
        identity=_identity(run),
        asked={} if run.record is None else {t.name: _hash_of(t.asked) for t in run.tasks},
        outputs={} if run.record is None else _outputs(run.record),
        series=tuple(Series(name=name, units=units[name]) for name in READINGS),
        primary="independent",
        totals=_totals(run),
        notes=run.notes,
    )


def solve_series(independent: Sequence[Unit]) -> Series:
    """Whether each task has all of these requirements met; one unmet requirement decides it."""
    tasks: dict[str, list[Unit]] = {}
    for unit in independent:
        tasks.setdefault(unit.cluster, []).append(unit)
    return Series(name=SOLVE, units=tuple(_solved(task, units) for task, units in tasks.items()))


def _solved(task: str, units: Sequence[Unit]) -> Unit:
    unmet = [unit for unit in units if unit.value == 0]
    undecided = [unit for unit in units if unit.value is None]
    first = next(iter(unmet or undecided), None)
    shared = {name for unit in units for name in unit.slices if name.startswith("tag=")}
    return Unit(
        cluster=task,
        key=task,
        value=0.0 if unmet else None if undecided else 1.0,
        reason="" if first is None else f"requirement {first.key}: {first.reason}",
        evidence=() if first is None else first.evidence,
        is_error=not unmet and any(unit.is_error for unit in undecided),
        slices=tuple(sorted(shared)),
    )


def _units(tasks: Iterable[JudgedTask]) -> dict[str, tuple[Unit, ...]]:
    """Reading -> a unit for each requirement of each task."""
    units: dict[str, list[Unit]] = {name: [] for name in READINGS}
    for task in tasks:
        flags = {task.name: task.flags}
        for requirement in task.requirements:
            verdict = task.verdict(requirement)
            standing = rates(flags, counted={task.name: {requirement.requirement_id}})
            for name, found in units.items():
                value = getattr(standing, name).value
                found.append(_unit(task, requirement, verdict, value))
    return {name: tuple(found) for name, found in units.items()}


def _unit(
    task: JudgedTask, requirement: AskedRequirement, verdict: Verdict | None, value: float | None
) -> Unit:
    failed = verdict is None or verdict.outcome is Outcome.ERROR
    category = (f"category={requirement.category}",) if requirement.category else ()
    return Unit(
        cluster=task.name,
        key=str(requirement.requirement_id),
        value=value,
        reason="not judged" if verdict is None else verdict.reason,
        evidence=() if verdict is None else verdict.evidence,
        is_error=failed and value is None,
        slices=(*category, *(f"tag={tag}" for tag in task.asked.tags), f"task={task.name}"),
        text=requirement.criteria,
    )


def _identity(run: JudgedRun) -> dict[str, str]:
    record = run.record
    if record is None:
        return {"judge": run.judge} if run.judge in KNOWN_FOLDERS else {}
    prompts = {name: sha for name, sha in record.hashes.items() if name.startswith("prompt:")}
    return {
        "judge": record.judge,
        "model": record.model or "none",
        "setting": record.setting,
        "judge's settings": json.dumps(record.config.get("judge"), sort_keys=True),
        "version of agent-judge": record.versions.get("agent-judge", "unknown"),
        **{name.replace("prompt:", "prompt "): sha for name, sha in prompts.items()},
    }


def _outputs(record: RunRecord) -> dict[str, str]:
    """Task -> hash of the workspace that was judged."""
    mark = "workspace:"
    return {
        name.removeprefix(mark): sha for name, sha in record.hashes.items() if name.startswith(mark)
    }


def _hash_of(task: AskedTask) -> str:
    """Of what is asked: query and requirements. Tags and categories do not change a verdict."""
    asked = [
        task.query,
        [
            [r.requirement_id, r.criteria, r.prerequisites]
            for r in task.requirements
            if not r.is_preference
        ],
    ]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


def _totals(run: JudgedRun) -> dict[str, float | None]:
    if run.record is None:
        return {}
    usage = run.usage
    judged = len(run.verdicts)
    return {
        "seconds": run.seconds,
        "seconds_per_unit": sum(v.seconds for v in run.verdicts) / judged if judged else None,
        "calls": float(usage.calls),
        "input_tokens": float(usage.input_tokens),
        "output_tokens": float(usage.output_tokens),
        "cost": usage.cost,
        "cost_per_unit": None if usage.cost is None or not judged else usage.cost / judged,
    }
