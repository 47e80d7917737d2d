"""Follows a pickle's opcodes symbolically: what would be built, without building anything.

Nothing is imported, called or loaded. Globals become names, calls become records of what would be
called, arrays become shapes. joblib's raw arrays between the opcodes are stepped over as joblib's
own reader would. Opcodes and their arguments are those of the standard library's `pickletools`.
"""

from __future__ import annotations

import math
import pickletools
import struct
from typing import Any

from judge.workspace.artifact import Damaged
from judge.workspace.pickle_tape import Blob, Tape
from judge.workspace.pickle_values import (
    Array,
    Made,
    Mapping,
    Named,
    Stored,
    dtype_name,
    fill,
    item_size,
    made_by,
    shape_of,
)

MOST_OPCODES = 300_000
LONGEST_STRING = 1 << 20


class TooLong(Exception):
    """The pickle has more opcodes than are followed."""


_OPCODES = {opcode.code: opcode for opcode in pickletools.opcodes}


class _Mark:
    pass


_MARK = _Mark()
_LENGTHS = {
    "SHORT_BINBYTES": 1, "BINBYTES": 4, "BINBYTES8": 8, "BYTEARRAY8": 8, "SHORT_BINSTRING": 1,
    "BINSTRING": 4, "SHORT_BINUNICODE": 1, "BINUNICODE": 4, "BINUNICODE8": 8,
}  # fmt: skip
_WRAPPER = "joblib.numpy_pickle.NumpyArrayWrapper"


