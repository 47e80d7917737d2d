"""A store as large as a group fills in years: 100,000 results over 1,000,000 samples.

`python -m tests.speed.leaderboard_store FOLDER` writes it with its snapshot; the rows are made by
DuckDB itself, because journals of a million lines would only measure the disk.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from results.database import opened, transaction
from results.records import RunStatus
from results.run_folder import RunFolder
from results.store import Store
from runners.storing import publish
from tests.support.sample_runs import asked_task, record, verdict

MODELS, VARIANTS = 400, 5
METRICS = 5

_RUNS = """
INSERT INTO runs BY NAME
SELECT printf('20260101-%06d-000-%08x', nth, nth) AS run_id, 'benchmark' AS kind, '' AS agent,
    '' AS judge, 'hf:models/model-' || lpad((nth // {variants} % {models})::VARCHAR, 3, '0')
        AS model,
    ['davis2017', 'mose', 'sav', 'video-mme', 'mlvu', 'bfcl', 'boolq', 'sa23', 'coco', 'lvis']
        [nth // ({models} * {variants}) + 1] AS benchmark,
    'val' AS split,
    ['', 'onnx fp32', 'onnx int8', 'executorch', 'executorch int8'][nth % {variants} + 1]
        AS variant,
    'rules' AS scorer, 'black-box' AS setting,
    strftime(TIMESTAMP '2026-01-01' + INTERVAL (nth) MINUTE, '%Y-%m-%dT%H:%M:%S+00:00')
        AS started_at,
    CASE WHEN nth % 50 = 7 THEN 'incomplete' ELSE 'complete' END AS status,
    60.0 + nth % 100 AS seconds, {samples} AS entries, '/runs/' || nth AS folder,
    '{{}}'::JSON AS config, '{{"agent-judge": "0.1.0"}}'::JSON AS versions, '{{}}'::JSON AS hashes,
    '{{}}'::JSON AS host
FROM range({runs}) AS all_runs(nth)
"""
_SAMPLES = """
INSERT INTO scores BY NAME
SELECT run_id, printf('sample-%05d', nth) AS sample, 1 AS attempt,
    'video-' || nth // 5 AS cluster,
    CASE WHEN nth = 3 AND status = 'incomplete' THEN 'error' ELSE 'scored' END AS status,
    '{{}}'::JSON AS slices, 'a' AS prediction, 'b' AS reference, '' AS reason, 0.25 AS seconds,
    1 AS calls, 900 AS input_tokens, 0 AS cached_input_tokens, 20 AS output_tokens,
    0.0004 AS cost
FROM runs, range({samples}) AS all_samples(nth) WHERE kind = 'benchmark'
"""
_VALUES = """
INSERT INTO score_values BY NAME
SELECT run_id, sample, FALSE AS is_measure, 'score' AS name, 1 AS attempt,
    hash(run_id, sample) % 1000 / 1000 AS value FROM scores
"""
_METRICS = """
INSERT INTO metrics BY NAME
SELECT run_id, place AS position,
    ['score', 'strict', 'fps', 'peak_bytes', 'score'][place + 1] AS name,
    CASE place WHEN 4 THEN 'size=small' ELSE '' END AS slice,
    CASE place WHEN 2 THEN 1 + hash(run_id, 2) % 600 / 10
        WHEN 3 THEN (200 + hash(run_id, 3) % 4000) * 1048576.0
        ELSE 0.3 + hash(run_id, place) % 600 / 1000 END AS value,
    {samples} AS n, ['share', 'share', 'frames/s', 'bytes', 'share'][place + 1] AS unit,
    place <> 3 AS higher_is_better,
    CASE WHEN place IN (0, 1, 4) THEN value - 0.02 END AS low,
    CASE WHEN place IN (0, 1, 4) THEN value + 0.02 END AS high,
    0.95 AS level, 'bootstrap' AS method, 10 AS clusters, NULL AS worst, NULL AS best, '' AS note
FROM runs, range({metrics}) AS all_metrics(place) WHERE kind = 'benchmark'
"""


def make_store(
    folder: Path, *, results: int = 100_000, samples: int = 1_000_000
) -> tuple[Store, RunFolder]:
    """A store in the folder with so many aggregate figures and scored samples, published.

    One run of a judge among them has a folder of its own, which is given beside the store.
    """
    store = Store(folder / "results.duckdb")
    run = RunFolder.create(folder / "runs", record())
    with run.claimed():
        run.add_task(asked_task())
        for unit in range(5):
            run.add_verdict(verdict(unit))
        run.finish(RunStatus.COMPLETE, 2.0)
    store.ingest([run])
    runs = results // METRICS
    sizes = {
        "runs": runs,
        "models": MODELS,
        "variants": VARIANTS,
        "samples": max(1, samples // runs),
        "metrics": METRICS,
    }
    with opened(store.path, read_only=False, wait=5) as connection, transaction(connection):
        for sql in (_RUNS, _SAMPLES, _VALUES, _METRICS):
            connection.execute(sql.format(**sizes))
    publish(store)
    return store, run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--results", type=int, default=100_000)
    parser.add_argument("--samples", type=int, default=1_000_000)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    store, _ = make_store(given.folder, results=given.results, samples=given.samples)
    print(f"{store.path} in {time.monotonic() - begun:.1f} s")


if __name__ == "__main__":
    main()
