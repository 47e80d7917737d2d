"""`judge compare`: what a candidate does better and worse than a baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from judge.cli.calling import Call, judge_command

if TYPE_CHECKING:
    from results.comparison import JudgeAccuracy


@judge_command(
    "compare",
    touches_store=True,
    example="judge compare judgments/OpenHands/human judgments/MetaGPT/human\n"
    "judge compare 20261124-231559 20261125-081204 --json",
    help="Compare two runs on what both have and both decided: paired differences with intervals"
    " by task, video or dialogue, and what flipped. BASELINE and CANDIDATE take an id, its unique"
    " beginning, a run folder, a folder of DevAI judgment files, or a baseline's Parquet file."
    " Ends with 2 where the judge, a prompt, the scorer or the dataset differ.",
)
@click.argument("baseline")
@click.argument("candidate")
@click.option(
    "--allow",
    metavar="REASON",
    help="Compare although the two were measured otherwise; the reason stands in the result.",
)
@click.option(
    "--baseline-repeat",
    multiple=True,
    metavar="RUN",
    help="Another run of the baseline; values are averaged. May be given again.",
)
@click.option(
    "--candidate-repeat",
    multiple=True,
    metavar="RUN",
    help="Another run of the candidate; values are averaged. May be given again.",
)
@click.option(
    "--sensitivity",
    type=click.FloatRange(0, 1),
    help="The judge's, as `judge align` or `judge calibrate` say; adds corrected rates.",
)
@click.option("--specificity", type=click.FloatRange(0, 1), help="The judge's; see --sensitivity.")
@click.option(
    "--labelled",
    nargs=2,
    type=click.IntRange(min=1),
    metavar="MET UNMET",
    help="How many labelled requirements those two rest on; adds intervals.",
)
def command(
    call: Call,
    *,
    baseline: str,
    candidate: str,
    allow: str | None,
    baseline_repeat: tuple[str, ...],
    candidate_repeat: tuple[str, ...],
    sensitivity: float | None,
    specificity: float | None,
    labelled: tuple[int, int] | None,
) -> None:
    from judge.anchoring import drift_between
    from judge.comparing import load_side, paired_sides
    from results.comparison import compare

    accuracy = _accuracy(sensitivity, specificity, labelled)
    before = load_side(baseline, call.run_dir, call.store, baseline_repeat)
    now = load_side(candidate, call.run_dir, call.store, candidate_repeat)
    before, now = paired_sides(before, now)
    comparison = compare(before, now, allow=allow, accuracy=accuracy)
    moved = drift_between(baseline, candidate, call.run_dir, call.store)
    if moved is not None:
        warnings = (*comparison.warnings, moved)
        comparison = comparison.model_copy(update={"warnings": warnings})
    for warning in comparison.warnings:
        call.note(warning)
    if call.as_json:
        call.answer(comparison.model_dump(mode="json"))
        return
    from judge.comparing.tables import comparison_tables

    call.answer(None, *comparison_tables(comparison, before.primary))


def _accuracy(
    sensitivity: float | None, specificity: float | None, labelled: tuple[int, int] | None
) -> JudgeAccuracy | None:
    if sensitivity is None and specificity is None and labelled is None:
        return None
    if sensitivity is None or specificity is None:
        from results.errors import InputError

        raise InputError("A correction needs both: give --sensitivity and --specificity.")
    from results.comparison import JudgeAccuracy

    positives, negatives = labelled or (None, None)
    return JudgeAccuracy(
        sensitivity=sensitivity,
        specificity=specificity,
        positives=positives,
        negatives=negatives,
    )
