"""What a reply is read as: calls, or wrong for a reason that programs count and people read."""

from __future__ import annotations

from typing import Any

Calls = list[dict[str, Any]]
"""Each call as `{name: {parameter: value}}`."""

UNREADABLE = "ast_decoder:decoder_failed"
WRONG_FORM = "ast_decoder:decoder_wrong_output_format"


class WrongReply(Exception):
    """A reply that does not pass. `type` is one of the original checker's error types."""

    def __init__(self, type_: str, message: str) -> None:
        super().__init__(message)
        self.type = type_
        self.message = message


def shown(value: object, limit: int = 200) -> str:
    """A value as it is written, cut where it is long."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"
