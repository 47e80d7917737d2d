"""Tells a Python body that does work from a stub, a constant and a note.

A body is called hollow only when every statement of it is surely so: it takes nothing from its
arguments or from the object, and calls nothing but functions that turn constants into constants.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from judge.code.facts import Body
from judge.code.python_source import ClassSource, FunctionSource, PythonSource
from judge.code.resolving import library_base
from judge.code.values import LocalFunction

_PURE = frozenset(
    """
    abs all any bool dict divmod enumerate float frozenset int len list max min range repr reversed
    round set sorted str sum tuple zip
    """.split()
)
_KEEPS_TEXT = frozenset(
    "dict enumerate frozenset list max min repr reversed set sorted str tuple zip".split()
)
_PURE_METHODS = frozenset(
    """
    join lower upper strip lstrip rstrip title capitalize format replace split splitlines copy keys
    values items get count index encode startswith endswith center ljust rjust zfill
    """.split()
)
_COUNTING_METHODS = frozenset("count index startswith endswith".split())
_FILLING_METHODS = frozenset("append extend add update insert setdefault".split())
_LOGGING = frozenset("debug info warning error critical exception log".split())
_LOGGERS = frozenset("logging logger log LOGGER LOG _logger".split())
_UNFINISHED = (
    "not implemented",
    "not yet implemented",
    "todo",
    "unimplemented",
    "to be implemented",
)
_COMPLETE_WHEN_EMPTY = ("Error", "Exception", "Warning", "Protocol", "ABC", "Interrupt")


class _DoesWork(Exception):
    """Something in the body is not surely hollow."""


def function_body(function: FunctionSource) -> Body:
    """What the body of a function amounts to."""
    if function.body is None:
        function.body = Body.WORKS  # what a function that calls itself finds
        try:
            function.body = _Inspection(function).verdict()
        except (_DoesWork, RecursionError):
            function.body = Body.WORKS
    return function.body


class _Inspection:
    """Goes through one body, and gives up at the first sign of work."""

    def __init__(self, function: FunctionSource) -> None:
        self._source = function.source
        self._body = function.node.body
        arguments = function.node.args
        plain = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        self._arguments = {each.arg for each in plain}
        for extra in (arguments.vararg, arguments.kwarg):
            if extra is not None:
                self._arguments.add(extra.arg)
        self._receiver = function.parameters[0] if function.first_argument and plain else ""
        numbers = [
            default
            for default in (*arguments.defaults, *arguments.kw_defaults)
            if isinstance(default, ast.Constant) and isinstance(default.value, int | float)
        ]
        own = len(plain) - (1 if self._receiver else 0)
        self._has_only_counts = 0 < own == len(numbers) and arguments.vararg is None
        self._names: dict[str, bool] = {}  # hollow names: whether there is text in them
        self._has_text = False
        self._gives = False
        self._sets_state = False

    def verdict(self) -> Body:
        self._block(self._body)
        if self._has_text:
            return Body.NOTE
        if self._gives:
            return Body.CONSTANT
        if self._sets_state:
            # Without arguments it may be a reset; with arguments it ignores them.
            if self._arguments - {self._receiver}:
                return Body.CONSTANT
            raise _DoesWork
        return Body.STUB

    def _block(self, body: list[ast.stmt]) -> None:
        for node in body:
            self._statement(node)
            if isinstance(node, ast.Raise | ast.Return):
                break

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Pass() | ast.Import() | ast.ImportFrom() | ast.Global() | ast.Nonlocal():
                pass
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                pass
            case ast.Continue() | ast.Break():
                pass
            case ast.Expr(value=value):
                self._effect(value)
            case ast.Return(value=value):
                if value is not None:
                    self._give(value)
            case ast.Raise(exc=raised):
                if raised is None or not _says_unfinished(raised):
                    raise _DoesWork
            case ast.Assign(targets=targets, value=value):
                self._assign(targets, value)
            case ast.AnnAssign(target=target, value=value):
                if value is not None:
                    self._assign([target], value)
            case ast.AugAssign(target=ast.Name(id=name), value=value):
                if name not in self._names:
                    raise _DoesWork
                self._names[name] = self._hollow(value) or self._names[name]
            case ast.If(test=test, body=body, orelse=orelse):
                self._hollow(test)
                self._block(body)
                self._block(orelse)
            case ast.For(target=target, iter=iterated, body=body, orelse=orelse):
                self._bind(target, self._iterated(iterated))
                self._block(body)
                self._block(orelse)
            case ast.While(test=test, body=body, orelse=orelse):
                self._hollow(test)
                self._block(body)
                self._block(orelse)
            case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=finalbody):
                for part in (body, *(each.body for each in handlers), orelse, finalbody):
                    self._block(part)
            case _:
                raise _DoesWork

    def _effect(self, value: ast.expr) -> None:
        match value:
            case ast.Constant():
                return
            case ast.Yield(value=given):
                if given is not None:
                    self._give(given)
                return
            case ast.Call(func=ast.Name(id="print"), args=arguments, keywords=keywords):
                if any(each.arg == "file" for each in keywords):
                    raise _DoesWork
                self._all_hollow(arguments)
                self._has_text = True
                return
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=method)):
                arguments = value.args
                if owner in _LOGGERS and method in _LOGGING:
                    self._all_hollow(arguments)
                    self._has_text = True
                    return
                if owner == "time" and method == "sleep":
                    return
                if owner in self._names and method in _FILLING_METHODS:
                    self._names[owner] = self._all_hollow(arguments) or self._names[owner]
                    return
            case _:
                pass
        # A call whose constant result is dropped; what it prints counts as printed here.
        if self._hollow(value) and isinstance(value, ast.Call):
            self._has_text = True

    def _give(self, value: ast.expr) -> None:
        """A value that the body returns or yields."""
        if isinstance(value, ast.Constant) and value.value in (None, NotImplemented, ...):
            return
        if isinstance(value, ast.Name) and value.id == "NotImplemented":
            return
        if self._is_argument(value):
            self._gives = True
            return
        if self._hollow(value):
            self._has_text = True
        self._gives = True

    def _is_argument(self, value: ast.expr) -> bool:
        """Whether it is an argument as it came, or a tuple of such."""
        if isinstance(value, ast.Name):
            return value.id in self._arguments
        if isinstance(value, ast.Tuple) and value.elts:
            return all(self._is_argument(each) for each in value.elts)
        return False

    def _assign(self, targets: list[ast.expr], value: ast.expr) -> None:
        if isinstance(value, ast.Name) and all(
            isinstance(target, ast.Name) and (target.id == value.id) for target in targets
        ):
            return  # x = x
        has_text = self._iterated(value)
        for target in targets:
            if (
                isinstance(target, ast.Attribute)
                and isinstance(target.value, ast.Name)
                and target.value.id == self._receiver
                and self._receiver
            ):
                self._sets_state = True
            else:
                self._bind(target, has_text)

    def _bind(self, target: ast.expr, has_text: bool) -> None:
        match target:
            case ast.Name(id=name):
                self._names[name] = has_text or self._names.get(name, False)
                self._arguments.discard(name)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                for each in elements:
                    self._bind(each, has_text)
            case ast.Subscript(value=ast.Name(id=name), slice=key) if name in self._names:
                self._hollow(key)
                self._names[name] = has_text or self._names[name]
            case _:
                raise _DoesWork

    def _iterated(self, node: ast.expr) -> bool:
        """Like _hollow, and lets `range(n)` pass where n only says how often, by its default."""
        match node:
            case ast.Call(func=ast.Name(id="range"), args=[ast.Name(id=name)]) if (
                self._has_only_counts and name in self._arguments
            ):
                return False
            case ast.Call(
                func=ast.Name(id="tqdm" | "track") | ast.Attribute(attr="tqdm"),
                args=[inner, *_],
            ):
                return self._iterated(inner)  # a progress bar around it
            case ast.Name(id=name) if name in self._names:
                return self._names[name]
        return self._hollow(node)

    def _all_hollow(self, nodes: Iterable[ast.expr]) -> bool:
        has_text = False
        for each in nodes:  # every one is looked at: each may be a sign of work
            has_text = self._hollow(each) or has_text
        return has_text

    def _hollow(self, node: ast.expr) -> bool:
        """Passes where the value comes from constants alone; whether there is text in it.

        Raises _DoesWork where it may come from anything else.
        """
        match node:
            case ast.Constant(value=value):
                return isinstance(value, str | bytes) and bool(value.strip())
            case ast.Name(id=name):
                return self._named(name)
            case ast.JoinedStr(values=values):
                self._all_hollow(values)
                return True
            case ast.FormattedValue(value=inner) | ast.Starred(value=inner):
                return self._hollow(inner)
            case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
                return self._all_hollow(elements)
            case ast.Dict(keys=keys, values=values):
                self._all_hollow(each for each in keys if each is not None)
                return self._all_hollow(values)
            case ast.BinOp(left=left, right=right):
                return self._all_hollow((left, right))
            case ast.UnaryOp(operand=operand):
                return self._hollow(operand)
            case ast.BoolOp(values=values):
                return self._all_hollow(values)
            case ast.Compare(left=left, comparators=others):
                self._all_hollow((left, *others))
                return False
            case ast.IfExp(test=test, body=one, orelse=other):
                self._hollow(test)
                return self._all_hollow((one, other))
            case ast.Subscript(value=inner, slice=key):
                self._hollow(key)
                return self._hollow(inner)
            case ast.Slice(lower=lower, upper=upper, step=step):
                self._all_hollow(each for each in (lower, upper, step) if each is not None)
                return False
            case (
                ast.ListComp(elt=element) | ast.SetComp(elt=element) | ast.GeneratorExp(elt=element)
            ):
                self._generators(node.generators)
                return self._hollow(element)
            case ast.DictComp(key=key, value=inner):
                self._generators(node.generators)
                self._hollow(key)
                return self._hollow(inner)
            case ast.Call():
                return self._call(node)
        raise _DoesWork

    def _generators(self, generators: list[ast.comprehension]) -> None:
        for generator in generators:
            self._bind(generator.target, self._iterated(generator.iter))
            self._all_hollow(generator.ifs)

    def _named(self, name: str) -> bool:
        if name in self._names:
            return self._names[name]
        if name not in self._arguments:
            known = _module_constants(self._source).get(name)
            if known is not None:
                return known
        raise _DoesWork

    def _call(self, node: ast.Call) -> bool:
        arguments = [*node.args, *(each.value for each in node.keywords)]
        match node.func:
            case ast.Name(id=name) if name in self._arguments or name in self._names:
                raise _DoesWork
            case ast.Name(id=name):
                called = self._source.names.get(name)
                if isinstance(called, LocalFunction):
                    body = function_body(called.function)
                    if body is Body.WORKS:
                        raise _DoesWork
                    return self._all_hollow(arguments) or body is Body.NOTE
                if called is None and name in _PURE:
                    has_text = self._all_hollow(arguments)
                    return has_text and name in _KEEPS_TEXT
            case ast.Attribute(value=receiver, attr=method) if method in _PURE_METHODS:
                has_text = self._hollow(receiver)
                has_text = self._all_hollow(arguments) or has_text
                return has_text and method not in _COUNTING_METHODS
            case _:
                pass
        raise _DoesWork


def _says_unfinished(node: ast.expr) -> bool:
    call = node.func if isinstance(node, ast.Call) else node
    if isinstance(call, ast.Name) and call.id == "NotImplementedError":
        return True
    if isinstance(node, ast.Call):
        for argument in node.args:
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                return any(word in argument.value.lower() for word in _UNFINISHED)
    return False


class _ModuleInspection(_Inspection):
    """Sees a module's own level as a body without arguments."""

    def __init__(self, source: PythonSource, names: dict[str, bool]) -> None:
        self._source = source
        self._arguments = set()
        self._receiver = ""
        self._has_only_counts = False
        self._names = names
        self._has_text = False
        self._gives = False
        self._sets_state = False

    def constant(self, value: ast.expr) -> bool | None:
        """Whether there is text in a constant value; None where it is no constant."""
        try:
            return self._hollow(value)
        except (_DoesWork, RecursionError):
            return None

    def _call(self, node: ast.Call) -> bool:
        raise _DoesWork  # module constants are written, not computed


