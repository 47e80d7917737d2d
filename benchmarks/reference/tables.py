"""Published rows as the store keeps them, and rows that people bring along in a file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from benchmarks.reference.names import family, key_of
from benchmarks.reference.published import PublishedRow, Verified, published_rows
from benchmarks.reference.yaml_files import first_fault, read_yaml
from results.errors import InputError
from results.records import Value

Table = tuple[tuple[dict[str, Any], ...], str]


@cache
def published_table() -> Table:
    """All published rows for `Store.import_published`: (rows, SHA-256 of them)."""
    return table_of(published_rows())


def table_of(rows: Iterable[PublishedRow]) -> Table:
    """Rows with their family and their names across papers: (rows, SHA-256 of them)."""
    table = []
    for row in rows:
        key = key_of(row)
        names = {f"canonical_{name}": value for name, value in key._asdict().items()}
        table.append({**vars(row), "family": family(key.benchmark), **names})
    digest = hashlib.sha256(json.dumps(table, sort_keys=True).encode()).hexdigest()
    return tuple(table), digest


def read_rows(path: Path) -> tuple[PublishedRow, ...]:
    """The rows in a JSON or YAML file: a list of objects with `PublishedRow`'s fields.

    `verified` may be true or false; `note` and `variant` may be left out. InputError names the file
    and the place of the first fault.
    """
    given = read_yaml(path)
    if not isinstance(given, list) or not given:
        raise InputError(f"{path} is no list of published figures.")
    try:
        rows = _ROWS.validate_python(given)
    except ValidationError as error:
        raise InputError(f"{path}, {first_fault(error)}.") from error
    return tuple(row.published() for row in rows)


def unknown_rows(rows: Iterable[PublishedRow]) -> tuple[PublishedRow, ...]:
    """Those that are not among the published rows already, whatever their notes say."""
    known = {_facts(row) for row in published_rows()}
    return tuple(row for row in rows if _facts(row) not in known)


class _GivenRow(Value):
    model_config = ConfigDict(strict=True, allow_inf_nan=False)

    paper: str = Field(min_length=1)
    arxiv_id: str = ""
    system: str = Field(min_length=1)
    variant: str = "-"
    benchmark: str = Field(min_length=1)
    split: str = "-"
    metric: str = Field(min_length=1)
    value: float
    unit: str
    higher_is_better: bool
    source_table: str
    verified: bool | Literal["true", "secondary", "recomputed", "approx", "false"]
    verified_in: str = ""
    note: str = ""

    def published(self) -> PublishedRow:
        verified: Verified
        if isinstance(self.verified, bool):
            verified = "true" if self.verified else "false"
        else:
            verified = self.verified
        return PublishedRow(**{**self.model_dump(), "verified": verified})


_ROWS = TypeAdapter(list[_GivenRow])


def _facts(row: PublishedRow) -> tuple[object, ...]:
    return tuple(value for name, value in vars(row).items() if name != "note")
