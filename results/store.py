"""The store: one DuckDB file that is made from run folders and can be made anew from them.

Whoever writes holds a lock file beside the store, and that and the database for moments only:
DuckDB alone loses acknowledged rows when several processes take turns at opening one file. Readers
open the file read-only for one question at a time, or read the published snapshot.
"""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field, ValidationError

from results.database import opened, quoted, transaction
from results.errors import InputError, StoreError
from results.ingestion import RUN_TABLES, Ingested, merge, stage
from results.journal import sync_folder
from results.locks import Held, file_lock
from results.migrations import MIGRATIONS, migrate, schema_version
from results.published import replace_published
from results.records import (
    AskedTask,
    Interval,
    Metric,
    Outcome,
    RunRecord,
    RunStatus,
    Score,
    ScoreStatus,
    Usage,
    Value,
    Verdict,
)
from results.run_content import VerdictKey
from results.snapshot import publish
from results.strict_json import visible

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from results.run_folder import RunFolder

WAIT_SECONDS = 30.0

_EVIDENCE_FIELDS = (
    "kind",
    "path",
    "start_line",
    "end_line",
    "quote",
    "step",
    "fact",
    "command",
    "exit_status",
    "output",
)
_SCORE_FIELDS = tuple(
    name for name in Score.model_fields if name not in ("values", "measures", "usage", "slices")
)
_METRIC_FIELDS = tuple(name for name in Metric.model_fields if name != "interval")
_VERDICT_FIELDS = tuple(name for name in Verdict.model_fields if name not in ("evidence", "usage"))
_RUNS = """
    SELECT runs.*,
        count(*) FILTER (outcome = 'satisfied') AS satisfied,
        count(*) FILTER (outcome = 'unsatisfied') AS unsatisfied,
        count(*) FILTER (outcome = 'abstained') AS abstained,
        count(*) FILTER (outcome = 'error') AS error,
        coalesce(any_value(given.scored), 0) AS scored,
        coalesce(any_value(given.unparsed), 0) AS unparsed,
        coalesce(any_value(given.failed), 0) AS failed,
        coalesce(any_value(spent.calls), 0) AS calls,
        coalesce(any_value(spent.input_tokens), 0) AS input_tokens,
        coalesce(any_value(spent.cached_input_tokens), 0) AS cached_input_tokens,
        coalesce(any_value(spent.output_tokens), 0) AS output_tokens,
        CASE WHEN count(spent.run_id) = 0 THEN 0 ELSE any_value(spent.cost) END AS cost
    FROM runs
    LEFT JOIN verdicts USING (run_id)
    LEFT JOIN (
        SELECT run_id, count(*) FILTER (status = 'scored') AS scored,
            count(*) FILTER (status = 'unparsed') AS unparsed,
            count(*) FILTER (status = 'error') AS failed
        FROM scores GROUP BY run_id
    ) AS given USING (run_id)
    LEFT JOIN (
        SELECT run_id, sum(calls) AS calls, sum(input_tokens) AS input_tokens,
            sum(cached_input_tokens) AS cached_input_tokens,
            sum(output_tokens) AS output_tokens,
            CASE WHEN count(cost) = count(*) THEN sum(cost) END AS cost
        FROM (
            {usage} FROM usage
            UNION ALL {usage} FROM scores
            UNION ALL {usage} FROM superseded_scores
        ) GROUP BY run_id
    ) AS spent USING (run_id)
    WHERE {condition} GROUP BY ALL ORDER BY started_at, run_id
"""


_USAGE = "SELECT run_id, calls, input_tokens, cached_input_tokens, output_tokens, cost"


class StoredRun(Value):
    """A run as the store knows it."""

    record: RunRecord
    status: RunStatus
    seconds: float
    folder: str = Field(description="where its files were when they were last ingested")
    outcomes: dict[Outcome, int]
    samples: dict[ScoreStatus, int] = Field(description="how many samples of a benchmark are so")
    usage: Usage = Field(description="over all attempts, those that ended in error included")


