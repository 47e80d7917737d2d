"""What Python code that an agent typed says it writes, reads, downloads and makes up.

The code is parsed, never run. Facts of a function that nothing calls by name are told apart
(`within`), so that only code that can have been reached counts.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from judge.trajectory.actions import parsed_python

MOST_FACTS = 500
LONGEST_LINE = 300

_WRITERS = frozenset(
    "to_csv to_json to_parquet to_excel to_pickle to_html to_markdown to_hdf to_feather savefig "
    "save dump imwrite imsave mimsave save_model save_weights save_pretrained write_html "
    "write_image savetxt savez savez_compressed save_npz output write_parquet write_csv "
    "save_word2vec_format write_videofile export to_file".split()
)
_PATH_KEYWORDS = (
    "path",
    "fname",
    "file",
    "filename",
    "filepath",
    "path_or_buf",
    "fp",
    "path_or_buffer",
)
_READERS = frozenset(
    "read_csv read_table read_json read_excel read_parquet read_feather read_sql read_pickle "
    "loadtxt genfromtxt imread ImageFolder scan_csv load_files arff_load loadarff".split()
)
_DOWNLOADERS = frozenset(
    "urlretrieve load_dataset dataset_download fetch_ucirepo hf_hub_download snapshot_download "
    "competition_download_files dataset_download_files get_dataset fetch_dataset".split()
)
_MAKERS = frozenset(
    "make_classification make_regression make_blobs make_moons make_circles make_friedman1 "
    "make_friedman2 make_friedman3 make_s_curve make_swiss_roll make_multilabel_classification "
    "make_gaussian_quantiles make_sparse_uncorrelated make_low_rank_matrix".split()
)
_BUNDLED = re.compile(
    r"load_(?:iris|digits|wine|breast_cancer|diabetes|linnerud|boston|sample_images?)"
)
_RANDOM = re.compile(
    r"rand|randn|randint|random|random_sample|normal|uniform|integers|poisson|binomial|exponential|"
    r"standard_normal|multivariate_normal|beta|gamma|lognormal|choice|choices|gauss|rand_like|"
    r"random_integers|randrange|standard_t|laplace|logistic|weibull|dirichlet|multinomial|sentence|"
    r"paragraph"
)
_RANDOM_OWNERS = re.compile(
    r"(?:^|\.)(?:random|rng|rs|gen|generator|faker|fake|torch|random_state)$"
)
_SIZES = re.compile(
    r"n|k|size|length|rows|cols|columns|seed|shape|start|end|dates?|years?|num\w*|n_\w+|\w+_size|"
    r"\w*count\w*|random_state|self|cls|width|height|noise|path|\w+_path|filename"
)
_LOADER_NAME = re.compile(
    r"(?:load|get|generate|create|make|fetch|build|prepare|read|simulate|synth\w*|download|dummy|"
    r"sample|mock)(?:_\w+)?|\w*_(?:data|dataset|samples)"
)
_TABLES = frozenset({"DataFrame", "from_dict", "from_records", "Series", "TensorDataset"})
_LITERAL_STEPS = frozenset(
    "b64decode encode decode fromhex dedent strip join lstrip rstrip bytes str unhexlify "
    "decompress".split()
)

Kind = Literal["downloaded", "made_up", "loaded"]


@dataclass(frozen=True, slots=True)
class CodeWrite:
    """`content` is the text that the code carries as literals, None where it computes it."""

    path: str
    content: str | None
    is_download: bool
    is_copy: bool
    within: str


@dataclass(frozen=True, slots=True)
class CodeOrigin:
    """`line` is the line of the code that does it; `within` the function around it or ""."""

    kind: Kind
    line: str
    path: str | None
    within: str


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """What one text of Python code says; `names` are those that its code uses."""

    writes: tuple[CodeWrite, ...] = ()
    origins: tuple[CodeOrigin, ...] = ()
    shell: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()
    printed: tuple[str, ...] = ()
    parses: bool = True


@lru_cache(maxsize=1024)
def code_facts(code: str) -> CodeFacts:
    """The facts of a text of Python code, IPython's `%run` and `!` lines included. Never raises."""
    code, shell, scripts = _without_magics(code)
    tree = parsed_python(code)
    if tree is None:
        return CodeFacts(shell=tuple(shell), scripts=tuple(scripts), parses=False)
    reader = _Reader(code, tree)
    try:
        reader.read()
    except RecursionError:
        return CodeFacts(shell=tuple(shell), scripts=tuple(scripts), parses=False)
    return CodeFacts(
        writes=tuple(reader.written())[:MOST_FACTS],
        origins=tuple(reader.origins)[:MOST_FACTS],
        shell=(*shell, *reader.shell)[:MOST_FACTS],
        scripts=tuple(scripts) + tuple(reader.scripts),
        imports=tuple(reader.imports)[:MOST_FACTS],
        names=frozenset(reader.names),
        printed=tuple(reader.printed)[:MOST_FACTS],
    )


