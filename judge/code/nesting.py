"""What can be told of a source in a brace language or shell without parsing it: where comments and
strings stand, roughly, and how deeply it nests.

A parser that has to give up thousands of open brackets or operators takes time and memory by the
square of their number, and cannot be stopped while it does so; such texts are not parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from judge.code.facts import Span

MAX_NESTING = 200
"""Open brackets, or operators in one expression, that a person may still have written."""

_START = re.compile(r"""//|/\*|["'`]|(?m:^)[ \t]*\#""")
_QUOTED = {
    '"': re.compile(r'(?:[^"\\\n]++|\\.)*+"', re.DOTALL),
    "'": re.compile(r"(?:[^'\\\n]++|\\.)*+'", re.DOTALL),
    "`": re.compile(r"(?:[^`\\]++|\\.)*+`", re.DOTALL),
}
_PART = re.compile(r"[()\[\]{}]|[^()\[\]{};,]++")
_OPERATOR = re.compile(r"[-+*/<>&|!~?:=^%@.]|\b(?:if|else|not|new|await|do|for|while|case)\b")


def rough_spans(text: str) -> Iterator[Span]:
    """Comments and strings by their openers alone; openers that nothing closes are left out."""
    position = 0
    is_closed = {"`": True, "/*": True}
    while (start := _START.search(text, position)) is not None:
        opener = start[0]
        position = start.end()
        end = -1
        if opener == "/*":
            end = text.find("*/", position) if is_closed[opener] else -1
            is_closed[opener] = end >= 0
            end += 2 if end >= 0 else 0
        elif opener in _QUOTED:
            match = _QUOTED[opener].match(text, position) if is_closed.get(opener, True) else None
            if opener == "`":
                is_closed[opener] = match is not None
            end = -1 if match is None else match.end()
        else:
            end = text.find("\n", position)
            end = len(text) if end < 0 else end
        if end >= 0:
            yield (start.start(), end, "string" if opener in _QUOTED else "comment")
            position = end


def nesting(text: str) -> int:
    """The most brackets open at once, or the most operators between two separators."""
    depth = deepest = 0
    for part in _PART.findall(_without_text(text)):
        if part in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif part in ")]}":
            depth = max(0, depth - 1)
        elif len(part) > MAX_NESTING:
            deepest = max(deepest, len(_OPERATOR.findall(part)))
    return deepest


def _without_text(text: str) -> str:
    kept: list[str] = []
    last = 0
    for start, end, _ in rough_spans(text):
        kept.append(text[last:start])
        last = end
    kept.append(text[last:])
    return " ".join(kept)
