"""Judgment files in DevAI's form: a task with `satisfied` filled in, read and written.

People's scripts read `requirements[].satisfied`; ours adds `outcome` beside it, which also tells
abstained from error where `satisfied` is null.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    Field,
    JsonValue,
    StrictBool,
    StrictStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from devai_tasks.dag import without_self_loops
from devai_tasks.faults import Fault, read_form, refuse
from devai_tasks.models import DevAIValue, Preference, Requirement, Task, TaskName
from devai_tasks.reading import read_documents
from results.errors import InputError
from results.records import Outcome, Verdict

FLAG_OF = {Outcome.SATISFIED: True, Outcome.UNSATISFIED: False}
OUTCOME_OF = {True: Outcome.SATISFIED, False: Outcome.UNSATISFIED, None: Outcome.ABSTAINED}


class JudgedRequirement(Requirement):
    """A requirement with its verdict. Without an `outcome` in the file, `satisfied` decides."""

    outcome: Outcome

    @model_validator(mode="before")
    @classmethod
    def _outcome_from_flag(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and data.get("outcome") is None:
            flag = data.get("satisfied")
            if flag is None or isinstance(flag, bool):
                return {**data, "outcome": OUTCOME_OF[flag]}
            return {**data, "outcome": Outcome.ABSTAINED}
        return data

    @field_validator("outcome")
    @classmethod
    def _agrees_with_the_flag(cls, outcome: Outcome, read: ValidationInfo) -> Outcome:
        if "satisfied" in read.data and FLAG_OF.get(outcome) is not read.data["satisfied"]:
            raise ValueError(f"is {outcome} while `satisfied` says otherwise")
        return outcome


class JudgmentFile(DevAIValue):
    """The verdicts on one task's requirements, with the task around them."""

    name: TaskName
    query: StrictStr = ""
    tags: tuple[StrictStr, ...] = ()
    requirements: Annotated[tuple[JudgedRequirement, ...], Field(min_length=1)]
    preferences: tuple[Preference, ...] = ()
    is_kaggle_api_needed: StrictBool = False
    is_training_needed: StrictBool = False
    is_web_navigation_needed: StrictBool = False
    judge_stats: tuple[dict[str, JsonValue], ...] = ()


@dataclass(frozen=True)
class LoadedJudgments:
    """Judgments by task name, and what was strange in their files."""

    files: dict[str, JudgmentFile]
    warnings: tuple[str, ...] = ()

    @property
    def requirements(self) -> dict[str, tuple[JudgedRequirement, ...]]:
        """Task name -> its judged requirements."""
        return {name: file.requirements for name, file in self.files.items()}


def judgment_file(task: Task, verdicts: Iterable[Verdict]) -> JudgmentFile:
    """The task with its verdicts in DevAI's form; what has no verdict is abstained.

    InputError when a verdict is of another task, names no requirement, or comes twice.
    """
    of_requirements: dict[int, Verdict] = {}
    of_preferences: dict[int, Verdict] = {}
    for verdict in verdicts:
        known = of_preferences if verdict.is_preference else of_requirements
        if verdict.task != task.name:
            raise InputError(f"A verdict on {verdict.task} was given for the task {task.name}.")
        if verdict.requirement_id in known:
            raise InputError(f"{task.name} has two verdicts on {verdict.requirement_id}; keep one.")
        known[verdict.requirement_id] = verdict
    strange = of_requirements.keys() - task.graph.keys()
    strange |= of_preferences.keys() - {p.preference_id for p in task.preferences}
    if strange:
        raise InputError(f"{task.name} has verdicts on {sorted(strange)}, which it does not list.")

    def outcome(known: dict[int, Verdict], identifier: int) -> Outcome:
        return known[identifier].outcome if identifier in known else Outcome.ABSTAINED

    judged = []
    for requirement in task.requirements:
        said = outcome(of_requirements, requirement.requirement_id)
        keys = {**requirement.model_dump(), "outcome": said, "satisfied": FLAG_OF.get(said)}
        judged.append(JudgedRequirement.model_validate(keys))
    preferences = tuple(
        p.model_copy(update={"satisfied": FLAG_OF.get(outcome(of_preferences, p.preference_id))})
        for p in task.preferences
    )
    return JudgmentFile(
        **task.model_dump(exclude={"requirements", "preferences"}),
        requirements=tuple(judged),
        preferences=preferences,
        judge_stats=tuple(_stats(verdict) for verdict in of_requirements.values()),
    )


