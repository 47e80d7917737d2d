"""Outputs known to be good: what mutants are made of, and what is known of each before that."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from posixpath import basename, splitext

from devai_tasks import Requirement, Task, bundled_example, load_judgments, load_tasks
from judge.inspection import Inspection
from judge.judges.checks import ChecksJudge
from judge.judges.checks.asking import Act, read_requirement
from judge.judges.checks.places import Places, take_apart
from judge.judges.interface import Case, Question
from judge.running.outputs import find_outputs
from judge.trajectory import load_trajectory
from judge.workspace import Workspace
from results.errors import InputError
from results.records import ArtifactEvidence, FileEvidence, Outcome

_DOCUMENTS = frozenset({"md", "html", "htm", "txt", "rst", "pdf", "docx", "pptx", "ipynb", "tex"})
_DOING = re.compile(
    r"\b(?:load(?:ed|s)?|split|scaled|cleaned|trained|tuned|evaluated|performed|applied|used|chosen"
    r"|made|compared|fitted|normali[sz]ed|standardi[sz]ed|preprocessed)\b",
    re.I,
)
# What counts as done only with a trace of it, which the artifact that is touched may have been.
_WANTS_TRACE = re.compile(r"\b(?:train|fit|fine-?tun|tun|evaluat|cross[- ]validat)\w*", re.I)


@dataclass(frozen=True)
class GoodOutput:
    """A workspace, and the requirements of its task that it is known to meet."""

    task: Task
    workspace: Path
    trajectory: Path | None
    met: frozenset[int]


class Known:
    """What is known of a good output: its files, what its requirements name, what shows them.

    What shows a requirement is cited by the deterministic checks, whichever judge is calibrated,
    so that every judge meets the same mutants.
    """

    def __init__(self, output: GoodOutput) -> None:
        self.output = output
        self.task = output.task
        self.workspace = Workspace.open(output.workspace)
        self.requirements: tuple[Requirement, ...] = tuple(
            requirement
            for requirement in output.task.requirements
            if requirement.requirement_id in output.met
        )
        self._places = {r.requirement_id: take_apart(r.criteria) for r in self.requirements}

    def places(self, requirement: int) -> Places:
        """The places that a requirement names."""
        return self._places[requirement].places

    def plain(self, requirement: int) -> str:
        """The requirement's sentence with its paths taken out."""
        return self._places[requirement].plain

    def needs_all_it_names(self, requirement: int) -> bool:
        """Whether each place that the sentence names is needed: none is an alternative."""
        return not re.search(r"\bor\b|/\s*or\b", self.plain(requirement))

    def is_doing(self, requirement: int) -> bool:
        """Whether the requirement wants something done, which a mere definition does not meet."""
        text = self.plain(requirement)
        return bool(_DOING.search(text)) and read_requirement(text).act is Act.DO

    def naming_source(self, path: str) -> frozenset[int]:
        """The requirements that name a source file and cannot be met without it."""
        return frozenset(
            r.requirement_id
            for r in self.requirements
            if path in self.places(r.requirement_id).sources
            and self.needs_all_it_names(r.requirement_id)
        )

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """The Python files that requirements name, in their order."""
        named = [path for r in self.requirements for path in self.places(r.requirement_id).sources]
        return tuple(
            path
            for path in dict.fromkeys(named)
            if path.endswith(".py") and self.workspace.has(path) and self.text(path).strip()
        )

    @cached_property
    def python(self) -> dict[str, str]:
        """The text of every Python file."""
        return {
            entry.path: self.text(entry.path)
            for entry in self.workspace.files
            if entry.path.endswith(".py")
        }

    def text(self, path: str) -> str:
        """The text of a file, "" where it has none."""
        return self.workspace.text(path) or ""

    def is_document(self, path: str) -> bool:
        return path.rsplit(".", 1)[-1].lower() in _DOCUMENTS

    @cached_property
    def _cited(self) -> dict[int, tuple[ArtifactEvidence | FileEvidence, ...]]:
        judge = ChecksJudge()
        case = Case(self.task, Inspection(self.workspace, None))
        found = {}
        for requirement in self.requirements:
            verdict = judge.judge(case, Question.of_requirement(self.task, requirement), {})
            found[requirement.requirement_id] = tuple(
                item
                for item in verdict.evidence
                if verdict.outcome is Outcome.SATISFIED
                and isinstance(item, (ArtifactEvidence, FileEvidence))
            )
        return found

    def cited_lines(self, requirement: int, path: str) -> tuple[int, ...]:
        """The lines of a file that show the requirement; empty where nothing was cited."""
        return tuple(
            item.start_line
            for item in self._cited[requirement]
            if isinstance(item, FileEvidence) and item.path == path
        )

    def standing_alone(self, path: str) -> frozenset[int]:
        """Requirements for a definition alone, in files that do not speak of that module."""
        module = splitext(basename(path))[0]
        return frozenset(
            r.requirement_id
            for r in self.requirements
            if (sources := self.places(r.requirement_id).sources)
            and path not in sources
            and not self.is_doing(r.requirement_id)
            and not any(re.search(rf"\b{re.escape(module)}\b", self.text(s)) for s in sources)
        )

    def left_alone(self, touched: frozenset[str]) -> frozenset[int]:
        """The requirements that these artifacts have no part in.

        They are not named, not cited, not shown in a document that is, and not the trace of what
        a requirement wants done.
        """
        names = {basename(path) for path in touched}
        found = set()
        for requirement in self.requirements:
            number = requirement.requirement_id
            places = self.places(number)
            named = (*places.sources, *places.artifacts, *places.inputs)
            cited = {item.path for item in self._cited[number]}
            if touched & (set(named) | cited) or not named:
                continue
            if places.sources and _WANTS_TRACE.search(self.plain(number)):
                continue
            if any(path.startswith(f"{folder}/") for folder in places.folders for path in touched):
                continue
            documents = [path for path in named if self.is_document(path)]
            if not any(name in self.text(path) for path in documents for name in names):
                found.add(number)
        return frozenset(found)


