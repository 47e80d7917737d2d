"""ATIF, the Agent Trajectory Interchange Format of the Harbor project.

Source: RFC 0001 of github.com/laude-institute/harbor, versions 1.0 to 1.6. Steps of a user or of
the system become steps of their own, so that a step's number is its `step_id`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from judge.trajectory.actions import call_of_text, rendered
from judge.trajectory.bounds import MOST_STEPS, Notes
from judge.trajectory.documents import Document
from judge.trajectory.faults import Faults, as_number, kind_of
from judge.trajectory.formats.messages import arguments_of, items, mapping, text_of, whole_number
from judge.trajectory.steps import Call, Step, StepUsage, Trajectory
from results.records import Usage

NAME = "atif"
VERSION = "ATIF-v1.5"
_SOURCES = ("system", "user", "agent")
_FINISHING = frozenset({"mark_task_complete", "task_complete", "finish", "submit", "complete"})


def recognises(document: Document) -> bool:
    """An object whose `schema_version` names ATIF, or that has its `steps` and its `agent`."""
    content = document.content
    if not isinstance(content, Mapping):
        return False
    if str(content.get("schema_version", "")).upper().startswith("ATIF"):
        return True
    first = next(iter(items(content.get("steps"))), None)
    return isinstance(first, Mapping) and "step_id" in first


def read(document: Document) -> Trajectory:
    """Raises InputError that lists every fault with its JSON pointer."""
    notes = Notes()
    faults = Faults(document.path, "ATIF")
    content: Mapping[str, Any] = document.content
    agent = content.get("agent")
    if not isinstance(agent, Mapping):
        faults.add("/agent", "is missing" if agent is None else "should be an object")
    raw_steps = content.get("steps")
    if not isinstance(raw_steps, list):
        faults.add("/steps", "is missing" if raw_steps is None else "should be a list")
    default_model = mapping(agent).get("model_name")
    raw_steps = items(raw_steps)
    if len(raw_steps) > MOST_STEPS:
        notes.cut(f"the trajectory has {len(raw_steps):,} steps; {MOST_STEPS:,} are read")
    steps = [
        _step(raw, f"/steps/{index}", default_model, faults, notes)
        for index, raw in enumerate(raw_steps[:MOST_STEPS])
    ]
    faults.refuse()
    return Trajectory(
        agent=text_of(mapping(agent).get("name")),
        format=NAME,
        path=document.path,
        steps=tuple(steps),
        warnings=tuple(notes.warnings),
        cuts=tuple(notes.cuts),
        ended_by_agent=_ended(steps),
        total=_total(content.get("final_metrics"), steps),
    )


def _step(raw: Any, pointer: str, default_model: object, faults: Faults, notes: Notes) -> Step:
    if not isinstance(raw, Mapping):
        faults.add(pointer, "should be an object")
        return Step(0)
    number = faults.integer(raw, "step_id", pointer)
    origin = raw.get("source")
    if origin not in _SOURCES:
        faults.add(f"{pointer}/source", f"should be one of {', '.join(_SOURCES)}")
    message = raw.get("message")
    if not isinstance(message, str | list):
        what = "is missing" if message is None else f"should be a text and is {kind_of(message)}"
        faults.add(f"{pointer}/message", what)
    said = text_of(message)
    place = f"step {number}: its"
    results = _results(raw.get("observation"), pointer, faults)
    if origin != "agent":
        return Step(
            number=number,
            user_message=notes.bounded(said, f"{place} message"),
            observation=notes.bounded(_joined(results), f"{place} observation"),
            source=pointer,
            is_answered=False,
        )
    calls = _calls(raw.get("tool_calls"), results, pointer, faults, notes, place)
    thought = "\n\n".join(t for t in (text_of(raw.get("reasoning_content")), said) if t)
    model = raw.get("model_name") or default_model
    seconds = as_number(mapping(raw.get("extra")).get("seconds"))
    return Step(
        number=number,
        thought=notes.bounded(thought, f"{place} message"),
        action=notes.bounded("\n".join(rendered(c.name, c.arguments) for c in calls), place),
        observation=notes.bounded(_joined(results), f"{place} observation"),
        usage=_usage(raw.get("metrics"), model if isinstance(model, str) else None),
        seconds=seconds,
        source=pointer,
        calls=tuple(calls),
        is_answered=raw.get("observation") is not None,
    )


def _results(observation: object, pointer: str, faults: Faults) -> list[tuple[str, str]]:
    """The call that each result answers, and its text."""
    if observation is None:
        return []
    if not isinstance(observation, Mapping):
        faults.add(f"{pointer}/observation", "should be an object")
        return []
    found = []
    for at, result in enumerate(items(observation.get("results"))):
        if not isinstance(result, Mapping):
            faults.add(f"{pointer}/observation/results/{at}", "should be an object")
            continue
        found.append((text_of(result.get("source_call_id")), text_of(result.get("content"))))
    return found


def _calls(
    raw: object,
    results: list[tuple[str, str]],
    pointer: str,
    faults: Faults,
    notes: Notes,
    place: str,
) -> list[Call]:
    if raw is not None and not isinstance(raw, list):
        faults.add(f"{pointer}/tool_calls", "should be a list")
    found: list[Call] = []
    for at, call in enumerate(items(raw)):
        where = f"{pointer}/tool_calls/{at}"
        if not isinstance(call, Mapping):
            faults.add(where, "should be an object")
            continue
        name = faults.text(call, "function_name", where)
        if not isinstance(call.get("arguments"), Mapping):
            faults.add(f"{where}/arguments", "should be an object")
        answers = [text for owner, text in results if owner and owner == call.get("tool_call_id")]
        if not answers and len(items(raw)) == 1:
            answers = [text for _, text in results]
        if not answers and at == len(items(raw)) - 1:
            # Terminals show one screen after a batch of keystrokes, tied to no call.
            answers = [text for owner, text in results if not owner]
        found.append(
            Call(
                name=name,
                arguments={
                    key: notes.bounded(value, f"{place} {key}")
                    for key, value in arguments_of(call.get("arguments")).items()
                },
                observation=notes.bounded("\n".join(answers), f"{place} observation"),
            )
        )
    return found


def _joined(results: list[tuple[str, str]]) -> str:
    return "\n".join(text for _, text in results)


def _usage(metrics: object, model: str | None) -> StepUsage | None:
    if not isinstance(metrics, Mapping):
        return None
    return StepUsage(
        input_tokens=whole_number(metrics.get("prompt_tokens")),
        output_tokens=whole_number(metrics.get("completion_tokens")),
        cost=as_number(metrics.get("cost_usd")),
        model=model,
    )


def _total(metrics: object, steps: list[Step]) -> Usage | None:
    if not isinstance(metrics, Mapping) or "total_prompt_tokens" not in metrics:
        return None
    return Usage(
        calls=sum(1 for step in steps if step.usage is not None),
        input_tokens=whole_number(metrics.get("total_prompt_tokens")),
        output_tokens=whole_number(metrics.get("total_completion_tokens")),
        cost=as_number(metrics.get("total_cost_usd")),
    )


def _ended(steps: list[Step]) -> bool | None:
    """True where the last thing the agent did was to speak, or to call a finishing tool."""
    for step in reversed(steps):
        if step.thought or step.calls:
            last = step.calls[-1].name if step.calls else ""
            return True if not step.calls or last.lower() in _FINISHING else None
    return None


def document_of(trajectory: Trajectory) -> dict[str, Any]:
    """The trajectory in this form; a user message becomes a step before the agent's own."""
    steps: list[dict[str, Any]] = []
    models = [s.usage.model for s in trajectory.steps if s.usage is not None and s.usage.model]
    for step in trajectory.steps:
        if step.user_message:
            steps.append(
                {"step_id": len(steps) + 1, "source": "user", "message": step.user_message}
            )
        if not step.user_message or _is_agents(step):
            steps.append(_written(step, len(steps) + 1))
    usage = trajectory.usage
    identity = json.dumps(steps, sort_keys=True)
    return {
        "schema_version": VERSION,
        "session_id": hashlib.sha256(identity.encode()).hexdigest()[:32],
        "agent": {
            "name": trajectory.agent or "unknown",
            "version": "unknown",
            **({"model_name": models[0]} if models else {}),
        },
        "steps": steps,
        "final_metrics": {
            "total_prompt_tokens": usage.input_tokens,
            "total_completion_tokens": usage.output_tokens,
            "total_cost_usd": usage.cost,
            "total_steps": len(steps),
        },
    }


