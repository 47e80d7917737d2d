"""How a model is asked for BFCL's calls: with tools, or by a prompt that wants them as text.

The prompt asks for the form that the original's does, `[name(parameter=value), …]`, in words of our
own: figures in `prompt` mode can be compared among themselves, and are not the leaderboard's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from benchmarks.api_calling.bfcl.categories import Language
from benchmarks.api_calling.bfcl.dataset import Item
from benchmarks.api_calling.schemas import ToolSchema, calls_schema, shown_document, tool_schema

Role = Literal["system", "user", "assistant"]
Mode = Literal["tools", "prompt", "json"]

TEXT_CALLS = """\
You turn a request into calls of the functions below. Answer with the calls alone, in one list:
[function_1(parameter_1=value_1, parameter_2=value_2), function_2(parameter=value)]
Write values as literals, names and parameters as they are documented, and nothing before or after \
the list: no explanation and no code fence. Make every call that the request needs. Where none of \
the functions fits, or the request lacks what a required parameter needs, make no call and say so \
in a sentence.

The functions, as JSON:
"""
"""What a system message begins with in `prompt` mode; the functions' documents follow."""

JSON_CALLS = """\
You turn a request into calls of the functions below. Answer with one JSON object and nothing else:
{"calls": [{"name": "function_1", "arguments": {"parameter_1": value_1}}, …]}
Make every call that the request needs, with names and parameters as they are documented. Where \
none of the functions fits, or the request lacks what a required parameter needs, answer \
{"calls": []}.

The functions, as JSON:
"""
"""The same in `json` mode, in which the reply is held to a schema where the endpoint can do so."""

_END_OF_THOUGHT = "</think>"


@dataclass(frozen=True)
class Said:
    """One message of a conversation."""

    role: Role
    text: str


@dataclass(frozen=True)
class Prompt:
    """What a model is asked: a conversation, the tools it may call, the schema of its reply."""

    messages: tuple[Said, ...]
    tools: tuple[ToolSchema, ...] = ()
    schema: Mapping[str, Any] | None = None


def bfcl_prompt(item: Item, language: Language, mode: Mode, *, underscore_names: bool) -> Prompt:
    """An item as a model is asked it.

    Args:
        item: of a single-turn category.
        language: that the category's calls are written in.
        mode: `tools` offers the functions as tools; `prompt` documents them in a system message
            and asks for a text of calls, `json` for an object of calls of a given schema. An item
            without functions offers none.
        underscore_names: write `_` for the dots of functions' names.
    """
    said = tuple(Said(_role(message.get("role")), message["content"]) for message in item.question)
    tools = tuple(
        tool_schema(document, language, underscore_names=underscore_names)
        for document in item.functions
    )
    if mode == "tools":
        return Prompt(said, tools)
    documents = [shown_document(document, language) for document in item.functions]
    if underscore_names:
        documents = [{**each, "name": each["name"].replace(".", "_")} for each in documents]
    listed = json.dumps(documents, ensure_ascii=False, indent=1)
    if mode == "json":
        return Prompt(_with_system(JSON_CALLS + listed, said), schema=calls_schema(tools))
    return Prompt(_with_system(TEXT_CALLS + listed, said))


def json_calls(text: str) -> list[tuple[str, str]] | None:
    """(name, arguments as JSON) of each call in a reply of `json` mode; None where it is none.

    >>> json_calls('{"calls": [{"name": "f", "arguments": {"x": 1}}]}')
    [('f', '{"x": 1}')]
    """
    try:
        found = json.loads(text)
        return [(str(call["name"]), json.dumps(call["arguments"])) for call in found["calls"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def without_thoughts(text: str) -> str:
    """What a model says after it has thought aloud, as the original's own models are read.

    >>> without_thoughts("<think>Which?</think>\\n[f(x=1)]")
    '[f(x=1)]'
    """
    return text.rpartition(_END_OF_THOUGHT)[2].lstrip("\n") if _END_OF_THOUGHT in text else text


def _role(written: object) -> Role:
    match written:
        case "system" | "assistant":
            return written
    return "user"


def _with_system(asks: str, said: Sequence[Said]) -> tuple[Said, ...]:
    """The system message first; one that the item has itself goes on from it."""
    if said and said[0].role == "system":
        return (Said("system", f"{asks}\n\n{said[0].text}"), *said[1:])
    return (Said("system", asks), *said)
