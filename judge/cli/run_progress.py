"""How far a run is, for a person who watches it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from judge.cli.calling import Call

if TYPE_CHECKING:
    from judge.running import Progress


@contextmanager
def progress_bar(call: Call) -> Iterator[Callable[[Progress], None] | None]:
    """A bar with the time that is left, on stderr, where a person watches."""
    if not call.shows_progress:
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bar

    from judge.reporting.wording import one_line

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        row = bar.add_task("judging", total=None)

        def on_progress(progress: Progress) -> None:
            bar.update(
                row,
                description=one_line(progress.agent, 40),
                completed=progress.done,
                total=progress.total,
            )

        yield on_progress
