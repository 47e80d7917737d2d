"""Resolves what an expression of Python code may be, across functions, classes and files.

Every question has a budget of steps, so that recursion and fan-out in the code end in "unknown".
"""

from __future__ import annotations

from dataclasses import dataclass

from judge.code.folding import (
    FUNCTIONS,
    PATH_ATTRIBUTES,
    fold_function,
    path_attribute,
    text_method,
)
from judge.code.libraries import SAME_CLASS, made_by, method_result
from judge.code.python_source import ClassSource, FunctionSource
from judge.code.values import (
    EACH,
    HOLE,
    MAX_ALTERNATIVES,
    SYMBOLIC,
    UNKNOWN,
    Arguments,
    CommandLine,
    External,
    Instance,
    Items,
    Literal,
    LocalClass,
    LocalFunction,
    LocalModule,
    Lookup,
    ModuleName,
    OpenFile,
    Parameter,
    Product,
    Result,
    Several,
    SuperOf,
    Table,
    Text,
    Unknown,
    Value,
    alternatives,
    one_of,
)

OPENERS = {
    "open": "open",
    "io.open": "open",
    "codecs.open": "codecs.open",
    "gzip.open": "gzip.open",
    "bz2.open": "bz2.open",
    "lzma.open": "lzma.open",
    "builtins.open": "open",
    "tensorflow.io.gfile.GFile": "tensorflow.io.gfile.GFile",
    "aiofiles.open": "aiofiles.open",
}
"""Functions that give an open file for a path, with the name facts show."""

_PASSING = frozenset("vars enumerate sorted list tuple reversed tqdm.tqdm zip".split())
WRAPPED_DEFAULTS = frozenset(
    """
    typer.Option typer.Argument dataclasses.field pydantic.Field fastapi.Query fastapi.Form
    """.split()
)
"""Functions that stand where a default stands, and hold it."""

COMPUTED = FUNCTIONS | OPENERS.keys() | WRAPPED_DEFAULTS | _PASSING | {"argparse.ArgumentParser"}
"""Functions whose result is worked out from their arguments; of others, only its class is known."""

_STEPS = 300
_DEPTH = 24
_MAX_ITEMS = 64


_SETTLED = frozenset(
    {
        Unknown, Text, Literal, External, LocalModule, LocalFunction, LocalClass, Instance, SuperOf,
        Product, OpenFile, CommandLine,
    }
)  # fmt: skip
_OWN_MEMBERS = frozenset({Product, Text, OpenFile, Literal})


def is_settled(value: Value) -> bool:
    """Whether resolving a value would give the value itself."""
    kind = type(value)
    if kind in _SETTLED:
        return True
    if kind is Lookup:
        base = value.base  # type: ignore[union-attr]
        return type(base) in _OWN_MEMBERS or (type(base) is Instance and base.cls is None)
    return False


@dataclass(slots=True, eq=False)
class Binding:
    """One call of a function: what it passes, seen from the call that `outer` binds."""

    function: FunctionSource
    arguments: Arguments
    receiver: Value | None
    outer: Binding | None


