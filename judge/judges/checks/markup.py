"""Markup and scripts of a page, as files of their own or as text inside other source files."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass

from judge.inspection import Inspection

_COMMENT = re.compile(r"<!--.*?-->|/\*.*?\*/", re.S)
_IS_MARKUP = re.compile(
    r"<(?:div|ul|ol|li|p|section|button|input|textarea|select|form|script|html|body|table|span|h\d"
    r"|link|details|canvas|svg|label)\b|addEventListener|document\.\w+|=>\s*[{(]|\bfunction\s+\w+\(",
)
_CONTROL = re.compile(r"<(?:button|input|select|textarea)\b[^>]*", re.I)
_ID = re.compile(r"\bid\s*=\s*[\"'{]?([\w-]+)", re.I)
_CLASS = re.compile(r"\bclass(?:Name)?\s*=\s*[\"'{]?([\w-]+)", re.I)
_BOUND = re.compile(
    r"\bon\w+\s*=|@\w+|v-(?:on|model)|\(click\)|\bform\s*=|type=.?submit|\bname\s*=", re.I
)
_ACTS = re.compile(
    r"addEventListener|getElementById|querySelector|\$\(|\bon\w+\s*=|<form\b|document\."
)
WEB = (".html", ".htm", ".css", ".js", ".jsx", ".ts", ".tsx", ".vue", ".mjs")


@dataclass(frozen=True)
class MarkupLine:
    """A line of markup or script; `line` is that of the file."""

    line: int
    text: str


def markup_lines(inspection: Inspection, path: str) -> tuple[MarkupLine, ...]:
    """The markup in a file: all of a web file but its comments, the fitting strings of another."""
    text = inspection.workspace.text(path)
    if text is None:
        return ()
    if path.lower().endswith(WEB):
        plain = _COMMENT.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)
        plain = re.sub(r"(?m)^\s*//.*$", "", plain)
        return tuple(
            MarkupLine(number, line)
            for number, line in enumerate(plain.splitlines(), start=1)
            if line.strip()
        )
    if not path.lower().endswith(".py"):
        return ()
    return _in_strings(text)


def _in_strings(source: str) -> tuple[MarkupLine, ...]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    found: list[MarkupLine] = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        if id(node) in docstrings or not _IS_MARKUP.search(node.value):
            continue
        plain = _COMMENT.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), node.value)
        found += [
            MarkupLine(node.lineno + offset, line)
            for offset, line in enumerate(plain.split("\n"))
            if line.strip()
        ]
    return tuple(found)


def is_left_alone(control: MarkupLine, page: Sequence[MarkupLine]) -> bool:
    """Whether a control is one that no script, handler or form of its page takes up."""
    tag = _CONTROL.search(control.text)
    if tag is None:
        return False
    if _BOUND.search(tag.group()):
        return False
    scripts = [line.text for line in page if _ACTS.search(line.text)]
    names = [m.group(1) for m in (_ID.search(tag.group()), _CLASS.search(tag.group())) if m]
    if not names:
        return not scripts
    return not any(
        re.search(rf"(?<![\w-]){re.escape(n)}(?![\w-])", t) for n in names for t in scripts
    )
