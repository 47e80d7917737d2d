"""The files that the sets come in: JSON, JSON lines, Parquet, or a folder of them, a task each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks.json_lines import read_json_lines
from benchmarks.video_qa.questions import Row
from results.errors import InputError
from results.strict_json import read_small_file

MAX_BYTES = 2**30
_ENDINGS = (".json", ".jsonl", ".parquet")


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a file, or of every .json, .jsonl and .parquet file of a folder, in their order.

    A list of objects gives a row each; an object gives a row for each of its entries, whose value
    is an object, or else what the model said, with the entry's key as `id`. Raises InputError that
    names the file and the place of what is neither.
    """
    if path.is_dir():
        for file in files_of(path):
            yield from read_rows(file)
        return
    if path.suffix == ".parquet":
        yield from _parquet_rows(path)
        return
    if path.suffix == ".jsonl":
        for number, row in read_json_lines(path):
            yield Row(row, f"{path}, line {number}", path.stem)
        return
    document = read_json(path)
    if isinstance(document, Mapping):
        for key, value in document.items():
            content = value if isinstance(value, Mapping) else {"response": value}
            yield Row({"id": key, **content}, f"{path}, {key[:80]!r}", path.stem)
    elif isinstance(document, list):
        for number, value in enumerate(document, start=1):
            if not isinstance(value, Mapping):
                raise InputError(f"{path}, entry {number}, is no object.")
            yield Row(value, f"{path}, entry {number}", path.stem)
    else:
        raise InputError(f"{path} is neither a list nor an object.")


def files_of(folder: Path) -> list[Path]:
    """The .json, .jsonl and .parquet files of a folder by name; InputError without any."""
    try:
        files = sorted(each for each in folder.iterdir() if each.suffix in _ENDINGS)
    except OSError as error:
        raise InputError(f"{folder} cannot be read: {error.strerror}.") from error
    if not files:
        raise InputError(f"{folder} holds no {', '.join(_ENDINGS)} file.")
    return files


def _parquet_rows(path: Path) -> Iterator[Row]:
    """The rows of a Parquet file, as the hub has sets of questions."""
    import duckdb

    if not path.is_file():
        raise InputError(f"There is no file {path}; check the path.")
    try:
        with duckdb.connect() as connection:
            found = connection.execute("SELECT * FROM read_parquet(?)", [str(path)])
            names = [column[0] for column in found.description or ()]
            rows = found.fetchall()
    except duckdb.Error as error:
        first = str(error).strip().splitlines()[0][:200]
        raise InputError(f"{path} cannot be read as Parquet: {first}") from None
    for number, row in enumerate(rows, start=1):
        plain = [float(value) if isinstance(value, Decimal) else value for value in row]
        yield Row(dict(zip(names, plain, strict=True)), f"{path}, row {number}", path.stem)


def read_json(path: Path) -> Any:
    """The JSON document in a file. InputError where there is none."""
    try:
        return json.loads(read_small_file(path, MAX_BYTES).decode("utf-8-sig"))
    except FileNotFoundError:
        raise InputError(f"There is no file {path}; check the path.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        # A file of JSON lines under another ending is a common case.
        if isinstance(error, json.JSONDecodeError) and error.msg == "Extra data":
            return [row for _, row in read_json_lines(path)]
        raise InputError(f"{path} is no JSON: {str(error)[:200]}.") from error
