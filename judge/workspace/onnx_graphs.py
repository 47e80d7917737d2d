"""Reader for ONNX by the protobuf wire format: nodes, inputs, initialisers.

Field numbers: onnx/onnx.proto (ModelProto, GraphProto, NodeProto, TensorProto, ValueInfoProto).
"""

from __future__ import annotations

import math
import mmap
from collections.abc import Iterator
from typing import Any

from judge.workspace.artifact import ArtifactState, Damaged, Found
from judge.workspace.source import Source

MOST_FIELDS = 200_000
MOST_LISTED = 200
_SAMPLE = 1 << 16
_ITEM_SIZES = {1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 16: 2}

Field = tuple[int, "int | memoryview"]


def read_onnx(source: Source) -> Found:
    with mmap.mmap(source.file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        view = memoryview(mapped)
        try:
            return _Graph().read(view)
        finally:
            view.release()


class _Graph:
    def __init__(self) -> None:
        self.left = MOST_FIELDS
        self.operators: dict[str, int] = {}
        self.names: list[str] = []
        self.ends: dict[str, list[str]] = {"inputs": [], "outputs": []}
        self.nodes = self.tensors = self.parameters = 0
        self.outside = 0
        self.looked = 0
        self.has_value = False
        self.attributes = 0

    def read(self, view: memoryview) -> Found:
        producer = ""
        versions: list[int] = []
        has_graph = False
        for number, value in self.fields(view):
            if number == 1 and isinstance(value, int):
                versions.append(value)
            elif number == 2 and isinstance(value, memoryview):
                producer = _text(value)
            elif number == 7 and isinstance(value, memoryview):
                has_graph = True
                self._graph(value)
        if not has_graph or not versions:
            raise Damaged("it holds no graph")
        facts: dict[str, Any] = {
            "producer": producer,
            "nodes": self.nodes,
            "operators": dict(sorted(self.operators.items())[:MOST_LISTED]),
            "tensors": self.tensors,
            "parameters": self.parameters,
            "tensor_names": self.names,
            **self.ends,
        }
        text = "\n".join(f"{name}: {number}" for name, number in facts["operators"].items())
        if self.outside:
            facts["outside_tensors"] = self.outside
        if self.nodes == 0:
            sign = "its graph has no node"
            return Found("model", "onnx", ArtifactState.PLACEHOLDER, facts, text, (sign,))
        if self.parameters > 1 and not self.has_value and not self.outside:
            sign = "every parameter is zero"
            return Found("model", "onnx", ArtifactState.PLACEHOLDER, facts, text, (sign,))
        return Found("model", "onnx", facts=facts, text=text)

    def fields(self, view: memoryview) -> Iterator[Field]:
        """(number, value) of each field. Raises Damaged where they do not follow the format."""
        at = 0
        while at < len(view):
            self.left -= 1
            if self.left < 0:
                raise Damaged("its graph has more parts than are read")
            tag, at = _varint(view, at)
            number, wire = tag >> 3, tag & 7
            if wire == 0:
                value, at = _varint(view, at)
                yield number, value
            elif wire == 2:
                length, at = _varint(view, at)
                if at + length > len(view):
                    raise Damaged("a part of its graph is cut")
                yield number, view[at : at + length]
                at += length
            elif wire in (1, 5):
                at += 8 if wire == 1 else 4
                if at > len(view):
                    raise Damaged("a part of its graph is cut")
            else:
                raise Damaged("it is not in the format of onnx")

    def _graph(self, view: memoryview) -> None:
        for number, value in self.fields(view):
            if not isinstance(value, memoryview):
                continue
            if number == 1:
                self._node(value)
            elif number == 5:
                self._tensor(value)
            elif number in (11, 12):
                name = next((_text(v) for n, v in self.fields(value) if n == 1), "")
                ends = self.ends["inputs" if number == 11 else "outputs"]
                if len(ends) < MOST_LISTED:
                    ends.append(name)

    def _node(self, view: memoryview) -> None:
        self.nodes += 1
        for number, value in self.fields(view):
            if number == 4 and isinstance(value, memoryview):
                name = _text(value)
                self.operators[name] = self.operators.get(name, 0) + 1
            elif number == 5:
                self.attributes += 1

    def _tensor(self, view: memoryview) -> None:
        shape: list[int] = []
        kind = held = 0
        name = ""
        is_raw = is_outside = False
        for number, value in self.fields(view):
            if number == 1:
                shape += [value] if isinstance(value, int) else _varints(value)
            elif number == 2 and isinstance(value, int):
                kind = value
            elif number == 8 and isinstance(value, memoryview):
                name = _text(value)
            elif number == 14 and value == 1:
                is_outside = True
            elif number in (4, 5, 6, 7, 9, 10, 11) and isinstance(value, memoryview):
                is_raw = is_raw or number == 9
                held += len(value)
                self._look(value)
        count = math.prod(shape)
        if is_raw and held < count * _ITEM_SIZES.get(kind, 0):
            raise Damaged(f"the elements of {name[:80]} are cut")
        if not held and count and not is_outside:
            raise Damaged(f"{name[:80]} has no elements")
        self.tensors += 1
        self.parameters += count
        self.outside += is_outside
        if len(self.names) < MOST_LISTED:
            self.names.append(name)

    def _look(self, values: memoryview) -> None:
        if not self.has_value and self.looked < 1 << 24:
            self.looked += min(len(values), _SAMPLE)
            self.has_value = any(bytes(values[:_SAMPLE]))


def _text(value: object) -> str:
    return bytes(value[:200]).decode("utf-8", "replace") if isinstance(value, memoryview) else ""


def _varints(view: memoryview) -> list[int]:
    found: list[int] = []
    at = 0
    while at < len(view) and len(found) < 64:
        value, at = _varint(view, at)
        found.append(value)
    return found


def _varint(view: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(view) or shift > 63:
            raise Damaged("it is not in the format of onnx")
        byte = view[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
