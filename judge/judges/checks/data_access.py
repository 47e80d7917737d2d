"""Where Python code works with a field, table or key of some name, as opposed to printing it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

_SQL = re.compile(
    r"\b(?:select\s.+\sfrom|insert\s+into|update\s.+\sset|delete\s+from|create\s+table|"
    r"alter\s+table|join|pragma)\b",
    re.I | re.S,
)
# Calls that take a name to look something up by, as their first argument or any.
_LOOKS_UP = frozenset(
    "get pop setdefault getattr hasattr setattr groupby sort_values drop_duplicates set_index drop "
    "merge getlist getvalue find find_all findall select query filter_by filter order_by column "
    "itemgetter attrgetter read_sql read_sql_table execute executemany Column Field ForeignKey "
    "Table rename has_table add_argument isin Input Output State".split()
)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*")


def name_pattern(phrase: str) -> re.Pattern[str]:
    """Finds the name in code or text, whatever stands between its words."""
    words = _WORD.findall(phrase.lower())
    joined = r"[\W_]{0,2}".join(map(re.escape, words))
    return re.compile(rf"(?<![a-z]){joined}(?![a-z])" if words else r"(?!)", re.I)


def lines_with_access(tree: ast.AST, phrase: str, idle: frozenset[int]) -> Iterator[int]:
    """Lines that read, write, compare or query by the name; `idle` are lines that do nothing."""
    pattern = name_pattern(phrase)

    def is_it(node: ast.AST | None) -> bool:
        return (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and len(node.value) <= len(phrase) + 12
            and bool(pattern.search(node.value))
        )

    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if not line or line in idle:
            continue
        if (
            (isinstance(node, ast.Attribute) and pattern.search(node.attr))
            or (isinstance(node, ast.Name) and pattern.search(node.id))
            or (isinstance(node, ast.Subscript) and any(is_it(p) for p in ast.walk(node.slice)))
            or (isinstance(node, ast.Compare) and any(map(is_it, (node.left, *node.comparators))))
            or (
                isinstance(node, ast.Dict)
                and any(
                    is_it(key) and not isinstance(value, ast.Constant)
                    for key, value in zip(node.keys, node.values, strict=True)
                )
            )
            or (
                isinstance(node, ast.keyword)
                and node.arg
                and pattern.search(node.arg)
                and not isinstance(node.value, ast.Constant)
            )
            or (
                isinstance(node, ast.Call)
                and _called(node) in _LOOKS_UP
                and any(is_it(a) for a in (*node.args, *(k.value for k in node.keywords)))
            )
            or (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and _SQL.search(node.value)
                and pattern.search(node.value)
            )
        ):
            yield line


def _called(node: ast.Call) -> str:
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def idle_lines(tree: ast.AST) -> frozenset[int]:
    """Lines of loops, conditions and blocks in which nothing is done, and of bare definitions."""
    idle: set[int] = set()
    for node in ast.walk(tree):
        if not isinstance(node, (ast.For, ast.AsyncFor, ast.While, ast.If, ast.With)):
            continue
        if all(map(_does_nothing, (*node.body, *getattr(node, "orelse", ())))):
            idle.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return frozenset(idle)


def _does_nothing(statement: ast.stmt) -> bool:
    return isinstance(statement, (ast.Pass, ast.Continue)) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def created_tables(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, text) of every CREATE TABLE statement that stands in a string of the code."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and re.search(r"create\s+table", node.value, re.I)
        ):
            yield node.lineno, node.value
