"""`judge align`: agreement of judgments with human labels."""

from __future__ import annotations

from typing import Literal

import click

from judge.cli.calling import Call, judge_command


@judge_command(
    "align",
    touches_store=True,
    example="judge align --labels judgments/OpenHands/human"
    " --judgments judgments/OpenHands/agent_gray_box\n"
    "judge align --labels labels/ --judgments 20261124-231559",
    help="Measure how far judgments agree with human labels. Both sides take an id, its unique"
    " beginning, a run folder, or a folder of DevAI judgment files; tasks pair by name.",
)
@click.option("--labels", required=True, metavar="RUN", help="What people said.")
@click.option("--judgments", required=True, metavar="RUN", help="What is measured against it.")
@click.option(
    "--dependency",
    type=click.Choice(["direct", "transitive"]),
    default="direct",
    show_default=True,
    help="Which prerequisites the dependent rate reads.",
)
def command(
    call: Call, *, labels: str, judgments: str, dependency: Literal["direct", "transitive"]
) -> None:
    from judge.alignment import align
    from judge.reporting.judged import read_judged
    from judge.reporting.tables import alignment_table, left_out_table, rates_table

    label_side = read_judged(labels, call.run_dir, call.store)
    judgment_side = read_judged(judgments, call.run_dir, call.store)
    for note in (*label_side.notes, *judgment_side.notes):
        call.note(note)
    alignment = align(label_side.flags, judgment_side.flags, dependency)
    shift = alignment.shift.model_dump()
    call.answer(
        alignment.model_dump(mode="json"),
        alignment_table(alignment),
        rates_table({"labels": alignment.labels, "judgments": alignment.judgments}, shift),
        *left_out_table(alignment),
    )
