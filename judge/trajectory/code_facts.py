"""What Python code that an agent typed says it writes, reads, downloads and makes up.

The code is parsed, never run. Facts of a function that nothing calls by name are told apart
(`within`), so that only code that can have been reached counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from judge.trajectory.actions import parsed_python

MOST_FACTS = 500

OriginKind = Literal["downloaded", "made_up", "loaded"]


@dataclass(frozen=True, slots=True)
class CodeWrite:
    """`content` is the text that the code carries as literals, None where it computes it."""

    path: str
    content: str | None
    is_download: bool
    is_copy: bool
    within: str


@dataclass(frozen=True, slots=True)
class CodeOrigin:
    """`line` is the line of the code that does it; `within` the function around it or ""."""

    kind: OriginKind
    line: str
    path: str | None
    within: str


@dataclass(frozen=True, slots=True)
class PathGiven:
    """A function was called with a path for one of its parameters, by position or by name."""

    function: str
    parameter: int | str
    path: str
    within: str


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """What one text of Python code says.

    `names` are those that the code uses; `sinks` are a function, the position and the name of a
    parameter that it writes to as a path.
    """

    writes: tuple[CodeWrite, ...] = ()
    origins: tuple[CodeOrigin, ...] = ()
    shell: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()
    printed: tuple[str, ...] = ()
    given: tuple[PathGiven, ...] = ()
    sinks: frozenset[tuple[str, int, str]] = frozenset()
    parses: bool = True


@lru_cache(maxsize=256)
def code_facts(code: str) -> CodeFacts:
    """The facts of a text of Python code, IPython's `%run` and `!` lines included. Never raises."""
    from judge.trajectory.code_reading import CodeReader

    code, shell, scripts = _without_magics(code)
    tree = parsed_python(code)
    if tree is None:
        return CodeFacts(shell=tuple(shell), scripts=tuple(scripts), parses=False)
    reader = CodeReader(code, tree)
    try:
        reader.read()
    except RecursionError:
        return CodeFacts(shell=tuple(shell), scripts=tuple(scripts), parses=False)
    return CodeFacts(
        writes=tuple(
            CodeWrite(w.path, w.content, w.is_download, w.is_copy, w.within) for w in reader.writes
        ),
        origins=tuple(reader.origins),
        shell=(*shell, *reader.shell)[:MOST_FACTS],
        scripts=(*scripts, *reader.scripts)[:MOST_FACTS],
        imports=tuple(reader.imports)[:MOST_FACTS],
        names=frozenset(reader.names),
        printed=tuple(reader.printed)[:MOST_FACTS],
        given=tuple(reader.given)[:MOST_FACTS],
        sinks=frozenset(reader.sinks),
    )


def paths_written(parts: Iterable[CodeFacts]) -> list[str]:
    """The paths that the reached code of a program's parts writes, as written, in order."""
    parts = list(parts)
    names = frozenset().union(*(facts.names for facts in parts))
    sinks = {
        (function, key)
        for facts in parts
        for function, position, name in facts.sinks
        for key in (position, name)
    }
    found: dict[str, None] = {}
    for facts in parts:
        for write in facts.writes:
            if not write.within or write.within in names:
                found.setdefault(write.path)
        for given in facts.given:
            is_reached = not given.within or given.within in names
            if is_reached and (given.function, given.parameter) in sinks:
                found.setdefault(given.path)
    return list(found)


def _without_magics(code: str) -> tuple[str, list[str], list[str]]:
    """The code with IPython's own lines blanked, and what those run."""
    if not re.search(r"^[ \t]*[!%]", code, re.MULTILINE):
        return code, [], []
    shell: list[str] = []
    scripts: list[str] = []
    lines = code.split("\n")
    if lines[0].startswith(("%%bash", "%%sh")):
        return "", ["\n".join(lines[1:])], []
    for at, line in enumerate(lines):
        bare = line.lstrip()
        if bare.startswith("!"):
            shell.append(bare[1:])
        elif bare.startswith("%run "):
            scripts.append(next(iter(bare[5:].split()), ""))
        elif not bare.startswith("%"):
            continue
        lines[at] = line[: len(line) - len(bare)] + "pass"
    return "\n".join(lines), shell, [script for script in scripts if script]
