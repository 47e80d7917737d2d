"""The schema of the store, as numbered steps that are only ever added to.

A store says in `schema_migrations` which steps it has taken. To change the schema, add a step; a
step that has been released is never edited.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from results.database import transaction
from results.errors import StoreError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class Migration(NamedTuple):
    """One step of the schema. Steps are numbered 1, 2, 3 … in order."""

    name: str
    sql: str


MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "runs, tasks, requirements, verdicts, evidence and usage",
        """
        CREATE TABLE runs (
            run_id VARCHAR PRIMARY KEY,
            kind VARCHAR NOT NULL,
            agent VARCHAR NOT NULL,
            judge VARCHAR NOT NULL,
            model VARCHAR,
            setting VARCHAR NOT NULL,
            started_at VARCHAR NOT NULL,    -- ISO 8601, UTC
            status VARCHAR NOT NULL,
            seconds DOUBLE NOT NULL,
            entries BIGINT NOT NULL,        -- how many verdicts and ends of its journal were read
            folder VARCHAR NOT NULL,        -- where the run's files were when they were read
            config JSON NOT NULL,
            versions JSON NOT NULL,
            hashes JSON NOT NULL,
            host JSON NOT NULL
        );
        CREATE TABLE tasks (
            run_id VARCHAR,
            task VARCHAR,
            query VARCHAR NOT NULL,
            tags VARCHAR[] NOT NULL,
            PRIMARY KEY (run_id, task)
        );
        CREATE TABLE requirements (
            run_id VARCHAR,
            task VARCHAR,
            is_preference BOOLEAN,
            requirement_id BIGINT,
            criteria VARCHAR NOT NULL,
            prerequisites BIGINT[] NOT NULL,
            category VARCHAR,
            PRIMARY KEY (run_id, task, is_preference, requirement_id)
        );
        -- The verdict that stands on each requirement, given by that attempt.
        CREATE TABLE verdicts (
            run_id VARCHAR,
            task VARCHAR,
            is_preference BOOLEAN,
            requirement_id BIGINT,
            attempt BIGINT NOT NULL,
            outcome VARCHAR NOT NULL,
            confidence DOUBLE NOT NULL,
            reason VARCHAR NOT NULL,
            PRIMARY KEY (run_id, task, is_preference, requirement_id)
        );
        -- What the standing verdicts cite; columns that a kind lacks are NULL.
        CREATE TABLE evidence (
            run_id VARCHAR,
            task VARCHAR,
            is_preference BOOLEAN,
            requirement_id BIGINT,
            attempt BIGINT,
            position BIGINT,
            kind VARCHAR NOT NULL,
            path VARCHAR,
            start_line BIGINT,
            end_line BIGINT,
            quote VARCHAR,
            step BIGINT,
            fact VARCHAR,
            command VARCHAR,
            exit_status BIGINT,
            output VARCHAR,
            PRIMARY KEY (run_id, task, is_preference, requirement_id, attempt, position)
        );
        -- What every attempt took, those that ended in error included.
        CREATE TABLE usage (
            run_id VARCHAR,
            task VARCHAR,
            is_preference BOOLEAN,
            requirement_id BIGINT,
            attempt BIGINT,
            outcome VARCHAR NOT NULL,
            calls BIGINT NOT NULL,
            input_tokens BIGINT NOT NULL,
            cached_input_tokens BIGINT NOT NULL,
            output_tokens BIGINT NOT NULL,
            cost DOUBLE,                    -- USD; NULL where a price is unknown
            seconds DOUBLE NOT NULL,
            PRIMARY KEY (run_id, task, is_preference, requirement_id, attempt)
        );
        """,
    ),
    Migration(
        "benchmarks: scores of samples, metrics of runs, published figures",
        """
        ALTER TABLE runs ADD COLUMN benchmark VARCHAR;
        ALTER TABLE runs ADD COLUMN split VARCHAR;
        ALTER TABLE runs ADD COLUMN variant VARCHAR;
        ALTER TABLE runs ADD COLUMN scorer VARCHAR;
        -- The score that stands on each sample, given by that attempt.
        CREATE TABLE scores (
            run_id VARCHAR,
            sample VARCHAR,
            attempt BIGINT NOT NULL,
            cluster VARCHAR NOT NULL,       -- video, dialogue or task; '' for the sample itself
            status VARCHAR NOT NULL,
            slices JSON NOT NULL,
            prediction VARCHAR NOT NULL,
            reference VARCHAR NOT NULL,
            reason VARCHAR NOT NULL,
            seconds DOUBLE NOT NULL,
            calls BIGINT NOT NULL,
            input_tokens BIGINT NOT NULL,
            cached_input_tokens BIGINT NOT NULL,
            output_tokens BIGINT NOT NULL,
            cost DOUBLE,                    -- USD; NULL where a price is unknown
            PRIMARY KEY (run_id, sample)
        );
        -- What the other attempts took: those whose score does not stand.
        CREATE TABLE superseded_scores (
            run_id VARCHAR,
            sample VARCHAR,
            attempt BIGINT,
            status VARCHAR NOT NULL,
            seconds DOUBLE NOT NULL,
            calls BIGINT NOT NULL,
            input_tokens BIGINT NOT NULL,
            cached_input_tokens BIGINT NOT NULL,
            output_tokens BIGINT NOT NULL,
            cost DOUBLE,
            PRIMARY KEY (run_id, sample, attempt)
        );
        -- The numbers of the standing scores: what they are worth, and what they took.
        CREATE TABLE score_values (
            run_id VARCHAR,
            sample VARCHAR,
            is_measure BOOLEAN,
            name VARCHAR,
            attempt BIGINT NOT NULL,
            value DOUBLE NOT NULL,
            PRIMARY KEY (run_id, sample, is_measure, name)
        );
        -- The last set of a run's aggregate figures.
        CREATE TABLE metrics (
            run_id VARCHAR,
            position BIGINT,
            name VARCHAR NOT NULL,
            slice VARCHAR NOT NULL,
            value DOUBLE,
            n BIGINT NOT NULL,
            unit VARCHAR NOT NULL,
            higher_is_better BOOLEAN,
            low DOUBLE,
            high DOUBLE,
            level DOUBLE,
            method VARCHAR,
            clusters BIGINT,
            worst DOUBLE,
            best DOUBLE,
            note VARCHAR NOT NULL,
            PRIMARY KEY (run_id, position)
        );
        -- Figures that papers print; they are no runs and never stand among measured ones.
        CREATE TABLE published (
            source VARCHAR NOT NULL,        -- which import they came by
            position BIGINT NOT NULL,
            paper VARCHAR NOT NULL,
            arxiv_id VARCHAR NOT NULL,
            system VARCHAR NOT NULL,
            variant VARCHAR NOT NULL,
            benchmark VARCHAR NOT NULL,
            split VARCHAR NOT NULL,
            metric VARCHAR NOT NULL,
            value DOUBLE NOT NULL,
            unit VARCHAR NOT NULL,
            higher_is_better BOOLEAN,
            source_table VARCHAR NOT NULL,
            verified VARCHAR NOT NULL,      -- true, secondary, recomputed, approx or false
            verified_in VARCHAR NOT NULL,
            note VARCHAR NOT NULL,
            family VARCHAR NOT NULL,
            -- One name for what papers call differently.
            canonical_system VARCHAR NOT NULL,
            canonical_variant VARCHAR NOT NULL,
            canonical_benchmark VARCHAR NOT NULL,
            canonical_split VARCHAR NOT NULL,
            canonical_metric VARCHAR NOT NULL,
            PRIMARY KEY (source, position)
        );
        CREATE TABLE published_imports (
            source VARCHAR PRIMARY KEY,
            digest VARCHAR NOT NULL         -- SHA-256 of what was imported
        );
        """,
    ),
)


def schema_version(connection: DuckDBPyConnection, path: Path) -> int:
    """The number of the last step that the database at `path` has taken; 0 without any tables.

    StoreError for a database of something else, and for a store made by a newer version.
    """
    tables = {
        name
        for (name,) in connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main' AND NOT temporary"
        ).fetchall()
    }
    if "schema_migrations" in tables:
        row = connection.execute(
            "SELECT coalesce(max(number), 0) FROM schema_migrations"
        ).fetchone()
        number = int(row[0]) if row else 0
        if number > len(MIGRATIONS):
            raise StoreError(
                f"The store {path} was made by a newer version (its schema is {number}, and this"
                f" version knows {len(MIGRATIONS)}); update with `pip install -U agent-judge`."
            )
        return number
    if tables:
        raise StoreError(
            f"{path} is a DuckDB database of something else; name another file with --store."
        )
    return 0


def migrate(connection: DuckDBPyConnection, path: Path) -> None:
    """Takes the steps that are missing, each in a transaction of its own."""
    done = schema_version(connection, path)
    for number, migration in enumerate(MIGRATIONS, start=1):
        if number <= done:
            continue
        with transaction(connection):
            connection.execute(
                "CREATE TABLE IF NOT EXISTS schema_migrations"
                " (number BIGINT PRIMARY KEY, name VARCHAR)"
            )
            connection.execute(migration.sql)
            connection.execute(
                "INSERT INTO schema_migrations VALUES (?, ?)", [number, migration.name]
            )
