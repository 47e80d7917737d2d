"""Text of strangers made harmless for Markdown, XML and SARIF; and files written whole."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

from results.errors import InputError

LONGEST = 1_000

# Controls, halves of surrogate pairs, marks that turn the direction of writing, and non-characters.
_UNSHOWABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069"
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)


def showable(text: str, longest: int = LONGEST) -> str:
    """The text without what cannot be shown, cut visibly where it is longer than `longest`.

    >>> showable("a\\x00b\\u202e", 10)
    'a�b�'
    """
    cut = text if len(text) <= longest else f"{text[:longest]}…"
    return _UNSHOWABLE.sub("�", cut)


def code_span(text: str, longest: int = LONGEST, *, in_table: bool = False) -> str:
    """The text as a Markdown code span, in which nothing is markup, a link or a mention.

    >>> code_span("a `b` @team ![x](y)")
    '``a `b` @team ![x](y)``'
    """
    line = " ".join(showable(text, longest).split())
    if not line:
        return ""
    if in_table:
        # The one mark that acts within a code span of a table.
        line = line.replace("|", "\\|")
    fence = "`" * (max(map(len, re.findall("`+", line)), default=0) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def write_whole(text: str, path: Path) -> None:
    """Writes a file whole or not at all. InputError where it cannot be written."""
    beginning = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            beginning.write_text(text, encoding="utf-8", newline="\n")
            beginning.replace(path)
        finally:
            beginning.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {os.strerror(error.errno or 0)}; name another file."
        ) from error
