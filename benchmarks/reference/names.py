"""What different papers call the same: systems, variants, benchmarks, splits and metrics."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple, TypeVar

from pydantic import ConfigDict

from benchmarks.reference.published import FOLDER, NAMES, PublishedRow
from benchmarks.reference.yaml_files import read_model
from results.errors import InputError
from results.records import Value

FAMILIES = (
    "agents",
    "video segmentation",
    "image segmentation",
    "video QA",
    "API calling",
    "language",
    "image QA",
    "other",
)
"""What a leaderboard puts together; `other` is speed, size and the rest."""

_K = TypeVar("_K")
_V = TypeVar("_V")
_NO_VARIANT = ("-", "default")


class Key(NamedTuple):
    """What a figure is of. Two published rows with one key say the same thing twice."""

    system: str
    variant: str
    benchmark: str
    """The name that a `judge bench` command takes, where there is one."""
    split: str
    metric: str


def key_of(row: PublishedRow) -> Key:
    """A row's key; what `names.yaml` does not know keeps its printed name.

    >>> from benchmarks.reference.published import published_rows
    >>> key_of(published_rows()[0])._fields
    ('system', 'variant', 'benchmark', 'split', 'metric')
    """
    names = _names()
    variant = "" if row.variant in (*_NO_VARIANT, row.system) else row.variant
    system, variant = names.systems.get((row.paper, row.system, row.variant), (row.system, variant))
    split = "" if row.split == "-" else row.split
    metric = names.metrics.get(row.metric, row.metric)
    place = names.places.get((row.benchmark, row.split))
    if place is None:
        return Key(system, variant, row.benchmark, split, metric)
    return Key(system, variant, place.benchmark, place.split, place.metric or metric)


def canonical_benchmark(name: str) -> str:
    """A benchmark's one name, from any of its names; an unknown one is its own.

    >>> canonical_benchmark("DAVIS 2017"), canonical_benchmark("davis2017")
    ('davis2017', 'davis2017')
    """
    return _names().benchmarks.get(name, name)


def family(benchmark: str) -> str:
    """Which of `FAMILIES` a benchmark belongs to, by any of its names; `other` if unknown.

    >>> family("SA-V"), family("video-mme"), family("model size")
    ('video segmentation', 'video QA', 'other')
    """
    return _names().families.get(canonical_benchmark(benchmark), "other")


class _Place(Value):
    benchmark: str
    split: str
    metric: str | None = None


@dataclass(frozen=True)
class _Names:
    systems: dict[tuple[str, str, str], tuple[str, str]]
    benchmarks: dict[str, str]
    families: dict[str, str]
    places: dict[tuple[str, str], _Place]
    metrics: dict[str, str]


class _Strict(Value):
    model_config = ConfigDict(strict=True)


class _Renamed(_Strict):
    split: str
    metric: str


_Splits = list[str] | dict[str, str | _Renamed]


class _File(_Strict):
    systems: dict[str, dict[str, list[list[str]]]]
    benchmarks: dict[str, dict[str, list[str] | dict[str, _Splits]]]
    metrics: dict[str, list[str]]


@cache
def _names() -> _Names:
    return read_names(FOLDER / NAMES)


def read_names(path: Path) -> _Names:
    """The names in a file; InputError where something printed would mean two things."""
    file = read_model(path, _File)
    names = _Names({}, {}, {}, {}, {})
    for system, variants in file.systems.items():
        for variant, printed in variants.items():
            for triple in printed:
                if len(triple) != 3:
                    raise InputError(
                        f"{path}, `systems.{system}.{variant}`: not [paper, system, variant]:"
                        f" {triple}."
                    )
                paper, own_system, own_variant = triple
                _add(path, names.systems, (paper, own_system, own_variant), (system, variant))
    for group, benchmarks in file.benchmarks.items():
        if group not in FAMILIES:
            raise InputError(
                f"{path}, `benchmarks.{group}`: a family is one of {', '.join(FAMILIES)}."
            )
        for benchmark, given in benchmarks.items():
            _add(path, names.families, benchmark, group)
            names.benchmarks[benchmark] = benchmark
            printed_as: dict[str, _Splits] = (
                {benchmark: given} if isinstance(given, list) else dict(given)
            )
            for printed_name, splits in printed_as.items():
                # COCO is printed for two benchmarks; alone it means the one that is first.
                names.benchmarks.setdefault(printed_name, benchmark)
                for split, place in _places(benchmark, splits):
                    _add(path, names.places, (printed_name, split), place)
    for metric, printed_metrics in file.metrics.items():
        for name in printed_metrics:
            _add(path, names.metrics, name, metric)
    return names


def _places(benchmark: str, splits: _Splits) -> list[tuple[str, _Place]]:
    if isinstance(splits, list):
        return [
            (name, _Place(benchmark=benchmark, split="" if name == "-" else name))
            for name in splits
        ]
    return [
        (name, _Place(benchmark=benchmark, split=split))
        if isinstance(split, str)
        else (name, _Place(benchmark=benchmark, split=split.split, metric=split.metric))
        for name, split in splits.items()
    ]


def _add(path: Path, known: dict[_K, _V], printed: _K, means: _V) -> None:
    if known.setdefault(printed, means) != means:
        raise InputError(f"{path}: {printed!r} means both {known[printed]!r} and {means!r}.")
