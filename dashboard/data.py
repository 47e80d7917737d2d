"""What the pages read: the published snapshot of the store, answered by DuckDB in memory.

The store's own file is never opened, so that no page is in a writer's way. A version of the
snapshot stays open while pages read it, and every answer is kept until the next version.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard.figures import make_figures
from results.database import CONFIG, quoted
from results.errors import StoreError
from results.migrations import migrate
from results.snapshot import opened_snapshot, snapshot_folder, snapshot_version

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

NOTHING_PUBLISHED = "none"
_ANSWERS_KEPT = 400
# Read once into memory, because nearly every page asks them and they are small beside the others.
_SMALL_TABLES = ("runs", "tasks", "metrics", "published")


class View:
    """The tables of one version of the snapshot, or the same tables empty where there is none.

    Called with SQL it gives rows as dicts. Several threads may ask at once.
    """

    def __init__(
        self,
        key: tuple[str, str],
        connection: DuckDBPyConnection,
        *,
        held: ExitStack,
        published_at: str = "",
        fault: str = "",
    ) -> None:
        self.key = key
        """The store and the version; what is cached goes by it."""
        self.published_at = published_at
        """ISO 8601, UTC; empty where nothing is published."""
        self.fault = fault
        """Why there are no runs to see: one sentence; empty where there is a snapshot."""
        self._connection = connection
        # The lock on the version ends with the last page that reads it.
        weakref.finalize(self, held.close)

    @property
    def version(self) -> str:
        return self.key[1]

    def __call__(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """The rows as dicts; StoreError where DuckDB minds the query."""
        found: list[dict[str, Any]] = _kept_rows(self, sql, tuple(parameters))
        return found

    def ask(self, sql: str, parameters: Sequence[Any]) -> DuckDBPyConnection:
        """Runs SQL on a cursor of its own; its rows are still to be fetched."""
        import duckdb

        try:
            return self._connection.cursor().execute(sql, list(parameters))
        except duckdb.Error as error:
            reason = str(error).partition("\n")[0][:300].rstrip(".")
            raise StoreError(f"The snapshot cannot answer: {reason}.") from error


def open_view(store: Path) -> View:
    """The newest version of a store's snapshot, opened once for all who look at it."""
    view: View = _held_view(str(store), newest_version(store))
    return view


def newest_version(store: Path) -> str:
    """The version that is published now; costs next to nothing."""
    return snapshot_version(store) or NOTHING_PUBLISHED


def _opened_view(store: str, version: str) -> View:
    import duckdb

    with ExitStack() as opening:
        connection = opening.enter_context(duckdb.connect(config=CONFIG))
        published_at, fault = "", ""
        try:
            snapshot = opening.enter_context(opened_snapshot(store))
        except StoreError as error:
            migrate(connection, Path(store))
            fault = _fault(store, version, str(error))
        else:
            published_at = snapshot.record.published_at
            for table in snapshot.tables:
                kind = "TABLE" if table in _SMALL_TABLES else "VIEW"
                source = f"read_parquet({quoted(snapshot.file(table))})"
                connection.execute(f'CREATE {kind} "{table}" AS FROM {source}')
        make_figures(connection)
        return View(
            (store, version),
            connection,
            held=opening.pop_all(),
            published_at=published_at,
            fault=fault,
        )


def _fault(store: str, version: str, reason: str) -> str:
    if version == NOTHING_PUBLISHED:
        return f"Nothing has been stored in {snapshot_folder(store).parent} yet."
    return reason


def key_of_view(view: View) -> tuple[str, str]:
    """What stands for a view in `hash_funcs` of what is kept until the next version."""
    return view.key


def _rows(view: View, sql: str, parameters: tuple[Any, ...]) -> list[dict[str, Any]]:
    found = view.ask(sql, parameters)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


_held_view: Any = st.cache_resource(max_entries=4, show_spinner="Opening the results …")(
    _opened_view
)
_kept_rows: Any = st.cache_data(
    max_entries=_ANSWERS_KEPT, show_spinner=False, hash_funcs={View: key_of_view}
)(_rows)
