"""Turns what was read of Python files into facts, once every file has been read."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from judge.code.facts import Call, Definition, FileUse, Import, Key, Mode
from judge.code.file_calls import (
    BUFFERS,
    COPIES,
    FUNCTIONS,
    METHODS,
    NOT_FILES,
    OPEN_WITH_MODE,
    READING_PREFIXES,
    FileCall,
    open_mode,
)
from judge.code.folding import workspace_path
from judge.code.python_bodies import class_body, effective_statements, function_body
from judge.code.python_frames import RawCall, note_site, written_name
from judge.code.python_source import ClassSource, FunctionSource, PythonSource, RawImport
from judge.code.resolving import Binding, Resolver, is_settled, library_base
from judge.code.values import (
    HOLE,
    MAX_ALTERNATIVES,
    MAX_TEXT,
    UNKNOWN,
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
    SuperOf,
    Table,
    Text,
    Value,
    alternatives,
    literal_text,
    text_of,
)

_MAX_NAMES = 4
"""Names listed for one call whose receiver may be of several classes."""
_MAX_ARGUMENT = 500


class _Callee:
    """One thing a call may call: its name, its targets, and what made its receiver."""

    __slots__ = ("name", "origin", "targets")

    def __init__(self, name: str, targets: tuple[Key, ...] = (), origin: str = "") -> None:
        self.name = name
        self.targets = targets
        self.origin = origin


def connect(calls: Iterable[RawCall], resolver: Resolver) -> None:
    """Finds what calls of values mean (an argument, an attribute, what a function gave), so that
    the functions of the workspace know all their callers."""
    waiting = [call for call in calls if not is_settled(call.callee)]
    for _ in range(2):  # what the first round finds may tell more to the second
        rest: list[RawCall] = []
        for call in waiting:
            resolved = resolver.resolve(call.callee)
            found = [
                each
                for each in alternatives(resolved)
                if isinstance(each, (LocalFunction, LocalClass))
            ]
            if not found:
                rest.append(call)
            elif not call.is_dead:
                for each in found[:_MAX_NAMES]:
                    note_site(each, call.arguments)
        if len(rest) == len(waiting):
            break
        resolver.forget()
        waiting = rest


class FactWriter:
    """Writes the facts of calls; edges between scopes are noted on the way."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    def note_edges(self, raw: RawCall) -> list[_Callee]:
        """The things a call may call, entered into its scope where it is live."""
        resolved = self._resolver.resolve(raw.callee)
        if type(resolved) is External:
            return [_Callee(resolved.name)]
        choices = alternatives(resolved)[:_MAX_NAMES]
        found = [self._callee(each, raw) for each in choices]
        if not raw.is_dead:
            for each, value in zip(found, choices, strict=True):
                raw.scope.calls.update(each.targets)
                self._note_loose(value, raw)
        return found if len(found) == 1 else _without_repeats(found)

    def _note_loose(self, value: Value, raw: RawCall) -> None:
        if isinstance(value, LocalClass):
            raw.scope.references.add(value.cls.key)
        elif isinstance(value, LocalFunction):
            receiver = value.receiver
            if isinstance(receiver, Instance) and receiver.is_self:
                # A subclass may override what is called on self.
                raw.scope.loose_names.add(value.function.node.name)
        elif not isinstance(value, External):
            base = value.base if isinstance(value, Lookup) else value
            if not isinstance(base, (Instance, Product, Text, OpenFile)) or (
                isinstance(base, Instance) and base.cls is not None
            ):
                raw.scope.loose_names.add(raw.written.rsplit(".", 1)[-1])

    def _callee(self, value: Value, raw: RawCall) -> _Callee:
        match value:
            case External(name=name):
                return _Callee(name)
            case LocalFunction(function=function):
                name = _local_name(function.source, function.qualified, raw.source)
                return _Callee(name, (function.scope.key,))
            case LocalClass(cls=cls):
                constructor = cls.method("__init__")
                target = cls.key if constructor is None else constructor.scope.key
                return _Callee(_local_name(cls.source, cls.qualified, raw.source), (target,))
            case Instance(cls=ClassSource() as cls):
                for hook in ("__call__", "forward", "call"):
                    method = cls.method(hook)
                    if method is not None:
                        name = _local_name(cls.source, f"{cls.qualified}.__call__", raw.source)
                        return _Callee(name, (method.scope.key,), cls.qualified)
                return _Callee(f"{library_base(cls) or cls.qualified}.__call__", (), cls.qualified)
            case Instance(name=name):
                return _Callee(f"{name}.__call__", (), name)
            case Product(maker=maker):
                return _Callee(raw.written, (), maker)
            case Lookup(base=base, key=str(key)):
                return self._method_callee(base, key, raw)
            case _:
                return _Callee(raw.written)

    def _method_callee(self, base: Value, key: str, raw: RawCall) -> _Callee:
        match base:
            case Instance(cls=ClassSource() as cls) | LocalClass(cls=cls) | SuperOf(cls=cls):
                return _Callee(f"{library_base(cls) or cls.qualified}.{key}", (), cls.qualified)
            case Instance(name=name):
                return _Callee(f"{name}.{key}", (), name)
            case Product(maker=maker):
                return _Callee(raw.written, (), maker)
            case Text(is_path=is_path):
                return _Callee(f"{'pathlib.Path' if is_path else 'str'}.{key}")
            case CommandLine():
                return _Callee(f"argparse.ArgumentParser.{key}", (), "argparse.ArgumentParser")
            case OpenFile(via=via):
                return _Callee(raw.written, (), via)
            case _:
                return _Callee(raw.written)

    def calls(self, raw: RawCall, found: list[_Callee], is_reached: bool) -> list[Call]:
        shown = self._shown
        arguments = tuple([shown(each) for each in raw.arguments.positional])
        keywords = {name: shown(each) for name, each in raw.arguments.keywords.items()}
        node = raw.node
        return [
            Call(
                raw.source.path, node.lineno, node.end_lineno or node.lineno, each.name,
                raw.written, arguments, keywords, raw.scope_name, is_reached, raw.is_used,
                each.targets, each.origin,
            )
            for each in found
        ]  # fmt: skip

    def _shown(self, value: Value) -> str | None:
        kind = type(value)
        if kind is ModuleName:
            value = self._resolver.resolve(value)
        elif kind not in _WRITTEN_OUT:
            return None
        text = literal_text(value)
        return None if text is None else text[:_MAX_ARGUMENT]

    def uses(self, raw: RawCall, found: list[_Callee], is_reached: bool) -> list[FileUse]:
        """The files that the call reads or writes, one fact for each that it may name."""
        last = raw.written.rsplit(".", 1)[-1]
        if last not in METHODS:
            for each in found:
                if each.name in _FILE_FUNCTIONS or each.name.startswith(READING_PREFIXES):
                    break
            else:
                return []
        uses: dict[tuple[str, Mode], FileUse] = {}
        for callee in found:
            if callee.targets:
                continue
            for mode, value, via, needs_path in self._named_files(raw, callee.name, last):
                for target in self._targets(value, raw, needs_path):
                    content = self._content(raw, via) if mode in ("write", "append") else None
                    use = FileUse(
                        raw.source.path, raw.node.lineno, target, mode, via, raw.scope_name,
                        is_reached, content,
                    )  # fmt: skip
                    uses.setdefault((target, mode), use)
        return list(uses.values())[:MAX_ALTERNATIVES]

    def _named_files(
        self, raw: RawCall, name: str, last: str
    ) -> list[tuple[Mode, Value, str, bool]]:
        arguments = raw.arguments
        opener = OPEN_WITH_MODE.get(name)
        if opener is not None:
            target = arguments.get(opener[0], "file", "filename", "name", "path", "store")
            mode_text = self._mode_text(arguments.get(opener[1], "mode"))
            shown = "open" if name in ("io.open", "builtins.open") else name
            return [(open_mode(mode_text), target or UNKNOWN, shown, False)]
        rule = FUNCTIONS.get(name)
        if rule is None and name.startswith(READING_PREFIXES) and name not in NOT_FILES:
            rule = FileCall("read", 0, ("filepath_or_buffer", "path", "io", "path_or_buf"))
        if rule is not None:
            target = arguments.get(rule.position, *rule.keywords)
            if target is None:
                return []
            found = [(rule.mode, target, name, False)]
            if name in COPIES:
                found.append(("read", arguments.get(COPIES[name], "src") or UNKNOWN, name, False))
            return found
        if "." in raw.written:
            return self._method_files(raw, name, last)
        return []

    def _method_files(
        self, raw: RawCall, name: str, last: str
    ) -> list[tuple[Mode, Value, str, bool]]:
        rule = METHODS.get(last)
        if rule is None:
            return []
        via = rule.via if rule.via and (name == raw.written or "." not in name) else name
        if rule.position >= 0:
            target = raw.arguments.get(rule.position, *rule.keywords)
            return [] if target is None else [(rule.mode, target, via, rule.needs_path)]
        base = raw.callee.base if isinstance(raw.callee, Lookup) else UNKNOWN
        paths = [
            each
            for each in alternatives(self._resolver.resolve(base))
            if isinstance(each, Text) and each.is_path
        ]
        if not paths:
            is_certain = last in ("write_text", "write_bytes", "read_text", "read_bytes")
            return [(rule.mode, UNKNOWN, via, False)] if is_certain else []
        mode = rule.mode
        if last == "open":
            mode = open_mode(self._mode_text(raw.arguments.get(0, "mode")))
        # The receiver itself is kept, so that callers are told apart when it is resolved.
        return [(mode, base, rule.via, False)]

    def _mode_text(self, value: Value | None) -> str:
        if value is None:
            return "r"
        found = text_of(self._resolver.resolve(value))
        return "?" if found is None or HOLE in found else found

    def _targets(self, value: Value, raw: RawCall, needs_path: bool) -> list[str]:
        """Workspace paths that a value may name; `*` where nothing is known of it."""
        function = raw.function
        resolved: list[Value] = []
        if function is not None and function.sites and not is_settled(value):
            for site in function.sites[:MAX_ALTERNATIVES]:
                binding = Binding(function, site, None, None)
                resolved.extend(alternatives(self._resolver.resolve(value, binding)))
        else:
            resolved.extend(alternatives(self._resolver.resolve(value)))
        targets: list[str] = []
        for each in resolved:
            if isinstance(each, OpenFile):
                each = self._resolver.resolve(each.target)
            for one in alternatives(each):
                target = self._target(one, raw, needs_path)
                if target and target not in targets:
                    targets.append(target)
        if len(targets) > 1 and "*" in targets:
            targets.remove("*")
        return targets

    def _target(self, value: Value, raw: RawCall, needs_path: bool) -> str:
        if isinstance(value, Text):
            if needs_path and not value.is_path and not _PATH_LIKE.search(value.text):
                return ""
            return workspace_path(value.text, raw.source.folder)
        if isinstance(value, Instance) and value.name in BUFFERS:
            return ""
        if isinstance(value, (External, Literal, LocalFunction, LocalClass, LocalModule)):
            return ""
        return "" if needs_path else "*"

    def _content(self, raw: RawCall, via: str) -> str | None:
        """The constant text that a call writes, or that is written to the file it opens."""
        if raw.opened is not None:
            written = raw.opened.written
            if not written:
                return None
            parts: list[str] = []
            for value in written:
                text = None if value is None else self._constant(value)
                if text is None:
                    return None
                parts.append(text)
            return "".join(parts)[:MAX_TEXT]
        if via.endswith((".write_text", ".write_bytes")) or via in _WRITES_FIRST:
            first = raw.arguments.get(0, "data", "obj")
            return None if first is None else self._constant(first)
        if via.endswith(".touch"):
            return ""
        return None

    def _constant(self, value: Value) -> str | None:
        text = literal_text(self._resolver.resolve(value))
        return None if text is None else text[:MAX_TEXT]


