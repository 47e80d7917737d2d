"""Who labels which outputs: each annotator's labels are a run of their own whose judge is `human`.

A label is journalled as it is given, so nothing is lost when a browser or a machine goes, and a run
of labels is read like any other: `judge align --labels RUN`, `judge show RUN`. What a study labels
comes from a run's request alone; verdicts are never looked at.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from judge.evidence import check_citation
from judge.reporting.judged import JudgedRun, judged_by_run
from judge.reporting.wording import plain
from judge.running.outputs import Output
from judge.running.planning import RunPlan, RunRequest, asked_task, plan_runs
from judge.running.provenance import versions
from judge.trajectory import load_trajectory
from judge.workspace import Workspace
from results.errors import InputError
from results.records import (
    AskedTask,
    Evidence,
    FileEvidence,
    Outcome,
    RunRecord,
    RunStatus,
    TrajectoryEvidence,
    Value,
    Verdict,
)
from results.run_folder import RunFolder, new_run_id, open_runs
from runners.recording import host

HUMAN = "human"
"""The `judge` of a run that holds people's labels."""
ANNOTATOR: Literal["annotator"] = "annotator"
CONSENSUS: Literal["consensus"] = "consensus"
LONGEST_NAME = 40
LONGEST_COMMENT = 4_000
LONGEST_QUOTE = 2_000
MOST_LINES_CITED = 60
# A person who leaves the page open overnight did not think about one requirement all that time.
LONGEST_SECONDS = 3_600.0
_KEY = "labelling"
_NAME = re.compile(r"[^\W_](?:[\w .-]*[\w.])?")


class Labelling(Value):
    """What a run of labels says of itself in its record's config."""

    study: str
    annotator: str
    role: Literal["annotator", "consensus"] = ANNOTATOR


@dataclass(frozen=True)
class LabelSession:
    """One annotator's labels, or a study's consensus, on one agent's outputs."""

    folder: RunFolder
    about: Labelling

    @property
    def run_id(self) -> str:
        return self.folder.run_id

    @property
    def agent(self) -> str:
        return self.folder.record.agent

    def tasks(self) -> tuple[AskedTask, ...]:
        """The texts of the tasks that are labelled."""
        return self.folder.tasks()

    def labels(self) -> dict[tuple[str, int], Verdict]:
        """(task, requirement id) -> the label that stands; of several the last one given."""
        return {(v.task, v.requirement_id): v for v in self.folder.verdicts()}

    def judged(self) -> JudgedRun:
        """The labels as a judged run; what is not labelled yet counts as undecided."""
        return judged_by_run(self.folder)

    def give(
        self,
        task: str,
        requirement_id: int,
        outcome: Outcome,
        comment: str = "",
        cited: Iterable[Evidence] = (),
        seconds: float = 0.0,
    ) -> Verdict:
        """Journals a label, which is on disk when this returns; a later one takes its place.

        `outcome` is satisfied, unsatisfied, or abstained for "cannot tell"; `seconds` is how long
        the person took. InputError for a requirement that the session does not ask about.
        """
        if outcome is Outcome.ERROR:
            raise InputError("A label is satisfied, unsatisfied or abstained; people do not err.")
        if (task, requirement_id) not in _requirements(self.tasks()):
            raise InputError(f"{plain(task)[:200]!r} has no requirement {requirement_id} to label.")
        label = Verdict(
            task=task,
            requirement_id=requirement_id,
            outcome=outcome,
            confidence=1.0 if outcome.is_decided else 0.0,
            reason=comment.strip()[:LONGEST_COMMENT],
            evidence=tuple(cited),
            seconds=min(max(seconds, 0.0), LONGEST_SECONDS),
        )
        with self.folder.claimed():
            self.folder.add_verdict(label)
        return label

    def finish(self) -> RunStatus:
        """Journals that the session ends: complete when every requirement has a label."""
        asked, given = _requirements(self.tasks()), self.labels()
        status = RunStatus.COMPLETE if asked <= given.keys() else RunStatus.INCOMPLETE
        seconds = sum(label.seconds for label in given.values())
        with self.folder.claimed():
            before = self.folder.content().progress
            if before.status is not status:
                self.folder.finish(status, max(0.0, seconds - before.seconds))
        return status


@dataclass(frozen=True)
class Study:
    """All sessions of one name on one agent's outputs. `request` says where the outputs are."""

    name: str
    agent: str
    request: RunRequest
    annotators: tuple[LabelSession, ...]
    consensus: LabelSession | None

    def session_of(self, annotator: str) -> LabelSession | None:
        """The annotator's own session; names are told apart without case."""
        wanted = annotator.casefold()
        return next((s for s in self.annotators if s.about.annotator.casefold() == wanted), None)


def clean_name(text: str, what: str) -> str:
    """A name of a person or a study that can stand anywhere; InputError says what is wrong.

    >>> clean_name("  Ada  Lovelace ", "Your name")
    'Ada Lovelace'
    """
    name = " ".join(unicodedata.normalize("NFKC", text).split())
    if len(name) > LONGEST_NAME or not _NAME.fullmatch(name) or plain(name) != name:
        raise InputError(
            f"{what} must be 1 to {LONGEST_NAME} letters, digits, blanks, dots, dashes and"
            " underscores, a letter or digit first."
        )
    return name


def planned(request: RunRequest, agent: str) -> RunPlan:
    """One agent's outputs as a study labels them; InputError where they cannot be read any more."""
    plans = plan_runs(request.model_copy(update={"agent": agent}))
    if len(plans) != 1:
        raise InputError(f"{len(plans)} agents are called {agent!r} there; a study labels one.")
    return plans[0]


