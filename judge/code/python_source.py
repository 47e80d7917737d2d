"""One Python file as the reading of code sees it: its syntax tree, scopes and definitions."""

from __future__ import annotations

import ast
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from judge.code.facts import Body, Key, Kind
from judge.code.languages import is_test_path
from judge.code.values import Arguments, LocalClass, LocalFunction, Value

FunctionNode: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

MAX_SOURCE = 1_000_000
"""Characters of a file beyond which it is not parsed: no person wrote it, and a tree of it takes
hundreds of megabytes."""


@dataclass(slots=True, eq=False)
class Scope:
    """Code that runs together: a module's own level or the body of one function."""

    key: Key
    references: set[Key] = field(default_factory=set)
    """Definitions named other than by calling them: callbacks, decorated handlers, classes."""
    loose_names: set[str] = field(default_factory=set)
    """Attributes taken from objects whose class is not known: they may name any method."""
    imports: set[str] = field(default_factory=set)
    """Paths of modules that the scope imports."""
    calls: set[Key] = field(default_factory=set)
    """Definitions that it calls."""


@dataclass(slots=True, eq=False)
class FunctionSource:
    source: PythonSource
    node: FunctionNode
    qualified: str
    scope: Scope
    cls: ClassSource | None = None
    parameters: tuple[str, ...] = ()
    defaults: dict[str, Value] = field(default_factory=dict)
    annotations: dict[str, Value] = field(default_factory=dict)
    returns: list[Value] = field(default_factory=list)
    sites: list[Arguments] = field(default_factory=list)
    """What its live callers pass."""
    decorators: tuple[str, ...] = ()
    is_static: bool = False
    is_property: bool = False
    body: Body | None = None

    @property
    def first_argument(self) -> int:
        """How many parameters the receiver fills: 1 for a method."""
        return 1 if self.cls is not None and not self.is_static else 0


@dataclass(slots=True, eq=False)
class ClassSource:
    source: PythonSource
    node: ast.ClassDef
    qualified: str
    bases: list[Value] = field(default_factory=list)
    methods: dict[str, FunctionSource] = field(default_factory=dict)
    attributes: dict[str, list[Value]] = field(default_factory=dict)
    """Values assigned to class attributes and, in methods, to attributes of self."""
    decorators: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        return (self.source.path, self.qualified)

    def lineage(self) -> list[ClassSource]:
        """The class and its bases in the workspace, nearest first."""
        found: list[ClassSource] = [self]
        for cls in found:
            for base in cls.bases:
                if isinstance(base, LocalClass) and base.cls not in found and len(found) < 50:
                    found.append(base.cls)
        return found

    def method(self, name: str) -> FunctionSource | None:
        for cls in self.lineage():
            if name in cls.methods:
                return cls.methods[name]
        return None


@dataclass(slots=True, eq=False)
class RawImport:
    """An import statement, read before it is known which modules there are."""

    line: int
    module: str
    level: int
    names: tuple[tuple[str, str], ...]
    """Imported names with the names they are bound to; empty for `import module`."""
    alias: str
    scope: Scope
    scope_name: str
    is_dead: bool
    resolved_path: str = ""
    is_local: bool = False
    is_resolved: bool = True
    missing_names: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class Found:
    """A definition in the order of the file."""

    kind: Kind
    name: str
    qualified: str
    node: FunctionNode | ast.ClassDef
    function: FunctionSource | None
    cls: ClassSource | None


