"""Reads one Python file from top to bottom without running it: what its names hold, what it calls,
and which of its code can run."""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from judge.code.folding import ADD, CONCATENATE, DIVIDE, PERCENT
from judge.code.libraries import BUILTINS
from judge.code.python_imports import Project
from judge.code.python_source import (
    ClassSource,
    Found,
    FunctionNode,
    FunctionSource,
    PythonSource,
    RawImport,
    Scope,
    declare_class,
    declare_function,
)
from judge.code.resolving import Resolver
from judge.code.static_truth import is_main_guard, truth_of
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
    Parameter,
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
_MAX_SITES = 16
_MAX_CALLS = 50_000
_MAX_LITERAL_ITEMS = 200
_EXITS = frozenset({"sys.exit", "exit", "quit", "os._exit"})
_REGISTERING = frozenset(
    """
    route get post put patch delete websocket websocket_route head options command group callback
    event on on_event task handler message_handler callback_query_handler errorhandler
    before_request after_request teardown_request before_first_request teardown_appcontext
    exception_handler middleware listener listen listens_for receiver subscribe tool job
    scheduled_job user_loader context_processor template_filter app_context_processor
    shell_context_processor cli hook register step asset dag flow action resource agent entrypoint
    main query mutation field on_message on_startup
    """.split()
)
_REGISTERING_WORDS = ("register", "route", "command", "handler", "hook", "subscribe", "listener")
_CHANGING = frozenset("append extend insert add update remove pop clear".split())
_DUMPERS = frozenset({"json.dump", "yaml.dump", "yaml.safe_dump", "toml.dump", "print"})
_PURE_DECORATORS = frozenset(
    "property setter getter deleter staticmethod classmethod abstractmethod overload".split()
)


@dataclass(slots=True, eq=False)
class Frame:
    """Where names are looked up: one function's, class body's or module's own."""

    names: dict[str, Value]
    parent: Frame | None
    scope: Scope
    scope_name: str
    function: FunctionSource | None = None
    cls: ClassSource | None = None
    global_names: set[str] = field(default_factory=set)


@dataclass(slots=True, eq=False)
class RawCall:
    """A call as read; what it means is resolved when every file has been read."""

    source: PythonSource
    node: ast.Call
    scope: Scope
    scope_name: str
    function: FunctionSource | None
    callee: Value
    written: str
    arguments: Arguments
    is_dead: bool
    is_used: bool
    opened: OpenFile | None


@dataclass(slots=True, eq=False)
class _Waiting:
    function: FunctionSource
    parent: Frame
    is_dead: bool


