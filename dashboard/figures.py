"""Every figure in one table, `figures`, whether a run measured it or a paper printed it.

The column `source` keeps the two apart, and no query here mixes them in one row: a measured row is
a run, a published one a paper's system. Shares are turned into percent, as papers print them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from benchmarks.reference import published_table
from dashboard.families import JUDGED, place
from results.published import insert_published

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEASURED, PUBLISHED = "measured", "published"

# Columns: what is compared (family … unit), who (system, variant, by), and what stands there.
_FIGURES = """
CREATE TABLE figures AS
WITH measured AS (
    SELECT run_id, runs.benchmark AS raw, coalesce(runs.split, '') AS split, name AS metric, slice,
        metrics.value, low, high, level, method, clusters, worst, best, n, metrics.unit,
        higher_is_better, coalesce(model, '') AS system, coalesce(variant, '') AS variant,
        coalesce(scorer, '') AS "by", started_at, status, position, note
    FROM metrics JOIN runs USING (run_id) WHERE runs.benchmark IS NOT NULL
    UNION ALL BY NAME
    FROM judged
    UNION ALL BY NAME
    SELECT run_id, runs.benchmark AS raw, coalesce(runs.split, '') AS split, taken.metric,
        '' AS slice, taken.value, taken.n, taken.unit, FALSE AS higher_is_better,
        coalesce(model, '') AS system, coalesce(variant, '') AS variant,
        coalesce(scorer, '') AS "by", started_at, status, 1000 AS position, '' AS note
    FROM taken JOIN runs USING (run_id) WHERE runs.benchmark IS NOT NULL
)
SELECT 'measured' AS source, benchmarks.family, bench, title AS benchmark, split, metric, slice,
    CASE WHEN unit = 'share' THEN 100 * value ELSE value END AS value,
    CASE WHEN unit = 'share' THEN 100 * low ELSE low END AS low,
    CASE WHEN unit = 'share' THEN 100 * high ELSE high END AS high,
    CASE WHEN unit = 'share' THEN 100 * worst ELSE worst END AS worst,
    CASE WHEN unit = 'share' THEN 100 * best ELSE best END AS best,
    CASE WHEN unit = 'share' THEN '%' ELSE unit END AS unit,
    level, method, clusters, n, higher_is_better, system, variant, "by",
    system AS canonical_system, variant AS canonical_variant,
    run_id, started_at[:10] AS date, started_at, status, '' AS verified, '' AS verified_in, note,
    position
FROM measured JOIN benchmarks USING (raw)
UNION ALL BY NAME
SELECT 'published' AS source, published.family, bench, title AS benchmark,
    canonical_split AS split, canonical_metric AS metric, '' AS slice, value, unit,
    higher_is_better, system, canonical_system, canonical_variant,
    variant AS printed,
    CASE WHEN variant IN ('-', 'default', system) THEN '' ELSE variant END AS variant,
    paper AS "by", '' AS run_id, '' AS date, '' AS started_at, 'published' AS status, verified,
    verified_in, concat_ws('; ', source_table, nullif(note, '')) AS note, position, arxiv_id
