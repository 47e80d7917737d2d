"""mini-swe-agent: the chat messages, as a bare list or in an object beside `info`.

Source: github.com/SWE-agent/mini-swe-agent. Each assistant message holds one shell command, in a
fenced block or as a tool call; each command runs in a shell of its own, and the next message
answers it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from judge.trajectory.actions import rendered
from judge.trajectory.bounds import MOST_STEPS, Notes
from judge.trajectory.documents import Document
from judge.trajectory.faults import Faults, as_number
from judge.trajectory.formats.messages import arguments_of, items, mapping, text_of, whole_number
from judge.trajectory.steps import Call, Step, StepUsage, Trajectory
from results.records import Usage

NAME = "mini-swe-agent"
_BLOCK = re.compile(r"^```(?:bash|sh|mswea_bash_command)[ \t]*\n(.*?)\n?^```", re.DOTALL | re.M)
_THOUGHT = re.compile(r"\s*(?:THOUGHT:\s*)?", re.I)
_STATUS = re.compile(r"\s*<returncode>(-?\d{1,9})</returncode>")
_DONE = ("COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT", "MINI_SWE_AGENT_FINAL_OUTPUT")
_ROLES = ("system", "user", "assistant", "tool", "exit")


def recognises(document: Document) -> bool:
    """A list of messages with roles, or an object that holds one as `messages`."""
    content = document.content
    if isinstance(content, Mapping):
        if str(content.get("trajectory_format", "")).startswith("mini-swe-agent"):
            return True
        content = content.get("messages")
    first = content[0] if isinstance(content, list) and content else None
    return isinstance(first, Mapping) and first.get("role") in _ROLES


def read(document: Document) -> Trajectory:
    """Raises InputError that lists every fault with its JSON pointer."""
    notes = Notes()
    faults = Faults(document.path, NAME)
    is_bare = isinstance(document.content, list)
    messages = document.content if is_bare else document.content.get("messages")
    prefix = "" if is_bare else "/messages"
    if not isinstance(messages, list):
        faults.add("/messages", "should be a list")
    steps = _steps(items(messages), prefix, faults, notes)
    faults.refuse()
    info = mapping(None if is_bare else document.content.get("info"))
    environment = mapping(mapping(info.get("config")).get("environment"))
    folder = text_of(environment.get("cwd"))
    return Trajectory(
        agent=NAME,
        format=NAME,
        path=document.path,
        steps=tuple(steps),
        warnings=tuple(notes.warnings),
        cuts=tuple(notes.cuts),
        ended_by_agent=_ended(info, steps),
        folder=folder if folder.startswith("/") else "",
        total=_total(info, steps),
    )


def _steps(messages: list[Any], prefix: str, faults: Faults, notes: Notes) -> list[Step]:
    found: list[Step] = []
    asked: list[str] = []
    for at, message in enumerate(messages):
        pointer = f"{prefix}/{at}"
        if not isinstance(message, Mapping) or message.get("role") not in _ROLES:
            faults.add(pointer, "should be a message with a role")
            continue
        if message["role"] == "user" and not found:
            asked.append(text_of(message.get("content")))
        if message["role"] != "assistant":
            continue
        if len(found) >= MOST_STEPS:
            notes.cut(f"only the first {MOST_STEPS:,} steps are read")
            break
        step = _step(messages, at, pointer, len(found), "\n".join(asked), notes)
        asked = []
        found.append(step)
    return found


def _step(
    messages: list[Any], at: int, pointer: str, number: int, asked: str, notes: Notes
) -> Step:
    message: Mapping[str, Any] = messages[at]
    place = f"step {number}: its"
    content = text_of(message.get("content"))
    answers: list[Mapping[str, Any]] = []
    for following in messages[at + 1 :]:
        if mapping(following).get("role") not in ("user", "tool"):
            break
        answers.append(following)
    commands = [block[1] for block in _BLOCK.finditer(content)]
    thought = _BLOCK.sub("", content)
    for call in items(message.get("tool_calls")):
        arguments = arguments_of(mapping(mapping(call).get("function")).get("arguments"))
        commands.append(arguments.get("command", ""))
    calls = []
    for index, command in enumerate(commands):
        # Tool calls are answered one by one, a fenced command by the one message that follows.
        own = answers[index : index + 1] if len(commands) > 1 else answers
        text = "\n".join(text_of(answer.get("content")) for answer in own)
        calls.append(
            Call(
                name="bash",
                arguments={"command": notes.bounded(command, f"{place} command")},
                observation=notes.bounded(text, f"{place} observation"),
                exit_status=_exit_status(own, text),
            )
        )
    observation = "\n".join(text_of(answer.get("content")) for answer in answers)
    return Step(
        number=number,
        thought=notes.bounded(_THOUGHT.sub("", thought, count=1).strip(), f"{place} thought"),
        action="\n".join(rendered(call.name, call.arguments) for call in calls),
        observation=notes.bounded(observation, f"{place} observation"),
        user_message=notes.bounded(asked, f"{place} user message"),
        usage=_usage(mapping(mapping(message.get("extra")).get("response"))),
        source=pointer,
        calls=tuple(calls),
        is_answered=bool(answers),
    )


def _exit_status(answers: list[Mapping[str, Any]], text: str) -> int | None:
    for answer in answers:
        told = mapping(answer.get("extra")).get("returncode")
        if isinstance(told, int) and not isinstance(told, bool):
            return told
    match = _STATUS.match(text)
    return int(match[1]) if match else None


def _usage(response: Mapping[str, Any]) -> StepUsage | None:
    usage = mapping(response.get("usage"))
    if not usage:
        return None
    model = response.get("model")
    return StepUsage(
        input_tokens=whole_number(usage.get("prompt_tokens")),
        output_tokens=whole_number(usage.get("completion_tokens")),
        cost=None,
        model=model if isinstance(model, str) else None,
    )


def _total(info: Mapping[str, Any], steps: list[Step]) -> Usage | None:
    stats = mapping(info.get("model_stats"))
    if not stats:
        return None
    known = [step.usage for step in steps if step.usage is not None]
    return Usage(
        calls=whole_number(stats.get("api_calls")),
        input_tokens=sum(usage.input_tokens for usage in known),
        output_tokens=sum(usage.output_tokens for usage in known),
        cost=as_number(stats.get("instance_cost")),
    )


def _ended(info: Mapping[str, Any], steps: list[Step]) -> bool | None:
    status = info.get("exit_status")
    if isinstance(status, str) and status:
        return status == "Submitted"
    return True if steps and any(word in steps[-1].action for word in _DONE) else None