class Reader:
    """Reads one source; calls are appended to `calls` in the order they are met."""

    def __init__(self, source: PythonSource, project: Project, calls: list[RawCall]) -> None:
        self.source = source
        self.calls = calls
        self._project = project
        self._resolver = Resolver()
        self._waiting: deque[_Waiting] = deque()
        self._frame = Frame(source.names, None, source.scope, "")
        self._dead = 0
        self._depth = 0
        self._branches: list[dict[str, Value | None]] = []
        self._stars: list[PythonSource] = []
        self._calls_left = _MAX_CALLS
        self._has_opened = False

    def read(self) -> None:
        tree = self.source.tree
        if tree is None:
            return
        self._guarded(self._frame, tree.body)
        while self._waiting:
            waiting = self._waiting.popleft()
            function = waiting.function
            frame = Frame(
                self._parameters(function),
                waiting.parent,
                function.scope,
                function.qualified,
                function,
            )
            self._dead = int(waiting.is_dead)
            self._guarded(frame, function.node.body)

    def _guarded(self, frame: Frame, body: list[ast.stmt]) -> None:
        self._frame = frame
        self._depth = 0
        self._branches = []
        try:
            self._block(body)
        except RecursionError:
            self.source.fault = "read in part: nested too deeply"

    def _parameters(self, function: FunctionSource) -> dict[str, Value]:
        names: dict[str, Value] = {name: Parameter(function, name) for name in function.parameters}
        arguments = function.node.args
        for extra in (arguments.vararg, arguments.kwarg):
            if extra is not None:
                names[extra.arg] = UNKNOWN
        if function.first_argument and function.parameters and function.cls is not None:
            first = function.parameters[0]
            cls = function.cls
            if first == "cls" or "classmethod" in function.decorators:
                names[first] = LocalClass(cls)
            else:
                names[first] = Instance(cls.qualified, cls, None, is_self=True)
        return names

    # Statements

    def _block(self, body: list[ast.stmt]) -> bool:
        """Reads statements; whether control surely does not come out at their end."""
        is_over = False
        for node in body:
            handler = _STATEMENTS.get(type(node))
            if handler is None:
                self._children(node)
            elif handler(self, node) and not is_over:
                is_over = True
                self._dead += 1
        if is_over:
            self._dead -= 1
        return is_over

    def _dead_block(self, body: list[ast.stmt]) -> None:
        self._dead += 1
        self._block(body)
        self._dead -= 1

    def _branch(self, body: list[ast.stmt]) -> tuple[dict[str, Value | None], bool]:
        """Reads statements that may or may not run, and takes their assignments back.

        Returns what they left in the names they assign, and whether they end in an exit.
        """
        names = self._frame.names
        before: dict[str, Value | None] = {}
        self._branches.append(before)
        is_over = self._block(body)
        self._branches.pop()
        after: dict[str, Value | None] = {name: names.get(name) for name in before}
        for name, value in before.items():
            if value is None:
                names.pop(name, None)
            else:
                names[name] = value
        return after, is_over

    def _merge(self, outcomes: list[dict[str, Value | None]]) -> None:
        """After alternatives, a name holds what any of them left in it."""
        for name in dict.fromkeys(name for outcome in outcomes for name in outcome):
            old = self._frame.names.get(name)
            values = [
                value
                for outcome in outcomes
                for value in (outcome.get(name, old),)
                if value is not None
            ]
            self._set(name, one_of(values))

    def _if(self, node: ast.If) -> bool:
        outcomes: list[dict[str, Value | None]] = []
        ends: list[bool] = []
        deadened = 0
        while True:
            self._expression(node.test)
            truth = truth_of(node.test, self._is_flag)
            if is_main_guard(node.test) and not self._dead:
                self.source.has_main = True
            if truth is False:
                self._dead_block(node.body)
            else:
                after, is_over = self._branch(node.body)
                ends.append(is_over)
                if not is_over:
                    outcomes.append(after)
            if truth is True:
                self._dead += 1
                deadened += 1
            following = node.orelse
            if len(following) == 1 and isinstance(following[0], ast.If):
                node = following[0]
                continue
            after, is_over = self._branch(following) if following else ({}, False)
            if not deadened:
                ends.append(is_over)
                if not is_over:
                    outcomes.append(after)
            break
        self._dead -= deadened
        self._merge(outcomes)
        return all(ends)

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

    def _for(self, node: ast.For | ast.AsyncFor) -> bool:
        self._assign(node.target, self._each(self._expression(node.iter)))
        self._loop(node.body, node.orelse)
        return False

    def _loop(self, body: list[ast.stmt], orelse: list[ast.stmt]) -> None:
        after, _ = self._branch(body)
        self._merge([{}, after])
        if orelse:
            after, _ = self._branch(orelse)
            self._merge([{}, after])

    def _while(self, node: ast.While) -> bool:
        self._expression(node.test)
        truth = truth_of(node.test, self._is_flag)
        if truth is False:
            self._dead_block(node.body)
            return self._block(node.orelse)
        self._loop(node.body, node.orelse)
        return truth is True and not any(isinstance(each, ast.Break) for each in ast.walk(node))

    def _try(self, node: ast.Try) -> bool:
        after, is_over = self._branch(node.body)
        outcomes = [] if is_over else [after]
        ends = [is_over]
        for handler in node.handlers:
            if handler.type is not None:
                self._expression(handler.type)
            if handler.name:
                self._set(handler.name, UNKNOWN)
            after, is_over = self._branch(handler.body)
            ends.append(is_over)
            if not is_over:
                outcomes.append(after)
        self._merge(outcomes)
        if node.orelse:
            after, is_over = self._branch(node.orelse)
            self._merge([{}, after])
            ends[0] = ends[0] or is_over
        return self._block(node.finalbody) or all(ends)

    def _with(self, node: ast.With | ast.AsyncWith) -> bool:
        for item in node.items:
            value = self._expression(item.context_expr)
            if item.optional_vars is not None:
                self._assign(item.optional_vars, value)
        self._block(node.body)
        return False  # a context manager may swallow what ends the body

    def _match(self, node: ast.Match) -> bool:
        self._expression(node.subject)
        outcomes: list[dict[str, Value | None]] = [{}]
        for case in node.cases:
            for each in ast.walk(case.pattern):
                name = getattr(each, "name", None)
                if isinstance(name, str):
                    self._set(name, UNKNOWN)
            if case.guard is not None:
                self._expression(case.guard)
            after, is_over = self._branch(case.body)
            if not is_over:
                outcomes.append(after)
        self._merge(outcomes)
        return False

    def _return(self, node: ast.Return) -> bool:
        if node.value is not None:
            value = self._expression(node.value)
            function = self._frame.function
            if function is not None and not self._dead and len(function.returns) < _MAX_SITES:
                function.returns.append(value)
        return True

    def _raise(self, node: ast.Raise) -> bool:
        self._children(node)
        return True

    def _jump(self, _: ast.stmt) -> bool:
        return True

    def _expression_statement(self, node: ast.Expr) -> bool:
        value = node.value
        if isinstance(value, ast.Await):
            value = value.value
        if isinstance(value, ast.Call):
            callee = self._call(value, is_used=False)[0]
            return isinstance(callee, External) and callee.name in _EXITS
        self._expression(value)
        return False

    def _global(self, node: ast.Global) -> bool:
        self._frame.global_names.update(node.names)
        return False

    def _assignment(self, node: ast.Assign) -> bool:
        value = self._expression(node.value)
        for target in node.targets:
            self._assign(target, value)
        return False

    def _annotated(self, node: ast.AnnAssign) -> bool:
        self._annotation(node.annotation)
        if node.value is not None:
            self._assign(node.target, self._expression(node.value))
        return False

    def _augmented(self, node: ast.AugAssign) -> bool:
        value = self._expression(node.value)
        old = self._expression(node.target)
        is_text = isinstance(node.op, ast.Add) and isinstance(old, (Text, Items))
        self._assign(
            node.target, self._result(External(ADD), Arguments((old, value), {})) if is_text
            else UNKNOWN,
        )  # fmt: skip
        return False

    def _import(self, node: ast.Import) -> bool:
        for item in node.names:
            module = self._project.find(self.source.path, item.name, 0)
            is_folder = module is None and self._project.is_folder(item.name)
            raw = self._record_import(node.lineno, item.name, 0, (), item.asname or "", module)
            raw.is_local = raw.is_local or is_folder
            if item.asname:
                self._set(item.asname, self._module_value(item.name, module))
            else:
                top = item.name.split(".", 1)[0]
                owner = module if top == item.name else self._project.find(
                    self.source.path, top, 0
                )  # fmt: skip
                known = self._frame.names.get(top)
                if not (isinstance(known, LocalModule) and known.source is owner):
                    self._set(top, self._module_value(top, owner))
        return False

    def _module_value(self, name: str, module: PythonSource | None) -> Value:
        return External(name) if module is None else LocalModule(module)

    def _import_from(self, node: ast.ImportFrom) -> bool:
        path = self.source.path
        written = node.module or ""
        module = self._project.find(path, written, node.level)
        if module is None and written and not node.level:
            module = self._project.find_by_names(path, written, [each.name for each in node.names])
        names: list[tuple[str, str]] = []
        pending: list[tuple[str, str, PythonSource]] = []
        for item in node.names:
            bound = item.asname or item.name
            if item.name == "*":
                names.append(("*", "*"))
                if module is not None:
                    self._stars.append(module)
                    self.source.has_star_import = True
                continue
            submodule = None
            if module is None or module.is_package:
                inner = f"{written}.{item.name}" if written else item.name
                submodule = self._project.find(path, inner, node.level)
            if submodule is not None and (module is None or item.name not in module.names):
                pending.append((item.name, bound, submodule))
                self._set(bound, LocalModule(submodule))
                continue
            names.append((item.name, bound))
            if module is not None:
                known = module.names.get(item.name)
                self._set(
                    bound,
                    known
                    if isinstance(known, (LocalFunction, LocalClass))
                    else ModuleName(module, item.name),
                )
            elif node.level or not written:
                self._set(bound, UNKNOWN)
            else:
                self._set(bound, External(f"{written}.{item.name}"))
        for name, bound, submodule in pending:
            inner = f"{written}.{name}" if written else name
            self._record_import(
                node.lineno, inner, node.level, (), bound if bound != name else "", submodule
            )
        if names or not pending:
            self._record_import(node.lineno, written, node.level, tuple(names), "", module)
        return False

    def _record_import(
        self,
        line: int,
        module: str,
        level: int,
        names: tuple[tuple[str, str], ...],
        alias: str,
        found: PythonSource | None,
    ) -> RawImport:
        raw = RawImport(
            line, module, level, names, alias, self._frame.scope, self._frame.scope_name,
            bool(self._dead),
        )  # fmt: skip
        if found is not None:
            raw.is_local, raw.resolved_path = True, found.path
            if not self._dead:
                self._frame.scope.imports.add(found.path)
        else:
            raw.is_resolved = not self._project.is_expected(self.source.path, module, level)
        self.source.imports.append(raw)
        return raw

    def _function(self, node: FunctionNode) -> bool:
        frame = self._frame
        prefix = frame.cls.qualified if frame.cls is not None else frame.scope_name
        function = declare_function(self.source, node, prefix, frame.cls)
        for each, default in _defaults(node.args):
            function.defaults[each.arg] = self._expression(default)
        for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
            if each.annotation is not None:
                function.annotations[each.arg] = self._annotation(each.annotation)
        if node.returns is not None:
            self._annotation(node.returns)
        function.decorators = self._decorators(node, function.scope.key, function)
        self.source.definitions.append(
            Found(
                "method" if frame.cls is not None else "function",
                node.name, function.qualified, node, function, None,
            )
        )  # fmt: skip
        self._set(node.name, LocalFunction(function))
        parent = frame.parent if frame.cls is not None else frame
        self._waiting.append(_Waiting(function, parent or frame, bool(self._dead)))
        return False

    def _class(self, node: ast.ClassDef) -> bool:
        frame = self._frame
        prefix = frame.cls.qualified if frame.cls is not None else frame.scope_name
        cls = declare_class(self.source, node, prefix)
        for base in node.bases:
            value = self._expression(base, is_reference=False)
            cls.bases.append(value)
        for keyword in node.keywords:
            self._expression(keyword.value)
        cls.decorators = self._decorators(node, cls.key, None)
        self.source.definitions.append(Found("class", node.name, cls.qualified, node, None, cls))
        self._set(node.name, LocalClass(cls))
        branches, self._branches = self._branches, []
        self._frame = Frame({}, frame, frame.scope, cls.qualified, None, cls)
        self._block(node.body)
        for name, value in self._frame.names.items():
            if name not in cls.methods:
                cls.attributes.setdefault(name, []).append(value)
        self._frame, self._branches = frame, branches
        return False

    def _decorators(
        self, node: FunctionNode | ast.ClassDef, key: tuple[str, str],
        function: FunctionSource | None,
    ) -> tuple[str, ...]:  # fmt: skip
        names: list[str] = []
        for decorator in node.decorator_list:
            value = self._expression(decorator, is_reference=False)
            inner: ast.expr = decorator
            arguments = None
            if isinstance(decorator, ast.Call):
                inner = decorator.func
                call = self.calls[-1] if self.calls else None
                if call is not None and call.node is decorator:
                    value, arguments = call.callee, call.arguments
            name = external_name(value) or written_name(inner)
            names.append(name)
            last = name.rsplit(".", 1)[-1]
            if last in _PURE_DECORATORS:
                continue
            if isinstance(value, LocalFunction):
                self._frame.scope.calls.add(value.function.scope.key)
            if arguments is not None and function is not None and last in ("option", "argument"):
                _take_option(function, arguments)
            is_registering = ("." in name and last in _REGISTERING) or any(
                word in last.lower() for word in _REGISTERING_WORDS
            )
            if is_registering and not self._dead:
                self._frame.scope.references.add(key)
        return tuple(names)

    def _children(self, node: ast.AST) -> bool:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self._expression(child)
        return False

    # Names

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

    # Expressions

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
            if isinstance(base, (Unknown, Instance, Several, *SYMBOLIC)):
                self._frame.scope.loose_names.add(node.attr)
        return value

    def _member(self, base: Value, name: str) -> Value:
        match base:
            case External(name="os") if name == "sep":
                return Text("/")
            case External(name=owner):
                return External(f"{owner}.{name}")
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
        for _, default in _defaults(node.args):
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
        if isinstance(callee, Unknown):
            return UNKNOWN
        if isinstance(callee, Several):
            return one_of([self._result(each, arguments) for each in callee.values])
        if isinstance(callee, Lookup) and isinstance(callee.base, CommandLine):
            _note_argument(callee.base, callee.key, arguments)
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