FROM published JOIN benchmarks ON published.canonical_benchmark = raw
"""
# Runs of judges as figures of agents, by the readings of devai_tasks.rates: an unsatisfied part
# makes the whole unmet, failing that an undecided one leaves it undecided.
_JUDGED = """
CREATE VIEW judged AS
WITH stands AS (
    SELECT run_id, task, requirement_id, prerequisites,
        CASE outcome WHEN 'satisfied' THEN 2 WHEN 'unsatisfied' THEN 0 ELSE 1 END AS own
    FROM requirements
    LEFT JOIN verdicts USING (run_id, task, is_preference, requirement_id)
    WHERE NOT is_preference
),
before AS (
    SELECT built.run_id, built.task, built.requirement_id, min(base.own) AS own
    FROM (
        SELECT run_id, task, requirement_id, unnest(prerequisites) AS on_id FROM stands
    ) AS built
    JOIN stands AS base ON base.run_id = built.run_id AND base.task = built.task
        AND base.requirement_id = built.on_id AND built.on_id <> built.requirement_id
    GROUP BY ALL
),
counted AS (
    SELECT run_id, task, 'requirements_met_I' AS metric, 0 AS position, own FROM stands
    UNION ALL
    SELECT run_id, task, 'requirements_met_D', 1, least(stands.own, before.own)
    FROM stands LEFT JOIN before USING (run_id, task, requirement_id)
    UNION ALL
    SELECT run_id, task, 'task_solve_rate', 2, min(own) FROM stands GROUP BY run_id, task
),
rates AS (
    SELECT run_id, metric, position, count(*) AS n, count(*) FILTER (own = 2) AS met,
        count(*) FILTER (own = 1) AS undecided, count(DISTINCT task) AS clusters
    FROM counted GROUP BY ALL
)
SELECT run_id, '{judged}' AS raw, setting AS split, metric, '' AS slice,
    met / nullif(n - undecided, 0) AS value, met / n AS worst, (met + undecided) / n AS best,
    NULL::DOUBLE AS low, NULL::DOUBLE AS high, NULL::DOUBLE AS level, NULL::VARCHAR AS method,
    clusters, n - undecided AS n, 'share' AS unit, TRUE AS higher_is_better, agent AS system,
    '' AS variant, 'judged by ' || judge || coalesce(', ' || model, '') AS "by", started_at, status,
    position, '' AS note
FROM rates JOIN runs USING (run_id) WHERE kind = 'judgment' AND judge <> 'human'
"""

# What samples took, for runs that have no such figure of their own.
_TAKEN = """
CREATE VIEW taken AS
SELECT run_id, 'seconds a sample' AS metric, avg(seconds) AS value, count(*) AS n, 's' AS unit
FROM scores WHERE status <> 'error' GROUP BY run_id HAVING sum(seconds) > 0
UNION ALL
SELECT run_id, 'cost a sample', sum(cost) / count(*), count(*), 'USD'
FROM scores WHERE calls > 0 GROUP BY run_id HAVING count(cost) = count(*)
"""


@dataclass(frozen=True)
class Column:
    """What a column of a leaderboard compares."""

    bench: str
    benchmark: str
    split: str
    metric: str
    unit: str
    higher_is_better: bool | None
    in_rows: int
    """How many rows have it."""

    @property
    def key(self) -> str:
        """What stands for it in an address."""
        return f"{self.bench}|{self.split}|{self.metric}"

    @property
    def label(self) -> str:
        split = "" if self.split in ("", "-") else f" {self.split}"
        return f"{self.benchmark}{split}: {self.metric}"


def make_figures(connection: DuckDBPyConnection) -> None:
    """Makes the table from those of the snapshot, which `connection` has as tables or views.

    Where the snapshot has no published figures, those that are installed are put in their place.
    """
    if _one(connection, "SELECT count(*) FROM published") == 0:
        rows, _ = published_table()
        with TemporaryDirectory() as staging:
            insert_published(connection, rows, "installed", Path(staging))
    own = connection.execute(
        "SELECT DISTINCT benchmark FROM runs WHERE benchmark IS NOT NULL"
    ).fetchall()
    connection.execute(
        "CREATE TABLE benchmarks (raw VARCHAR, bench VARCHAR, title VARCHAR, family VARCHAR)"
    )
    # A benchmark is called what most papers call it.
    connection.execute(
        """
        INSERT INTO benchmarks
        SELECT canonical_benchmark, canonical_benchmark, mode(benchmark), any_value(family)
        FROM published GROUP BY canonical_benchmark
        """
    )
    for name in dict.fromkeys([JUDGED, *(name for (name,) in own)]):
        bench, family = place(name)
        connection.execute(
            """
            INSERT INTO benchmarks
            SELECT ?, ?, coalesce((SELECT title FROM benchmarks WHERE raw = ?), ?), ?
            WHERE NOT EXISTS (FROM benchmarks WHERE raw = ?)
            """,
            [name, bench, bench, name, family, name],
        )
    connection.execute(_JUDGED.format(judged=JUDGED))
    connection.execute(_TAKEN)
    connection.execute(_FIGURES)


def _one(connection: DuckDBPyConnection, sql: str) -> Any:
    row = connection.execute(sql).fetchone()
    return None if row is None else row[0]


def in_list(values: Sequence[Any]) -> str:
    """Marks for as many parameters, for SQL's IN."""
    return ", ".join("?" * len(values)) or "NULL"
