"""Shares of requirements and tasks that are met, in DevAI's readings (arXiv 2410.10934).

- independent: the requirement's own outcome.
- dependent (direct): its own and each direct prerequisite's own outcome are satisfied. This is
  the reading that reproduces the paper.
- transitive: the same over all prerequisites, however far.
- solve: tasks with every requirement satisfied.

An unsatisfied part makes the whole unmet; failing that, an undecided part (abstained or error)
leaves it undecided, and a rate then shows its worst and best case.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from devai_tasks.dag import topological_order
from devai_tasks.models import Task
from results.errors import InputError
from results.records import Outcome, Rate, Value, Verdict

Reading = Literal["independent", "direct", "transitive"]

# Ordered so that the least of several is what holds of all of them together.
UNMET, UNDECIDED, MET = 0, 1, 2
STANDING = {Outcome.SATISFIED: MET, Outcome.UNSATISFIED: UNMET}


class Flagged(Protocol):
    """A requirement with what was said of it; JudgedRequirement is one."""

    @property
    def requirement_id(self) -> int: ...
    @property
    def criteria(self) -> str: ...
    @property
    def prerequisites(self) -> tuple[int, ...]: ...
    @property
    def outcome(self) -> Outcome: ...


@dataclass(frozen=True)
class FlaggedRequirement:
    """A task's requirement with the outcome of a verdict."""

    requirement_id: int
    criteria: str
    prerequisites: tuple[int, ...]
    outcome: Outcome


class Rates(Value):
    """What share was met, in each reading."""

    independent: Rate
    dependent: Rate
    transitive: Rate
    solve: Rate


Flags = Mapping[str, Sequence[Flagged]]
"""Task name -> its requirements with their outcomes."""


def flagged(task: Task, verdicts: Iterable[Verdict]) -> tuple[FlaggedRequirement, ...]:
    """The task's requirements with their verdicts' outcomes; without a verdict, abstained."""
    said = {v.requirement_id: v.outcome for v in verdicts if not v.is_preference}
    return tuple(
        FlaggedRequirement(
            requirement.requirement_id,
            requirement.criteria,
            requirement.prerequisites,
            said.get(requirement.requirement_id, Outcome.ABSTAINED),
        )
        for requirement in task.requirements
    )


def rates(
    tasks: Flags,
    dependency: Literal["direct", "transitive"] = "direct",
    counted: Mapping[str, Collection[int]] | None = None,
) -> Rates:
    """All four rates of `tasks`; `dependency` says which reading `dependent` has.

    `counted` limits what is counted to some requirements of some tasks; prerequisites that are
    not counted still weigh on those that build on them.
    """
    by_reading: dict[Reading, list[int]] = {"independent": [], "direct": [], "transitive": []}
    solved: list[int] = []
    for name, requirements in tasks.items():
        chosen = {r.requirement_id for r in requirements}
        if counted is not None:
            chosen &= set(counted.get(name, ()))
        if not chosen:
            continue
        for reading, all_standings in by_reading.items():
            standings = _standings(name, requirements, reading)
            all_standings += [standings[identifier] for identifier in sorted(chosen)]
            if reading == "independent":
                solved.append(min(standings[identifier] for identifier in chosen))
    return Rates(
        independent=_rate(by_reading["independent"]),
        dependent=_rate(by_reading[dependency]),
        transitive=_rate(by_reading["transitive"]),
        solve=_rate(solved),
    )


def independent_rate(tasks: Flags) -> Rate:
    """Share of requirements that are satisfied."""
    return rates(tasks).independent


def dependent_rate(tasks: Flags) -> Rate:
    """Share of requirements that are satisfied, and each direct prerequisite too."""
    return rates(tasks).dependent


def transitive_rate(tasks: Flags) -> Rate:
    """Share of requirements that are satisfied, and all they build on, however far."""
    return rates(tasks).transitive


def solve_rate(tasks: Flags) -> Rate:
    """Share of tasks with every requirement satisfied."""
    return rates(tasks).solve


def _standings(task: str, requirements: Sequence[Flagged], reading: Reading) -> dict[int, int]:
    """Requirement id -> UNMET, UNDECIDED or MET."""
    own = {r.requirement_id: STANDING.get(r.outcome, UNDECIDED) for r in requirements}
    if reading == "independent":
        return own
    graph = {r.requirement_id: r.prerequisites for r in requirements}
    if len(graph) < len(requirements):
        raise InputError(f"{task} lists a requirement id twice; give each its own.")
    unknown = sorted({p for names in graph.values() for p in names} - graph.keys())
    if unknown:
        raise InputError(f"{task} has prerequisites {unknown} that it does not list; add them.")
    if reading == "direct":
        return {node: min(own[n] for n in (node, *names)) for node, names in graph.items()}
    reached: dict[int, int] = {}
    for node in topological_order(graph):
        before = [reached[name] for name in graph[node] if name != node]
        reached[node] = min([own[node], *before])
    return reached


def _rate(standings: Sequence[int]) -> Rate:
    met, undecided = standings.count(MET), standings.count(UNDECIDED)
    total, decided = len(standings), len(standings) - undecided
    return Rate(
        value=met / decided if decided else None,
        worst=met / total if total else None,
        best=(met + undecided) / total if total else None,
        n=decided,
    )