class Resolver:
    def __init__(self) -> None:
        self._left = 0
        self._memo: dict[int, tuple[Value, Value]] = {}

    def forget(self) -> None:
        """To be called when more callers are known than at the last question."""
        self._memo.clear()

    def resolve(self, value: Value, binding: Binding | None = None) -> Value:
        """The value with everything looked up that can be; parts not known are Unknown."""
        if is_settled(value):
            return value
        if binding is None:
            known = self._memo.get(id(value))
            if known is not None:
                return known[0]
        self._left = _STEPS
        resolved = self._resolve(value, binding, 0)
        if binding is None:
            # The value itself is kept beside the answer: its id stays its own.
            self._memo[id(value)] = (resolved, value)
        return resolved

    def _resolve(self, value: Value, binding: Binding | None, depth: int) -> Value:
        if type(value) in _SETTLED:
            return value
        self._left -= 1
        if self._left < 0 or depth > _DEPTH:
            return UNKNOWN
        depth += 1
        match value:
            case Parameter():
                return self._parameter(value, binding, depth)
            case ModuleName():
                return self._resolve(value.source.names.get(value.name, UNKNOWN), None, depth)
            case Lookup():
                base = self._resolve(value.base, binding, depth)
                if type(base) is not Several:
                    return self.member(base, value.key, value.is_attribute, depth)
                return one_of(
                    [
                        self.member(each, value.key, value.is_attribute, depth)
                        for each in alternatives(base)
                    ]
                )
            case Result():
                callee = self._resolve(value.callee, binding, depth)
                if type(callee) is not Several:
                    return self._apply(callee, value.arguments, binding, depth)
                return one_of(
                    [
                        self._apply(each, value.arguments, binding, depth)
                        for each in alternatives(callee)
                    ]
                )
            case Several():
                return one_of([self._resolve(each, binding, depth) for each in value.values])
            case Items():
                return Items(
                    tuple(self._resolve(each, binding, depth) for each in value.items[:_MAX_ITEMS])
                )
            case Table() if len(value.entries) <= _MAX_ITEMS:
                return Table(
                    {
                        key: self._resolve(each, binding, depth)
                        for key, each in value.entries.items()
                    },
                    value.is_whole,
                )
            case _:
                return value

    def _parameter(self, value: Parameter, binding: Binding | None, depth: int) -> Value:
        function = value.function
        while binding is not None:
            if binding.function is function:
                return self._argument(function, value.name, binding, depth)
            binding = binding.outer
        found = [
            self._argument(function, value.name, Binding(function, site, None, None), depth)
            for site in function.sites[:MAX_ALTERNATIVES]
        ]
        resolved = one_of(found)
        if not isinstance(resolved, Unknown):
            return resolved
        return self._default(function, value.name, depth)

    def _default(self, function: FunctionSource, name: str, depth: int) -> Value:
        default = self._resolve(function.defaults.get(name, UNKNOWN), None, depth)
        if not _is_nothing(default):
            return default
        annotation = function.annotations.get(name)
        if annotation is not None:
            kind = self._resolve(annotation, None, depth)
            if isinstance(kind, External) and "." in kind.name:
                return Text(HOLE, True) if kind.name == "pathlib.Path" else Instance(kind.name)
            if isinstance(kind, LocalClass):
                return Instance(kind.cls.qualified, kind.cls)
        return default

    def _argument(self, function: FunctionSource, name: str, binding: Binding, depth: int) -> Value:
        try:
            position = function.parameters.index(name) - function.first_argument
        except ValueError:
            return UNKNOWN
        if position < 0:
            return UNKNOWN if binding.receiver is None else binding.receiver
        passed = binding.arguments.get(position, name)
        if passed is not None:
            return self._resolve(passed, binding.outer, depth)
        if not binding.arguments.is_whole:
            return UNKNOWN
        return self._default(function, name, depth)

    def _apply(
        self, callee: Value, arguments: Arguments, binding: Binding | None, depth: int
    ) -> Value:
        if isinstance(callee, LocalFunction):
            function = callee.function
            inner = Binding(function, arguments, callee.receiver, binding)
            return one_of([self._resolve(each, inner, depth) for each in function.returns[:8]])
        if isinstance(callee, LocalClass):
            if binding is not None:
                arguments = self._resolved_arguments(arguments, binding, depth)
            return self.immediate(callee, arguments) or UNKNOWN
        if isinstance(callee, External) and callee.name not in COMPUTED:
            return made_by(callee.name)
        resolved = self._resolved_arguments(arguments, binding, depth)
        return self.immediate(callee, resolved) or UNKNOWN

    def _resolved_arguments(
        self, arguments: Arguments, binding: Binding | None, depth: int
    ) -> Arguments:
        return Arguments(
            tuple(self._resolve(each, binding, depth) for each in arguments.positional[:16]),
            {
                name: self._resolve(each, binding, depth)
                for name, each in arguments.keywords.items()
            },
            arguments.is_whole,
        )

    def immediate(self, callee: Value, arguments: Arguments) -> Value | None:
        """What a call gives as far as it can be said at once; None where that must wait."""
        match callee:
            case External(name=name):
                return _library_result(name, arguments)
            case LocalClass(cls=cls):
                return Instance(cls.qualified, cls, arguments)
            case Lookup(base=base, key=str(method), is_attribute=True):
                return _method_result(base, method, arguments)
            case Instance(cls=None, name=name):
                return Product(f"{name}.__call__")
            case Product(maker=maker):
                return Product(f"{maker}()")
            case Instance() | Text() | Items() | Table() | Literal() | OpenFile():
                return UNKNOWN
            case _:
                return None

    def member(self, base: Value, key: str | int, is_attribute: bool, depth: int = 0) -> Value:
        """An attribute or item of a resolved value; a Lookup where it stays a library's own."""
        match base:
            case Items(items=items):
                if key == EACH:
                    return one_of(items[:_MAX_ITEMS])
                if isinstance(key, int) and -len(items) <= key < len(items):
                    return items[key]
                return Lookup(base, key, True) if is_attribute else one_of(items[:_MAX_ITEMS])
            case Table(entries=entries) if key == EACH:
                return one_of([Text(each) for each in list(entries)[:_MAX_ITEMS]])
            case Table(entries=entries) if not is_attribute:
                return entries.get(key, UNKNOWN) if isinstance(key, str) else UNKNOWN
            case CommandLine(defaults=defaults) if isinstance(key, str) and key in defaults:
                return self._resolve(defaults[key], None, depth)
        if not is_attribute or not isinstance(key, str):
            return UNKNOWN
        match base:
            case External(name=name):
                return External(f"{name}.{key}")
            case LocalModule(source=source):
                return self._resolve(source.names.get(key, UNKNOWN), None, depth)
            case LocalClass(cls=cls):
                method = cls.method(key)
                if method is not None:
                    return LocalFunction(method)
                return self._attribute(cls, key, None, depth) or Lookup(base, key, True)
            case Instance(cls=ClassSource() as cls):
                return self._instance_member(base, cls, key, depth)
            case SuperOf(cls=cls, receiver=receiver):
                for other in cls.lineage()[1:]:
                    if key in other.methods:
                        return LocalFunction(other.methods[key], receiver)
            case Text(is_path=True) if key in PATH_ATTRIBUTES:
                return path_attribute(base, key)
            case Unknown():
                return UNKNOWN
        return Lookup(base, key, True)

    def _instance_member(self, base: Instance, cls: ClassSource, key: str, depth: int) -> Value:
        method = cls.method(key)
        if method is not None:
            if method.is_property:
                inner = Binding(method, Arguments((), {}), base, None)
                return one_of([self._resolve(each, inner, depth) for each in method.returns[:8]])
            return LocalFunction(method, base)
        if base.call is not None and key in base.call.keywords:
            field = self._attribute(cls, key, None, depth)
            if field is None or cls.method("__init__") is None:  # a data class
                return self._resolve(base.call.keywords[key], None, depth)
        constructor = cls.method("__init__")
        binding = None
        if base.call is not None and constructor is not None:
            binding = Binding(constructor, base.call, base, None)
        found = self._attribute(cls, key, binding, depth)
        return found if found is not None else Lookup(base, key, True)

    def _attribute(
        self, cls: ClassSource, key: str, binding: Binding | None, depth: int
    ) -> Value | None:
        for each in cls.lineage():
            if key in each.attributes:
                return one_of(
                    [self._resolve(value, binding, depth) for value in each.attributes[key][:8]]
                )
        return None


