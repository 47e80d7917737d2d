"""`judge tasks`: faults of task files, and what they ask."""

from __future__ import annotations

import click

from judge.cli.calling import Call, judge_command


@click.group("tasks", help="Check or show tasks.")
def command() -> None:
    pass


@judge_command(
    "validate",
    example="judge tasks validate devai/instances",
    help="List all faults of the tasks at PATH, of their schema and of their graphs. Ends with 1"
    " where there are any.",
)
@click.argument("path")
def validate(call: Call, *, path: str) -> int:
    from devai_tasks import inspect_tasks

    found = inspect_tasks(path)
    document = {
        "files": len(found.files),
        "tasks": len(found.tasks),
        "faults": [fault.model_dump(mode="json") for fault in found.faults],
    }
    summary = f"{len(found.files)} files, {len(found.tasks)} tasks, {len(found.faults)} faults"
    call.answer(document, *(str(fault) for fault in found.faults), summary)
    return 1 if found.faults else 0


@judge_command(
    "show",
    example="judge tasks show devai/instances/39_Drug_Response_Prediction_SVM_GDSC_ML.json",
    help="Show the tasks at PATH: each query, and the tree of its requirements.",
)
@click.argument("path")
@click.option("--select", multiple=True, help="Only tasks of this name or tag, or fitting *.")
def show(call: Call, *, path: str, select: tuple[str, ...]) -> None:
    from devai_tasks import load_tasks
    from judge.reporting.tables import asked_tree
    from judge.running.outputs import select as selected
    from judge.running.planning import asked_task

    loaded = load_tasks(path)
    for warning in loaded.warnings:
        call.note(warning)
    tasks = selected(loaded.tasks, select)
    call.answer(
        {"tasks": [task.model_dump(mode="json") for task in tasks]},
        *(asked_tree(asked_task(task)) for task in tasks),
    )


command.add_command(validate)
command.add_command(show)