def bundled_good_outputs() -> tuple[GoodOutput, ...]:
    """The bundled outputs, each with the requirements that its labels call met."""
    example = bundled_example()
    return good_outputs(example.tasks, example.workspaces, labels=example.labels)


def good_output(
    task: Path, workspace: Path, *, trajectory: Path | None = None, labels: Path | None = None
) -> GoodOutput:
    """One output; without labels, all its task's requirements are taken to be met.

    Of a file with several tasks, the one that the workspace is named for.
    """
    tasks = load_tasks(task).tasks
    named = [found for found in tasks if found.name == workspace.resolve().name]
    if len(tasks) > 1 and not named:
        raise InputError(
            f"{task} holds {len(tasks)} tasks and none has the name of the folder {workspace};"
            " give the file of one task."
        )
    chosen = named[0] if named else tasks[0]
    met = _met((chosen,), labels)[chosen.name]
    if not met:
        raise InputError(f"The labels call no requirement of {chosen.name} met; nothing is good.")
    return GoodOutput(chosen, workspace, trajectory, met)


def good_outputs(
    tasks: Path,
    workspaces: Path,
    *,
    trajectories: Path | None = None,
    labels: Path | None = None,
    agent: str | None = None,
) -> tuple[GoodOutput, ...]:
    """Every output with a requirement that is known to be met; InputError where there is none."""
    found = find_outputs(load_tasks(tasks), workspaces, trajectories, agent)
    outputs = [output for outputs in found for output in outputs.outputs]
    met = _met([output.task for output in outputs], labels)
    good = tuple(
        GoodOutput(output.task, output.workspace, output.trajectory, met[output.task.name])
        for output in outputs
        if met[output.task.name]
    )
    if not good:
        raise InputError(f"The labels in {labels} call no requirement of these tasks met.")
    return good


def _met(tasks: Sequence[Task], labels: Path | None) -> Mapping[str, frozenset[int]]:
    if labels is None:
        return {task.name: frozenset(r.requirement_id for r in task.requirements) for task in tasks}
    judged = load_judgments(labels).requirements
    return {
        task.name: frozenset(
            label.requirement_id
            for label in judged.get(task.name, ())
            if label.outcome is Outcome.SATISFIED
        )
        for task in tasks
    }


def open_case(output: GoodOutput, folder: Path) -> Case:
    """The output as a judge is to see it, with the workspace that stands in `folder`."""
    trajectory = None if output.trajectory is None else load_trajectory(output.trajectory)
    return Case(output.task, Inspection(Workspace.open(folder), trajectory))
