"""Syntax trees of the languages that tree-sitter parses, within bounds."""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterator
from functools import cache

from tree_sitter import Language, Node, Parser, Point

from judge.code.facts import Span

_GRAMMARS = {
    "javascript": ("tree_sitter_javascript", "language"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "java": ("tree_sitter_java", "language"),
    "go": ("tree_sitter_go", "language"),
    "rust": ("tree_sitter_rust", "language"),
    "c": ("tree_sitter_c", "language"),
    "cpp": ("tree_sitter_cpp", "language"),
    "shell": ("tree_sitter_bash", "language"),
}

# The parser reports progress every so many operations, less than 0.02 times a byte on real code.
# Counting bounds its work the same on every machine; the clock is for the rare texts on which
# single operations become slow.
_REPORTS_PER_BYTE = 0.1
_LEAST_REPORTS = 2_000
_SECONDS = 2.0
MAX_SOURCE = 400_000
"""Bytes of a file beyond which it is not parsed; bundles are longer, sources are not."""

_CHUNK = 1 << 16

_STRINGS = frozenset(
    "string template_string string_literal raw_string_literal interpreted_string_literal "
    "char_literal character_literal rune_literal raw_string ansi_c_string heredoc_body "
    "system_lib_string concatenated_string text_block translated_string jsx_text regex".split()
)
_COMMENTS = frozenset("comment line_comment block_comment hash_bang_line html_comment".split())
_CODE_IN_STRINGS = frozenset(
    "template_substitution command_substitution expansion simple_expansion interpolation".split()
)


class ParseBudgetSpent(Exception):
    """The source costs the parser far more than its size warrants."""


@cache
def language_for(grammar: str) -> Language:
    """The grammar of a language, or of "tsx"; loaded on first use."""
    module, function = _GRAMMARS[grammar]
    return Language(getattr(importlib.import_module(module), function)())


def is_tsx(path: str, language: str) -> bool:
    return language == "typescript" and path.lower().endswith("x")


def parse_tree(source: bytes, path: str, language: str) -> Node:
    """The root of the syntax tree; errors in the source are nodes of it.

    Raises ParseBudgetSpent where the source makes the parser work without bound.
    """
    if len(source) > MAX_SOURCE:
        raise ParseBudgetSpent(f"longer than {MAX_SOURCE:,} bytes")
    # A parser of its own for each call: one shared by threads would mix their sources.
    parser = Parser(language_for("tsx" if is_tsx(path, language) else language))
    left = max(_LEAST_REPORTS, int(len(source) * _REPORTS_PER_BYTE))
    deadline = time.monotonic() + _SECONDS

    def read(offset: int, _: Point) -> bytes:
        return source[offset : offset + _CHUNK]

    def is_over(_offset: int, _has_error: bool) -> bool:
        nonlocal left
        left -= 1
        return left < 0 or time.monotonic() > deadline

    try:
        tree = parser.parse(read, encoding="utf8", progress_callback=is_over)
    except ValueError as error:
        raise ParseBudgetSpent("it costs the parser far more than its size warrants") from error
    # Taken over as it is, with the bytes at hand: nodes then give their text without calling back.
    return parser.parse(source, tree).root_node


def walk(root: Node) -> Iterator[Node]:
    """Every node below and with the root, in source order, without recursion."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(node.children))


def comment_and_string_spans(root: Node, source: bytes, is_ascii: bool) -> list[Span]:
    """Character offsets of comments and strings, sorted; code inside templates left out."""
    spans: list[Span] = []
    stack = [(root, False)]
    last = 0
    while stack:
        node, in_string = stack.pop()
        kind = node.type
        if kind in _COMMENTS:
            spans.append((node.start_byte, node.end_byte, "comment"))
            continue
        if in_string and kind in _CODE_IN_STRINGS:
            in_string = False
        elif kind in _STRINGS:
            in_string = True
        children = node.children
        if in_string and not any(child.type in _CODE_IN_STRINGS for child in children):
            last = spans[-1][1] if spans else 0
            spans.append((max(last, node.start_byte), node.end_byte, "string"))
            continue
        stack.extend((child, in_string) for child in reversed(children))
    return spans if is_ascii else _in_characters(spans, source)


def _in_characters(spans: list[Span], source: bytes) -> list[Span]:
    """The same spans with byte offsets turned into character offsets."""
    converted: list[Span] = []
    at_byte = at_character = 0

    def advance(to: int) -> int:
        nonlocal at_byte, at_character
        at_character += len(source[at_byte:to].decode("utf-8", "replace"))
        at_byte = to
        return at_character

    for start, end, kind in spans:
        converted.append((advance(start), advance(end), kind))
    return converted
