"""The `judge` command: what commands there are, and what the process ends with."""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from collections.abc import Sequence

import click

from results.errors import JudgeError

# Name -> where the command stands and its line in `judge --help`, so that help imports none.
COMMANDS = {
    "run": ("judge.cli.run", "Judge agent outputs, requirement by requirement."),
    "show": ("judge.cli.show", "Show a run's requirement trees with outcomes and evidence."),
    "ask": ("judge.cli.ask", "Answer a question about a workspace, with citations."),
    "export": ("judge.cli.export", "Write a run's verdicts as files."),
    "align": ("judge.cli.align", "Measure agreement with human labels."),
    "compare": ("judge.cli.compare", "Compare two runs, with intervals and what flipped."),
    "gate": ("judge.cli.gate", "Fail where a candidate got worse than its baseline."),
    "redteam": ("judge.cli.redteam", "Measure how often planted text fools a judge."),
    "calibrate": ("judge.cli.calibrate", "Measure a judge on mutants of good outputs."),
    "anchor": ("judge.cli.anchor", "Keep a labelled set, judged again when the judge changes."),
    "replay": ("judge.cli.replay", "Judge a finished run again, offline, and compare."),
    "tasks": ("judge.cli.tasks", "Check or show tasks."),
    "trajectory": ("judge.cli.trajectory", "Show or convert an agent's trajectory."),
    "bench": ("judge.cli.bench", "Score predictions on benchmarks."),
    "models": ("judge.cli.models", "Say which models can be loaded."),
    "results": ("judge.cli.results", "List, show and keep what runs have found."),
    "leaderboard": ("judge.cli.leaderboard", "Serve the leaderboard in a browser."),
    "cache": ("judge.cli.cache", "Look after the cache of model replies."),
    "doctor": ("judge.cli.doctor", "Say which optional parts work on this machine."),
}
INTERRUPTED = 130
FAILED_OUTSIDE = 3


class LazyGroup(click.Group):
    """Imports a command's module only when that command is called."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        found = getattr(importlib.import_module(COMMANDS[name][0]), "command")  # noqa: B009
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="\b\nExample:\n  judge run                 # judges the bundled example\n"
    "  judge run --tasks tasks/ --workspaces outputs/ --judge checks",
)
@click.version_option(package_name="agent-judge", prog_name="judge")
def cli() -> None:
    """Judge agent outputs against their requirements, with evidence that code can check."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command and ends the process with the status that the contract gives."""
    sys.exit(status_of(list(sys.argv[1:] if arguments is None else arguments)))


def status_of(arguments: list[str]) -> int:
    """Runs the command; what went wrong is one sentence on stderr, and a status."""
    for stream in (sys.stdout, sys.stderr):
        # Names that are not valid Unicode must not break the line that names them.
        getattr(stream, "reconfigure", lambda **_: None)(errors="backslashreplace")
    debug, as_json = "--debug" in arguments, "--json" in arguments
    try:
        status = cli.main(arguments, prog_name="judge", standalone_mode=False)
        sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has left; nothing more can be said to it, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED_OUTSIDE
    except Exception as error:  # noqa: BLE001 - the last stop: a person gets a sentence
        if debug:
            traceback.print_exc()
        sentence, status = _what_went_wrong(error)
        click.echo(f"judge: {sentence}", err=True)
        if as_json:
            click.echo(json.dumps({"error": sentence, "exit_status": status}, ensure_ascii=False))
        return status


def _what_went_wrong(error: Exception) -> tuple[str, int]:
    """A sentence for a person, and the exit status."""
    if isinstance(error, JudgeError):
        return str(error), error.exit_status
    if isinstance(error, click.UsageError):
        where = f" Try: {error.ctx.command_path} --help" if error.ctx is not None else ""
        return f"{_sentence(error.format_message())}{where}", 2
    if isinstance(error, click.ClickException):
        return _sentence(error.format_message()), 2
    if isinstance(error, OSError):
        where = f" ({error.filename})" if error.filename else ""
        return f"{error.strerror or error}{where}.", FAILED_OUTSIDE
    what = f"{type(error).__name__}: {error}".splitlines()[0]
    return f"Something unforeseen went wrong ({what}); --debug shows where.", FAILED_OUTSIDE


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text if text.endswith((".", "?", "!")) else f"{text}."
