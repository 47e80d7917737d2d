"""All that the probes know of one agent output and its task, made once and shared."""

from __future__ import annotations

from functools import cached_property
from weakref import WeakKeyDictionary

from devai_tasks import Task
from judge.inspection import Inspection
from judge.judges.checks.asking import Ask, read_requirement
from judge.judges.checks.health import Health
from judge.judges.checks.learning import Untaught, untaught
from judge.judges.checks.made_up import MadeUp, made_up_outputs
from judge.judges.checks.markup import MarkupLine, markup_lines
from judge.judges.checks.origin import Origins
from judge.judges.checks.reports import Report, read_report
from judge.judges.checks.sight import CodeSight
from judge.judges.interface import Case
from judge.workspace import Artifact, Workspace
from results.records import ArtifactEvidence


class Scene:
    """The workspace, its code and its trajectory, seen for the requirements of one task."""

    def __init__(self, task: Task, inspection: Inspection) -> None:
        self.task = task
        self.inspection = inspection
        self.workspace: Workspace = inspection.workspace
        self._reports: dict[str, Report] = {}
        self._markup: dict[str, tuple[MarkupLine, ...]] = {}
        self._made_up: dict[str, tuple[MadeUp, ...]] = {}

    @cached_property
    def asks(self) -> dict[int, Ask]:
        """Every requirement of the task, read."""
        return {r.requirement_id: read_requirement(r.criteria) for r in self.task.requirements}

    @cached_property
    def asked_text(self) -> str:
        """All that the task says."""
        return "\n".join([self.task.query, *(r.criteria for r in self.task.requirements)])

    @cached_property
    def sight(self) -> CodeSight:
        return CodeSight(self.inspection)

    @cached_property
    def health(self) -> Health:
        return Health(self.sight, [s for ask in self.asks.values() for s in ask.places.sources])

    @cached_property
    def origins(self) -> Origins:
        return Origins(self.inspection, self.sight)

    @cached_property
    def untaught(self) -> Untaught | None:
        """Why no training of the project can have taken place, if the code shows it."""
        return untaught(self.sight)

    @cached_property
    def paths(self) -> frozenset[str]:
        return frozenset(entry.path for entry in self.workspace.files)

    def report(self, artifact: Artifact) -> Report:
        if artifact.path not in self._reports:
            self._reports[artifact.path] = read_report(self.workspace, artifact)
        return self._reports[artifact.path]

    def markup(self, path: str) -> tuple[MarkupLine, ...]:
        if path not in self._markup:
            self._markup[path] = markup_lines(self.inspection, path)
        return self._markup[path]

    def measured(self, artifact: Artifact) -> ArtifactEvidence:
        return ArtifactEvidence(path=artifact.path, fact=artifact.summary())

    @cached_property
    def _fixed(self) -> frozenset[str]:
        """Names of project functions that only ever give a constant."""
        constant: set[str] = set()
        other: set[str] = set()
        for definition in self.sight.graph.definitions:
            known = self.sight.substance(definition.path, definition.qualified)
            (constant if known.is_fixed else other).add(definition.name)
        return frozenset(constant - other)

    def made_up_in(self, path: str) -> tuple[MadeUp, ...]:
        """Outputs of a Python file that are typed in or drawn at random."""
        if path not in self._made_up:
            tree = self.sight.tree(path)
            found: tuple[MadeUp, ...] = ()
            if tree is not None:
                dead = self.sight.dead(path)
                found = tuple(m for m in made_up_outputs(tree, self._fixed) if m.line not in dead)
            self._made_up[path] = found
        return self._made_up[path]


_SCENES: WeakKeyDictionary[Inspection, dict[str, Scene]] = WeakKeyDictionary()


def scene_of(case: Case) -> Scene:
    """The scene of a case, made on the first question about it."""
    scenes = _SCENES.setdefault(case.inspection, {})
    if case.task.name not in scenes:
        scenes[case.task.name] = Scene(case.task, case.inspection)
    return scenes[case.task.name]
