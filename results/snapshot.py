"""The published snapshot: the store's tables as Parquet, for readers that stay for long.

`<store>.snapshot/<version>/` holds one file a table and `snapshot.json`; the link `current` names
the version to read. A version is written beside the others, put on disk, renamed into place and
then linked by one rename, so all its files come from one moment of the store. A reader locks the
folder of the version it reads, and publishing removes older versions that nobody reads.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from results.database import CONFIG, quoted
from results.errors import StoreError
from results.ingestion import TABLES
from results.journal import sync_folder
from results.migrations import MIGRATIONS
from results.records import Value
from results.strict_json import decode_object, read_small_file

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_LINK = "current"
_ABOUT = "snapshot.json"
_MAX_ABOUT_BYTES = 2**20
_TRIES = 50


class SnapshotRecord(Value):
    """What a version says of itself in `snapshot.json`."""

    schema_version: int
    published_at: str
    """ISO 8601, UTC."""
    rows: dict[str, int]
    """How many rows each table has."""


class Snapshot:
    """One version of the published tables. It stays whole while `opened_snapshot` is open."""

    def __init__(self, path: Path, record: SnapshotRecord, connection: DuckDBPyConnection) -> None:
        self.path = path
        self.record = record
        self._connection = connection

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(self.record.rows)

    def file(self, table: str) -> Path:
        """The Parquet file of a table."""
        return self.path / f"{table}.parquet"

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """The rows that SQL over the tables gives, as dicts; StoreError where DuckDB minds it."""
        import duckdb

        try:
            result = self._connection.execute(sql, list(parameters))
            names = [column[0] for column in result.description or ()]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
        except duckdb.Error as error:
            reason = str(error).partition("\n")[0][:300].rstrip(".")
            raise StoreError(f"The snapshot {self.path} cannot answer: {reason}.") from error


def snapshot_folder(store: Path | str) -> Path:
    """Where the snapshot of a store is published."""
    path = Path(os.path.realpath(Path(store).expanduser()))
    return path.with_name(path.name + ".snapshot")


def snapshot_version(store: Path | str) -> str | None:
    """The name of the version that is current, to see cheaply whether it changed; None without."""
    try:
        return str((snapshot_folder(store) / _LINK).readlink())
    except OSError:
        return None


@contextmanager
def opened_snapshot(store: Path | str) -> Iterator[Snapshot]:
    """The current version, which no publishing changes or removes until the block ends.

    Raises StoreError when nothing is published, or when a newer version of this program or
    something else wrote it.
    """
    import duckdb

    with _held_version(snapshot_folder(store)) as path:
        record = _read_about(path)
        with duckdb.connect(config=CONFIG) as connection:
            snapshot = Snapshot(path, record, connection)
            for table in snapshot.tables:
                source = quoted(snapshot.file(table))
                snapshot.query(f'CREATE VIEW "{table}" AS FROM read_parquet({source})')
            yield snapshot


def publish(connection: DuckDBPyConnection, store: Path) -> Path:
    """Publishes the tables that `connection` sees; only under the store's lock.

    Gives the folder of the new version. Raises StoreError where it cannot be written.
    """
    folder = snapshot_folder(store)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _clear_unfinished(folder)
        name = f"{_latest_number(folder) + 1:06d}"
        beginning = folder / f".{name}.new"
        beginning.mkdir()
        rows = {table: _write_table(connection, table, beginning) for table in TABLES}
        now = datetime.now(UTC).isoformat(timespec="seconds")
        about = SnapshotRecord(schema_version=len(MIGRATIONS), published_at=now, rows=rows)
        (beginning / _ABOUT).write_text(about.model_dump_json() + "\n", encoding="utf-8")
        _sync_files(beginning)
        version = folder / name
        beginning.rename(version)
        link = folder / f".{_LINK}.new"
        link.symlink_to(name)
        link.replace(folder / _LINK)
        sync_folder(folder)
        _remove_unread(folder, kept=name)
    except OSError as error:
        raise StoreError(
            f"The snapshot {folder} cannot be written ({error.strerror}); mend that, then run"
            " `judge results sync`."
        ) from error
    return version


@contextmanager
def _held_version(folder: Path) -> Iterator[Path]:
    """The current version's folder under a shared lock, so that it is not removed.

    A version can be removed between reading the link and locking; then the link names another.
    """
    missing = StoreError(f"{folder} holds no snapshot; `judge results sync` publishes one.")
    for _ in range(_TRIES):
        name = _linked_name(folder)
        if name is None:
            raise missing
        try:
            handle = os.open(folder / name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise StoreError(f"The snapshot {folder} cannot be read: {error.strerror}.") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_SH)
            if _linked_name(folder) == name:
                yield folder / name
                return
        finally:
            os.close(handle)
    raise missing


def _linked_name(folder: Path) -> str | None:
    try:
        name = str((folder / _LINK).readlink())
    except OSError:
        return None
    return name if name.isdecimal() else None


def _read_about(version: Path) -> SnapshotRecord:
    path = version / _ABOUT
    try:
        record = SnapshotRecord.model_validate(
            decode_object(read_small_file(path, _MAX_ABOUT_BYTES))
        )
    except ValidationError as error:
        raise StoreError(
            f"{path} is not what this program publishes; `judge results sync` publishes anew."
        ) from error
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{path} cannot be read ({error}); `judge results sync` publishes anew."
        ) from error
    if record.schema_version > len(MIGRATIONS):
        raise StoreError(
            f"The snapshot {version} was published by a newer version; update with"
            " `pip install -U agent-judge`."
        )
    if record.schema_version < len(MIGRATIONS) or set(record.rows) != set(TABLES):
        raise StoreError(
            f"The snapshot {version} was published by an older version; `judge results sync`"
            " publishes it anew."
        )
    return record


def _write_table(connection: DuckDBPyConnection, table: str, folder: Path) -> int:
    target = quoted(folder / f"{table}.parquet")
    row = connection.execute(
        f"COPY (FROM {table} ORDER BY ALL) TO {target} (FORMAT parquet, COMPRESSION zstd)"
    ).fetchone()
    assert row is not None
    return int(row[0])


def _sync_files(folder: Path) -> None:
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    sync_folder(folder)


def _versions(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.isdecimal()]


def _latest_number(folder: Path) -> int:
    return max((int(name) for name in _versions(folder)), default=0)


def _clear_unfinished(folder: Path) -> None:
    """Takes away what a publisher left that was killed."""
    for path in folder.glob(".*.new"):
        if path.is_symlink() or not path.is_dir():
            path.unlink()
        else:
            shutil.rmtree(path)


def _remove_unread(folder: Path, kept: str) -> None:
    """Removes older versions, but for those that readers have locked."""
    for name in _versions(folder):
        if name == kept:
            continue
        handle = os.open(folder / name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder / name)
        except BlockingIOError:
            continue
        finally:
            os.close(handle)
