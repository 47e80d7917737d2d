"""Journals into tables: rows are staged as JSON lines in a folder, then merged in bulk.

A verdict's row is the last final attempt at its requirement, else the last error, whatever the
order in which states of a journal are merged; merging the same journal again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from results.database import quoted
from results.errors import InputError
from results.records import AskedTask, RunRecord
from results.run_content import Attempt, RunContent
from results.strict_json import encode_visibly

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from results.run_folder import RunFolder

TABLES = ("runs", "tasks", "requirements", "verdicts", "evidence", "usage")
_CONFLICTS = {
    "runs": """(run_id) DO UPDATE SET
        kind = excluded.kind, agent = excluded.agent, judge = excluded.judge,
        model = excluded.model, setting = excluded.setting, started_at = excluded.started_at,
        status = excluded.status, seconds = excluded.seconds, folder = excluded.folder,
        config = excluded.config, versions = excluded.versions, hashes = excluded.hashes,
        host = excluded.host""",
    "verdicts": """(run_id, task, is_preference, requirement_id) DO UPDATE SET
        attempt = excluded.attempt, outcome = excluded.outcome,
        confidence = excluded.confidence, reason = excluded.reason
        WHERE excluded.attempt > verdicts.attempt
        AND (excluded.outcome <> 'error' OR verdicts.outcome = 'error')""",
}
_SMALLEST_OBJECT_LIMIT = 16 * 2**20


@dataclass(frozen=True)
class Ingested:
    """What one ingest did."""

    runs: int = 0
    """How many runs were read."""
    verdicts: int = 0
    """How many verdicts are new in the store."""
    torn: int = 0
    """How many journals end in a line that was cut off while it was written."""
    faults: tuple[str, ...] = ()
    """One sentence for each run that could not be read; nothing of it was stored."""


@dataclass
class Staged:
    """Rows of many runs in `<folder>/<table>.jsonl`, and what was met on the way."""

    folder: Path
    longest_row: int = 0
    runs: dict[str, Path] = field(default_factory=dict)
    torn: int = 0
    faults: list[str] = field(default_factory=list)


def stage(folders: Iterable[RunFolder], into: Path) -> Staged:
    """Reads the journals and writes their rows; a run that cannot be read becomes a fault."""
    staged = Staged(into)
    with ExitStack() as stack:
        files = {
            table: stack.enter_context((into / f"{table}.jsonl").open("wb")) for table in TABLES
        }
        for folder in folders:
            path = folder.path.resolve()
            known = staged.runs.get(folder.run_id)
            if known is not None:
                if known != path:
                    staged.faults.append(f"{path} was left out: {known} is the same run.")
                continue
            try:
                content = folder.content()
                staged.torn += folder.journal.torn_bytes() > 0
            except InputError as error:
                staged.faults.append(str(error))
                continue
            staged.runs[folder.run_id] = path
            _write_rows(folder.record, path, content, files, staged)
    return staged


def merge(connection: DuckDBPyConnection, staged: Staged) -> Ingested:
    """Merges staged rows into the tables, within the caller's transaction."""
    before = _count(connection, "verdicts")
    for table in TABLES:
        _merge_table(connection, table, staged)
    if staged.runs:
        # Of a requirement that was asked again only the standing verdict's evidence is kept.
        connection.execute(
            """
            DELETE FROM evidence USING verdicts
            WHERE evidence.run_id IN (SELECT unnest(?))
            AND evidence.run_id = verdicts.run_id AND evidence.task = verdicts.task
            AND evidence.is_preference = verdicts.is_preference
            AND evidence.requirement_id = verdicts.requirement_id
            AND evidence.attempt <> verdicts.attempt
            """,
            [list(staged.runs)],
        )
    return Ingested(
        runs=len(staged.runs),
        verdicts=_count(connection, "verdicts") - before,
        torn=staged.torn,
        faults=tuple(staged.faults),
    )


def _write_rows(
    record: RunRecord,
    path: Path,
    content: RunContent,
    files: Mapping[str, BinaryIO],
    staged: Staged,
) -> None:
    for table, row in _rows(record, path, content):
        line = encode_visibly({"run_id": record.run_id, **row})
        staged.longest_row = max(staged.longest_row, len(line))
        files[table].write(line + b"\n")


def _rows(
    record: RunRecord, path: Path, content: RunContent
) -> Iterator[tuple[str, dict[str, Any]]]:
    """(table, row without its run_id) for all that a run holds."""
    yield (
        "runs",
        {
            **record.model_dump(mode="json"),
            "status": content.status.value,
            "seconds": content.seconds,
            "folder": str(path),
        },
    )
    for task in content.tasks:
        yield "tasks", {"task": task.task, "query": task.query, "tags": task.tags}
        yield from _requirement_rows(task)
    for attempt in content.attempts:
        verdict = attempt.verdict
        yield (
            "usage",
            {
                **_key(attempt),
                "outcome": verdict.outcome.value,
                **verdict.usage.model_dump(),
                "seconds": verdict.seconds,
            },
        )
    for attempt in content.standing():
        verdict = attempt.verdict
        yield (
            "verdicts",
            {
                **_key(attempt),
                "outcome": verdict.outcome.value,
                "confidence": verdict.confidence,
                "reason": verdict.reason,
            },
        )
        for position, evidence in enumerate(verdict.evidence):
            yield "evidence", {**_key(attempt), "position": position, **evidence.model_dump()}


def _requirement_rows(task: AskedTask) -> Iterator[tuple[str, dict[str, Any]]]:
    seen: set[tuple[bool, int]] = set()
    for requirement in task.requirements:
        key = (requirement.is_preference, requirement.requirement_id)
        if key not in seen:
            seen.add(key)
            yield "requirements", {"task": task.task, **requirement.model_dump()}


def _key(attempt: Attempt) -> dict[str, Any]:
    return {**attempt.key._asdict(), "attempt": attempt.number}


def _merge_table(connection: DuckDBPyConnection, table: str, staged: Staged) -> None:
    columns = connection.execute(
        "SELECT column_name, data_type FROM duckdb_columns()"
        " WHERE schema_name = 'main' AND table_name = ? ORDER BY column_index",
        [table],
    ).fetchall()
    names = ", ".join(name for name, _ in columns)
    types = ", ".join(f"{quoted(name)}: {quoted(kind)}" for name, kind in columns)
    limit = max(_SMALLEST_OBJECT_LIMIT, staged.longest_row + 2)
    # No `ignore_errors`: a row that does not read is a fault of ours and must not become NULLs.
    connection.execute(
        f"INSERT INTO {table} ({names}) SELECT {names} FROM read_json(?,"
        f" format = 'newline_delimited', maximum_object_size = {limit}, columns = {{{types}}})"
        f" ON CONFLICT {_CONFLICTS.get(table, 'DO NOTHING')}",
        [str(staged.folder / f"{table}.jsonl")],
    )


def _count(connection: DuckDBPyConnection, table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert row is not None
    return int(row[0])