def library_base(cls: ClassSource) -> str:
    """The dotted name of the nearest base that is not of the workspace, or an empty string."""
    for each in cls.lineage():
        for base in each.bases:
            if isinstance(base, External) and base.name not in ("object", "abc.ABC"):
                return base.name
    return ""


def _is_nothing(value: Value) -> bool:
    return isinstance(value, Unknown) or (isinstance(value, Literal) and value.value is None)


def _library_result(name: str, arguments: Arguments) -> Value | None:
    if name in FUNCTIONS:
        if not _all_known(arguments):
            return None
        return fold_function(name, arguments)
    if name in OPENERS:
        target = arguments.get(0, "file", "filename", "name")
        return OpenFile(UNKNOWN if target is None else target, OPENERS[name])
    if name == "argparse.ArgumentParser":
        return CommandLine()
    if name in WRAPPED_DEFAULTS:
        return arguments.get(0, "default") or UNKNOWN
    if name == "zip":
        return _zipped(arguments)
    if name in _PASSING:
        return _passed_on(name, arguments)
    return made_by(name)


def _passed_on(name: str, arguments: Arguments) -> Value | None:
    """Functions that give their argument's members again."""
    first = arguments.get(0)
    if first is None:
        return UNKNOWN
    if isinstance(first, SYMBOLIC):
        return None
    if name == "enumerate":
        if not isinstance(first, Items):
            return UNKNOWN
        return Items(tuple(Items((UNKNOWN, each)) for each in first.items[:_MAX_ITEMS]))
    if name in ("sorted", "list", "tuple", "reversed") and isinstance(first, Table):
        return Items(tuple(Text(key) for key in first.entries))
    return first if isinstance(first, (Items, Table, CommandLine)) else UNKNOWN


