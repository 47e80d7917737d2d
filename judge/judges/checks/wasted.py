"""Values that code works out and nothing takes up: names and attributes that are never read."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_READS_BY_NAME = frozenset({"getattr", "vars", "locals", "globals", "eval", "exec", "asdict"})


def attributes_read(tree: ast.Module) -> frozenset[str]:
    """Names of all attributes that a module reads; "*" where it reads some that cannot be told."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            found.add(node.attr)
            if node.attr == "__dict__":
                found.add("*")
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in _READS_BY_NAME
        ):
            found.add("*")
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Attribute):
            found.add(node.target.attr)
    return frozenset(found)


def wasted_lines(tree: ast.Module, attributes: frozenset[str]) -> frozenset[int]:
    """Lines of assignments in functions and classes whose targets nothing reads.

    `attributes` are those that any module of the project reads.
    """
    wasted: set[int] = set()
    for function in ast.walk(tree):
        if not isinstance(function, _FUNCTIONS):
            continue
        read = {
            node.id
            for node in ast.walk(function)
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store)
        }
        read |= {
            node.target.id
            for node in ast.walk(function)
            if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)
        }
        shared = {
            name
            for node in ast.walk(function)
            if isinstance(node, (ast.Global, ast.Nonlocal))
            for name in node.names
        }
        if read & _READS_BY_NAME:
            continue
        for statement in ast.walk(function):
            if not isinstance(statement, (ast.Assign, ast.AnnAssign)) or statement.value is None:
                continue
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            pairs = [pair for target in targets for pair in _matched(target, statement.value)]
            for target, _ in pairs:
                is_unread = (isinstance(target, ast.Name) and target.id not in read | shared) or (
                    isinstance(target, ast.Attribute)
                    and isinstance(target.value, ast.Name)
                    and target.value.id == "self"
                    and target.attr not in attributes
                    and "*" not in attributes
                )
                if not is_unread:
                    break
            else:
                first, last = statement.lineno, statement.end_lineno or statement.lineno
                wasted.update(range(first, last + 1))
    return frozenset(wasted)


def _matched(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    if isinstance(target, (ast.Tuple, ast.List)):
        for element in target.elts:
            yield from _matched(element, value)
    else:
        yield target, value