class Machine:
    """Runs over one pickle at a time; what it saw is kept over several of the same file."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.opcodes = 0
        self.names: dict[str, None] = {}
        self.numbers = 0

    def run(self) -> Any:
        """The root of the next pickle.

        Raises Damaged where it is no whole pickle, TooLong where it has too many opcodes.
        """
        stack: list[Any] = []
        memo: dict[int, Any] = {}
        while True:
            code = self.tape.read(1)
            opcode = _OPCODES.get(code.decode("latin-1"))
            if opcode is None:
                raise Damaged("it is not a pickle")
            self.opcodes += 1
            if self.opcodes > MOST_OPCODES:
                raise TooLong
            argument = self._argument(opcode)
            if opcode.name == "STOP":
                if not stack:
                    raise Damaged("its opcodes leave nothing")
                return stack[-1]
            try:
                self._step(opcode.name, argument, stack, memo)
            except (IndexError, KeyError, TypeError, ValueError):
                raise Damaged("its opcodes do not fit one another") from None

    def _argument(self, opcode: pickletools.OpcodeInfo) -> Any:
        if opcode.arg is None:
            return None
        if opcode.name in _LENGTHS:
            size = int.from_bytes(self.tape.read(_LENGTHS[opcode.name]), "little")
            if "BYTE" in opcode.name or size > LONGEST_STRING:
                return self.tape.blob(size)
            text = self.tape.read(size)
            # Python 2 wrote arrays as strings.
            if "BINSTRING" in opcode.name and size > 64:
                return Blob(size, not any(text))
            return text.decode("utf-8", "replace")
        try:
            return opcode.arg.reader(self.tape)  # type: ignore[arg-type]
        except (ValueError, struct.error, OverflowError):
            raise Damaged("one of its opcodes has no whole argument") from None

    def _step(self, name: str, argument: Any, stack: list[Any], memo: dict[int, Any]) -> None:
        simple = _SIMPLE.get(name)
        if simple is not None:
            stack.append(simple())
        elif name in _LITERAL:
            stack.append(argument)
            self.numbers += isinstance(argument, int | float)
        elif name in ("BINPUT", "LONG_BINPUT", "PUT"):
            memo[int(argument)] = stack[-1]
        elif name == "MEMOIZE":
            memo[len(memo)] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET", "GET"):
            stack.append(memo[int(argument)])
        elif name in _COLLECTING:
            self._collect(name, stack)
        elif name in ("GLOBAL", "STACK_GLOBAL", "EXT1", "EXT2", "EXT4"):
            stack.append(self._global(name, argument, stack))
        elif name in _CALLING:
            self._call(name, argument, stack)
        elif name in ("PERSID", "BINPERSID"):
            stack.append(Stored(argument if name == "PERSID" else stack.pop()))
        elif name == "POP":
            stack.pop()
        elif name == "DUP":
            stack.append(stack[-1])
        elif name == "POP_MARK":
            _above_mark(stack)

    def _collect(self, name: str, stack: list[Any]) -> None:
        if name == "APPEND":
            value = stack.pop()
            _items_of(stack[-1]).append(value)
        elif name in ("APPENDS", "ADDITEMS"):
            values = _above_mark(stack)
            _items_of(stack[-1]).extend(values)
        elif name == "SETITEM":
            value, key = stack.pop(), stack.pop()
            _pairs_of(stack[-1]).append((key, value))
        elif name == "SETITEMS":
            values = _above_mark(stack)
            _pairs_of(stack[-1]).extend(zip(values[::2], values[1::2], strict=True))
        elif name in ("LIST", "FROZENSET"):
            stack.append(_above_mark(stack))
        elif name == "TUPLE":
            stack.append(tuple(_above_mark(stack)))
        elif name == "DICT":
            values = _above_mark(stack)
            stack.append(Mapping(list(zip(values[::2], values[1::2], strict=True))))
        else:
            size = int(name[-1])
            values = stack[-size:]
            if len(values) < size:
                raise IndexError
            stack[-size:] = [tuple(values)]

    def _global(self, name: str, argument: Any, stack: list[Any]) -> Named:
        if name == "GLOBAL":
            dotted = str(argument).replace(" ", ".")
        elif name == "STACK_GLOBAL":
            attribute, module = stack.pop(), stack.pop()
            if not isinstance(module, str) or not isinstance(attribute, str):
                raise TypeError
            dotted = f"{module}.{attribute}"
        else:
            dotted = f"copyreg.extension_{argument}"
        if len(self.names) < 5_000:
            self.names[dotted[:300]] = None
        return Named(dotted)

    def _call(self, name: str, argument: Any, stack: list[Any]) -> None:
        if name == "BUILD":
            state = stack.pop()
            self._build(stack, state)
            return
        if name == "REDUCE" or name == "NEWOBJ":
            arguments, maker = stack.pop(), stack.pop()
        elif name == "NEWOBJ_EX":
            _, arguments, maker = stack.pop(), stack.pop(), stack.pop()
        elif name == "OBJ":
            maker, *rest = _above_mark(stack)
            arguments = tuple(rest)
        else:  # INST
            arguments = tuple(_above_mark(stack))
            maker = self._global("GLOBAL", argument, stack)
        stack.append(made_by(maker, arguments))

    def _build(self, stack: list[Any], state: Any) -> None:
        target = stack[-1]
        if isinstance(target, Array):
            fill(target, state)
        elif isinstance(target, Made):
            target.state = state
            if target.maker == _WRAPPER:
                stack[-1] = self._raw_array(state)

    def _raw_array(self, state: Any) -> Any:
        """Steps over the elements that joblib puts behind the description of an array."""
        told = {key: value for key, value in _pairs_of(state) if isinstance(key, str)}
        array = Array(dtype_name(told.get("dtype")), shape_of(told.get("shape")))
        if array.dtype.startswith("O"):
            inner = Machine(self.tape)
            inner.opcodes = self.opcodes
            inner.names = self.names
            held = inner.run()
            self.opcodes = inner.opcodes
            return Made("numpy.ndarray", (held,))
        if told.get("numpy_array_alignment_bytes") is not None:
            self.tape.read(self.tape.read(1)[0])
        array.is_zero = self.tape.blob(math.prod(array.shape) * item_size(array.dtype)).is_zero
        return array


_SIMPLE: dict[str, Any] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_LIST": list,
    "EMPTY_SET": list,
    "EMPTY_TUPLE": tuple,
    "EMPTY_DICT": Mapping,
    "MARK": lambda: _MARK,
    "NEXT_BUFFER": lambda: Blob(0, False),
}
_LITERAL = frozenset(
    "INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT STRING BINSTRING SHORT_BINSTRING"
    " BINBYTES SHORT_BINBYTES BINBYTES8 BYTEARRAY8 UNICODE BINUNICODE SHORT_BINUNICODE"
    " BINUNICODE8".split()
)
_COLLECTING = frozenset(
    "APPEND APPENDS ADDITEMS SETITEM SETITEMS LIST FROZENSET TUPLE DICT TUPLE1 TUPLE2"
    " TUPLE3".split()
)
_CALLING = frozenset("REDUCE NEWOBJ NEWOBJ_EX OBJ INST BUILD".split())


def _above_mark(stack: list[Any]) -> list[Any]:
    for at in range(len(stack) - 1, -1, -1):
        if stack[at] is _MARK:
            values = stack[at + 1 :]
            del stack[at:]
            return values
    raise IndexError


def _items_of(target: Any) -> list[Any]:
    if isinstance(target, list):
        return target
    if isinstance(target, Made):
        return target.items
    raise TypeError


def _pairs_of(target: Any) -> list[tuple[Any, Any]]:
    if isinstance(target, Mapping | Made):
        return target.pairs
    raise TypeError