def write_judgment(judgment: JudgmentFile, folder: Path) -> Path:
    """`<folder>/<task name>.json`, whole or not at all; the file's path."""
    content = judgment.model_dump(mode="json")
    for requirement in content["requirements"]:
        if requirement["category"] is None:
            del requirement["category"]
    text = json.dumps(content, indent=4, ensure_ascii=False) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{judgment.name}.json"
    descriptor, draft = tempfile.mkstemp(dir=folder, prefix=".judgment-", suffix=".part")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).chmod(0o644)
        Path(draft).replace(target)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    return target


def load_judgments(folder: Path | str) -> LoadedJudgments:
    """The judgment files of a folder, or one such file; InputError lists all their faults."""
    folder = Path(folder)
    if folder.is_dir():
        files = sorted(f for f in folder.glob("*.json") if f.is_file() and f.name[0] != ".")
        if not files:
            raise InputError(f"{folder} holds no judgment files; expected <task name>.json in it.")
    elif folder.is_file():
        files = [folder]
    else:
        raise InputError(f"No judgments at {folder}: no such file or folder; check the path.")
    judgments: dict[str, JudgmentFile] = {}
    taken_by: dict[str, str] = {}
    faults: list[Fault] = []
    warnings: list[str] = []
    for file in files:
        documents, broken = read_documents(file, file.name)
        faults += broken
        for document in documents:
            judgment, wrong = read_form(document, JudgmentFile)
            faults += [fault for fault in wrong if not fault.is_self_loop]
            warnings += [f"{f} Until then the edge is ignored." for f in wrong if f.is_self_loop]
            if judgment is None:
                continue
            name = judgment.name
            if not document.place and _is_slip_for(name, file.stem):
                warnings.append(f"{file.name}: its name says {name}; taken as {file.stem}.")
                name = file.stem
            if name in judgments:
                what = f"the task {name} is judged already in {taken_by[name]}"
                faults.append(document.fault("/name", what, "keep one of the two"))
                continue
            taken_by[name] = file.name
            judgments[name] = judgment.model_copy(
                update={"name": name, "requirements": _without_self_loops(judgment)}
            )
    refuse(faults, str(folder))
    return LoadedJudgments(judgments, tuple(warnings))


def _is_slip_for(name: str, stem: str) -> bool:
    """Whether `name` is the file's own stem, cut short by a letter or two or with its suffix.

    Three of the released judged files of task 13 are so: `…_CustomImages_D` and `….json`.
    """
    if name == stem:
        return False
    return name == f"{stem}.json" or (stem.startswith(name) and len(stem) - len(name) <= 2)


def _without_self_loops(judgment: JudgmentFile) -> tuple[JudgedRequirement, ...]:
    return tuple(
        r.model_copy(
            update={"prerequisites": without_self_loops(r.requirement_id, r.prerequisites)}
        )
        for r in judgment.requirements
    )


def _stats(verdict: Verdict) -> dict[str, JsonValue]:
    return {
        "requirement_id": verdict.requirement_id,
        "satisfied": FLAG_OF.get(verdict.outcome),
        "outcome": verdict.outcome.value,
        "confidence": verdict.confidence,
        "reason": verdict.reason,
        "evidence": [evidence.model_dump(mode="json") for evidence in verdict.evidence],
        "llm_stats": verdict.usage.model_dump(mode="json"),
        "total_time": verdict.seconds,
    }
