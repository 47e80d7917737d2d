"""Where a word stands in a source text: in code, in a string, in a comment or in a docstring."""

from __future__ import annotations

import keyword
import re
from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property

from judge.code.facts import Mention, MentionKind, Span

_PYTHON_TOKEN = re.compile(
    r"""
    (?P<comment>\#[^\n]*+)
    | (?P<prefix>(?<![A-Za-z0-9_])[rRbBuUfF]{1,2}(?=["']))?
      (?P<string>
          \"\"\"(?:[^"\\]++|\\.|"(?!""))*+(?:\"\"\"|\Z)
        | '''(?:[^'\\]++|\\.|'(?!''))*+(?:'''|\Z)
        | "(?:[^"\\\n]++|\\.)*+"?
        | '(?:[^'\\\n]++|\\.)*+'?
      )
    """,
    re.VERBOSE | re.DOTALL,
)
_REPLACEMENT_FIELD = re.compile(r"\{\{|\}\}|\{([^{}]*+)\}")
_WORD = re.compile(r"[^\W\d]\w*")
_PYTHON_KEYWORDS = frozenset(keyword.kwlist)

MAX_MENTIONS = 1000


class SourceText:
    """A source text whose strings and comments are told from its code on first use."""

    def __init__(
        self,
        path: str,
        text: str,
        docstring_lines: Iterable[int] | None = None,
        spans: list[Span] | None = None,
    ) -> None:
        """`spans` are those of another language than Python; Python's are found here."""
        self.path = path
        self.text = text
        self._known_spans = spans
        self._docstring_lines = None if docstring_lines is None else frozenset(docstring_lines)

    @cached_property
    def lowered(self) -> str:
        return self.text.lower()

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(found.end() for found in re.finditer("\n", self.text))]

    @cached_property
    def _spans(self) -> list[Span]:
        if self._known_spans is not None:
            return self._known_spans
        return list(self._python_spans())

    def _python_spans(self) -> Iterable[Span]:
        for token in _PYTHON_TOKEN.finditer(self.text):
            start, end = token.span()
            if token["comment"] is not None:
                yield (start, end, "comment")
            elif self._is_docstring(start, token["string"]):
                yield (start, end, "docstring")
            elif token["prefix"] and "f" in token["prefix"].lower():
                yield from _around_fields(self.text, start, end)
            else:
                yield (start, end, "string")

    def _is_docstring(self, start: int, string: str) -> bool:
        line = bisect_right(self._line_starts, start) - 1
        if self.text[self._line_starts[line] : start].strip():
            return False
        if self._docstring_lines is None:
            # The text does not parse: a triple-quoted string on a line of its own is taken for one.
            return string.startswith(('"""', "'''"))
        return line + 1 in self._docstring_lines

    @cached_property
    def identifiers(self) -> frozenset[str]:
        """Names that stand in the code, keywords of Python left out."""
        parts: list[str] = []
        last = 0
        for start, end, _ in self._spans:
            parts.append(self.text[last:start])
            last = end
        parts.append(self.text[last:])
        names = set(_WORD.findall("\n".join(parts)))
        return frozenset(names - _PYTHON_KEYWORDS if self._known_spans is None else names)

    def mentions(self, pattern: re.Pattern[str]) -> list[Mention]:
        """Every line and kind in which the pattern occurs, in order, at most MAX_MENTIONS."""
        found: dict[tuple[int, MentionKind], Mention] = {}
        starts = [span[0] for span in self._spans]
        for match in pattern.finditer(self.text):
            place = bisect_right(starts, match.start()) - 1
            kind: MentionKind = "code"
            if place >= 0 and match.start() < self._spans[place][1]:
                kind = self._spans[place][2]
            line = bisect_right(self._line_starts, match.start())
            if (line, kind) not in found:
                found[(line, kind)] = Mention(self.path, line, kind, self._line(line))
                if len(found) >= MAX_MENTIONS:
                    break
        return list(found.values())

    def _line(self, number: int) -> str:
        start = self._line_starts[number - 1]
        end = self._line_starts[number] if number < len(self._line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")


def word_pattern(word: str) -> re.Pattern[str]:
    """Matches the word as a whole, in any case; inner white space matches any white space."""
    inner = r"\s+".join(re.escape(part) for part in word.split())
    return re.compile(rf"(?<!\w){inner}(?!\w)", re.IGNORECASE)


def _around_fields(text: str, start: int, end: int) -> Iterable[Span]:
    """The parts of an f-string that are text; what stands in braces is code."""
    last = start
    for field in _REPLACEMENT_FIELD.finditer(text, start, end):
        if field[1] is not None:
            yield (last, field.start() + 1, "string")
            last = field.end() - 1
    yield (last, end, "string")
