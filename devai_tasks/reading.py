"""Task and judgment files decoded into documents: JSON, JSON lines and Parquet."""

from __future__ import annotations

import glob
import json
from pathlib import Path
from typing import Any

from devai_tasks.faults import Document, Fault

SUFFIXES = (".json", ".jsonl", ".ndjson", ".parquet")
LARGEST_FILE = 64 << 20


def read_documents(file: Path, shown: str) -> tuple[list[Document], list[Fault]]:
    """Every document of a file, and the faults that kept some of it from being decoded.

    `shown` names the file in faults. A JSON file holds one object, or a list of them.
    """
    try:
        size = file.stat().st_size
        if size > LARGEST_FILE:
            mend = f"split it into files of at most {LARGEST_FILE >> 20} MiB"
            return [], [_fault(shown, "", f"the file has {size:,} bytes", mend)]
        if file.suffix.lower() == ".parquet":
            return _read_parquet(file, shown)
        content = file.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return [], [_fault(shown, "", f"cannot be read ({reason})", "make it readable")]
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        what = f"is not UTF-8: byte {content[error.start]:#04x}"
        return [], [_fault(shown, f"byte {error.start + 1}", what, "save the file as UTF-8")]
    if file.suffix.lower() in (".jsonl", ".ndjson"):
        return _read_lines(text, shown)
    data, faults = _decode(text, shown)
    if faults:
        return [], faults
    if isinstance(data, list):
        return [Document(shown, f"/{index}", item) for index, item in enumerate(data)], []
    return [Document(shown, "", data)], []


def _read_lines(text: str, shown: str) -> tuple[list[Document], list[Fault]]:
    documents: list[Document] = []
    faults: list[Fault] = []
    # Not splitlines: a JSON text may hold U+2028 and the like unescaped.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        data, broken = _decode(line, shown, first_line=number)
        faults += broken
        if not broken:
            documents.append(Document(shown, f"line {number}", data))
    return documents, faults


def _read_parquet(file: Path, shown: str) -> tuple[list[Document], list[Fault]]:
    import duckdb

    try:
        with duckdb.connect() as connection:
            table = connection.execute("SELECT * FROM read_parquet(?)", [glob.escape(str(file))])
            names = [column[0] for column in table.description]
            rows = table.fetchall()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        return [], [_fault(shown, "", f"is no readable Parquet file ({reason})", "write it again")]
    return [
        Document(shown, f"row {number}", _without_nulls(dict(zip(names, row, strict=True))))
        for number, row in enumerate(rows, start=1)
    ], []


def _without_nulls(row: dict[str, Any]) -> dict[str, Any]:
    """A table has every column in every row, so a null there is a key that the task lacks."""
    return {name: value for name, value in row.items() if value is not None}


class _RepeatedKey(ValueError):
    pass


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    decoded = dict(pairs)
    if len(decoded) < len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise _RepeatedKey(repeated)
    return decoded


def _decode(text: str, shown: str, first_line: int = 1) -> tuple[Any, list[Fault]]:
    place = f"line {first_line}" if first_line > 1 else ""
    try:
        return json.loads(text, object_pairs_hook=_no_repeats), []
    except json.JSONDecodeError as error:
        where = f"line {first_line + error.lineno - 1}, column {error.colno}"
        reason = error.msg[0].lower() + error.msg[1:]
        return None, [_fault(shown, where, f"is broken JSON ({reason})", "mend it there")]
    except _RepeatedKey as error:
        what = f"an object has the key `{error}` twice"
        return None, [_fault(shown, place, what, "keep one of the two")]
    except RecursionError:
        return None, [_fault(shown, place, "is nested too deeply", "write a flat task")]
    except ValueError as error:
        return None, [_fault(shown, place, f"is broken JSON ({error})", "mend it there")]


def _fault(shown: str, place: str, what: str, mend: str) -> Fault:
    return Fault(file=shown, place=place, what=what, mend=mend)
