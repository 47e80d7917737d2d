"""Measures that every run of a model has, as metrics: latencies, size, memory."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from results.records import Metric

PERCENTS = (50, 95)


def latencies(name: str, seconds: Iterable[float], note: str = "") -> list[Metric]:
    """`<name>_p50` and `<name>_p95` in milliseconds, by the nearest rank; none without a time."""
    ordered = sorted(seconds)
    if not ordered:
        return []
    return [
        Metric(
            name=f"{name}_p{percent}",
            value=1000 * ordered[max(math.ceil(percent / 100 * len(ordered)) - 1, 0)],
            n=len(ordered),
            unit="ms",
            higher_is_better=False,
            note=note,
        )
        for percent in PERCENTS
    ]


def size_metrics(described: Mapping[str, object]) -> tuple[Metric, ...]:
    """Parameters and bytes of weights, as far as what a model says of itself has them."""
    return tuple(
        Metric(name=name, value=float(size), n=1, unit=unit, higher_is_better=False)
        for key, name, unit in (
            ("parameters", "parameters", "parameters"),
            ("bytes", "model_bytes", "bytes"),
        )
        if isinstance(size := described.get(key), int | float)
    )


def peak_memory(peaks: Iterable[float], note: str) -> Metric:
    """The most memory of any of these, of which there is at least one."""
    found = list(peaks)
    return Metric(
        name="peak_memory",
        value=float(max(found)),
        n=len(found),
        unit="bytes",
        higher_is_better=False,
        note=note,
    )
