"""Reads the body of a Chat Completions answer, as the many servers that speak it write it."""

from __future__ import annotations

import json
import math
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from runners.models.chat.failures import Failure, FailureKind
from runners.models.chat.values import Reply, ToolCall

_MOST_TOKENS = 10**12
TIMINGS = ("seconds_to_first", "seconds", "reused_tokens", "batch")


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Function(_Lenient):
    name: str
    arguments: Any = None


class _Call(_Lenient):
    id: str | None = None
    function: _Function


class _Part(_Lenient):
    type: str = "text"
    text: str | None = None


class _Message(_Lenient):
    content: str | list[_Part] | None = None
    refusal: str | None = None
    tool_calls: list[_Call] | None = None


class _Choice(_Lenient):
    message: _Message
    finish_reason: str | None = None


class _Answer(_Lenient):
    choices: list[_Choice] = Field(min_length=1)
    model: str | None = None


def read_answer(answer: dict[str, Any], model: str) -> Reply | Failure:
    """The reply, its usage still to be counted; a Failure when the answer is none."""
    try:
        read = _Answer.model_validate(answer)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"])
        return Failure(FailureKind.UNREADABLE, f"the answer has no usable {where}")
    choice = read.choices[0]
    content = choice.message.content
    if isinstance(content, list):
        said = (part.text or "" for part in content if part.type in ("text", "output_text"))
        content = "".join(said)
    refusal = choice.message.refusal or None
    if refusal is None and choice.finish_reason == "content_filter":
        refusal = "the endpoint's content filter stopped the reply"
    calls = _calls(choice.message.tool_calls or [])
    return Reply(
        text=content or "",
        tool_calls=calls,
        refusal=refusal,
        finish_reason=choice.finish_reason or ("tool_calls" if calls else "stop"),
        model=read.model or model,
        timings=_timings(answer.get("timings")),
    )


def _timings(found: object) -> dict[str, float]:
    """What a model in this process says of how it went; empty for other servers' forms."""
    given = found if isinstance(found, dict) else {}
    return {
        name: float(given[name])
        for name in TIMINGS
        if isinstance(given.get(name), int | float) and math.isfinite(given[name])
    }


def _calls(wanted: list[_Call]) -> tuple[ToolCall, ...]:
    """The calls, each with an id of its own, because results go back under it."""
    calls: list[ToolCall] = []
    taken: set[str] = set()
    for number, call in enumerate(wanted):
        name = call.id or f"call_{number}"
        while name in taken:
            name += f"_{number}"
        taken.add(name)
        arguments = call.function.arguments
        if not isinstance(arguments, str):
            arguments = "{}" if arguments is None else json.dumps(arguments)
        calls.append(ToolCall(name, call.function.name, arguments or "{}"))
    return tuple(calls)


def tokens_in(answer: dict[str, Any]) -> tuple[int | None, int | None, int]:
    """Prompt, completion and kept prompt tokens; None where the answer does not tell."""
    usage = answer.get("usage")
    if not isinstance(usage, dict):
        return None, None, 0
    asked, answered = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    details = usage.get("prompt_tokens_details")
    kept = _count(details.get("cached_tokens")) if isinstance(details, dict) else None
    return asked, answered, min(kept or 0, asked or 0)


def _count(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value <= _MOST_TOKENS else None
