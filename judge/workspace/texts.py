"""Readers for source code and plain text."""

from __future__ import annotations

import io
import tokenize

from judge.workspace.artifact import ArtifactState, Damaged, Found, Unread
from judge.workspace.decoding import decode
from judge.workspace.source import Source
from judge.workspace.standins import numbers_in, stand_in, words_in

MOST_TEXT_BYTES = 2 << 20
# What opens a comment that takes the whole line, by format; other formats are not looked at.
_COMMENTS = dict.fromkeys("py sh bash r rb jl pl ipy".split(), "#")
_COMMENTS |= dict.fromkeys(
    "js jsx mjs cjs ts tsx java go rs c h cc cpp cxx hpp hh php kt swift scala".split(), "//"
)
_COMMENTS |= {"sql": "--", "lua": "--", "m": "%"}


def text_of(source: Source, most: int = MOST_TEXT_BYTES) -> tuple[str, tuple[str, ...]]:
    """(the beginning of a text, what was cut). Raises Damaged where the bytes are no text."""
    content = source.beginning(most)
    text = decode(content, is_cut=source.size > len(content))
    if text is None:
        raise Damaged("its bytes are not text")
    cuts = (f"bytes after {most}",) if source.size > most else ()
    return text, cuts


def judged_text(
    kind: str, format: str, text: str, facts: dict[str, object], cuts: tuple[str, ...] = ()
) -> Found:
    """Found with the state that a text alone tells: empty, a stand-in, or valid."""
    if not text.strip():
        return Found(kind, format, ArtifactState.EMPTY, facts, "", ("it holds only white space",))
    sign = stand_in(text)
    if sign is not None:
        return Found(kind, format, ArtifactState.PLACEHOLDER, facts, text, (sign,), cuts)
    return Found(kind, format, ArtifactState.VALID, facts, text, cuts=cuts)


def text_facts(text: str) -> dict[str, object]:
    """lines, words and numbers of a text."""
    return {
        "lines": len(text.splitlines()),
        "words": words_in(text),
        "numbers": numbers_in(text),
    }


def read_text(source: Source) -> Found:
    text, cuts = text_of(source)
    return judged_text("text", source.format, text, text_facts(text), cuts)


def read_unnamed(source: Source) -> Found:
    """A file whose name promises nothing: text where its bytes are, else a fact of its own."""
    try:
        text, cuts = text_of(source)
    except Damaged:
        raise Unread("its bytes are no text, and its format is not one that is read") from None
    return judged_text("text", "", text, text_facts(text), cuts)


def read_code(source: Source) -> Found:
    text, cuts = text_of(source)
    lines = text.splitlines()
    mark = _COMMENTS.get(source.format, "\0")
    code = [line for line in map(str.strip, lines) if line and not line.startswith(mark)]
    facts: dict[str, object] = {"lines": len(lines), "code_lines": len(code)}
    if not text.strip():
        sign = "it holds only white space"
        return Found("code", source.format, ArtifactState.EMPTY, facts, signs=(sign,))
    if not code or (source.format == "py" and _is_remark(text)):
        sign = "it holds no statement"
        return Found("code", source.format, ArtifactState.PLACEHOLDER, facts, text, (sign,), cuts)
    return Found("code", source.format, facts=facts, text=text, cuts=cuts)


def _is_remark(text: str) -> bool:
    """Whether Python source is nothing but comments and strings, by its tokens."""
    idle = {
        tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.STRING, tokenize.ENDMARKER,
    }  # fmt: skip
    try:
        return all(
            token.type in idle for token in tokenize.generate_tokens(io.StringIO(text).readline)
        )
    except (tokenize.TokenError, SyntaxError):
        return False
