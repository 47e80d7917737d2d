"""Journals into tables: entries are staged as JSON lines in a folder, then merged in bulk by SQL.

The row of a verdict or a score is the last final attempt at its requirement or sample, else the
last error, whatever the order in which states of a journal are merged; merging the same journal
again changes nothing.
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
from results.run_content import Attempt, Metrics, Progress, ScoreAttempt, read_entries
from results.strict_json import encode_visibly

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from results.run_folder import RunFolder

# What is made from runs, by `run_id`; and what is not.
RUN_TABLES = (
    "runs",
    "tasks",
    "requirements",
    "verdicts",
    "evidence",
    "usage",
    "scores",
    "superseded_scores",
    "score_values",
    "metrics",
)
TABLES = (*RUN_TABLES, "published", "published_imports")

# The types of what is staged, as `read_json` takes them.
_STAGED_COLUMNS = {
    "staged_runs": """{
        run_id: 'VARCHAR', kind: 'VARCHAR', agent: 'VARCHAR', judge: 'VARCHAR', model: 'VARCHAR',
        benchmark: 'VARCHAR', split: 'VARCHAR', variant: 'VARCHAR', scorer: 'VARCHAR',
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
    "staged_scores": """{
        run_id: 'VARCHAR', attempt: 'BIGINT', sample: 'VARCHAR', cluster: 'VARCHAR',
        status: 'VARCHAR', slices: 'JSON', prediction: 'VARCHAR', reference: 'VARCHAR',
        reason: 'VARCHAR', seconds: 'DOUBLE',
        usage: 'STRUCT(calls BIGINT, input_tokens BIGINT, cached_input_tokens BIGINT,
            output_tokens BIGINT, cost DOUBLE)',
        "values": 'MAP(VARCHAR, DOUBLE)', measures: 'MAP(VARCHAR, DOUBLE)'}""",
    "staged_metrics": """{
        run_id: 'VARCHAR', position: 'BIGINT', name: 'VARCHAR', slice: 'VARCHAR',
        value: 'DOUBLE', n: 'BIGINT', unit: 'VARCHAR',
        higher_is_better: 'BOOLEAN', worst: 'DOUBLE', best: 'DOUBLE', note: 'VARCHAR',
        interval: 'STRUCT(low DOUBLE, high DOUBLE, level DOUBLE, method VARCHAR,
            clusters BIGINT)'}""",
}
_MERGES = (
    """
    INSERT INTO runs BY NAME SELECT * FROM staged_runs
    ON CONFLICT (run_id) DO UPDATE SET
        kind = excluded.kind, agent = excluded.agent, judge = excluded.judge,
        model = excluded.model, setting = excluded.setting, started_at = excluded.started_at,
        status = excluded.status, seconds = excluded.seconds, folder = excluded.folder,
        config = excluded.config, versions = excluded.versions, hashes = excluded.hashes,
        host = excluded.host, entries = excluded.entries, benchmark = excluded.benchmark,
        split = excluded.split, variant = excluded.variant, scorer = excluded.scorer
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
    """
    INSERT INTO scores BY NAME
    SELECT * EXCLUDE (usage, "values", measures), unnest(usage) FROM staged_scores
    QUALIFY row_number() OVER (
        PARTITION BY run_id, sample ORDER BY status = 'error', attempt DESC
    ) = 1
    ON CONFLICT (run_id, sample) DO UPDATE SET
        attempt = excluded.attempt, cluster = excluded.cluster, status = excluded.status,
        slices = excluded.slices, prediction = excluded.prediction,
        reference = excluded.reference, reason = excluded.reason, seconds = excluded.seconds,
        calls = excluded.calls, input_tokens = excluded.input_tokens,
        cached_input_tokens = excluded.cached_input_tokens,
        output_tokens = excluded.output_tokens, cost = excluded.cost
    WHERE excluded.attempt > scores.attempt
        AND (excluded.status <> 'error' OR scores.status = 'error')
    """,
    """
    INSERT INTO superseded_scores BY NAME
    SELECT run_id, sample, attempt, status, seconds, unnest(usage)
    FROM staged_scores ANTI JOIN scores USING (run_id, sample, attempt)
    ON CONFLICT DO NOTHING
    """,
    """
    DELETE FROM score_values USING staged_runs, scores
    WHERE score_values.run_id = staged_runs.run_id
        AND score_values.run_id = scores.run_id AND score_values.sample = scores.sample
        AND score_values.attempt <> scores.attempt
    """,
    """
    INSERT INTO score_values BY NAME
    SELECT run_id, sample, attempt, is_measure,
        unnest(map_keys(numbers)) AS name, unnest(map_values(numbers)) AS value
    FROM (
        SELECT run_id, sample, attempt, FALSE AS is_measure, "values" AS numbers
        FROM staged_scores
        UNION ALL
        SELECT run_id, sample, attempt, TRUE, measures FROM staged_scores
    ) SEMI JOIN scores USING (run_id, sample, attempt)
    ON CONFLICT DO NOTHING
    """,
    # The figures go with the state of the journal that `runs` holds by now, the one furthest on.
    """
    DELETE FROM metrics USING staged_runs JOIN runs USING (run_id, entries)
    WHERE metrics.run_id = staged_runs.run_id
    """,
    """
    INSERT INTO metrics BY NAME
    SELECT * EXCLUDE (interval), unnest(interval)
    FROM staged_metrics
    SEMI JOIN (FROM staged_runs JOIN runs USING (run_id, entries)) AS furthest USING (run_id)
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
    scores: int = 0
    """How many scores of samples are new in the store."""
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
    before = {table: _count(connection, table) for table in ("verdicts", "scores")}
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
        verdicts=_count(connection, "verdicts") - before["verdicts"],
        scores=_count(connection, "scores") - before["scores"],
        torn=staged.torn,
        faults=tuple(staged.faults),
    )


def _stage_run(folder: RunFolder, path: Path, files: dict[str, BinaryIO], staged: Staged) -> None:
    def write(table: str, row: dict[str, Any]) -> None:
        line = encode_visibly({"run_id": folder.run_id, **row})
        staged.longest_row = max(staged.longest_row, len(line))
        files[table].write(line + b"\n")

    progress = Progress()
    metrics = Metrics(metrics=())
    for entry in read_entries(folder.journal):
        progress = progress.after(entry)
        if isinstance(entry, Attempt):
            row = entry.verdict.model_dump(mode="json")
            write("staged_attempts", {**row, "task": entry.key.task, "attempt": entry.number})
        elif isinstance(entry, AskedTask):
            write("staged_tasks", entry.model_dump(mode="json"))
        elif isinstance(entry, ScoreAttempt):
            row = entry.score.model_dump(mode="json")
            write("staged_scores", {**row, "sample": entry.sample, "attempt": entry.number})
        elif isinstance(entry, Metrics):
            metrics = entry
    for position, metric in enumerate(metrics.metrics):
        write("staged_metrics", {**metric.model_dump(mode="json"), "position": position})
    ran = {**progress._asdict(), "folder": str(path)}
    write("staged_runs", {**folder.record.model_dump(mode="json"), **ran})
    staged.torn += folder.journal.torn_bytes() > 0


def _count(connection: DuckDBPyConnection, table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert row is not None
    return int(row[0])
