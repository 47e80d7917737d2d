"""How a model is asked for the next step of an API-Bank dialogue, its true history before it.

As in the original (`evaluator.py` of API-Bank), each call and each reply is asked for after what
really came before, whatever the model said earlier; which of the two is due is said; and on offer
are the APIs of the dialogue, where it searches for APIs less those that are yet to be found.

Where a dialogue comes with documents of its APIs, those are on offer, called or not. API-Bank's
come without: what stands for a document is then made of the data, from the parameters that an API
is called with anywhere in them (no values), and, where a dialogue searched for the API, the
document that it got.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from benchmarks.api_calling.api_bank import Turn
from benchmarks.api_calling.dialogues import Dialogue, DialogueTurn
from benchmarks.api_calling.schemas import JSON_TYPES, ToolSchema

SEARCHER = "ToolSearcher"

ASKS = """\
You are an assistant that helps a user, with APIs that you can call. The year is 2023.
Each of your steps is either one API call or one reply; you are told which is due."""
ASKS_FOR_TEXT = """\
 Write a call as
[ApiName(key1='value1', key2='value2')]
with the API's name, its parameters and their values, and nothing else. Write a reply as plain \
text.

The APIs:
"""
CALL_IS_DUE = "(An API call is due now.)"
REPLY_IS_DUE = "(A reply to the user is due now.)"

_MAX_CHARACTERS = 20_000
_PYTHON_WORDS = {"str": "string", "int": "integer"}


@dataclass(frozen=True)
class Step:
    """One message of a dialogue for a chat model; `call` and `answer` only in `tools` form."""

    role: Literal["system", "user", "assistant", "tool"]
    text: str = ""
    call: tuple[str, Mapping[str, Any]] | None = None
    """The name and the arguments of what the assistant called."""


@dataclass(frozen=True)
class Dialogues:
    """Whole dialogues, by id: their turns by number."""

    turns: Mapping[str, Mapping[int, DialogueTurn]]
    apis: Mapping[str, ToolSchema]
    """What is known of each API that is called anywhere."""
    given: Mapping[str, tuple[ToolSchema, ...]]
    """Of each dialogue that comes with documents of its APIs, those."""

    def on_offer(self, turn: Turn) -> tuple[ToolSchema, ...]:
        """The APIs that may be called at a turn, by name.

        Those that the dialogue calls, less those that a search is yet to find. One that is called
        and that no search found before is on offer all along, the searcher itself first of all.
        Those that come with the dialogue are on offer as they come.
        """
        if turn.dialogue in self.given:
            return self.given[turn.dialogue]
        found_at: dict[str, int] = {}
        offered: set[str] = set()
        for number, each in self.turns[turn.dialogue].items():
            if each.role == "call" and found_at.get(each.name, -1) < turn.number:
                offered.add(each.name)
            for found in _documents(each):
                found_at.setdefault(found, number)
        return tuple(self.apis[name] for name in sorted(offered))

    def as_text(self, turn: Turn) -> tuple[Step, ...]:
        """The conversation up to a turn, its calls spelled in the assistant's messages."""
        offered = "\n".join(
            json.dumps(
                {"name": api.name, "description": api.description, "parameters": api.parameters},
                ensure_ascii=False,
            )
            for api in self.on_offer(turn)
        )
        steps = [Step("system", ASKS + ASKS_FOR_TEXT + offered)]
        for each in self._before(turn):
            match each.role:
                case "user":
                    steps.append(Step("user", each.text))
                case "agent":
                    steps.append(Step("assistant", each.text))
                case "call":
                    steps.append(Step("assistant", spelled(*_call(each))))
                    steps.append(Step("user", f"(The API gave: {_result(each)})"))
        steps.append(Step("user", _due(turn)))
        return tuple(_in_turns(steps))

    def as_tool_calls(self, turn: Turn) -> tuple[Step, ...]:
        """The conversation up to a turn, with calls of tools and what those gave."""
        steps = [Step("system", ASKS)]
        for each in self._before(turn):
            match each.role:
                case "user":
                    steps.append(Step("user", each.text))
                case "agent":
                    steps.append(Step("assistant", each.text))
                case "call":
                    steps.append(Step("assistant", call=_call(each)))
                    steps.append(Step("tool", _result(each)))
        steps.append(Step("user", _due(turn)))
        return tuple(_in_turns(steps))

    def _before(self, turn: Turn) -> Iterable[DialogueTurn]:
        turns = self.turns[turn.dialogue]
        return (each for number, each in turns.items() if number < turn.number)


