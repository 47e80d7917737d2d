"""JavaScript: a call read from a text, and argument texts turned into values."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import regex

from benchmarks.api_calling.bfcl.java import MAX_CHARACTERS, argument_named, has_error
from benchmarks.api_calling.bfcl.patterns import find_all, match
from benchmarks.api_calling.bfcl.replies import UNREADABLE, Calls, WrongReply, shown

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

TYPES: dict[str, type] = {
    "String": str,
    "integer": int,
    "float": float,
    "Bigint": int,
    "Boolean": bool,
    "dict": dict,
    "array": list,
    "any": str,
}
NESTED = ("array",)

_INTEGER = regex.compile(r"^-?\d+$")
_FLOAT = regex.compile(r"^-?\d+(\.\d+)?$")
_BIGINT = regex.compile(r"^-?\d+n$")
_ARRAYS = regex.compile(
    r"\[\s*\[.*?\]\s*(,\s*\[.*?\]\s*)*\]|\bnew\s+Array\(\s*\[.*?\]\s*(,\s*\[.*?\]\s*)*\)"
)
_ARRAY = regex.compile(r"\[(.*?)\]|\bnew\s+Array\((.*?)\)")
_INNER = regex.compile(r"\[(.*?)\]")
_OBJECT = regex.compile(r"\{(.*?)\}")
_PAIR = regex.compile(r"([^:]+):\s*(.*?)(?:,\s*(?=[^,]+:)|$)")


def value_of(text: str, declared: str, item_type: str | None = None) -> Any:
    """The value that a JavaScript expression has as an argument of the declared type.

    A text that is no literal of that type stays a text: it may name a variable.

    >>> value_of("'a'", "String"), value_of("12n", "Bigint"), value_of("[1, 2]", "array")
    ('a', 12, [1, 2])
    """
    match declared:
        case "String":
            return text[1:-1] if _is_quoted(text) else text
        case "integer":
            return int(text) if _INTEGER.match(text) else text
        case "float":
            return float(text) if _FLOAT.match(text) else text
        case "Bigint":
            return int(text.rstrip("n\n")) if _BIGINT.match(text) else text
        case "Boolean":
            return {"true": True, "false": False}.get(text, text)
        case "dict":
            return _object(text)
        case "array":
            return _array(text, item_type)
        case "any":
            return text
    raise NotImplementedError(f"values of the type {declared} are not compared")


def _is_quoted(text: str) -> bool:
    return any(text.startswith(quote) and text.endswith(quote) for quote in "\"'")


def _untyped(text: str) -> Any:
    """The value of an expression of which no type is declared."""
    text = text.strip()
    if text in ("true", "false"):
        return text == "true"
    if _is_quoted(text):
        return text[1:-1]
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text


def _array(text: str, item_type: str | None) -> Any:
    code = text.strip()
    if rows := match(_ARRAYS, code):
        inner = [row.strip() for row in find_all(_INNER, rows.group(0))]
        inner[0] = inner[0].removeprefix("[")
        return [[_untyped(item) for item in row.split(",")] for row in inner]
    found = match(_ARRAY, code)
    if not found:
        return code
    content = (found.group(1) if found.group(1) is not None else found.group(2)).strip()
    items = [item.strip() for item in content.split(",")] if content else []
    try:
        return [value_of(item, item_type) if item_type else _untyped(item) for item in items]
    except (NotImplementedError, ValueError):
        return code


def _object(text: str) -> Any:
    code = text.strip()
    if code == "{}":
        return {}
    found = match(_OBJECT, code)
    if not found:
        return code
    return {
        key.strip().strip("'\""): _member(value.strip())
        for key, value in find_all(_PAIR, found.group(1))
    }


def _member(text: str) -> Any:
    if text.startswith("[") and text.endswith("]"):
        return _array(text, None)
    if text.startswith("{") and text.endswith("}"):
        return _object(text)
    return _untyped(text.strip("'\""))


def read_call(source: str) -> Calls | None:
    """The first call that is a statement of its own, its arguments as texts; None without one.

    Only arguments written `name=value` have names; others count under no name. Raises WrongReply
    where the text is no JavaScript, or where two arguments have one name.
    """
    if len(source) > MAX_CHARACTERS:
        raise WrongReply(UNREADABLE, f"The reply has {len(source)} characters.")
    root = _parser().parse(source.encode("utf-8", "surrogatepass")).root_node
    if has_error(root):
        raise WrongReply(UNREADABLE, f"{shown(source)} is no JavaScript.")
    for statement in root.children:
        if statement.type == "expression_statement":
            for expression in statement.children:
                if expression.type == "call_expression":
                    return [{_text(expression.children[0]): _arguments(expression.children[1])}]
    return None


def _arguments(listed: Node) -> dict[str | None, Any]:
    arguments: dict[str | None, Any] = {}
    for child in listed.children:
        if child.type == "assignment_expression":
            value = _text(child.children[2])
            value = value[1:-1] if _is_quoted(value) else value
            arguments = argument_named(arguments, _text(child.children[0]), value)
        elif child.type in ("identifier", "true"):
            arguments = argument_named(arguments, None, _text(child))
    return arguments


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")


@cache
def _parser() -> Parser:
    import tree_sitter_javascript
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_javascript.language()))
