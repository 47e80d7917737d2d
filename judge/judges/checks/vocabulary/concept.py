"""What a word of the field is, and how the thing it names shows in code and in results."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


class Kind(StrEnum):
    """What sort of thing a concept is; it decides where the concept is looked for."""

    METHOD = "method"  # an algorithm or model
    LIBRARY = "library"
    DATASET = "dataset"
    ENVIRONMENT = "environment"  # a simulator or game an agent acts in
    STEP = "step"  # something done to data or to a model
    METRIC = "metric"  # a number
    FIGURE = "figure"  # what a picture shows
    APP = "app"  # something a person uses


@dataclass(frozen=True)
class Concept:
    """One word of the field.

    `says` finds it in a requirement. In code it shows by any of: `calls` (see `matches_call`),
    every group of `parts`, `literals` (in a literal argument of a call that is no local one, or in
    a path that is read), or `code` (in a line of code whose comments and strings are blanked).
    `named` finds it in the name of a definition somebody wrote by hand. `labels` finds it in a
    report or table. `context` must stand in the requirement for `says` to count; `family` groups
    methods of which one stands in place of another.
    """

    name: str
    kind: Kind
    says: str
    calls: tuple[str, ...] = ()
    parts: tuple[tuple[str, ...], ...] = ()
    literals: str = ""
    code: str = ""
    named: str = ""
    labels: str = ""
    context: str = ""
    family: str = ""
    is_telling: bool = False  # whether a picture of it cannot be made without one of its signs

    @cached_property
    def says_pattern(self) -> re.Pattern[str]:
        return re.compile(rf"(?<![\w-])(?:{self.says})(?!\w)", re.I)

    @cached_property
    def literals_pattern(self) -> re.Pattern[str] | None:
        return re.compile(self.literals, re.I) if self.literals else None

    @cached_property
    def code_pattern(self) -> re.Pattern[str] | None:
        return re.compile(self.code) if self.code else None

    @cached_property
    def named_pattern(self) -> re.Pattern[str] | None:
        return re.compile(self.named, re.I) if self.named else None

    @cached_property
    def labels_pattern(self) -> re.Pattern[str]:
        return re.compile(rf"(?<![A-Za-z])(?:{self.labels or self.says})(?![A-Za-z])", re.I)

    @cached_property
    def context_pattern(self) -> re.Pattern[str] | None:
        return re.compile(self.context, re.I) if self.context else None


def matches_call(pattern: str, name: str) -> bool:
    """Whether a dotted call name fits a pattern.

    `sklearn.svm.*` takes whatever begins so, `.fillna` a method of that name on anything, a dotted
    name itself and its methods, and a bare name stands for any one component.
    """
    if pattern.endswith("*"):
        return name.startswith(pattern[:-1])
    if pattern.startswith("."):
        return name.endswith(pattern)
    if "." in pattern:
        return name == pattern or name.startswith(pattern + ".")
    return pattern in name.split(".")


def table(kind: Kind, family: str = "") -> _Table:
    """A maker of concepts of one kind, for the tables of the vocabulary."""
    return _Table(kind, family)


@dataclass(frozen=True)
class _Table:
    kind: Kind
    family: str

    def __call__(
        self,
        name: str,
        says: str,
        calls: str = "",
        *,
        parts: tuple[str, ...] = (),
        literals: str = "",
        code: str = "",
        named: str = "",
        labels: str = "",
        context: str = "",
        is_telling: bool = False,
    ) -> Concept:
        return Concept(
            name=name,
            kind=self.kind,
            says=says,
            calls=tuple(calls.split()),
            parts=tuple(tuple(part.split()) for part in parts),
            literals=literals,
            code=code,
            named=named,
            labels=labels,
            context=context,
            family=self.family,
            is_telling=is_telling,
        )
