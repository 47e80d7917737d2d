"""`judge ask`: a free question about a workspace, answered with citations."""

from __future__ import annotations

from pathlib import Path

import click

from judge.cli.calling import Call, judge_command


@judge_command(
    "ask",
    example='judge ask outputs/01_Task "Where is the model trained?" --model openai:gpt-4o-mini\n'
    'judge ask outputs/01_Task "Did the tests pass?" --trajectory steps/01_Task.json --model …',
    help="Answer a QUESTION about the WORKSPACE with a model that looks for itself; citations are"
    " checked by code before they are shown.",
)
@click.argument("workspace", type=click.Path(path_type=Path))
@click.argument("question")
@click.option("--model", required=True, help="openai:<model>, litellm:<model> or hf:<folder>.")
@click.option(
    "--trajectory", type=click.Path(path_type=Path), help="The agent's steps, in any known format."
)
def command(
    call: Call, *, workspace: Path, question: str, model: str, trajectory: Path | None
) -> int:
    from judge.inspection import Inspection
    from judge.judges.agent.answering import answer
    from judge.modules.memory import place
    from judge.trajectory import load_trajectory
    from judge.workspace import Workspace
    from results.errors import InputError
    from runners.models.chat.opening import open_chat

    if not question.strip():
        raise InputError("The question is empty; write what you want to know.")
    loaded = None if trajectory is None else load_trajectory(trajectory)
    inspection = Inspection(Workspace.open(workspace), loaded)
    found = answer(open_chat(model), inspection, question)
    lines = [found.answer, ""]
    for evidence in found.evidence:
        said = getattr(evidence, "quote", None) or getattr(evidence, "fact", "")
        lines.append(f"  {place(evidence)}  {' '.join(str(said).split())[:160]}")
    if not found.evidence:
        lines.append("  no citation holds: take the answer as an opinion")
    lines += [f"  dropped: {fault}" for fault in found.dropped]
    call.answer(found.model_dump(mode="json"), "\n".join(lines))
    return 0