def _module_constants(source: PythonSource) -> dict[str, bool]:
    """Names that the module's level sets once, to constants: whether there is text in them."""
    if source.constants is None:
        source.constants = {}
        names: dict[str, bool] = {}
        spoiled: set[str] = set()
        inspection = _ModuleInspection(source, names)
        for node in source.tree.body if source.tree is not None else ():
            targets: list[ast.expr] = []
            value: ast.expr | None = None
            if isinstance(node, ast.Assign):
                targets, value = node.targets, node.value
            elif isinstance(node, ast.AnnAssign):
                targets, value = [node.target], node.value
            has_text = None if value is None else inspection.constant(value)
            for target in targets:
                if not isinstance(target, ast.Name):
                    continue
                if has_text is None or target.id in names or target.id in spoiled:
                    spoiled.add(target.id)
                    names.pop(target.id, None)
                else:
                    names[target.id] = has_text
        for name in list(names):
            if source.assignment_count(name) != 1 or _is_filled(source, name):
                del names[name]
        source.constants = names
    return source.constants


def _is_filled(source: PythonSource, name: str) -> bool:
    """Whether the text seems to change the collection under a name."""
    return any(
        f"{name}.{method}(" in source.text for method in (*_FILLING_METHODS, "pop", "clear")
    ) or (f"{name}[" in source.text and _sets_item(source.text, name))


