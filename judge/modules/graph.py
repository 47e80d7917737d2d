"""The graph module: how the project is laid out, and what its code defines, calls and touches."""

from __future__ import annotations

from collections.abc import Iterable

from judge.code import CodeGraph
from judge.code.facts import Definition
from judge.inspection import Inspection

MOST_LISTED = 300


def structure(inspection: Inspection, room: int = 4_000, folder: str = "") -> str:
    """Every file of a folder with what code measured in it, a line each, within `room` characters.

    What does not fit is counted on a last line.
    """
    workspace = inspection.workspace
    prefix = f"{folder.strip('/')}/" if folder.strip("/") else ""
    entries = [entry for entry in workspace.files if entry.path.startswith(prefix)]
    lines: list[str] = []
    for number, entry in enumerate(entries):
        if number < MOST_LISTED:
            line = f"{entry.path}: {workspace.artifact(entry.path).summary()}"
        if number >= MOST_LISTED or len(line) + 1 > room:
            lines.append(f"and {len(entries) - number} more files that are not listed here")
            break
        lines.append(line)
        room -= len(line) + 1
    lines += [f"not looked at: {cut.path}: {cut.reason}" for cut in workspace.cuts[:20]]
    return "\n".join(lines) or "no files"


def outline(inspection: Inspection, paths: Iterable[str], room: int = 2_000) -> str:
    """The definitions of source files: what each is, whether it works, whether it is reached."""
    graph = inspection.graph
    lines: list[str] = []
    for path in paths:
        module = graph.modules.get(path)
        if module is None:
            continue
        state = "" if module.parses else f", does not parse: {module.fault}"
        lines.append(f"{path} ({module.language}, {module.lines} lines{state})")
        lines += [f"  {_described(graph, d)}" for d in graph.definitions_in(path)]
    shown: list[str] = []
    for line in lines:
        if len(line) + 1 > room:
            shown.append(f"and {len(lines) - len(shown)} more lines of the outline")
            break
        shown.append(line)
        room -= len(line) + 1
    return "\n".join(shown)


def look_up(inspection: Inspection, name: str, room: int = 2_500) -> str:
    """Where a name is defined, called and mentioned; `name` may be dotted or a single word."""
    graph = inspection.graph
    last = name.strip().rsplit(".", 1)[-1]
    if not last:
        return "no name was given"
    lines: list[str] = []
    for definition in graph.definitions:
        if definition.name == last:
            lines.append(f"defined: {definition.path}: {_described(graph, definition)}")
            callers = graph.callers_of(*definition.key)
            lines += [f"  called: {c.path}:{c.line}: {c.written}" for c in callers[:10]]
            if not callers:
                lines.append("  called: nowhere that code analysis can see")
    for call in graph.calls_named(last)[:20]:
        reached = "reached" if call.is_reached else "never reached"
        lines.append(f"call: {call.path}:{call.line}: {call.name} ({reached})")
    for mention in graph.mentions(name.strip())[:20]:
        lines.append(f"{mention.kind}: {mention.path}:{mention.line}: {mention.text.strip()[:120]}")
    text = "\n".join(dict.fromkeys(lines)) or f"{name} stands nowhere in the code"
    return text if len(text) <= room else text[:room] + "\n… (more was found)"


def touching(inspection: Inspection, path: str) -> str:
    """Which code reads or writes a file, a line each; empty where none is seen to."""
    return "\n".join(
        f"{use.path}:{use.line}: {use.mode} by {use.via}"
        + ("" if use.is_reached else " (never reached)")
        for use in inspection.graph.uses
        if use.target == path
    )


def _described(graph: CodeGraph, definition: Definition) -> str:
    reached = "reached" if graph.is_reached(*definition.key) else "never reached"
    lines = f"lines {definition.start_line}-{definition.end_line}"
    body = "" if definition.does_something else f", its body is a {definition.body.value}"
    return f"{definition.kind} {definition.qualified}, {lines}, {reached}{body}"
