"""Readers for tables, databases and archives: columns, rows and listings; nothing is unpacked."""

from __future__ import annotations

import csv
import io
import sqlite3
import tarfile
import zipfile
from typing import Any

from judge.workspace.artifact import ArtifactState, Found
from judge.workspace.decoding import decode

HEAD_ROWS = 50
MOST_MEMBERS = 2_000


def read_table(content: bytes, path: str, format: str, size: int) -> Found:
    if format == "parquet":
        return _read_parquet(content)
    text = decode(content)
    if text is None:
        return Found("table", format, ArtifactState.BROKEN, signs=("its bytes are not text",))
    csv.field_size_limit(10_000_000)
    delimiter = "\t" if format == "tsv" else _delimiter(text)
    rows = width = 0
    header: list[str] = []
    for row in csv.reader(io.StringIO(text), delimiter=delimiter):
        if not any(cell.strip() for cell in row):
            continue
        if rows == 0:
            header = [cell.strip()[:80] for cell in row][:200]
        rows += 1
        width = max(width, len(row))
    facts = {"rows": max(rows - 1, 0), "columns": width, "column_names": header}
    if rows == 0:
        sign = "it holds only white space"
        return Found("table", format, ArtifactState.EMPTY, facts, signs=(sign,))
    if rows == 1 and not any(_is_number(cell) for cell in header):
        sign = "a header without a row"
        return Found("table", format, ArtifactState.EMPTY, facts, text, (sign,))
    cuts = (f"bytes after {len(content)}",) if size > len(content) else ()
    head = "\n".join(text.splitlines()[:HEAD_ROWS])
    return Found("table", format, facts=facts, text=head, cuts=cuts)


def _delimiter(text: str) -> str:
    first = text.lstrip().split("\n", 1)[0]
    return max(",;\t|", key=first.count)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _read_parquet(content: bytes) -> Found:
    import tempfile

    import duckdb

    with tempfile.NamedTemporaryFile(suffix=".parquet") as copy, duckdb.connect() as base:
        copy.write(content)
        copy.flush()
        source = base.read_parquet(copy.name)
        names = source.columns
        counted = base.execute("SELECT count(*) FROM read_parquet(?)", [copy.name]).fetchone()
        head = source.limit(HEAD_ROWS).fetchall()
    rows = int(counted[0]) if counted else 0
    facts = {"rows": rows, "columns": len(names), "column_names": names[:200]}
    text = "\n".join([",".join(names), *(",".join(map(str, row)) for row in head)])
    if rows == 0:
        return Found("table", "parquet", ArtifactState.EMPTY, facts, text, ("it has no row",))
    return Found("table", "parquet", facts=facts, text=text)


def read_database(content: bytes, path: str, format: str, size: int) -> Found:
    if content[:16] != b"SQLite format 3\0":
        return Found("database", format, facts={})
    base = sqlite3.connect(":memory:")
    try:
        base.deserialize(content)
        base.execute("PRAGMA trusted_schema = OFF")
        listed = base.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        rows: dict[str, int] = {}
        for (name,) in listed[:100]:
            quoted = str(name).replace('"', '""')
            rows[str(name)] = base.execute(f'SELECT count(*) FROM "{quoted}"').fetchone()[0]
    finally:
        base.close()
    facts: dict[str, Any] = {"tables": sorted(rows), "rows": sum(rows.values())}
    if not facts["rows"]:
        return Found("database", "sqlite", ArtifactState.EMPTY, facts, signs=("it has no row",))
    return Found("database", "sqlite", facts=facts)


def read_archive(content: bytes, path: str, format: str, size: int) -> Found:
    names: list[str] = []
    unpacked = 0
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist():
                names.append(member.filename)
                unpacked += member.file_size
    elif path.lower().endswith((".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")):
        with tarfile.open(fileobj=io.BytesIO(content)) as bundle:
            for entry in bundle:
                names.append(entry.name)
                unpacked += entry.size
                if len(names) >= MOST_MEMBERS or bundle.offset > (256 << 20):
                    break
    else:
        return Found("archive", format, facts={})
    facts = {"members": names[:MOST_MEMBERS], "unpacked_bytes": unpacked}
    if unpacked == 0:
        sign = "it has no member that holds anything"
        return Found("archive", format, ArtifactState.EMPTY, facts, signs=(sign,))
    return Found("archive", format, facts=facts, text="\n".join(names[:MOST_MEMBERS]))
