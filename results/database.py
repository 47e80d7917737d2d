"""Opening a DuckDB file for moments, with every failure said in one sentence."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from results.errors import StoreError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# Nothing is fetched from the network: what the store needs is built into DuckDB.
CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
# How DuckDB says that another process, or another thread of this one, has the file open.
_TAKEN = ("Could not set lock on file", "with a different configuration than existing connections")


@contextmanager
def opened(path: Path, *, read_only: bool, wait: float) -> Iterator[DuckDBPyConnection]:
    """A connection to an existing DuckDB file, closed again at the end of the block.

    A file that others have open is tried again for `wait` seconds. Raises StoreError when it stays
    taken, is no DuckDB file or is damaged, and for whatever DuckDB minds within the block.
    """
    import duckdb

    try:
        connection = _connect(path, read_only, time.monotonic() + wait)
        try:
            yield connection
        finally:
            connection.close()
    except duckdb.Error as error:
        raise StoreError(f"The store {path} {_reason(error, wait)}") from error


@contextmanager
def transaction(connection: DuckDBPyConnection) -> Iterator[None]:
    """Everything in the block takes effect, or nothing does."""
    connection.execute("BEGIN TRANSACTION")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def quoted(text: str | Path) -> str:
    """An SQL string literal."""
    return "'" + str(text).replace("'", "''") + "'"


def _connect(path: Path, read_only: bool, deadline: float) -> DuckDBPyConnection:
    import duckdb

    while True:
        try:
            return duckdb.connect(str(path), read_only=read_only, config=CONFIG)
        except duckdb.Error as error:
            if not _is_taken(error) or time.monotonic() >= deadline:
                raise
        time.sleep(0.02)


def _is_taken(error: Exception) -> bool:
    return any(sign in str(error) for sign in _TAKEN)


def _reason(error: Exception, wait: float) -> str:
    text = str(error).strip().partition("\n")[0]
    if _is_taken(error):
        return (
            f"has been held open by another program for {wait:g} seconds; close that, then run"
            " `judge results sync`."
        )
    if "not a valid DuckDB database file" in text:
        return "is no DuckDB database; name another file with --store."
    return (
        f"cannot be used ({text[:300].rstrip('.')}); if it is damaged, move it away and make it"
        " anew from the runs with `judge results sync`."
    )