def _is_agents(step: Step) -> bool:
    """Whether a step holds more than what was said to the agent."""
    return bool(step.thought or step.action or step.observation or step.calls or step.usage)


def _written(step: Step, number: int) -> dict[str, Any]:
    written: dict[str, Any] = {"step_id": number, "source": "agent", "message": step.thought}
    calls = step.calls
    if not calls and step.action:
        name, arguments = call_of_text(step.action)
        calls = (Call(name, arguments, step.observation),)
    identifiers = [f"call_{number}_{at + 1}" for at in range(len(calls))]
    if calls:
        written["tool_calls"] = [
            {
                "tool_call_id": identifier,
                "function_name": re.sub(r"\s+", "_", call.name) or "tool",
                "arguments": dict(call.arguments),
            }
            for identifier, call in zip(identifiers, calls, strict=True)
        ]
    if step.is_answered and len(calls) == 1:
        answer = {"source_call_id": identifiers[0], "content": step.observation}
        written["observation"] = {"results": [answer]}
    elif step.is_answered and calls:
        written["observation"] = {
            "results": [
                {"source_call_id": identifier, "content": call.observation}
                for identifier, call in zip(identifiers, calls, strict=True)
            ]
        }
    elif step.observation:
        written["observation"] = {"results": [{"content": step.observation}]}
    if step.usage is not None:
        written["metrics"] = {
            "prompt_tokens": step.usage.input_tokens,
            "completion_tokens": step.usage.output_tokens,
            **({} if step.usage.cost is None else {"cost_usd": step.usage.cost}),
        }
        if step.usage.model:
            written["model_name"] = step.usage.model
    if step.seconds is not None:
        written["extra"] = {"seconds": step.seconds}
    return written
