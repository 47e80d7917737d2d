"""Reader for SQLite: tables, views, rows; a write-ahead log beside it is taken into account."""

from __future__ import annotations

import sqlite3
import struct
from typing import Any

from judge.workspace.artifact import ArtifactState, Damaged, Found, Unread
from judge.workspace.source import Source

MOST_TABLES = 200
HEAD_ROWS = 5
_MAGIC = b"SQLite format 3\0"


def read_database(source: Source) -> Found:
    if source.beginning(16) != _MAGIC:
        raise Damaged("it is not a SQLite database")
    content = bytearray(source.content())
    facts: dict[str, Any] = {}
    if source.log is not None:
        facts["log_pages"] = _apply_log(content, source.log.read(source.most))
    # Versions 2 ask for the log and a lock file beside the database, which memory has not.
    content[18:20] = b"\1\1"
    base = sqlite3.connect(":memory:")
    try:
        base.deserialize(bytes(content))
        base.text_factory = lambda value: value.decode("utf-8", "replace")
        base.execute("PRAGMA trusted_schema = OFF")
        base.execute("PRAGMA cell_size_check = ON")
        _check(base)
        return _told(base, facts)
    except sqlite3.DatabaseError as error:
        if "encrypted" in str(error):
            raise Damaged("it is no database, or an encrypted one") from None
        raise Damaged(f"it is a damaged database: {str(error)[:100]}") from None
    finally:
        base.close()


def _check(base: sqlite3.Connection) -> None:
    """Raises Damaged where the pages do not hang together."""
    result = base.execute("PRAGMA quick_check(1)").fetchone()
    if result and result[0] != "ok":
        raise Damaged(f"it is a damaged database: {str(result[0]).splitlines()[-1][:100]}")


def _told(base: sqlite3.Connection, facts: dict[str, Any]) -> Found:
    listed = base.execute(
        "SELECT name, type, sql FROM sqlite_master WHERE type IN ('table', 'view')"
        " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name LIMIT ?",
        [MOST_TABLES + 1],
    ).fetchall()
    cuts = (f"tables after {MOST_TABLES}",) if len(listed) > MOST_TABLES else ()
    rows: dict[str, int] = {}
    columns: dict[str, list[str]] = {}
    views: list[str] = []
    virtual: list[str] = []
    lines: list[str] = []
    for name, kind, sql in listed[:MOST_TABLES]:
        lines.append(f"{(sql or '')[:2_000]};")
        if kind == "view":
            views.append(str(name))  # never evaluated: a view may run for ever
        elif str(sql or "").upper().startswith("CREATE VIRTUAL"):
            virtual.append(str(name))
        else:
            quoted = '"' + str(name).replace('"', '""') + '"'
            rows[name] = int(base.execute(f"SELECT count(*) FROM {quoted}").fetchone()[0])
            head = base.execute(f"SELECT * FROM {quoted} LIMIT {HEAD_ROWS}")
            columns[name] = [str(column[0]) for column in head.description or ()]
            lines += [" | ".join(str(cell)[:80] for cell in row) for row in head]
    facts |= {
        "tables": list(rows),
        "rows": sum(rows.values()),
        "table_rows": rows,
        "table_columns": columns,
        "views": views,
        "virtual_tables": virtual,
    }
    if any(number > HEAD_ROWS for number in rows.values()):
        cuts = (*cuts, f"text after {HEAD_ROWS} rows of each table")
    text = "\n".join(lines)
    if not rows and not virtual:
        sign = "it has no table"
        return Found("database", "sqlite", ArtifactState.EMPTY, facts, text, (sign,))
    if not facts["rows"] and not virtual:
        sign = "its tables have no row"
        return Found("database", "sqlite", ArtifactState.EMPTY, facts, text, (sign,))
    return Found("database", "sqlite", facts=facts, text=text, cuts=cuts)


def _apply_log(content: bytearray, log: bytes) -> int:
    """Puts the committed pages of a write-ahead log in their places; how many there were.

    The layout: https://www.sqlite.org/fileformat2.html#the_write_ahead_log. Frames after the last
    commit, or of an earlier use of the log (other salts), do not count.
    """
    if len(log) < 32 or log[:3] != b"\x37\x7f\x06":
        return 0
    page_size, salts = struct.unpack_from(">I", log, 8)[0], log[16:24]
    if page_size < 512 or page_size > 65_536 or page_size & (page_size - 1):
        return 0
    pending: dict[int, bytes] = {}
    applied = 0
    for at in range(32, len(log) - 24 - page_size + 1, 24 + page_size):
        number, pages = struct.unpack_from(">II", log, at)
        if log[at + 8 : at + 16] != salts or number == 0:
            break
        pending[number] = log[at + 24 : at + 24 + page_size]
        if pages == 0:
            continue
        if pages * page_size > len(content) + len(log):
            raise Unread("its write-ahead log asks for more pages than there are")
        content.extend(bytes(max(0, pages * page_size - len(content))))
        for page, values in pending.items():
            if page <= pages:
                content[(page - 1) * page_size : page * page_size] = values
        del content[pages * page_size :]
        applied += len(pending)
        pending = {}
    return applied