def _sets_item(text: str, name: str) -> bool:
    for line in text.splitlines():
        start = line.find(f"{name}[")
        if start >= 0 and "=" in line[start:] and "==" not in line[start:]:
            return True
    return False


def class_body(cls: ClassSource) -> Body:
    """What a class amounts to: its best method, or its fields where it has no methods."""
    constructor = cls.methods.get("__init__")
    others = [method for name, method in cls.methods.items() if name != "__init__"]
    bodies = [function_body(method) for method in others]
    if constructor is not None:
        body = function_body(constructor)
        if body is Body.WORKS and not (others and _only_stores(constructor)):
            return Body.WORKS
        if not others:
            bodies.append(body)
    if Body.WORKS in bodies:
        return Body.WORKS
    if not bodies:
        return _fields_body(cls)
    for body in (Body.NOTE, Body.CONSTANT):
        if body in bodies:
            return body
    return Body.STUB


def _only_stores(constructor: FunctionSource) -> bool:
    """Whether a constructor does no more than keep its arguments or constants."""
    for node in constructor.node.body:
        match node:
            case ast.Expr(value=ast.Constant()) | ast.Pass():
                continue
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr="__init__"))):
                continue
            case ast.Assign(value=ast.Name() | ast.Constant() | ast.List() | ast.Dict() as value):
                if isinstance(value, ast.List) and value.elts:
                    return False
                if isinstance(value, ast.Dict) and value.keys:
                    return False
                continue
            case ast.AnnAssign(value=ast.Name() | ast.Constant()):
                continue
        return False
    return True


