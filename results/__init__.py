"""What was found: records, journals, the store and statistics.

The names below are imported when they are first used, so that `results.errors` alone stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from results.ingestion import Ingested
    from results.records import RunRecord, RunStatus, Verdict
    from results.run_folder import RunFolder, new_run_id, open_runs, resolve_run
    from results.snapshot import Snapshot, opened_snapshot, snapshot_version
    from results.store import Store, StoredRun

_HOMES = {
    "Ingested": "results.ingestion",
    "RunFolder": "results.run_folder",
    "RunRecord": "results.records",
    "RunStatus": "results.records",
    "Snapshot": "results.snapshot",
    "Store": "results.store",
    "StoredRun": "results.store",
    "Verdict": "results.records",
    "new_run_id": "results.run_folder",
    "open_runs": "results.run_folder",
    "opened_snapshot": "results.snapshot",
    "resolve_run": "results.run_folder",
    "snapshot_version": "results.snapshot",
}

__all__ = [
    "Ingested",
    "RunFolder",
    "RunRecord",
    "RunStatus",
    "Snapshot",
    "Store",
    "StoredRun",
    "Verdict",
    "new_run_id",
    "open_runs",
    "opened_snapshot",
    "resolve_run",
    "snapshot_version",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'results' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
