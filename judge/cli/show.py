"""`judge show`: a run's requirement trees with outcomes, reasons and evidence."""

from __future__ import annotations

import click

from judge.cli.calling import Call, judge_command


@judge_command(
    "show",
    touches_store=True,
    example="judge show 20261124-231559\njudge show runs/20261124-231559-481-9f3c1a2b --json",
    help="Show what a run found, requirement by requirement. RUN is an id, its unique beginning, a"
    " run folder, or a folder of DevAI judgment files.",
)
@click.argument("run")
@click.option("--task", help="Only this task.")
def command(call: Call, *, run: str, task: str | None) -> None:
    from devai_tasks.causes import root_causes
    from judge.reporting.judged import read_judged
    from judge.reporting.tables import task_tree

    judged = read_judged(run, call.run_dir, call.store)
    for note in judged.notes:
        call.note(note)
    chosen = judged.chosen(task)
    document = {
        "run": judged.name,
        "agent": judged.agent,
        "judge": judged.judge,
        "notes": list(judged.notes),
        "tasks": [
            {
                "name": found.name,
                "verdicts": [
                    {
                        "requirement_id": verdict.requirement_id,
                        "is_preference": verdict.is_preference,
                        "criteria": requirement.criteria,
                        "prerequisites": list(requirement.prerequisites),
                        "outcome": verdict.outcome.value,
                        "confidence": verdict.confidence,
                        "reason": verdict.reason,
                        "root_cause": causes.get(verdict.requirement_id),
                        "evidence": [e.model_dump(mode="json") for e in verdict.evidence],
                    }
                    for causes in (root_causes(found.flags),)
                    for requirement in found.asked.requirements
                    if (verdict := found.verdict(requirement)) is not None
                ],
            }
            for found in chosen
        ],
    }
    call.answer(document, *(task_tree(found) for found in chosen))