def _fields_body(cls: ClassSource) -> Body:
    """A class without methods: its fields, or what it inherits."""
    for base in cls.lineage()[1:]:
        if any(function_body(method) is Body.WORKS for method in base.methods.values()):
            return Body.WORKS
    inherits = library_base(cls)
    if inherits.endswith(_COMPLETE_WHEN_EMPTY):
        return Body.WORKS
    has_fields = any(isinstance(node, ast.AnnAssign | ast.Assign) for node in cls.node.body)
    if not has_fields:
        is_empty = all(
            isinstance(node, ast.Pass)
            or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
            for node in cls.node.body
        )
        return Body.STUB if is_empty else Body.WORKS
    if inherits or cls.decorators or any(isinstance(n, ast.AnnAssign) for n in cls.node.body):
        return Body.WORKS
    inspection = _ModuleInspection(cls.source, {})
    has_text = False
    for node in cls.node.body:
        if isinstance(node, ast.Assign):
            found = inspection.constant(node.value)
            if found is None:
                return Body.WORKS
            has_text = has_text or found
    return Body.NOTE if has_text else Body.CONSTANT


_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_DO_NOTHING = frozenset(
    {ast.Pass, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal, *_DEFINITIONS}
)
_COMPOUND = frozenset(
    {
        ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.TryStar, ast.With, ast.AsyncWith,
        ast.Match, *_DEFINITIONS,
    }
)  # fmt: skip


def effective_statements(body: list[ast.stmt]) -> int:
    """Statements, inner ones included, that can do something."""
    count = 0
    pending: list[ast.stmt] = list(body)
    while pending:
        node = pending.pop()
        kind = type(node)
        if kind is ast.Expr:
            count += not isinstance(node.value, ast.Constant)  # type: ignore[attr-defined]
        elif kind is ast.AnnAssign:
            count += node.value is not None  # type: ignore[attr-defined]
        elif kind not in _DO_NOTHING:
            count += 1
        if kind in _COMPOUND:
            for name in ("body", "orelse", "finalbody"):
                pending.extend(getattr(node, name, ()))
            for name in ("handlers", "cases"):
                for part in getattr(node, name, ()):
                    pending.extend(part.body)
    return count
