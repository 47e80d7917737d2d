"""SWE-agent's `.traj`: an object with a `trajectory` of steps, or with the chat `history` alone.

Source: github.com/SWE-agent/SWE-agent, `sweagent/types.py` (TrajectoryStep, HistoryItem).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from judge.trajectory.bounds import MOST_STEPS, Notes
from judge.trajectory.documents import Document
from judge.trajectory.faults import Faults, as_number
from judge.trajectory.formats.messages import arguments_of, items, mapping, text_of, whole_number
from judge.trajectory.steps import Call, Step, Trajectory
from results.records import Usage

NAME = "swe-agent"


def recognises(document: Document) -> bool:
    """An object with a list `trajectory` of actions, or a list `history` of messages."""
    content = document.content
    if not isinstance(content, Mapping) or "messages" in content:
        return False
    steps, history = content.get("trajectory"), content.get("history")
    if isinstance(steps, list):
        return not steps or (isinstance(steps[0], Mapping) and "action" in steps[0])
    return isinstance(history, list) and (not history or "role" in mapping(history[0]))


def read(document: Document) -> Trajectory:
    """Raises InputError that lists every fault with its JSON pointer."""
    notes = Notes()
    faults = Faults(document.path, "SWE-agent")
    content: Mapping[str, Any] = document.content
    history = items(content.get("history"))
    asked = _asked(history)
    if isinstance(content.get("trajectory"), list):
        steps = _steps(content["trajectory"], asked, faults, notes)
        folder = _state(mapping(next(iter(content["trajectory"]), None))).get("working_dir", "")
    else:
        steps = _steps_of_history(history, asked, faults, notes)
        folder = ""
    faults.refuse()
    info = mapping(content.get("info"))
    return Trajectory(
        agent="SWE-agent",
        format=NAME,
        path=document.path,
        steps=tuple(steps),
        warnings=tuple(notes.warnings),
        cuts=tuple(notes.cuts),
        ended_by_agent=_ended(info, steps),
        folder=folder if folder.startswith("/") else "",
        total=_total(info),
    )


def _steps(raw_steps: list[Any], asked: str, faults: Faults, notes: Notes) -> list[Step]:
    if len(raw_steps) > MOST_STEPS:
        notes.cut(f"the trajectory has {len(raw_steps):,} steps; {MOST_STEPS:,} are read")
    found: list[Step] = []
    for at, raw in enumerate(raw_steps[:MOST_STEPS]):
        pointer = f"/trajectory/{at}"
        if not isinstance(raw, Mapping):
            faults.add(pointer, "should be an object")
            continue
        action = faults.text(raw, "action", pointer, or_null=True)
        observation = faults.text(raw, "observation", pointer, or_null=True)
        folder = _state(raw).get("working_dir", "")
        place = f"step {at}: its"
        found.append(
            Step(
                number=at,
                thought=notes.bounded(text_of(raw.get("thought")), f"{place} thought"),
                action=notes.bounded(action, f"{place} action"),
                observation=notes.bounded(observation, f"{place} observation"),
                user_message="" if at else notes.bounded(asked, f"{place} user message"),
                seconds=as_number(raw.get("execution_time")),
                source=pointer,
                is_answered=raw.get("observation") is not None,
                folder=folder if folder.startswith("/") else "",
            )
        )
    return found


def _steps_of_history(history: list[Any], asked: str, faults: Faults, notes: Notes) -> list[Step]:
    found: list[Step] = []
    for at, raw in enumerate(history):
        pointer = f"/history/{at}"
        if not isinstance(raw, Mapping):
            faults.add(pointer, "should be an object")
            continue
        if raw.get("role") != "assistant" or raw.get("is_demo") or len(found) >= MOST_STEPS:
            continue
        answers = []
        for following in history[at + 1 :]:
            if mapping(following).get("role") not in ("user", "tool"):
                break
            answers.append(text_of(mapping(following).get("content")))
        number = len(found)
        place = f"step {number}: its"
        observation = notes.bounded("\n".join(answers), f"{place} observation")
        calls = tuple(
            Call(
                name=text_of(mapping(mapping(call).get("function")).get("name")),
                arguments=arguments_of(mapping(mapping(call).get("function")).get("arguments")),
                observation=observation,
            )
            for call in items(raw.get("tool_calls"))
        )
        thought = text_of(raw.get("thought")) or text_of(raw.get("content"))
        found.append(
            Step(
                number=number,
                thought=notes.bounded(thought, f"{place} thought"),
                action=notes.bounded(text_of(raw.get("action")), f"{place} action"),
                observation=observation,
                user_message="" if number else notes.bounded(asked, f"{place} user message"),
                source=pointer,
                calls=calls,
                is_answered=bool(answers),
            )
        )
    return found


def _asked(history: list[Any]) -> str:
    """The first message of the user that is no demonstration."""
    for raw in history:
        message = mapping(raw)
        if message.get("role") == "user" and not message.get("is_demo"):
            text = text_of(message.get("content"))
            if text and message.get("message_type") != "demonstration":
                return text
    return ""


def _state(raw: Mapping[str, Any]) -> dict[str, str]:
    state = raw.get("state")
    if isinstance(state, str):
        try:
            state = json.loads(state)
        except (ValueError, RecursionError):
            return {}
    return {str(key): str(value) for key, value in mapping(state).items()}


def _total(info: Mapping[str, Any]) -> Usage | None:
    stats = mapping(info.get("model_stats"))
    if not stats:
        return None
    return Usage(
        calls=whole_number(stats.get("api_calls")),
        input_tokens=whole_number(stats.get("tokens_sent")),
        output_tokens=whole_number(stats.get("tokens_received")),
        cost=as_number(stats.get("instance_cost")),
    )


def _ended(info: Mapping[str, Any], steps: list[Step]) -> bool | None:
    """`submitted` alone says that the agent ended it; `submitted (exit_cost)` says a limit did."""
    status = info.get("exit_status")
    if isinstance(status, str):
        return status == "submitted"
    return True if steps and steps[-1].action.strip() == "submit" else None
