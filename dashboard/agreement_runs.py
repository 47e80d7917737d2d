"""Judged runs and labels as the published snapshot, run folders and label files hold them.

The pages ask these questions of whatever answers SQL over the snapshot's tables, so that nothing
here knows how a page keeps it open.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from pydantic import ValidationError

from devai_tasks import FlaggedRequirement, bundled_example
from judge.labelling import CONSENSUS, HUMAN, label_sessions
from judge.labelling.sessions import labelling_of
from judge.reporting.judged import JudgedRun, JudgedTask, judged_by_files
from judge.workspace import Workspace
from results.errors import InputError, JudgeError
from results.records import AskedRequirement, AskedTask, RunRecord, RunStatus, Usage, Verdict

BUNDLED_LABELS = "bundled labels"
_EVIDENCE = (
    *("kind", "path", "start_line", "end_line", "quote", "step", "fact"),
    *("command", "exit_status", "output"),
)
_VERDICT = (
    *("task", "requirement_id", "outcome", "confidence", "reason", "is_preference", "seconds"),
)


class Query(Protocol):
    """Answers SQL over the snapshot's tables with rows as dicts."""

    def __call__(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]: ...


@dataclass(frozen=True)
class RunLine:
    """One judgment run in a list of them."""

    run_id: str
    agent: str
    judge: str
    model: str
    setting: str
    started_at: str
    status: RunStatus
    seconds: float
    folder: str
    version: str
    prompts: tuple[str, ...]
    """The first letters of the hashes of the judge's prompts, in the order of their names."""
    outputs: Mapping[str, str] = field(default_factory=dict)
    """Task -> fingerprint of the workspace that was judged."""
    study: str = ""
    """For a run of people's labels: the study and who labelled."""

    @property
    def who(self) -> str:
        """The judge as people tell judges apart."""
        if self.judge == HUMAN:
            return f"human: {self.study}" if self.study else HUMAN
        parts = [self.judge, self.model, "black-box" if self.setting == "black-box" else ""]
        return " · ".join(part for part in parts if part)

    @property
    def identity(self) -> str:
        """The judge with the version of this project and its prompts: what can drift."""
        return " · ".join([self.who, f"v{self.version}", *self.prompts])


@dataclass(frozen=True)
class Side:
    """What one judge, or people, said of outputs.

    Keys are a task with the fingerprint of the workspace, because two agents' outputs for one task
    are two things, and so are one agent's before and after a change.
    """

    name: str
    flags: Mapping[str, tuple[FlaggedRequirement, ...]]
    categories: Mapping[tuple[str, int], str] = field(default_factory=dict)
    """(key, requirement id) -> the requirement's category."""

    def only(self, keys: Container[str]) -> dict[str, tuple[FlaggedRequirement, ...]]:
        """The flags of those outputs that are among `keys`."""
        return {key: flags for key, flags in self.flags.items() if key in keys}


def side(name: str, judged: Iterable[tuple[Mapping[str, str], JudgedRun]]) -> Side:
    """One side of (task -> fingerprint, run) pairs; where two are of one output the first counts.

    Tasks without a fingerprint are left out: what was judged there cannot be told.
    """
    flags: dict[str, tuple[FlaggedRequirement, ...]] = {}
    categories: dict[tuple[str, int], str] = {}
    for outputs, run in judged:
        for task in run.tasks:
            key = f"{task.name} {outputs[task.name]}" if task.name in outputs else ""
            if not key or key in flags:
                continue
            flags[key] = task.flags
            for requirement in task.requirements:
                if requirement.category:
                    categories[key, requirement.requirement_id] = requirement.category
    return Side(name, flags, categories)


