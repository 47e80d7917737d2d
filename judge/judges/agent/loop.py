"""The tool-using loop: asks, runs the tools that the model calls, and ends with its final call.

Models without tool calling act in JSON: one object that is their whole reply. Nothing else that a
model writes is ever read as a call.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from judge.judges.agent.tools import Toolbox
from judge.material import Fence
from judge.prompts import Prompt, load_prompt
from results.errors import ModelError
from results.records import Usage
from runners.models.chat.failures import ChatError, FailureKind
from runners.models.chat.values import Message, Reply, Tool, ToolCall

if TYPE_CHECKING:
    from runners.models.chat.client import ChatClient

MOST_CALLS_A_TURN = 8
_SHORTEST_DROPPED = 400

Result = TypeVar("Result")
Submit = Callable[[str], "tuple[str, Result | None]"]
"""Takes the arguments of the final call; what to tell the model, and a result that is final."""


@dataclass(frozen=True)
class Limits:
    """What one question may take; reaching one ends it without a result."""

    steps: int = 10
    input_tokens: int = 120_000
    seconds: float = 600.0
    cost: float | None = None


class LimitReached(Exception):
    """A limit ended the loop; the message says which."""


class Unreadable(Exception):
    """The model's replies could not be read, twice; the message says why."""


@dataclass
class Conversation:
    """The state of one question."""

    toolbox: Toolbox
    messages: list[Message] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    spent: Usage = field(default_factory=Usage)
    turns: int = 0
    nudges: int = 0


class Loop:
    """Talks to one model on behalf of many conversations; safe for threads."""

    def __init__(
        self,
        chat: ChatClient,
        system: Prompt,
        final: str,
        limits: Limits,
        fence: Fence,
        *,
        temperature: float | None = None,
        sample: int = 0,
    ) -> None:
        self.chat = chat
        self.limits = limits
        self.fence = fence
        self.system = system
        self.actions = load_prompt("agent_json_actions")
        self._final = final
        self._temperature = temperature
        self._sample = sample
        self._has_tools = True

    def run(
        self,
        conversation: Conversation,
        first: str,
        tools: tuple[Tool, ...],
        submit: Submit[Result],
    ) -> Result:
        """What the final call gives.

        Raises LimitReached, Unreadable, and ModelError where the endpoint gives no answer; what was
        spent stands in the conversation in each case.
        """
        conversation.messages = [
            Message("system", self._instructions(tools)),
            Message("user", first),
        ]
        while True:
            self._check_limits(conversation)
            reply = self._complete(conversation, tools)
            calls, fault = read_calls(reply, self._final)
            if calls:
                result = self._answer(conversation, reply, calls, submit)
                if result is not None:
                    return result
                continue
            self.chat.forget(reply)
            self.nudge(conversation, fault)
            conversation.messages += [
                Message("assistant", reply.text or "(no text)"),
                Message("user", f"{fault}. Call a tool, or {self._final}."),
            ]

    def ask_once(self, conversation: Conversation, first: str, tool: Tool) -> ToolCall | None:
        """The model's call of one tool, or None where it calls none."""
        conversation.messages = [
            Message("system", self._instructions((tool,))),
            Message("user", first),
        ]
        calls, _ = read_calls(self._complete(conversation, (tool,)), self._final)
        return next((call for call in calls if call.name == tool.name), None)

    def nudge(self, conversation: Conversation, fault: str) -> None:
        """Allows one reply that cannot be read; Unreadable at the second."""
        if conversation.nudges:
            raise Unreadable(f"the model's reply could not be read twice: {fault}")
        conversation.nudges += 1

    def _instructions(self, tools: tuple[Tool, ...]) -> str:
        if self._has_tools:
            return self.system.text
        listed = "\n".join(
            f"- {tool.name}: {tool.description} {json.dumps(tool.parameters)}" for tool in tools
        )
        return f"{self.system.text}\n{self.actions.fill(tools=listed)}"

    def _complete(self, conversation: Conversation, tools: tuple[Tool, ...]) -> Reply:
        """The reply; once more without tools, or with less, where the endpoint asks for that."""
        conversation.turns += 1
        try:
            return self._asked(conversation, tools)
        except ChatError as error:
            conversation.spent += error.usage
            if error.failure.kind is FailureKind.NO_TOOLS:
                self._has_tools = False
                conversation.messages[0] = Message("system", self._instructions(tools))
            elif error.failure.kind is not FailureKind.TOO_LONG or not _shorten(conversation):
                raise ModelError(str(error)) from error
        try:
            return self._asked(conversation, tools)
        except ChatError as error:
            conversation.spent += error.usage
            raise ModelError(str(error)) from error

    def _asked(self, conversation: Conversation, tools: tuple[Tool, ...]) -> Reply:
        reply = self.chat.complete(
            conversation.messages,
            tools=tools if self._has_tools else (),
            tool_choice="auto" if self._has_tools else None,
            temperature=self._temperature,
            sample=self._sample,
            volatile=self.fence.volatile,
        )
        conversation.spent += reply.usage
        return reply

    def _check_limits(self, conversation: Conversation) -> None:
        limits, spent = self.limits, conversation.spent
        reached = ""
        if conversation.turns >= limits.steps:
            reached = f"{limits.steps} steps"
        elif spent.input_tokens >= limits.input_tokens:
            reached = f"{limits.input_tokens} input tokens"
        elif time.monotonic() - conversation.started >= limits.seconds:
            reached = f"{limits.seconds:.0f} seconds"
        elif limits.cost is not None and (spent.cost or 0.0) >= limits.cost:
            reached = f"{limits.cost} USD"
        if reached:
            raise LimitReached(f"the limit of {reached} was reached before a final answer")

    def _answer(
        self,
        conversation: Conversation,
        reply: Reply,
        calls: tuple[ToolCall, ...],
        submit: Submit[Result],
    ) -> Result | None:
        """Runs the calls of one turn; the result where the final call was among them."""
        conversation.messages.append(reply.message)
        images: list[bytes] = []
        for number, call in enumerate(calls):
            if call.name == self._final:
                text, result = submit(call.arguments)
                if result is not None:
                    return result
            elif number >= MOST_CALLS_A_TURN:
                text = f"Only {MOST_CALLS_A_TURN} calls a turn are answered; call again."
            else:
                answer = conversation.toolbox.run(call.name, call.arguments)
                text = answer.text
                images += answer.images
            conversation.messages.append(_result(reply, call, text))
        if images:
            conversation.messages.append(Message("user", "The pictures:", images=tuple(images)))
        if conversation.turns == self.limits.steps - 1:
            last = f"This is the last turn: call {self._final} now."
            conversation.messages.append(Message("user", last))
        return None


