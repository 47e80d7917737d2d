"""Java: a call read from a text, and argument texts turned into values."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import regex

from benchmarks.api_calling.bfcl.patterns import find_all, search
from benchmarks.api_calling.bfcl.replies import UNREADABLE, Calls, WrongReply, shown

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

TYPES: dict[str, type] = {
    "byte": int,
    "short": int,
    "integer": int,
    "float": float,
    "double": float,
    "long": int,
    "boolean": bool,
    "char": str,
    "Array": list,
    "ArrayList": list,
    "Set": set,
    "HashMap": dict,
    "Hashtable": dict,
    "Queue": list,
    "Stack": list,
    "String": str,
    "any": str,
}
NESTED = ("Array", "ArrayList")

_INTEGER = regex.compile(r"^-?\d+$")
_FLOAT = regex.compile(r"^-?\d+(\.\d+)?([eE][+-]?\d+)?[fF]$")
_DOUBLE = regex.compile(r"^-?\d+(\.\d+)?([eE][+-]?\d+)?$")
_LONG = regex.compile(r"^-?\d+[lL]$")
_AS_LIST = regex.compile(r"new\s+ArrayList<\w*>\(Arrays\.asList\((.+?)\)\)")
_WITH_ADDS = regex.compile(r"new\s+ArrayList<\w*>\(\)\s*\{\{\s*(.+?)\s*\}\}", regex.DOTALL)
_ADD = regex.compile(r"add\((.+?)\)")
_EMPTY_LIST = regex.compile(r"new\s+ArrayList<\w*>\(\)")
_ARRAY = regex.compile(r"new\s+\w+\[\]\s*\{(.*?)\}")
_MAP = regex.compile(r"new\s+HashMap<.*?>\s*\(\)\s*\{\s*\{?\s*(.*?)\s*\}?\s*\}", regex.DOTALL)
_PUT = regex.compile(r"put\(\"(.*?)\",\s*(.*?)\)")
_EMPTY_MAP = regex.compile(r"new\s+HashMap<.*?>\s*\(\)")

_WHOLE = ("identifier", "class_literal", "type_identifier", "method_invocation")
MAX_CHARACTERS = 20_000


def value_of(text: str, declared: str, item_type: str | None = None) -> Any:
    """The value that a Java expression has as an argument of the declared type.

    A text that is no literal of that type stays a text: it may name a variable.

    >>> value_of("12L", "long"), value_of("3.5", "float"), value_of("new int[]{1, 2}", "Array")
    (12, '3.5', [1, 2])

    Raises:
        NotImplementedError: a type that the original does not turn either.
    """
    match declared:
        case "byte" | "short" | "integer":
            return int(text) if _INTEGER.match(text) else text
        case "float":
            return float(text.rstrip("fF\n")) if _FLOAT.match(text) else text
        case "double":
            return float(text) if _DOUBLE.match(text) else text
        case "long":
            return int(text.rstrip("lL\n")) if _LONG.match(text) else text
        case "boolean":
            return {"true": True, "false": False}.get(text, text)
        case "Array":
            return _array(text, item_type)
        case "ArrayList":
            return _array_list(text, item_type)
        case "HashMap":
            return _hash_map(text)
        case "String" | "any" | "char":
            return text
    raise NotImplementedError(f"values of the type {declared} are not compared")


def _untyped(text: str) -> Any:
    """The value of an expression of which no type is declared."""
    if text in ("true", "false"):
        return text == "true"
    if text.startswith('"') and text.endswith('"'):
        return text[1:-1]
    if _LONG.match(text):
        return int(text[:-1])
    if _FLOAT.match(text):
        return float(text.rstrip("fF\n"))
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text


def _array(text: str, item_type: str | None) -> Any:
    found = search(_ARRAY, text)
    if not found:
        return text
    items = [item.strip() for item in found.group(1).split(",") if item.strip()]
    return [value_of(item, item_type) if item_type else _untyped(item) for item in items]


def _array_list(text: str, item_type: str | None) -> Any:
    if listed := search(_AS_LIST, text):
        items = listed.group(1).split(",")
    elif added := search(_WITH_ADDS, text):
        items = find_all(_ADD, added.group(1))
    else:
        return [] if search(_EMPTY_LIST, text) else text
    return [_item(item.strip(), item_type) for item in items]


def _item(text: str, item_type: str | None) -> Any:
    if item_type in ("char", "String"):
        return text[1:-1]
    return value_of(text, item_type) if item_type else _untyped(text)


def _hash_map(text: str) -> Any:
    if found := search(_MAP, text):
        return {key: _untyped(value.strip()) for key, value in find_all(_PUT, found.group(1))}
    return {} if search(_EMPTY_MAP, text) else text


def read_call(source: str) -> Calls | None:
    """The first call in a Java text, its arguments as texts; None without a call.

    Only arguments written `name=value` have names; others count under no name. Raises WrongReply
    where the text is no Java, or where two arguments have one name.
    """
    if len(source) > MAX_CHARACTERS:
        raise WrongReply(UNREADABLE, f"The reply has {len(source)} characters.")
    root = _parser().parse(source.encode("utf-8", "surrogatepass")).root_node
    if has_error(root):
        raise WrongReply(UNREADABLE, f"{shown(source)} is no Java.")
    call = _first_call(root)
    return None if call is None else _read(source, call)


def has_error(root: Node) -> bool:
    """Whether a part of the tree could not be parsed; what is merely missing is none."""
    if not root.has_error:
        return False
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.type == "ERROR":
            return True
        waiting.extend(child for child in node.children if child.has_error)
    return False


def argument_named(
    arguments: dict[str | None, Any], name: str | None, value: Any
) -> dict[str | None, Any]:
    """The arguments with one more. WrongReply where that name is taken."""
    if name in arguments:
        what = f"Two arguments are called {shown(name)}" if name else "Two arguments have no name"
        raise WrongReply(UNREADABLE, f"{what}.")
    return {**arguments, name: value}


@cache
def _parser() -> Parser:
    import tree_sitter_java
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_java.language()))


def _first_call(root: Node) -> Node | None:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.type == "method_invocation":
            return node
        waiting.extend(reversed(node.children))
    return None


def _read(source: str, call: Node) -> Calls:
    name, owner = call.child_by_field_name("name"), call.child_by_field_name("object")
    assert name is not None
    full_name = _text(source, name)
    if owner is not None:
        full_name = f"{_text(source, owner)}.{full_name}"
    arguments: dict[str | None, Any] = {}
    listed = call.child_by_field_name("arguments")
    for child in listed.children if listed is not None else ():
        if child.type == "assignment_expression":
            left, right = child.children[0], child.children[2]
            arguments = argument_named(arguments, _text(source, left), _written(source, right))
        elif child.type in ("identifier", "class_literal", "set"):
            arguments = argument_named(arguments, None, _written(source, child))
    return [{full_name: arguments}]


def _text(source: str, node: Node) -> str:
    # The original counts bytes where it slices characters, which differ beyond ASCII.
    return source[node.start_byte : node.end_byte]


def _written(source: str, node: Node, *, is_nested: bool = False) -> str:
    """An argument's text without the white space between its parts; a lone text loses its quotes.

    Nesting deeper than the interpreter's stack ends in WrongReply, as everything unreadable does.
    """
    try:
        return _flattened(source, node, is_nested=is_nested)
    except RecursionError as error:
        raise WrongReply(UNREADABLE, "The reply is nested too deeply to be read.") from error


def _flattened(source: str, node: Node, *, is_nested: bool) -> str:
    if node.type in ("string_literal", "character_literal"):
        text = _text(source, node)
        return text if is_nested else text[1:-1]
    if node.type in _WHOLE:
        return _text(source, node)
    if node.type == "array_creation_expression":
        of, value = node.child_by_field_name("type"), node.child_by_field_name("value")
        if of is None or value is None:
            raise WrongReply(UNREADABLE, f"{shown(_text(source, node))} holds no values.")
        return f"new {_nested(source, of)}[]{_nested(source, value)}"
    if node.type == "object_creation_expression":
        of, listed = node.child_by_field_name("type"), node.child_by_field_name("arguments")
        assert of is not None
        parts = [
            _nested(source, child)
            for child in (listed.children if listed is not None else ())
            if child.type not in (",", "(", ")")
        ]
        return f"new {_nested(source, of)}({', '.join(parts)})"
    if node.child_count:
        return "".join(_nested(source, child) for child in node.children)
    return _text(source, node)


def _nested(source: str, node: Node) -> str:
    return _flattened(source, node, is_nested=True)
