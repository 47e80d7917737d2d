"""Source files deleted, emptied, renamed, or with functions that are stubs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from posixpath import basename, dirname, join, splitext

from judge.calibration.good import Known
from judge.calibration.mutation import Kind, Mutation
from judge.calibration.python_edits import (
    Definition,
    Stub,
    commented_out,
    definitions,
    functions,
    parsed,
    renamed_imports,
    stubbed,
)

_WORD = re.compile(r"[A-Za-z_]\w{2,}")


def code_mutations(known: Known) -> Iterator[Mutation]:
    """Mutations of the Python files that requirements name."""
    for path in known.sources:
        breaks = known.naming_source(path)
        if breaks:
            yield from _of_file(known, path, breaks)
            yield from _of_functions(known, path, breaks)


def _of_file(known: Known, path: str, breaks: frozenset[int]) -> Iterator[Mutation]:
    text = known.text(path)
    tree = parsed(text)
    independent = known.standing_alone(path)
    yield Mutation(Kind.CODE_DELETED, path, breaks, independent, {path: None})
    yield Mutation(Kind.CODE_EMPTIED, f"{path}: no bytes", breaks, independent, {path: b""})
    yield Mutation(
        Kind.CODE_EMPTIED,
        f"{path}: a docstring that names everything",
        breaks,
        independent,
        {path: _keywords(known, breaks, text).encode()},
    )
    commented = commented_out(text).encode()
    yield Mutation(
        Kind.CODE_EMPTIED, f"{path}: commented out", breaks, independent, {path: commented}
    )
    yield from _renamed(known, path, breaks)
    if tree is None or _works_at_its_top(tree):
        return
    for stub in Stub:
        edited = stubbed(text, tree, stub)
        if edited != text and parsed(edited) is not None and list(functions(tree)):
            name = f"{path}: every function {stub.value}"
            yield Mutation(Kind.STUBBED, name, breaks, independent, {path: edited.encode()})


def _works_at_its_top(tree: ast.Module) -> bool:
    """Whether a module does its work outside of functions, where stubs would not reach it."""
    return any(
        isinstance(statement, ast.For | ast.While | ast.With | ast.Try)
        or (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call))
        or (
            isinstance(statement, ast.Assign)
            and any(isinstance(node, ast.Call) for node in ast.walk(statement.value))
        )
        for statement in tree.body
    )


def _keywords(known: Known, numbers: frozenset[int], text: str) -> str:
    """A module that only speaks of what it should do, in the requirements' own words."""
    asked = " ".join(known.plain(number).replace("PATH", "this file") for number in sorted(numbers))
    names = sorted(set(_WORD.findall(text)))[:60]
    said = asked.replace("\\", "/").replace('"', "'")
    return f'"""{said}"""\n\nKEYWORDS = {names!r}\n'


def _renamed(known: Known, path: str, breaks: frozenset[int]) -> Iterator[Mutation]:
    """The file under another name, with the imports of it mended: the program runs as before."""
    stem = splitext(basename(path))[0]
    for how, new in (("another name", f"{stem}_module"), ("a better name", f"my_{stem}")):
        moved = join(dirname(path), f"{new}.py")
        if known.workspace.has(moved):
            continue
        edits: dict[str, bytes | None] = {}
        for other, text in known.python.items():
            mended = renamed_imports(text, stem, new)
            if other != path and mended != text:
                edits[other] = mended.encode()
        others = frozenset(
            r.requirement_id
            for r in known.requirements
            if path not in known.places(r.requirement_id).sources
            and known.places(r.requirement_id).sources
        )
        yield Mutation(Kind.RENAMED, f"{path}: {how}", breaks, others, edits, {path: moved})


def _of_functions(known: Known, path: str, numbers: frozenset[int]) -> Iterator[Mutation]:
    """Only the function stubbed that holds all that shows the requirement."""
    text = known.text(path)
    tree = parsed(text)
    if tree is None or len(definitions(tree)) < 2:
        return
    for number in sorted(numbers):
        holder = _holder(known, path, number, text, tree)
        if holder is None:
            continue
        for stub in Stub:
            edited = stubbed(text, holder, stub)
            if edited != text and parsed(edited) is not None:
                yield Mutation(
                    Kind.STUBBED,
                    f"{path}: {holder.name} {stub.value}",
                    frozenset((number,)),
                    known.standing_alone(path),
                    {path: edited.encode()},
                )


def _holder(known: Known, path: str, number: int, text: str, tree: ast.Module) -> Definition | None:
    """The one definition in which all cited lines stand, and outside of which nothing is named so.

    What is imported on other lines does not count; a name that another definition uses as well
    leaves room for doubt, and gives None.
    """
    cited = known.cited_lines(number, path)
    holders = [
        node
        for node in definitions(tree)
        if cited and all(node.lineno <= line <= (node.end_lineno or 0) for line in cited)
    ]
    if not holders or not list(functions(ast.Module([holders[0]], []))):
        return None
    holder = holders[0]
    lines = text.splitlines()
    on_cited = {line - 1 for line in cited}
    keys = {word for at in on_cited for word in _WORD.findall(lines[at])} - {"return", "self"}
    outside = [
        line
        for at, line in enumerate(lines, 1)
        if not holder.lineno <= at <= (holder.end_lineno or 0)
        and not re.match(r"\s*(?:from|import)\b", line)
    ]
    called_there = {name for name in keys if re.search(rf"\b{name}\(", "\n".join(outside))}
    calls_here = {name for name in keys if any(f"{name}(" in lines[at] for at in on_cited)}
    return None if called_there & calls_here - {"fit", "print"} else holder
