"""Reader for csv, tsv and parquet: rows, columns and what the columns hold."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import Any

from judge.workspace.artifact import ArtifactState, Damaged, Found, Unread
from judge.workspace.decoding import decode
from judge.workspace.source import Source
from judge.workspace.standins import stand_in

MOST_BYTES = 16 << 20
MOST_COLUMNS = 500
HEAD_ROWS = 50
SAMPLED_ROWS = 5_000  # looked at cell by cell; the rest is counted
LONGEST_FIELD = 1 << 20


@dataclass
class _Column:
    """What the sampled cells of one column are."""

    numbers: int = 0
    texts: int = 0
    empty: int = 0
    values: set[str] = field(default_factory=set)

    def add(self, cell: str) -> None:
        if not cell:
            self.empty += 1
        elif is_number(cell):
            self.numbers += 1
        else:
            self.texts += 1
        if len(self.values) < 2:
            self.values.add(cell[:80])

    @property
    def kind(self) -> str:
        if not self.numbers and not self.texts:
            return "empty"
        return "number" if self.numbers > 9 * self.texts else "text"


def read_table(source: Source) -> Found:
    if source.format == "parquet":
        return _read_parquet(source)
    content = source.beginning(MOST_BYTES)
    text = decode(content, is_cut=source.size > len(content))
    if text is None:
        raise Damaged("its bytes are not text")
    cuts: tuple[str, ...] = ()
    if source.size > len(content):
        text = text[: text.rfind("\n") + 1]
        cuts = (f"rows after {len(content)} bytes",)
    return read_delimited(text, source.format, cuts)


def read_delimited(text: str, format: str, cuts: tuple[str, ...] = ()) -> Found:
    """A table written as text, `format` csv or tsv."""
    csv.field_size_limit(LONGEST_FIELD)
    delimiter = "\t" if format == "tsv" else _delimiter(text)
    header: list[str] = []
    columns: list[_Column] = []
    rows = ragged = 0
    try:
        for row in csv.reader(io.StringIO(text), delimiter=delimiter):
            if not any(map(str.strip, row)):
                continue
            if not columns:
                header = [cell.strip()[:80] for cell in row[:MOST_COLUMNS]]
                columns = [_Column() for _ in header]
                width = len(row)
                continue
            rows += 1
            ragged += len(row) != width
            if rows <= SAMPLED_ROWS:
                for column, cell in zip(columns, row, strict=False):
                    column.add(cell.strip())
    except csv.Error as error:
        if "field larger" in str(error):
            raise Unread(f"a field is longer than {LONGEST_FIELD} characters") from None
        raise Damaged(f"it is not {format}: {str(error)[:80]}") from None
    if cuts and not rows:
        raise Unread(f"its first row is longer than {MOST_BYTES} bytes")
    if not columns:
        sign = "it holds only white space"
        return Found("table", format, ArtifactState.EMPTY, {"rows": 0}, signs=(sign,))
    if header and any(map(is_number, header)):  # no header, so the first row is one of the data
        rows += 1
        for column, cell in zip(columns, header, strict=True):
            column.add(cell)
        header = []
    facts = {
        "rows": rows,
        "columns": width,
        "column_names": header,
        **_column_facts(header, columns),
    }
    if ragged:
        facts["ragged_rows"] = ragged
    head = "\n".join(text.lstrip("\n").split("\n", HEAD_ROWS)[:HEAD_ROWS])
    if rows >= HEAD_ROWS:
        cuts = (*cuts, f"text after {HEAD_ROWS} lines")
    state, signs = _table_state(text, rows, columns)
    return Found("table", format, state, facts, head, signs, cuts)


def _table_state(
    text: str, rows: int, columns: list[_Column]
) -> tuple[ArtifactState, tuple[str, ...]]:
    if rows == 0:
        sign = stand_in(text) if len(columns) == 1 else None
        if sign is not None:
            return ArtifactState.PLACEHOLDER, (sign,)
        return ArtifactState.EMPTY, ("a header without a row",)
    if all(column.kind == "empty" for column in columns):
        return ArtifactState.EMPTY, ("every cell below the header is empty",)
    if not any(column.numbers for column in columns):
        cells = {value for column in columns for value in column.values if value}
        if all(len(column.values) == 1 for column in columns) and all(map(stand_in, cells)):
            return ArtifactState.PLACEHOLDER, ("every cell is a stand-in",)
    return ArtifactState.VALID, ()


def _column_facts(header: list[str], columns: list[_Column]) -> dict[str, Any]:
    names = header or [str(number) for number in range(1, len(columns) + 1)]
    rows = max((c.numbers + c.texts + c.empty for c in columns), default=0)
    return {
        "column_types": [column.kind for column in columns],
        "numeric_columns": sum(column.kind == "number" for column in columns),
        "constant_columns": [
            name
            for name, column in zip(names, columns, strict=True)
            if rows > 1 and len(column.values) == 1
        ],
        "empty_cells": sum(column.empty for column in columns),
        "numbers": sum(column.numbers for column in columns),
    }


def _delimiter(text: str) -> str:
    first = text.lstrip()[:10_000].split("\n", 1)[0]
    return max(",;\t|", key=first.count)


def is_number(text: str) -> bool:
    """Whether a cell is a number, thousands separators and percent signs allowed."""
    try:
        float(text.strip().rstrip("%").replace(",", ""))
    except ValueError:
        return False
    return text.strip().lower() not in ("nan", "inf", "-inf", "infinity")


def _read_parquet(source: Source) -> Found:
    import duckdb

    if source.end(4) != b"PAR1":
        raise Damaged("its end is missing")
    path = f"/dev/fd/{source.file.fileno()}"
    settings: dict[str, str | bool | int | float | list[str]] = {
        "threads": 1,
        "memory_limit": "200MB",
        "autoinstall_known_extensions": False,
    }
    with duckdb.connect(config=settings) as base:
        described = base.execute("DESCRIBE SELECT * FROM read_parquet(?)", [path]).fetchall()
        counted = base.execute("SELECT count(*) FROM read_parquet(?)", [path]).fetchone()
        query = f"SELECT * FROM read_parquet(?) LIMIT {HEAD_ROWS}"
        head = base.execute(query, [path]).fetchall()
    names = [str(row[0])[:80] for row in described]
    types = [str(row[1]).lower() for row in described]
    rows = int(counted[0]) if counted else 0
    columns = [_Column() for _ in names]
    for row in head:
        for column, cell in zip(columns, row, strict=True):
            column.add("" if cell is None else str(cell))
    facts = {
        "rows": rows,
        "columns": len(names),
        "column_names": names[:MOST_COLUMNS],
        **_column_facts(names, columns),
        "column_types": types[:MOST_COLUMNS],
    }
    lines = [",".join(names), *(",".join(str(cell)[:200] for cell in row) for row in head)]
    text = "\n".join(lines)
    if rows == 0:
        return Found("table", "parquet", ArtifactState.EMPTY, facts, text, ("it has no row",))
    if rows <= HEAD_ROWS and all(column.kind == "empty" for column in columns):
        sign = "every cell is empty"
        return Found("table", "parquet", ArtifactState.EMPTY, facts, text, (sign,))
    cuts = (f"text after {HEAD_ROWS} rows",) if rows > HEAD_ROWS else ()
    return Found("table", "parquet", facts=facts, text=text, cuts=cuts)
