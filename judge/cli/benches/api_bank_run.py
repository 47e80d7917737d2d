"""`judge bench run api-bank`: a chat model through API-Bank's dialogues."""

from __future__ import annotations

from typing import Any

from judge.cli.benches.chat_run import asked_of, chat_options, conclude, how_of, resumed_chat
from judge.cli.calling import Call, judge_command


@judge_command(
    "api-bank",
    touches_store=True,
    example="judge bench run api-bank --model openai:gpt-4o-mini --data lv1-lv2-samples\n"
    "judge bench run api-bank --model hf:Qwen/Qwen3-0.6B --data dialogues.jsonl --limit 10",
    help="API-Bank and MobileLLM's measures over dialogues: a chat model is asked for each call and"
    " each reply, after what truly came before. Dialogues are API-Bank's files, for which what the"
    " APIs take is told from the calls, or lines {id, apis, turns} of your own, as judge bench"
    " score api-bank takes them.",
)
@chat_options("dialogues", "prompt", ("tools", "prompt"))
def run_api_bank(call: Call, **given: Any) -> int:
    from runners.api_calling.api_bank import PREDICTIONS, ApiBankAsked, begin_api_bank
    from runners.benchmark_runs import read_asked

    before = resumed_chat(call, given)
    if before is not None:
        asked = read_asked(before.record, ApiBankAsked, "api-bank", before.record.config)
    else:
        asked = ApiBankAsked(benchmark="api-bank", **asked_of(given))
    return conclude(call, begin_api_bank(asked, how_of(given), before), PREDICTIONS)
