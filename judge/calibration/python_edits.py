"""Edits of Python source by its syntax tree; the source is parsed and never executed."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterator
from enum import StrEnum

# Calls that only name places and settings: they may stand where nothing else runs.
_SETTINGS = frozenset(
    "Path resolve absolute joinpath join dirname abspath getenv get getLogger device compile"
    " frozenset set dict list tuple namedtuple TypeVar".split()
)

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


class Stub(StrEnum):
    """What is left of a function's body."""

    PASS = "pass"
    RAISES = "raises NotImplementedError"
    TO_DO = "to do"
    CONSTANT = "returns a constant"
    COMMENTED = "commented out"
    DEAD = "behind `if False`"


def parsed(text: str) -> ast.Module | None:
    """The tree, or None where the text is no Python that can be parsed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def functions(node: ast.AST) -> Iterator[Function]:
    """The outermost functions and methods below a node."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function):
            yield child
        else:
            yield from functions(child)


def definitions(tree: ast.Module) -> list[Definition]:
    """What the module defines at its top level."""
    return [node for node in tree.body if isinstance(node, Definition)]


def called(call: ast.Call) -> str:
    """The last part of what is called: `fit` of `model.fit(x)`; "" where it has no name."""
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def stubbed(text: str, within: ast.AST, stub: Stub) -> str:
    """The source with the body of every function in `within` hollowed out; docstrings stay."""
    found = [within] if isinstance(within, Function) else list(functions(within))
    lines = text.splitlines()
    for function in sorted(found, key=lambda node: node.lineno, reverse=True):
        body = [
            statement
            for at, statement in enumerate(function.body)
            if not (at == 0 and _is_docstring(statement))
        ]
        if not body:
            continue
        first, last = body[0].lineno - 1, (function.end_lineno or body[0].lineno) - 1
        if first == function.lineno - 1:
            # `def f(): return 1`: the body goes where it stood.
            head = lines[first].encode()[: body[0].col_offset].decode()
            lines[first : last + 1] = [f"{head}pass"]
            continue
        first = min([first, *(d.lineno - 1 for d in getattr(body[0], "decorator_list", []))])
        indent = " " * body[0].col_offset
        lines[first : last + 1] = _hollow(stub, indent, lines[first : last + 1])
    return "\n".join(lines) + "\n"


def _hollow(stub: Stub, indent: str, body: list[str]) -> list[str]:
    match stub:
        case Stub.PASS:
            return [f"{indent}pass"]
        case Stub.RAISES:
            return [f'{indent}raise NotImplementedError("to be implemented")']
        case Stub.TO_DO:
            return [f"{indent}# TODO: implement", f"{indent}return None"]
        case Stub.CONSTANT:
            return [f"{indent}return {{}}"]
        case Stub.COMMENTED:
            return [*(f"{indent}# {line.strip()}" for line in body), f"{indent}pass"]
        case Stub.DEAD:
            return [f"{indent}if False:", *(f"    {line}" for line in body), f"{indent}return None"]


def commented_out(text: str) -> str:
    """The whole source as comments."""
    return "".join(f"# {line}\n" for line in text.splitlines())


def with_calls(
    text: str, tree: ast.Module, replacement: Callable[[ast.Call, str], str | None]
) -> str | None:
    """The source with calls replaced by what `replacement(call, its receiver's source)` gives.

    Where it gives None the call stays; None where no call was replaced, or none can be told from
    one inside it.
    """
    found: list[tuple[int, int, bytes]] = []
    content = text.encode()
    starts = [0]
    for line in content.split(b"\n"):
        starts.append(starts[-1] + len(line) + 1)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            receiver = node.func.value if isinstance(node.func, ast.Attribute) else None
            shown = (ast.get_source_segment(text, receiver) or "") if receiver else ""
            new = replacement(node, shown)
            if new is not None and node.end_lineno is not None and node.end_col_offset is not None:
                first = starts[node.lineno - 1] + node.col_offset
                last = starts[node.end_lineno - 1] + node.end_col_offset
                found.append((first, last, new.encode()))
    # Of two that overlap the outer one stands: its replacement holds no part of the other.
    found.sort(key=lambda item: (item[0], -item[1]))
    outer: list[tuple[int, int, bytes]] = []
    for item in found:
        if not outer or item[0] >= outer[-1][1]:
            outer.append(item)
    if not outer:
        return None
    for first, last, new_bytes in reversed(outer):
        content = content[:first] + new_bytes + content[last:]
    edited = content.decode()
    return edited if parsed(edited) is not None else None


def without_start(text: str, tree: ast.Module) -> str | None:
    """The source with everything that runs on its own put into functions that nothing calls.

    Imports, definitions, assignments of constants and the docstring stay where they are. None
    where the module starts nothing.
    """
    lines = text.splitlines()
    is_changed = False
    for statement in reversed(tree.body):
        if not _starts_something(statement):
            continue
        is_changed = True
        first, last = statement.lineno - 1, (statement.end_lineno or statement.lineno) - 1
        body = [f"    {line}" for line in lines[first : last + 1]]
        if isinstance(statement, ast.If) and _is_main_guard(statement):
            body = []
        lines[first : last + 1] = [f"def unused_{statement.lineno}():", *body] if body else []
    edited = "\n".join(lines) + "\n"
    return edited if is_changed and parsed(edited) is not None else None


def renamed_imports(text: str, old: str, new: str) -> str:
    """The source with imports of the module `old` going to `new`, which stands beside it."""
    return re.sub(
        rf"^(\s*(?:from|import)\s+(?:[\w.]*\.)?){re.escape(old)}\b",
        lambda match: f"{match.group(1)}{new}",
        text,
        flags=re.M,
    )


def _starts_something(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Import | ast.ImportFrom | Definition):
        return False
    if _is_docstring(statement):
        return False
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        return any(
            isinstance(node, ast.Call) and called(node) not in _SETTINGS
            for node in ast.walk(statement)
        )
    return True


def _is_main_guard(statement: ast.If) -> bool:
    return "__name__" in ast.dump(statement.test)


def _is_docstring(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
