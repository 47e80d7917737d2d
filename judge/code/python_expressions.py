"""Reads the expressions of Python code without running them: what they give, and what they call."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any

from judge.code.command_lines import note_argument
from judge.code.folding import ADD, CONCATENATE, DIVIDE, PERCENT
from judge.code.libraries import BUILTINS, made_by
from judge.code.python_frames import Frame, RawCall, note_site, written_name
from judge.code.python_imports import Project
from judge.code.python_source import ClassSource, PythonSource
from judge.code.resolving import COMPUTED, Resolver
from judge.code.static_truth import truth_of
from judge.code.values import (
    EACH,
    HOLE,
    MAX_TEXT,
    ROOT,
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
    Product,
    Result,
    Several,
    SuperOf,
    Table,
    Text,
    Unknown,
    Value,
    one_of,
)

_DEPTH = 120
"""Nesting of expressions beyond which nothing is read; people write at most a few dozen."""
_MAX_CALLS = 50_000
_LOOSE = (Unknown, Instance, Several, *SYMBOLIC)
"""Kinds of receivers whose attributes may name a method of any class."""
_MAX_LITERAL_ITEMS = 200
_CHANGING = frozenset("append extend insert add update remove pop clear".split())
_DUMPERS = frozenset({"json.dump", "yaml.dump", "yaml.safe_dump", "toml.dump", "print"})


class ExpressionReader:
    """Holds the state of reading one source, and reads its expressions."""

    def __init__(self, source: PythonSource, project: Project, calls: list[RawCall]) -> None:
        self.source = source
        self.calls = calls
        self._project = project
        self._resolver = Resolver()
        self._frame = Frame(source.names, None, source.scope, "")
        self._dead = 0
        self._depth = 0
        self._branches: list[dict[str, Value | None]] = []
        self._stars: list[PythonSource] = []
        self._calls_left = _MAX_CALLS
        self._has_opened = False

    def _is_flag(self, name: str) -> bool | None:
        """The truth of a name that the module sets once, on its own level, to a constant."""
        frame: Frame | None = self._frame
        while frame is not None and frame.names is not self.source.names:
            if name in frame.names:
                return None
            frame = frame.parent
        value = self.source.names.get(name)
        if not isinstance(value, Literal) or self.source.assignment_count(name) != 1:
            return None
        return bool(value.value)

    def _children(self, node: ast.AST) -> bool:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self._expression(child)
        return False

    def _set(self, name: str, value: Value) -> None:
        frame = self._frame
        if name in frame.global_names:
            if not self._dead:
                old = self.source.names.get(name, UNKNOWN)
                self.source.names[name] = one_of([old, value])
            return
        if self._dead and not isinstance(value, (LocalFunction, LocalClass)):
            if name not in frame.names and frame.function is not None:
                self._set_live(frame, name, UNKNOWN)
            return
        self._set_live(frame, name, value)

    def _set_live(self, frame: Frame, name: str, value: Value) -> None:
        if self._branches:
            self._branches[-1].setdefault(name, frame.names.get(name))
        frame.names[name] = value

    def _look_up(self, name: str) -> Value:
        frame: Frame | None = self._frame
        while frame is not None:
            value = frame.names.get(name)
            if value is not None:
                return value
            frame = frame.parent
            while frame is not None and frame.cls is not None:
                frame = frame.parent
        value = self.source.names.get(name)
        if value is not None:
            return value
        for star in reversed(self._stars):
            known = star.names.get(name)
            if isinstance(known, (LocalFunction, LocalClass)):
                return known
            if known is not None or star.has_star_import:
                return ModuleName(star, name)
        if name == "__file__":
            return Text(f"{ROOT}/{self.source.path}")
        if name in BUILTINS:
            return External(name)
        for star in reversed(self._stars):
            if name in star.text:
                return ModuleName(star, name)
        return UNKNOWN

    def _assign(self, target: ast.expr, value: Value) -> None:
        if isinstance(target, ast.Name):
            self._set(target.id, value)
        elif isinstance(target, (ast.Tuple, ast.List)):
            for position, each in enumerate(target.elts):
                if isinstance(each, ast.Starred):
                    self._assign(each.value, UNKNOWN)
                else:
                    self._assign(each, self._item(value, position))
        elif isinstance(target, ast.Attribute):
            base = self._expression(target.value)
            if self._dead:
                return
            owner = base.cls if isinstance(base, (Instance, LocalClass)) else None
            if owner is not None:
                owner.attributes.setdefault(target.attr, []).append(value)
            elif isinstance(base, CommandLine):
                base.defaults[target.attr] = value
        elif isinstance(target, ast.Subscript):
            base = self._expression(target.value)
            key = self._expression(target.slice)
            if isinstance(base, Table) and not self._dead:
                if isinstance(key, Text) and HOLE not in key.text:
                    base.entries[key.text] = value
                else:
                    base.is_whole = False
        else:
            self._expression(target)

    def _item(self, value: Value, position: int) -> Value:
        if isinstance(value, Items):
            return value.items[position] if position < len(value.items) else UNKNOWN
        if isinstance(value, Several):
            return one_of([self._item(each, position) for each in value.values])
        if isinstance(value, SYMBOLIC) and not isinstance(value, Lookup):
            return Lookup(value, position, False)
        if isinstance(value, Lookup):
            return Lookup(value, position, False)
        if isinstance(value, Product):
            return value
        return UNKNOWN

    def _each(self, value: Value) -> Value:
        """What a loop variable holds."""
        if isinstance(value, Unknown):
            return UNKNOWN
        if isinstance(value, SYMBOLIC):
            return Lookup(value, EACH, False)
        if isinstance(value, (Items, Table)):
            return self._resolver.member(value, EACH, False)
        return UNKNOWN

    def _expression(self, node: ast.expr, is_reference: bool = True) -> Value:
        kind = type(node)
        if kind is ast.Constant:
            return _constant(node)
        if kind is ast.Name:
            return self._name(node, is_reference)  # type: ignore[arg-type]
        if self._depth > _DEPTH:
            return UNKNOWN
        self._depth += 1
        handler = _EXPRESSIONS.get(kind)
        if handler is None:
            self._children(node)
            value: Value = UNKNOWN
        else:
            value = handler(self, node)
        self._depth -= 1
        return value

    def _name(self, node: ast.Name, is_reference: bool = True) -> Value:
        self.source.used_names.add(node.id)
        value = self._look_up(node.id)
        if is_reference and not self._dead:
            self._refer(value)
        return value

    def _refer(self, value: Value) -> None:
        if type(value) is Unknown or type(value) is External:
            return
        if isinstance(value, LocalFunction):
            self._frame.scope.references.add(value.function.scope.key)
        elif isinstance(value, LocalClass):
            self._frame.scope.references.add(value.cls.key)

    def _attribute(self, node: ast.Attribute) -> Value:
        base = self._expression(node.value, is_reference=False)
        value = self._member(base, node.attr)
        if not self._dead:
            self._refer(value)
            if isinstance(base, LocalClass):
                self._refer(base)
            if isinstance(base, _LOOSE):
                self._frame.scope.loose_names.add(node.attr)
        return value

    def _member(self, base: Value, name: str) -> Value:
        if isinstance(base, External):
            is_separator = name == "sep" and base.name == "os"
            return Text("/") if is_separator else External(f"{base.name}.{name}")
        match base:
            case LocalModule(source=source):
                known = source.names.get(name)
                if isinstance(known, (LocalFunction, LocalClass)):
                    return known
                inner = self._project.find(source.path, f"{source.dotted}.{name}", 0)
                if known is None and inner is not None:
                    return LocalModule(inner)
                return ModuleName(source, name)
            case LocalClass(cls=cls):
                method = cls.method(name)
                return LocalFunction(method) if method is not None else Lookup(base, name, True)
            case Instance(cls=ClassSource() as cls):
                method = cls.method(name)
                if method is not None and not method.is_property:
                    return LocalFunction(method, base)
                return Lookup(base, name, True)
            case SuperOf() | Text():
                return self._resolver.member(base, name, True)
            case Unknown():
                return UNKNOWN
        return Lookup(base, name, True)

    def _subscript(self, node: ast.Subscript) -> Value:
        base = self._expression(node.value)
        key = self._expression(node.slice)
        if isinstance(base, (Instance, Product)):
            name = base.name if isinstance(base, Instance) else base.maker
            # A part of a data frame or tensor counts as one; else only its origin is known.
            is_frame = name.endswith(("DataFrame", "Tensor", "ndarray", "Axes"))
            return base if is_frame or isinstance(base, Product) else Product(f"{name}[]")
        if isinstance(key, Text):
            if isinstance(base, SYMBOLIC):
                return Lookup(base, key.text, False)
            is_table = isinstance(base, Table)
            return self._resolver.member(base, key.text, False) if is_table else UNKNOWN
        if isinstance(key, Literal) and isinstance(key.value, int):
            if isinstance(base, SYMBOLIC):
                return Lookup(base, int(key.value), False)
            return self._resolver.member(base, int(key.value), False)
        if isinstance(base, Items):
            return base if isinstance(node.slice, ast.Slice) else self._each(base)
        return UNKNOWN

    def _slice(self, node: ast.Slice) -> Value:
        for each in (node.lower, node.upper, node.step):
            if each is not None:
                self._expression(each)
        return UNKNOWN

    def _sequence(self, node: ast.List | ast.Tuple | ast.Set) -> Value:
        values = [self._expression(each) for each in node.elts]
        if len(values) > _MAX_LITERAL_ITEMS or any(
            isinstance(each, ast.Starred) for each in node.elts
        ):
            return UNKNOWN
        return Items(tuple(values))

    def _dictionary(self, node: ast.Dict) -> Value:
        table = Table({}, len(node.keys) <= _MAX_LITERAL_ITEMS)
        for key, each in zip(node.keys, node.values, strict=True):
            value = self._expression(each)
            known = self._expression(key) if key is not None else UNKNOWN
            if isinstance(known, Text) and len(table.entries) < _MAX_LITERAL_ITEMS:
                table.entries[known.text] = value
            elif isinstance(known, Literal) and len(table.entries) < _MAX_LITERAL_ITEMS:
                table.entries[str(known.value)] = value
            else:
                table.is_whole = False
        return table

    def _format(self, node: ast.JoinedStr) -> Value:
        parts: list[Value] = []
        for each in node.values:
            if isinstance(each, ast.FormattedValue):
                value = self._expression(each.value)
                if each.format_spec is not None:
                    self._expression(each.format_spec)
                    if not isinstance(value, Text):
                        value = UNKNOWN
                parts.append(value)
            else:
                parts.append(self._expression(each))
        return self._result(External(CONCATENATE), Arguments(tuple(parts), {}))

    def _operation(self, node: ast.BinOp) -> Value:
        chain: list[ast.BinOp] = [node]
        while isinstance(chain[-1].left, ast.BinOp):
            chain.append(chain[-1].left)
        value = self._expression(chain[-1].left)
        for each in reversed(chain):
            right = self._expression(each.right)
            name = _OPERATORS.get(type(each.op))
            plain = isinstance(value, (Unknown, Literal)) and isinstance(right, (Unknown, Literal))
            if name is None or plain:
                value = UNKNOWN
            else:
                value = self._result(External(name), Arguments((value, right), {}))
        return value

    def _alternative(self, node: ast.IfExp) -> Value:
        self._expression(node.test)
        truth = truth_of(node.test, self._is_flag)
        values = [self._expression(node.body), self._expression(node.orelse)]
        return values[0] if truth is True else values[1] if truth is False else one_of(values)

    def _boolean(self, node: ast.BoolOp) -> Value:
        values = [self._expression(each) for each in node.values]
        return one_of(values) if isinstance(node.op, ast.Or) else values[-1]

    def _negation(self, node: ast.UnaryOp) -> Value:
        value = self._expression(node.operand)
        if isinstance(value, Literal) and isinstance(node.op, ast.USub):
            number = value.value
            return Literal(-number) if isinstance(number, (int, float)) else UNKNOWN
        return UNKNOWN

    def _named(self, node: ast.NamedExpr) -> Value:
        value = self._expression(node.value)
        self._assign(node.target, value)
        return value

    def _lambda(self, node: ast.Lambda) -> Value:
        for _, default in defaults_of(node.args):
            self._expression(default)
        arguments = node.args
        names = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        if arguments.vararg:
            names.append(arguments.vararg)
        if arguments.kwarg:
            names.append(arguments.kwarg)
        self._with_names({each.arg: UNKNOWN for each in names}, (node.body,))
        return UNKNOWN

    def _with_names(self, names: dict[str, Value], nodes: Iterable[ast.expr]) -> list[Value]:
        frame = self._frame
        self._frame = Frame(
            names, frame, frame.scope, frame.scope_name, frame.function, None
        )  # fmt: skip
        branches, self._branches = self._branches, []
        values = [self._expression(each) for each in nodes]
        self._frame, self._branches = frame, branches
        return values

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
    ) -> Value:
        frame = self._frame
        branches, self._branches = self._branches, []
        self._frame = Frame({}, frame, frame.scope, frame.scope_name, frame.function, None)
        for generator in node.generators:
            self._assign(generator.target, self._each(self._expression(generator.iter)))
            for condition in generator.ifs:
                self._expression(condition)
        if isinstance(node, ast.DictComp):
            self._expression(node.key)
            self._expression(node.value)
            value: Value = UNKNOWN
        else:
            value = Items((self._expression(node.elt),))
        self._frame, self._branches = frame, branches
        return value

    def _inner(self, node: ast.Await | ast.Starred) -> Value:
        return self._expression(node.value)

    def _call_expression(self, node: ast.Call) -> Value:
        return self._call(node, is_used=True)[1]

    def _call(self, node: ast.Call, is_used: bool) -> tuple[Value, Value]:
        """Reads a call; returns what is called and what it gives."""
        function = node.func
        if isinstance(function, ast.Name):
            self.source.used_names.add(function.id)
            callee = self._look_up(function.id)
            written = function.id
        elif isinstance(function, ast.Attribute):
            callee = self._member(
                self._expression(function.value, is_reference=False), function.attr
            )
            written = written_name(function)
        else:
            callee = self._expression(function)
            written = written_name(function)
        if isinstance(callee, External) and callee.name == "super" and not node.args:
            owner = self._frame.function
            if owner is not None and owner.cls is not None:
                value = SuperOf(owner.cls, Instance(owner.cls.qualified, owner.cls, None, True))
                return callee, value
        arguments = self._arguments(node)
        result = self._result(callee, arguments)
        if self._has_opened:
            self._note_contents(callee, arguments)
        if isinstance(callee, Lookup) and isinstance(callee.base, Items):
            self._note_filling(function, callee.base, callee.key, arguments)
        if self._calls_left > 0:
            self._calls_left -= 1
            frame = self._frame
            self.calls.append(
                RawCall(
                    self.source, node, frame.scope, frame.scope_name, frame.function, callee,
                    written, arguments, bool(self._dead), is_used,
                    result if isinstance(result, OpenFile) else None,
                )
            )  # fmt: skip
        else:
            self.source.fault = f"read in part: more than {_MAX_CALLS:,} calls"
        if not self._dead:
            note_site(callee, arguments)
        return callee, result

    def _arguments(self, node: ast.Call) -> Arguments:
        is_whole = True
        positional: list[Value] = []
        for each in node.args:
            value = self._expression(each)
            if isinstance(each, ast.Starred):
                if isinstance(value, Items) and is_whole:
                    positional.extend(value.items)
                else:
                    is_whole = False
            elif is_whole:
                positional.append(value)
        keywords: dict[str, Value] = {}
        for keyword in node.keywords:
            value = self._expression(keyword.value)
            if keyword.arg is not None:
                keywords[keyword.arg] = value
            elif isinstance(value, Table):
                keywords.update(value.entries)
                is_whole = is_whole and value.is_whole
            else:
                is_whole = False
        return Arguments(tuple(positional), keywords, is_whole)

    def _result(self, callee: Value, arguments: Arguments) -> Value:
        kind = type(callee)
        if kind is External and callee.name not in COMPUTED:  # type: ignore[union-attr]
            return made_by(callee.name)  # type: ignore[union-attr]
        if kind is Unknown:
            return UNKNOWN
        if isinstance(callee, Several):
            return one_of([self._result(each, arguments) for each in callee.values])
        if isinstance(callee, Lookup) and isinstance(callee.base, CommandLine):
            note_argument(callee.base, callee.key, arguments)
        value = self._resolver.immediate(callee, arguments)
        if type(value) is OpenFile:
            self._has_opened = True
        return Result(callee, arguments) if value is None else value

    def _note_filling(
        self, node: ast.expr, items: Items, method: str | int, arguments: Arguments
    ) -> None:
        """A list that is changed in place holds more than it was made with."""
        if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)):
            return
        first = arguments.get(0)
        if method == "append" and first is not None and len(items.items) < _MAX_LITERAL_ITEMS:
            self._set(node.value.id, Items((*items.items, first)))
        elif method in _CHANGING:
            self._set(node.value.id, UNKNOWN)

    def _note_contents(self, callee: Value, arguments: Arguments) -> None:
        """Keeps what is written to files that the code has opened."""
        if isinstance(callee, Lookup) and isinstance(callee.base, OpenFile):
            if callee.key in ("write", "writelines"):
                callee.base.written.append(arguments.get(0))
            return
        if isinstance(callee, External) and callee.name in _DUMPERS and arguments.positional:
            opened = arguments.get(1) or arguments.get(1, "file")
            if isinstance(opened, OpenFile):
                opened.written.append(arguments.positional[0])
                return
        for value in (*arguments.positional, *arguments.keywords.values()):
            if isinstance(value, OpenFile):
                value.written.append(None)

    def _annotation(self, node: ast.expr) -> Value:
        """The class an annotation names; its names count as used, not as referred to."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            self.source.used_names.update(node.value.replace("[", " ").replace(".", " ").split())
            return UNKNOWN
        if isinstance(node, ast.Name):
            return self._name(node, is_reference=False)
        if isinstance(node, ast.Attribute):
            base = self._annotation(node.value)
            return self._member(base, node.attr)
        for each in ast.walk(node):
            if isinstance(each, ast.Name):
                self.source.used_names.add(each.id)
        return UNKNOWN


def defaults_of(arguments: ast.arguments) -> Iterable[tuple[ast.arg, ast.expr]]:
    positional = [*arguments.posonlyargs, *arguments.args]
    yield from zip(
        positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=False
    )
    for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if default is not None:
            yield each, default


def _constant(node: Any) -> Value:
    value = node.value
    if isinstance(value, str):
        if "\0" in value or "\1" in value:
            value = value.replace("\0", "").replace("\1", "")
        return Text(value[:MAX_TEXT])
    return UNKNOWN if value is ... else Literal(value)


_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: ADD,
    ast.Div: DIVIDE,
    ast.Mod: PERCENT,
}
_EXPRESSIONS: dict[type[ast.AST], Callable[[ExpressionReader, Any], Value]] = {
    ast.Attribute: ExpressionReader._attribute,
    ast.Call: ExpressionReader._call_expression,
    ast.Subscript: ExpressionReader._subscript,
    ast.Slice: ExpressionReader._slice,
    ast.List: ExpressionReader._sequence,
    ast.Tuple: ExpressionReader._sequence,
    ast.Set: ExpressionReader._sequence,
    ast.Dict: ExpressionReader._dictionary,
    ast.JoinedStr: ExpressionReader._format,
    ast.BinOp: ExpressionReader._operation,
    ast.IfExp: ExpressionReader._alternative,
    ast.BoolOp: ExpressionReader._boolean,
    ast.UnaryOp: ExpressionReader._negation,
    ast.NamedExpr: ExpressionReader._named,
    ast.Lambda: ExpressionReader._lambda,
    ast.ListComp: ExpressionReader._comprehension,
    ast.SetComp: ExpressionReader._comprehension,
    ast.GeneratorExp: ExpressionReader._comprehension,
    ast.DictComp: ExpressionReader._comprehension,
    ast.Await: ExpressionReader._inner,
    ast.Starred: ExpressionReader._inner,
}
