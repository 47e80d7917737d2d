"""What every command has in common: its options, and how it answers."""

from __future__ import annotations

import functools
import json
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

WIDTH_OF_A_FILE = 118


@dataclass(frozen=True)
class Call:
    """How a command was called, and the two ways it speaks: an answer on stdout, notes on stderr.

    `store` and `run_dir` are None for a command that does not touch the store.
    """

    as_json: bool = False
    quiet: bool = False
    debug: bool = False
    store_given: Path | None = None
    run_dir_given: Path | None = None

    @property
    def store(self) -> Path:
        """The DuckDB file."""
        return self.store_given or Path("results.duckdb")

    @property
    def run_dir(self) -> Path:
        """The folder that holds a folder for each run."""
        return self.run_dir_given or self.store.parent / "runs"

    @property
    def shows_progress(self) -> bool:
        return sys.stderr.isatty() and not self.quiet

    def note(self, sentence: str) -> None:
        """Something worth knowing that is not the answer."""
        if not self.quiet:
            self.say(sentence)

    def say(self, sentence: str) -> None:
        """Something on stderr that even a quiet call must say."""
        from judge.reporting.wording import plain

        click.echo(f"judge: {plain(sentence)}", err=True)

    def answer(self, document: Any, *rendered: RenderableType) -> None:
        """The JSON document with --json, else what a person reads."""
        if self.as_json:
            # ASCII, so that no control character of a stranger's text reaches a terminal.
            click.echo(json.dumps(document, indent=2, allow_nan=False))
            return
        from judge.reporting.wording import plain

        console = open_console()
        for part in rendered:
            if isinstance(part, str):
                click.echo(plain(part))
            else:
                console.print(part)


def open_console() -> Console:
    """Writes to stdout; as wide as a report where that is not a terminal."""
    from rich.console import Console

    is_terminal = sys.stdout.isatty()
    return Console(
        file=sys.stdout,
        width=None if is_terminal else WIDTH_OF_A_FILE,
        highlight=False,
        markup=False,
        emoji=False,
    )


def judge_command(
    name: str, *, example: str, touches_store: bool = False, **settings: Any
) -> Callable[[Callable[..., int | None]], click.Command]:
    """A command whose function gets a Call first; `example` stands at the end of its help.

    The function returns the exit status, or None for 0.
    """

    def wrap(body: Callable[..., int | None]) -> click.Command:
        @functools.wraps(body)
        def called(
            *,
            as_json: bool,
            quiet: bool,
            debug: bool,
            store: Path | None = None,
            run_dir: Path | None = None,
            **options: Any,
        ) -> int:
            _log_to_terminal(debug)
            return body(Call(as_json, quiet, debug, store, run_dir), **options) or 0

        lines = "\n".join(f"  {line}" for line in example.splitlines())
        epilog = f"\b\nExample:\n{lines}"
        command = click.command(name, cls=click.Command, epilog=epilog, **settings)(called)
        command.params += _common_options(touches_store)
        return command

    return wrap


def _common_options(touches_store: bool) -> list[click.Parameter]:
    path = click.Path(path_type=Path)
    store_options: list[click.Parameter] = [
        click.Option(
            ["--store"],
            type=path,
            envvar="JUDGE_STORE",
            help="The DuckDB file of results; results.duckdb, or $JUDGE_STORE.",
        ),
        click.Option(
            ["--run-dir"], type=path, help="The folder of run folders; runs/ beside the store."
        ),
    ]
    return [
        *(store_options if touches_store else []),
        click.Option(["--json", "as_json"], is_flag=True, help="One JSON document on stdout."),
        click.Option(["--quiet"], is_flag=True, help="No progress and no notes."),
        click.Option(["--debug"], is_flag=True, help="Logs, and tracebacks of errors."),
    ]


def _log_to_terminal(debug: bool) -> None:
    """Logs go to stderr where a person watches, or where they were asked for."""
    if debug or sys.stderr.isatty():
        level = logging.DEBUG if debug else logging.WARNING
        logging.basicConfig(level=level, stream=sys.stderr, format="%(name)s: %(message)s")
    else:
        logging.basicConfig(handlers=[logging.NullHandler()])
