"""A model's reply read as calls: native tool calls, or a text that spells them out."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.api_calling.bfcl import java, javascript, python_calls
from benchmarks.api_calling.bfcl.categories import Language
from benchmarks.api_calling.bfcl.replies import UNREADABLE, WRONG_FORM, Calls, WrongReply, shown


def decode(result: object, language: Language) -> Calls:
    """The calls in a reply, in its order.

    Args:
        result: the `result` of a line of a result file: a text, or a list of native calls
            `{"<name>": "<JSON of the arguments>"}`.
        language: what a text spells its calls in. A native call's arguments are JSON whatever the
            category.

    Raises:
        WrongReply: no calls can be read, or they have not the form of calls.
    """
    decoded = _native(result) if isinstance(result, list) else _spelled(result, language)
    if not is_list_of_calls(decoded):
        raise WrongReply(WRONG_FORM, f"The reply is not a list of calls: {shown(result)}.")
    assert isinstance(decoded, list)
    return decoded


def is_list_of_calls(decoded: object) -> bool:
    """Whether it is a list of `{name: {parameter: value}}`, each of one name; `[]` is one too."""
    return isinstance(decoded, list) and all(
        isinstance(call, dict) and len(call) == 1 and isinstance(next(iter(call.values())), dict)
        for call in decoded
    )


def _native(result: list[Any]) -> Calls:
    calls: Calls = []
    for call in result:
        if not isinstance(call, dict) or not call:
            raise WrongReply(
                UNREADABLE, f"A native call is an object with the function's name: {shown(call)}."
            )
        name, arguments = next(iter(call.items()))
        if not isinstance(arguments, str):
            raise WrongReply(
                UNREADABLE,
                f"The arguments of {shown(name)} must be JSON in a text, not {shown(arguments)}.",
            )
        try:
            calls.append({name: json.loads(arguments)})
        except (ValueError, RecursionError) as error:
            raise WrongReply(
                UNREADABLE, f"The arguments of {shown(name)} are no JSON: {shown(arguments)}."
            ) from error
    return calls


def _spelled(result: object, language: Language) -> object:
    if not isinstance(result, str):
        raise WrongReply(UNREADABLE, f"The reply is neither a text nor calls: {shown(result)}.")
    text = result.strip("`\n ")
    if not text.startswith("["):
        text = "[" + text
    if not text.endswith("]"):
        text += "]"
    match language:
        case Language.PYTHON:
            return python_calls.read_calls(text)
        case Language.JAVA:
            return java.read_call(text[1:-1])
        case Language.JAVASCRIPT:
            return javascript.read_call(text[1:-1])
