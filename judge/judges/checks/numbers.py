"""Numbers in text artifacts: whether a metric is named with a value beside it."""

from __future__ import annotations

import csv
import io
import re

from judge.judges.checks.vocabulary import Concept

_NUMBER = r"[-+]?(?:\d+(?:,\d{3})*(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?"
_VALUE = re.compile(rf"(?<![\w.]){_NUMBER}(?![\w])%?")
_NEAR = 60


def values_of(metric: Concept, text: str) -> str:
    """The words of the text that give the metric a value; "" where none do."""
    label = metric.labels_pattern
    lines = text.splitlines()
    for number, line in enumerate(lines):
        for match in label.finditer(line):
            after = line[match.end() : match.end() + _NEAR]
            if _VALUE.search(after):
                return line.strip()
            if _VALUE.search(line[: match.start()]) and "," not in line[: match.start()]:
                return line.strip()
            below = _column_value(lines, number, match.start())
            if below:
                return below
            following = next((row for row in lines[number + 1 : number + 3] if row.strip()), "")
            if re.fullmatch(rf"[\s:|\[\](){{}}\"'-]*{_NUMBER}%?[\s\]),;}}]*", following):
                return following.strip()
    return ""


def _column_value(lines: list[str], number: int, at: int) -> str:
    """A row below a header line that has a number in the header's column."""
    header = lines[number]
    for row in lines[number + 1 : number + 8]:
        if not row.strip() or set(row.strip()) <= set("|-+=: "):
            continue
        for separator in (",", "\t", "|", ";"):
            if separator in header and separator in row:
                column = header[:at].count(separator)
                cells = _cells(row, separator)
                if column < len(cells) and _VALUE.search(cells[column]):
                    return row.strip()
        if re.search(r"\s{2,}", header.strip()) and len(_VALUE.findall(row)) >= 1:
            return row.strip()
        if "," not in header and "|" not in header:
            break
    return ""


def _cells(row: str, separator: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(row), delimiter=separator), [])
    except csv.Error:
        return row.split(separator)


def lone_value(text: str) -> bool:
    """Whether a text is nothing but a few numbers, as a file named for its metric may be."""
    value = rf"{_NUMBER}%?"
    return bool(re.fullmatch(rf"[\s\[\](){{}},]*{value}(?:[\s,;]+{value}){{0,11}}[\s\])}}]*", text))


def has_number(text: str) -> bool:
    return bool(_VALUE.search(text))


def data_rows(text: str) -> int:
    """Lines that say something beyond a title or a header."""
    rows = [row for row in text.splitlines() if re.search(r"\w", row)]
    if len(rows) == 1:
        return int(has_number(rows[0]) or len(re.findall(r"\w+", rows[0])) >= 6)
    return sum(
        1 for row in rows[1:] if re.search(r"\d", row) or len(re.findall(r"\w+", row)) >= 2
    ) + int(has_number(rows[0]) if rows else False)
