"""Journals into tables: entries are staged as JSON lines in a folder, then merged in bulk by SQL.

A verdict's row is the last final attempt at its requirement, else the last error, whatever the
order in which states of a journal are merged; merging the same journal again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from results.database import quoted
from results.errors import InputError
from results.records import AskedTask
from results.run_content import Attempt, Progress, read_entries
from results.strict_json import encode_visibly

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from results.run_folder import RunFolder

TABLES = ("runs", "tasks", "requirements", "verdicts", "evidence", "usage")

# The types of what is staged, as `read_json` takes them.
_STAGED_COLUMNS = {
    "staged_runs": """{
        run_id: 'VARCHAR', kind: 'VARCHAR', agent: 'VARCHAR', judge: 'VARCHAR', model: 'VARCHAR',
        setting: 'VARCHAR', started_at: 'VARCHAR', status: 'VARCHAR', seconds: 'DOUBLE',
        entries: 'BIGINT', folder: 'VARCHAR', config: 'JSON', versions: 'JSON', hashes: 'JSON',
        host: 'JSON'}""",
    "staged_tasks": """{
        run_id: 'VARCHAR', task: 'VARCHAR', query: 'VARCHAR', tags: 'VARCHAR[]',
        requirements: 'STRUCT(requirement_id BIGINT, is_preference BOOLEAN, criteria VARCHAR,
            prerequisites BIGINT[], category VARCHAR)[]'}""",
    "staged_attempts": """{
        run_id: 'VARCHAR', attempt: 'BIGINT', task: 'VARCHAR', is_preference: 'BOOLEAN',
        requirement_id: 'BIGINT', outcome: 'VARCHAR', confidence: 'DOUBLE', reason: 'VARCHAR',
        seconds: 'DOUBLE',
        usage: 'STRUCT(calls BIGINT, input_tokens BIGINT, cached_input_tokens BIGINT,
            output_tokens BIGINT, cost DOUBLE)',
        evidence: 'STRUCT(kind VARCHAR, path VARCHAR, start_line BIGINT, end_line BIGINT,
            quote VARCHAR, step BIGINT, fact VARCHAR, command VARCHAR, exit_status BIGINT,
            output VARCHAR)[]'}""",
}
_MERGES = (
    """
    INSERT INTO runs BY NAME SELECT * FROM staged_runs
    ON CONFLICT (run_id) DO UPDATE SET
        kind = excluded.kind, agent = excluded.agent, judge = excluded.judge,
        model = excluded.model, setting = excluded.setting, started_at = excluded.started_at,
        status = excluded.status, seconds = excluded.seconds, folder = excluded.folder,
        config = excluded.config, versions = excluded.versions, hashes = excluded.hashes,
        host = excluded.host, entries = excluded.entries
    WHERE excluded.entries >= runs.entries
    """,
    """
    INSERT INTO tasks BY NAME SELECT run_id, task, query, tags FROM staged_tasks
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO requirements BY NAME
    SELECT run_id, task, unnest(requirements, max_depth := 2) FROM staged_tasks
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO usage BY NAME
    SELECT run_id, task, is_preference, requirement_id, attempt, outcome, seconds, unnest(usage)
    FROM staged_attempts
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO verdicts BY NAME
    SELECT run_id, task, is_preference, requirement_id, attempt, outcome, confidence, reason
    FROM staged_attempts
    QUALIFY row_number() OVER (
        PARTITION BY run_id, task, is_preference, requirement_id
        ORDER BY outcome = 'error', attempt DESC
    ) = 1
    ON CONFLICT (run_id, task, is_preference, requirement_id) DO UPDATE SET
        attempt = excluded.attempt, outcome = excluded.outcome,
        confidence = excluded.confidence, reason = excluded.reason
    WHERE excluded.attempt > verdicts.attempt
        AND (excluded.outcome <> 'error' OR verdicts.outcome = 'error')
    """,
    """
    INSERT INTO evidence BY NAME
    SELECT run_id, task, is_preference, requirement_id, attempt,
        unnest(range(len(evidence))) AS position, unnest(evidence, max_depth := 2)
    FROM staged_attempts
    SEMI JOIN verdicts USING (run_id, task, is_preference, requirement_id, attempt)
    ON CONFLICT DO NOTHING
    """,
    """
    DELETE FROM evidence USING staged_runs, verdicts
    WHERE evidence.run_id = staged_runs.run_id
        AND evidence.run_id = verdicts.run_id AND evidence.task = verdicts.task
        AND evidence.is_preference = verdicts.is_preference
        AND evidence.requirement_id = verdicts.requirement_id
        AND evidence.attempt <> verdicts.attempt
    """,
)
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
    """Entries of many runs in `<folder>/<staged table>.jsonl`, and what was met on the way."""

    folder: Path
    longest_row: int = 0
    runs: dict[str, Path] = field(default_factory=dict)
    torn: int = 0
    faults: list[str] = field(default_factory=list)


