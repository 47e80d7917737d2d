"""What the `llm` judge shows a model of one agent output: bounded, fenced, with every cut named.

Every piece stands in a fence of its own whose label says what it is, so that no text inside can
pass for another file, for an observation, or for the end of the material.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from judge.facts import Fact
from judge.inspection import Inspection
from judge.judges.interface import Case, Question
from judge.material import Fence, plain
from judge.modules.excerpts import numbered
from judge.modules.retrieve import middle_cut
from judge.trajectory import Step

MOST_FILES_LISTED = 400
MOST_FILES_LOOKED_INTO = 400
MOST_CUTS_NAMED = 60
LONGEST_LISTED = 400
LONGEST_QUERY = 20_000
LONGEST_CRITERIA = 8_000
SMALLEST_ROOM = 200
_NAMES = re.compile(r"(?<![\w./-])[\w./-]*[\w-]\.\w{1,8}\b|`[^`\n]+`")


@dataclass(frozen=True)
class Room:
    """How many characters of each thing a prompt holds."""

    contents: int = 60_000
    file: int = 8_000
    listing: int = 24_000
    trajectory: int = 30_000
    step_part: int = 1_500

    def halved(self) -> Room:
        """For a model whose context the prompt did not fit."""
        return Room(
            self.contents // 2,
            self.file // 2,
            self.listing // 2,
            self.trajectory // 2,
            self.step_part // 2,
        )


class Material:
    """The parts of a prompt about one question; `cuts` names what was left out of them."""

    def __init__(self, case: Case, question: Question, fence: Fence, room: Room) -> None:
        self.case = case
        self.question = question
        self.fence = fence
        self.room = room
        self.cuts = [f"{c.path}: {c.reason}" for c in case.inspection.workspace.cuts]
        self._names = _names_in(question.criteria)

    @property
    def _inspection(self) -> Inspection:
        return self.case.inspection

    def query(self) -> str:
        """What the agent was asked to do."""
        return self._shortened("the task", self.case.task.query, LONGEST_QUERY)

    def criteria(self) -> str:
        """The requirement."""
        return self._shortened("the requirement", self.question.criteria, LONGEST_CRITERIA)

    def facts(self, facts: tuple[Fact, ...]) -> str:
        """What code established about the places that the requirement names."""
        lines = "\n".join(_line(fact.sentence) for fact in facts)
        return self.fence.block("facts", lines or "the requirement names no place")

    def listing(self) -> str:
        """A line a file with what code measured in it, those that the requirement names first."""
        workspace = self._inspection.workspace
        lines: list[str] = []
        room = self.room.listing
        paths = self._ranked()
        for number, path in enumerate(paths):
            line = _line(f"{path}: {workspace.artifact(path).summary()}")
            if number >= MOST_FILES_LISTED or len(line) > room:
                self.cuts.append(f"{len(paths) - number} more files are not listed")
                break
            lines.append(line)
            room -= len(line) + 1
        return self.fence.block("list of files", "\n".join(lines) or "the workspace has no files")

    def contents(self) -> str:
        """Numbered lines of files: those that the requirement names, then code, then the rest."""
        blocks: list[str] = []
        room = self.room.contents
        paths = self._ranked()
        for number, path in enumerate(paths):
            if number >= MOST_FILES_LOOKED_INTO or room < SMALLEST_ROOM:
                self._leave_out_contents(paths[number:])
                break
            lines = self._lines(path)
            if not lines:
                continue
            shown, last = numbered(lines, 1, min(self.room.file, room))
            if last < len(lines):
                self.cuts.append(f"{path} after its line {last} of {len(lines)}")
            blocks.append(self.fence.block(f"file {path}, lines 1 to {last}", shown))
            room -= len(blocks[-1])
        return "\n".join(blocks) or "No file has readable text."

    def trajectory(self) -> str:
        """Steps, what was said, done and observed apart; those about named files go first."""
        trajectory = self._inspection.trajectory
        if trajectory is None:
            return "None was given: judge from the workspace alone."
        self.cuts += [f"of the trajectory: {cut}" for cut in trajectory.cuts]
        steps = trajectory.steps
        shown: dict[int, str] = {}
        room = self.room.trajectory
        for place in self._step_order(steps):
            text, cuts = self._step(steps[place])
            if len(text) > room:
                continue
            shown[place] = text
            self.cuts += cuts
            room -= len(text)
        self.cuts += _gaps(steps, shown)
        return "\n".join(shown[place] for place in sorted(shown) if shown[place]) or "It is empty."

    def left_out(self) -> str:
        """Every cut by name; to be asked for last."""
        named = [_line(cut) for cut in self.cuts[:MOST_CUTS_NAMED]]
        if len(self.cuts) > MOST_CUTS_NAMED:
            named.append(f"and {len(self.cuts) - MOST_CUTS_NAMED} more cuts")
        return self.fence.block("left out", "\n".join(named) or "nothing")

    def _ranked(self) -> list[str]:
        sources = self._inspection.sources

        def rank(path: str) -> tuple[bool, bool, bool, int, str]:
            name = path.rpartition("/")[2]
            is_named = path in self._names
            return (
                not is_named,
                name not in self._names,
                path not in sources,
                path.count("/"),
                path,
            )

        return sorted((entry.path for entry in self._inspection.workspace.files), key=rank)

    def _lines(self, path: str) -> list[str]:
        workspace = self._inspection.workspace
        text = None if path.lower().endswith(".ipynb") else workspace.text(path)
        if text is None:
            text = workspace.artifact(path).text or workspace.text(path) or ""
        return text.splitlines() if text.strip() else []

    def _leave_out_contents(self, paths: list[str]) -> None:
        self.cuts += [f"the contents of {path}" for path in paths[:20]]
        if len(paths) > 20:
            self.cuts.append(f"the contents of {len(paths) - 20} more files")

    def _step_order(self, steps: tuple[Step, ...]) -> list[int]:
        """Steps that touch a named file, then from both ends inwards: how it began and ended."""

        def rank(place: int) -> tuple[bool, int]:
            done = f"{steps[place].action}\n{steps[place].observation}"
            is_about = any(name in done for name in self._names)
            return not is_about, min(place, len(steps) - 1 - place)

        return sorted(range(len(steps)), key=rank)

    def _step(self, step: Step) -> tuple[str, list[str]]:
        blocks: list[str] = []
        cuts: list[str] = []
        parts = (
            ("message to the agent", step.user_message),
            ("claim of the agent", step.thought),
            ("action", step.action),
            ("observed", step.observation),
        )
        for name, text in parts:
            text = text.strip()
            if not text:
                continue
            if len(text) > self.room.step_part:
                cuts.append(f"the middle of step {step.number}, {name}")
            kept = middle_cut(text, self.room.step_part)
            blocks.append(self.fence.block(f"step {step.number}, {name}", kept))
        return "\n".join(blocks), cuts

    def _shortened(self, what: str, text: str, longest: int) -> str:
        if len(text) > longest:
            self.cuts.append(f"{what} after its first {longest} characters")
        return plain(text[:longest])


def _names_in(criteria: str) -> frozenset[str]:
    """Paths and backticked words of a requirement, each also by its last part."""
    written = _NAMES.findall(criteria[:LONGEST_CRITERIA])
    found = {name.strip("`").removeprefix("./").rstrip("/") for name in written}
    found |= {name.rpartition("/")[2] for name in found}
    return frozenset(name for name in found if len(name) > 2)


def _line(text: str) -> str:
    """One line of bounded length: a name or a fact that holds line breaks makes no second one."""
    line = " ".join(plain(text).split())
    return line if len(line) <= LONGEST_LISTED else f"{line[:LONGEST_LISTED]}…"


def _gaps(steps: tuple[Step, ...], shown: dict[int, str]) -> list[str]:
    """Runs of steps that are not shown, by their numbers."""
    gaps: list[str] = []
    place = 0
    while place < len(steps):
        end = place
        while end < len(steps) and end not in shown:
            end += 1
        if end > place:
            first, last = steps[place].number, steps[end - 1].number
            which = f"step {first}" if first == last else f"steps {first} to {last}"
            gaps.append(f"{which} of the trajectory")
        place = end + 1
    return gaps