def _without_magics(code: str) -> tuple[str, list[str], list[str]]:
    """The code with IPython's own lines blanked, and what those run."""
    if not re.search(r"^[ \t]*[!%]", code, re.MULTILINE):
        return code, [], []
    shell: list[str] = []
    scripts: list[str] = []
    lines = code.split("\n")
    if lines[0].startswith(("%%bash", "%%sh")):
        return "", ["\n".join(lines[1:])], []
    for at, line in enumerate(lines):
        bare = line.lstrip()
        if bare.startswith("!"):
            shell.append(bare[1:])
        elif bare.startswith("%run "):
            scripts.append(bare[5:].split()[0] if bare[5:].split() else "")
        elif not bare.startswith("%"):
            continue
        lines[at] = line[: len(line) - len(bare)] + "pass"
    return "\n".join(lines), shell, [script for script in scripts if script]


@dataclass
class _Write:
    path: str
    within: str
    content: str | None = ""
    is_download: bool = False
    is_copy: bool = False

    def add(self, text: str | None) -> None:
        self.content = None if text is None or self.content is None else self.content + text


@dataclass
class _Scope:
    """What is known of names inside one function, or at module level."""

    within: str
    texts: dict[str, str] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)
    handles: dict[str, _Write] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    foreign: set[str] = field(default_factory=set)


