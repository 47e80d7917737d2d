"""`judge anchor`: a labelled set that is judged again when the judge changes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from judge.cli.calling import Call, judge_command
from judge.cli.progress import judging_bar
from results.errors import InputError

if TYPE_CHECKING:
    from judge.anchoring import Anchor, Check

PATH = click.Path(path_type=Path)
LEFT_IN_ERROR = 3
MOVED = 1
INTERRUPTED = 130
LISTED = 20

anchors_option = click.option(
    "--anchors",
    type=PATH,
    default=Path("anchors"),
    show_default=True,
    help="The folder that holds a folder for each anchor.",
)


@click.group("anchor", help="Keep labelled outputs that are judged again when the judge changes.")
def command() -> None:
    pass


@judge_command(
    "add",
    example="judge anchor add\n"
    "judge anchor add --name ours --tasks tasks/ --workspaces outputs/ --labels labels/",
    help="Copy labelled outputs into an anchor. With no options, the bundled example.",
)
@click.option("--name", help="The anchor's name; `example` for the bundled one.")
@click.option("--tasks", type=PATH, help="Tasks, as judge run takes them.")
@click.option("--workspaces", type=PATH, help="<task>/ folders, or <agent>/<task>/ folders.")
@click.option("--labels", type=PATH, help="Judgment files in DevAI's form by people.")
@click.option("--trajectories", type=PATH, help="The agents' steps, which the judge then sees.")
@click.option("--agent", help="Of several agents, whose outputs to take.")
@anchors_option
def add(
    call: Call,
    *,
    name: str | None,
    tasks: Path | None,
    workspaces: Path | None,
    labels: Path | None,
    trajectories: Path | None,
    agent: str | None,
    anchors: Path,
) -> None:
    from judge.anchoring import BUNDLED, add_anchor, add_bundled

    if tasks is None and workspaces is None and labels is None:
        if trajectories is not None or agent is not None:
            raise InputError("--trajectories and --agent need --tasks, --workspaces and --labels.")
        anchor = add_bundled(anchors, name or BUNDLED)
    elif tasks is None or workspaces is None or labels is None:
        raise InputError("--tasks, --workspaces and --labels belong together; give all three.")
    elif name is None:
        raise InputError("An anchor of your own needs a name; add --name.")
    else:
        anchor = add_anchor(
            anchors,
            name,
            tasks=tasks,
            workspaces=workspaces,
            labels=labels,
            trajectories=trajectories,
            agent=agent,
        )
    labelled = len(anchor.labels)
    call.answer(
        {"anchor": anchor.name, "folder": str(anchor.folder.absolute()), "labels": labelled},
        f"{anchor.folder} holds {labelled} labelled requirements; to judge them:"
        f" judge anchor check {anchor.name}",
    )


@judge_command(
    "check",
    example="judge anchor check\njudge anchor check ours --judge llm --model openai:gpt-4o-mini",
    help="Judge the anchors again if this judge has not: its model, prompts, settings, versions"
    " and code count. Compares with the accepted reference, and ends with 1 where the judge moved"
    " beyond noise. Without NAME all anchors; where there is none, the bundled example is added.",
)
@click.argument("name", nargs=-1)
@click.option("--judge", "judge_name", default="checks", show_default=True)
@click.option("--model", help="The judge's model.")
@click.option(
    "--max-drop",
    type=click.FloatRange(0, 1),
    default=0.05,
    show_default=True,
    help="How far agreement with the labels may fall, as a share.",
)
@click.option(
    "--alpha",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.05,
    show_default=True,
    help="The level of the tests for flips that are more than noise.",
)
@click.option("--again", is_flag=True, help="Judge in any case: a hosted model may have changed.")
@click.option("--jobs", type=click.IntRange(1, 256), default=1, show_default=True)
@anchors_option
def check(
    call: Call,
    *,
    name: tuple[str, ...],
    judge_name: str,
    model: str | None,
    max_drop: float,
    alpha: float,
    again: bool,
    jobs: int,
    anchors: Path,
) -> int:
    from judge.anchoring import add_bundled, check_anchor

    opened = _opened(anchors, name)
    if not opened:
        call.note(f"There is no anchor in {anchors}; the bundled example becomes one.")
        opened = [add_bundled(anchors)]
    found = []
    try:
        for anchor in opened:
            with judging_bar(call) as on_progress:
                found.append(
                    check_anchor(
                        anchor,
                        judge=judge_name,
                        model=model,
                        jobs=jobs,
                        again=again,
                        alpha=alpha,
                        most_drop=max_drop,
                        on_progress=on_progress,
                    )
                )
    except KeyboardInterrupt:
        call.say("Stopped; every verdict so far is kept, and the same command goes on.")
        return INTERRUPTED
    lines = [line for one in found for line in _lines(one)]
    call.answer({"anchors": [one.model_dump(mode="json") for one in found]}, "\n".join(lines))
    if any(one.errors for one in found):
        call.say("Units are in error; the same command asks them again.")
        return LEFT_IN_ERROR
    return MOVED if any(one.movement.moved for one in found) else 0


@judge_command(
    "accept",
    example="judge anchor accept example 20261125-032543-544-7b50213f",
    help="Take a run as the reference that later judges are compared with; the newest whole run"
    " where none is named.",
)
@click.argument("name")
@click.argument("run", required=False)
@anchors_option
def accept(call: Call, *, name: str, run: str | None, anchors: Path) -> None:
    from judge.anchoring import open_anchor
    from results.records import RunStatus
    from results.run_folder import resolve_run

    anchor = open_anchor(anchors, name)
    if run is not None:
        chosen = resolve_run(run, anchor.runs_dir)
        if anchor.run(chosen.run_id) is None:
            raise InputError(f"{run} is no run of the anchor {name}.")
    else:
        whole = [one for one in anchor.runs() if one.status is RunStatus.COMPLETE]
        if not whole:
            raise InputError(f"The anchor {name} has no whole run yet: judge anchor check {name}.")
        chosen = whole[-1]
    if chosen.status is not RunStatus.COMPLETE:
        raise InputError(f"Run {chosen.run_id} is not whole; check the anchor again first.")
    anchor.accept(chosen.run_id)
    call.answer({"anchor": name, "accepted": chosen.run_id}, f"{name}: {chosen.run_id} is accepted")


@judge_command(
    "show",
    example="judge anchor show\njudge anchor show example",
    help="Show the anchors, who judged them, and how each run agrees with the labels.",
)
@click.argument("name", nargs=-1)
@anchors_option
def show(call: Call, *, name: tuple[str, ...], anchors: Path) -> None:
    from judge.anchoring import movement, outcomes_of

    described = []
    rows = []
    for anchor in _opened(anchors, name):
        labels = anchor.labels
        runs = []
        for run in anchor.runs():
            agreement = movement(labels, outcomes_of(run), outcomes_of(run)).after
            is_accepted = run.run_id == anchor.about.accepted
            runs.append(
                {
                    "run_id": run.run_id,
                    "judge": run.record.judge,
                    "model": run.record.model,
                    "status": run.status.value,
                    "accepted": is_accepted,
                    "agreement": agreement.model_dump(mode="json"),
                }
            )
            rows.append(
                (
                    anchor.name,
                    run.run_id,
                    f"{run.record.judge} {run.record.model or ''}".strip(),
                    run.status.value,
                    f"{agreement.agree} of {agreement.n}",
                    "reference" if is_accepted else "",
                )
            )
        if not runs:
            rows.append((anchor.name, "", "not judged yet", "", f"{len(labels)} labels", ""))
        described.append(
            {
                "anchor": anchor.name,
                "folder": str(anchor.folder.absolute()),
                "labels": len(labels),
                "accepted": anchor.about.accepted,
                "runs": runs,
            }
        )
    if call.as_json:
        call.answer({"anchors": described})
        return
    from judge.reporting.tables import text_table

    if not rows:
        call.answer(None, f"There is no anchor in {anchors}; add one: judge anchor add")
        return
    call.answer(None, text_table(rows, ("anchor", "run", "judge", "status", "agrees", "")))


def _opened(anchors: Path, names: tuple[str, ...]) -> list[Anchor]:
    from judge.anchoring import names_in, open_anchor

    return [open_anchor(anchors, name) for name in names or names_in(anchors)]


def _lines(check: Check) -> list[str]:
    found = check.movement
    after = found.after
    share = "none" if after.share is None else f"{after.share:.1%}"
    lines = [f"{check.anchor}: agrees with {after.agree} of {after.n} labels ({share})"]
    if check.status == "first":
        return [*lines, f"  run {check.run_id} is the reference from now on"]
    what = "not judged again, this judge has been" if check.status == "known" else "judged again"
    lines.append(f"  {what} (run {check.run_id}); the reference is {check.reference}")
    lines += [f"  changed: {clause}" for clause in check.changes]
    if check.run_id == check.reference:
        return lines
    lines.append(
        f"  before {found.before.agree}, after {after.agree}; flips {len(found.flips)}; McNemar"
        f" p = {found.p_agreement:.3g} of agreement, {found.p_verdicts:.3g} of verdicts"
    )
    lines += [
        f"  flip: {flip.task} {flip.requirement_id}: {flip.before} -> {flip.after}, labelled"
        f" {'satisfied' if flip.label else 'unsatisfied'}"
        for flip in found.flips[:LISTED]
    ]
    if len(found.flips) > LISTED:
        lines.append(f"  and {len(found.flips) - LISTED} flips more, in --json")
    if found.moved:
        lines.append(
            f"  MOVED: {found.moved}; to go on with this judge: judge anchor accept"
            f" {check.anchor} {check.run_id}"
        )
    else:
        lines.append("  within noise")
    return lines


for one in (add, check, accept, show):
    command.add_command(one)
