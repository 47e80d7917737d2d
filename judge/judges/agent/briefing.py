"""What the `agent` judge is told before it looks: the task first, then one requirement.

The order is that of what changes least: what all requirements of a task share comes first, so
that a provider's prefix cache serves it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cached_property

from judge.facts import Fact
from judge.judges.agent.tools import Toolbox
from judge.judges.interface import Case, Question
from judge.material import Fence
from judge.modules import Module, graph, memory, read, retrieve
from judge.modules.excerpts import Excerpt
from judge.modules.locate import locate
from judge.modules.planning import Plan
from judge.modules.search import Embed, Search
from results.records import Verdict

STRUCTURE_ROOM = 1_500
OVERVIEW_ROOM = 900
WHOLE_FILE = 1_800
LONGEST_QUERY = 3_000
_WINDOW = 14


class CaseView:
    """What is made once for one agent output and shared by all its requirements."""

    def __init__(
        self, case: Case, modules: frozenset[Module], fence: Fence, embed: Embed | None
    ) -> None:
        self.case = case
        self.fence = fence
        self.modules = modules
        self.search = Search(case.inspection, embed)
        self._lock = threading.Lock()

    def prepare(self) -> None:
        """Makes what all requirements share, once, whichever thread comes first."""
        with self._lock:
            _ = self.task_block
            self.search.prepare()

    @cached_property
    def task_block(self) -> str:
        """The shared beginning of every first message about this output."""
        inspection, fence = self.case.inspection, self.fence
        parts = [fence.announcement, f"# Task of the agent\n{self._query}"]
        if Module.GRAPH in self.modules:
            listed = graph.structure(inspection, STRUCTURE_ROOM)
            parts.append(fence.block("files of the workspace, with measured facts", listed))
        if inspection.trajectory is None:
            parts.append("No trajectory was given: judge from the workspace alone.")
        elif Module.RETRIEVE in self.modules:
            listed = retrieve.overview(inspection, OVERVIEW_ROOM)
            parts.append(fence.block("steps of the trajectory, by number", listed))
        return "\n".join(parts)

    @property
    def _query(self) -> str:
        query = self.case.task.query
        return query if len(query) <= LONGEST_QUERY else f"{query[:LONGEST_QUERY]} […]"


def requirement_block(
    view: CaseView,
    question: Question,
    earlier: Mapping[int, Verdict],
    facts: tuple[Fact, ...],
    toolbox: Toolbox,
    plan: Plan,
) -> str:
    """The part of the first message that is about one requirement."""
    inspection, fence = view.case.inspection, view.fence
    kind = "Preference" if question.is_preference else "Requirement"
    parts = [f"\n# {kind} {question.number}\n{question.criteria}"]
    if facts:
        listed = "\n".join(" ".join(fact.sentence.split()) for fact in facts)
        parts.append(fence.block("facts that code measured", listed))
    if earlier and Module.MEMORY in view.modules:
        known = memory.recall(earlier)
        parts.append(fence.block("earlier verdicts on its prerequisites", known))
    cuts: list[str] = []
    if Module.LOCATE in plan.modules:
        parts += _files(view, question, toolbox, plan, cuts)
    if Module.SEARCH in plan.modules:
        found = view.search.ranked(question.criteria, limit=6)
        lines = [f"{hit.place}: {hit.text[:200]}" for hit in found.hits]
        parts.append(fence.block("passages about its words", "\n".join(lines) or "none"))
    if Module.RETRIEVE in plan.modules and inspection.trajectory is not None:
        parts += _steps(view, question, plan, cuts)
    if cuts:
        parts.append("Cut: " + "; ".join(cuts))
    return "\n".join(parts)


def _files(
    view: CaseView, question: Question, toolbox: Toolbox, plan: Plan, cuts: list[str]
) -> list[str]:
    inspection, fence = view.case.inspection, view.fence
    parts: list[str] = []
    room = plan.files_room
    located = locate(inspection, question.criteria, plan.most_files)
    present = [item.path for item in located if item.exists]
    if Module.GRAPH in plan.modules:
        parts.append(fence.block("definitions", graph.outline(inspection, present) or "none"))
    if Module.READ not in plan.modules:
        listed = "\n".join(f"{i.path}: {i.why}" for i in located)
        return [*parts, fence.block("files it may be about", listed or "none")]
    for path in present:
        if room < 120:
            cuts.append(toolbox.shown.unseen(path))
            continue
        for excerpt in _excerpts(view, question, path, room):
            toolbox.shown.add(excerpt)
            if excerpt.text:
                total = "?" if excerpt.total is None else excerpt.total
                label = f"{path} lines {excerpt.start}-{excerpt.end} of {total}"
                parts.append(fence.block(label, excerpt.text))
                room -= len(excerpt.text)
        unseen = toolbox.shown.unseen(path)
        if unseen and inspection.workspace.text(path) is not None:
            cuts.append(unseen)
    return parts


def _excerpts(view: CaseView, question: Question, path: str, room: int) -> list[Excerpt]:
    """The whole of a short file; of a long one its head and the passages most to the point."""
    inspection = view.case.inspection
    text = inspection.workspace.text(path)
    length = len(text) if text is not None else len(inspection.workspace.artifact(path).text)
    if length <= min(room, WHOLE_FILE) or length <= room // 2:
        return [read.read_file(inspection, path, room=room + length // 4)]
    hits = view.search.ranked(question.criteria, limit=24).hits
    starts = sorted({1, *[hit.line for hit in hits if hit.path == path][:2]})
    share = max(200, min(room, WHOLE_FILE) // len(starts))
    return [read.read_file(inspection, path, start, start + _WINDOW - 1, share) for start in starts]


def _steps(view: CaseView, question: Question, plan: Plan, cuts: list[str]) -> list[str]:
    steps = retrieve.relevant_steps(
        view.case.inspection, question.criteria, view.search, plan.most_steps
    )
    if not steps:
        return []
    parts = [
        part for step in steps for part in retrieve.step_parts(step, plan.steps_room // len(steps))
    ]
    cuts += [f"the middle of {part.name}" for part in parts if part.is_cut]
    return [view.fence.block(part.name, part.text) for part in parts]
