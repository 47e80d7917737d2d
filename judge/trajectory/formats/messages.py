"""What chat messages have in common: text in parts, tool calls, numbers that may be missing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from judge.trajectory.actions import as_text
from judge.trajectory.documents import Document
from judge.trajectory.faults import as_number

DEEPEST_PARTS = 4


def text_of(content: object, depth: int = 0) -> str:
    """The text of a message's content: a text, or parts of which those with a text count.

    A part that is no text, such as an image, is named in brackets.
    """
    if isinstance(content, str):
        return content
    if isinstance(content, Mapping):
        if isinstance(content.get("text"), str):
            return str(content["text"])
        if depth < DEEPEST_PARTS and "content" in content:
            return text_of(content["content"], depth + 1)
        kind = content.get("type")
        return f"[{kind}]" if isinstance(kind, str) and kind not in ("text", "tool_use") else ""
    if isinstance(content, list) and depth < DEEPEST_PARTS:
        parts = (text_of(part, depth + 1) for part in content)
        return "\n".join(part for part in parts if part)
    return ""


def arguments_of(value: object) -> dict[str, str]:
    """The arguments of a tool call as texts; they may come as an object or as JSON text."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {"input": str(value)}
    if not isinstance(value, Mapping):
        return {}
    return {str(key): as_text(item) for key, item in value.items() if item is not None}


def whole_number(value: object) -> int:
    """A count that may be missing or odd: 0 then."""
    number = as_number(value)
    return int(number) if number is not None and number >= 0 else 0


def records_of(document: Document) -> Iterator[tuple[str, Any]]:
    """The records of a file with one on each line, and their place; a lone one may be the whole."""
    if document.lines is not None:
        for number, record in document.lines:
            yield f"line {number}", record
    elif isinstance(document.content, Mapping):
        yield "line 1", document.content


def mapping(value: object) -> Mapping[str, Any]:
    """The value where it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def items(value: object) -> list[Any]:
    """The value where it is a list, else an empty one."""
    return value if isinstance(value, list) else []
