"""What a run would ask, and about what that would take, without asking it."""

from __future__ import annotations

from dataclasses import dataclass

from judge.judges.interface import Judge
from judge.running.planning import RunPlan
from results.records import Usage

# English and code have about four characters a token in the tokenizers of today's models.
CHARACTERS_PER_TOKEN = 4
# A verdict object with a reason and a few citations.
TOKENS_OF_A_REPLY = 400


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
    questions = [question for question in plan.questions if question.task == task]
    if judge.name == "checks":
        return Usage()
    from judge.facts import establish
    from judge.judges.llm import LLMJudge
    from runners.models.chat.settings import load_settings

    if not isinstance(judge, LLMJudge):
        return Usage(cost=None)
    case = plan.open_case(task)
    prompts = [
        judge.prompt(case, q, {}, establish(case.inspection, q.criteria), judge.room)
        for q in questions
    ]
    asked = sum(len(prompt) for prompt in prompts) // CHARACTERS_PER_TOKEN
    answered = TOKENS_OF_A_REPLY * len(questions)
    price = load_settings().prices.get(judge.chat.model)
    return Usage(
        calls=len(questions),
        input_tokens=asked,
        output_tokens=answered,
        cost=None if price is None else price.cost(asked, answered),
    )