def note_site(callee: Value, arguments: Arguments) -> None:
    """Tells a function of the workspace what a caller passes it."""
    if isinstance(callee, LocalFunction):
        if len(callee.function.sites) < _MAX_SITES:
            callee.function.sites.append(arguments)
    elif isinstance(callee, LocalClass):
        constructor = callee.cls.method("__init__")
        if constructor is not None and len(constructor.sites) < _MAX_SITES:
            constructor.sites.append(arguments)


def written_name(node: ast.expr) -> str:
    """A callee as written, with calls and items in it shortened to () and []."""
    if type(node) is ast.Attribute and type(node.value) is ast.Name:
        return f"{node.value.id}.{node.attr}"
    tail: list[str] = []
    while True:
        if isinstance(node, ast.Attribute):
            tail.append("." + node.attr)
            node = node.value
        elif isinstance(node, ast.Call):
            tail.append("()")
            node = node.func
        elif isinstance(node, ast.Subscript):
            tail.append("[]")
            node = node.value
        else:
            break
    if isinstance(node, ast.Name):
        head = node.id
    else:
        head = "''" if isinstance(node, (ast.Constant, ast.JoinedStr)) else "…"
    return head + "".join(reversed(tail))


def external_name(value: Value) -> str:
    """The dotted name of a library's function, or of a method of a library's object."""
    if isinstance(value, External):
        return value.name
    if isinstance(value, Lookup) and isinstance(value.base, Instance) and value.base.cls is None:
        return f"{value.base.name}.{value.key}"
    return ""


