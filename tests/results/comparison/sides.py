"""Sides of comparisons, made for one test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from results.comparison import Series, Side, Unit


def side(
    values: Mapping[str, Sequence[float | None]],
    name: str = "run",
    *,
    metric: str = "independent",
    failed: bool = False,
    slices: Mapping[str, str] | None = None,
    **more: object,
) -> Side:
    """A side with one metric: cluster -> the values of its units, None for an undecided one.

    failed: undecided units are in error. slices: cluster -> the slice it belongs to.
    """
    units = tuple(
        Unit(
            cluster=cluster,
            key=str(number),
            value=value,
            is_error=failed and value is None,
            reason=f"{name} says {value}",
            slices=(slices[cluster],) if slices else (),
        )
        for cluster, found in values.items()
        for number, value in enumerate(found)
    )
    series = more.pop("series", None) or (Series(name=metric, units=units),)
    return Side.model_validate({"name": name, "series": series, "primary": metric, **more})


def tasks(number: int, values: Sequence[float | None]) -> dict[str, Sequence[float | None]]:
    """So many tasks with these values each."""
    return {f"task {place:03d}": values for place in range(number)}
