"""Where papers print different figures for one thing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from benchmarks.reference.names import Key, key_of
from benchmarks.reference.published import PublishedRow, published_rows


@dataclass(frozen=True)
class Disagreement:
    """Rows of one key that differ by more than rounding can explain."""

    key: Key
    rows: tuple[PublishedRow, ...]

    @property
    def spread(self) -> float:
        """The largest value less the smallest, in the rows' unit."""
        values = [row.value for row in self.rows]
        return max(values) - min(values)


def disagreements(rows: Iterable[PublishedRow] | None = None) -> tuple[Disagreement, ...]:
    """Groups of rows that say different things of one key, by key; of all rows by default.

    Two values agree when they differ by at most one unit in the last place that the coarser of
    their tables prints: some tables round, others cut off, as 1.81 and 1.82 for 1/55. Rows in
    different units are not compared.
    """
    given = published_rows() if rows is None else tuple(rows)
    places = _printed_places(given)
    groups: dict[tuple[Key, str], list[PublishedRow]] = {}
    for row in given:
        groups.setdefault((key_of(row), row.unit), []).append(row)
    return tuple(
        Disagreement(key, tuple(group))
        for (key, _), group in sorted(groups.items())
        if any(
            not _agree(a, b, min(places[_column(a)], places[_column(b)]))
            for number, a in enumerate(group)
            for b in group[:number]
        )
    )


def _agree(a: PublishedRow, b: PublishedRow, places: int) -> bool:
    # Decimals of what was printed: 0.1 + 0.2 in binary would not do.
    difference = abs(Decimal(str(a.value)) - Decimal(str(b.value)))
    return difference <= Decimal(1).scaleb(-places)


def _column(row: PublishedRow) -> tuple[str, str, str]:
    return row.paper, row.source_table, row.metric


def _printed_places(rows: Iterable[PublishedRow]) -> dict[tuple[str, str, str], int]:
    """How many decimals a table prints of a metric; 44.80 alone would look like one."""
    found: dict[tuple[str, str, str], int] = {}
    for row in rows:
        exponent = Decimal(str(row.value)).normalize().as_tuple().exponent
        assert isinstance(exponent, int)
        found[_column(row)] = max(found.get(_column(row), 0), -exponent)
    return found
