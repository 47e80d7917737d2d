"""Builds the code graph of a set of source texts."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from judge.code.graph import CodeGraph
from judge.code.languages import language_of
from judge.code.mentions import SourceText
from judge.code.python_graph import PythonGraph
from judge.code.reachability import Reach, entry_points


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
    languages = {path: language_of(path) for path in sorted(sources)}
    python = PythonGraph(
        {path: sources[path] for path, language in languages.items() if language == "python"}
    )
    facts = python.facts
    entries = entry_points(facts.reach_modules)
    reached = Reach(facts.scopes, facts.classes).start_from(entries)
    calls, uses = python.calls_and_uses(reached)
    imports = python.imports(reached)
    modules = facts.modules
    return CodeGraph(
        {path: modules[path] for path in sorted(modules)},
        facts.definitions,
        sorted(imports, key=lambda fact: (fact.path, fact.line)),
        sorted(calls, key=lambda fact: (fact.path, fact.line)),
        sorted(uses, key=lambda fact: (fact.path, fact.line)),
        reached,
        {
            path: SourceText(path, sources[path], language, facts.docstring_lines.get(path))
            for path, language in languages.items()
            if language is not None
        },
    )
