"""Subtitles of a video, and those of them that are shown with sampled frames.

Read are SubRip (`.srt`, as Video-MME has them), WebVTT (`.vtt`), and LongVideoBench's JSON: a list
of {"timestamp": [from, to], "text"} in seconds, or of {"start", "end", "line"} with clock times.
"""

from __future__ import annotations

import bisect
import html
import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from results.errors import InputError
from results.strict_json import read_small_file

ENDINGS = (".srt", ".vtt", ".json")
MAX_BYTES = 64 * 2**20
_TIME = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
_CUE = re.compile(rf"^\s*{_TIME}\s*-->\s*{_TIME}")
_TAG = re.compile(r"<[^<>]{0,200}>|\{\\[^{}]{0,200}\}")
# A line is shown at least so many seconds, as LongVideoBench's own loader has it.
_SHORTEST = 1.0


@dataclass(frozen=True)
class Line:
    """A text and the seconds from and to which it is shown."""

    begin: float
    end: float
    text: str


@dataclass(frozen=True)
class Subtitles:
    """Lines in the order in which they begin."""

    lines: tuple[Line, ...]

    def at(self, times: Sequence[float]) -> str:
        """The lines shown at any of these seconds, one below the other, each once."""
        stamps = sorted(times)
        shown: list[str] = []
        for line in self.lines:
            begin, end = line.begin, line.end
            if end - begin < _SHORTEST:
                middle = (begin + end) / 2
                begin, end = middle - _SHORTEST / 2, middle + _SHORTEST / 2
            at = bisect.bisect_left(stamps, begin)
            if at < len(stamps) and stamps[at] <= end and (not shown or shown[-1] != line.text):
                shown.append(line.text)
        return "\n".join(shown)


def read_subtitles(path: Path) -> Subtitles:
    """The subtitles in a file. InputError where it cannot be read or is of no known form."""
    try:
        content = read_small_file(path, MAX_BYTES).decode("utf-8-sig", "replace")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    lines = _of_json(content, path) if path.suffix == ".json" else list(_of_cues(content))
    if content.strip() and not lines and path.suffix != ".json":
        raise InputError(
            f"{path} holds no subtitles; a line of times such as"
            " 00:00:01,000 --> 00:00:02,500 should stand above each."
        )
    return Subtitles(tuple(sorted(lines, key=lambda line: (line.begin, line.end))))


def _of_cues(content: str) -> Iterable[Line]:
    """SubRip and WebVTT: a line of times, then the text up to an empty line."""
    begin = end = 0.0
    texts: list[str] | None = None
    for row in [*content.splitlines(), ""]:
        times = _CUE.match(row)
        if times or not row.strip():
            if texts:
                yield Line(begin, end, " ".join(texts))
            texts = None
        if times:
            parts = times.groups()
            begin, end, texts = _seconds(parts[:4]), _seconds(parts[4:]), []
        elif texts is not None and (text := _plain(row)):
            texts.append(text)


def _of_json(content: str, path: Path) -> list[Line]:
    try:
        rows = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is no JSON: {str(error)[:200]}.") from None
    if not isinstance(rows, list):
        raise InputError(f"{path} should be a list of lines with times.")
    lines = [_line(row, f"{path}, line {number}") for number, row in enumerate(rows, start=1)]
    # A line whose end is open, as a transcript's last, is shown until the next one begins.
    begins = [*sorted(begin for begin, _, _ in lines), math.inf]
    return [
        Line(begin, begins[bisect.bisect_right(begins, begin)] if end is None else end, text)
        for begin, end, text in lines
    ]


def _line(row: Any, place: str) -> tuple[float, float | None, str]:
    """Seconds from and to which a line is shown, None for an open end; and its text."""
    if isinstance(row, dict):
        stamp = row.get("timestamp")
        if isinstance(stamp, list) and len(stamp) == 2 and _is_number(stamp[0]):
            end = float(stamp[1]) if _is_number(stamp[1]) else None
            return float(stamp[0]), end, _plain(str(row.get("text", "")))
        begin, end = _clock(row.get("start")), _clock(row.get("end"))
        if begin is not None:
            return begin, end, _plain(str(row.get("line", row.get("text", ""))))
    raise InputError(
        f"{place} has neither `timestamp` [from, to] nor `start` and `end` as h:mm:ss.s."
    )


def _clock(value: Any) -> float | None:
    if _is_number(value):
        return float(value)
    parts = str(value).split(":") if isinstance(value, str) else []
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        return None
    if not 1 <= len(numbers) <= 3:
        return None
    seconds = sum(number * 60.0**power for power, number in enumerate(reversed(numbers)))
    return seconds if _is_number(seconds) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9


def _seconds(parts: Sequence[str | None]) -> float:
    hours, minutes, seconds, fraction = parts
    whole = 3600 * int(hours or 0) + 60 * int(minutes or 0) + int(seconds or 0)
    return whole + float(f"0.{fraction or 0}")


def _plain(text: str) -> str:
    """A line without marks of its look."""
    return " ".join(html.unescape(_TAG.sub("", text)).split())
