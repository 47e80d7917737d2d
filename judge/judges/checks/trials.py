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
    name = _called(node)
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
        if _called(node) not in _SEARCHES:
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


def never_started(tree: ast.Module, line: int) -> bool:
    """Whether a line makes a library's search whose results are read before it is fitted.

    So only where a name is bound to it, and the first thing done with that name further on is to
    read an attribute that fitting would have set, such as `best_params_`: that fails.
    """
    for function in ast.walk(tree):
        if not isinstance(function, (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        names = {
            node.targets[0].id
            for node in function.body
            if isinstance(node, ast.Assign)
            and node.lineno == line
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Call)
            and _called(node.value) in _SEARCHES - {"ParameterGrid"}
        }
        nodes = list(ast.walk(function)) if names else []
        results = {
            id(node.value)
            for node in nodes
            if isinstance(node, ast.Attribute) and node.attr.endswith("_")
        }
        alone = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        used = [
            node
            for node in nodes
            if isinstance(node, ast.Name)
            and node.id in names
            and isinstance(node.ctx, ast.Load)
            and node.lineno > line
            and id(node) not in alone
        ]
        if used and id(min(used, key=lambda node: (node.lineno, node.col_offset))) in results:
            return True
    return False


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
