"""The DevAI form: a list of steps, by the schema that the DevAI benchmark publishes.

Source: `trajectory-schema.json` of github.com/metauto-ai/agent-as-a-judge. Keys beyond the
schema's are tolerated. The schema gives `step_usage` no type, so null is valid there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from judge.trajectory.actions import rendered
from judge.trajectory.bounds import MOST_STEPS, Notes
from judge.trajectory.documents import Document
from judge.trajectory.faults import Faults
from judge.trajectory.steps import Step, StepUsage, Trajectory

NAME = "devai"
_NO_COST = "cost_is_unknown"
_NO_TIME = "time_is_unknown"


def recognises(document: Document) -> bool:
    """A list of objects that have a `step` or an `environment` beside an `agent`."""
    content = document.content
    if not isinstance(content, list):
        return False
    if not content:
        return True
    first = next((item for item in content if isinstance(item, dict)), None)
    if first is None:
        return False
    return "step" in first or ("agent" in first and "environment" in first)


def read(document: Document) -> Trajectory:
    """Raises InputError that lists every fault with its JSON pointer."""
    notes = Notes()
    faults = Faults(document.path, "DevAI")
    items: list[Any] = document.content
    if not items:
        notes.warn("the trajectory has no steps")
    if len(items) > MOST_STEPS:
        notes.cut(f"the trajectory has {len(items):,} steps; the first {MOST_STEPS:,} are read")
    agent = ""
    steps: list[Step] = []
    numbers: set[int] = set()
    for index, item in enumerate(items[:MOST_STEPS]):
        pointer = f"/{index}"
        if not isinstance(item, dict):
            faults.add(pointer, "should be an object")
            continue
        step, name = _step(item, pointer, faults, notes)
        agent = agent or name
        if step.number in numbers:
            notes.warn(f"two steps have the number {step.number}; the first is cited by it")
        numbers.add(step.number)
        steps.append(step)
    faults.refuse()
    ended = True if steps and not steps[-1].action.strip() else None
    return Trajectory(
        agent=agent,
        format=NAME,
        path=document.path,
        steps=tuple(steps),
        warnings=tuple(notes.warnings),
        cuts=tuple(notes.cuts),
        ended_by_agent=ended,
    )


def _step(item: dict[str, Any], pointer: str, faults: Faults, notes: Notes) -> tuple[Step, str]:
    number = faults.integer(item, "step", pointer)
    agent = faults.value(item, "agent", pointer)
    thought = action = name = ""
    if isinstance(agent, dict):
        # The schema wants a text, but agents that act without a thought write null.
        thought = faults.text(agent, "thought", f"{pointer}/agent", or_null=True)
        action = faults.text(agent, "action", f"{pointer}/agent", or_null=True)
        if "agent_name" in agent:
            name = faults.text(agent, "agent_name", f"{pointer}/agent")
    elif "agent" in item:
        faults.add(f"{pointer}/agent", "should be an object")
    usage, seconds = _usage(item, pointer, faults)
    total = faults.value(item, "accumulated_usage", pointer)
    if isinstance(total, dict):
        for key in ("accumulated_cost", "accumulated_time"):
            faults.number(total, key, f"{pointer}/accumulated_usage")
    elif "accumulated_usage" in item:
        faults.add(f"{pointer}/accumulated_usage", "should be an object")
    place = f"step {number}: its"
    step = Step(
        number=number,
        thought=notes.bounded(thought, f"{place} thought"),
        action=notes.bounded(action, f"{place} action"),
        observation=notes.bounded(
            faults.text(item, "environment", pointer, or_null=True), f"{place} observation"
        ),
        user_message=notes.bounded(
            faults.text(item, "user_message", pointer, or_null=True), f"{place} user message"
        ),
        usage=usage,
        seconds=seconds,
        source=pointer,
        is_answered=item.get("environment") is not None,
    )
    return step, name


def _usage(
    item: dict[str, Any], pointer: str, faults: Faults
) -> tuple[StepUsage | None, float | None]:
    usage = faults.value(item, "step_usage", pointer)
    if not isinstance(usage, dict):
        return None, None
    place = f"{pointer}/step_usage"
    faults.number(usage, "llm_inference_time", place)
    seconds = faults.number(usage, "step_execution_time", place)
    cost = faults.number(usage, "cost", place)
    return (
        StepUsage(
            input_tokens=faults.integer(usage, "input_tokens", place),
            output_tokens=faults.integer(usage, "output_tokens", place),
            cost=None if usage.get(_NO_COST) is True else cost,
            model=faults.text(usage, "model", place) or None,
        ),
        None if usage.get(_NO_TIME) is True else seconds,
    )


def document_of(trajectory: Trajectory) -> list[dict[str, Any]]:
    """The trajectory in this form, its steps numbered from 0 and each with one tool call.

    The schema demands numbers where a cost or a time may be unknown; 0 stands there then, with an
    extra key that says so. Usage that is unknown as a whole is null.
    """
    cost = seconds = 0.0
    found = []
    for number, step in enumerate(_single(trajectory)):
        cost += (step.usage.cost or 0.0) if step.usage else 0.0
        seconds += step.seconds or 0.0
        found.append(
            {
                "step": number,
                "user_message": step.user_message or None,
                "agent": {
                    "thought": step.thought,
                    "action": step.action or None,
                    "agent_name": trajectory.agent,
                },
                "environment": step.observation if step.is_answered else None,
                "step_usage": _usage_written(step),
                "accumulated_usage": {"accumulated_cost": cost, "accumulated_time": seconds},
            }
        )
    return found


def _single(trajectory: Trajectory) -> Iterator[Step]:
    for step in trajectory.steps:
        if len(step.calls) < 2:
            yield step
            continue
        for at, call in enumerate(step.calls):
            yield Step(
                number=step.number,
                thought="" if at else step.thought,
                action=rendered(call.name, call.arguments),
                observation=call.observation,
                user_message="" if at else step.user_message,
                usage=None if at else step.usage,
                seconds=None if at else step.seconds,
                is_answered=step.is_answered,
            )


def _usage_written(step: Step) -> dict[str, Any] | None:
    if step.usage is None:
        return None
    written: dict[str, Any] = {
        "input_tokens": step.usage.input_tokens,
        "output_tokens": step.usage.output_tokens,
        "model": step.usage.model or "",
        "cost": step.usage.cost or 0.0,
        "llm_inference_time": 0.0,
        "step_execution_time": step.seconds or 0.0,
    }
    if step.usage.cost is None:
        written[_NO_COST] = True
    if step.seconds is None:
        written[_NO_TIME] = True
    return written
