"""What code can establish about the places a requirement names, before any model is asked.

These facts are true whatever a model says: a verdict that contradicts one does not stand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from judge.inspection import Inspection
from judge.judges.checks.places import take_apart
from judge.modules.graph import touching
from judge.workspace import ArtifactState

_ALTERNATIVES = re.compile(r"\bPATH\W+(?:\w+\W+){0,3}?or\b|\bor\W+(?:\w+\W+){0,6}?PATH\b")


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that code measured at a named place; `forbids` says it rules out `satisfied`."""

    path: str
    text: str
    forbids: bool = False

    @property
    def sentence(self) -> str:
        return f"{self.path}: {self.text}"


def establish(inspection: Inspection, criteria: str) -> tuple[Fact, ...]:
    """The facts about every place that the requirement names, in its order."""
    marked = take_apart(criteria)
    places = marked.places
    facts = [_of_source(inspection, path) for path in places.sources]
    facts += [_of_artifact(inspection, path) for path in places.artifacts]
    facts += [_of_folder(inspection, path) for path in places.folders]
    facts += [_of_input(inspection, path) for path in places.inputs]
    if _ALTERNATIVES.search(marked.plain) and not all(fact.forbids for fact in facts):
        # "as `a.png` or `b.png`": one that is there is enough.
        facts = [Fact(fact.path, fact.text) for fact in facts]
    return tuple(facts)


def _of_source(inspection: Inspection, path: str) -> Fact:
    workspace = inspection.workspace
    if not workspace.has(path):
        return _absent(inspection, path)
    artifact = workspace.artifact(path)
    module = inspection.graph.modules.get(path)
    if artifact.state is ArtifactState.EMPTY:
        return Fact(path, artifact.summary(), forbids=True)
    if module is None:
        return Fact(path, artifact.summary())
    parts = [f"{module.language} code, {module.lines} lines"]
    if not module.parses:
        parts.append(f"does not parse: {module.fault}")
    hollow = [d.qualified for d in inspection.graph.definitions_in(path) if not d.does_something]
    if hollow:
        parts.append(f"bodies that do nothing: {', '.join(hollow[:8])}")
    return Fact(path, "; ".join(parts))


def _of_artifact(inspection: Inspection, path: str) -> Fact:
    workspace = inspection.workspace
    if not workspace.has(path):
        return _absent(inspection, path)
    artifact = workspace.artifact(path)
    parts = [artifact.summary()]
    writers = touching(inspection, path)
    if writers:
        parts.append(f"in the code: {writers.splitlines()[0]}")
    return Fact(path, "; ".join(parts), forbids=not artifact.is_valid)


def _of_folder(inspection: Inspection, path: str) -> Fact:
    inside = [e for e in inspection.workspace.files if e.path.startswith(f"{path}/")]
    if not inside and not inspection.workspace.is_truncated:
        return Fact(f"{path}/", "no file in it", forbids=True)
    return Fact(f"{path}/", f"{len(inside)} files in it")


def _of_input(inspection: Inspection, path: str) -> Fact:
    """A program may fetch its input when it runs, so a missing one rules nothing out."""
    if not inspection.workspace.has(path):
        return Fact(path, "no such file")
    return Fact(path, inspection.workspace.artifact(path).summary())


def _absent(inspection: Inspection, path: str) -> Fact:
    workspace = inspection.workspace
    if workspace.is_truncated or any(
        path == cut.path or path.startswith(f"{cut.path}/") for cut in workspace.cuts
    ):
        return Fact(path, "not among the files that were looked at")
    return Fact(path, "no such file", forbids=True)
