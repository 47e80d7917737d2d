"""One file of a language that tree-sitter parses, as read: definitions, imports, calls, files."""

from __future__ import annotations

from dataclasses import dataclass, field

from judge.code.facts import Body, Kind, Mode, Span


@dataclass(slots=True, eq=False)
class TreeScope:
    """A file's own level or a function's body, with the names that stand in it."""

    qualified: str
    names: set[str] = field(default_factory=set)
    members: set[str] = field(default_factory=set)
    programs: set[str] = field(default_factory=set)
    """Files that it starts or sources, as written (shell)."""


@dataclass(slots=True, eq=False)
class TreeDefinition:
    name: str
    owner: str
    """Qualified name of the class it belongs to, or of the function around it; empty for none."""
    qualified: str
    kind: Kind
    start_line: int
    end_line: int
    parameters: tuple[str, ...]
    bases: tuple[str, ...]
    decorators: tuple[str, ...]
    body: Body
    statements: int
    is_default_export: bool = False
    implements: bool = False
    """A method that an interface or trait asks for: whoever knows only that may call it."""


@dataclass(slots=True, eq=False)
class TreeImport:
    """`scope` is the scope that runs it, `scope_name` the definition it stands in: they differ in
    the body of a class."""

    line: int
    module: str
    names: tuple[tuple[str, str], ...]
    """Imported names with the names they are bound to."""
    alias: str
    scope: str
    scope_name: str
    is_dead: bool
    must_be_local: bool


@dataclass(slots=True, eq=False)
class TreeCall:
    line: int
    end_line: int
    name: str
    written: str
    arguments: tuple[str | None, ...]
    scope: str
    scope_name: str
    is_dead: bool
    is_used: bool
    origin: str
    owner: str
    """The class around the call, for calls on this or self."""


@dataclass(slots=True, eq=False)
class TreeUse:
    line: int
    target: str
    mode: Mode
    via: str
    scope: str
    scope_name: str
    is_dead: bool
    content: str | None


@dataclass(slots=True, eq=False)
class TreeSource:
    path: str
    language: str
    parses: bool = True
    fault: str = ""
    lines: int = 0
    has_main: bool = False
    scopes: list[TreeScope] = field(default_factory=list)
    definitions: list[TreeDefinition] = field(default_factory=list)
    imports: list[TreeImport] = field(default_factory=list)
    calls: list[TreeCall] = field(default_factory=list)
    uses: list[TreeUse] = field(default_factory=list)
    bindings: dict[str, tuple[str, str]] = field(default_factory=dict)
    """A bound name with its module and the name it has there; "*" for the module itself."""
    default_export: str = ""
    exports: set[str] = field(default_factory=set)
    spans: list[Span] = field(default_factory=list)
    """Where comments and strings stand."""

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0]
