"""Tells a body that does work from a stub, a constant and a note, in languages of syntax trees."""

from __future__ import annotations

from tree_sitter import Node

from judge.code.facts import Body
from judge.code.tree_grammar import NAMED_VALUES, NUMBERS, PRINTING, STRINGS
from judge.code.tree_text import call_parts, text_of_node

_UNFINISHED = ("not implemented", "unimplemented", "todo", "not yet implemented", "unsupported")
_STATEMENT_HOLDERS = frozenset(
    {"expression_statement", "statement_list", "parenthesized_expression"}
)
_RETURNS = frozenset({"return_statement", "return_expression"})
_THROWS = frozenset({"throw_statement", "throw_expression"})
_CONTAINERS = frozenset(
    """
    array object array_expression tuple_expression initializer_list composite_literal
    array_initializer pair keyed_element literal_element literal_value expression_list
    parenthesized_expression unary_expression reference_expression
    """.split()
)
_NO_STATEMENT = frozenset(
    """
    comment line_comment block_comment empty_statement { } ( ) ; , preproc_comment
    """.split()
)


def function_body(body: Node | None, parameters: tuple[str, ...]) -> tuple[Body, int]:
    """What a function's body amounts to, and how many statements can do something."""
    if body is None:
        return Body.STUB, 0
    if body.type not in ("statement_block", "block", "compound_statement", "constructor_body"):
        return _gives(body, parameters) or Body.WORKS, 1  # an arrow function's expression
    statements = _statements(body)
    if not statements:
        return Body.STUB, 0
    found: set[Body] = set()
    for position, node in enumerate(statements[:50]):
        is_last = position == len(statements) - 1
        kind = _statement(node, parameters, is_last)
        if kind is None:
            return Body.WORKS, len(statements)
        found.add(kind)
    if len(statements) > 50:
        return Body.WORKS, len(statements)
    for body_kind in (Body.NOTE, Body.CONSTANT):
        if body_kind in found:
            return body_kind, len(statements)
    return Body.STUB, 0 if found == {Body.STUB} else len(statements)


def _statements(body: Node) -> list[Node]:
    found: list[Node] = []
    for child in body.named_children:
        if child.type == "statement_list":
            found.extend(_statements(child))
        elif child.type not in _NO_STATEMENT:
            found.append(child)
    return found


def _statement(node: Node, parameters: tuple[str, ...], is_last: bool) -> Body | None:
    """The kind of one hollow statement; None where it may do work."""
    kind = node.type
    while kind in _STATEMENT_HOLDERS and len(node.named_children) == 1:
        inner = node.named_children[0]
        if kind == "expression_statement" and inner.type in _RETURNS | _THROWS:
            is_last = True
        node, kind = inner, inner.type
    if kind in _RETURNS:
        values = [child for child in node.named_children if child.type not in _NO_STATEMENT]
        if not values:
            return Body.STUB
        if len(values) == 1:
            return _gives(values[0], parameters)
        return None
    if kind in _THROWS:
        text = text_of_node(node, 400).lower()
        return Body.STUB if any(word in text for word in _UNFINISHED) else None
    if kind in ("call_expression", "method_invocation", "macro_invocation", "command"):
        return _call(node)
    if is_last and node.parent is not None and node.parent.type == "block":
        return _gives(node, parameters)  # the value of a Rust block
    return None


def _call(node: Node) -> Body | None:
    written, arguments = call_parts(node)
    text = written.lower()
    if written in ("todo!", "unimplemented!") or (
        written in ("panic", "panic!")
        and any(word in text_of_node(node, 400).lower() for word in _UNFINISHED)
    ):
        return Body.STUB
    if written in PRINTING or text in PRINTING:
        return Body.NOTE if all(_is_literal(each) for each in arguments) else None
    return None


def _gives(node: Node, parameters: tuple[str, ...]) -> Body | None:
    """What giving a value amounts to: None where the value may be worked out."""
    if node.type in ("jsx_element", "jsx_self_closing_element", "jsx_fragment"):
        return None
    text = text_of_node(node, 200)
    if node.type in NAMED_VALUES and text in ("null", "undefined", "nil", "None", "nullptr"):
        return Body.STUB
    if node.type == "identifier":
        if text in ("undefined", "None", "NULL"):
            return Body.STUB
        return Body.CONSTANT if text in parameters else None
    if not _is_literal(node):
        return None
    return Body.NOTE if _has_text(node) else Body.CONSTANT


def _is_literal(node: Node, depth: int = 0) -> bool:
    kind = node.type
    if kind in NUMBERS or kind in NAMED_VALUES:
        return True
    if kind in STRINGS:
        return not any("substitution" in child.type for child in node.children)
    if depth > 6 or kind not in _CONTAINERS:
        return False
    for child in node.named_children:
        is_key = kind in ("pair", "keyed_element") and child == node.named_children[0]
        is_type = kind == "composite_literal" and child == node.named_children[0]
        if not (is_key or is_type or _is_literal(child, depth + 1)):
            return False
    return True


def _has_text(node: Node, depth: int = 0) -> bool:
    if node.type in STRINGS:
        return len(text_of_node(node, 10).strip("\"'`")) > 0
    if depth > 6:
        return False
    children = node.named_children
    if node.type in ("pair", "keyed_element"):
        children = children[1:]
    return any(_has_text(child, depth + 1) for child in children)
