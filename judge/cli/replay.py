"""`judge replay`: a finished run judged again from its own model exchanges, offline."""

from __future__ import annotations

import click

from judge.cli.calling import Call, judge_command


@judge_command(
    "replay",
    touches_store=True,
    example="judge replay 20261124-231559\njudge replay runs/20261124-231559-… --json",
    help="Judge a finished RUN again from the model exchanges that it kept, without a request"
    " leaving the machine, and compare the verdicts. Ends with 1 where one came out otherwise.",
)
@click.argument("run")
@click.option("--jobs", type=click.IntRange(1, 256), default=1, show_default=True)
def command(call: Call, *, run: str, jobs: int) -> int:
    from judge.running.replaying import replay
    from results.run_folder import resolve_run

    found = replay(resolve_run(run, call.run_dir, call.store), jobs=jobs)
    lines = [f"{found.identical} of {found.verdicts} verdicts are identical, byte for byte"]
    for difference in found.differences:
        before, now = (side["outcome"] if side else "none" for side in _sides(difference))
        kind = "preference" if difference.is_preference else "requirement"
        lines.append(
            f"{difference.task}, {kind} {difference.requirement_id}: {before}, now {now}"
            + (f" ({difference.now['reason']})" if difference.now else "")
        )
    call.answer(found.model_dump(mode="json"), "\n".join(lines))
    return 1 if found.differences else 0


def _sides(difference: object) -> tuple[dict[str, str] | None, dict[str, str] | None]:
    return getattr(difference, "before", None), getattr(difference, "now", None)