def run_lines(query: Query) -> tuple[RunLine, ...]:
    """Every judgment run of the snapshot, newest first; rows that are none of ours are left out."""
    rows = query(
        "SELECT run_id, agent, judge, model, setting, started_at, status, seconds, folder, config,"
        " versions, hashes FROM runs WHERE kind = 'judgment' ORDER BY started_at DESC, run_id DESC"
    )
    found = []
    for row in rows:
        try:
            hashes = {str(k): str(v) for k, v in json.loads(row["hashes"]).items()}
            versions = json.loads(row["versions"])
            config = json.loads(row["config"])
            found.append(
                RunLine(
                    run_id=row["run_id"],
                    agent=row["agent"],
                    judge=row["judge"],
                    model=row["model"] or "",
                    setting=row["setting"],
                    started_at=row["started_at"],
                    status=RunStatus(row["status"]),
                    seconds=row["seconds"],
                    folder=row["folder"],
                    version=str(versions.get("agent-judge", "?")),
                    prompts=tuple(
                        hashes[name][:6] for name in sorted(hashes) if name.startswith("prompt:")
                    ),
                    outputs=_outputs(hashes),
                    study=_study(config) if row["judge"] == HUMAN else "",
                )
            )
        except (ValueError, AttributeError, TypeError):
            continue
    return tuple(found)


def run_record(query: Query, run_id: str) -> RunRecord | None:
    """What a run was asked; None where the snapshot has no such run, or not one of ours."""
    rows = query("SELECT * FROM runs WHERE run_id = ?", [run_id])
    if not rows:
        return None
    row = {name: rows[0][name] for name in RunRecord.model_fields if name in rows[0]}
    try:
        for name in ("config", "versions", "hashes", "host"):
            row[name] = json.loads(row[name])
        return RunRecord.model_validate(row)
    except (ValueError, TypeError):
        return None


def judged_runs(
    query: Query, lines: Iterable[RunLine], *, task: str | None = None
) -> dict[str, JudgedRun]:
    """Run id -> its tasks and standing verdicts, with evidence where one `task` is asked for."""
    chosen = {line.run_id: line for line in lines}
    if not chosen:
        return {}
    which, ids = _in(chosen)
    only, named = ("", []) if task is None else (" AND task = ?", [task])
    tasks = query(f"SELECT * FROM tasks WHERE {which}{only} ORDER BY run_id, task", [*ids, *named])
    requirements = query(
        f"SELECT * FROM requirements WHERE {which}{only}"
        " ORDER BY run_id, task, is_preference, requirement_id",
        [*ids, *named],
    )
    verdicts = query(
        "SELECT * FROM verdicts JOIN (SELECT * EXCLUDE outcome FROM usage)"
        " USING (run_id, task, is_preference, requirement_id, attempt)"
        f" WHERE {which}{only}",
        [*ids, *named],
    )
    evidence = (
        query(f"SELECT * FROM evidence WHERE {which}{only} ORDER BY position", [*ids, *named])
        if task is not None
        else []
    )
    return {
        run_id: _judged(
            line,
            [row for row in tasks if row["run_id"] == run_id],
            [row for row in requirements if row["run_id"] == run_id],
            [row for row in verdicts if row["run_id"] == run_id],
            [row for row in evidence if row["run_id"] == run_id],
        )
        for run_id, line in chosen.items()
    }


def spent(query: Query, lines: Iterable[RunLine]) -> dict[str, Usage]:
    """Run id -> what all its attempts took."""
    chosen = {line.run_id: line for line in lines}
    if not chosen:
        return {}
    which, ids = _in(chosen)
    rows = query(
        "SELECT run_id, sum(calls)::BIGINT AS calls, sum(input_tokens)::BIGINT AS input_tokens,"
        " sum(output_tokens)::BIGINT AS output_tokens,"
        " sum(cached_input_tokens)::BIGINT AS cached_input_tokens,"
        " CASE WHEN count(cost) = count(*) THEN sum(cost) END AS cost"
        f" FROM usage WHERE {which} GROUP BY run_id",
        ids,
    )
    return {row.pop("run_id"): Usage.model_validate(row) for row in rows}