class Store:
    """A result store; the file is made by the first ingest. Safe for threads and processes."""

    def __init__(self, path: Path | str, wait: float = WAIT_SECONDS) -> None:
        """`wait` is how many seconds to wait for a store that others use, before StoreError."""
        # One store under two names must have one lock file.
        self.path = Path(os.path.realpath(Path(path).expanduser()))
        self.wait = wait
        self._lock = self.path.with_name(self.path.name + ".lock")
        # DuckDB takes what follows a question mark for options, and no undecodable names at all.
        if "?" in str(self.path) or visible(str(self.path)) != str(self.path):
            raise StoreError(
                f"A store cannot be kept at {visible(str(self.path))!r}: its path must hold no"
                " question mark and be valid UTF-8."
            )

    @property
    def exists(self) -> bool:
        """Whether there is a store yet; an empty file, as `mktemp` makes it, is none."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StoreError(f"The store {self.path} cannot be read: {error.strerror}.") from error
        if not stat.S_ISREG(status.st_mode):
            raise StoreError(f"{self.path} is no file; name another with --store.")
        return status.st_size > 0

    def require_usable(self) -> None:
        """StoreError where the file is no store, is of a newer version, or stays held by others."""
        with self._reading():
            pass

    def ingest(self, folders: Iterable[RunFolder]) -> Ingested:
        """Takes in all that the runs' journals hold, in one transaction; may be repeated freely.

        A run that cannot be read is left out whole and named in `faults`. Raises StoreError when
        the store cannot be used; the journals keep everything, and a later ingest stores it.
        """
        with _staging_folder() as staging:
            staged = stage(folders, staging)
            with self._locked(), self._writing() as connection, transaction(connection):
                return merge(connection, staged)

    def runs(self) -> tuple[StoredRun, ...]:
        """Every run, oldest first."""
        with self._reading() as connection:
            rows = _rows(connection, _RUNS.format(usage=_USAGE, condition="TRUE"))
        with self._refusing_foreign_rows():
            return tuple(_stored_run(row) for row in rows)

    def run(self, run_id: str) -> StoredRun:
        """One run; InputError when the store has none of that id."""
        with self._reading() as connection:
            self._require_run(connection, run_id)
            rows = _rows(
                connection, _RUNS.format(usage=_USAGE, condition="runs.run_id = ?"), run_id
            )
        with self._refusing_foreign_rows():
            return _stored_run(rows[0])

    def verdicts(self, run_id: str) -> tuple[Verdict, ...]:
        """A run's standing verdicts by task, requirements before preferences, then id."""
        with self._reading() as connection:
            rows = _rows(
                connection,
                "SELECT * FROM verdicts JOIN (SELECT * EXCLUDE outcome FROM usage)"
                " USING (run_id, task, is_preference, requirement_id, attempt)"
                " WHERE run_id = ? ORDER BY task, is_preference, requirement_id",
                run_id,
            )
            evidence = _rows(
                connection, "SELECT * FROM evidence WHERE run_id = ? ORDER BY position", run_id
            )
            if not rows:
                self._require_run(connection, run_id)
        cited: dict[VerdictKey, list[dict[str, Any]]] = {}
        for row in evidence:
            cited.setdefault(_key(row), []).append(
                {name: row[name] for name in _EVIDENCE_FIELDS if row[name] is not None}
            )
        with self._refusing_foreign_rows():
            return tuple(
                Verdict.model_validate(
                    {name: row[name] for name in _VERDICT_FIELDS}
                    | {"usage": _usage(row), "evidence": cited.get(_key(row), [])}
                )
                for row in rows
            )

    def tasks(self, run_id: str) -> tuple[AskedTask, ...]:
        """The texts of a run's tasks by name, as far as its journal held them."""
        with self._reading() as connection:
            rows = _rows(
                connection,
                "SELECT task, query, tags FROM tasks WHERE run_id = ? ORDER BY task",
                run_id,
            )
            requirements = _rows(
                connection,
                "SELECT * EXCLUDE (run_id) FROM requirements WHERE run_id = ?"
                " ORDER BY task, is_preference, requirement_id",
                run_id,
            )
            if not rows:
                self._require_run(connection, run_id)
        of_task: dict[str, list[dict[str, Any]]] = {}
        for requirement in requirements:
            of_task.setdefault(requirement.pop("task"), []).append(requirement)
        with self._refusing_foreign_rows():
            return tuple(
                AskedTask.model_validate({**row, "requirements": of_task.get(row["task"], [])})
                for row in rows
            )

    def scores(self, run_id: str, status: ScoreStatus | None = None) -> tuple[Score, ...]:
        """A run's standing scores by sample; with `status`, those that ended so."""
        narrowed = "" if status is None else f"AND status = {quoted(status.value)}"
        with self._reading() as connection:
            rows = _rows(
                connection,
                f"SELECT * FROM scores WHERE run_id = ? {narrowed} ORDER BY sample",
                run_id,
            )
            numbers = _rows(connection, "SELECT * FROM score_values WHERE run_id = ?", run_id)
            if not rows:
                self._require_run(connection, run_id)
        found: dict[tuple[str, bool], dict[str, float]] = {}
        for number in numbers:
            of_sample = found.setdefault((number["sample"], number["is_measure"]), {})
            of_sample[number["name"]] = number["value"]
        with self._refusing_foreign_rows():
            return tuple(
                Score.model_validate(
                    {name: row[name] for name in _SCORE_FIELDS}
                    | {
                        "slices": json.loads(row["slices"]),
                        "values": found.get((row["sample"], False), {}),
                        "measures": found.get((row["sample"], True), {}),
                        "usage": _usage(row),
                    }
                )
                for row in rows
            )

    def metrics(self, run_id: str) -> tuple[Metric, ...]:
        """A run's aggregate figures, in the order in which they were set."""
        with self._reading() as connection:
            rows = _rows(
                connection, "SELECT * FROM metrics WHERE run_id = ? ORDER BY position", run_id
            )
            if not rows:
                self._require_run(connection, run_id)
        with self._refusing_foreign_rows():
            return tuple(_metric(row) for row in rows)

    def overall_metrics(self) -> dict[str, tuple[Metric, ...]]:
        """By run id, the figures over all samples; runs without any are left out."""
        with self._reading() as connection:
            rows = _rows(connection, "FROM metrics WHERE slice = '' ORDER BY run_id, position")
        found: dict[str, list[Metric]] = {}
        with self._refusing_foreign_rows():
            for row in rows:
                found.setdefault(row["run_id"], []).append(_metric(row))
        return {run_id: tuple(metrics) for run_id, metrics in found.items()}

    def import_published(
        self, rows: Sequence[Mapping[str, Any]], digest: str, source: str = "reference"
    ) -> bool:
        """Puts published figures in place of those that the same source gave before.

        Args:
            rows: each with the columns of the table `published` but `source` and `position`.
            digest: SHA-256 of what they were read from; nothing is done where it is known already.
            source: what is replaced as one.

        Returns whether anything was imported. A store is made where there is none.
        """
        with (
            _staging_folder() as staging,
            self._locked(),
            self._writing() as connection,
            transaction(connection),
        ):
            return replace_published(connection, rows, digest, source, staging)

    def delete(self, run_id: str) -> None:
        """Takes a run out of the store; InputError when the store has none of that id.

        Its folder stays, and ingesting that brings the run back.
        """
        self._require_file()
        with self._locked(), self._writing() as connection:
            self._require_run(connection, run_id)
            with transaction(connection):
                for table in RUN_TABLES:
                    connection.execute(f"DELETE FROM {table} WHERE run_id = ?", [run_id])

    def publish(self) -> Path:
        """Writes the Parquet snapshot that `snapshot.opened_snapshot` reads; gives its folder."""
        self.require_usable()  # An older store is migrated before it is published.
        with self._locked(), opened(self.path, read_only=True, wait=self.wait) as connection:
            return publish(connection, self.path)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keeps other writers away."""
        with ExitStack() as stack:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                stack.enter_context(file_lock(self._lock, self.wait))
            except Held as held:
                raise StoreError(
                    f"The store {self.path} has been in the hands of {held} for"
                    f" {self.wait:g} seconds; wait until that ends, then run `judge results sync`."
                ) from None
            except OSError as error:
                raise StoreError(
                    f"The store {self.path} cannot be written ({error.filename}:"
                    f" {error.strerror}); name another file with --store."
                ) from error
            yield

    @contextmanager
    def _writing(self) -> Iterator[DuckDBPyConnection]:
        """A connection that may write to tables of this version. Only under the lock."""
        if not self.exists:
            self._make()
        with opened(self.path, read_only=False, wait=self.wait) as connection:
            migrate(connection, self.path)
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[DuckDBPyConnection]:
        """A read-only connection to tables of this version; an older store is migrated first."""
        self._require_file()
        with self._opened_to_read() as connection:
            if schema_version(connection, self.path) == len(MIGRATIONS):
                yield connection
                return
        with self._locked(), self._writing():
            pass
        with self._opened_to_read() as connection:
            yield connection

    @contextmanager
    def _opened_to_read(self) -> Iterator[DuckDBPyConnection]:
        """Waits in one line with the writers, who would otherwise never find the store closed."""
        with ExitStack() as stack:
            # Whoever may only read the folder cannot stand in line.
            stands_in = self._lock if self._lock.exists() else self.path.parent
            with self._locked() if os.access(stands_in, os.W_OK) else nullcontext():
                reading = opened(self.path, read_only=True, wait=self.wait)
                connection = stack.enter_context(reading)
            yield connection

    def _make(self) -> None:
        """A new store appears whole or not at all; what a killed process left is cleared away."""
        beginning = self.path.with_name(self.path.name + ".new")
        try:
            for leftover in (beginning, _log_of(beginning), _log_of(self.path)):
                leftover.unlink(missing_ok=True)
            with opened(beginning, read_only=False, wait=0) as connection:
                migrate(connection, beginning)
            with beginning.open("rb") as file:
                os.fsync(file.fileno())
            beginning.replace(self.path)
            sync_folder(self.path.parent)
        except OSError as error:
            raise StoreError(
                f"The store {self.path} cannot be made: {error.strerror}; name another file with"
                " --store."
            ) from error

    def _require_file(self) -> None:
        if not self.exists:
            raise StoreError(
                f"There is no store {self.path}; `judge run` and `judge results sync` make one."
            )

    def _require_run(self, connection: DuckDBPyConnection, run_id: str) -> None:
        if not _rows(connection, "SELECT run_id FROM runs WHERE run_id = ?", run_id):
            raise InputError(f"The store {self.path} has no run {visible(run_id)!r}.")

    @contextmanager
    def _refusing_foreign_rows(self) -> Iterator[None]:
        """Anyone can write anything into a DuckDB file; what is no value of ours is refused."""
        try:
            yield
        except (ValidationError, ValueError) as error:
            raise StoreError(
                f"The store {self.path} holds rows that this program did not write; move it away"
                " and make it anew from the runs with `judge results sync`."
            ) from error


@contextmanager
def _staging_folder() -> Iterator[Path]:
    try:
        with tempfile.TemporaryDirectory(prefix="judge-ingest-") as name:
            yield Path(name)
    except OSError as error:
        raise StoreError(
            f"Results cannot be prepared in {tempfile.gettempdir()}: {error.strerror}; set TMPDIR"
            " to a folder with space, then run `judge results sync`."
        ) from error


def _log_of(path: Path) -> Path:
    """Where DuckDB logs what is not in the file yet."""
    return path.with_name(path.name + ".wal")


def _rows(
    connection: DuckDBPyConnection, sql: str, run_id: str | None = None
) -> list[dict[str, Any]]:
    result = connection.execute(sql, None if run_id is None else [visible(run_id)])
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _key(row: dict[str, Any]) -> VerdictKey:
    return VerdictKey(row["task"], row["is_preference"], row["requirement_id"])


def _usage(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in Usage.model_fields}


def _metric(row: dict[str, Any]) -> Metric:
    return Metric.model_validate(
        {name: row[name] for name in _METRIC_FIELDS} | {"interval": _interval(row)}
    )


def _interval(row: dict[str, Any]) -> Interval | None:
    if row["low"] is None:
        return None
    return Interval.model_validate({name: row[name] for name in Interval.model_fields})


def _stored_run(row: dict[str, Any]) -> StoredRun:
    written = {name: row[name] for name in RunRecord.model_fields}
    for name in ("config", "versions", "hashes", "host"):
        written[name] = json.loads(written[name])
    return StoredRun(
        record=RunRecord.model_validate(written),
        status=RunStatus(row["status"]),
        seconds=row["seconds"],
        folder=row["folder"],
        outcomes={outcome: row[outcome.value] for outcome in Outcome},
        samples={
            ScoreStatus.SCORED: row["scored"],
            ScoreStatus.UNPARSED: row["unparsed"],
            ScoreStatus.ERROR: row["failed"],
        },
        usage=Usage.model_validate(_usage(row)),
    )
