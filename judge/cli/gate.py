"""`judge gate`: a red light where a candidate got worse than its baseline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from judge.cli.calling import Call, judge_command

if TYPE_CHECKING:
    from results.comparison import GateResult
    from results.gate import Policy

FAILED, INCONCLUSIVE = 1, 4


@judge_command(
    "gate",
    touches_store=True,
    example="judge gate --baseline main.parquet --candidate 20261124-231559\n"
    "judge gate --baseline judgments/OpenHands/human --candidate judgments/MetaGPT/human"
    " --margin 0\n"
    "judge gate --candidate 20261124-231559 --write-baseline main.parquet",
    help="Stop a regression. FAIL (exit 1) where the whole interval of the paired difference lies"
    " beyond the margin; PASS (0) where none of it does, or nothing flipped; INCONCLUSIVE (4)"
    " where the data cannot tell. Beside each PASS stands the worsening that would have been seen."
    " Without a policy there is one rule, on the share of requirements met or the benchmark's"
    " first metric.",
)
@click.option("--baseline", metavar="RUN|FILE", help="A run, or a baseline's Parquet file.")
@click.option("--candidate", required=True, metavar="RUN", help="What may have got worse.")
@click.option(
    "--policy",
    type=click.Path(path_type=Path),
    help="Rules, budgets and drift limits, as TOML or YAML.",
)
@click.option(
    "--margin",
    type=float,
    metavar="D",
    help="How much worse is accepted, in the metric's unit, by rules that say nothing of it. By"
    " default 0.02 for shares, which is what the released Agent-as-a-Judge itself is off by, and"
    " 2 % of the baseline's value otherwise.",
)
@click.option(
    "--inconclusive",
    type=click.Choice(["pass", "fail"]),
    help="End with 0 or 1 where the gate is inconclusive, instead of 4.",
)
@click.option("--allow", metavar="REASON", help="As for `judge compare`.")
@click.option("--junit", type=click.Path(path_type=Path), help="Write JUnit XML here.")
@click.option("--sarif", type=click.Path(path_type=Path), help="Write SARIF 2.1.0 here.")
@click.option("--summary", type=click.Path(path_type=Path), help="Write Markdown here.")
@click.option(
    "--comment",
    type=click.Path(path_type=Path),
    help="Write a Markdown comment for a pull request here.",
)
@click.option(
    "--annotations",
    type=click.Path(path_type=Path),
    help="Write GitHub's workflow commands here, for a step to print.",
)
@click.option(
    "--write-baseline",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Keep the candidate as a baseline's Parquet file; without --baseline that is all.",
)
def command(
    call: Call,
    *,
    baseline: str | None,
    candidate: str,
    policy: Path | None,
    margin: float | None,
    inconclusive: str | None,
    allow: str | None,
    junit: Path | None,
    sarif: Path | None,
    summary: Path | None,
    comment: Path | None,
    annotations: Path | None,
    write_baseline: Path | None,
) -> int:
    from judge.anchoring import drift_between
    from judge.comparing import load_side, paired_sides
    from results.errors import InputError
    from results.gate import gate

    if baseline is None and write_baseline is None:
        raise InputError("There is nothing to hold the candidate against; add --baseline RUN.")
    asked = _policy(policy, margin)
    now = load_side(candidate, call.run_dir, call.store)
    if baseline is None:
        assert write_baseline is not None
        _keep(call, now, write_baseline)
        units = sum(len(series.units) for series in now.series)
        call.answer(
            {"baseline": str(write_baseline), "candidate": now.name, "units": units},
            f"{write_baseline} holds {now.name} as a baseline",
        )
        return 0
    before = load_side(baseline, call.run_dir, call.store)
    result = gate(*paired_sides(before, now), asked, allow=allow)
    moved = drift_between(baseline, candidate, call.run_dir, call.store)
    if moved is not None:
        warnings = (*result.comparison.warnings, moved)
        comparison = result.comparison.model_copy(update={"warnings": warnings})
        result = result.model_copy(update={"comparison": comparison})
    for warning in result.comparison.warnings:
        call.note(warning)
    _write_reports(result, junit, sarif, summary, comment, annotations)
    if write_baseline is not None:
        _keep(call, now, write_baseline)
    if call.as_json:
        call.answer(result.model_dump(mode="json"))
    else:
        from judge.comparing.tables import gate_tables

        call.answer(None, *gate_tables(result))
    return _status(result, inconclusive or asked.inconclusive)


def _policy(path: Path | None, margin: float | None) -> Policy:
    from math import isfinite

    from results.errors import InputError
    from results.gate import Policy, load_policy

    policy = Policy() if path is None else load_policy(path)
    if margin is None:
        return policy
    if not isfinite(margin) or margin < 0:
        raise InputError(f"--margin is {margin:g}; it is how much worse is accepted, 0 or more.")
    return policy.model_copy(update={"margin": margin})


def _write_reports(
    result: GateResult,
    junit: Path | None,
    sarif: Path | None,
    summary: Path | None,
    comment: Path | None,
    annotations: Path | None,
) -> None:
    from results import reports

    if junit is not None:
        reports.write_junit(result, junit)
    if sarif is not None:
        reports.write_sarif(result, sarif)
    if summary is not None:
        reports.write_summary(result, summary)
    if comment is not None:
        reports.write_comment(result, comment)
    if annotations is not None:
        reports.write_workflow_commands(result, annotations)


def _keep(call: Call, side: object, path: Path) -> None:
    from results.comparison.baselines import is_baseline_file, write_baseline
    from results.comparison.values import Side
    from results.errors import InputError

    assert isinstance(side, Side)
    if not is_baseline_file(path):
        raise InputError(f"A baseline is a Parquet file; name it {path.with_suffix('.parquet')}.")
    call.note(f"The baseline of {side.name} is kept in {write_baseline(side, path)}.")


def _status(result: GateResult, inconclusive: str | None) -> int:
    from results.comparison import GateVerdict

    if result.verdict is GateVerdict.PASS:
        return 0
    if result.verdict is GateVerdict.FAIL:
        return FAILED
    return {"pass": 0, "fail": FAILED, None: INCONCLUSIVE}[inconclusive]