def label_sides(runs_dir: Path, query: Query) -> tuple[Side, ...]:
    """Labels that judges can be held against: people's runs, each study's sessions, the bundled.

    Sessions of studies are read from their run folders, so that they count before anyone syncs;
    consensuses come first.
    """
    grouped: dict[str, list[tuple[Mapping[str, str], JudgedRun]]] = {}
    seen: set[str] = set()
    for session in label_sessions(runs_dir):
        seen.add(session.run_id)
        try:
            judged = session.judged()
        except JudgeError:
            continue
        name = f"{session.about.study}, {session.about.annotator}"
        grouped.setdefault(name, []).append((_outputs(session.folder.record.hashes), judged))
    lines = [x for x in run_lines(query) if x.judge == HUMAN and x.run_id not in seen]
    runs = judged_runs(query, lines)
    for line in lines:
        grouped.setdefault(line.study or "human runs", []).append((line.outputs, runs[line.run_id]))
    sides = [side(name, judged) for name, judged in grouped.items()]
    sides.sort(key=lambda one: (not one.name.endswith(f", {CONSENSUS}"), one.name))
    return (*(one for one in sides if _says_something(one)), *bundled_labels())


@cache
def bundled_labels() -> tuple[Side, ...]:
    """The labels that come with the bundled example; none where it is not installed."""
    example = bundled_example()
    try:
        judged = judged_by_files(example.labels)
        outputs = {
            task.name: Workspace.open(example.workspaces / task.name).fingerprint()
            for task in judged.tasks
        }
    except InputError:
        return ()
    return (side(BUNDLED_LABELS, [(outputs, judged)]),)


def _says_something(labels: Side) -> bool:
    return any(flag.outcome.is_decided for flags in labels.flags.values() for flag in flags)


def _judged(
    line: RunLine,
    tasks: Sequence[dict[str, Any]],
    requirements: Sequence[dict[str, Any]],
    verdicts: Sequence[dict[str, Any]],
    evidence: Sequence[dict[str, Any]],
) -> JudgedRun:
    cited: dict[tuple[str, bool, int], list[dict[str, Any]]] = {}
    for row in evidence:
        key = (row["task"], row["is_preference"], row["requirement_id"])
        kept = {name: row[name] for name in _EVIDENCE if row[name] is not None}
        cited.setdefault(key, []).append(kept)
    said: dict[str, dict[tuple[bool, int], Verdict]] = {}
    for row in verdicts:
        key = (row["task"], row["is_preference"], row["requirement_id"])
        verdict = _verdict(row, cited.get(key, []))
        if verdict is not None:
            said.setdefault(verdict.task, {})[key[1:]] = verdict
    of_task: dict[str, list[AskedRequirement]] = {}
    for row in requirements:
        asked = AskedRequirement.model_validate(
            {name: row[name] for name in AskedRequirement.model_fields}
        )
        of_task.setdefault(row["task"], []).append(asked)
    return JudgedRun(
        name=line.run_id,
        agent=line.agent,
        judge=line.judge,
        tasks=tuple(
            JudgedTask(
                AskedTask(
                    task=row["task"],
                    query=row["query"],
                    tags=tuple(row["tags"] or ()),
                    requirements=tuple(of_task.get(row["task"], ())),
                ),
                said.get(row["task"], {}),
            )
            for row in tasks
        ),
        status=line.status,
        usage=sum((v.usage for of in said.values() for v in of.values()), Usage()),
        seconds=line.seconds,
    )


def _verdict(row: Mapping[str, Any], evidence: Sequence[dict[str, Any]]) -> Verdict | None:
    """None for a row that this program did not write."""
    try:
        return Verdict.model_validate(
            {
                **{name: row[name] for name in _VERDICT},
                "usage": {name: row[name] for name in Usage.model_fields},
                "evidence": evidence,
            }
        )
    except ValidationError:
        return None


def _in(run_ids: Iterable[str]) -> tuple[str, list[str]]:
    ids = list(run_ids)
    return f"run_id IN ({', '.join('?' * len(ids))})", ids


def _outputs(hashes: Mapping[str, str]) -> dict[str, str]:
    kind = "workspace:"
    return {n.removeprefix(kind): mark for n, mark in hashes.items() if n.startswith(kind)}


def _study(config: Mapping[str, Any]) -> str:
    about = labelling_of(RunRecord(run_id="x", judge=HUMAN, started_at="", config={**config}))
    return "" if about is None else f"{about.study}, {about.annotator}"
