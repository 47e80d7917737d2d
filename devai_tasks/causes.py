"""Which failed prerequisite a requirement can be traced back to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from devai_tasks.dag import topological_order
from devai_tasks.rates import Flagged
from results.records import Outcome


def root_causes(requirements: Sequence[Flagged]) -> dict[int, int]:
    """Requirement id -> the first failed requirement that it builds on, directly or not.

    A root cause is itself unsatisfied and builds on nothing unsatisfied; where there are several,
    the first in topological order is named. Requirements that build on nothing unsatisfied are left
    out.
    """
    outcomes = {r.requirement_id: r.outcome for r in requirements}
    graph: Mapping[int, tuple[int, ...]] = {
        r.requirement_id: tuple(p for p in r.prerequisites if p in outcomes) for r in requirements
    }
    order = topological_order(graph)
    place = {number: position for position, number in enumerate(order)}
    causes: dict[int, int] = {}
    for number in order:
        found = [
            causes.get(before, before)
            for before in graph[number]
            if before != number and (before in causes or outcomes[before] is Outcome.UNSATISFIED)
        ]
        if found:
            causes[number] = min(found, key=place.__getitem__)
    return causes
