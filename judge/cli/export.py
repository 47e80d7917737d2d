"""`judge export`: a run's verdicts as files."""

from __future__ import annotations

from pathlib import Path

import click

from judge.cli.calling import Call, judge_command

FORMS = ("devai", "jsonl", "csv", "parquet", "markdown")


@judge_command(
    "export",
    touches_store=True,
    example="judge export 20261124-231559 --format devai --out judgments/",
    help="Write a run's verdicts into a folder: one DevAI judgment file a task, or all verdicts in"
    " one file.",
)
@click.argument("run")
@click.option("--format", "form", type=click.Choice(FORMS), required=True, help="The files' form.")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="The folder to write into."
)
def command(call: Call, *, run: str, form: str, out: Path) -> None:
    from judge.reporting.exports import export_run
    from judge.reporting.judged import read_judged

    judged = read_judged(run, call.run_dir, call.store)
    for note in judged.notes:
        call.note(note)
    files = export_run(judged, form, out)
    document = {"run": judged.name, "format": form, "files": [str(file) for file in files]}
    call.answer(document, f"{len(files)} files in {out}" if len(files) > 1 else str(files[0]))
