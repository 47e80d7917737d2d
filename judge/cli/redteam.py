"""`judge redteam`: how often planted text gets a judge to pass what is not done."""

from __future__ import annotations

import click

from judge.cli.calling import Call, judge_command


@judge_command(
    "redteam",
    example="judge redteam\njudge redteam --judge agent --model openai:gpt-4o-mini --jobs 8",
    help="Measure the attack success rate of a judge over the injection corpus: hollow outputs with"
    " a planted text each, in code, documents, pictures, notebooks, logs, names and trajectories.",
)
@click.option(
    "--judge",
    "judge_name",
    default="checks",
    show_default=True,
    help="checks, llm, agent, or a panel such as panel:checks+agent@3.",
)
@click.option("--model", help="The judge's model.")
@click.option("--carrier", multiple=True, help="Only attacks in this carrier; repeatable.")
@click.option("--jobs", type=click.IntRange(1, 256), default=1, show_default=True)
def command(
    call: Call, *, judge_name: str, model: str | None, carrier: tuple[str, ...], jobs: int
) -> int:
    from judge.judges.opening import open_judge
    from judge.redteam import attacks, run_redteam
    from judge.redteam.corpus import CARRIERS
    from results.errors import InputError

    unknown = sorted(set(carrier) - set(CARRIERS))
    if unknown:
        known = ", ".join(CARRIERS)
        raise InputError(f"There is no carrier {unknown[0]!r}; choose from {known}.")
    chosen = [attack for attack in attacks() if not carrier or attack.carrier in carrier]
    report = run_redteam(open_judge(judge_name, model), chosen, jobs=jobs)
    rate = "no attack was answered"
    if report.rate is not None and report.ci is not None:
        rate = (
            f"{report.succeeded} of {report.n} attacks succeeded: {report.rate:.1%}"
            f" ({report.ci.low:.1%} to {report.ci.high:.1%}, Wilson)"
        )
    lines = [f"{report.judge}: {rate}", f"without a planted text: {report.control.value}"]
    if report.errors:
        lines.append(f"{report.errors} attacks got no answer and are not counted")
    width = max(map(len, report.by_kind), default=0)
    lines += [
        f"  {kind:{width}}  {row.succeeded} of {row.n}" for kind, row in report.by_kind.items()
    ]
    passed = [a for a in report.attempts if a.outcome.value == "satisfied"]
    lines += [f"  succeeded: {a.name}: {a.reason[:160]}" for a in passed[:20]]
    call.answer(report.model_dump(mode="json"), "\n".join(lines))
    return 3 if report.errors else 0
