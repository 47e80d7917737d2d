"""Whether a search over settings tries anything: what is done for each, and how many there are."""

from __future__ import annotations

import ast
import re

_SEARCHES = frozenset("GridSearchCV RandomizedSearchCV HalvingGridSearchCV ParameterGrid".split())
_TRIES = re.compile(
    r"fit|train|scor|eval|valid|run|objective|experiment|loss|acc|predict|learn|optimi|simulate|"
    r"episode|forward|error|rmse|test",
    re.I,
)


def tries_nothing(tree: ast.Module, line: int, local: frozenset[str]) -> bool:
    """Whether a line heads a loop over settings in which nothing is trained, run or scored.

    `local` are names of the project's own functions and classes: a call of one may do anything.
    False where the line heads no loop.
    """
    for node in ast.walk(tree):
        if isinstance(node, (ast.For, ast.AsyncFor)):
            end = node.iter.end_lineno or node.lineno
            if node.lineno <= line <= end:
                return not any(_may_try(part, local) for s in node.body for part in ast.walk(s))
        elif isinstance(node, (ast.ListComp, ast.GeneratorExp, ast.DictComp, ast.SetComp)):
            if not any(g.iter.lineno <= line <= (g.iter.end_lineno or 0) for g in node.generators):
                continue
            parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
            return not any(_may_try(part, local) for p in parts for part in ast.walk(p))
    return False


def _may_try(node: ast.AST, local: frozenset[str]) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name in local or bool(_TRIES.search(name))


def lone_setting(tree: ast.Module, line: int) -> bool:
    """Whether a line starts a library's search over a literal table with one setting in all."""
    tables = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or node.lineno != line:
            continue
        name = (
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        )
        if name not in _SEARCHES:
            continue
        given = [*node.args, *(k.value for k in node.keywords if k.arg and "param" in k.arg)]
        for value in given:
            table = tables.get(value.id, value) if isinstance(value, ast.Name) else value
            if isinstance(table, ast.Dict) and table.values:
                return all(
                    isinstance(choice, (ast.List, ast.Tuple)) and len(choice.elts) == 1
                    for choice in table.values
                )
    return False
