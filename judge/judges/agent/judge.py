"""The loop of the `agent` judge: look, submit, prove; once more where a proof does not hold."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from judge.evidence import check_citation, verified
from judge.facts import Fact
from judge.inspection import Inspection
from judge.judges.agent.briefing import CaseView, facts_about, requirement_block
from judge.judges.agent.tools import SUBMIT, Toolbox, tools_for
from judge.judges.interface import Case, Question
from judge.judges.reply import UnreadableReply, VerdictReply, read_object
from judge.material import Fence
from judge.modules import ALL_MODULES, Module
from judge.modules.planning import PLAN_TOOL, Plan, Planning, plan_for, plan_from
from judge.modules.search import Embed
from judge.prompts import load_prompt
from results.errors import ModelError
from results.records import Outcome, Usage, Verdict
from runners.models.chat.failures import ChatError, FailureKind
from runners.models.chat.values import Message, Reply, Tool, ToolCall

if TYPE_CHECKING:
    from runners.models.chat.client import ChatClient

MOST_CALLS_A_TURN = 8
_LAST_TURN = f"This is the last turn: call {SUBMIT} now, `abstained` if you cannot tell."


@dataclass(frozen=True)
class Limits:
    """What one requirement may take; reaching one gives `abstained`, never a guess."""

    steps: int = 10
    input_tokens: int = 120_000
    seconds: float = 600.0
    cost: float | None = None


@dataclass
class _Conversation:
    """The state of one requirement's judgment."""

    messages: list[Message]
    toolbox: Toolbox
    facts: tuple[Fact, ...]
    started: float
    spent: Usage = field(default_factory=Usage)
    turns: int = 0
    nudges: int = 0
    repairs: int = 0