def _zipped(arguments: Arguments) -> Value | None:
    columns = arguments.positional
    if any(isinstance(each, SYMBOLIC) for each in columns):
        return None
    lengths = [len(each.items) for each in columns if isinstance(each, Items)]
    return Items(
        tuple(
            Items(
                tuple(each.items[row] if isinstance(each, Items) else UNKNOWN for each in columns)
            )
            for row in range(min([*lengths, _MAX_ITEMS]) if lengths else 0)
        )
    )


def _all_known(arguments: Arguments) -> bool:
    return not any(_is_open(each) for each in arguments.positional) and not any(
        _is_open(each) for each in arguments.keywords.values()
    )


def _is_open(value: Value) -> bool:
    """Whether something in it can only be resolved later."""
    if isinstance(value, SYMBOLIC):
        return True
    if isinstance(value, Several):
        return any(isinstance(each, SYMBOLIC) for each in value.values)
    if isinstance(value, Items):
        return any(isinstance(each, SYMBOLIC) for each in value.items)
    return False


def _method_result(base: Value, method: str, arguments: Arguments) -> Value | None:
    match base:
        case Text():
            if method == "open" and base.is_path:
                return OpenFile(base, "pathlib.Path.open")
            if not _all_known(arguments):
                return None
            return text_method(base, method, arguments) or UNKNOWN
        case Instance(cls=None) | Product():
            return method_result(base, method)
        case Instance(cls=ClassSource() as cls):
            if method in SAME_CLASS:
                return base
            return Product(f"{library_base(cls) or cls.qualified}.{method}")
        case CommandLine():
            if method == "parse_known_args":
                return Items((base, UNKNOWN))
            return base
        case Table(entries=entries):
            if method == "get":
                key = arguments.get(0)
                default = arguments.get(1) or UNKNOWN
                known = entries.get(key.text) if isinstance(key, Text) else None
                return known if known is not None else default
            if method == "items":
                return Items(tuple(Items((Text(key), each)) for key, each in entries.items()))
            if method == "values":
                return Items(tuple(entries.values()))
            if method == "keys":
                return Items(tuple(Text(key) for key in entries))
            return UNKNOWN
        case OpenFile() | Items() | Literal():
            return UNKNOWN
        case Unknown():
            return UNKNOWN
        case _:
            return None