class _Reader:
    def __init__(self, code: str, tree: ast.Module) -> None:
        self.lines = code.split("\n")
        self.tree = tree
        self.writes: list[_Write] = []
        self.origins: list[CodeOrigin] = []
        self.shell: list[str] = []
        self.scripts: list[str] = []
        self.imports: list[str] = []
        self.names: set[str] = set()
        self.printed: list[str] = []
        self.aliases: dict[str, str] = {}

    def read(self) -> None:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    self.imports.append(alias.name)
                    self.aliases[alias.asname or alias.name.split(".")[0]] = (
                        alias.name if alias.asname else alias.name.split(".")[0]
                    )
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
        self._statements(self.tree.body, _Scope(""))

    def written(self) -> Iterator[CodeWrite]:
        for write in self.writes:
            yield CodeWrite(
                write.path, write.content, write.is_download, write.is_copy, write.within
            )

    def _statements(self, body: Iterable[ast.stmt], scope: _Scope) -> None:
        """In the order of the text, so that a name is known by what it was bound to before."""
        for statement in body:
            match statement:
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    self._function(statement, scope)
                case ast.ClassDef():
                    inner = _Scope(scope.within, dict(scope.texts), dict(scope.typed))
                    self._statements(statement.body, inner)
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
                    self._returned(statement, value, scope)
                case (
                    ast.With(items=items, body=inner_body)
                    | ast.AsyncWith(items=items, body=inner_body)
                ):
                    for item in items:
                        self._bind(
                            [item.optional_vars] if item.optional_vars else [],
                            item.context_expr,
                            scope,
                        )
                    self._statements(inner_body, scope)
                case ast.If(test=ast.Constant(value=constant)) if not constant:
                    self._statements(statement.orelse, scope)
                case ast.For(target=target, iter=iterated):
                    self._calls(iterated, scope)
                    if self._is_foreign(iterated, scope):
                        scope.foreign |= _names_in(target)
                    if self._is_made(iterated, scope):
                        scope.made |= _names_in(target)
                    self._statements(statement.body + statement.orelse, scope)
                case ast.Try():
                    self._statements(statement.body, scope)
                    for handler in statement.handlers:
                        self._statements(handler.body, scope)
                    self._statements(statement.orelse + statement.finalbody, scope)
                case _:
                    for name in ("value", "test", "exc", "iter", "subject"):
                        expression = getattr(statement, name, None)
                        if isinstance(expression, ast.expr):
                            self._calls(expression, scope)
                    for name in ("body", "orelse"):
                        nested = getattr(statement, name, None)
                        if isinstance(nested, list):
                            self._statements(nested, scope)
                    for case in getattr(statement, "cases", []):
                        self._statements(case.body, scope)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: _Scope) -> None:
        inner = _Scope(scope.within or node.name, dict(scope.texts), dict(scope.typed))
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        defaults = dict(
            zip(
                [a.arg for a in reversed([*arguments.posonlyargs, *arguments.args])],
                reversed(arguments.defaults),
                strict=False,
            )
        )
        defaults.update(
            (a.arg, d)
            for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
            if d is not None
        )
        for argument in every:
            inner.texts.pop(argument.arg, None)
            inner.typed.pop(argument.arg, None)
            default = defaults.get(argument.arg)
            text = self._text(default, scope) if default is not None else None
            if text is not None:
                inner.texts[argument.arg] = text
            if default is None and not _SIZES.fullmatch(argument.arg):
                inner.foreign.add(argument.arg)
        self._statements(node.body, inner)

    def _bind(self, targets: list[ast.expr], value: ast.expr, scope: _Scope) -> None:
        handle = self._calls(value, scope)
        names = set().union(*(_names_in(target) for target in targets)) if targets else set()
        for name in names:
            scope.texts.pop(name, None)
            scope.typed.pop(name, None)
            scope.handles.pop(name, None)
            scope.made.discard(name)
            scope.foreign.discard(name)
        is_plain = len(targets) == 1 and isinstance(targets[0], ast.Name)
        if is_plain:
            (name,) = names
            text, typed = self._text(value, scope), self._typed(value, scope)
            if text is not None:
                scope.texts[name] = text
            if typed is not None:
                scope.typed[name] = typed
            if handle is not None:
                scope.handles[name] = handle
        if self._is_foreign(value, scope):
            scope.foreign |= names
        elif self._is_made(value, scope):
            scope.made |= names
            if _has_call(value, _TABLES):
                self._origin("made_up", self._random_line(value), None, scope)

    def _returned(self, statement: ast.Return, value: ast.expr, scope: _Scope) -> None:
        function = scope.within
        if not _LOADER_NAME.fullmatch(function.lower()):
            return
        if (
            (self._is_made(value, scope) and not self._is_foreign(value, scope))
            or any(
                isinstance(scope.typed.get(name), str) and scope.typed[name].startswith("[")
                for name in _names_in(value)
            )
            or (isinstance(value, ast.List) and len(value.elts) > 1 and _is_literal(value))
        ):
            self._origin("made_up", statement.lineno, None, scope)

    def _calls(self, expression: ast.expr, scope: _Scope) -> _Write | None:
        """Notes every call of an expression; the file handle that it is, if it is one."""
        handle: _Write | None = None
        for node in ast.walk(expression):
            if isinstance(node, ast.NamedExpr) and isinstance(node.target, ast.Name):
                scope.texts.pop(node.target.id, None)
            if isinstance(node, ast.Call):
                found = self._call(node, scope)
                if node is expression:
                    handle = found
        return handle

    def _call(self, node: ast.Call, scope: _Scope) -> _Write | None:
        dotted = self._dotted(node.func)
        name = dotted.rsplit(".", 1)[-1]
        owner = dotted.rpartition(".")[0]
        self._origin_of_call(node, dotted, name, scope)
        if name == "print":
            self._print(node, scope)
        elif name == "open" and not owner.startswith(("PIL", "Image", "os", "webbrowser")):
            return self._opened(node, owner, scope)
        elif name in ("write", "writelines", "writerow", "writerows"):
            self._written_to(node, scope)
        elif name == "writer" and node.args and isinstance(node.args[0], ast.Name):
            return scope.handles.get(node.args[0].id)
        elif name in ("write_text", "write_bytes") and isinstance(node.func, ast.Attribute):
            path = self._text(node.func.value, scope)
            if path and node.args:
                self._add(path, self._typed(node.args[0], scope), scope)
        elif name in ("copy", "copy2", "copyfile", "move", "copytree") and owner == "shutil":
            target = self._text(node.args[1], scope) if len(node.args) > 1 else None
            if target:
                self._add(target, None, scope).is_copy = True
        elif name == "urlretrieve":
            target = self._text(node.args[1], scope) if len(node.args) > 1 else None
            if target:
                self._add(target, None, scope).is_download = True
        elif name in ("dump", "save", *_WRITERS):
            self._saved(node, name, scope)
        elif dotted in ("os.system", "os.popen", "runpy.run_path") or owner == "subprocess":
            self._started(node, dotted, scope)
        return None

    def _opened(self, node: ast.Call, owner: str, scope: _Scope) -> _Write | None:
        arguments = list(node.args)
        if isinstance(node.func, ast.Attribute) and owner not in (
            "io",
            "codecs",
            "gzip",
            "builtins",
        ):
            path = self._text(node.func.value, scope)
        else:
            path = self._text(arguments.pop(0), scope) if arguments else None
        mode = self._text(arguments[0], scope) if arguments else None
        for keyword in node.keywords:
            if keyword.arg == "mode":
                mode = self._text(keyword.value, scope)
        if path and mode and mode[:1] in ("w", "a", "x"):
            return self._add(path, "", scope)
        if path and (mode is None or mode.startswith("r")) and path.endswith((".csv", ".tsv")):
            self._origin("loaded", node.lineno, path, scope)
        return None

    def _written_to(self, node: ast.Call, scope: _Scope) -> None:
        receiver = node.func.value if isinstance(node.func, ast.Attribute) else None
        handle: _Write | None = None
        if isinstance(receiver, ast.Name):
            handle = scope.handles.get(receiver.id)
        elif isinstance(receiver, ast.Call) and self.writes:
            # `open(p, "w").write(…)`: the walk meets the outer call first, so open it now.
            handle = None
        if isinstance(receiver, ast.Call) and self._dotted(receiver.func).endswith("open"):
            handle = self._opened(receiver, self._dotted(receiver.func).rpartition(".")[0], scope)
        if handle is not None:
            handle.add(self._typed(node.args[0], scope) if node.args else None)

    def _print(self, node: ast.Call, scope: _Scope) -> None:
        typed = [self._typed(argument, scope) for argument in node.args]
        for text in typed:
            if text:
                self.printed.append(text[:LONGEST_LINE])
        for keyword in node.keywords:
            if keyword.arg == "file" and isinstance(keyword.value, ast.Name):
                handle = scope.handles.get(keyword.value.id)
                if handle is not None:
                    known = [text for text in typed if text is not None]
                    handle.add(" ".join(known) + "\n" if len(known) == len(typed) else None)

    def _saved(self, node: ast.Call, name: str, scope: _Scope) -> None:
        named = [k.value for k in node.keywords if k.arg in _PATH_KEYWORDS]
        for argument in [*node.args, *named]:
            if isinstance(argument, ast.Name) and argument.id in scope.handles:
                literal = node.args[0] if name == "dump" and node.args else None
                is_typed = literal is not None and _is_literal(literal)
                scope.handles[argument.id].add(_as_json(literal) if is_typed and literal else None)
                return
            if isinstance(argument, ast.Call) and self._dotted(argument.func) == "open":
                handle = self._opened(argument, "", scope)
                if handle is not None:
                    is_typed = bool(node.args) and _is_literal(node.args[0])
                    handle.add(_as_json(node.args[0]) if is_typed else None)
                return
            path = self._text(argument, scope)
            if path and _looks_like_path(path):
                self._add(path, None, scope)
                return

    def _started(self, node: ast.Call, dotted: str, scope: _Scope) -> None:
        if not node.args:
            return
        first = node.args[0]
        if dotted == "runpy.run_path":
            path = self._text(first, scope)
            if path:
                self.scripts.append(path)
        elif isinstance(first, ast.List | ast.Tuple):
            words = [self._text(item, scope) for item in first.elts]
            if words and words[0] is None:  # sys.executable
                words[0] = "python"
            self.shell.append(" ".join(_quoted(word) for word in words if word is not None))
        elif (text := self._text(first, scope)) is not None:
            self.shell.append(text)

    def _add(self, path: str, content: str | None, scope: _Scope) -> _Write:
        write = _Write(path, scope.within, content)
        if len(self.writes) < MOST_FACTS and _looks_like_path(path):
            self.writes.append(write)
        return write

    def _origin_of_call(self, node: ast.Call, dotted: str, name: str, scope: _Scope) -> None:
        path = self._text(node.args[0], scope) if node.args else None
        is_remote = path is not None and path.startswith(("http://", "https://", "ftp://", "s3://"))
        if name in _READERS:
            self._origin("downloaded" if is_remote else "loaded", node.lineno, path, scope)
        elif name in _MAKERS:
            self._origin("made_up", node.lineno, None, scope)
        elif name in _DOWNLOADERS or _is_fetch(dotted, name, node):
            self._origin("downloaded", node.lineno, path if name == "load_dataset" else None, scope)
        elif is_remote and dotted in ("requests.get", "urllib.request.urlopen", "httpx.get"):
            self._origin("downloaded", node.lineno, None, scope)
        elif _BUNDLED.fullmatch(name) or (
            ".datasets." in f"{dotted}." and name in ("load_pandas",)
        ):
            self._origin("loaded", node.lineno, None, scope)
        elif name in ("to_csv", "save", "savetxt", "savez") and self._saves_made(node, scope):
            self._origin("made_up", node.lineno, path, scope)
        elif name in _TABLES and not self._is_foreign(node, scope) and self._is_made(node, scope):
            self._origin("made_up", self._random_line(node), None, scope)

    def _saves_made(self, node: ast.Call, scope: _Scope) -> bool:
        receiver = node.func.value if isinstance(node.func, ast.Attribute) else None
        candidates = [receiver, *node.args]
        return any(
            isinstance(item, ast.Name) and item.id in scope.made for item in candidates if item
        )

    def _random_line(self, value: ast.expr) -> int:
        """The line of the first random call of an expression, or of the expression."""
        lines = [
            node.lineno
            for node in ast.walk(value)
            if isinstance(node, ast.Call) and self._is_random(node)
        ]
        return min(lines, default=value.lineno)

    def _is_random(self, node: ast.Call) -> bool:
        dotted = self._dotted(node.func)
        owner, _, name = dotted.rpartition(".")
        if not _RANDOM.fullmatch(name):
            return False
        if name in ("choice", "choices") and node.args and not _is_literal(node.args[0]):
            return False
        return bool(_RANDOM_OWNERS.search(owner)) or owner.endswith(("default_rng", "RandomState"))

    def _is_made(self, value: ast.expr, scope: _Scope) -> bool:
        """Whether an expression holds random values or names bound to such."""
        return any(
            (isinstance(node, ast.Call) and self._is_random(node))
            or (isinstance(node, ast.Name) and node.id in scope.made)
            for node in ast.walk(value)
        )

    def _is_foreign(self, value: ast.expr, scope: _Scope) -> bool:
        """Whether an expression takes in data from a file, a library or a caller."""
        for node in ast.walk(value):
            if isinstance(node, ast.Name) and node.id in scope.foreign:
                return True
            if isinstance(node, ast.Call):
                name = self._dotted(node.func).rsplit(".", 1)[-1]
                if name in _READERS or name in _DOWNLOADERS or name in ("load", "open", "urlopen"):
                    return True
                if name.startswith(("load_", "read_", "fetch_", "get_", "predict")):
                    return True
        return False

    def _origin(self, kind: Kind, line: int, path: str | None, scope: _Scope) -> None:
        text = self.lines[line - 1].strip()[:LONGEST_LINE] if line <= len(self.lines) else ""
        origin = CodeOrigin(kind, text, path, scope.within)
        if len(self.origins) < MOST_FACTS and origin not in self.origins[-20:]:
            self.origins.append(origin)

    def _dotted(self, node: ast.expr) -> str:
        """The written name with import aliases put in: `np.random.rand` gives numpy's."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if isinstance(node, ast.Call):
            parts.append(self._dotted(node.func).rsplit(".", 1)[-1])
        elif isinstance(node, ast.Name):
            parts.append(self.aliases.get(node.id, node.id))
        return ".".join(reversed(parts))

    def _text(self, node: ast.expr | None, scope: _Scope) -> str | None:
        """The text of a path or a word as far as the code shows it, else None.

        An unknown beginning of a joined path is taken for the project's root, where such a name
        (`ROOT`, `BASE_DIR`) nearly always points.
        """
        match node:
            case ast.Constant(value=str() as text):
                return text
            case ast.Name(id=name):
                return scope.texts.get(name)
            case ast.JoinedStr(values=values):
                parts = [
                    self._text(v.value if isinstance(v, ast.FormattedValue) else v, scope)
                    for v in values
                ]
                if all(part is not None for part in parts):
                    return "".join(part for part in parts if part is not None)
                if parts and parts[0] is None and all(part is not None for part in parts[1:]):
                    return "".join(part for part in parts[1:] if part is not None).lstrip("/")
                return None
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                first, second = self._text(left, scope), self._text(right, scope)
                return first + second if first is not None and second is not None else None
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return _path_of([self._text(left, scope), self._text(right, scope)])
            case ast.Call(func=func, args=args):
                dotted = self._dotted(func)
                if dotted.endswith("path.join") or (dotted.endswith("Path") and len(args) > 1):
                    return _path_of([self._text(argument, scope) for argument in args])
                if dotted.rsplit(".", 1)[-1] in ("Path", "PurePath", "str", "abspath") and args:
                    return self._text(args[0], scope)
        return None

    def _typed(self, node: ast.expr, scope: _Scope) -> str | None:
        """The text of an expression that is built of literals alone, else None."""
        match node:
            case ast.Constant(value=str() as text):
                return text
            case ast.Constant(value=bytes() as data):
                return data[:LONGEST_LINE].decode("latin-1")
            case ast.Constant(value=value):
                return str(value)
            case ast.Name(id=name):
                return scope.typed.get(name)
            case ast.JoinedStr(values=values):
                parts = [
                    self._typed(v.value if isinstance(v, ast.FormattedValue) else v, scope)
                    for v in values
                ]
                return _all_joined(parts)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return _all_joined([self._typed(left, scope), self._typed(right, scope)])
            case ast.BinOp(left=left, op=ast.Mult(), right=ast.Constant()):
                return self._typed(left, scope)
            case ast.List() | ast.Tuple() | ast.Dict() if _is_literal(node):
                return _as_json(node)
            case ast.Call(func=func, args=args):
                name = self._dotted(func).rsplit(".", 1)[-1]
                if name in ("dumps",) and args and _is_literal(args[0]):
                    return _as_json(args[0])
                if name not in _LITERAL_STEPS:
                    return None
                receiver = func.value if isinstance(func, ast.Attribute) else None
                typed = [self._typed(argument, scope) for argument in args]
                if name in ("encode", "decode"):
                    typed = []
                if receiver is not None and not self._is_module(receiver):
                    typed.insert(0, self._typed(receiver, scope))
                return _all_joined(typed) if typed else None
        return None

    def _is_module(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and (
            node.id in self.aliases or node.id in ("bytes", "str")
        )


def _is_fetch(dotted: str, name: str, node: ast.Call) -> bool:
    """Library calls that bring data from the network."""
    if name.startswith("fetch_") and ("sklearn" in dotted or dotted == name):
        return True
    if "datasets" in dotted and name == "load_data":  # tf.keras.datasets.mnist.load_data
        return True
    if dotted in (
        "nltk.download",
        "kagglehub.dataset_download",
        "yfinance.download",
        "wget.download",
    ):
        return True
    if dotted in ("gdown.download", "seaborn.load_dataset", "gensim.downloader.load"):
        return True
    return any(
        k.arg == "download" and isinstance(k.value, ast.Constant) and k.value.value is True
        for k in node.keywords
    )


def _path_of(parts: list[str | None]) -> str | None:
    """Joined parts of a path of which only the beginning may be unknown."""
    known = parts[1:] if parts and parts[0] is None else parts
    if not known or any(part is None for part in known):
        return None
    return "/".join(part.rstrip("/") or "/" for part in known if part is not None)


def _looks_like_path(text: str) -> bool:
    return 0 < len(text) <= 300 and "\n" not in text and bool(re.search(r"[./]", text))


def _names_in(node: ast.expr) -> set[str]:
    return {item.id for item in ast.walk(node) if isinstance(item, ast.Name)}


def _has_call(node: ast.expr, names: frozenset[str]) -> bool:
    return any(
        isinstance(item, ast.Call)
        and (
            (isinstance(item.func, ast.Attribute) and item.func.attr in names)
            or (isinstance(item.func, ast.Name) and item.func.id in names)
        )
        for item in ast.walk(node)
    )


def _is_literal(node: ast.expr) -> bool:
    """Whether an expression is made of constants, lists and dictionaries alone."""
    return all(
        isinstance(
            item,
            ast.Constant
            | ast.List
            | ast.Tuple
            | ast.Dict
            | ast.Set
            | ast.Load
            | ast.UnaryOp
            | ast.USub,
        )
        for item in ast.walk(node)
    )


def _as_json(node: ast.expr) -> str:
    try:
        return json.dumps(ast.literal_eval(node), default=str, ensure_ascii=False)
    except (ValueError, TypeError, RecursionError, MemoryError, SyntaxError):
        return ""


def _all_joined(parts: list[str | None]) -> str | None:
    known = [part for part in parts if part is not None]
    return "".join(known) if len(known) == len(parts) else None


def _quoted(word: str) -> str:
    return "'" + word.replace("'", "'\\''") + "'"
