"""Folds what code computes of texts and paths: joins, formats, parents of `__file__`."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from itertools import product

from judge.code.values import (
    HOLE,
    MAX_ALTERNATIVES,
    MAX_TEXT,
    ROOT,
    UNKNOWN,
    Arguments,
    Items,
    Text,
    Value,
    alternatives,
    one_of,
    text_of,
)

CONCATENATE = "·concatenate"
ADD = "·add"
DIVIDE = "·divide"
PERCENT = "·percent"
"""Operators under names of their own, so that they resolve like calls of functions."""

_FORMAT_FIELD = re.compile(r"\{\{|\}\}|\{([^{}:!]*+)[^{}]*+\}")
_PERCENT_FIELD = re.compile(r"%%|%(?:\((\w++)\))?[#0\- +]*+\d*+(?:\.\d++)?[a-zA-Z]")
_HOLES = re.compile(f"{HOLE}+")


def hole(value: Value) -> str:
    """The value's text, or a hole where it has none."""
    text = text_of(value)
    return HOLE if text is None else text


def join_paths(parts: list[str]) -> str:
    """The path of all parts; one that is anchored or absolute drops those before it."""
    joined = ""
    for part in parts:
        if part.startswith(("/", ROOT)):
            joined = part
        elif joined and part:
            joined = f"{joined.rstrip('/')}/{part}"
        else:
            joined = joined or part
    return joined


def parent_of(path: str) -> str:
    normal = _normal(path)
    if normal == ROOT:
        return ""
    return posixpath.dirname(normal)


def _normal(path: str) -> str:
    return posixpath.normpath(path) if path else ""


def _joined(texts: list[str]) -> Value:
    return Text(join_paths(texts))


def _path(texts: list[str]) -> Value:
    return Text(join_paths([each for each in texts if each != "."]), is_path=True)


def _last_of(path: str) -> str:
    return posixpath.basename(_normal(path))


def _stem(path: str) -> str:
    return posixpath.splitext(_last_of(path))[0]


def _globbed(texts: list[str]) -> Value:
    return Items((Text(texts[0] if texts else HOLE),))


def _same(texts: list[str]) -> Value:
    return Text(texts[0] if texts else HOLE)


_FUNCTIONS: dict[str, Callable[[list[str]], Value]] = {
    CONCATENATE: lambda texts: Text("".join(texts)),
    "os.path.join": _joined,
    "posixpath.join": _joined,
    "tensorflow.io.gfile.join": _joined,
    "pathlib.Path": _path,
    "pathlib.PurePath": _path,
    "pathlib.PosixPath": _path,
    "pathlib.PurePosixPath": _path,
    "os.path.dirname": lambda texts: Text(parent_of(texts[0])) if texts else UNKNOWN,
    "os.path.basename": lambda texts: Text(_last_of(texts[0])) if texts else UNKNOWN,
    "os.path.splitext": lambda texts: (
        Items(tuple(map(Text, posixpath.splitext(texts[0])))) if texts else UNKNOWN
    ),
    "os.path.split": lambda texts: (
        Items((Text(parent_of(texts[0])), Text(_last_of(texts[0])))) if texts else UNKNOWN
    ),
    "os.path.abspath": _same,
    "os.path.realpath": _same,
    "os.path.normpath": _same,
    "os.path.expanduser": _same,
    "os.path.expandvars": _same,
    "os.path.relpath": _same,
    "os.fspath": _same,
    "str": _same,
    "os.getcwd": lambda _: Text(""),
    "pathlib.Path.cwd": lambda _: Text("", is_path=True),
    "os.getenv": lambda texts: Text(texts[1]) if len(texts) > 1 else UNKNOWN,
    "os.environ.get": lambda texts: Text(texts[1]) if len(texts) > 1 else UNKNOWN,
    "glob.glob": _globbed,
    "glob.iglob": _globbed,
    "os.listdir": lambda _: Items((Text(HOLE),)),
    "tempfile.mkdtemp": lambda _: Text(f"/tmp/{HOLE}"),
    "tempfile.gettempdir": lambda _: Text("/tmp"),
}
FUNCTIONS = frozenset(_FUNCTIONS) | {ADD, DIVIDE, PERCENT}


def fold_function(name: str, arguments: Arguments) -> Value:
    """What a function of texts gives for resolved arguments."""
    if name in (ADD, DIVIDE, PERCENT):
        choices = [alternatives(each) for each in arguments.positional]
        return one_of([_operate(name, *pair) for pair in _some(choices)])
    values = list(arguments.positional)
    if name in ("os.getenv", "os.environ.get") and "default" in arguments.keywords:
        values = [*values[:1], arguments.keywords["default"]]
    if not arguments.is_whole:
        values.append(Text(HOLE))
    choices = [alternatives(each) for each in values]
    function = _FUNCTIONS[name]
    return one_of(
        [_bounded(function([hole(each) for each in choice])) for choice in _some(choices)]
    )


def _some(choices: list[tuple[Value, ...]]) -> list[tuple[Value, ...]]:
    """The first few combinations of one alternative for each argument."""
    found: list[tuple[Value, ...]] = []
    for combination in product(*choices):
        found.append(combination)
        if len(found) >= MAX_ALTERNATIVES:
            break
    return found


