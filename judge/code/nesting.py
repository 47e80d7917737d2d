"""How deeply a source text of a brace language nests, told without parsing it.

A parser that has to give up thousands of open brackets or operators takes time and memory by the
square of their number, and cannot be stopped while it does so; such texts are not parsed.
"""

from __future__ import annotations

import re

MAX_NESTING = 200
"""Open brackets, or operators in one expression, that a person may still have written."""

_START = re.compile(rb"""//|/\*|["'`]|(?m:^)[ \t]*\#""")
_QUOTED = {
    b'"': re.compile(rb'(?:[^"\\\n]++|\\.)*+"', re.DOTALL),
    b"'": re.compile(rb"(?:[^'\\\n]++|\\.)*+'", re.DOTALL),
    b"`": re.compile(rb"(?:[^`\\]++|\\.)*+`", re.DOTALL),
}
_PART = re.compile(rb"[()\[\]{}]|[^()\[\]{};,]++")
_OPERATOR = re.compile(rb"[-+*/<>&|!~?:=^%@.]|\b(?:if|else|not|new|await|do|for|while|case)\b")


def nesting(source: bytes) -> int:
    """The most brackets open at once, or the most operators between two separators."""
    depth = deepest = 0
    for part in _PART.findall(_without_text(source)):
        if part in b"([{":
            depth += 1
            deepest = max(deepest, depth)
        elif part in b")]}":
            depth = max(0, depth - 1)
        elif len(part) > MAX_NESTING:
            deepest = max(deepest, len(_OPERATOR.findall(part)))
    return deepest


def _without_text(source: bytes) -> bytes:
    """The source without comments and strings; openers that nothing closes are left in."""
    kept: list[bytes] = []
    position = 0
    is_closed = {b"`": True, b"/*": True}
    while (start := _START.search(source, position)) is not None:
        kept.append(source[position : start.start()])
        opener = start[0]
        end = -1
        if opener == b"/*":
            end = source.find(b"*/", start.end()) if is_closed[opener] else -1
            is_closed[opener] = end >= 0
            end += 2 if end >= 0 else 0
        elif opener in _QUOTED:
            match = _QUOTED[opener].match(source, start.end()) if is_closed.get(
                opener, True
            ) else None  # fmt: skip
            if opener == b"`":
                is_closed[opener] = match is not None
            end = -1 if match is None else match.end()
        else:
            end = source.find(b"\n", start.end())
            end = len(source) if end < 0 else end
        if end < 0:
            kept.append(opener)
            end = start.end()
        position = end
    kept.append(source[position:])
    return b" ".join(kept)
