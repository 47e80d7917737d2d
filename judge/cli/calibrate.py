"""`judge calibrate`: how many mutants of good outputs a judge finds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from judge.cli.calling import Call, judge_command
from judge.cli.progress import judging_bar
from results.errors import InputError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from judge.calibration import Asked, CalibrationReport, GoodOutput, Share

PATH = click.Path(path_type=Path)
LISTED = 20
LEFT_IN_ERROR = 3
INTERRUPTED = 130


@judge_command(
    "calibrate",
    example="judge calibrate\n"
    "judge calibrate tasks/39.json outputs/39/ --labels labels/\n"
    "judge calibrate --tasks tasks/ --workspaces outputs/ --judge agent --model openai:gpt-4o-mini"
    " --most 60 --jobs 8",
    help="Break outputs that are known to be good in ways whose effect is certain, and measure how"
    " many of the broken requirements a judge finds and how often it raises a false alarm. With no"
    " arguments: the bundled outputs, as far as their labels call them good.",
)
@click.argument("task", type=PATH, required=False)
@click.argument("workspace", type=PATH, required=False)
@click.option("--tasks", type=PATH, help="Tasks of several outputs, as judge run takes them.")
@click.option("--workspaces", type=PATH, help="<task>/ folders, or <agent>/<task>/ folders.")
@click.option("--trajectories", type=PATH, help="The agents' steps; the judge sees them.")
@click.option("--agent", help="Of several agents, whose outputs to take.")
@click.option(
    "--labels",
    type=PATH,
    help="Judgment files that say which requirements are met; without them all are taken to be.",
)
@click.option(
    "--judge",
    "judge_name",
    default="checks",
    show_default=True,
    help="checks, llm, agent, or a panel such as panel:checks+agent@3.",
)
@click.option("--model", help="The judge's model.")
@click.option(
    "--most",
    type=click.IntRange(min=1),
    help="At most so many mutants, drawn kind by kind; all of them by default.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of what is drawn.")
@click.option("--jobs", type=click.IntRange(1, 256), default=1, show_default=True)
def command(
    call: Call,
    *,
    judge_name: str,
    model: str | None,
    most: int | None,
    seed: int,
    jobs: int,
    task: Path | None,
    workspace: Path | None,
    tasks: Path | None,
    workspaces: Path | None,
    trajectories: Path | None,
    agent: str | None,
    labels: Path | None,
) -> int:
    from judge.calibration import bundled_good_outputs, calibrate, good_output, good_outputs
    from judge.judges.opening import open_judge
    from judge.running import Progress

    outputs: Sequence[GoodOutput]
    if task is not None and (tasks or workspaces):
        raise InputError("Give TASK WORKSPACE, or --tasks and --workspaces, and not both.")
    if task is not None:
        if workspace is None:
            raise InputError(f"TASK {task} was given without WORKSPACE; give the good output too.")
        if agent is not None:
            raise InputError("--agent chooses among --workspaces; WORKSPACE is of one agent.")
        outputs = (good_output(task, workspace, trajectory=trajectories, labels=labels),)
    elif tasks is not None and workspaces is not None:
        outputs = good_outputs(
            tasks, workspaces, trajectories=trajectories, labels=labels, agent=agent
        )
    elif tasks is not None or workspaces is not None:
        raise InputError("--tasks and --workspaces belong together; give both, or neither.")
    else:
        if trajectories or labels or agent:
            raise InputError("--trajectories, --labels and --agent need --tasks and --workspaces.")
        outputs = bundled_good_outputs()
    judge = open_judge(judge_name, model)
    try:
        with judging_bar(call) as bar:
            report = calibrate(
                judge,
                outputs,
                seed=seed,
                most=most,
                jobs=jobs,
                on_progress=None if bar is None else lambda n, of: bar(Progress("mutants", n, of)),
            )
    except KeyboardInterrupt:
        call.say("Stopped; a model's replies are kept, and the same command asks for the others.")
        return INTERRUPTED
    call.answer(report.model_dump(mode="json"), *_rendered(report))
    errors = sum(s.errors for s in (report.sensitivity, report.specificity, report.left_alone))
    if errors:
        call.say(f"{errors} verdicts are in error and not counted; run the command again.")
        return LEFT_IN_ERROR
    return 0


def _rendered(report: CalibrationReport) -> list[RenderableType]:
    from judge.reporting.tables import text_table
    from judge.reporting.wording import spent

    head = ("", "right", "of", "rate", "interval, 95 %", "abstained", "worst to best")
    shares = [
        ("broken requirements found", report.sensitivity),
        ("untouched ones passed", report.specificity),
        ("left alone in mutants, passed", report.left_alone),
    ]
    title = f"{report.judge}: {report.mutants} mutants of {len(report.tasks)} good outputs"
    kinds = [_row(kind, share) for kind, share in report.by_kind.items()]
    parts: list[RenderableType] = [
        text_table([_row(*share) for share in shares], head, title),
        text_table(kinds, ("kind of mutation", *head[1:]), "broken requirements found, by kind"),
    ]
    for said, listed in (
        ("missed", report.missed),
        ("false alarm", report.false_alarms),
        ("undecided", report.undecided),
    ):
        parts += [_line(said, one) for one in listed[:LISTED]]
        if len(listed) > LISTED:
            parts.append(f"and {len(listed) - LISTED} more, in --json")
    found, passed = report.sensitivity, report.specificity
    if found.rate.value is not None and passed.rate.value is not None and found.n and passed.n:
        # A comparison asks of requirements that are met, and calibration of those that are broken.
        parts.append(
            "to correct the rates of this judge: judge compare … --sensitivity"
            f" {passed.rate.value:.4g} --specificity {found.rate.value:.4g}"
            f" --labelled {passed.n} {found.n}"
        )
    return [*parts, spent(report.usage)]


def _row(name: str, share: Share) -> tuple[str, ...]:
    rate, ci = share.rate, share.ci
    return (
        name,
        str(share.right),
        str(share.n),
        "" if rate.value is None else f"{rate.value:.1%}",
        "" if ci is None else f"{ci.low:.1%} to {ci.high:.1%}",
        str(share.abstained),
        "" if rate.worst is None or rate.best is None else f"{rate.worst:.1%} to {rate.best:.1%}",
    )


def _line(said: str, one: Asked) -> str:
    where = f"{one.kind}: {one.mutant}" if one.kind else "untouched"
    return f"{said}: {one.task} {one.requirement_id}, {where}: {one.reason[:160]}"