def _defaults(arguments: ast.arguments) -> Iterable[tuple[ast.arg, ast.expr]]:
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


def _note_argument(parser: CommandLine, method: str | int, arguments: Arguments) -> None:
    """Keeps the default of an argparse argument."""
    if method == "set_defaults":
        parser.defaults.update(arguments.keywords)
    if method != "add_argument":
        return
    action = arguments.keywords.get("action")
    default = arguments.keywords.get("default")
    if default is None and isinstance(action, Text):
        default = {"store_true": Literal(False), "store_false": Literal(True)}.get(action.text)
    name = _option_name(arguments)
    if name:
        parser.defaults[name] = UNKNOWN if default is None else default


def _option_name(arguments: Arguments) -> str:
    given = arguments.keywords.get("dest")
    if isinstance(given, Text):
        return given.text
    flags = [each.text for each in arguments.positional if isinstance(each, Text)]
    long = [flag for flag in flags if flag.startswith("--")]
    named = [flag for flag in flags if not flag.startswith("-")]
    chosen = (named or long or flags or [""])[0]
    return chosen.split("/", 1)[0].lstrip("-").replace("-", "_")


def _take_option(function: FunctionSource, arguments: Arguments) -> None:
    """Keeps the default of a click option as that of the parameter it fills."""
    default = arguments.keywords.get("default")
    name = _option_name(arguments)
    if default is not None and name in function.parameters:
        function.defaults[name] = default


