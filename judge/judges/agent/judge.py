"""The `agent` judge: looks, submits, proves; once more where a proof does not hold."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from judge.evidence import check_citation, verified
from judge.facts import Fact, establish
from judge.inspection import Inspection
from judge.judges.agent.briefing import CaseView, requirement_block
from judge.judges.agent.loop import Conversation, LimitReached, Limits, Loop, Unreadable
from judge.judges.agent.tools import SUBMIT, Toolbox, tools_for
from judge.judges.interface import Case, Question
from judge.judges.reply import UnreadableReply, VerdictReply, read_object
from judge.material import Fence
from judge.modules import ALL_MODULES, Module
from judge.modules.planning import PLAN_TOOL, Plan, Planning, plan_for, plan_from
from judge.modules.search import Embed
from judge.prompts import load_prompt
from results.errors import ModelError
from results.records import Outcome, Verdict

if TYPE_CHECKING:
    from runners.models.chat.client import ChatClient

__all__ = ["AgentJudge", "Limits"]


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
        self.fence = fence or Fence()
        self.temperature = temperature
        self._sees_images = sees_images
        self._embed = embed
        self._loop = Loop(
            chat,
            load_prompt("agent_system"),
            SUBMIT,
            limits or Limits(),
            self.fence,
            temperature=temperature,
            sample=sample,
        )
        self._views: WeakKeyDictionary[Inspection, CaseView] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def describe(self) -> dict[str, Any]:
        asked = self.temperature
        return {
            "model": self.chat.spec,
            "endpoint": self.chat.address,
            "temperature": self.chat.settings.temperature if asked is None else asked,
            "modules": sorted(self.modules),
            "planning": self.planning.value,
            "limits": asdict(self._loop.limits),
            "prompts": {p.name: p.sha256 for p in (self._loop.system, self._loop.actions)},
        }

    def judge(self, case: Case, question: Question, earlier: Mapping[int, Verdict]) -> Verdict:
        view = self._view(case)
        toolbox = Toolbox(
            case.inspection, self.modules, self.fence, view.search, sees_images=self._sees_images
        )
        conversation = Conversation(toolbox)
        asking = _Asking(case, question, conversation, self._loop)
        try:
            plan = self._plan(conversation, view, question)
            block = requirement_block(view, question, earlier, asking.facts, toolbox, plan)
            first = f"{view.task_block}\n{block}"
            offered = tools_for(self.modules, sees_images=self._sees_images)
            return self._loop.run(conversation, first, offered, asking.submit)
        except LimitReached as reason:
            outcome, why = Outcome.ABSTAINED, str(reason)
        except (Unreadable, ModelError) as error:
            outcome, why = Outcome.ERROR, str(error)
        return question.verdict(outcome, 0.0, why, usage=conversation.spent)

    def first_prompt(self, case: Case, question: Question) -> str:
        """What the first call would send: instructions, tools, and what it is told at first."""
        view = self._view(case)
        toolbox = Toolbox(case.inspection, self.modules, self.fence, view.search)
        facts = establish(case.inspection, question.criteria)
        plan = plan_for(self.planning, self.modules)
        block = requirement_block(view, question, {}, facts, toolbox, plan)
        offered = tools_for(self.modules, sees_images=self._sees_images)
        tools = json.dumps([tool.wire() for tool in offered])
        return f"{self._loop.system.text}{tools}{view.task_block}\n{block}"

    def _view(self, case: Case) -> CaseView:
        with self._lock:
            view = self._views.get(case.inspection)
            if view is None:
                view = CaseView(case, self.modules, self.fence, self._embed)
                self._views[case.inspection] = view
        view.prepare()
        return view

    def _plan(self, conversation: Conversation, view: CaseView, question: Question) -> Plan:
        if self.planning is not Planning.PLANNED:
            return plan_for(self.planning, self.modules)
        asked = f"{view.task_block}\n\n# Requirement\n{question.criteria}\n\n"
        first = f"{asked}First choose what you want to be shown: call `{PLAN_TOOL.name}`."
        return plan_from(self._loop.ask_once(conversation, first, PLAN_TOOL), self.modules)


class _Asking:
    """One requirement that is being asked about: takes the final call and proves it."""

    def __init__(
        self, case: Case, question: Question, conversation: Conversation, loop: Loop
    ) -> None:
        self.facts = establish(case.inspection, question.criteria)
        self._case = case
        self._question = question
        self._conversation = conversation
        self._loop = loop
        self._is_repaired = False

    def submit(self, arguments: str) -> tuple[str, Verdict | None]:
        """What to tell the model, and the verdict when it is final."""
        try:
            read = read_object(json.loads(arguments))
        except (ValueError, RecursionError) as error:
            fault = str(error) if isinstance(error, UnreadableReply) else "it is not valid JSON"
            self._loop.nudge(self._conversation, fault)
            return f"The verdict could not be read: {fault}. Submit it again.", None
        faults = [*self._faults(read), *self._contradictions(read)]
        if faults and not self._is_repaired:
            self._is_repaired = True
            listed = "\n".join(f"- {fault}" for fault in faults)
            found = self._loop.fence.block("what was found instead", listed)
            return (
                f"Not accepted. Mend the citations or the verdict and submit again.\n{found}",
                None,
            )
        return "", self._final(read)

    def _final(self, read: VerdictReply) -> Verdict:
        inspection = self._case.inspection
        verdict = self._question.verdict(
            read.decision,
            read.confidence,
            read.reason,
            read.evidence,
            usage=self._conversation.spent,
        )
        verdict = verified(verdict, inspection.workspace, inspection.trajectory)
        against = self._contradictions(read)
        if verdict.outcome is Outcome.SATISFIED and against:
            return _abstained(verdict, f"the verdict contradicts what code measured: {against[0]}")
        if verdict.outcome is Outcome.UNSATISFIED and not verdict.evidence:
            unseen = self._unseen()
            if unseen:
                return _abstained(verdict, f"what would decide it was not seen: {unseen}")
        return verdict

    def _faults(self, read: VerdictReply) -> list[str]:
        inspection = self._case.inspection
        checked = (
            check_citation(evidence, inspection.workspace, inspection.trajectory)
            for evidence in read.evidence
        )
        faults = [*read.faults, *(fault for fault in checked if fault is not None)]
        if read.decision is Outcome.SATISFIED and not read.evidence:
            faults.append("satisfied needs at least one whole citation, and there is none")
        return faults

    def _contradictions(self, read: VerdictReply) -> list[str]:
        if read.decision is not Outcome.SATISFIED:
            return []
        return [fact.sentence for fact in self.facts if fact.forbids]

    def _unseen(self) -> str:
        """The part of a named, readable file that was never shown, when absence is the argument."""
        if any(fact.forbids for fact in self.facts):
            return ""
        parts = (_unseen_of(fact, self._conversation.toolbox) for fact in self.facts)
        return next(filter(None, parts), "")


def _unseen_of(fact: Fact, toolbox: Toolbox) -> str:
    workspace = toolbox.inspection.workspace
    if not workspace.has(fact.path) or workspace.text(fact.path) is None:
        return ""
    return toolbox.shown.unseen(fact.path)


def _abstained(verdict: Verdict, why: str) -> Verdict:
    reason = f"{why} — {verdict.reason}"
    changes = {"outcome": Outcome.ABSTAINED, "confidence": 0.0, "reason": reason}
    return verdict.model_copy(update=changes)
