"""What the commands share that take a chat model through a benchmark."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from judge.cli.calling import Call
from results.errors import InputError, JudgeError

if TYPE_CHECKING:
    from results.run_folder import RunFolder
    from runners.api_calling.sessions import Begun, Finished

LEFT_IN_ERROR, INTERRUPTED = 3, 130
_SHOWN = 5
# What only says how quickly it goes, and where and how results are shown and kept.
_BESIDE_RESUME = {"resume", "jobs", "as_json", "quiet", "debug", "store", "run_dir"}

Wrapper = Callable[[Callable[..., Any]], Callable[..., Any]]


def chat_options(limit_of: str, mode: str) -> Wrapper:
    """The options of such a run; `limit_of` is what --limit counts, `mode` the default one."""
    options: tuple[Wrapper, ...] = (
        click.option(
            "--model", help="openai:<model>, litellm:<model>, or hf:<folder or hub id> here."
        ),
        click.option("--data", type=click.Path(path_type=Path), help="The released files."),
        click.option("--limit", type=click.IntRange(min=1), help=f"The first N {limit_of}."),
        click.option(
            "--mode",
            type=click.Choice(["tools", "prompt"]),
            default=mode,
            show_default=True,
            help="Offer functions as tools, or describe them and ask for a text of calls.",
        ),
        click.option(
            "--jobs",
            type=click.IntRange(1, 256),
            help="Questions at once; 8 for an endpoint, always 1 for hf:.",
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
        click.option("--variant", help="What this form of the model is called in the results."),
        click.option("--resume", metavar="RUN", help="Go on with a run; it asks what it asked."),
    )

    def wrap(body: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            body = option(body)
        return body

    return wrap


def asked_of(given: dict[str, Any]) -> dict[str, Any]:
    """The fields of ChatAsked that the options give. InputError where one is missing."""
    for name, example in (
        ("model", "openai:<model>, or hf:<folder> for one on this machine"),
        ("data", "the folder of the released files"),
    ):
        if given[name] is None:
            raise InputError(f"Give --{name}: {example}.")
    names = ("model", "mode", "limit", "max_tokens", "temperature", "variant")
    return {**{name: given[name] for name in names}, "data": str(given["data"].absolute())}


def resumed(call: Call, given: dict[str, Any]) -> RunFolder | None:
    """The run to go on with. InputError where options stand beside it that would change it."""
    from results.run_folder import resolve_run

    if given["resume"] is None:
        return None
    context = click.get_current_context()
    source = click.core.ParameterSource.COMMANDLINE
    for name in context.params:
        if name not in _BESIDE_RESUME and context.get_parameter_source(name) is source:
            raise InputError(
                "--resume goes on with what the run was asked, so"
                f" --{name.replace('_', '-')} has no place beside it; leave it out, or start a new"
                " run."
            )
    return resolve_run(given["resume"], call.run_dir, call.store)


def conclude(
    call: Call,
    begun: Begun,
    jobs: int | None,
    predictions: str,
    score_options: Sequence[str] = (),
) -> int:
    """Carries a run out and answers; one that did not come to its end says how to go on.

    `predictions` is their place in the run's files; `score_options` are what `judge bench score`
    needs to score them by the same rules.
    """
    from runners.api_calling.sessions import carry_out

    benchmark = begun.asked.benchmark
    resume = _resume_command(call, benchmark, begun.record.run_id)
    try:
        with _progress(call, benchmark) as progress:
            finished = carry_out(
                begun, runs_dir=call.run_dir, store=call.store, jobs=jobs, progress=progress
            )
    except (KeyboardInterrupt, JudgeError) as error:
        return _stopped(call, error, resume)
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
            "run_id": record.run_id,
            "run_dir": str(finished.folder.path.absolute()),
            "store": str(call.store.absolute()),
            "predictions": str(place),
            "score_command": again,
            "benchmark": record.benchmark,
            "split": record.split,
            "model": record.model,
            "variant": record.variant,
            "scorer": record.scorer,
            "scorer_version": record.versions["scorer"],
            "status": str(finished.folder.status),
            **_figures(finished),
            "missing": finished.missing,
            "errors": errors,
            "resume": resume if errors or finished.missing else None,
        }
        title = f"{record.benchmark} {record.split}, {record.model}; shares in percent"
        call.answer(
            document,
            metrics_table(finished.metrics, title),
            f"run {record.run_id}, kept in {finished.folder.path} and {call.store}",
            f"score its predictions again: {again}",
        )
    else:
        click.echo(record.run_id)
    if not errors and not finished.missing:
        return 0
    for sample, reason in list(errors.items())[:_SHOWN]:
        call.note(f"{sample}: {reason}")
    if finished.stopped:
        call.say(f"Nothing more was asked: {finished.stopped}")
        if begun.asked.mode == "tools" and any(r.startswith("no_tools:") for r in errors.values()):
            call.say("Calls can be asked for as text instead: start a new run with --mode prompt.")
    call.say(f"In error: {len(errors)}; not asked: {finished.missing}. To go on: {resume}")
    return LEFT_IN_ERROR


def _figures(finished: Finished) -> dict[str, Any]:
    whole = {metric.name: metric for metric in finished.metrics if not metric.slice}
    usage = [score.usage for score in finished.scores]
    costs = [each.cost for each in usage]
    return {
        "n": whole["accuracy"].n,
        "accuracy": whole["accuracy"].value,
        "metrics": [metric.model_dump(mode="json") for metric in finished.metrics],
        "usage": {
            "calls": sum(each.calls for each in usage),
            "input_tokens": sum(each.input_tokens for each in usage),
            "output_tokens": sum(each.output_tokens for each in usage),
            "cost": None if None in costs else sum(cost for cost in costs if cost is not None),
        },
    }


def _stopped(call: Call, error: KeyboardInterrupt | JudgeError, resume: str) -> int:
    if isinstance(error, KeyboardInterrupt):
        sentence, status = "Stopped; every score so far is kept.", INTERRUPTED
    else:
        sentence, status = str(error), error.exit_status
    call.say(f"{sentence} To go on: {resume}")
    if call.as_json:
        call.answer({"error": sentence, "exit_status": status, "resume": resume})
    return status


def _resume_command(call: Call, benchmark: str, run_id: str) -> str:
    words = ["judge", "bench", "run", benchmark, "--resume", run_id]
    if call.store_given is not None:
        words += ["--store", str(call.store_given)]
    if call.run_dir_given is not None:
        words += ["--run-dir", str(call.run_dir_given)]
    return shlex.join(words)


@contextmanager
def _progress(call: Call, what: str) -> Iterator[Callable[[int, int], None] | None]:
    """A bar of questions with the time that is left, on stderr, where a person watches."""
    if not call.shows_progress:
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        row = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(row, completed=done, total=total)