def _bounded(value: Value) -> Value:
    if isinstance(value, Text):
        value.text = _HOLES.sub(HOLE, value.text[:MAX_TEXT])
    return value


def _operate(operator: str, left: Value, right: Value) -> Value:
    if operator == DIVIDE:
        is_path = (isinstance(left, Text) and left.is_path) or isinstance(right, Text)
        return _bounded(_path([hole(left), hole(right)])) if is_path else UNKNOWN
    if operator == PERCENT:
        if not isinstance(left, Text):
            return UNKNOWN
        values = right.items if isinstance(right, Items) else (right,)
        return _bounded(Text(_percent(left.text, values)))
    if isinstance(left, Items) and isinstance(right, Items):
        return Items((*left.items, *right.items)[:MAX_TEXT])
    if (isinstance(left, Text) and not left.is_path) or isinstance(right, Text):
        return _bounded(Text(hole(left) + hole(right)))
    return UNKNOWN


def _percent(template: str, values: tuple[Value, ...]) -> str:
    remaining = iter(values)

    def fill(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        return HOLE if match[1] else hole(next(remaining, UNKNOWN))

    return _PERCENT_FIELD.sub(fill, template)


def formatted(template: str, arguments: Arguments) -> str:
    """`template.format(...)`, with holes for what is not known."""
    remaining = iter(arguments.positional)

    def fill(match: re.Match[str]) -> str:
        field = match[1]
        if field is None:
            return match[0][0]
        if not field:
            return hole(next(remaining, UNKNOWN))
        if field.isascii() and field.isdigit() and len(field) < 4:
            return hole(arguments.get(int(field)) or UNKNOWN)
        return hole(arguments.keywords.get(field, UNKNOWN))

    return _FORMAT_FIELD.sub(fill, template)


def text_method(receiver: Text, method: str, arguments: Arguments) -> Value | None:
    """What a method of a string or path gives; None where it gives no text of interest."""
    first = arguments.positional[0] if arguments.positional else None
    text = receiver.text
    if receiver.is_path:
        if method in ("resolve", "absolute", "expanduser", "as_posix", "relative_to"):
            return Text(text, is_path=method != "as_posix")
        if method == "joinpath":
            return _path([text, *(hole(each) for each in arguments.positional)])
        if method == "with_suffix" and first is not None:
            return Text(posixpath.splitext(text)[0] + hole(first), is_path=True)
        if method in ("with_name", "with_stem") and first is not None:
            suffix = posixpath.splitext(text)[1] if method == "with_stem" else ""
            return _path([parent_of(text), hole(first) + suffix])
        if method in ("glob", "rglob") and first is not None:
            return Items((_path([text, hole(first)]),))
        if method == "iterdir":
            return Items((_path([text, HOLE]),))
        return None
    if method == "format":
        return _bounded(Text(formatted(text, arguments)))
    if method == "join":
        if not isinstance(first, Items):
            return Text(HOLE)
        return _bounded(Text(text.join(hole(item) for item in first.items[:200])))
    if method == "replace" and len(arguments.positional) >= 2:
        old, new = hole(arguments.positional[0]), hole(arguments.positional[1])
        if not old or HOLE in old or len(new) * text.count(old) > MAX_TEXT:
            return Text(HOLE)
        return _bounded(Text(text.replace(old, new)))
    simple = _SIMPLE_METHODS.get(method)
    if simple is not None:
        return Text(simple(text)) if not arguments.positional else Text(HOLE)
    return None


_SIMPLE_METHODS: dict[str, Callable[[str], str]] = {
    "lower": str.lower,
    "upper": str.upper,
    "strip": str.strip,
    "title": str.title,
    "capitalize": str.capitalize,
}


PATH_ATTRIBUTES = frozenset({"parent", "parents", "name", "stem", "suffix"})


def path_attribute(receiver: Text, name: str) -> Value:
    """parent, parents, name, stem or suffix of a path."""
    if name == "parents":
        found = [parent_of(receiver.text)]
        while found[-1] and len(found) < 8:
            found.append(parent_of(found[-1]))
        return Items(tuple(Text(each, is_path=True) for each in found))
    if name == "parent":
        return Text(parent_of(receiver.text), is_path=True)
    if name == "name":
        return Text(_last_of(receiver.text))
    if name == "stem":
        return Text(_stem(receiver.text))
    if name == "suffix":
        return Text(posixpath.splitext(receiver.text)[1])
    return UNKNOWN


def workspace_path(text: str, folder: str) -> str:
    """A folded path as facts show it: relative to the workspace, unknown parts as `*`.

    A path that starts with `..` is meant from the folder of the file it stands in.
    """
    if "://" in text:
        return _HOLES.sub("*", text.strip())[:1000]
    start = text.rfind(ROOT)
    text = (text[start + 1 :].lstrip("/") if start >= 0 else text).replace("\\", "/")
    text = _HOLES.sub("*", text.strip())
    if not text:
        return "."
    normal = posixpath.normpath(text[:1000])
    if start < 0 and normal.startswith("..") and folder:
        normal = posixpath.normpath(f"{folder}/{normal}")
    return normal.removeprefix("//") if normal.startswith("//") else normal
