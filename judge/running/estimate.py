"""What a run would ask, and about what that would take, without asking it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from judge.facts import establish
from judge.judges.interface import Case, Judge, Question
from judge.running.planning import RunPlan
from results.records import Usage

if TYPE_CHECKING:
    from runners.models.chat.client import ChatClient

# English and code have about four characters a token in the tokenizers of today's models.
CHARACTERS_PER_TOKEN = 4
# A verdict object with a reason and a few citations.
TOKENS_OF_A_REPLY = 400
# The agent judge looks once and then decides, as a rule; a look brings so much.
CALLS_OF_AN_AGENT = 2
CHARACTERS_OF_A_LOOK = 3_000


@dataclass(frozen=True)
class Estimate:
    """What one agent's run would ask; `usage` is rough, and counts neither repairs nor retries."""

    agent: str
    tasks: int
    questions: int
    usage: Usage


def estimate(plan: RunPlan, judge: Judge) -> Estimate:
    """Reads the workspaces and builds the prompts, but calls no model."""
    return Estimate(
        plan.agent,
        len(plan.outputs),
        len(plan.questions),
        sum((_usage(plan, task.name, judge) for task in plan.tasks), Usage()),
    )


def _usage(plan: RunPlan, task: str, judge: Judge) -> Usage:
    if judge.name == "checks":
        return Usage()
    questions = [question for question in plan.questions if question.task == task]
    return _asked_of(judge, plan.open_case(task), questions)


def _asked_of(judge: Judge, case: Case, questions: list[Question]) -> Usage:
    from judge.judges.agent.judge import AgentJudge
    from judge.judges.llm import LLMJudge
    from judge.judges.panel import PanelJudge

    if isinstance(judge, PanelJudge):
        members = (_asked_of(member.judge, case, questions) for member in judge.members)
        return sum(members, Usage())
    if isinstance(judge, LLMJudge):
        prompts = [
            judge.prompt(case, q, {}, establish(case.inspection, q.criteria), judge.room)
            for q in questions
        ]
        return _of_calls(judge.chat, len(questions), sum(map(len, prompts)))
    if isinstance(judge, AgentJudge):
        asked = sum(len(judge.first_prompt(case, question)) for question in questions)
        answers = CHARACTERS_OF_A_LOOK * len(questions)
        # Every call sends again what was said before it.
        return _of_calls(judge.chat, CALLS_OF_AN_AGENT * len(questions), 2 * asked + answers)
    return Usage()


def _of_calls(chat: ChatClient, calls: int, characters: int) -> Usage:
    asked, answered = characters // CHARACTERS_PER_TOKEN, TOKENS_OF_A_REPLY * calls
    return Usage(
        calls=calls,
        input_tokens=asked,
        output_tokens=answered,
        cost=chat.cost_of(asked, answered),
    )
