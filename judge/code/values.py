"""What the reading of Python code knows of a value: a text, an instance, a file, or an expression
that can be resolved once every file has been read.

Values are made often and compared rarely, so they are plain slotted objects. An unknown part of
a text is a HOLE. A path below the workspace's root that is known for sure starts with ROOT.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from judge.code.python_source import ClassSource, FunctionSource, PythonSource

ROOT = "\0"
"""First part of a path that is anchored at the workspace; no path of a file can hold it."""

HOLE = "\1"
"""Stands for an unknown part of a text; shown as `*`."""

EACH = "·each"
"""The key of "any member" of a collection."""

MAX_ALTERNATIVES = 8
MAX_TEXT = 10_000


@dataclass(slots=True, eq=False)
class Unknown:
    """Nothing is known."""


@dataclass(slots=True, eq=False)
class Text:
    """A string or, with `is_path`, a pathlib path."""

    text: str
    is_path: bool = False


@dataclass(slots=True, eq=False)
class Literal:
    """A number, a truth value, None or bytes."""

    value: object


@dataclass(slots=True, eq=False)
class Items:
    """A list, tuple or set whose members are known one by one."""

    items: tuple[Value, ...]


@dataclass(slots=True, eq=False)
class Table:
    """A dictionary; only entries with text keys are kept."""

    entries: dict[str, Value]
    is_whole: bool = True


@dataclass(slots=True, eq=False)
class External:
    """A module, class or function that is not of the workspace, by its dotted name."""

    name: str


@dataclass(slots=True, eq=False)
class LocalModule:
    source: PythonSource


@dataclass(slots=True, eq=False)
class LocalFunction:
    function: FunctionSource
    receiver: Value | None = None


@dataclass(slots=True, eq=False)
class LocalClass:
    cls: ClassSource


@dataclass(slots=True, eq=False)
class Instance:
    """An object of a library's class, or of a class of the workspace made with `call`."""

    name: str
    cls: ClassSource | None = None
    call: Arguments | None = None
    is_self: bool = False


@dataclass(slots=True, eq=False)
class SuperOf:
    """What `super()` gives inside a class."""

    cls: ClassSource
    receiver: Value


@dataclass(slots=True, eq=False)
class Product:
    """What a library's function gave; its class is not known."""

    maker: str


@dataclass(slots=True, eq=False)
class OpenFile:
    """An open file; `written` collects what is written to it, None for what is no constant."""

    target: Value
    via: str
    written: list[Value | None] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class CommandLine:
    """An argparse parser, and the namespace it gives: the default of every argument."""

    defaults: dict[str, Value] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Parameter:
    """An argument, whatever the callers pass."""

    function: FunctionSource
    name: str


@dataclass(slots=True, eq=False)
class ModuleName:
    """A name on module level, whatever it holds when the module has run."""

    source: PythonSource
    name: str


@dataclass(slots=True, eq=False)
class Lookup:
    """An attribute (`is_attribute`) or an item of a value."""

    base: Value
    key: str | int
    is_attribute: bool


@dataclass(slots=True, eq=False)
class Arguments:
    """What a call passes; `is_whole` is false where * or ** passes more."""

    positional: tuple[Value, ...]
    keywords: dict[str, Value]
    is_whole: bool = True

    def get(self, position: int, *names: str) -> Value | None:
        """The argument at a position or under one of the names."""
        if 0 <= position < len(self.positional):
            return self.positional[position]
        for name in names:
            if name in self.keywords:
                return self.keywords[name]
        return None


@dataclass(slots=True, eq=False)
class Result:
    """What a call gives."""

    callee: Value
    arguments: Arguments


@dataclass(slots=True, eq=False)
class Several:
    """One of a few values."""

    values: tuple[Value, ...]


Value: TypeAlias = (
    Unknown
    | Text
    | Literal
    | Items
    | Table
    | External
    | LocalModule
    | LocalFunction
    | LocalClass
    | Instance
    | SuperOf
    | Product
    | OpenFile
    | CommandLine
    | Parameter
    | ModuleName
    | Lookup
    | Result
    | Several
)

UNKNOWN = Unknown()
NO_ARGUMENTS = Arguments((), {})
SYMBOLIC = (Parameter, ModuleName, Lookup, Result)
"""Kinds that can only be resolved once every file has been read."""


def alternatives(value: Value) -> tuple[Value, ...]:
    """The values it may be; a value that is one of none is unknown."""
    return value.values if isinstance(value, Several) else (value,)


def one_of(values: list[Value] | tuple[Value, ...]) -> Value:
    """One value for several possible ones: known values win over unknown ones and None."""
    if len(values) == 1:
        return values[0]
    kept: list[Value] = []
    none: Value | None = None
    for value in values:
        for each in alternatives(value):
            if isinstance(each, Unknown):
                continue
            if isinstance(each, Literal) and each.value is None:
                none = each
            elif not any(is_same(each, other) for other in kept):
                kept.append(each)
            if len(kept) >= MAX_ALTERNATIVES:
                return Several(tuple(kept))
    if len(kept) > 1:
        return Several(tuple(kept))
    return kept[0] if kept else none or UNKNOWN


def is_same(one: Value, other: Value) -> bool:
    """Whether two values are surely the same thing."""
    if one is other:
        return True
    if isinstance(one, Text) and isinstance(other, Text):
        return one.text == other.text and one.is_path == other.is_path
    if isinstance(one, Literal) and isinstance(other, Literal):
        return type(one.value) is type(other.value) and one.value == other.value
    if isinstance(one, External) and isinstance(other, External):
        return one.name == other.name
    if isinstance(one, Instance) and isinstance(other, Instance):
        return one.name == other.name and one.cls is other.cls and one.call is other.call
    if isinstance(one, Product) and isinstance(other, Product):
        return one.maker == other.maker
    if isinstance(one, LocalFunction) and isinstance(other, LocalFunction):
        return one.function is other.function
    if isinstance(one, LocalClass) and isinstance(other, LocalClass):
        return one.cls is other.cls
    return False


def text_of(value: Value) -> str | None:
    """The text of a string, path, number or truth value; None where it is something else."""
    if isinstance(value, Text):
        return value.text
    if isinstance(value, Literal) and not isinstance(value.value, bytes):
        return str(value.value)
    return None


def literal_text(value: Value, depth: int = 0) -> str | None:
    """The value as it would be written out, where all of it is constant; else None."""
    if isinstance(value, Text):
        text = value.text.replace(ROOT + "/", "")
        return None if HOLE in value.text else (repr(text) if depth else text)
    if isinstance(value, Literal):
        return repr(value.value) if not isinstance(value.value, bytes) or depth else _decoded(value)
    if depth > 4:
        return None
    if isinstance(value, Items):
        parts = [literal_text(item, depth + 1) for item in value.items]
        return None if None in parts else "[" + ", ".join(filter(None, parts)) + "]"
    if isinstance(value, Table) and value.is_whole:
        shown: list[str] = []
        for key, item in value.entries.items():
            text_of_item = literal_text(item, depth + 1)
            if text_of_item is None:
                return None
            shown.append(f"{key!r}: {text_of_item}")
        return "{" + ", ".join(shown) + "}"
    return None


def _decoded(value: Literal) -> str:
    return value.value.decode("utf-8", "replace") if isinstance(value.value, bytes) else ""