def read_calls(reply: Reply, final: str) -> tuple[tuple[ToolCall, ...], str]:
    """The tool calls of a reply, or the one that is its whole text as JSON; else what is wrong."""
    if reply.refusal is not None:
        return (), f"the model refused: {reply.refusal[:200]}"
    if reply.finish_reason == "length":
        return (), "the reply was cut at the endpoint's length limit"
    if reply.tool_calls:
        return reply.tool_calls, ""
    call = _action(reply.text, final)
    return ((call,), "") if call is not None else ((), "the reply holds no tool call")


def _action(text: str, final: str) -> ToolCall | None:
    """A call written as text, or the final object itself."""
    candidate = text.strip()
    if candidate.startswith("```") and candidate.endswith("```"):
        candidate = candidate.strip("`").removeprefix("json").strip()
    try:
        content = json.loads(candidate)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict):
        return None
    name = content.get("tool", content.get("action", content.get("name")))
    if name is None and "citations" in content:
        return ToolCall("text", final, json.dumps(content))
    arguments = content.get("arguments", {})
    if not isinstance(name, str) or not isinstance(arguments, dict):
        return None
    return ToolCall("text", name, json.dumps(arguments))


def _result(reply: Reply, call: ToolCall, text: str) -> Message:
    if not reply.tool_calls:
        return Message("user", f"Answer of {call.name}:\n{text}")
    return Message("tool", text, tool_call_id=call.id)


def _shorten(conversation: Conversation) -> bool:
    """Drops the longest tool answer, for a model whose context is full; whether there was one."""
    answers = [
        (len(message.text), number)
        for number, message in enumerate(conversation.messages)
        if message.role == "tool" and len(message.text) > _SHORTEST_DROPPED
    ]
    if not answers:
        return False
    _, number = max(answers)
    dropped = "This answer was dropped because the context is full; ask for a smaller part."
    kept = conversation.messages[number]
    conversation.messages[number] = Message("tool", dropped, tool_call_id=kept.tool_call_id)
    return True
