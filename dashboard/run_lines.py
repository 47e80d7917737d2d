"""Runs as the Runs page lists them, and what is known of one of them."""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dashboard.agreement_runs import Query
from dashboard.figures import in_list
from judge.labelling import HUMAN
from results.records import RunStatus
from results.run_content import is_run_id
from results.run_folder import JOURNAL_NAME

RUNS_A_PAGE = 100
MOST_ERRORS = 200
MOST_WORDS = 8
_MOST_ENTRIES = 20_000

_COUNTS = """
    SELECT run_id, count(*) AS units, count(*) FILTER (outcome IN ('satisfied', 'unsatisfied'))
        AS decided, count(*) FILTER (outcome = 'abstained') AS undecided,
        count(*) FILTER (outcome = 'error') AS errors
    FROM verdicts WHERE run_id IN ({ids}) GROUP BY run_id
    UNION ALL
    SELECT run_id, count(*), count(*) FILTER (status = 'scored'),
        count(*) FILTER (status = 'unparsed'), count(*) FILTER (status = 'error')
    FROM scores WHERE run_id IN ({ids}) GROUP BY run_id
"""
_SPENT = """
    SELECT run_id, sum(calls)::BIGINT AS calls, sum(input_tokens)::BIGINT AS input_tokens,
        sum(output_tokens)::BIGINT AS output_tokens,
        CASE WHEN count(cost) = count(*) THEN sum(cost) END AS cost
    FROM (
        SELECT run_id, calls, input_tokens, output_tokens, cost FROM usage
        WHERE run_id IN ({ids})
        UNION ALL
        SELECT run_id, calls, input_tokens, output_tokens, cost FROM scores
        WHERE run_id IN ({ids})
    ) GROUP BY run_id
"""


@dataclass(frozen=True)
class Wanted:
    """Which runs a person wants to see."""

    kind: str = ""
    status: str = ""
    search: str = ""

    def condition(self) -> tuple[str, list[Any]]:
        parts, parameters = ["TRUE"], []
        for column, value in (("kind", self.kind), ("status", self.status)):
            if value:
                parts.append(f"{column} = ?")
                parameters.append(value)
        for word in self.search.lower().split()[:MOST_WORDS]:
            parts.append(
                "contains(lower(concat_ws(' ', run_id, agent, judge, model, benchmark, split,"
                " variant, scorer)), ?)"
            )
            parameters.append(word)
        return " AND ".join(parts), parameters


@dataclass(frozen=True)
class Waiting:
    """A run folder that the store does not have yet, or whose run is under way."""

    run_id: str
    written_at: datetime
    n_bytes: int


def page_of_runs(query: Query, wanted: Wanted, page: int) -> tuple[list[dict[str, Any]], int]:
    """The newest runs with what they gave and took, and how many there are in all."""
    condition, parameters = wanted.condition()
    runs = query(
        f"""
        SELECT run_id, kind, agent, judge, coalesce(model, '') AS model,
            coalesce(benchmark, '') AS benchmark, coalesce(split, '') AS split,
            coalesce(variant, '') AS variant, setting, started_at, status, seconds,
            json_extract_string(versions, '$."agent-judge"') AS version, count(*) OVER () AS total
        FROM runs WHERE {condition} ORDER BY started_at DESC, run_id DESC
        LIMIT {RUNS_A_PAGE} OFFSET {page * RUNS_A_PAGE:d}
        """,
        parameters,
    )
    ids = [run["run_id"] for run in runs]
    found: dict[str, dict[str, Any]] = {run_id: {} for run_id in ids}
    for sql in (_COUNTS, _SPENT):
        for row in query(sql.format(ids=in_list(ids)), [*ids, *ids]):
            found[row["run_id"]].update(row)
    total = runs[0]["total"] if runs else 0
    return [{**run, **found[run["run_id"]]} for run in runs], total


