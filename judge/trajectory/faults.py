"""What is wrong in the shape of a trajectory file: all of it at once, each with its place."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from results.errors import InputError

SHOWN = 20


class Faults:
    """Reads values out of a decoded document and collects what is not as its form asks."""

    def __init__(self, path: str, form: str) -> None:
        self.path = path
        self.form = form
        self.found: list[str] = []
        self.count = 0

    def add(self, pointer: str, what: str) -> None:
        self.count += 1
        if len(self.found) < SHOWN:
            self.found.append(f"{pointer or '/'} {what}")

    def refuse(self) -> None:
        """Raises InputError with every fault, if there are any."""
        if not self.count:
            return
        noun = "1 fault" if self.count == 1 else f"{self.count} faults"
        more = f"; and {self.count - SHOWN} more" if self.count > SHOWN else ""
        raise InputError(
            f"The trajectory {self.path} is not in the {self.form} form, with {noun}: "
            f"{'; '.join(self.found)}{more}."
        )

    def value(self, parent: Mapping[str, Any], key: str, pointer: str) -> Any:
        """The value of a key that must be there; None with a fault where it is missing."""
        if key not in parent:
            self.add(f"{pointer}/{key}", "is missing")
            return None
        return parent[key]

    def text(
        self, parent: Mapping[str, Any], key: str, pointer: str, *, or_null: bool = False
    ) -> str:
        """The text of a key that must be there; "" for null where that is allowed."""
        if key not in parent:
            self.add(f"{pointer}/{key}", "is missing")
            return ""
        value = parent[key]
        if isinstance(value, str):
            return value
        if value is not None or not or_null:
            wanted = "a text or null" if or_null else "a text"
            self.add(f"{pointer}/{key}", f"should be {wanted} and is {kind_of(value)}")
        return ""

    def integer(self, parent: Mapping[str, Any], key: str, pointer: str) -> int:
        if key not in parent:
            self.add(f"{pointer}/{key}", "is missing")
            return 0
        value = parent[key]
        if isinstance(value, float) and value.is_integer():
            return int(value)  # JSON Schema counts 1.0 among the integers
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        self.add(f"{pointer}/{key}", f"should be a whole number and is {kind_of(value)}")
        return 0

    def number(self, parent: Mapping[str, Any], key: str, pointer: str) -> float:
        if key not in parent:
            self.add(f"{pointer}/{key}", "is missing")
            return 0.0
        value = as_number(parent[key])
        if value is None:
            self.add(f"{pointer}/{key}", f"should be a number and is {kind_of(parent[key])}")
            return 0.0
        return value


def as_number(value: object) -> float | None:
    """A finite float of a JSON number, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def kind_of(value: object) -> str:
    """What a JSON value is, in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, list) else "an object"
