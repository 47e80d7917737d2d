"""Where names are looked up while a Python file is read, and the calls met on the way."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from judge.code.python_source import ClassSource, FunctionSource, PythonSource, Scope
from judge.code.values import (
    Arguments,
    External,
    Instance,
    LocalClass,
    LocalFunction,
    Lookup,
    OpenFile,
    Value,
)

_MAX_SITES = 16


@dataclass(slots=True, eq=False)
class Frame:
    """Where names are looked up: one function's, class body's or module's own."""

    names: dict[str, Value]
    parent: Frame | None
    scope: Scope
    scope_name: str
    function: FunctionSource | None = None
    cls: ClassSource | None = None
    global_names: set[str] = field(default_factory=set)


@dataclass(slots=True, eq=False)
class RawCall:
    """A call as read; what it means is resolved when every file has been read."""

    source: PythonSource
    node: ast.Call
    scope: Scope
    scope_name: str
    function: FunctionSource | None
    callee: Value
    written: str
    arguments: Arguments
    is_dead: bool
    is_used: bool
    opened: OpenFile | None


def note_site(callee: Value, arguments: Arguments) -> None:
    """Tells a function of the workspace what a caller passes it."""
    if isinstance(callee, LocalFunction):
        if len(callee.function.sites) < _MAX_SITES:
            callee.function.sites.append(arguments)
    elif isinstance(callee, LocalClass):
        constructor = callee.cls.method("__init__")
        if constructor is not None and len(constructor.sites) < _MAX_SITES:
            constructor.sites.append(arguments)


def written_name(node: ast.expr) -> str:
    """A callee as written, with calls and items in it shortened to () and []."""
    if type(node) is ast.Attribute and type(node.value) is ast.Name:
        return f"{node.value.id}.{node.attr}"
    tail: list[str] = []
    while True:
        if isinstance(node, ast.Attribute):
            tail.append("." + node.attr)
            node = node.value
        elif isinstance(node, ast.Call):
            tail.append("()")
            node = node.func
        elif isinstance(node, ast.Subscript):
            tail.append("[]")
            node = node.value
        else:
            break
    if isinstance(node, ast.Name):
        head = node.id
    else:
        head = "''" if isinstance(node, (ast.Constant, ast.JoinedStr)) else "…"
    return head + "".join(reversed(tail))


def external_name(value: Value) -> str:
    """The dotted name of a library's function, or of a method of a library's object."""
    if isinstance(value, External):
        return value.name
    if isinstance(value, Lookup) and isinstance(value.base, Instance) and value.base.cls is None:
        return f"{value.base.name}.{value.key}"
    return ""
