"""Assigns rows to columns one to one so that the sum of values is greatest (Kuhn, Munkres)."""

from __future__ import annotations

from collections.abc import Sequence

_INFINITE = float("inf")


def best_assignment(values: Sequence[Sequence[float]]) -> list[int]:
    """For each row its column, where there are at least as many columns as rows.

    The Hungarian method with potentials, in rows^2 x columns steps.

    >>> best_assignment([[0.9, 0.8, 0.1], [0.8, 0.1, 0.0]])
    [1, 0]
    """
    if not values:
        return []
    n_rows, n_columns = len(values), len(values[0])
    if n_rows > n_columns:
        raise ValueError(f"expected no more rows than columns: got {n_rows}, {n_columns}")
    # Row 0 and column 0 stand for "none"; row_of[column] is the row that has it.
    of_row, of_column = [0.0] * (n_rows + 1), [0.0] * (n_columns + 1)
    row_of = [0] * (n_columns + 1)
    for row in range(1, n_rows + 1):
        row_of[0] = row
        column = 0
        came_from = [0] * (n_columns + 1)
        slack = [_INFINITE] * (n_columns + 1)
        is_visited = [False] * (n_columns + 1)
        while row_of[column]:
            is_visited[column] = True
            current, least, next_column = row_of[column], _INFINITE, 0
            for other in range(1, n_columns + 1):
                if is_visited[other]:
                    continue
                cost = -values[current - 1][other - 1] - of_row[current] - of_column[other]
                if cost < slack[other]:
                    slack[other], came_from[other] = cost, column
                if slack[other] < least:
                    least, next_column = slack[other], other
            for other in range(n_columns + 1):
                if is_visited[other]:
                    of_row[row_of[other]] += least
                    of_column[other] -= least
                else:
                    slack[other] -= least
            column = next_column
        while column:
            row_of[column], column = row_of[came_from[column]], came_from[column]
    columns = [0] * n_rows
    for column, row in enumerate(row_of[1:]):
        if row:
            columns[row - 1] = column
    return columns
