"""The requirement graph: order, self-loops, unknown prerequisites, cycles; and never a hang."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devai_tasks import dag
from results.errors import InputError

graphs = st.dictionaries(
    st.integers(0, 12), st.lists(st.integers(0, 12), max_size=5), max_size=12
).map(lambda graph: {node: [p for p in names if p in graph] for node, names in graph.items()})


def test_the_examples_in_the_docstrings_hold() -> None:
    outcome = doctest.testmod(dag)
    assert (outcome.failed, outcome.attempted) == (0, 5)


@given(graphs)
def test_either_every_prerequisite_comes_first_or_a_cycle_is_named(
    graph: dict[int, list[int]],
) -> None:
    circles = dag.cycles(graph)
    for circle in circles:
        assert len(set(circle)) == len(circle) > 1
        for node, following in zip(circle, (*circle[1:], circle[0]), strict=True):
            assert following in graph[node]
    if circles:
        with pytest.raises(InputError, match="circle"):
            dag.topological_order(graph)
        return
    order = dag.topological_order(graph)
    assert sorted(order) == sorted(graph)
    place = {node: index for index, node in enumerate(order)}
    assert all(place[p] < place[n] for n, names in graph.items() for p in names if p != n)


def test_each_knot_of_requirements_is_listed_once() -> None:
    graph = {0: [1], 1: [0], 2: [3], 3: [4], 4: [2], 5: [0, 5]}
    assert dag.cycles(graph) == ((0, 1), (2, 3, 4))
    assert dag.self_loops(graph) == (5,)


def test_fifty_thousand_links_are_ordered_without_recursion() -> None:
    chain = {node: [node + 1] for node in range(50_000)} | {50_000: []}
    assert dag.topological_order(chain)[0] == 50_000
    assert dag.cycles(chain) == ()
    (circle,) = dag.cycles(chain | {50_000: [0]})
    assert len(circle) == 50_001