_FILE_FUNCTIONS = FUNCTIONS.keys() | OPEN_WITH_MODE.keys()
_WRITTEN_OUT = frozenset({Text, Literal, Items, Table})
_WRITES_FIRST = frozenset({"json.dump", "yaml.dump", "yaml.safe_dump", "toml.dump"})
_PATH_LIKE = re.compile(r"[/\\]|\.\w{1,12}$")


def _without_repeats(found: list[_Callee]) -> list[_Callee]:
    return list({(each.name, each.targets): each for each in found}.values())


def _local_name(owner: PythonSource, qualified: str, caller: PythonSource) -> str:
    return qualified if owner is caller else f"{owner.dotted}.{qualified}"


def import_fact(source: PythonSource, raw: RawImport, is_reached: bool) -> Import:
    """The import statement as a fact."""
    module = raw.module
    if raw.level:
        folder = source.path.split("/")[:-1]
        package = ".".join(folder[: max(0, len(folder) - raw.level + 1)])
        module = ".".join(filter(None, (package, module)))
    names = tuple(name for name, _ in raw.names)
    if raw.names:
        bound = {name for _, name in raw.names}
    else:
        bound = {raw.alias or raw.module.split(".", 1)[0]}
    is_used = source.is_package or "*" in bound or not bound.isdisjoint(source.used_names)
    return Import(
        source.path, raw.line, module, names, raw.alias, is_used, raw.is_local,
        raw.resolved_path, raw.is_resolved, raw.scope_name, is_reached, raw.missing_names,
    )  # fmt: skip


