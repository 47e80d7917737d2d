"""What is done when runs end: the store takes them in with the published figures, and is published.

The figures come from `benchmarks`, of which `results` knows nothing; so whoever stores runs calls
this rather than the store itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from results.ingestion import Ingested
from results.run_folder import RunFolder
from results.store import Store


def store_runs(store: Store, folders: Iterable[RunFolder]) -> Ingested:
    """Ingests runs, sees to it that the published figures are this version's, and publishes.

    Runs that cannot be read are named in `faults`. Raises StoreError where the store cannot be
    used; the runs' journals keep everything for a later `judge results sync`.
    """
    ingested = store.ingest(folders)
    publish(store)
    return ingested


def publish(store: Store) -> Path:
    """Publishes the store with this version's published figures; gives the snapshot's folder."""
    import_reference(store)
    return store.publish()


def import_reference(store: Store) -> bool:
    """Whether the store did not hold this version's published figures yet; it does now."""
    from benchmarks.reference import published_table

    rows, digest = published_table()
    return store.import_published(rows, digest)
