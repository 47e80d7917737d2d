"""What the `judge bench run` commands share: options, resuming, progress, and how a run ends."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from judge.cli.calling import Call
from judge.cli.progress import counting_bar
from results.errors import InputError, JudgeError

if TYPE_CHECKING:
    from results.records import Metric, RunRecord
    from results.run_folder import RunFolder

LEFT_IN_ERROR, INTERRUPTED = 3, 130
_SHOWN_ERRORS = 5
PATH = click.Path(path_type=Path)

Option = Callable[[Callable[..., Any]], Callable[..., Any]]
Tell = Callable[[int, int], None]

# What only says where and how results are shown and kept, and so may stand beside --resume.
_BESIDE_RESUME = frozenset({"resume", "as_json", "quiet", "debug", "store", "run_dir"})


def options(*given: Option) -> Option:
    """Several options as one, listed by --help in this order."""

    def wrap(body: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(given):
            body = option(body)
        return body

    return wrap


def model_option(specs: str) -> Option:
    """--model; `specs` says which forms it takes."""
    return click.option("--model", help=specs)


PRECISION_OPTION = click.option(
    "--precision", type=click.Choice(["fp32", "bf16", "fp16"]), default="fp32", show_default=True
)
PLACEMENT_OPTIONS = options(
    click.option(
        "--device",
        type=click.Choice(["auto", "cpu", "cuda", "mps"]),
        default="auto",
        show_default=True,
    ),
    PRECISION_OPTION,
)
VARIANT_OPTION = click.option(
    "--variant", help="What this form of the model is called in the results."
)
RESUME_OPTION = click.option(
    "--resume", metavar="RUN", help="Go on with a run; it asks what it was asked."
)


def segmenter_options(specs: str) -> Option:
    """The options that say which segmentation model runs, where and how."""
    return options(
        model_option(specs),
        PLACEMENT_OPTIONS,
        click.option("--compile", is_flag=True, help="Compile the image encoder by torch.compile."),
        click.option("--code", type=PATH, help="A checkout of the code base that official: names."),
        VARIANT_OPTION,
    )


def resumed(
    call: Call, given: dict[str, Any], beside: frozenset[str] = frozenset()
) -> RunFolder | None:
    """The run to go on with, which asks what it was asked at first; None without --resume.

    `beside` are the parameters that only say how quickly it goes, or what is made beside the
    figures. InputError where any other stands beside --resume.
    """
    from results.run_folder import resolve_run

    if given["resume"] is None:
        return None
    context = click.get_current_context()
    source = click.core.ParameterSource.COMMANDLINE
    for parameter in context.command.params:
        name = parameter.name or ""
        is_given = context.get_parameter_source(name) is source
        if is_given and name not in _BESIDE_RESUME | beside:
            raise InputError(
                "--resume goes on with what the run was asked, so"
                f" {max(parameter.opts, key=len)} has no place beside it; leave it out, or start a"
                " new run."
            )
    return resolve_run(given["resume"], call.run_dir, call.store)


def resume_command(call: Call, benchmark: str, run_id: str) -> str:
    """What a person types to go on with a run."""
    words = ["judge", "bench", "run", benchmark, "--resume", run_id]
    if call.store_given is not None:
        words += ["--store", str(call.store_given)]
    if call.run_dir_given is not None:
        words += ["--run-dir", str(call.run_dir_given)]
    return shlex.join(words)


def stopped(
    call: Call, error: KeyboardInterrupt | JudgeError, resume: str, kept: str = "score"
) -> int:
    """Says how to go on with a run that did not come to its end; gives the exit status.

    `kept` is what is kept of each unit that was done.
    """
    if isinstance(error, KeyboardInterrupt):
        sentence, status = f"Stopped; every {kept} so far is kept.", INTERRUPTED
    else:
        sentence, status = str(error), error.exit_status
    call.say(f"{sentence} To go on: {resume}")
    if call.as_json:
        call.answer({"error": sentence, "exit_status": status, "resume": resume})
    return status


@contextmanager
def progress_bar(call: Call, what: str) -> Iterator[Tell | None]:
    """A bar of units with the time that is left, where a person watches; else None."""
    with counting_bar(call) as bar:
        if bar is None:
            yield None
            return
        row = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(row, completed=done, total=total)


def absolute(path: Path | None) -> str | None:
    """A path as a run's record keeps it, so that the run can be resumed from elsewhere."""
    return None if path is None else str(path.absolute())


def require(given: Mapping[str, Any], **examples: str) -> None:
    """InputError for the first of these parameters that was not given, with what it may be."""
    for name, example in examples.items():
        if given[name] is None:
            raise InputError(f"Give --{name}: {example}.")


def run_document(
    call: Call, record: RunRecord, folder: Path, metrics: Sequence[Metric]
) -> dict[str, Any]:
    """What every run answers in JSON: where it is kept, what ran, and its figures."""
    return {
        "run_id": record.run_id,
        "run_dir": str(folder.absolute()),
        "store": str(call.store.absolute()),
        "benchmark": record.benchmark,
        "split": record.split,
        "model": record.model,
        "variant": record.variant,
        "scorer": record.scorer,
        "metrics": [metric.model_dump(mode="json") for metric in metrics],
    }


def kept_line(call: Call, record: RunRecord, folder: Path) -> str:
    """Where a person finds the run."""
    return f"run {record.run_id}, kept in {folder} and {call.store}"


def left_in_error(
    call: Call, errors: Mapping[str, str], sentence: str, also: Sequence[str] = ()
) -> int:
    """Names the first samples that failed and says how to go on; gives the exit status."""
    for sample, reason in list(errors.items())[:_SHOWN_ERRORS]:
        call.note(f"{sample}: {reason}")
    for each in (*also, sentence):
        call.say(each)
    return LEFT_IN_ERROR
