"""Claude Code's session log: one JSON record a line, tool results after the calls they answer.

One reply of the model may stand on several lines with the same message id; its usage counts once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from judge.trajectory.actions import rendered
from judge.trajectory.bounds import MOST_STEPS, Notes
from judge.trajectory.documents import Document
from judge.trajectory.faults import Faults, as_number
from judge.trajectory.formats.messages import (
    arguments_of,
    items,
    mapping,
    records_of,
    text_of,
    whole_number,
)
from judge.trajectory.steps import Call, Step, StepUsage, Trajectory

NAME = "claude-code"
_KINDS = ("user", "assistant", "summary", "system", "file-history-snapshot")
_SIGNS = frozenset({"sessionId", "leafUuid", "parentUuid", "uuid"})
LOOKED_AT = 20


def recognises(document: Document) -> bool:
    """Among the first records is a `user`, `assistant` or `summary` with a session's ids."""
    for _, record in zip(range(LOOKED_AT), records_of(document), strict=False):
        content = record[1]
        if isinstance(content, Mapping) and content.get("type") in _KINDS:
            return not _SIGNS.isdisjoint(content)
    return False


@dataclass
class _Draft:
    """A step whose answers may still come."""

    place: str
    message_id: str = ""
    thought: list[str] = field(default_factory=list)
    user_message: str = ""
    calls: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    usage: StepUsage | None = None


@dataclass
class _Answer:
    text: str
    is_error: bool | None
    folder: str


def read(document: Document) -> Trajectory:
    """Raises InputError for records that are none; a torn last line is only left out."""
    notes = Notes()
    faults = Faults(document.path, "Claude Code")
    drafts: list[_Draft] = []
    answers: dict[str, _Answer] = {}
    counted: set[str] = set()
    asked = _Draft("")
    folder = ""
    ended: bool | None = None
    records = list(records_of(document))
    for at, (place, record) in enumerate(records):
        if not isinstance(record, Mapping):
            if at == len(records) - 1:
                notes.cut(f"{place} is torn and left out")
            else:
                faults.add(place, "is no JSON object")
            continue
        folder = folder or text_of(record.get("cwd"))
        message = mapping(record.get("message"))
        if record.get("type") == "user":
            own = _answers(message, text_of(record.get("cwd")))
            answers.update(own)
            text = "" if own else text_of(message.get("content"))
            if text and not record.get("isMeta"):
                asked = _Draft(place, user_message=f"{asked.user_message}\n{text}".strip())
                ended = None
        elif record.get("type") == "assistant" and len(drafts) < MOST_STEPS:
            ended = True if message.get("stop_reason") == "end_turn" else None
            draft = _draft(record, message, place, counted)
            draft.user_message, asked = asked.user_message, _Draft("")
            last = drafts[-1] if drafts else None
            if last and draft.message_id == last.message_id != "" and not last.calls:
                last.thought += draft.thought  # the same reply, on more than one line
                last.calls = draft.calls
            else:
                drafts.append(draft)
    if asked.user_message:
        drafts.append(asked)
    faults.refuse()
    steps = [_step(number, draft, answers, notes) for number, draft in enumerate(drafts)]
    return Trajectory(
        agent="Claude Code",
        format=NAME,
        path=document.path,
        steps=tuple(steps),
        warnings=tuple(notes.warnings),
        cuts=tuple(notes.cuts),
        ended_by_agent=ended,
        folder=folder if folder.startswith("/") else "",
    )


def _draft(
    record: Mapping[str, Any], message: Mapping[str, Any], place: str, counted: set[str]
) -> _Draft:
    identifier = text_of(message.get("id"))
    draft = _Draft(place, identifier)
    content = message.get("content")
    for part in content if isinstance(content, list) else [{"type": "text", "text": content}]:
        block = mapping(part)
        if block.get("type") == "tool_use":
            name = text_of(block.get("name"))
            draft.calls.append((text_of(block.get("id")), name, arguments_of(block.get("input"))))
        elif block.get("type") == "thinking":
            draft.thought.append(text_of(block.get("thinking")))
        elif block.get("type") == "text":
            draft.thought.append(text_of(block.get("text")))
    usage = mapping(message.get("usage"))
    if usage and not (identifier and identifier in counted):
        counted.add(identifier)
        model = message.get("model")
        draft.usage = StepUsage(
            input_tokens=sum(
                whole_number(usage.get(key))
                for key in (
                    "input_tokens",
                    "cache_creation_input_tokens",
                    "cache_read_input_tokens",
                )
            ),
            output_tokens=whole_number(usage.get("output_tokens")),
            cost=as_number(record.get("costUSD")),
            model=model if isinstance(model, str) else None,
        )
    return draft


def _answers(message: Mapping[str, Any], folder: str) -> dict[str, _Answer]:
    found = {}
    for part in items(message.get("content")):
        block = mapping(part)
        if block.get("type") == "tool_result":
            is_error = block.get("is_error")
            found[text_of(block.get("tool_use_id"))] = _Answer(
                text_of(block.get("content")),
                is_error if isinstance(is_error, bool) else None,
                folder if folder.startswith("/") else "",
            )
    return found


def _step(number: int, draft: _Draft, answers: dict[str, _Answer], notes: Notes) -> Step:
    place = f"step {number}: its"
    calls = []
    folder = ""
    for identifier, name, arguments in draft.calls:
        answer = answers.get(identifier, _Answer("", None, ""))
        folder = answer.folder or folder
        calls.append(
            Call(
                name=name,
                arguments={
                    key: notes.bounded(value, f"{place} {key}") for key, value in arguments.items()
                },
                observation=notes.bounded(answer.text, f"{place} observation"),
                is_error=answer.is_error,
            )
        )
    return Step(
        number=number,
        thought=notes.bounded("\n\n".join(t for t in draft.thought if t), f"{place} thought"),
        action="\n".join(rendered(call.name, call.arguments) for call in calls),
        observation="\n".join(call.observation for call in calls if call.observation),
        user_message=notes.bounded(draft.user_message, f"{place} user message"),
        usage=draft.usage,
        source=draft.place,
        calls=tuple(calls),
        is_answered=any(identifier in answers for identifier, _, _ in draft.calls),
        folder=folder,
    )