def totals(query: Query) -> dict[str, Any]:
    """How many runs of each status there are, and what all of them took."""
    (row,) = query(
        """
        SELECT count(*) AS runs, count(*) FILTER (status = 'complete') AS complete,
            coalesce(sum(seconds), 0) AS seconds,
            (SELECT sum(calls) FROM usage)::BIGINT AS judged_calls,
            (SELECT sum(calls) FROM scores)::BIGINT AS scored_calls,
            (SELECT sum(cost) FROM usage) AS judged_cost,
            (SELECT sum(cost) FROM scores) AS scored_cost
        FROM runs
        """
    )
    return {
        "runs": row["runs"],
        "complete": row["complete"],
        "seconds": row["seconds"],
        "calls": (row["judged_calls"] or 0) + (row["scored_calls"] or 0),
        "cost": (row["judged_cost"] or 0.0) + (row["scored_cost"] or 0.0),
    }


def one_run(query: Query, run_id: str) -> dict[str, Any] | None:
    """All that the store says of a run; None where it has none of that id."""
    rows = query("SELECT * FROM runs WHERE run_id = ?", [run_id])
    if not rows:
        return None
    run = rows[0]
    for name in ("config", "versions", "hashes", "host"):
        run[name] = json.loads(run[name])
    for sql in (_COUNTS, _SPENT):
        for row in query(sql.format(ids="?"), [run_id, run_id]):
            run.update(row)
    return run


def errors_of(query: Query, run_id: str) -> list[dict[str, Any]]:
    """The units of a run that ended in error, each with its reason."""
    return query(
        f"""
        SELECT task || ', requirement ' || requirement_id AS unit, reason FROM verdicts
        WHERE run_id = ? AND outcome = 'error'
        UNION ALL
        SELECT sample, reason FROM scores WHERE run_id = ? AND status = 'error'
        ORDER BY unit LIMIT {MOST_ERRORS}
        """,
        [run_id, run_id],
    )


def metrics_of(query: Query, run_id: str) -> list[dict[str, Any]]:
    """The aggregate figures of a run of a benchmark, in the order in which it set them."""
    return query(
        """
        SELECT name, slice, value, low, high, n, unit, higher_is_better, note FROM metrics
        WHERE run_id = ? ORDER BY position LIMIT 500
        """,
        [run_id],
    )


def resume_command(run: dict[str, Any], store: Path, runs_dir: Path) -> str:
    """What goes on with a run that is not complete; empty where nothing does."""
    if run["status"] == RunStatus.COMPLETE or run["judge"] == HUMAN:
        return ""
    words = ["judge", "run"]
    if run["kind"] == "benchmark":
        words = ["judge", "bench", "run", str(run["benchmark"])]
    words += ["--resume", run["run_id"], "--store", str(store)]
    if runs_dir != store.parent / "runs":
        words += ["--run-dir", str(runs_dir)]
    return shlex.join(words)


def waiting(query: Query, runs_dir: Path) -> list[Waiting]:
    """Run folders that the store does not have, those written last first. No link is followed."""
    try:
        with os.scandir(runs_dir) as entries:
            there = [
                entry.name
                for _, entry in zip(range(_MOST_ENTRIES), entries, strict=False)
                if is_run_id(entry.name) and entry.is_dir(follow_symlinks=False)
            ]
    except OSError:
        # There is no such folder yet, or none that may be read: then nothing waits in it.
        return []
    known = query("SELECT run_id FROM runs WHERE run_id IN (SELECT unnest(?))", [tuple(there)])
    stored = {row["run_id"] for row in known}
    found = [one for name in there if name not in stored for one in _waiting(runs_dir / name)]
    return sorted(found, key=lambda one: one.written_at, reverse=True)


def _waiting(folder: Path) -> list[Waiting]:
    try:
        about = (folder / JOURNAL_NAME).lstat()
    except OSError:
        return []
    written = datetime.fromtimestamp(about.st_mtime, UTC)
    return [Waiting(folder.name, written, about.st_size)]