def stage(folders: Iterable[RunFolder], into: Path) -> Staged:
    """Reads the journals and writes their rows; a run that cannot be read becomes a fault."""
    staged = Staged(into)
    with ExitStack() as stack:
        files: dict[str, BinaryIO] = {
            table: stack.enter_context((into / f"{table}.jsonl").open("wb"))
            for table in _STAGED_COLUMNS
        }
        for folder in folders:
            path = folder.path.resolve()
            known = staged.runs.get(folder.run_id)
            if known is not None:
                if known != path:
                    staged.faults.append(f"{path} was left out: {known} is the same run.")
                continue
            starts = {table: file.tell() for table, file in files.items()}
            try:
                _stage_run(folder, path, files, staged)
            except InputError as error:
                staged.faults.append(str(error))
                for table, file in files.items():
                    file.seek(starts[table])
                    file.truncate()
            else:
                staged.runs[folder.run_id] = path
    return staged


def merge(connection: DuckDBPyConnection, staged: Staged) -> Ingested:
    """Merges staged rows into the tables, within the caller's transaction."""
    before = _count_verdicts(connection)
    limit = max(_SMALLEST_OBJECT_LIMIT, staged.longest_row + 2)
    for table, columns in _STAGED_COLUMNS.items():
        # No `ignore_errors`: it would make NULLs of what does not read.
        connection.execute(
            f"CREATE TEMPORARY TABLE {table} AS"
            f" FROM read_json({quoted(staged.folder / f'{table}.jsonl')},"
            f" format = 'newline_delimited', maximum_object_size = {limit}, columns = {columns})"
        )
    for sql in _MERGES:
        connection.execute(sql)
    return Ingested(
        runs=len(staged.runs),
        verdicts=_count_verdicts(connection) - before,
        torn=staged.torn,
        faults=tuple(staged.faults),
    )


def _stage_run(folder: RunFolder, path: Path, files: dict[str, BinaryIO], staged: Staged) -> None:
    def write(table: str, row: dict[str, Any]) -> None:
        line = encode_visibly({"run_id": folder.run_id, **row})
        staged.longest_row = max(staged.longest_row, len(line))
        files[table].write(line + b"\n")

    progress = Progress()
    for entry in read_entries(folder.journal):
        progress = progress.after(entry)
        if isinstance(entry, Attempt):
            row = entry.verdict.model_dump(mode="json")
            write("staged_attempts", {**row, "task": entry.key.task, "attempt": entry.number})
        elif isinstance(entry, AskedTask):
            write("staged_tasks", entry.model_dump(mode="json"))
    ran = {**progress._asdict(), "folder": str(path)}
    write("staged_runs", {**folder.record.model_dump(mode="json"), **ran})
    staged.torn += folder.journal.torn_bytes() > 0


def _count_verdicts(connection: DuckDBPyConnection) -> int:
    row = connection.execute("SELECT count(*) FROM verdicts").fetchone()
    assert row is not None
    return int(row[0])
