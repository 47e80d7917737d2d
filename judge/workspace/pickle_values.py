"""What a pickle would build, as records: names, calls, arrays; nothing of it is built."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

from judge.workspace.artifact import Damaged
from judge.workspace.pickle_tape import Blob

_RECONSTRUCT = re.compile(r"^numpy\.(?:_?core\.)?multiarray\._reconstruct$")
_FROM_BUFFER = re.compile(r"^numpy\.(?:_?core\.)?numeric\._frombuffer$")
_SCALAR = re.compile(r"^numpy\.(?:_?core\.)?multiarray\.scalar$")


@dataclass(slots=True)
class Named:
    """A global: a class or function by its dotted name."""

    name: str


@dataclass(slots=True)
class Mapping:
    """A dictionary; keys may be anything, so the pairs are kept in order."""

    pairs: list[tuple[Any, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Stored:
    """A persistent id, as torch writes for its storages."""

    key: Any


@dataclass(slots=True)
class Array:
    """A numeric array: `is_zero` is None where its elements were not looked at."""

    dtype: str = ""
    shape: tuple[int, ...] = ()
    is_zero: bool | None = None


@dataclass(slots=True)
class Made:
    """An object that a call would make; `state` is what it would be given."""

    maker: str
    arguments: Any = ()
    state: Any = None
    items: list[Any] = field(default_factory=list)
    pairs: list[tuple[Any, Any]] = field(default_factory=list)


def made_by(maker: Any, arguments: Any) -> Any:
    """What a call of `maker` would give: an array where it makes one, else a record of the call.

    Like the others below, raises TypeError, ValueError or IndexError where the parts do not fit.
    """
    name = maker.name if isinstance(maker, Named) else "something"
    if name in ("copyreg._reconstructor", "copy_reg._reconstructor", "copyreg.__newobj__"):
        first = arguments[0]
        return Made(first.name if isinstance(first, Named) else "something", arguments[1:])
    if _RECONSTRUCT.match(name):
        return Array()
    if _FROM_BUFFER.match(name):
        held = arguments[0]
        is_zero = held.is_zero if isinstance(held, Blob) else None
        return Array(dtype_name(arguments[1]), shape_of(arguments[2]), is_zero)
    return Made(name, arguments)


def fill(array: Array, state: Any) -> None:
    """Gives an array its state: (version, shape, dtype, is Fortran, elements)."""
    if not isinstance(state, tuple) or len(state) < 5:
        raise TypeError
    array.shape, array.dtype = shape_of(state[1]), dtype_name(state[2])
    if isinstance(state[4], Blob):
        if state[4].length < math.prod(array.shape) * item_size(array.dtype):
            raise Damaged("the elements of an array are cut")
        array.is_zero = state[4].is_zero


def dtype_name(value: Any) -> str:
    """The code of a numpy dtype (`f8`, `<U5`); "" where it has none."""
    if isinstance(value, Made) and isinstance(value.arguments, tuple) and value.arguments:
        first = value.arguments[0]
        return first if isinstance(first, str) else ""
    return value.name.rsplit(".", 1)[-1] if isinstance(value, Named) else ""


def shape_of(value: Any) -> tuple[int, ...]:
    """The sides of an array."""
    if isinstance(value, tuple | list) and all(isinstance(side, int) for side in value):
        if any(side < 0 for side in value):
            raise ValueError
        return tuple(value)
    if isinstance(value, int):
        return (value,)
    raise TypeError


def item_size(dtype: str) -> int:
    """Bytes of one element, by the code of its dtype."""
    size = re.search(r"(\d+)$", dtype)
    if size is None:
        return 1 if dtype in ("b", "B", "?") else 0
    return int(size.group(1)) * (4 if dtype.lstrip("<>|=").startswith("U") else 1)


def is_scalar(value: Any) -> bool:
    """Whether an object stands for one numpy number."""
    return isinstance(value, Made) and bool(_SCALAR.match(value.maker))
