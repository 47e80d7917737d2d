"""How far a run is, for a person who watches it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from judge.cli.calling import Call

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from judge.running import Progress


@contextmanager
def counting_bar(call: Call) -> Iterator[Bar | None]:
    """Bars with the time that is left, on stderr, where a person watches; else None.

    They go when the block ends.
    """
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

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        yield bar


@contextmanager
def judging_bar(call: Call) -> Iterator[Callable[[Progress], None] | None]:
    """A bar of the requirements of whichever agent is judged."""
    from judge.reporting.wording import one_line

    with counting_bar(call) as bar:
        if bar is None:
            yield None
            return
        row = bar.add_task("judging", total=None)

        def on_progress(progress: Progress) -> None:
            bar.update(
                row,
                description=one_line(progress.agent, 40),
                completed=progress.done,
                total=progress.total,
            )

        yield on_progress
