"""Calls of project code that cannot work: wrong arguments, or a method that is not there.

Only what cannot be otherwise is said: plain functions and classes whose names are defined once in
the project, without decorators, and without `*args` or attributes that are set by name.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_GIVE_THEMSELVES = frozenset("to apply cuda cpu eval train float double half".split())
_PLAIN_BASES = frozenset({"object"})


@dataclass(frozen=True)
class Misfit:
    """A call that fails with a TypeError or an AttributeError when it is reached."""

    line: int
    text: str


class Signatures:
    """The functions and classes of a project, as far as a call of one can be checked."""

    def __init__(self, trees: Mapping[str, ast.Module]) -> None:
        seen: dict[str, list[ast.AST]] = {}
        for tree in trees.values():
            for node in ast.walk(tree):
                if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
                    seen.setdefault(node.name, []).append(node)
                elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    seen.setdefault(node.id, []).append(node)
        top = {
            node.name: node
            for tree in trees.values()
            for node in tree.body
            if isinstance(node, (*_FUNCTIONS, ast.ClassDef))
        }
        single = {name: node for name, node in top.items() if len(seen[name]) == 1}
        self.functions = {n: f for n, f in single.items() if isinstance(f, _FUNCTIONS)}
        self.classes = {n: c for n, c in single.items() if isinstance(c, ast.ClassDef)}

    def misfits(self, body: list[ast.stmt]) -> Iterator[Misfit]:
        """The calls of one scope's statements that cannot work."""
        nodes = list(_own(body))
        made = self._instances(nodes)
        guarded = {
            line
            for node in nodes
            if isinstance(node, ast.Try)
            for line in range(node.lineno, (node.body[-1].end_lineno or node.lineno) + 1)
        }
        for node in nodes:
            if not isinstance(node, ast.Call) or node.lineno in guarded:
                continue
            text = self._fault(node, made)
            if text:
                yield Misfit(node.lineno, text)

    def _instances(self, nodes: list[ast.AST]) -> dict[str, ast.ClassDef]:
        """Names that a scope binds once, to a new object of a class of the project."""
        bound: dict[str, list[ast.expr | None]] = {}
        for node in nodes:
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    pairs: list[tuple[ast.expr, ast.expr | None]] = [(target, node.value)]
                    if isinstance(target, ast.Tuple):
                        values = node.value.elts if isinstance(node.value, ast.Tuple) else []
                        fits = len(values) == len(target.elts)
                        pairs = [
                            (element, values[at] if fits else None)
                            for at, element in enumerate(target.elts)
                        ]
                    for name, value in pairs:
                        if isinstance(name, ast.Name):
                            bound.setdefault(name.id, []).append(value)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                bound.setdefault(node.id, [])
        counts: dict[str, int] = {}
        for node in nodes:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                counts[node.id] = counts.get(node.id, 0) + 1
        found: dict[str, ast.ClassDef] = {}
        for bound_name, given in bound.items():
            if counts.get(bound_name, 0) != 1 or len(given) != 1:
                continue
            made = self._made(given[0]) if isinstance(given[0], ast.Call) else None
            if made is not None:
                found[bound_name] = made
        return found

    def _made(self, call: ast.Call) -> ast.ClassDef | None:
        """The class whose object a call gives, also through `Net().to(device)`."""
        while isinstance(call.func, ast.Attribute) and call.func.attr in _GIVE_THEMSELVES:
            if not isinstance(call.func.value, ast.Call):
                return None
            call = call.func.value
        return self.classes.get(call.func.id) if isinstance(call.func, ast.Name) else None

    def _fault(self, call: ast.Call, made: dict[str, ast.ClassDef]) -> str:
        function = call.func
        if isinstance(function, ast.Name):
            if function.id in self.functions and function.id not in made:
                return _wrong_arguments(self.functions[function.id], call, taken=0)
            if function.id in made:
                method = _method(made[function.id], "forward") or _method(
                    made[function.id], "__call__"
                )
                return _wrong_arguments(method, call, taken=1) if method is not None else ""
            return ""
        if not isinstance(function, ast.Attribute):
            return ""
        owner: ast.ClassDef | None = None
        if isinstance(function.value, ast.Name):
            owner = made.get(function.value.id)
        elif isinstance(function.value, ast.Call):
            owner = self._made(function.value)
        if owner is None:
            return ""
        method = _method(owner, function.attr)
        if method is not None:
            return _wrong_arguments(method, call, taken=1)
        if _may_have(owner, function.attr):
            return ""
        return f"{owner.name} has no {function.attr}"


def _method(owner: ast.ClassDef, name: str) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    found = [node for node in owner.body if isinstance(node, _FUNCTIONS) and node.name == name]
    return found[0] if len(found) == 1 else None


def _may_have(owner: ast.ClassDef, name: str) -> bool:
    """Whether an attribute may come from a base, a decorator, or an assignment anywhere inside."""
    if owner.decorator_list or owner.keywords:
        return True
    if any(not (isinstance(b, ast.Name) and b.id in _PLAIN_BASES) for b in owner.bases):
        return True
    for node in ast.walk(owner):
        if isinstance(node, _FUNCTIONS) and node.name in (name, "__getattr__", "__getattribute__"):
            return True
        if isinstance(node, ast.Attribute) and node.attr in (name, "__dict__", "update"):
            return True
        if isinstance(node, ast.Name) and node.id in (name, "setattr"):
            return True
    return False


def _wrong_arguments(
    function: ast.FunctionDef | ast.AsyncFunctionDef, call: ast.Call, *, taken: int
) -> str:
    """What is wrong with the arguments of a call; "" where nothing is, or none can tell."""
    if function.decorator_list or any(isinstance(a, ast.Starred) for a in call.args):
        return ""
    if any(keyword.arg is None for keyword in call.keywords):
        return ""
    arguments = function.args
    places = [a.arg for a in (*arguments.posonlyargs, *arguments.args)][taken:]
    if len(call.args) > len(places) and arguments.vararg is None:
        return f"{function.name} is given {len(call.args)} arguments and takes {len(places)}"
    named = {keyword.arg for keyword in call.keywords if keyword.arg}
    known = {*places, *(a.arg for a in arguments.kwonlyargs)}
    strange = sorted(named - known)
    if strange and arguments.kwarg is None:
        return f"{function.name} is given {strange[0]}, which it does not take"
    needed = places[: len(places) - len(arguments.defaults)] if arguments.defaults else places
    lacking = [name for name in needed[len(call.args) :] if name not in named]
    if lacking and function.name != "__init__":
        return f"{function.name} is not given {lacking[0]}"
    return ""


def _own(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """All nodes of a body but those of functions and classes defined in it."""
    pending: list[ast.AST] = list(body)
    while pending:
        node = pending.pop()
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef, ast.Lambda)):
            continue
        yield node
        pending.extend(ast.iter_child_nodes(node))