def histories_of(dialogues: Iterable[Dialogue]) -> Dialogues:
    """The whole dialogues, and what is known of their APIs."""
    dialogues = tuple(dialogues)
    turns = {dialogue.id: dialogue.turns for dialogue in dialogues}
    return Dialogues(
        turns,
        _apis(each for of_dialogue in turns.values() for each in of_dialogue.values()),
        {each.id: tuple(map(_given, each.apis)) for each in dialogues if each.apis},
    )


def _given(document: Mapping[str, Any]) -> ToolSchema:
    """A document that came with a dialogue, as a tool."""
    name, described = document["name"], document.get("description")
    parameters = {"type": "object", "properties": {}, **document.get("parameters", {})}
    return ToolSchema(name, described if isinstance(described, str) else _words(name), parameters)


def spelled(name: str, arguments: Mapping[str, Any]) -> str:
    """A call as the benchmark writes it.

    >>> spelled("AddAlarm", {"token": "x", "time": "14:00"})
    "[AddAlarm(token='x', time='14:00')]"
    """
    return f"[{name}({', '.join(f'{key}={str(value)!r}' for key, value in arguments.items())})]"


def _apis(turns: Iterable[DialogueTurn]) -> dict[str, ToolSchema]:
    parameters: dict[str, dict[str, int]] = {}
    calls: dict[str, int] = {}
    documents: dict[str, Mapping[str, Any]] = {}
    for turn in turns:
        documents = {**_documents(turn), **documents}
        if turn.arguments is None:
            continue
        calls[turn.name] = calls.get(turn.name, 0) + 1
        of_name = parameters.setdefault(turn.name, {})
        for key in turn.arguments:
            of_name[str(key)] = of_name.get(str(key), 0) + 1
    return {
        name: _schema(name, documents.get(name, {}), parameters[name], count)
        for name, count in calls.items()
    }


def _schema(
    name: str, document: Mapping[str, Any], given: Mapping[str, int], calls: int
) -> ToolSchema:
    """An API as a tool: its document where one was found, and what it was called with."""
    documented = document.get("input_parameters")
    documented = documented if isinstance(documented, Mapping) else {}
    properties: dict[str, Any] = {}
    for key in dict.fromkeys([*map(str, documented), *given]):
        details = documented.get(key)
        details = details if isinstance(details, Mapping) else {}
        word = str(details.get("type", "string"))
        type_ = JSON_TYPES.get(_PYTHON_WORDS.get(word, word), "string")
        properties[key] = {"type": type_, **({"items": {}} if type_ == "array" else {})}
        if isinstance(details.get("description"), str):
            properties[key]["description"] = details["description"][:_MAX_CHARACTERS]
    required = [key for key in properties if given.get(key) == calls]
    described = document.get("description")
    return ToolSchema(
        name,
        described[:_MAX_CHARACTERS] if isinstance(described, str) else _words(name),
        {"type": "object", "properties": properties, "required": required},
    )


def _words(name: str) -> str:
    """`AddAlarm` -> `Add alarm.`"""
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()
    return f"{words[:1].upper()}{words[1:]}."


def _call(turn: DialogueTurn) -> tuple[str, Mapping[str, Any]]:
    return turn.name, turn.arguments or {}


def _documents(turn: DialogueTurn) -> dict[str, Mapping[str, Any]]:
    """The documents, by API, that a search gave."""
    if turn.name != SEARCHER:
        return {}
    found = _output(turn)
    listed = found if isinstance(found, list) else [found]
    return {
        each["name"]: each
        for each in listed
        if isinstance(each, dict) and isinstance(each.get("name"), str)
    }


def _output(turn: DialogueTurn) -> Any:
    """What a call gave; API-Bank's forms have it beside what failed."""
    result = turn.result
    if not isinstance(result, dict) or not {"output", "exception"} & set(result):
        return result
    failed = result.get("exception")
    return result.get("output") if failed is None else {"exception": failed}


def _result(turn: DialogueTurn) -> str:
    found = _output(turn)
    text = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
    return text[:_MAX_CHARACTERS]


def _due(turn: Turn) -> str:
    return REPLY_IS_DUE if turn.call is None else CALL_IS_DUE


def _in_turns(steps: Iterable[Step]) -> list[Step]:
    """Messages of one side after another made one, because templates want both in turns."""
    joined: list[Step] = []
    for step in steps:
        last = joined[-1] if joined else None
        if last is None or last.role != step.role or step.role == "tool" or last.call is not None:
            joined.append(step)
        else:
            text = "\n".join(part for part in (last.text, step.text) if part)
            joined[-1] = Step(step.role, text, step.call)
    return joined
