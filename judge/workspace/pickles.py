"""Reader for pickles and joblib files: classes, attributes and arrays, by their opcodes alone."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from judge.workspace.archives import Bounded, unpacking
from judge.workspace.artifact import ArtifactState, Damaged, Found, Unread
from judge.workspace.pickle_machine import Machine, TooLong
from judge.workspace.pickle_tape import Blob, Tape
from judge.workspace.pickle_values import Array, Made, Mapping, Named, Stored, is_scalar
from judge.workspace.source import Source
from judge.workspace.standins import stand_in

MOST_UNPACKED = 96 << 20
MOST_VALUES = 400_000
MOST_LISTED = 60
FEW_WORDS = 50  # a vocabulary has more
_PLUMBING = ("numpy.", "joblib.", "copyreg.", "copy_reg.", "builtins.", "__builtin__.", "_codecs.")


@dataclass
class Contents:
    """What a pickle's root would hold, counted."""

    arrays: list[tuple[str, Array]] = field(default_factory=list)
    stored: list[tuple[str, Made]] = field(default_factory=list)  # torch tensors
    classes: dict[str, None] = field(default_factory=dict)
    fitted: dict[str, None] = field(default_factory=dict)
    strings: dict[str, None] = field(default_factory=dict)
    words: int = 0
    numbers: int = 0
    payload: int = 0
    objects: int = 0
    holding: int = 0  # objects that hold a state, items or pairs
    estimators: int = 0
    is_cut: bool = False


def read_pickle(source: Source) -> Found:
    """Raises Damaged where it is no whole pickle, Unread where it is packed in a way not read."""
    stream = unpacking(source.file)
    cuts: tuple[str, ...] = ()
    if stream is None:
        if source.beginning(4) == b"\x04\x22\x4d\x18":
            raise Unread("it is packed with lz4, which is not read")
        source.file.seek(0)
        stream = source.file
    else:
        stream = Bounded(stream, MOST_UNPACKED)
    machine = Machine(Tape(stream))
    root: Any = None
    try:
        root = machine.run()
    except TooLong:
        if stream is source.file and source.end(1) != b".":
            raise Damaged("its opcodes end before the pickle does") from None
        cuts = (f"opcodes after {machine.opcodes - 1}",)
    except Unread as limit:
        cuts = (str(limit),)
    except (EOFError, OSError):
        raise Damaged("its compressed stream is cut or damaged") from None
    if cuts:
        if not machine.names and not machine.numbers:
            raise Unread("what was read of it holds no object and no number")
        facts: dict[str, Any] = {"globals": _own_names(machine), "numbers": machine.numbers}
        return Found("pickle", "pickle", facts=facts, text="\n".join(facts["globals"]), cuts=cuts)
    return told(machine, root)


def told(machine: Machine, root: Any) -> Found:
    """What the root of a whole pickle is, as facts and a state."""
    found = contents(root)
    facts: dict[str, Any] = {
        "class": kind_name(root),
        "globals": _own_names(machine),
        "attributes": attributes(root),
        "keys": _keys(root),
        "fitted": list(found.fitted)[:MOST_LISTED],
        "arrays": [described(path, array) for path, array in found.arrays[:MOST_LISTED]],
        "tensors": len(found.arrays),
        "parameters": sum(count(array) for _, array in found.arrays),
        "numbers": found.numbers,
        "strings": list(found.strings)[:40],
    }
    if isinstance(root, list | tuple):
        facts["entries"] = len(root)
    cuts = (f"values after {MOST_VALUES}",) if found.is_cut else ()
    text = "\n".join([*facts["globals"], *facts["arrays"]])
    state, signs = _state(root, found, facts)
    return Found("pickle", "pickle", state, facts, text, signs, cuts)


def _state(
    root: Any, found: Contents, facts: dict[str, Any]
) -> tuple[ArtifactState, tuple[str, ...]]:
    sign = ""
    state = ArtifactState.VALID
    elements = facts["parameters"] or found.payload
    if root is None or isinstance(root, bool):
        sign = f"it holds only {root}"
    elif isinstance(root, Named):
        sign = f"it holds only the name {root.name[:80]}"
    elif isinstance(root, str):
        sign = "it holds only a string"
    elif elements or found.numbers:
        if found.arrays and elements and not found.payload and _is_zero(found):
            sign = "every array in it is zero"
        elif found.estimators and not found.fitted and not facts["parameters"]:
            sign = "an estimator without anything learned"
    elif found.objects:
        if found.estimators and not found.fitted:
            sign = "an estimator without anything learned"
        elif not found.holding and found.words < FEW_WORDS:
            sign = "its objects hold nothing"
    elif not found.words:
        sign = f"its {facts['class']} is empty"
    elif found.words <= FEW_WORDS:
        sign = "it holds only a few words"
    if sign:
        state = ArtifactState.PLACEHOLDER
    return state, (sign,) if sign else ()


