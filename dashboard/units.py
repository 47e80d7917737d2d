"""Numbers as a person reads them, and how a table column formats them, by unit."""

from __future__ import annotations

from typing import NamedTuple

_BYTES = ("B", "KiB", "MiB", "GiB", "TiB")


class Shown(NamedTuple):
    """How figures of a unit are shown: multiplied, with decimals, and the unit that is written."""

    factor: float
    decimals: int
    unit: str


_SHOWN = {
    "%": Shown(1, 1, "%"),
    "share": Shown(100, 1, "%"),
    "fraction": Shown(1, 3, ""),
    "bytes": Shown(2**-20, 1, "MiB"),
    "ms": Shown(1, 1, "ms"),
    "s": Shown(1, 2, "s"),
    "frames/s": Shown(1, 1, "frames/s"),
    "M": Shown(1, 1, "M"),
    "USD": Shown(1, 4, "USD"),
    "score": Shown(1, 2, ""),
    "FID": Shown(1, 1, ""),
    "1-10": Shown(1, 2, ""),
}
TITLES = {
    "requirements_met_I": "requirements met (I)",
    "requirements_met_D": "and their prerequisites (D)",
    "task_solve_rate": "tasks solved whole",
    "independent": "requirements met (I)",
    "dependent": "and their prerequisites (D)",
    "transitive": "and all they build on",
    "solve": "tasks solved whole",
    "alignment_rate": "alignment with people",
    "peak_bytes": "peak memory",
    "size_bytes": "size",
    "params": "parameters",
}
"""What a metric is called where a person reads; others are called what they are."""


def shown_as(unit: str) -> Shown:
    """How figures of a unit are shown."""
    return _SHOWN.get(unit, Shown(1, 2, unit[:20]))


def title(metric: str) -> str:
    """What a metric is called where a person reads."""
    return TITLES.get(metric, metric)


def written(value: float | None, unit: str) -> str:
    """A figure with its unit; a dash where there is none.

    >>> written(72.34, "%"), written(None, "ms"), written(0.5, "share")
    ('72.3 %', '–', '50.0 %')
    """
    if value is None:
        return "–"
    how = shown_as(unit)
    return f"{value * how.factor:,.{how.decimals}f} {how.unit}".rstrip()


def difference(value: float | None, unit: str) -> str:
    """A difference of two figures with its unit; of shares in points of percent.

    >>> difference(0.005, "share"), difference(-12.0, "ms"), difference(None, "%")
    ('+0.5 points', '-12.0 ms', '–')
    """
    if value is None:
        return "–"
    how = shown_as(unit)
    unit = "points" if how.unit == "%" else how.unit
    return f"{value * how.factor:+,.{how.decimals}f} {unit}".rstrip()


def span(low: float | None, high: float | None, unit: str) -> str:
    """Two ends of an interval; empty where there is none.

    >>> span(70.2, 74.0, "%")
    '70.2 to 74.0'
    """
    if low is None or high is None:
        return ""
    how = shown_as(unit)
    return f"{low * how.factor:,.{how.decimals}f} to {high * how.factor:,.{how.decimals}f}"


def duration(seconds: float) -> str:
    """A time as people say it.

    >>> duration(4.21), duration(75), duration(7260)
    ('4.2 s', '1 min 15 s', '2 h 1 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def size(n_bytes: float) -> str:
    """A number of bytes as people say it.

    >>> size(512), size(3 * 2**20)
    ('512 B', '3.0 MiB')
    """
    step = 0
    while n_bytes >= 1024 and step < len(_BYTES) - 1:
        n_bytes, step = n_bytes / 1024, step + 1
    return f"{n_bytes:.0f} B" if step == 0 else f"{n_bytes:.1f} {_BYTES[step]}"
