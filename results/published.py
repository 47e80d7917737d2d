"""Figures that papers print, in the store: rows of their own kind, imported source by source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from results.database import quoted
from results.strict_json import encode_visibly

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

PUBLISHED_FIELDS = (
    "paper",
    "arxiv_id",
    "system",
    "variant",
    "benchmark",
    "split",
    "metric",
    "value",
    "unit",
    "higher_is_better",
    "source_table",
    "verified",
    "verified_in",
    "note",
    "family",
    "canonical_system",
    "canonical_variant",
    "canonical_benchmark",
    "canonical_split",
    "canonical_metric",
)
"""What a row says; `migrations` has the columns."""

_TYPES = {"position": "BIGINT", "value": "DOUBLE", "higher_is_better": "BOOLEAN"}


def replace_published(
    connection: DuckDBPyConnection,
    rows: Sequence[Mapping[str, Any]],
    digest: str,
    source: str,
    staging: Path,
) -> bool:
    """Puts rows in place of those of the same source, unless the digest is known for it already.

    Within the caller's transaction; `staging` is an empty folder. Returns whether it did.
    """
    known = connection.execute(
        "SELECT digest FROM published_imports WHERE source = ?", [source]
    ).fetchone()
    if known is not None and known[0] == digest:
        return False
    for table in ("published", "published_imports"):
        connection.execute(f"DELETE FROM {table} WHERE source = ?", [source])
    insert_published(connection, rows, source, staging)
    connection.execute("INSERT INTO published_imports VALUES (?, ?)", [source, digest])
    return True


def insert_published(
    connection: DuckDBPyConnection,
    rows: Sequence[Mapping[str, Any]],
    source: str,
    staging: Path,
) -> None:
    """Adds rows of one source to the table `published`; `staging` is an empty folder."""
    file = staging / "published.jsonl"
    with file.open("wb") as lines:
        for position, row in enumerate(rows):
            told = {"source": source, "position": position}
            line = encode_visibly(told | {name: row[name] for name in PUBLISHED_FIELDS})
            lines.write(line + b"\n")
    names = ("source", "position", *PUBLISHED_FIELDS)
    columns = ", ".join(f"{name}: '{_TYPES.get(name, 'VARCHAR')}'" for name in names)
    connection.execute(
        f"INSERT INTO published BY NAME FROM read_json({quoted(file)},"
        f" format = 'newline_delimited', columns = {{{columns}}})"
    )
