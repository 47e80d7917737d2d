"""What the commands share that take a chat model through a benchmark."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from judge.cli.benches.running import (
    PATH,
    PLACEMENT_OPTIONS,
    RESUME_OPTION,
    VARIANT_OPTION,
    Option,
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
from judge.cli.calling import Call
from results.errors import JudgeError

if TYPE_CHECKING:
    from results.run_folder import RunFolder
    from runners.api_calling.sessions import Begun, Finished, How

# What only says how quickly it goes, and so may be given anew to a resumed run.
_BESIDE_RESUME = frozenset({"jobs", "device"})


def chat_options(limit_of: str, mode: str, modes: tuple[str, ...]) -> Option:
    """The options of such a run; `limit_of` is what --limit counts, `mode` the default one."""
    return options(
        model_option(
            "openai:<model>, litellm:<model>; or here hf:<folder or hub id>, onnx:<folder>,"
            " executorch:<folder>, gguf:<file>."
        ),
        click.option("--data", type=PATH, help="The released files."),
        click.option("--limit", type=click.IntRange(min=1), help=f"The first N {limit_of}."),
        click.option(
            "--mode",
            type=click.Choice(modes),
            default=mode,
            show_default=True,
            help="Offer functions as tools; describe them and ask for a text of calls; or for JSON"
            " that is held to their schemas, where the model's form or endpoint can.",
        ),
        click.option(
            "--jobs",
            type=click.IntRange(1, 256),
            help="Questions at once, 8 by default; of a model here, its batch.",
        ),
        click.option(
            "--max-tokens",
            type=click.IntRange(min=1),
            default=1024,
            show_default=True,
            help="The longest reply.",
        ),
        click.option(
            "--temperature",
            type=click.FloatRange(0, 10),
            default=0.0,
            show_default=True,
            help="0 is greedy.",
        ),
        click.option(
            "--top-p",
            type=click.FloatRange(0, 1, min_open=True),
            help="Draw among the likeliest tokens that reach this probability.",
        ),
        click.option(
            "--seed",
            type=click.IntRange(0, 2**31 - 1),
            help="Makes draws repeatable, where the model's form or endpoint can.",
        ),
        PLACEMENT_OPTIONS,
        VARIANT_OPTION,
        RESUME_OPTION,
    )


def how_of(given: dict[str, Any]) -> How:
    from runners.api_calling.sessions import How

    return How(given["jobs"], given["device"])


def resumed_chat(call: Call, given: dict[str, Any]) -> RunFolder | None:
    """The run to go on with. InputError where options stand beside it that would change it."""
    return resumed(call, given, _BESIDE_RESUME)


def asked_of(given: dict[str, Any]) -> dict[str, Any]:
    """The fields of ChatAsked that the options give. InputError where one is missing."""
    require(
        given,
        model="openai:<model>, or hf:<folder> for one on this machine",
        data="the folder of the released files",
    )
    names = (
        *("model", "mode", "limit", "max_tokens", "temperature", "top_p", "seed"),
        *("precision", "variant"),
    )
    return {**{name: given[name] for name in names}, "data": str(given["data"].absolute())}


def conclude(
    call: Call,
    begun: Begun,
    predictions: str,
    score_options: Sequence[str] = (),
) -> int:
    """Carries a run out and answers; one that did not come to its end says how to go on.

    `predictions` is their place in the run's files; `score_options` are what `judge bench score`
    needs to score them by the same rules.
    """
    from runners.api_calling.sessions import carry_out

    benchmark = begun.asked.benchmark
    resume = resume_command(call, benchmark, begun.record.run_id)
    try:
        with progress_bar(call, benchmark) as progress:
            finished = carry_out(begun, runs_dir=call.run_dir, store=call.store, progress=progress)
    except (KeyboardInterrupt, JudgeError) as error:
        return stopped(call, error, resume)
    return _answer(call, begun, finished, resume, predictions, score_options)


def _answer(
    call: Call,
    begun: Begun,
    finished: Finished,
    resume: str,
    predictions: str,
    score_options: Sequence[str],
) -> int:
    from results.records import ScoreStatus
    from runners.api_calling.figures import cut_replies
    from runners.benchmark_runs import FILES

    record = finished.folder.record
    errors = {s.sample: s.reason for s in finished.scores if s.status is ScoreStatus.ERROR}
    place = finished.folder.path.absolute() / FILES / predictions
    words = ["judge", "bench", "score", begun.asked.benchmark, "--data", begun.asked.data]
    again = shlex.join([*words, "--predictions", str(place), *score_options])
    cut = cut_replies(finished.scores)
    if cut:
        call.note(
            f"Replies that ended at --max-tokens {begun.asked.max_tokens}: {cut} of"
            f" {len(finished.scores)}."
        )
    if call.as_json or not call.quiet:
        from judge.reporting.benchmarks import metrics_table

        document = {
            **run_document(call, record, finished.folder.path, finished.metrics),
            "predictions": str(place),
            "score_command": again,
            "scorer_version": record.versions["scorer"],
            "status": str(finished.folder.status),
            **_figures(finished),
            "missing": finished.missing,
            "errors": errors,
            "resume": resume if errors or finished.missing else None,
        }
        title = f"{record.benchmark} {record.split}, {record.model}: {record.scorer}"
        call.answer(
            document,
            metrics_table(finished.metrics, title),
            kept_line(call, record, finished.folder.path),
            f"score its predictions again: {again}",
        )
    else:
        click.echo(record.run_id)
    if not errors and not finished.missing:
        return 0
    also = []
    if finished.stopped:
        also.append(f"Nothing more was asked: {finished.stopped}")
        if begun.asked.mode == "tools" and any(r.startswith("no_tools:") for r in errors.values()):
            also.append(
                "Calls can be asked for as text instead: start a new run with --mode prompt."
            )
    left = f"In error: {len(errors)}; not asked: {finished.missing}. To go on: {resume}"
    return left_in_error(call, errors, left, also)


def _figures(finished: Finished) -> dict[str, Any]:
    whole = {metric.name: metric for metric in finished.metrics if not metric.slice}
    usage = [score.usage for score in finished.scores]
    costs = [each.cost for each in usage]
    return {
        "n": whole["accuracy"].n,
        "accuracy": whole["accuracy"].value,
        "usage": {
            "calls": sum(each.calls for each in usage),
            "input_tokens": sum(each.input_tokens for each in usage),
            "output_tokens": sum(each.output_tokens for each in usage),
            "cost": None if None in costs else sum(cost for cost in costs if cost is not None),
        },
    }
