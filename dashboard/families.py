"""Families of benchmarks, as pages call them, and the family of what a run measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from benchmarks.reference import canonical_benchmark, family

JUDGED = "requirements of tasks"
"""What runs of judges measure agents on, as a benchmark's name."""
AGENTS, OTHER = "agents", "other"

TITLES: Mapping[str, str] = {
    "video segmentation": "Video segmentation",
    "image segmentation": "Image segmentation",
    "video QA": "Video QA",
    "image QA": "Image QA",
    "language": "Language",
    "API calling": "API calling",
    AGENTS: "Agents",
    OTHER: "Speed and size",
}
"""Family, as published figures have it -> its title, in the order in which pages offer them."""


def place(benchmark: str) -> tuple[str, str]:
    """The one name of a run's benchmark, and its family; `other` for one that nobody knows.

    >>> place("DAVIS 2017"), place("something new")
    (('davis2017', 'video segmentation'), ('something new', 'other'))
    """
    known = canonical_benchmark(benchmark)
    return known, AGENTS if known == JUDGED else family(known)


def present(families: Iterable[str]) -> list[str]:
    """Those of the families, each once, in the order in which pages offer them."""
    found = {family if family in TITLES else OTHER for family in families}
    return [family for family in TITLES if family in found]