_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: ADD,
    ast.Div: DIVIDE,
    ast.Mod: PERCENT,
}
_STATEMENTS: dict[type[ast.stmt], Callable[[Reader, Any], bool]] = {
    ast.If: Reader._if,
    ast.For: Reader._for,
    ast.AsyncFor: Reader._for,
    ast.While: Reader._while,
    ast.Try: Reader._try,
    ast.TryStar: Reader._try,
    ast.With: Reader._with,
    ast.AsyncWith: Reader._with,
    ast.Match: Reader._match,
    ast.Return: Reader._return,
    ast.Raise: Reader._raise,
    ast.Continue: Reader._jump,
    ast.Break: Reader._jump,
    ast.Expr: Reader._expression_statement,
    ast.Global: Reader._global,
    ast.Assign: Reader._assignment,
    ast.AnnAssign: Reader._annotated,
    ast.AugAssign: Reader._augmented,
    ast.Import: Reader._import,
    ast.ImportFrom: Reader._import_from,
    ast.FunctionDef: Reader._function,
    ast.AsyncFunctionDef: Reader._function,
    ast.ClassDef: Reader._class,
}
_EXPRESSIONS: dict[type[ast.AST], Callable[[Reader, Any], Value]] = {
    ast.Attribute: Reader._attribute,
    ast.Call: Reader._call_expression,
    ast.Subscript: Reader._subscript,
    ast.Slice: Reader._slice,
    ast.List: Reader._sequence,
    ast.Tuple: Reader._sequence,
    ast.Set: Reader._sequence,
    ast.Dict: Reader._dictionary,
    ast.JoinedStr: Reader._format,
    ast.BinOp: Reader._operation,
    ast.IfExp: Reader._alternative,
    ast.BoolOp: Reader._boolean,
    ast.UnaryOp: Reader._negation,
    ast.NamedExpr: Reader._named,
    ast.Lambda: Reader._lambda,
    ast.ListComp: Reader._comprehension,
    ast.SetComp: Reader._comprehension,
    ast.GeneratorExp: Reader._comprehension,
    ast.DictComp: Reader._comprehension,
    ast.Await: Reader._inner,
    ast.Starred: Reader._inner,
}
