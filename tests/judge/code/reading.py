"""Short ways to build a graph from dedented sources."""

from __future__ import annotations

from textwrap import dedent

from judge.code import CodeGraph, build_graph


def graph_of(source: str = "", /, **files: str) -> CodeGraph:
    """The graph of one `main.py`, or of files named by keyword: `src__model_py` is src/model.py."""
    sources = {"main.py": dedent(source)} if source else {}
    for name, text in files.items():
        folder, _, last = name.replace("__", "/").rpartition("/")
        stem, _, suffix = last.rpartition("_")
        sources[f"{folder}/{stem}.{suffix}" if folder else f"{stem}.{suffix}"] = dedent(text)
    return build_graph(sources)


def names(graph: CodeGraph) -> list[str]:
    return [call.name for call in graph.calls]


def writes(graph: CodeGraph) -> dict[str, str]:
    """Targets that are written, with the calls that do it."""
    return {use.target: use.via for use in graph.uses if use.mode in ("write", "append")}
