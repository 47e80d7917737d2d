"""Reads the syntax tree of Python code for its facts, in the order of the text."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from judge.trajectory.code_facts import MOST_FACTS, CodeOrigin, OriginKind, PathGiven
from judge.trajectory.code_names import (
    MAKERS,
    PATH_KEYWORDS,
    READERS,
    TABLES,
    WRITERS,
    gives_data,
    is_bundled_data,
    is_download,
    is_literal,
    is_random,
    is_remote,
    is_size,
    names_data,
    takes_in_data,
)
from judge.trajectory.code_texts import (
    Scope,
    Texts,
    Write,
    as_json,
    looks_like_path,
    name_of,
    names_in,
)

LONGEST_LINE = 300
MOST_STATEMENTS = 10_000
_WRITING = frozenset({"write", "writelines", "writerow", "writerows"})
_GETTERS = ("requests.get", "urlopen", "httpx.get")
_SAVING = frozenset({"to_csv", "save", "savetxt", "savez"})


class CodeReader:
    """Collects what a module's code does with files, data, shells and printing."""

    def __init__(self, code: str, tree: ast.Module) -> None:
        self.lines = code.split("\n")
        self.tree = tree
        self.writes: list[Write] = []
        self.origins: list[CodeOrigin] = []
        self.shell: list[str] = []
        self.scripts: list[str] = []
        self.imports: list[str] = []
        self.names: set[str] = set()
        self.printed: list[str] = []
        self.given: list[PathGiven] = []
        self.sinks: set[tuple[str, int, str]] = set()
        self.aliases: dict[str, str] = {}
        self.texts = Texts(self.aliases)
        self.statements = 0
        self._opened_by: dict[ast.Call, Write | None] = {}

    def read(self) -> None:
        """Raises RecursionError for code that is nested too deeply."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    self.imports.append(alias.name)
                    top = alias.name.split(".")[0]
                    self.aliases[alias.asname or top] = alias.name if alias.asname else top
            elif isinstance(node, ast.ImportFrom):
                module = "." * node.level + (node.module or "")
                self.imports.append(module)
                for alias in node.names:
                    self.imports.append(f"{module}.{alias.name}")
                    self.aliases[alias.asname or alias.name] = f"{module}.{alias.name}"
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                self.names.add(node.id)
            elif isinstance(node, ast.Attribute):
                self.names.add(node.attr)
        self._statements(self.tree.body, Scope(""))

    def _statements(self, body: Iterable[ast.stmt], scope: Scope) -> None:
        for statement in body:
            self.statements += 1
            if self.statements > MOST_STATEMENTS:
                return
            match statement:
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    self._function(statement, scope)
                case ast.ClassDef():
                    self._statements(statement.body, scope.inner(statement.name))
                case ast.Assign(targets=targets, value=value):
                    self._bind(targets, value, scope)
                case ast.AnnAssign(target=target, value=ast.expr() as value):
                    self._bind([target], value, scope)
                case ast.AugAssign(target=target, value=value):
                    self._calls(value, scope)
                    if isinstance(target, ast.Name):
                        scope.texts.pop(target.id, None)
                        scope.typed.pop(target.id, None)
                        if self._is_foreign(value, scope):
                            scope.foreign.add(target.id)
                case ast.Return(value=ast.expr() as value):
                    self._calls(value, scope)
                    self._returned(value, scope)
                case ast.With() | ast.AsyncWith():
                    for item in statement.items:
                        named = [item.optional_vars] if item.optional_vars else []
                        self._bind(named, item.context_expr, scope)
                    self._statements(statement.body, scope)
                case ast.If(test=ast.Constant(value=constant)) if not constant:
                    self._statements(statement.orelse, scope)
                case ast.For() | ast.AsyncFor():
                    self._loop(statement, scope)
                case _:
                    self._other(statement, scope)

    def _other(self, statement: ast.stmt, scope: Scope) -> None:
        """The calls and the inner statements of any other statement."""
        for name in ("value", "test", "exc", "subject"):
            expression = getattr(statement, name, None)
            if isinstance(expression, ast.expr):
                self._calls(expression, scope)
        for name in ("body", "handlers", "cases", "orelse", "finalbody"):
            for inner in getattr(statement, name, ()):
                if isinstance(inner, ast.stmt):
                    self._statements([inner], scope)
                else:
                    self._statements(inner.body, scope)

    def _loop(self, statement: ast.For | ast.AsyncFor, scope: Scope) -> None:
        self._calls(statement.iter, scope)
        names = names_in(statement.target)
        for name in names:
            scope.forget(name)
        if self._is_foreign(statement.iter, scope):
            scope.foreign |= names
        elif (line := self._made_on(statement.iter, scope)) is not None:
            scope.made.update(dict.fromkeys(names, line))
        self._statements(statement.body + statement.orelse, scope)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> None:
        inner = scope.inner(node.name)
        arguments = node.args
        placed = [*arguments.posonlyargs, *arguments.args]
        defaults: dict[str, ast.expr | None] = dict(
            zip((a.arg for a in reversed(placed)), reversed(arguments.defaults), strict=False)
        )
        defaults.update(
            (a.arg, d) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        )
        is_method = bool(placed) and placed[0].arg in ("self", "cls")
        for at, argument in enumerate([*placed, *arguments.kwonlyargs]):
            name, default = argument.arg, defaults.get(argument.arg)
            inner.forget(name)
            inner.parameters[name] = at - is_method
            text = self.texts.text(default, scope)
            if text is not None:
                inner.texts[name] = text
            if default is None and not is_size(name):
                inner.foreign.add(name)
        self._statements(node.body, inner)

    def _bind(self, targets: list[ast.expr], value: ast.expr, scope: Scope) -> None:
        self._calls(value, scope)
        handle = self._opened_by.get(value) if isinstance(value, ast.Call) else None
        text, typed = self.texts.text(value, scope), self.texts.typed(value, scope)
        is_foreign, line = self._is_foreign(value, scope), self._made_on(value, scope)
        names = set().union(*map(names_in, targets)) if targets else set()
        for name in names:
            scope.forget(name)
        if len(targets) == 1 and isinstance(targets[0], ast.Name):
            name = targets[0].id
            if text is not None:
                scope.texts[name] = text
            if typed is not None:
                scope.typed[name] = typed
            if handle is not None:
                scope.handles[name] = handle
        if is_foreign:
            scope.foreign |= names
        elif line is not None:
            scope.made.update(dict.fromkeys(names, line))

    def _returned(self, value: ast.expr, scope: Scope) -> None:
        """A function that gives data and gives random or typed values makes its data up."""
        if not gives_data(scope.within):
            return
        line = self._made_on(value, scope)
        if line is not None and not self._is_foreign(value, scope):
            self._origin("made_up", line, None, scope)
        elif names_data(scope.within) and (self.texts.typed(value, scope) or "").startswith("["):
            self._origin("made_up", value.lineno, None, scope)

    def _calls(self, expression: ast.expr, scope: Scope) -> None:
        # Inner calls first, so that `open(…)` is known when its `write` is met.
        calls = [node for node in ast.walk(expression) if isinstance(node, ast.Call)]
        for node in reversed(calls):
            self._call(node, scope)

    def _call(self, node: ast.Call, scope: Scope) -> None:
        dotted = self.texts.dotted(node.func)
        owner, _, name = dotted.rpartition(".")
        self._origin_of_call(node, dotted, name, scope)
        if name == "print":
            self._print(node, scope)
        elif name == "open" and not owner.startswith(("PIL", "Image", "os", "webbrowser")):
            self._opened_by[node] = self._opened(node, owner, scope)
        elif name in _WRITING and isinstance(node.func, ast.Attribute):
            handle = self._handle(node.func.value, scope)
            if handle is not None:
                handle.add(self.texts.typed(node.args[0], scope) if node.args else None)
        elif name == "writer" and node.args:
            self._opened_by[node] = self._handle(node.args[0], scope)
        elif name in ("write_text", "write_bytes") and isinstance(node.func, ast.Attribute):
            typed = self.texts.typed(node.args[0], scope) if node.args else None
            self._add(node.func.value, typed, scope)
        elif owner == "shutil" and len(node.args) > 1:
            self._add(node.args[1], None, scope, is_copy=True)
        elif name == "urlretrieve" and len(node.args) > 1:
            self._add(node.args[1], None, scope, is_download=True)
        elif name in WRITERS:
            self._saved(node, name, scope)
        elif dotted in ("os.system", "os.popen", "runpy.run_path") or owner == "subprocess":
            self._started(node, dotted, scope)
        else:
            self._give(node, name, scope)

    def _opened(self, node: ast.Call, owner: str, scope: Scope) -> Write | None:
        arguments = list(node.args)
        if isinstance(node.func, ast.Attribute) and owner not in ("io", "codecs", "gzip"):
            target: ast.expr | None = node.func.value
        else:
            target = arguments.pop(0) if arguments else None
        modes = [keyword.value for keyword in node.keywords if keyword.arg == "mode"]
        mode = self.texts.text(next(iter(arguments or modes), None), scope)
        if target is not None and mode and mode[:1] in ("w", "a", "x"):
            return self._add(target, "", scope)
        path = self.texts.text(target, scope)
        if path and (mode is None or mode.startswith("r")) and path.endswith((".csv", ".tsv")):
            self._origin("loaded", node.lineno, path, scope)
        return None

    def _handle(self, node: ast.expr, scope: Scope) -> Write | None:
        """The file that an expression has open for writing, or None."""
        if isinstance(node, ast.Call):
            return self._opened_by.get(node)
        return scope.handles.get(name_of(node))

    def _print(self, node: ast.Call, scope: Scope) -> None:
        typed = [self.texts.typed(argument, scope) for argument in node.args]
        known = [text for text in typed if text is not None]
        self.printed += [text[:LONGEST_LINE] for text in known]
        for keyword in node.keywords:
            handle = self._handle(keyword.value, scope) if keyword.arg == "file" else None
            if handle is not None:
                handle.add(" ".join(known) + "\n" if len(known) == len(typed) else None)

    def _saved(self, node: ast.Call, name: str, scope: Scope) -> None:
        """A call such as `to_csv` or `dump`: the first argument that is a file or a path."""
        named = [keyword.value for keyword in node.keywords if keyword.arg in PATH_KEYWORDS]
        for argument in [*node.args, *named]:
            handle = self._handle(argument, scope)
            if handle is not None:
                is_typed = name == "dump" and bool(node.args) and is_literal(node.args[0])
                handle.add(as_json(node.args[0]) if is_typed else None)
                return
            path = self.texts.text(argument, scope)
            if (path and looks_like_path(path)) or name_of(argument) in scope.parameters:
                self._add(argument, None, scope)
                if path:
                    return

    def _started(self, node: ast.Call, dotted: str, scope: Scope) -> None:
        if not node.args:
            return
        first = node.args[0]
        text = self.texts.text(first, scope)
        if dotted == "runpy.run_path":
            self.scripts += [text] if text else []
        elif isinstance(first, ast.List | ast.Tuple):
            words = [self.texts.text(item, scope) for item in first.elts]
            if words and words[0] is None:  # sys.executable
                words[0] = "python"
            self.shell.append(" ".join(_quoted(word) for word in words if word is not None))
        elif text is not None:
            self.shell.append(text)

    def _give(self, node: ast.Call, name: str, scope: Scope) -> None:
        """Notes the paths that a call hands to a function, which may write to them."""
        given: list[tuple[int | str, ast.expr]] = list(enumerate(node.args))
        given += [(keyword.arg, keyword.value) for keyword in node.keywords if keyword.arg]
        for parameter, value in given:
            path = self.texts.text(value, scope)
            if path and looks_like_path(path) and len(self.given) < MOST_FACTS:
                self.given.append(PathGiven(name, parameter, path, scope.within))

    def _add(
        self,
        target: ast.expr,
        content: str | None,
        scope: Scope,
        *,
        is_download: bool = False,
        is_copy: bool = False,
    ) -> Write:
        """Notes a write to the path that an expression is, or to a parameter of the function."""
        name = name_of(target)
        if name in scope.parameters:
            self.sinks.add((scope.within, scope.parameters[name], name))
        path = self.texts.text(target, scope) or ""
        write = Write(path, scope.within, content, is_download, is_copy)
        if len(self.writes) < MOST_FACTS and looks_like_path(path):
            self.writes.append(write)
        return write

    def _origin_of_call(self, node: ast.Call, dotted: str, name: str, scope: Scope) -> None:
        path = self.texts.text(node.args[0], scope) if node.args else None
        if name in READERS:
            kind: OriginKind = "downloaded" if is_remote(path) else "loaded"
            self._origin(kind, node.lineno, path, scope)
        elif name in MAKERS:
            self._origin("made_up", node.lineno, None, scope)
        elif is_download(dotted, name, node) or (is_remote(path) and dotted.endswith(_GETTERS)):
            self._origin("downloaded", node.lineno, None, scope)
        elif is_bundled_data(name):
            self._origin("loaded", node.lineno, None, scope)
        elif name in _SAVING:
            receiver = node.func.value if isinstance(node.func, ast.Attribute) else None
            held = [name_of(item) for item in (receiver, *node.args) if item is not None]
            if any(item in scope.made for item in held):
                self._origin("made_up", node.lineno, path, scope)
        elif name in TABLES and not self._is_foreign(node, scope):
            line = self._made_on(node, scope)
            if line is not None:
                self._origin("made_up", line, None, scope)

    def _made_on(self, value: ast.expr, scope: Scope) -> int | None:
        """The line that draws the random values of an expression; None where it has none."""
        lines = []
        for node in ast.walk(value):
            if isinstance(node, ast.Call):
                if is_random(self.texts.dotted(node.func), node.args):
                    lines.append(node.lineno)
            elif isinstance(node, ast.Name) and node.id in scope.made:
                lines.append(scope.made[node.id])
        return min(lines, default=None)

    def _is_foreign(self, value: ast.expr, scope: Scope) -> bool:
        """Whether an expression takes in data from a file, a library or a caller."""
        for node in ast.walk(value):
            if isinstance(node, ast.Name) and node.id in scope.foreign:
                return True
            if isinstance(node, ast.Call):
                name = self.texts.dotted(node.func).rsplit(".", 1)[-1]
                if takes_in_data(name):
                    return True
        return False

    def _origin(self, kind: OriginKind, line: int, path: str | None, scope: Scope) -> None:
        text = self.lines[line - 1].strip()[:LONGEST_LINE] if line <= len(self.lines) else ""
        origin = CodeOrigin(kind, text, path, scope.within)
        if len(self.origins) < MOST_FACTS and origin not in self.origins[-20:]:
            self.origins.append(origin)


def _quoted(word: str) -> str:
    return "'" + word.replace("'", "'\\''") + "'"