def begin_session(
    runs_dir: Path,
    plan: RunPlan,
    study: str,
    annotator: str,
    role: Literal["annotator", "consensus"] = ANNOTATOR,
) -> LabelSession:
    """The annotator's session in a study: the one begun before, or a new run folder.

    InputError for a name that cannot be used, and where the outputs are no longer those that the
    earlier session labelled.
    """
    about = Labelling(
        study=clean_name(study, "The study's name"),
        annotator=clean_name(annotator, "Your name"),
        role=role,
    )
    for session in label_sessions(runs_dir):
        if _key(session) != (about.study.casefold(), plan.agent, role):
            continue
        if session.folder.record.hashes != plan.hashes:
            raise InputError(
                f"The study {about.study!r} labels other tasks or outputs of {plan.agent}, or they"
                " changed since; name another study."
            )
        if role == CONSENSUS or _same_person(session.about, about):
            return session
    record = RunRecord(
        run_id=new_run_id(),
        agent=plan.agent,
        judge=HUMAN,
        setting=plan.setting,
        started_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        config={
            "request": plan.request.model_dump(mode="json"),
            _KEY: about.model_dump(mode="json"),
        },
        versions=versions(),
        hashes=plan.hashes,
        host=host(),
    )
    folder = RunFolder.create(runs_dir, record)
    with folder.claimed():
        for task in plan.tasks:
            folder.add_task(asked_task(task))
    return LabelSession(folder, about)


def label_sessions(runs_dir: Path) -> tuple[LabelSession, ...]:
    """Every session in `runs_dir`, oldest first; runs that cannot be read are passed over."""
    folders, _ = open_runs(runs_dir)
    found = ((folder, labelling_of(folder.record)) for folder in folders)
    return tuple(LabelSession(folder, about) for folder, about in found if about is not None)


def labelling_of(record: RunRecord) -> Labelling | None:
    """What a run's record says of a study; None where the run holds no labels of one."""
    if record.judge != HUMAN or record.kind != "judgment":
        return None
    try:
        about = Labelling.model_validate(record.config.get(_KEY))
        clean_name(about.annotator, "")
        clean_name(about.study, "")
    except (ValidationError, InputError):
        return None
    return about


def studies(runs_dir: Path) -> tuple[Study, ...]:
    """Every study in `runs_dir`, by name and agent."""
    grouped: dict[tuple[str, str], list[LabelSession]] = {}
    for session in label_sessions(runs_dir):
        grouped.setdefault((session.about.study.casefold(), session.agent), []).append(session)
    found = []
    for (_, agent), sessions in sorted(grouped.items()):
        first = sessions[0]
        try:
            request = RunRequest.model_validate(first.folder.record.config["request"])
        except (KeyError, ValidationError):
            continue
        alike = [s for s in sessions if s.folder.record.hashes == first.folder.record.hashes]
        of_consensus = [s for s in alike if s.about.role == CONSENSUS]
        found.append(
            Study(
                name=first.about.study,
                agent=agent,
                request=request,
                annotators=tuple(s for s in alike if s.about.role == ANNOTATOR),
                consensus=of_consensus[0] if of_consensus else None,
            )
        )
    return tuple(found)


def cited_lines(workspace: Workspace, path: str, first: int, last: int) -> FileEvidence:
    """A citation of lines `first` to `last` (1-based, inclusive) with what stands in them.

    InputError where the file has no such lines, or they say nothing that can be quoted.
    """
    from judge.workspace.lines import read_lines

    if last < first or last - first >= MOST_LINES_CITED:
        raise InputError(f"Cite 1 to {MOST_LINES_CITED} lines, from the first to the last.")
    if not workspace.has(path):
        raise InputError(f"{plain(path)[:200]!r} is no file of the workspace.")
    text = workspace.artifact(path).text if path.lower().endswith(".ipynb") else None
    lines = (
        read_lines(workspace, path, first, last)
        if text is None
        else text.splitlines()[first - 1 : last]
    )
    quote = "\n".join(lines)[:LONGEST_QUOTE]
    evidence = FileEvidence(path=path, start_line=first, end_line=last, quote=quote)
    fault = check_citation(evidence, workspace, None)
    if fault is not None:
        raise InputError(fault)
    return evidence


def cited_step(output: Output, step: int) -> TrajectoryEvidence:
    """A citation of a trajectory step: the beginning of what it did, or of what came back."""
    if output.trajectory is None:
        raise InputError(f"{output.task.name} has no trajectory.")
    trajectory = load_trajectory(output.trajectory)
    found = trajectory.step(step)
    if found is None:
        raise InputError(f"The trajectory has no step {step}.")
    quote = (found.action.strip() or found.observation.strip())[:LONGEST_QUOTE]
    evidence = TrajectoryEvidence(step=step, quote=quote)
    fault = check_citation(evidence, Workspace.open(output.workspace), trajectory)
    if fault is not None:
        raise InputError(fault)
    return evidence


def _requirements(tasks: Iterable[AskedTask]) -> set[tuple[str, int]]:
    return {
        (task.task, requirement.requirement_id)
        for task in tasks
        for requirement in task.requirements
        if not requirement.is_preference
    }


def _key(session: LabelSession) -> tuple[str, str, str]:
    return session.about.study.casefold(), session.agent, session.about.role


def _same_person(first: Labelling, second: Labelling) -> bool:
    return first.annotator.casefold() == second.annotator.casefold()