@dataclass(slots=True, eq=False)
class PythonSource:
    path: str
    text: str
    tree: ast.Module | None
    fault: str
    scope: Scope
    names: dict[str, Value] = field(default_factory=dict)
    """What the module's names hold when it has run; definitions are there from the start."""
    functions: dict[ast.AST, FunctionSource] = field(default_factory=dict)
    classes: dict[ast.AST, ClassSource] = field(default_factory=dict)
    definitions: list[Found] = field(default_factory=list)
    imports: list[RawImport] = field(default_factory=list)
    used_names: set[str] = field(default_factory=set)
    constants: dict[str, bool] | None = None
    """Names set once to constants, with whether there is text in them; None until asked for."""
    has_main: bool = False
    has_star_import: bool = False

    @property
    def is_package(self) -> bool:
        return self.path.rsplit("/", 1)[-1] == "__init__.py"

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0]

    @property
    def dotted(self) -> str:
        """The module's name seen from the workspace's root."""
        stem = self.path.rsplit(".", 1)[0]
        return stem.removesuffix("/__init__").replace("/", ".")

    @property
    def is_test(self) -> bool:
        return is_test_path(self.path)

    def assignment_count(self, name: str) -> int:
        """How often the text seems to assign a name, in any scope; declarations count as more."""
        word = rf"\b{name}\b"
        assigned = rf"{word}\s*(?::[^=\n]{{1,80}})?(?:[-+*/|&%]|//)?=(?!=)"
        bound = (
            rf"\b(?:global|nonlocal)\b[^\n]{{0,200}}{word}"
            rf"|\bfor\b[^\n:]{{0,100}}?{word}[^\n:]{{0,100}}?\bin\b|\bas\s+{word}"
        )
        return len(re.findall(assigned, self.text)) + 2 * len(re.findall(bound, self.text))


def read_python(path: str, text: str) -> PythonSource:
    """The source parsed, or with the fault that kept it from being parsed."""
    tree, fault = _parse(text)
    source = PythonSource(path, text, tree, fault, Scope((path, "")))
    if tree is not None:
        _hoist(source, tree.body)
    return source


_warnings_lock = threading.Lock()


@contextmanager
def unwarned() -> Iterator[None]:
    """Odd escapes in someone else's source are not this program's warnings.

    The filters belong to the process, so only one thread at a time puts its own in place.
    """
    with _warnings_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _parse(text: str) -> tuple[ast.Module | None, str]:
    if len(text) > MAX_SOURCE:
        return None, f"not parsed: longer than {MAX_SOURCE:,} characters"
    try:
        return ast.parse(text.removeprefix("\ufeff")), ""
    except SyntaxError as error:
        where = f" (line {error.lineno})" if error.lineno else ""
        return None, f"{error.msg}{where}"
    except ValueError as error:
        return None, str(error)
    except (RecursionError, MemoryError):
        return None, "nested too deeply to be parsed"


def _hoist(source: PythonSource, body: list[ast.stmt]) -> None:
    """Makes functions and classes of the module's level known before anything is read."""
    pending = list(reversed(body))
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            source.names[node.name] = LocalFunction(declare_function(source, node, "", None))
        elif isinstance(node, ast.ClassDef):
            source.names[node.name] = LocalClass(declare_class(source, node, ""))
        elif isinstance(node, (ast.If, ast.Try, ast.With)):
            for name in ("body", "handlers", "orelse", "finalbody"):
                for child in reversed(getattr(node, name, ())):
                    if isinstance(child, ast.ExceptHandler):
                        pending.extend(reversed(child.body))
                    else:
                        pending.append(child)


def declare_function(
    source: PythonSource, node: FunctionNode, prefix: str, cls: ClassSource | None
) -> FunctionSource:
    """The function of a definition node, made at first sight; `prefix` is its owner's name."""
    known = source.functions.get(node)
    if known is not None:
        return known
    arguments = node.args
    qualified = f"{prefix}.{node.name}" if prefix else node.name
    function = FunctionSource(
        source,
        node,
        qualified,
        Scope((source.path, qualified)),
        cls,
        tuple(
            each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
        ),
    )
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Name):
            function.is_static = function.is_static or decorator.id == "staticmethod"
            function.is_property = function.is_property or decorator.id in (
                "property",
                "cached_property",
            )
        elif isinstance(decorator, ast.Attribute):
            function.is_property = function.is_property or decorator.attr == "cached_property"
    source.functions[node] = function
    return function


def declare_class(source: PythonSource, node: ast.ClassDef, prefix: str) -> ClassSource:
    """The class of a definition node with its methods, made at first sight."""
    known = source.classes.get(node)
    if known is not None:
        return known
    qualified = f"{prefix}.{node.name}" if prefix else node.name
    cls = ClassSource(source, node, qualified)
    source.classes[node] = cls
    for child in node.body:
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            method = declare_function(source, child, qualified, cls)
            first = cls.methods.setdefault(child.name, method)
            if not first.is_property:  # of a property and its setter, the getter is kept
                cls.methods[child.name] = method
    return cls
