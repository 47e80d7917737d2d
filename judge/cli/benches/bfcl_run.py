"""`judge bench run bfcl`: a chat model through BFCL's single-turn categories."""

from __future__ import annotations

from typing import Any

import click

from judge.cli.benches.chat_run import asked_of, chat_options, conclude, how_of, resumed_chat
from judge.cli.calling import Call, judge_command


@judge_command(
    "bfcl",
    touches_store=True,
    example="judge bench run bfcl --model openai:gpt-4o-mini --data bfcl/data\n"
    "judge bench run bfcl --model hf:Qwen/Qwen3-0.6B --data bfcl/data --mode prompt"
    " --category simple_python --category irrelevance --limit 50",
    help="BFCL v4, single-turn: a chat model is asked for calls, which are scored by the"
    " leaderboard's rules and kept as its result files. Without --category: all that --data has.",
)
@chat_options("items of each category", "tools", ("tools", "prompt", "json"))
@click.option("--category", "categories", multiple=True, help="Such as simple_python; repeatable.")
@click.option(
    "--underscore-names",
    type=click.Choice(["auto", "yes", "no"]),
    default="auto",
    show_default=True,
    help="Write _ for the dots of functions' names, and score by that rule; auto does so for"
    " tools, because endpoints refuse dots in their names.",
)
def run_bfcl(call: Call, **given: Any) -> int:
    from runners.api_calling.bfcl import RESULTS, BfclAsked, begin_bfcl
    from runners.benchmark_runs import read_asked

    before = resumed_chat(call, given)
    if before is not None:
        asked = read_asked(before.record, BfclAsked, "bfcl", before.record.config)
    else:
        underscores = given["underscore_names"]
        asked = BfclAsked(
            benchmark="bfcl",
            **asked_of(given),
            categories=tuple(dict.fromkeys(given["categories"])),
            underscore_names=underscores == "yes"
            or (underscores == "auto" and given["mode"] == "tools"),
        )
    begun = begin_bfcl(asked, how_of(given), before)
    options = ["--underscore-names"] if asked.underscore_names else []
    return conclude(call, begun, RESULTS, options)
