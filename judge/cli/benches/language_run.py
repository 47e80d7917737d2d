"""`judge bench run commonsense`: a causal language model through MobileLLM's eight tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from judge.cli.benches.running import (
    PATH,
    PLACEMENT_OPTIONS,
    RESUME_OPTION,
    VARIANT_OPTION,
    kept_line,
    left_in_error,
    model_option,
    options,
    progress_bar,
    require,
    resume_command,
    resumed,
    run_document,
    stopped,
)
from judge.cli.calling import Call, judge_command
from results.errors import JudgeError

if TYPE_CHECKING:
    from runners.language_tasks.sessions import Finished


@judge_command(
    "commonsense",
    touches_store=True,
    example="judge bench run commonsense --model hf:facebook/MobileLLM-125M --data commonsense\n"
    "judge bench run commonsense --model onnx:exported --data commonsense --task hellaswag"
    " --limit 100",
    help="ARC-easy and -challenge, BoolQ, PIQA, SIQA, HellaSwag, OpenBookQA and WinoGrande,"
    " zero-shot, as lm-evaluation-harness asks them: acc and acc_norm of each, and their mean."
    " --data has a folder for each task, in the hub's form or its authors'; nothing is"
    " downloaded.",
)
@options(
    model_option(
        "hf:<folder or hub id>, onnx:<folder>, executorch:<folder> or gguf:<file>; or"
        " openai:<model> at a Completions endpoint that gives log-probabilities of prompts."
    ),
    click.option("--data", type=PATH, help="The folder of the tasks' folders."),
    click.option(
        "--task", "tasks", multiple=True, help="Such as hellaswag; repeatable. [default: all]"
    ),
    click.option("--limit", type=click.IntRange(min=1), help="The first N items of each task."),
    click.option(
        "--batch-size",
        type=click.IntRange(1, 4096),
        help="Options that go through the model at once; by default as the device allows.",
    ),
    PLACEMENT_OPTIONS,
    VARIANT_OPTION,
    RESUME_OPTION,
)
def run_commonsense(call: Call, **given: Any) -> int:
    from benchmarks.language.commonsense import BENCHMARK, TASKS
    from runners.language_tasks.sessions import (
        CommonsenseAsked,
        asked_before,
        begin_commonsense,
        carry_out,
    )

    before = resumed(call, given, frozenset({"batch_size"}))
    if before is not None:
        asked = asked_before(before.record)
    else:
        require(
            given,
            model="hf:facebook/MobileLLM-125M, say",
            data="the folder of the tasks' folders",
        )
        asked = CommonsenseAsked(
            model=given["model"],
            data=str(given["data"].absolute()),
            tasks=tuple(dict.fromkeys(given["tasks"] or TASKS)),
            device=given["device"],
            precision=given["precision"],
            variant=given["variant"],
            limit=given["limit"],
        )
    begun = begin_commonsense(asked, before)
    resume = resume_command(call, BENCHMARK, begun.record.run_id)
    try:
        with progress_bar(call, BENCHMARK) as progress:
            finished = carry_out(
                begun,
                runs_dir=call.run_dir,
                store=call.store,
                batch_size=given["batch_size"],
                progress=progress,
            )
    except (KeyboardInterrupt, JudgeError) as error:
        return stopped(call, error, resume)
    return _answer(call, finished, resume)


def _answer(call: Call, finished: Finished, resume: str) -> int:
    from judge.reporting.benchmarks import metrics_table
    from results.records import ScoreStatus
    from runners.language_tasks.sessions import CUT_TOKENS

    record = finished.record
    errors = {s.sample: s.reason for s in finished.scores if s.status is ScoreStatus.ERROR}
    cut = sum(score.measures.get(CUT_TOKENS, 0) > 0 for score in finished.scores)
    if cut:
        call.note(f"Items whose beginning did not fit into the model's context: {cut}.")
    if call.quiet and not call.as_json:
        click.echo(record.run_id)
    else:
        document = {
            **run_document(call, record, finished.folder, finished.metrics),
            "n": len(finished.scores),
            "cut": cut,
            "errors": errors,
        }
        title = f"{record.benchmark} {record.split}, {record.model}: {record.scorer}"
        kept = kept_line(call, record, finished.folder)
        call.answer(document, metrics_table(finished.metrics, title), kept)
    if not errors:
        return 0
    again = f"Units in error: {len(errors)}. To ask them again: {resume}"
    return left_in_error(call, errors, again)
