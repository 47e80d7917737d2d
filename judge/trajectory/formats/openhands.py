"""OpenHands' event logs: one JSON event a line, or a list of events.

Source: github.com/OpenHands/software-agent-sdk (events with a `kind`, such as `ActionEvent`), and
the older list of events with `action` and `args`, or `observation` and `content`
(github.com/OpenHands/OpenHands, `openhands/events/serialization`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from judge.trajectory.actions import rendered
from judge.trajectory.bounds import MOST_STEPS, Notes
from judge.trajectory.documents import Document
from judge.trajectory.faults import Faults, as_number
from judge.trajectory.formats.messages import (
    arguments_of,
    mapping,
    records_of,
    text_of,
    whole_number,
)
from judge.trajectory.steps import Call, Step, Trajectory
from results.records import Usage

NAME = "openhands"
LOOKED_AT = 20
_TOOLS = {"run": "bash", "run_ipython": "python", "write": "write", "edit": "edit"}
_NO_TOOLS = frozenset(
    {"message", "system", "think", "recall", "change_agent_state", "null", "finish"}
)


@dataclass
class _Event:
    """An event of either form: something done or said, or the answer to it."""

    place: str
    identifier: str
    answers: str = ""
    is_answer: bool = False
    is_user: bool = False
    thought: str = ""
    name: str = ""
    arguments: dict[str, str] | None = None
    text: str = ""
    exit_status: int | None = None
    is_error: bool | None = None
    folder: str = ""
    ends: bool = False


def recognises(document: Document) -> bool:
    """Among the first events is one with a `kind` and a `source`, or with `action` and `args`."""
    for _, record in zip(range(LOOKED_AT), _records(document), strict=False):
        event = mapping(record[1])
        if str(event.get("kind", "")).endswith("Event") and "source" in event:
            return True
        if "source" in event and (
            ("action" in event and "args" in event)
            or ("observation" in event and "extras" in event)
        ):
            return True
    return False


def read(document: Document) -> Trajectory:
    """Raises InputError for records that are no events; a torn last line is only left out."""
    notes = Notes()
    faults = Faults(document.path, "OpenHands")
    events: list[_Event] = []
    total: Usage | None = None
    records = list(_records(document))
    for at, (place, record) in enumerate(records):
        if not isinstance(record, Mapping):
            if at == len(records) - 1 and document.lines is not None:
                notes.cut(f"{place} is torn and left out")
            else:
                faults.add(place, "is no JSON object")
            continue
        total = _stats(record) or total
        event = _event(record, place)
        if event is not None:
            events.append(event)
    faults.refuse()
    steps = list(_steps(events, notes))
    folder = next((event.folder for event in events if event.folder), "")
    if len(steps) > MOST_STEPS:
        notes.cut(f"the trajectory has {len(steps):,} steps; {MOST_STEPS:,} are read")
    return Trajectory(
        agent="OpenHands",
        format=NAME,
        path=document.path,
        steps=tuple(steps[:MOST_STEPS]),
        warnings=tuple(notes.warnings),
        cuts=tuple(notes.cuts),
        ended_by_agent=True if any(event.ends for event in events) else None,
        folder=folder,
        total=total,
    )


def _records(document: Document) -> Iterator[tuple[str, Any]]:
    if isinstance(document.content, list):
        yield from ((f"/{index}", item) for index, item in enumerate(document.content))
    else:
        yield from records_of(document)


def _event(record: Mapping[str, Any], place: str) -> _Event | None:
    return _new_event(record, place) if "kind" in record else _old_event(record, place)


def _new_event(record: Mapping[str, Any], place: str) -> _Event | None:
    kind = record.get("kind")
    event = _Event(place, text_of(record.get("id")))
    if kind == "MessageEvent":
        event.is_user = record.get("source") == "user"
        event.thought = text_of(mapping(record.get("llm_message")).get("content"))
        return event
    if kind == "ActionEvent":
        action = mapping(record.get("action"))
        event.thought = text_of(record.get("thought")) or text_of(record.get("reasoning_content"))
        event.name = text_of(record.get("tool_name"))
        event.arguments = arguments_of({k: v for k, v in action.items() if k != "kind"})
        event.ends = "finish" in event.name.lower()
        return event
    if kind not in ("ObservationEvent", "AgentErrorEvent", "UserRejectObservation"):
        return None
    event.is_answer = True
    event.answers = text_of(record.get("action_id"))
    observation = mapping(record.get("observation"))
    metadata = mapping(observation.get("metadata"))
    event.text = text_of(observation.get("content")) or text_of(record.get("error"))
    event.name = text_of(record.get("tool_name"))
    command = observation.get("command")
    event.arguments = {"command": command} if isinstance(command, str) else {}
    event.exit_status = _status(observation.get("exit_code"), metadata.get("exit_code"))
    is_error = observation.get("is_error")
    event.is_error = True if kind == "AgentErrorEvent" else is_error is True or None
    event.folder = text_of(metadata.get("working_dir"))
    return event


def _old_event(record: Mapping[str, Any], place: str) -> _Event | None:
    event = _Event(place, str(record.get("id", "")))
    if "observation" in record:
        extras = mapping(record.get("extras"))
        metadata = mapping(extras.get("metadata"))
        if record.get("observation") in ("agent_state_changed", "null", "recall"):
            return None
        event.is_answer = True
        event.answers = str(record.get("cause", ""))
        event.text = text_of(record.get("content"))
        event.exit_status = _status(extras.get("exit_code"), metadata.get("exit_code"))
        event.is_error = True if record.get("observation") == "error" else None
        event.folder = text_of(metadata.get("working_dir"))
        return event
    kind = record.get("action")
    arguments = arguments_of(record.get("args"))
    if not isinstance(kind, str) or kind in ("system", "recall", "change_agent_state", "null"):
        return None
    event.is_user = record.get("source") == "user"
    event.ends = kind == "finish"
    event.thought = arguments.get("thought", "")
    if kind in _NO_TOOLS:
        event.thought = arguments.get("content") or event.thought or text_of(record.get("message"))
        return event
    event.name = _TOOLS.get(kind, kind)
    event.arguments = {key: value for key, value in arguments.items() if key != "thought"}
    return event


def _steps(events: list[_Event], notes: Notes) -> Iterator[Step]:
    answers = {event.answers: event for event in events if event.is_answer and event.answers}
    known = {event.identifier for event in events if not event.is_answer}
    asked: list[str] = []
    number = 0
    for event in events:
        if event.is_user:
            asked.append(event.thought)
            continue
        if event.is_answer and (event.answers in known or not event.arguments):
            continue
        answer = event if event.is_answer else answers.get(event.identifier)
        if event.is_answer:
            notes.warn(f"{event.place} answers an action that is not in the file")
        yield _step(event, answer, number, "\n".join(asked), notes)
        asked = []
        number += 1
    if asked:
        yield Step(number, user_message="\n".join(asked), is_answered=False, source="end")


def _step(event: _Event, answer: _Event | None, number: int, asked: str, notes: Notes) -> Step:
    place = f"step {number}: its"
    observation = notes.bounded(answer.text if answer else "", f"{place} observation")
    calls: tuple[Call, ...] = ()
    if event.name and event.arguments is not None:
        arguments = {
            key: notes.bounded(value, f"{place} {key}") for key, value in event.arguments.items()
        }
        calls = (
            Call(
                name=event.name,
                arguments=arguments,
                observation=observation,
                exit_status=answer.exit_status if answer else None,
                is_error=answer.is_error if answer else None,
            ),
        )
    return Step(
        number=number,
        thought=notes.bounded(event.thought, f"{place} thought"),
        action="\n".join(rendered(call.name, call.arguments) for call in calls),
        observation=observation,
        user_message=notes.bounded(asked, f"{place} user message"),
        source=event.place,
        calls=calls,
        is_answered=answer is not None,
        folder=answer.folder if answer and answer.folder.startswith("/") else "",
    )


def _status(*values: object) -> int | None:
    """The exit status, or None; OpenHands writes -1 where a command has not ended."""
    for value in values:
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
    return None


def _stats(record: Mapping[str, Any]) -> Usage | None:
    """What all models together have taken so far, as a state event tells."""
    if record.get("key") != "stats":
        return None
    known = [
        mapping(metrics)
        for metrics in mapping(mapping(record.get("value")).get("usage_to_metrics")).values()
    ]
    tokens = [mapping(metrics.get("accumulated_token_usage")) for metrics in known]
    costs = [as_number(metrics.get("accumulated_cost")) for metrics in known]
    return Usage(
        input_tokens=sum(whole_number(usage.get("prompt_tokens")) for usage in tokens),
        output_tokens=sum(whole_number(usage.get("completion_tokens")) for usage in tokens),
        cost=None if None in costs else sum(cost for cost in costs if cost is not None),
    )
