"""Reads one Python file from top to bottom without running it: what its names hold, what it calls,
and which of its code can run."""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from judge.code.command_lines import take_option
from judge.code.folding import ADD
from judge.code.python_expressions import ExpressionReader, defaults_of
from judge.code.python_frames import Frame, RawCall, external_name, written_name
from judge.code.python_imports import Project
from judge.code.python_source import (
    Found,
    FunctionNode,
    FunctionSource,
    PythonSource,
    RawImport,
    declare_class,
    declare_function,
)
from judge.code.static_truth import is_main_guard, truth_of
from judge.code.values import (
    UNKNOWN,
    Arguments,
    External,
    Instance,
    Items,
    LocalClass,
    LocalFunction,
    LocalModule,
    ModuleName,
    Parameter,
    Text,
    Value,
    one_of,
)

_MAX_SITES = 16
_EXITS = frozenset({"sys.exit", "exit", "quit", "os._exit"})
_REGISTERING = frozenset(
    """
    route get post put patch delete websocket websocket_route head options command group callback
    event on on_event task handler message_handler callback_query_handler errorhandler
    before_request after_request teardown_request before_first_request teardown_appcontext
    exception_handler middleware listener listen listens_for receiver subscribe tool job
    scheduled_job user_loader context_processor template_filter app_context_processor
    shell_context_processor cli hook register asset dag flow action resource agent entrypoint
    query mutation field on_message on_startup
    """.split()
)
_REGISTERING_WORDS = ("register", "route", "command", "handler", "hook", "subscribe", "listener")
_PURE_DECORATORS = frozenset(
    "property setter getter deleter staticmethod classmethod abstractmethod overload".split()
)


@dataclass(slots=True, eq=False)
class _Waiting:
    function: FunctionSource
    parent: Frame
    is_dead: bool


class Reader(ExpressionReader):
    """Reads one source; calls are appended to `calls` in the order they are met."""

    def __init__(self, source: PythonSource, project: Project, calls: list[RawCall]) -> None:
        super().__init__(source, project, calls)
        self._waiting: deque[_Waiting] = deque()

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
        for each, default in defaults_of(node.args):
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
                take_option(function, arguments)
            is_registering = ("." in name and last in _REGISTERING) or any(
                word in last.lower() for word in _REGISTERING_WORDS
            )
            if is_registering and not self._dead:
                self._frame.scope.references.add(key)
        return tuple(names)


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