def definitions(source: PythonSource, resolver: Resolver) -> list[Definition]:
    """The definitions of a source in the order of its lines."""
    facts: list[Definition] = []
    for found in source.definitions:
        node = found.node
        first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        parameters: tuple[str, ...] = ()
        bases: tuple[str, ...] = ()
        if found.function is not None:
            parameters = _all_parameters(found.function)
            decorators = found.function.decorators
            body = function_body(found.function)
        else:
            assert found.cls is not None
            bases = tuple(
                base_name(value, written, resolver, source)
                for value, written in zip(found.cls.bases, found.cls.node.bases, strict=False)
            )
            decorators = found.cls.decorators
            body = class_body(found.cls)
        facts.append(
            Definition(
                source.path, found.name, found.qualified, found.kind, first,
                node.end_lineno or node.lineno, parameters, bases, decorators,
                ast.get_docstring(node, clean=False) or "", body,
                effective_statements(node.body),
            )
        )  # fmt: skip
    facts.sort(key=lambda fact: (fact.start_line, fact.qualified))
    return facts


def base_name(value: Value, written: ast.expr, resolver: Resolver, source: PythonSource) -> str:
    resolved = alternatives(resolver.resolve(value))[0]
    if isinstance(resolved, External):
        return resolved.name
    if isinstance(resolved, LocalClass):
        return _local_name(resolved.cls.source, resolved.cls.qualified, source)
    return written_name(written)


def _all_parameters(function: FunctionSource) -> tuple[str, ...]:
    arguments = function.node.args
    names = list(function.parameters)
    if arguments.vararg is not None:
        names.append(f"*{arguments.vararg.arg}")
    if arguments.kwarg is not None:
        names.append(f"**{arguments.kwarg.arg}")
    return tuple(names)


def docstring_lines(source: PythonSource) -> frozenset[int] | None:
    """Lines on which docstrings begin; None where the source was not parsed."""
    if source.tree is None:
        return None
    lines: set[int] = set()
    owners: list[ast.Module | ast.stmt] = [source.tree]
    owners.extend(found.node for found in source.definitions)
    for owner in owners:
        body = getattr(owner, "body", [])
        first = body[0] if body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(
            first.value.value, str
        ):  # fmt: skip
            lines.add(first.value.lineno)
    return frozenset(lines)
