"""The figures that nine papers print: what a row is, and the files the rows are read from.

A file holds one paper's tables as the paper lays them out: columns say what was measured, rows give
a system, its variant and one value a column (`~` where the paper prints none). What a column leaves
out is split `-`, unit `%`, higher is better.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, Strict

from benchmarks.reference.yaml_files import read_model
from results.errors import InputError
from results.records import Value

FOLDER = Path(__file__).parent
NAMES = "names.yaml"

Verified = Literal["true", "secondary", "recomputed", "approx", "false"]
"""Whether a figure was seen where it is printed (true), in another text (secondary), read off a
figure (approx), computed anew from released data (recomputed) or not seen at all (false)."""


@dataclass(frozen=True)
class PublishedRow:
    """One published figure, named as its paper names it."""

    paper: str
    arxiv_id: str
    system: str
    variant: str
    benchmark: str
    split: str
    metric: str
    value: float
    """In `unit`, as printed; percent where a paper prints percent."""
    unit: str
    higher_is_better: bool
    source_table: str
    verified: Verified
    verified_in: str
    note: str = ""

    @property
    def share(self) -> float | None:
        """The value as a share, 0..1, where it is one; else None."""
        if self.unit == "fraction":
            return self.value
        return self.value / 100 if self.unit == "%" else None


@cache
def published_rows() -> tuple[PublishedRow, ...]:
    """All rows, paper by paper; InputError with file and place where the data is faulty."""
    return tuple(
        row
        for path in sorted(FOLDER.glob("*.yaml"))
        if path.name != NAMES
        for row in read_paper(path)
    )


def read_paper(path: Path) -> tuple[PublishedRow, ...]:
    """The rows of one paper's file."""
    paper = read_model(path, _Paper)
    rows: list[PublishedRow] = []
    for number, table in enumerate(paper.tables):
        try:
            rows += table.published(paper)
        except ValueError as error:
            raise InputError(f"{path}, `tables.{number}` ({table.source}): {error}.") from error
    return tuple(rows)


class _Strict(Value):
    # A number where a name belongs, or the other way round, is a slip in the file.
    model_config = ConfigDict(strict=True, allow_inf_nan=False)


class _Column(_Strict):
    benchmark: str = Field(min_length=1)
    split: str = "-"
    metric: str = Field(min_length=1)
    unit: str = "%"
    higher_is_better: bool = True


class _NotedCell(_Strict):
    value: float
    note: str


_Cell = float | _NotedCell | None
# YAML gives lists, which strict mode takes for no tuple.
_Row = Annotated[tuple[str, str, list[_Cell]], Strict(False)]


class _Table(_Strict):
    source: str = Field(min_length=1)
    verified: bool | Literal["secondary", "recomputed", "approx"]
    verified_in: str
    notes: dict[str, str] = Field(default_factory=dict)
    columns: list[_Column] = Field(min_length=1)
    rows: list[_Row] = Field(min_length=1)

    def published(self, paper: _Paper) -> Iterator[PublishedRow]:
        """The table's rows; ValueError says what is wrong with one."""
        seen: set[tuple[str, str]] = set()
        used: set[str] = set()
        for system, variant, cells in self.rows:
            if (system, variant) in seen:
                raise ValueError(f"{system}, {variant} is there twice")
            seen.add((system, variant))
            if len(cells) != len(self.columns):
                raise ValueError(
                    f"{system}, {variant} has {len(cells)} values for {len(self.columns)} columns"
                )
            for column, cell in zip(self.columns, cells, strict=True):
                if cell is None:
                    continue
                note = ""
                if isinstance(cell, _NotedCell):
                    if cell.note not in self.notes:
                        raise ValueError(f"{system}, {variant} has no note {cell.note!r}")
                    used.add(cell.note)
                    note = self.notes[cell.note]
                yield PublishedRow(
                    paper=paper.paper,
                    arxiv_id=paper.arxiv_id,
                    system=system,
                    variant=variant,
                    value=cell.value if isinstance(cell, _NotedCell) else cell,
                    source_table=self.source,
                    verified=_verified(self.verified),
                    verified_in=self.verified_in,
                    note=note,
                    **column.model_dump(),
                )
        if used != self.notes.keys():
            raise ValueError(f"no cell has the note {', '.join(self.notes.keys() - used)}")


class _Paper(_Strict):
    paper: str = Field(min_length=1)
    arxiv_id: str = Field(pattern=r"^\d{4}\.\d{5}$")
    tables: list[_Table] = Field(min_length=1)


def _verified(given: bool | Literal["secondary", "recomputed", "approx"]) -> Verified:
    if isinstance(given, bool):
        return "true" if given else "false"
    return given
