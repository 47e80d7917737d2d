"""Several runs of one thing as one side: every unit's value is the mean of its repeats."""

from __future__ import annotations

from collections.abc import Sequence

from results.comparison.comparability import reasons_against
from results.comparison.values import Series, Side, Unit
from results.errors import InputError
from results.statistics import VarianceComponents, averaged, variance_components


def averaged_sides(sides: Sequence[Side]) -> Side:
    """One side of several that were measured alike; InputError where they were not.

    A unit that some repeats left undecided has the mean of the others. Reason and evidence are the
    first repeat's. Totals are means. `spread` tells how the primary metric varies between tasks,
    between the agent's runs (other outputs) and between judgings of the same outputs.
    """
    first = sides[0]
    for other in sides[1:]:
        reasons = reasons_against(first, other)
        if reasons:
            raise InputError(
                f"{other.name} is no repeat of {first.name}: {'; '.join(reasons[:3])}."
            )
    names = [series.name for series in first.series]
    return first.model_copy(
        update={
            "name": " + ".join(side.name for side in sides),
            "series": tuple(_averaged(name, sides) for name in names),
            "totals": {
                name: mean
                for name, mean in averaged(_totals(sides)).items()
                if name in first.totals
            },
            "spread": spread(sides),
            "notes": tuple(dict.fromkeys(note for side in sides for note in side.notes)),
        }
    )


def spread(sides: Sequence[Side]) -> VarianceComponents | None:
    """Where the primary metric's value of a task varies from, over repeated runs.

    Two runs that judged the same outputs, by their hashes, repeat the judge alone; others repeat
    the agent too. None where nothing was decided.
    """
    measured = []
    for number, side in enumerate(sides):
        for cluster, mean in _cluster_means(side).items():
            run = side.outputs.get(cluster, f"run {number}")
            measured.append((cluster, run, mean))
    return variance_components(measured)


def _averaged(name: str, sides: Sequence[Side]) -> Series:
    repeats = [series for side in sides for series in side.series if series.name == name]
    units: dict[tuple[str, str], Unit] = {}
    failed: dict[tuple[str, str], bool] = {}
    for series in repeats:
        for unit in series.units:
            place = unit.cluster, unit.key
            units.setdefault(place, unit)
            failed[place] = failed.get(place, False) or unit.is_error
    values = averaged(((u.cluster, u.key), u.value) for series in repeats for u in series.units)
    return repeats[0].model_copy(
        update={
            "units": tuple(
                unit.model_copy(
                    update={
                        "value": values[place],
                        "is_error": failed[place] and values[place] is None,
                    }
                )
                for place, unit in units.items()
            )
        }
    )


def _totals(sides: Sequence[Side]) -> list[tuple[str, float | None]]:
    return [(name, value) for side in sides for name, value in side.totals.items()]


def _cluster_means(side: Side) -> dict[str, float]:
    series = next(series for series in side.series if series.name == side.primary)
    means = averaged((unit.cluster, unit.value) for unit in series.units)
    return {cluster: mean for cluster, mean in means.items() if mean is not None}
