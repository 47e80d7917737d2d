"""The retrieve module: the steps of a trajectory that a requirement is about.

What the agent says (claim) is marked apart from what it did (action) and from what the environment
returned (observed), because only the latter support `satisfied`.
"""

from __future__ import annotations

from dataclasses import dataclass

from judge.inspection import Inspection
from judge.modules.locate import named_paths
from judge.modules.search import Search
from judge.trajectory import Step

LONGEST_PART = 900


def relevant_steps(
    inspection: Inspection, criteria: str, search: Search, limit: int = 4
) -> list[Step]:
    """The steps that touch a path the sentence names, newest first, then those about its words."""
    trajectory = inspection.trajectory
    if trajectory is None:
        return []
    paths = [path.rstrip("/") for path in named_paths(criteria)]
    touching = [
        step.number
        for step in reversed(trajectory.steps)
        if any(path in step.action or path in step.observation for path in paths)
    ]
    about = [
        hit.step for hit in search.ranked(criteria, limit=limit * 4).hits if hit.step is not None
    ]
    # Half for each, so that a path named in every step does not crowd out everything else.
    chosen = list(dict.fromkeys([*touching[: max(1, limit // 2)], *about, *touching]))[:limit]
    found = (trajectory.step(number) for number in sorted(chosen))
    return [step for step in found if step is not None]


@dataclass(frozen=True, slots=True)
class StepPart:
    """One part of a step: what it is, its bounded text, and whether the middle was cut."""

    step: int
    label: str
    text: str
    is_cut: bool

    @property
    def name(self) -> str:
        return f"step {self.step}, {self.label}"


def step_parts(step: Step, room: int = 2_000) -> list[StepPart]:
    """The parts of a step that say something, `room` characters of them shared out."""
    parts = (("claim of the agent", step.thought), ("action", step.action))
    present = [
        (label, text.strip())
        for label, text in (*parts, ("observed", step.observation))
        if text.strip()
    ]
    share = max(200, room // max(1, len(present)))
    return [
        StepPart(step.number, label, middle_cut(text, share), len(text) > share)
        for label, text in present
    ]


def middle_cut(text: str, room: int) -> str:
    """The head and the tail of a text that is too long: ends of outputs tell how things went."""
    if len(text) <= room:
        return text
    head = room * 2 // 5
    tail = room - head
    return f"{text[:head]}\n[… {len(text) - room} characters are left out …]\n{text[-tail:]}"


def overview(inspection: Inspection, room: int = 1_200) -> str:
    """One line a step: what was done, for a model to ask for the step; bounded from the middle."""
    trajectory = inspection.trajectory
    if trajectory is None:
        return ""
    lines = [
        f"{step.number}: {_first_line(step.action) or '(said) ' + _first_line(step.thought)}"
        for step in trajectory.steps
    ]
    if sum(map(len, lines)) + len(lines) <= room:
        return "\n".join(lines)
    kept = max(2, room // 80)
    head, tail = lines[: kept // 2], lines[-(kept - kept // 2) :]
    left_out = len(lines) - len(head) - len(tail)
    return "\n".join([*head, f"… {left_out} steps are not listed; ask for them by number", *tail])


def _first_line(text: str) -> str:
    return next((line.strip()[:72] for line in text.splitlines() if line.strip()), "")
