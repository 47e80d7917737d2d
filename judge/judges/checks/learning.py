"""Whether a project's models are trained: saved before they learn, or by code that teaches nothing.

Only what the code shows is said: a model that is made in the very statement that saves it, training
calls that all stand in code which never runs, a method for learning that does nothing.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from judge.judges.checks.sight import CodeSight

_SAVES = frozenset("save dump save_file save_model save_pretrained save_weights to_disk".split())
_NEUTRAL = frozenset("eval to cpu cuda state_dict double float half get_params summary".split())
_TEACHES = re.compile(r"^(?:fit|train|learn|training_step|optimi[sz]e|update_weights|train_\w+)$")
# Calls by which the parameters of a network are moved.
_MOVES = frozenset("backward train_on_batch apply_gradients minimize manual_backward".split())


@dataclass(frozen=True)
class Untaught:
    """Why a saved model, or a figure of one, comes from no training; `line` is where it shows."""

    path: str
    line: int
    text: str


def fresh_save(tree: ast.Module, line: int) -> bool:
    """Whether the save on a line is of a model that was just made and that nothing has taught."""
    for scope, body in _scopes(tree):
        for node in _own(body):
            if not isinstance(node, ast.Call) or node.lineno != line or _called(node) not in _SAVES:
                continue
            saved = [*node.args[:2]]
            if isinstance(node.func, ast.Attribute):
                saved.append(node.func.value)
            for value in saved:
                inner = _without_neutral(value)
                if _is_construction(inner):
                    return True
                if isinstance(inner, ast.Name) and _is_untouched(inner.id, scope, body, line):
                    return True
    return False


def _is_untouched(name: str, scope: ast.AST, body: list[ast.stmt], line: int) -> bool:
    """A name that a scope binds once, to a construction, and does nothing else with before."""
    bound = [
        node
        for node in _own(body)
        if isinstance(node, ast.Assign)
        and any(isinstance(t, ast.Name) and t.id == name for t in node.targets)
    ]
    if len(bound) != 1 or not _is_construction(_without_neutral(bound[0].value)):
        return False
    for node in ast.walk(scope):
        if not isinstance(node, ast.Name) or node.id != name or isinstance(node.ctx, ast.Store):
            continue
        if not bound[0].lineno <= node.lineno <= line:
            continue
        parent = _parent_call(scope, node)
        if node.lineno != line and (parent is None or _called(parent) not in _NEUTRAL):
            return False
    return True


def _parent_call(scope: ast.AST, name: ast.Name) -> ast.Call | None:
    for node in ast.walk(scope):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.value is name
        ):
            return node
    return None


def _without_neutral(node: ast.expr) -> ast.expr:
    """The model behind `model.state_dict()`, `model.eval()`, `model.to(device)`."""
    while (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in _NEUTRAL
    ):
        node = node.func.value
    return node


def _is_construction(node: ast.expr) -> bool:
    name = _called(node)
    return bool(re.match(r"[A-Z]\w*[a-z]", name)) and not re.search(
        r"Path|Frame|Series|Figure|Image|Writer|Pretrained|File|IO|Config|Array|Counter|Dict", name
    )


def untaught(sight: CodeSight) -> Untaught | None:
    """Why no training that the project has code for can have taken place; None where it can."""
    moves = [
        call
        for call in sight.graph.calls
        if call.path in sight.product_paths and call.method in _MOVES and not call.targets
    ]
    # Code that nothing is seen to call may be started in a way that cannot be read off the code.
    working = [
        call
        for call in moves
        if sight.is_live(call.path, call.line) and not sight.hollow_reason(call.path, call.scope)
    ]
    fits = any(
        call.is_reached
        and call.method in ("fit", "partial_fit", "train", "learn", "fit_generator")
        and not call.targets
        and sight.is_live(call.path, call.line)
        for call in sight.graph.calls
    )
    if moves and not working and not fits:
        first = moves[0]
        return Untaught(first.path, first.line, f"the training in {first.path} never runs")
    if working or fits:
        return None
    for call in sight.graph.calls:
        if not call.is_reached or not _TEACHES.match(call.method):
            continue
        for target in call.targets:
            definition = sight.graph.definition(*target)
            if definition is None or definition.kind == "class":
                continue
            owner = target[1].rpartition(".")[0]
            reason = sight.hollow_reason(*target) or (
                sight.substance(target[0], owner).hollow if owner else ""
            )
            if reason or sight.substance(*target).operations == 0:
                text = reason or f"{definition.qualified} learns nothing from what it is given"
                return Untaught(definition.path, definition.start_line, text)
    return None


def _scopes(tree: ast.Module) -> Iterator[tuple[ast.AST, list[ast.stmt]]]:
    yield tree, tree.body
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node, node.body


def _own(body: list[ast.stmt]) -> Iterator[ast.AST]:
    pending: list[ast.AST] = list(body)
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            continue
        yield node
        pending.extend(ast.iter_child_nodes(node))


def _called(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
