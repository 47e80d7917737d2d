"""Builds the code graph of a set of source texts."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from operator import attrgetter
from typing import TypeVar

from judge.code.graph import CodeGraph
from judge.code.languages import language_of
from judge.code.mentions import SourceText
from judge.code.python_graph import PythonGraph
from judge.code.reachability import Reach, entry_points
from judge.code.tree_graph import TreeGraph
from judge.code.tree_process import read_trees

_Fact = TypeVar("_Fact")


def build_graph(sources: Mapping[str, str]) -> CodeGraph:
    """The graph of all sources by path; paths whose language is not known are left out.

    A notebook is given as the text of its code cells. Nothing of the sources is run or imported,
    and nothing in them makes this raise: what cannot be parsed says so in its module's `fault`.
    """
    with _collector_paused():
        return _build(sources)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Syntax trees are millions of objects that all stay alive until the graph is done; looking
    through them for garbage again and again takes longer than making them."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _build(sources: Mapping[str, str]) -> CodeGraph:
    languages = {
        path: language for path in sorted(sources) if (language := language_of(path)) is not None
    }
    others = {
        path: (sources[path], language)
        for path, language in languages.items()
        if language != "python"
    }
    with ThreadPoolExecutor(1) as beside:
        reading = beside.submit(read_trees, others)  # waits for another process most of the time
        python = PythonGraph(
            {path: sources[path] for path, language in languages.items() if language == "python"}
        )
        read = reading.result()
    trees = TreeGraph(read, frozenset(languages))
    facts = python.facts
    reach = Reach(facts.scopes | trees.scopes, facts.classes | trees.classes)
    reached = reach.start_from([*entry_points(facts.reach_modules), *trees.entries])
    calls, uses = python.calls_and_uses(reached)
    modules = facts.modules | trees.modules
    return CodeGraph(
        {path: modules[path] for path in sorted(modules)},
        _in_order([*facts.definitions, *trees.definitions], "start_line"),
        _in_order([*python.imports(reached), *trees.imports(reached)]),
        _in_order([*calls, *trees.calls(reached)]),
        _in_order([*uses, *trees.uses(reached)]),
        reached,
        {
            **{
                path: SourceText(path, sources[path], lines)
                for path, lines in facts.docstring_lines.items()
            },
            **{
                each.path: SourceText(each.path, sources[each.path], None, each.spans)
                for each in read
            },
        },
    )


def _in_order(found: list[_Fact], line: str = "line") -> list[_Fact]:
    """By path and line; facts of one line stay as they were met."""
    return sorted(found, key=attrgetter("path", line))