class AgentJudge:
    """Agent-as-a-Judge over a chat model, with tools or with JSON actions where it has none.

    Safe for threads: every requirement has a conversation of its own.
    """

    name = "agent"

    def __init__(
        self,
        chat: ChatClient,
        *,
        modules: frozenset[Module] = ALL_MODULES,
        planning: Planning = Planning.EFFICIENT,
        limits: Limits | None = None,
        fence: Fence | None = None,
        sees_images: bool = False,
        embed: Embed | None = None,
        sample: int = 0,
        temperature: float | None = None,
    ) -> None:
        self.chat = chat
        self.modules = modules | {Module.ASK}
        self.planning = planning if Module.PLANNING in modules else Planning.EFFICIENT
        self.limits = limits or Limits()
        self.fence = fence or Fence()
        self.sees_images = sees_images
        self.sample = sample
        self.temperature = temperature
        self._embed = embed
        self._system = load_prompt("agent_system")
        self._actions = load_prompt("agent_json_actions")
        self._has_tools = True
        self._views: WeakKeyDictionary[Inspection, CaseView] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def describe(self) -> dict[str, Any]:
        return {
            "model": self.chat.spec,
            "endpoint": self.chat.address,
            "temperature": self.temperature
            if self.temperature is not None
            else self.chat.settings.temperature,
            "modules": sorted(self.modules),
            "planning": self.planning.value,
            "limits": asdict(self.limits),
            "nonce": self.fence.nonce,
            "prompts": {p.name: p.sha256 for p in (self._system, self._actions)},
        }

    def judge(self, case: Case, question: Question, earlier: Mapping[int, Verdict]) -> Verdict:
        conversation = self._begin(case, question)
        try:
            return self._converse(conversation, case, question, earlier)
        except ModelError as error:
            spent = conversation.spent + getattr(error, "usage", Usage())
            return question.verdict(Outcome.ERROR, 0.0, str(error), usage=spent)

    def _begin(self, case: Case, question: Question) -> _Conversation:
        view = self._view(case)
        toolbox = Toolbox(
            case.inspection, self.modules, self.fence, view.search, sees_images=self.sees_images
        )
        facts = facts_about(case.inspection, question)
        return _Conversation([], toolbox, facts, time.monotonic())

    def _view(self, case: Case) -> CaseView:
        with self._lock:
            view = self._views.get(case.inspection)
            if view is None:
                view = CaseView(case, self.modules, self.fence, self._embed)
                self._views[case.inspection] = view
            # Made under the lock, so that concurrent requirements build it once.
            _ = view.task_block
            return view

    def _converse(
        self,
        conversation: _Conversation,
        case: Case,
        question: Question,
        earlier: Mapping[int, Verdict],
    ) -> Verdict:
        plan = self._plan(conversation, case, question)
        view = self._view(case)
        block = requirement_block(
            view, question, earlier, conversation.facts, conversation.toolbox, plan
        )
        conversation.messages = [
            Message("system", self._instructions()),
            Message("user", f"{view.task_block}\n{block}"),
        ]
        while True:
            stop = self._limit_reached(conversation)
            if stop:
                return question.verdict(Outcome.ABSTAINED, 0.0, stop, usage=conversation.spent)
            reply = self._complete(conversation, self._offered())
            calls, fault = self._calls(reply)
            if not calls:
                if conversation.nudges:
                    self.chat.forget(reply)
                    reason = f"the model's reply could not be read twice: {fault}"
                    return question.verdict(Outcome.ERROR, 0.0, reason, usage=conversation.spent)
                conversation.nudges += 1
                self.chat.forget(reply)
                conversation.messages += [
                    Message("assistant", reply.text or "(no text)"),
                    Message("user", f"{fault}. Call a tool, or {SUBMIT}."),
                ]
                continue
            verdict = self._answer(conversation, reply, calls, case, question)
            if verdict is not None:
                return verdict

    def _plan(self, conversation: _Conversation, case: Case, question: Question) -> Plan:
        if self.planning is not Planning.PLANNED:
            return plan_for(self.planning, self.modules)
        text = f"{self._view(case).task_block}\n\n# Requirement\n{question.criteria}\n\n"
        conversation.messages = [
            Message("system", self._instructions(PLAN_TOOL)),
            Message("user", f"{text}First choose what you want to be shown: call `plan`."),
        ]
        calls, _ = self._calls(self._complete(conversation, (PLAN_TOOL,)))
        chosen = next((call for call in calls if call.name == PLAN_TOOL.name), None)
        return plan_from(chosen, self.modules)

    def _offered(self) -> tuple[Tool, ...]:
        return tools_for(self.modules, sees_images=self.sees_images)

    def _instructions(self, *tools: Tool) -> str:
        if self._has_tools:
            return self._system.text
        listed = "\n".join(
            f"- {tool.name}: {tool.description} {json.dumps(tool.parameters)}"
            for tool in tools or self._offered()
        )
        return f"{self._system.text}\n{self._actions.fill(tools=listed)}"

    def _complete(self, conversation: _Conversation, tools: tuple[Tool, ...]) -> Reply:
        conversation.turns += 1
        try:
            return self._asked(conversation, tools)
        except ChatError as error:
            conversation.spent += error.usage
            if error.failure.kind is FailureKind.NO_TOOLS and self._has_tools:
                self._has_tools = False
                conversation.messages[0] = Message("system", self._instructions(*tools))
            elif error.failure.kind is not FailureKind.TOO_LONG or not _shorten(conversation):
                raise _without_usage(error) from error
        try:
            return self._asked(conversation, tools)
        except ChatError as error:
            conversation.spent += error.usage
            raise _without_usage(error) from error

    def _asked(self, conversation: _Conversation, tools: tuple[Tool, ...]) -> Reply:
        reply = self.chat.complete(
            conversation.messages,
            tools=tools if self._has_tools else (),
            tool_choice="auto" if self._has_tools else None,
            temperature=self.temperature,
            sample=self.sample,
            volatile=self.fence.volatile,
        )
        conversation.spent += reply.usage
        return reply

    def _calls(self, reply: Reply) -> tuple[tuple[ToolCall, ...], str]:
        """The tool calls of a reply, or one that is its whole text as JSON; else what is wrong."""
        if reply.refusal is not None:
            return (), f"the model refused: {reply.refusal[:200]}"
        if reply.finish_reason == "length":
            return (), "the reply was cut at the endpoint's length limit"
        if reply.tool_calls:
            return reply.tool_calls, ""
        call = _action(reply.text)
        return ((call,), "") if call is not None else ((), "the reply holds no tool call")

    def _limit_reached(self, conversation: _Conversation) -> str:
        limits, spent = self.limits, conversation.spent
        if conversation.turns >= limits.steps:
            return f"the limit of {limits.steps} steps was reached before a verdict"
        if spent.input_tokens >= limits.input_tokens:
            return f"the limit of {limits.input_tokens} input tokens was reached before a verdict"
        if time.monotonic() - conversation.started >= limits.seconds:
            return f"the limit of {limits.seconds:.0f} seconds was reached before a verdict"
        if limits.cost is not None and (spent.cost or 0.0) >= limits.cost:
            return f"the limit of {limits.cost} USD was reached before a verdict"
        return ""

    def _answer(
        self,
        conversation: _Conversation,
        reply: Reply,
        calls: tuple[ToolCall, ...],
        case: Case,
        question: Question,
    ) -> Verdict | None:
        """Runs the calls of one turn; the verdict where one was submitted and is final."""
        conversation.messages.append(reply.message)
        images: list[bytes] = []
        verdict: Verdict | None = None
        for number, call in enumerate(calls):
            if call.name == SUBMIT and verdict is None:
                text, verdict = self._submitted(conversation, call, case, question)
            elif number >= MOST_CALLS_A_TURN:
                text = f"Only {MOST_CALLS_A_TURN} calls a turn are answered; call again."
            else:
                answer = conversation.toolbox.run(call.name, call.arguments)
                text = answer.text
                images += answer.images
            conversation.messages.append(_result(reply, call, text))
        if images:
            conversation.messages.append(Message("user", "The pictures:", images=tuple(images)))
        if verdict is None and conversation.turns == self.limits.steps - 1:
            conversation.messages.append(Message("user", _LAST_TURN))
        return verdict

    def _submitted(
        self, conversation: _Conversation, call: ToolCall, case: Case, question: Question
    ) -> tuple[str, Verdict | None]:
        """What to tell the model, and the verdict when it is final."""
        try:
            read = read_object(json.loads(call.arguments))
        except (ValueError, RecursionError) as error:
            fault = str(error) if isinstance(error, UnreadableReply) else "it is not valid JSON"
            if conversation.nudges:
                reason = f"the model's verdict could not be read twice: {fault}"
                return "", question.verdict(Outcome.ERROR, 0.0, reason, usage=conversation.spent)
            conversation.nudges += 1
            return f"The verdict could not be read: {fault}. Submit it again.", None
        faults = [*_faults(case, read), *_contradictions(read, conversation.facts)]
        if faults and not conversation.repairs:
            conversation.repairs += 1
            listed = "\n".join(f"- {fault}" for fault in faults)
            listed = self.fence.block("what was found instead", listed)
            return (
                f"Not accepted. Mend the citations or the verdict and submit again.\n{listed}",
                None,
            )
        return "", self._final(conversation, read, case, question)

    def _final(
        self, conversation: _Conversation, read: VerdictReply, case: Case, question: Question
    ) -> Verdict:
        verdict = question.verdict(
            read.decision, read.confidence, read.reason, read.evidence, usage=conversation.spent
        )
        inspection = case.inspection
        verdict = verified(verdict, inspection.workspace, inspection.trajectory)
        against = _contradictions(read, conversation.facts)
        if verdict.outcome is Outcome.SATISFIED and against:
            return _abstained(verdict, f"the verdict contradicts what code measured: {against[0]}")
        if verdict.outcome is Outcome.UNSATISFIED and not verdict.evidence:
            unseen = _undecided_by_cuts(conversation)
            if unseen:
                return _abstained(verdict, f"what would decide it was not seen: {unseen}")
        return verdict


