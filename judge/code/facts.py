"""The facts a code graph holds: plain values, one class for each kind of fact.

Lines are 1-based and inclusive, paths are workspace paths with forward slashes. A definition is
named by its key, the pair of its path and its qualified name ("Trainer.fit"); the qualified name
of a module's own level is the empty string.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

Key: TypeAlias = tuple[str, str]
"""(path, qualified name) of a definition, or (path, "") of a module's own level."""

Kind: TypeAlias = Literal["function", "class", "method"]
Mode: TypeAlias = Literal["read", "write", "append", "unknown"]
MentionKind: TypeAlias = Literal["code", "string", "comment", "docstring"]
Span: TypeAlias = tuple[int, int, MentionKind]
"""Start and end offset, in characters, of a text that is no code."""


class Body(StrEnum):
    """What a body amounts to. In doubt it is WORKS; the others are said only when sure."""

    WORKS = "works"
    STUB = "stub"
    """Nothing but pass, an ellipsis, a docstring, or "not implemented"."""
    CONSTANT = "constant"
    """Gives only literals that are not text, or an argument as it came."""
    NOTE = "note"
    """Gives or prints only fixed text, or collections with fixed text in them."""


@dataclass(frozen=True, slots=True)
class Module:
    """One source file. `fault` says why it was not parsed, or what is wrong with it or left out."""

    path: str
    language: str
    parses: bool
    fault: str
    docstring: str
    lines: int
    has_main: bool
    """A `__main__` guard, a `main` function where the language starts there, or a shell script."""
    is_test: bool
    """By its folder or name (tests/, test_*.py, *.spec.ts): no entry point of the product."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A function, method or class of the workspace."""

    path: str
    name: str
    qualified: str
    kind: Kind
    start_line: int
    """The line of the first decorator, or of the definition where there is none."""
    end_line: int
    parameters: tuple[str, ...]
    bases: tuple[str, ...]
    """Dotted names after imports ("torch.nn.Module"); a class of the workspace by its name."""
    decorators: tuple[str, ...]
    """Dotted names after imports, without arguments ("flask.Flask.route")."""
    docstring: str
    body: Body
    effective_statements: int
    """Statements that can do something: no docstring, pass, import or declaration."""

    @property
    def key(self) -> Key:
        return (self.path, self.qualified)

    @property
    def does_something(self) -> bool:
        """Whether a parameter or the object's state shapes the result, or a call has an effect.

        False only where the body is surely hollow.
        """
        return self.body is Body.WORKS


@dataclass(frozen=True, slots=True)
class Import:
    """One imported module, with the names taken from it (`*` for all)."""

    path: str
    line: int
    module: str
    """As named after resolving relative dots ("src.model"), or as written in other languages."""
    names: tuple[str, ...]
    alias: str
    """The name a whole module is bound to, where it differs from the module's own."""
    is_used: bool
    """Whether any bound name is used in the code of the file, or re-exported by a package."""
    is_local: bool
    resolved_path: str
    """Path of the imported module where it is local, else empty."""
    is_resolved: bool
    """False where the module must be in the workspace (relative, or under one of its packages)
    and is not; unknown modules count as third party and as resolved."""
    scope: str
    is_reached: bool
    missing_names: tuple[str, ...] = ()
    """Imported names that a local module surely does not have."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call. A call whose receiver may be of several classes is listed once for each."""

    path: str
    line: int
    end_line: int
    name: str
    """Dotted after import aliases ("sklearn.svm.SVC"); of an instance whose class is known,
    class and method ("sklearn.svm.SVC.fit"); else as written."""
    written: str
    arguments: tuple[str | None, ...]
    """Text of the positional arguments, constants folded; None where not known."""
    keywords: dict[str, str | None]
    scope: str
    """Qualified name of the enclosing definition; empty on module level."""
    is_reached: bool
    result_is_used: bool
    targets: tuple[Key, ...]
    """Definitions of the workspace it may call; for a class, its `__init__` where it has one."""
    origin: str
    """Dotted name of the class or function that made the receiver, where known, else empty."""

    @property
    def method(self) -> str:
        """The last part of the name ("fit")."""
        return self.name.rsplit(".", 1)[-1]


@dataclass(frozen=True, slots=True)
class FileUse:
    """A file that code reads or writes."""

    path: str
    line: int
    target: str
    """Relative to the workspace, normalised, as far as known; unknown parts are `*`."""
    mode: Mode
    via: str
    """Dotted name of the call that does it ("pandas.DataFrame.to_csv", "open")."""
    scope: str
    is_reached: bool
    content: str | None
    """The text written, where the code writes nothing but constants (at most 10,000 characters)."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A line that names a word, and what kind of text it stands in."""

    path: str
    line: int
    kind: MentionKind
    text: str
