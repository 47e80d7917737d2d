"""Regular expressions over texts of strangers, each search within a time.

The original's patterns take exponential time on some short texts.
"""

from __future__ import annotations

from typing import Any

import regex

from benchmarks.api_calling.bfcl.replies import WrongReply

SECONDS = 0.5


def search(pattern: regex.Pattern[str], text: str) -> regex.Match[str] | None:
    """The first match anywhere in the text. WrongReply where that takes too long."""
    return _bounded(pattern.search, text)  # type: ignore[no-any-return]


def match(pattern: regex.Pattern[str], text: str) -> regex.Match[str] | None:
    """The match at the beginning of the text. WrongReply where that takes too long."""
    return _bounded(pattern.match, text)  # type: ignore[no-any-return]


def find_all(pattern: regex.Pattern[str], text: str) -> list[Any]:
    """The groups of every match. WrongReply where that takes too long."""
    return _bounded(pattern.findall, text)  # type: ignore[no-any-return]


def _bounded(find: Any, text: str) -> Any:
    try:
        return find(text, timeout=SECONDS)
    except TimeoutError as error:
        raise WrongReply("value_error:others", "A value takes too long to be read.") from error
