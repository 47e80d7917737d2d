"""The graph of requirements: faults in it, and an order in which prerequisites come first.

A graph maps a requirement's id to the ids of its direct prerequisites. Everything here is
iterative, so neither a deep chain nor a cycle can exhaust the stack or hang.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence

from results.errors import InputError

Graph = Mapping[int, Sequence[int]]


def self_loops(graph: Graph) -> tuple[int, ...]:
    """Requirements that name themselves as a prerequisite.

    >>> self_loops({0: [], 1: [0, 1]})
    (1,)
    """
    return tuple(node for node, prerequisites in graph.items() if node in prerequisites)


def unknown_prerequisites(graph: Graph) -> tuple[tuple[int, int], ...]:
    """(requirement, prerequisite) wherever the prerequisite is no requirement of the graph.

    >>> unknown_prerequisites({0: [7]})
    ((0, 7),)
    """
    return tuple((node, p) for node, names in graph.items() for p in names if p not in graph)


def without_self_loops(node: int, prerequisites: Sequence[int]) -> tuple[int, ...]:
    """The prerequisites of `node` less itself."""
    return tuple(p for p in prerequisites if p != node)


def cycles(graph: Graph) -> tuple[tuple[int, ...], ...]:
    """One shortest cycle for each set of requirements that wait for each other.

    Self-loops do not count: they are faults of their own (`self_loops`). A cycle starts at its
    smallest id and each id is a prerequisite of the one before it.

    >>> cycles({0: [2], 1: [0], 2: [1], 3: [3]})
    ((0, 2, 1),)
    """
    found = []
    for component in _strongly_connected(graph):
        if len(component) > 1:
            found.append(_shortest_cycle(graph, min(component), component))
    return tuple(sorted(found))


def topological_order(graph: Graph) -> tuple[int, ...]:
    """Every requirement after its prerequisites, the smallest id first where there is a choice.

    Self-loops and unknown prerequisites are passed over; a cycle raises InputError.

    >>> topological_order({2: [], 0: [2], 1: [0]})
    (2, 0, 1)
    """
    waits_for = {
        node: {p for p in names if p != node and p in graph} for node, names in graph.items()
    }
    needed_by: dict[int, list[int]] = {node: [] for node in graph}
    for node, names in waits_for.items():
        for name in names:
            needed_by[name].append(node)
    ready = [node for node, names in waits_for.items() if not names]
    heapq.heapify(ready)
    order = []
    while ready:
        node = heapq.heappop(ready)
        order.append(node)
        for dependant in needed_by[node]:
            waits_for[dependant].discard(node)
            if not waits_for[dependant]:
                heapq.heappush(ready, dependant)
    if len(order) < len(graph):
        listed = "; ".join(describe_cycle(cycle) for cycle in cycles(graph))
        raise InputError(
            f"The requirements wait for each other in a circle ({listed}), so no order exists; "
            "take one of these prerequisites out."
        )
    return tuple(order)


def describe_cycle(cycle: Sequence[int]) -> str:
    """The cycle as a person reads it.

    >>> describe_cycle((0, 2, 1))
    '0 → 2 → 1 → 0'
    """
    return " → ".join(str(node) for node in (*cycle, cycle[0]))


def _strongly_connected(graph: Graph) -> list[set[int]]:
    """Tarjan's components, with the call stack held as a list of (node, remaining edges)."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    on_path: set[int] = set()
    path: list[int] = []
    components: list[set[int]] = []

    def enter(node: int, work: list[tuple[int, Iterator[int]]]) -> None:
        index[node] = low[node] = len(index)
        path.append(node)
        on_path.add(node)
        work.append((node, iter(graph[node])))

    for root in graph:
        if root in index:
            continue
        work: list[tuple[int, Iterator[int]]] = []
        enter(root, work)
        while work:
            node, edges = work[-1]
            for successor in edges:
                if successor not in graph:
                    continue
                if successor not in index:
                    enter(successor, work)
                    break
                if successor in on_path:
                    low[node] = min(low[node], index[successor])
            else:
                work.pop()
                if work:
                    parent = work[-1][0]
                    low[parent] = min(low[parent], low[node])
                if low[node] == index[node]:
                    component: set[int] = set()
                    while node not in component:
                        member = path.pop()
                        on_path.discard(member)
                        component.add(member)
                    components.append(component)
    return components


def _shortest_cycle(graph: Graph, start: int, component: set[int]) -> tuple[int, ...]:
    """Breadth-first from `start` back to itself, within its component."""
    came_from: dict[int, int] = {}
    frontier = [start]
    while frontier:
        following = []
        for node in frontier:
            for successor in graph[node]:
                if successor == start and node != start:
                    cycle = [node]
                    while cycle[-1] != start:
                        cycle.append(came_from[cycle[-1]])
                    return tuple(reversed(cycle))
                if successor in component and successor not in came_from and successor != start:
                    came_from[successor] = node
                    following.append(successor)
        frontier = following
    raise AssertionError("a component of several nodes holds a cycle through each of them")