def _faults(case: Case, read: VerdictReply) -> list[str]:
    inspection = case.inspection
    checked = (
        check_citation(evidence, inspection.workspace, inspection.trajectory)
        for evidence in read.evidence
    )
    faults = [fault for fault in checked if fault is not None]
    if read.decision is Outcome.SATISFIED and not read.evidence:
        faults.append("satisfied needs at least one whole citation, and there is none")
    return faults


def _contradictions(read: VerdictReply, facts: tuple[Fact, ...]) -> list[str]:
    if read.decision is not Outcome.SATISFIED:
        return []
    return [fact.sentence for fact in facts if fact.forbids]


def _undecided_by_cuts(conversation: _Conversation) -> str:
    """A named, readable file of which a part was never shown, when absence is the argument."""
    if any(fact.forbids for fact in conversation.facts):
        return ""
    workspace = conversation.toolbox.inspection.workspace
    for fact in conversation.facts:
        if workspace.has(fact.path) and workspace.text(fact.path) is not None:
            unseen = conversation.toolbox.shown.unseen(fact.path)
            if unseen:
                return unseen
    return ""


def _abstained(verdict: Verdict, why: str) -> Verdict:
    return verdict.model_copy(
        update={
            "outcome": Outcome.ABSTAINED,
            "confidence": 0.0,
            "reason": f"{why} — {verdict.reason}",
        }
    )


def _action(text: str) -> ToolCall | None:
    """A call written as text: one JSON object that is the whole reply, or the verdict's object."""
    candidate = text.strip()
    if candidate.startswith("```"):
        candidate = candidate.strip("`").removeprefix("json").strip()
    if not candidate.startswith("{"):
        return None
    try:
        content = json.loads(candidate)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict):
        return None
    if "outcome" in content:
        return ToolCall("text", SUBMIT, json.dumps(content))
    name = content.get("tool", content.get("action", content.get("name")))
    arguments = content.get("arguments", {})
    if not isinstance(name, str) or not isinstance(arguments, dict):
        return None
    return ToolCall("text", name, json.dumps(arguments))


def _result(reply: Reply, call: ToolCall, text: str) -> Message:
    if not reply.tool_calls:
        return Message("user", f"Answer of {call.name}:\n{text}")
    return Message("tool", text, tool_call_id=call.id)


def _shorten(conversation: _Conversation) -> bool:
    """Drops the longest tool answer, for a model whose context is full; whether there was one."""
    answers = [
        (len(message.text), number)
        for number, message in enumerate(conversation.messages)
        if message.role == "tool" and len(message.text) > 400
    ]
    if not answers:
        return False
    _, number = max(answers)
    left = "This answer was dropped because the context is full; ask for a smaller part."
    kept = conversation.messages[number]
    conversation.messages[number] = Message("tool", left, tool_call_id=kept.tool_call_id)
    return True


def _without_usage(error: ChatError) -> ModelError:
    """The same error, whose usage was already counted."""
    return ModelError(str(error))
