"""Answers a free question about an agent output, with citations that code has checked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pydantic import Field

from devai_tasks import Requirement, Task
from judge.evidence import check_citation
from judge.inspection import Inspection
from judge.judges.agent.briefing import CaseView
from judge.judges.agent.loop import Conversation, LimitReached, Limits, Loop, Unreadable
from judge.judges.agent.tools import Toolbox, tools_for
from judge.judges.interface import Case
from judge.judges.reply import SCHEMA, UnreadableReply, VerdictReply, read_object
from judge.material import Fence
from judge.modules import ALL_MODULES
from judge.prompts import load_prompt
from results.errors import ModelError
from results.records import Evidence, Usage, Value
from runners.models.chat.values import Tool

if TYPE_CHECKING:
    from runners.models.chat.client import ChatClient

FINAL = "submit_answer"
_LONGEST_QUESTION = 4_000


class FreeAnswer(Value):
    """What the model answered (at most 4,000 characters), and the citations of it that hold."""

    answer: str
    evidence: tuple[Evidence, ...]
    dropped: tuple[str, ...] = Field(description="citations that did not hold, and why")
    usage: Usage


_TOOL = Tool(
    FINAL,
    "Ends with your answer and its citations.",
    {
        "type": "object",
        "additionalProperties": False,
        "required": ["answer", "citations"],
        "properties": {
            "answer": {"type": "string"},
            "citations": SCHEMA["properties"]["citations"],
        },
    },
)


def answer(
    chat: ChatClient, inspection: Inspection, question: str, *, limits: Limits | None = None
) -> FreeAnswer:
    """The answer to a question about what an agent left behind.

    Citations that do not hold go back once and are dropped when they still do not. ModelError when
    the model gives no answer within the limits.
    """
    fence = Fence()
    asked = question.strip()[:_LONGEST_QUESTION]
    requirement = Requirement(requirement_id=0, criteria=asked)
    task = Task(name="question", query="(none was given)", requirements=(requirement,))
    view = CaseView(Case(task, inspection), ALL_MODULES, fence, None)
    view.prepare()
    toolbox = Toolbox(inspection, ALL_MODULES, fence, view.search)
    loop = Loop(chat, load_prompt("agent_question"), FINAL, limits or Limits(), fence)
    conversation = Conversation(toolbox)
    submission = _Submission(inspection, loop, conversation)
    tools = (*tools_for(ALL_MODULES)[:-1], _TOOL)
    try:
        return loop.run(
            conversation, f"{view.task_block}\n\n# Question\n{asked}", tools, submission.submit
        )
    except (LimitReached, Unreadable) as error:
        raise ModelError(f"No answer: {error}; ask a narrower question.") from error


class _Submission:
    """Takes the final call and checks its citations."""

    def __init__(self, inspection: Inspection, loop: Loop, conversation: Conversation) -> None:
        self._inspection = inspection
        self._loop = loop
        self._conversation = conversation
        self._is_repaired = False

    def submit(self, arguments: str) -> tuple[str, FreeAnswer | None]:
        """What to tell the model, and the answer when it is final."""
        try:
            said = _read(arguments)
        except UnreadableReply as error:
            self._loop.nudge(self._conversation, str(error))
            return f"The answer could not be read: {error}. Submit it again.", None
        inspection = self._inspection
        held: list[Evidence] = []
        dropped = list(said.faults)
        for evidence in said.evidence:
            fault = check_citation(evidence, inspection.workspace, inspection.trajectory)
            if fault is None:
                held.append(evidence)
            else:
                dropped.append(fault)
        if dropped and not self._is_repaired:
            self._is_repaired = True
            found = self._loop.fence.block("what was found instead", "\n".join(dropped))
            return f"Not accepted. Mend the citations and submit again.\n{found}", None
        return "", FreeAnswer(
            answer=said.reason,
            evidence=tuple(held),
            dropped=tuple(dropped),
            usage=self._conversation.spent,
        )


def _read(arguments: str) -> VerdictReply:
    """The answer as the reason of a verdict that decides nothing: one reader bounds both."""
    try:
        content = json.loads(arguments)
    except (ValueError, RecursionError):
        raise UnreadableReply("it is not valid JSON") from None
    if not isinstance(content, dict) or not content.get("answer"):
        raise UnreadableReply("it has no answer")
    return read_object(
        {
            "outcome": "abstained",
            "confidence": 0,
            "reason": content["answer"],
            "citations": content.get("citations"),
        }
    )
