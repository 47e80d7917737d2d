"""The published snapshot, opened once for an export; without one, the papers' figures alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.figures import make_figures
from results.database import CONFIG, quoted
from results.errors import StoreError
from results.migrations import migrate
from results.snapshot import opened_snapshot

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class Reading:
    """Answers SQL over the snapshot's tables and `figures` with rows as dicts."""

    def __init__(self, connection: DuckDBPyConnection, published_at: str) -> None:
        self.connection = connection
        self.published_at = published_at
        """ISO 8601, UTC; empty where nothing is published yet."""

    def __call__(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        found = self.connection.execute(sql, list(parameters))
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


@contextmanager
def opened_reading(store: Path) -> Iterator[Reading]:
    """The newest version of a store's snapshot, or empty tables where there is no store.

    Raises StoreError for a snapshot that this version cannot read.
    """
    import duckdb

    with ExitStack() as opening:
        connection = opening.enter_context(duckdb.connect(config=CONFIG))
        published_at = ""
        if store.exists():
            try:
                snapshot = opening.enter_context(opened_snapshot(store))
            except StoreError as error:
                raise StoreError(f"{error} There is nothing to export before.") from error
            published_at = snapshot.record.published_at
            for table in snapshot.tables:
                # What is installed of published figures takes an empty table's place.
                kind = "TABLE" if table == "published" else "VIEW"
                source = f"read_parquet({quoted(snapshot.file(table))})"
                connection.execute(f'CREATE {kind} "{table}" AS FROM {source}')
        else:
            migrate(connection, store)
        make_figures(connection)
        yield Reading(connection, published_at)
