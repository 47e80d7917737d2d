"""The statements of a source file that can run: no comments, no docstrings, no dead branches."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass

MOST_CHARACTERS = 400_000


@dataclass(frozen=True, slots=True)
class Statement:
    """A logical line; `bare` has its strings blanked, `full` has them."""

    line: int
    end_line: int
    bare: str
    full: str


def statements_of(
    source: str, language: str, dead: frozenset[int] = frozenset()
) -> tuple[Statement, ...]:
    """The statements of a source text that are not on dead lines; () where it cannot be read."""
    source = source[:MOST_CHARACTERS]
    if language == "python":
        return _python_statements(source, dead)
    return _other_statements(source, hash_comments=language == "shell")


def _python_statements(source: str, dead: frozenset[int]) -> tuple[Statement, ...]:
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (SyntaxError, ValueError, tokenize.TokenError):
        return ()
    found: list[Statement] = []
    bare: list[str] = []
    full: list[str] = []
    start = end = 0
    before: tuple[int, int] | None = None
    for token in tokens:
        if token.type in (tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT):
            continue
        if token.type in (tokenize.NEWLINE, tokenize.ENDMARKER):
            is_docstring = len(full) == 1 and not bare[0].strip("\"'")
            if full and start not in dead and not is_docstring:
                found.append(Statement(start, end, "".join(bare), "".join(full)))
            bare, full, before = [], [], None
            continue
        if not full:
            start = token.start[0]
        gap = " " if before is not None and before != token.start else ""
        bare.append(gap + _without_text(token))
        full.append(gap + token.string)
        before, end = token.end, token.end[0]
    return tuple(found)


def _without_text(token: tokenize.TokenInfo) -> str:
    """A token as code: of a formatted string what stands in braces, of another string nothing."""
    if tokenize.tok_name[token.type] == "FSTRING_MIDDLE":
        return ""
    if token.type != tokenize.STRING:
        return token.string
    if token.string.lower().startswith(("f", "rf", "fr")):
        return (
            '"' + "".join(f"{{{part}}}" for part in re.findall(r"\{([^{}]*)\}", token.string)) + '"'
        )
    return '""'


def dead_lines(tree: ast.AST) -> frozenset[int]:
    """Lines that cannot run: under a condition that is false, over nothing, or after a jump."""
    dead: set[int] = set()
    off = _never_set(tree)

    def bury(statements: list[ast.stmt]) -> None:
        for statement in statements:
            dead.update(range(statement.lineno, (statement.end_lineno or statement.lineno) + 1))

    for node in ast.walk(tree):
        if isinstance(node, (ast.If, ast.While)):
            is_true = _truth(node.test, off)
            if is_true is False:
                bury(node.body)
            elif is_true and isinstance(node, ast.If):
                bury(node.orelse)
        elif isinstance(node, ast.For) and _is_nothing(node.iter):
            bury(node.body)
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if not isinstance(block, list):
                continue
            for at, statement in enumerate(block[:-1]):
                if _jumps(statement, off):
                    bury(block[at + 1 :])
                    break
    return frozenset(dead)


def _jumps(statement: ast.stmt, off: frozenset[str]) -> bool:
    """Whether what follows a statement in its block cannot run."""
    if isinstance(statement, (ast.Return, ast.Raise, ast.Continue, ast.Break)):
        return True
    if isinstance(statement, ast.If) and statement.body:
        is_true = _truth(statement.test, off)
        return is_true is True and _jumps(statement.body[-1], off)
    return False


def _never_set(tree: ast.AST) -> frozenset[str]:
    """Names of a module that are bound once, to a false constant, and so are always false.

    An attribute that `getattr` is to give, with a false default, is one where nothing sets it.
    """
    bound: dict[str, int] = {}
    false: set[str] = set()
    asked: set[str] = set()
    module = tree.body if isinstance(tree, ast.Module) else []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            bound[node.id] = bound.get(node.id, 0) + 1
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            bound[f".{node.attr}"] = bound.get(f".{node.attr}", 0) + 1
        elif isinstance(node, ast.arg):
            bound[node.arg] = bound.get(node.arg, 0) + 2
        elif isinstance(node, ast.keyword) and node.arg:
            bound[f".{node.arg}"] = bound.get(f".{node.arg}", 0) + 1
        elif isinstance(node, ast.Call) and len(node.args) == 3:
            name, default = node.args[1], node.args[2]
            is_ask = isinstance(node.func, ast.Name) and node.func.id == "getattr"
            if is_ask and isinstance(name, ast.Constant) and _truth(default, frozenset()) is False:
                asked.add(f".{name.value!s}")
    for statement in module:
        if isinstance(statement, ast.Assign) and _truth(statement.value, frozenset()) is False:
            false.update(t.id for t in statement.targets if isinstance(t, ast.Name))
    return frozenset(
        {name for name in false if bound.get(name, 0) == 1}
        | {name for name in asked if name not in bound}
    )


def _is_nothing(node: ast.expr) -> bool:
    """Whether a loop over this value never turns: an empty literal, `x[:0]`, `range(0)`."""
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return not node.elts
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
        upper = node.slice.upper
        return isinstance(upper, ast.Constant) and upper.value == 0
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1:
        only = node.args[0]
        if node.func.id == "range":
            return isinstance(only, ast.Constant) and only.value == 0
        return node.func.id in ("list", "enumerate", "reversed", "tqdm", "sorted") and _is_nothing(
            only
        )
    return False


def _truth(test: ast.expr, off: frozenset[str]) -> bool | None:
    """What a condition always is, or None where it depends on something."""
    if isinstance(test, ast.Constant):
        return bool(test.value)
    if isinstance(test, ast.Name):
        return False if test.id in off or test.id == "TYPE_CHECKING" else None
    if isinstance(test, ast.Call) and len(test.args) == 3 and isinstance(test.func, ast.Name):
        name = test.args[1]
        if test.func.id == "getattr" and isinstance(name, ast.Constant):
            return False if f".{name.value!s}" in off else None
        return None
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = _truth(test.operand, off)
        return None if inner is None else not inner
    if isinstance(test, ast.BoolOp):
        parts = [_truth(value, off) for value in test.values]
        if isinstance(test.op, ast.And) and False in parts:
            return False
        if isinstance(test.op, ast.Or) and True in parts:
            return True
    return None


_STRING = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`", re.S)
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/|<!--.*?-->", re.S)
_HASH = re.compile(r"(?m)(?:^|(?<=\s))#[^\n]*")
_EITHER = re.compile(f"({_STRING.pattern})|({_COMMENT.pattern})", re.S)


def _other_statements(source: str, *, hash_comments: bool) -> tuple[Statement, ...]:
    if hash_comments:
        text = _HASH.sub("", source)
    else:
        text = _EITHER.sub(lambda m: m[1] or re.sub(r"[^\n]", " ", m[2]), source)
    bare = _STRING.sub(lambda m: '"' + "\n" * m[0].count("\n") + '"', text)
    found: list[Statement] = []
    for number, (line, blanked) in enumerate(
        zip(text.split("\n"), bare.split("\n"), strict=False), start=1
    ):
        if line.strip():
            found.append(Statement(number, number, blanked.strip(), line.strip()))
    return tuple(found)
