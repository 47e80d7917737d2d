"""What expressions of Python code come to, as far as their literals tell."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass, field

from judge.trajectory.code_names import LITERAL_STEPS, is_literal

LONGEST_PATH = 300


@dataclass
class Write:
    """A file that the code writes; `content` is None once something computed goes into it."""

    path: str
    within: str
    content: str | None = ""
    is_download: bool = False
    is_copy: bool = False

    def add(self, text: str | None) -> None:
        self.content = None if text is None or self.content is None else self.content + text


@dataclass
class Scope:
    """What is known of names inside one function, or at module level ("")."""

    within: str
    texts: dict[str, str] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, int] = field(default_factory=dict)
    handles: dict[str, Write] = field(default_factory=dict)
    made: dict[str, int] = field(default_factory=dict)
    """Names bound to random values, and the line that draws them."""
    foreign: set[str] = field(default_factory=set)
    """Names bound to what came from a file, a library or a caller."""

    def inner(self, name: str) -> Scope:
        """The scope of a function or class of this name inside this one."""
        return Scope(self.within or name, dict(self.texts), dict(self.typed))

    def forget(self, name: str) -> None:
        for known in (self.texts, self.typed, self.handles, self.made, self.parameters):
            known.pop(name, None)
        self.foreign.discard(name)


class Texts:
    """Reads texts out of expressions; `aliases` maps names to what was imported under them."""

    def __init__(self, aliases: dict[str, str]) -> None:
        self.aliases = aliases

    def dotted(self, node: ast.expr) -> str:
        """The written name with import aliases put in: `np.random.rand` gives numpy's."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if isinstance(node, ast.Call):
            called = node.func
            parts.append(called.attr if isinstance(called, ast.Attribute) else name_of(called))
        elif isinstance(node, ast.Name):
            parts.append(self.aliases.get(node.id, node.id))
        return ".".join(reversed(parts))

    def text(self, node: ast.expr | None, scope: Scope) -> str | None:
        """The text of a path or a word as far as the code shows it, else None.

        An unknown beginning of a joined path is taken for the project's root, where such a name
        (`ROOT`, `BASE_DIR`) nearly always points.
        """
        match node:
            case ast.Constant(value=str() as text):
                return text
            case ast.Name(id=name):
                return scope.texts.get(name)
            case ast.JoinedStr(values=values):
                parts = [self.text(_inside(value), scope) for value in values]
                if parts and parts[0] is None:
                    rest = _all_joined(parts[1:])
                    return None if rest is None else rest.lstrip("/")
                return _all_joined(parts)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return _all_joined([self.text(left, scope), self.text(right, scope)])
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return _path_of([self.text(left, scope), self.text(right, scope)])
            case ast.Call(func=func, args=args):
                dotted = self.dotted(func)
                if dotted.endswith("path.join") or (dotted.endswith("Path") and len(args) > 1):
                    return _path_of([self.text(argument, scope) for argument in args])
                if dotted.rsplit(".", 1)[-1] in ("Path", "PurePath", "str", "abspath") and args:
                    return self.text(args[0], scope)
        return None

    def typed(self, node: ast.expr, scope: Scope) -> str | None:
        """The text of an expression that is built of literals alone, else None."""
        match node:
            case ast.Constant(value=bytes() as data):
                return data.decode("latin-1")
            case ast.Constant(value=value):
                return value if isinstance(value, str) else str(value)
            case ast.Name(id=name):
                return scope.typed.get(name)
            case ast.JoinedStr(values=values):
                return _all_joined([self.typed(_inside(value), scope) for value in values])
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return _all_joined([self.typed(left, scope), self.typed(right, scope)])
            case ast.BinOp(left=left, op=ast.Mult(), right=ast.Constant()):
                return self.typed(left, scope)
            case ast.List() | ast.Tuple() | ast.Dict():
                return as_json(node) if is_literal(node) else None
            case ast.Call():
                return self._typed_call(node, scope)
        return None

    def _typed_call(self, node: ast.Call, scope: Scope) -> str | None:
        name = self.dotted(node.func).rsplit(".", 1)[-1]
        if name == "dumps" and node.args and is_literal(node.args[0]):
            return as_json(node.args[0])
        if name not in LITERAL_STEPS:
            return None
        parts: list[str | None] = []
        receiver = node.func.value if isinstance(node.func, ast.Attribute) else None
        if receiver is not None and name_of(receiver) not in {*self.aliases, "bytes", "str"}:
            parts.append(self.typed(receiver, scope))
        if name not in ("encode", "decode"):  # their arguments are encodings
            parts += [self.typed(argument, scope) for argument in node.args]
        return _all_joined(parts) if parts else None


def name_of(node: ast.expr) -> str:
    """The identifier that an expression is, or ""."""
    return node.id if isinstance(node, ast.Name) else ""


def names_in(node: ast.expr) -> set[str]:
    return {item.id for item in ast.walk(node) if isinstance(item, ast.Name)}


def looks_like_path(text: str) -> bool:
    return 0 < len(text) <= LONGEST_PATH and "\n" not in text and bool(re.search(r"[./]", text))


def as_json(node: ast.expr) -> str:
    """A literal expression as JSON; "" where it has no such form."""
    try:
        return json.dumps(ast.literal_eval(node), default=str, ensure_ascii=False)
    except (ValueError, TypeError, RecursionError, MemoryError, SyntaxError):
        return ""


def _inside(value: ast.expr) -> ast.expr:
    return value.value if isinstance(value, ast.FormattedValue) else value


def _path_of(parts: list[str | None]) -> str | None:
    """Joined parts of a path of which only the beginning may be unknown."""
    known = parts[1:] if parts and parts[0] is None else parts
    if not known or any(part is None for part in known):
        return None
    return "/".join(part.rstrip("/") or "/" for part in known if part is not None)


def _all_joined(parts: list[str | None]) -> str | None:
    known = [part for part in parts if part is not None]
    return "".join(known) if len(known) == len(parts) else None
