"""Reads names and constant texts off the nodes of syntax trees."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tree_sitter import Node

from judge.code.folding import join_paths, parent_of
from judge.code.tree_grammar import NAMED_VALUES, NUMBERS, STRINGS
from judge.code.values import HOLE, MAX_TEXT, ROOT

_PLAIN = re.compile(r"[\w$@.:>\-!~#]+\Z")
_JOINERS = frozenset(
    """
    path.join path.resolve path.posix.join filepath.Join path.Join Paths.get Path.of
    join resolve
    """.split()
)
_SAME = frozenset(
    """
    PathBuf::from Path::new String::from std::string File Path filepath.Clean path.normalize
    to_string to_owned into as_str toString toPath to_path_buf clone String as_ref c_str
    toAbsolutePath normalize trim URL fileURLToPath
    """.split()
)
_TEMPLATE = re.compile(r"<[^<>]*>")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "", "\\": "\\", "'": "'", '"': '"', "`": "`"}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_WRAPPERS = frozenset(
    """
    parenthesized_expression await_expression try_expression non_null_expression
    reference_expression pointer_expression
    """.split()
)
_DEPTH = 20
_MAX_NAME = 200


def text_of_node(node: Node, limit: int = MAX_TEXT) -> str:
    raw = node.text
    return "" if raw is None else raw[:limit].decode("utf-8", "replace")


def line_of(node: Node) -> int:
    return node.start_point.row + 1


def end_line_of(node: Node) -> int:
    return node.end_point.row + 1


def callee_text(node: Node | None) -> str:
    """A callee as written, with calls and items in it shortened to () and []."""
    tail: list[str] = []
    for _ in range(_MAX_NAME):
        if node is None:
            break
        text = text_of_node(node, _MAX_NAME + 1)
        if len(text) <= _MAX_NAME:
            short = (
                _TEMPLATE.sub("", text).replace("?.", ".") if "<" in text or "?" in text else text
            )
            if _PLAIN.match(short):
                return short + "".join(reversed(tail))
        kind = node.type
        if kind in ("call_expression", "method_invocation", "new_expression"):
            tail.append("()")
            inner = node.child_by_field_name("function")
            if kind == "method_invocation":
                tail.append("." + _field_text(node, "name"))
                inner = node.child_by_field_name("object")
            elif kind == "new_expression":
                inner = node.child_by_field_name("constructor")
            node = inner
        elif kind in ("member_expression", "field_expression", "selector_expression"):
            tail.append("." + (_field_text(node, "property") or _field_text(node, "field")))
            node = (
                node.child_by_field_name("object")
                or node.child_by_field_name("argument")
                or node.child_by_field_name("operand")
                or node.child_by_field_name("value")
            )
        elif kind in ("subscript_expression", "index_expression", "array_access"):
            tail.append("[]")
            node = node.named_children[0] if node.named_children else None
        elif kind in _WRAPPERS:
            node = node.named_children[0] if node.named_children else None
        elif kind == "object_creation_expression":
            tail.append("()")
            node = node.child_by_field_name("type")
        elif kind in STRINGS:
            return "''" + "".join(reversed(tail))
        else:
            break
    return "…" + "".join(reversed(tail))


def _field_text(node: Node, name: str) -> str:
    inner = node.child_by_field_name(name)
    return "" if inner is None else text_of_node(inner, _MAX_NAME)


def dotted(written: str) -> str:
    return written.replace("::", ".").replace("->", ".").removeprefix("new ")


def string_text(node: Node, constants: Mapping[str, Node], path: str) -> str | None:
    """The text of a string node, escapes undone, with holes for what is put into it."""
    if node.type in ("template_string", "string") and any(
        child.type in ("template_substitution", "simple_expansion", "expansion",
                       "command_substitution")
        for child in node.children
    ):  # fmt: skip
        parts: list[str] = []
        for child in node.named_children:
            if child.type in ("string_fragment", "string_content"):
                parts.append(text_of_node(child))
            elif child.type == "escape_sequence":
                parts.append(_unescaped(text_of_node(child)))
            else:
                inner = child.named_children[0] if child.named_children else None
                value = None if inner is None else fold(inner, constants, path)
                parts.append(HOLE if value is None else value)
        return "".join(parts)
    text = text_of_node(node)
    if node.type == "concatenated_string":
        parts = [fold(child, constants, path) or "" for child in node.named_children]
        return "".join(parts)
    if node.type == "text_block":
        return text.strip('"').lstrip("\n")
    match = re.match(r'(?:[LuUR8brf$@]{0,3})(#*)(["\'`])', text)
    if match is None:
        return text
    inner_text = text[match.end() :]
    ending = match[2] + match[1]
    inner_text = inner_text.removesuffix(ending)
    is_raw = node.type in ("raw_string_literal", "raw_string") or match[2] == "`"
    return inner_text if is_raw else _unescaped(inner_text)


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda found: _ESCAPES.get(found[1], found[0]), text)


def fold(node: Node, constants: Mapping[str, Node], path: str, depth: int = 0) -> str | None:
    """The text an expression gives, with holes; None where nothing of it is known.

    `constants` holds the expressions that names are set to, `path` is the file's own.
    """
    if depth > _DEPTH:
        return None
    depth += 1
    kind = node.type
    if kind in STRINGS or kind == "preproc_arg":
        return string_text(node, constants, path)
    if kind in ("identifier", "variable_name", "simple_identifier"):
        name = text_of_node(node, _MAX_NAME)
        if name == "__dirname":
            return parent_of(f"{ROOT}/{path}")
        if name == "__filename":
            return f"{ROOT}/{path}"
        value = constants.get(name)
        return None if value is None else fold(value, constants, path, depth)
    if kind in ("binary_expression", "concatenation"):
        operator = node.child_by_field_name("operator")
        if kind == "binary_expression" and (operator is None or operator.type not in ("+", "/")):
            return None
        parts = [fold(child, constants, path, depth) for child in node.named_children[:20]]
        if all(part is None for part in parts):
            return None
        glue = "/" if operator is not None and operator.type == "/" else ""
        return glue.join(HOLE if part is None else part for part in parts)
    if kind in ("parenthesized_expression", "reference_expression", "await_expression",
                "expression_list", "try_expression", "as_expression", "type_cast_expression",
                "non_null_expression", "parenthesized_type", "cast_expression"):  # fmt: skip
        children = node.named_children
        return fold(children[-1 if kind == "cast_expression" else 0], constants, path, depth) if (
            children
        ) else None  # fmt: skip
    if kind in ("call_expression", "method_invocation", "object_creation_expression",
                "new_expression", "macro_invocation"):  # fmt: skip
        return _fold_call(node, constants, path, depth)
    if kind in ("simple_expansion", "expansion", "word", "number", "command_name",
                "string_content", "string_fragment"):  # fmt: skip
        if kind in ("simple_expansion", "expansion"):
            inner = node.named_children[0] if node.named_children else None
            return None if inner is None else fold(inner, constants, path, depth)
        return text_of_node(node)
    return None


def _fold_call(node: Node, constants: Mapping[str, Node], path: str, depth: int) -> str | None:
    written, arguments = call_parts(node)
    values = [fold(each, constants, path, depth) for each in arguments[:16]]
    last = re.split(r"\.|::", written)[-1]
    if written in _JOINERS or written.endswith((".join", ".resolve", ".Join")):
        known = [HOLE if value is None else value for value in values]
        receiver = _receiver(node)
        if last in ("join", "resolve") and receiver is not None and "path" not in written.lower():
            base = fold(receiver, constants, path, depth)  # Rust's PathBuf, Java's Path
            if base is not None:
                known.insert(0, base)
        if all(value == HOLE for value in known):
            return None
        return join_paths(known)
    if written in ("path.dirname", "dirname", "filepath.Dir") and values and values[0] is not None:
        return parent_of(values[0])
    if written in _SAME or last in _SAME:
        if values and values[0] is not None:
            if last == "File" and len(values) == 2:
                return join_paths([HOLE if value is None else value for value in values])
            return values[0]
        receiver = _receiver(node)
        return None if receiver is None else fold(receiver, constants, path, depth)
    if written in ("String.format", "fmt.Sprintf", "format!") and arguments:
        template = fold(arguments[0], constants, path, depth)
        if template is None:
            return None
        return re.sub(r"%[-+ #0]*\d*(?:\.\d+)?[a-zA-Z]|\{[^{}]*\}", HOLE, template)
    return None


def _receiver(node: Node) -> Node | None:
    if node.type == "method_invocation":
        return node.child_by_field_name("object")
    function = node.child_by_field_name("function")
    if function is None:
        return None
    return (
        function.child_by_field_name("object")
        or function.child_by_field_name("value")
        or function.child_by_field_name("operand")
        or function.child_by_field_name("argument")
    )


def call_parts(node: Node) -> tuple[str, list[Node]]:
    """A call's callee as written, and its argument nodes."""
    kind = node.type
    if kind == "method_invocation":
        receiver = node.child_by_field_name("object")
        name = _field_text(node, "name")
        written = name if receiver is None else f"{callee_text(receiver)}.{name}"
    elif kind == "object_creation_expression":
        written = callee_text(node.child_by_field_name("type"))
    elif kind == "new_expression":
        written = callee_text(
            node.child_by_field_name("constructor") or node.child_by_field_name("type")
        )
    elif kind == "macro_invocation":
        written = callee_text(node.child_by_field_name("macro")) + "!"
        tokens = node.named_children[-1] if node.named_children else None
        return written, [] if tokens is None else list(tokens.named_children[:16])
    else:
        written = callee_text(node.child_by_field_name("function"))
    arguments = node.child_by_field_name("arguments")
    if arguments is None:
        return written, []
    if arguments.type == "template_string":
        return written, [arguments]
    return written, [each for each in arguments.named_children if each.type != "comment"]


def argument_text(node: Node, constants: Mapping[str, Node], path: str) -> str | None:
    """The text of a literal argument, or of a constant that stands for one; else None."""
    kind = node.type
    if kind in NUMBERS or kind in NAMED_VALUES:
        return text_of_node(node, _MAX_NAME)
    value = fold(node, constants, path)
    if value is None or HOLE in value:
        return None
    return value.replace(ROOT + "/", "")[:500]
