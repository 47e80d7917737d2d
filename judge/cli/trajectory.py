"""`judge trajectory`: an agent's steps, shown or converted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from judge.cli.calling import Call, judge_command

PATH = click.Path(path_type=Path)
SHOWN_TEXT = 600


@click.group("trajectory", help="Show or convert an agent's trajectory.")
def command() -> None:
    pass


@judge_command(
    "show",
    example="judge trajectory show steps/39_Drug_Response_Prediction_SVM_GDSC_ML.json",
    help="Show the steps of a trajectory of any known format.",
)
@click.argument("file", type=PATH)
def show(call: Call, *, file: Path) -> None:
    from judge.reporting.tables import steps_tree
    from judge.trajectory import load_trajectory

    trajectory = load_trajectory(file)
    for note in (*trajectory.warnings, *trajectory.cuts):
        call.note(note)
    document: dict[str, Any] = {
        "agent": trajectory.agent,
        "format": trajectory.format,
        "ended_by_agent": trajectory.ended_by_agent,
        "usage": trajectory.usage.model_dump(mode="json"),
        "steps": [
            {
                "number": step.number,
                "source": step.source,
                "user_message": step.user_message,
                "thought": step.thought,
                "action": step.action,
                "observation": step.observation,
                "seconds": step.seconds,
            }
            for step in trajectory.steps
        ],
        "warnings": list(trajectory.warnings),
        "cuts": list(trajectory.cuts),
    }
    call.answer(document, steps_tree(trajectory, SHOWN_TEXT))


@judge_command(
    "convert",
    example="judge trajectory convert run.traj --out run.atif.json\n"
    "judge trajectory convert run.traj --to devai --out run.json",
    help="Write a trajectory of any known format anew, as ATIF or in DevAI's form.",
)
@click.argument("file", type=PATH)
@click.option("--out", type=PATH, required=True, help="The file to write.")
@click.option(
    "--to",
    "form",
    type=click.Choice(["atif", "devai"]),
    default="atif",
    show_default=True,
    help="The form to write.",
)
def convert(call: Call, *, file: Path, out: Path, form: str) -> None:
    from judge.trajectory import load_trajectory, write_trajectory

    trajectory = load_trajectory(file)
    for note in (*trajectory.warnings, *trajectory.cuts):
        call.note(note)
    write_trajectory(trajectory, out, form)
    document = {
        "from": trajectory.format,
        "to": form,
        "steps": len(trajectory.steps),
        "file": str(out),
        "warnings": list(trajectory.warnings),
        "cuts": list(trajectory.cuts),
    }
    call.answer(document, f"{len(trajectory.steps)} steps of {trajectory.format} in {out}")


command.add_command(show)
command.add_command(convert)