def _is_zero(found: Contents) -> bool:
    """Whether each array was looked at and holds more than one element, all of them zero."""
    filled = [array for _, array in found.arrays if count(array)]
    return (
        bool(filled)
        and all(array.is_zero for array in filled)
        and sum(map(count, filled)) > 1
        and not any(array.dtype.lstrip("<>|=")[:1] in "OSUM" for array in filled)
    )


def contents(root: Any) -> Contents:
    """Walks what the root holds; each object once, without recursion, up to MOST_VALUES."""
    found = Contents()
    seen: set[int] = set()
    pending: list[tuple[str, Any]] = [("", root)]
    values = 0
    while pending:
        path, value = pending.pop()
        values += 1
        if values > MOST_VALUES:
            found.is_cut = True
            break
        if isinstance(value, bool) or value is None:
            continue
        if isinstance(value, int | float):
            found.numbers += 1
        elif isinstance(value, str):
            _note_string(found, value)
        elif isinstance(value, Blob):
            found.payload += value.length
        elif id(value) not in seen:
            seen.add(id(value))
            if isinstance(value, Array):
                found.arrays.append((path, value))
            elif isinstance(value, Mapping):
                pending += _named(path, value.pairs)
            elif isinstance(value, list | tuple):
                pending += [(path, item) for item in reversed(value)]
            elif isinstance(value, Made):
                pending += _within(path, value, found)
    return found


def _within(path: str, made: Made, found: Contents) -> list[tuple[str, Any]]:
    """What an object holds, noted and named."""
    if made.maker.startswith("torch._utils._rebuild_") and "parameter" not in made.maker:
        found.stored.append((path, made))
        return []
    if is_scalar(made):
        found.numbers += 1
        return []
    if made.maker == "numpy.dtype":
        return []
    found.objects += not made.maker.startswith(_PLUMBING)
    if len(found.classes) < 1_000:
        found.classes[made.maker] = None
    state = made.state
    fields = state.pairs if isinstance(state, Mapping) else []
    names = [key for key, _ in fields if isinstance(key, str)]
    if "_sklearn_version" in names:
        found.estimators += 1
    if made.maker.startswith("sklearn.") or "_sklearn_version" in names:
        for name in names:
            if (name.endswith("_") or name in ("_fit_X", "_tree")) and not name.startswith("__"):
                found.fitted[name] = None
    found.holding += bool(fields or made.items or made.pairs or (state is not None and not fields))
    rest = [made.arguments, made.items, None if fields else state]
    return [*_named(path, made.pairs), *_named(path, fields), *((path, item) for item in rest)]


def _named(path: str, pairs: list[tuple[Any, Any]]) -> list[tuple[str, Any]]:
    named: list[tuple[str, Any]] = []
    for key, value in reversed(pairs):
        if key in ("_modules", "_parameters", "_buffers"):  # torch's own, not in a tensor's name
            named.append((path, value))
        else:
            step = str(key)[:80] if isinstance(key, str | int) else "?"
            named.append((f"{path}.{step}" if path else step, value))
    return named


def _note_string(found: Contents, value: str) -> None:
    found.words += found.words > FEW_WORDS or stand_in(value[:200]) is None
    if value.isprintable() and 0 < len(value) < 120 and len(found.strings) < 200:
        found.strings[value] = None


def kind_name(root: Any) -> str:
    """The class that a root would have, by its name."""
    if isinstance(root, Made):
        return root.maker[:200]
    names = {Mapping: "dict", Array: "numpy.ndarray", Named: "name", Blob: "bytes", Stored: "id"}
    return names.get(type(root), type(root).__name__)


def attributes(root: Any) -> list[str]:
    """The names of an object's attributes; of anything but an object, none."""
    state = root.state if isinstance(root, Made) else None
    pairs = state.pairs if isinstance(state, Mapping) else []
    return [key[:80] for key, _ in pairs if isinstance(key, str)][:MOST_LISTED]


def _keys(root: Any) -> list[str]:
    pairs = root.pairs if isinstance(root, Mapping | Made) else []
    return [key[:80] for key, _ in pairs if isinstance(key, str)][:MOST_LISTED]


def described(path: str, array: Array) -> str:
    """One line on an array: its name, type and shape."""
    return f"{path} {array.dtype} {list(array.shape)}".strip()


def count(array: Array) -> int:
    """How many elements an array has."""
    return math.prod(array.shape)


def _own_names(machine: Machine) -> list[str]:
    """The globals that a pickle names, those of its plumbing last."""
    own = [name for name in machine.names if not name.startswith(_PLUMBING)]
    plumbing = [name for name in machine.names if name.startswith(_PLUMBING)]
    return [*own, *plumbing][:200]
