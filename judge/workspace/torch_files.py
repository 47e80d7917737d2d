"""Reader for what torch.save writes, as a zip archive or in the older form: tensors by name.

The layouts: torch/serialization.py (`_save`, `_legacy_save`) and torch/_utils.py.
"""

from __future__ import annotations

import io
import math
import zipfile
from typing import Any, NamedTuple

from judge.workspace.artifact import ArtifactState, Damaged, Found, Unread
from judge.workspace.pickle_machine import Machine, TooLong
from judge.workspace.pickle_tape import Tape
from judge.workspace.pickle_values import Made, Mapping, Stored
from judge.workspace.pickles import attributes, contents, count, described, kind_name
from judge.workspace.source import Source
from judge.workspace.zips import member_bytes

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
MOST_PICKLE_BYTES = 32 << 20
MOST_LISTED = 200
MOST_SAMPLED = 16 << 20
_SAMPLE = 1 << 16
_ITEM_SIZES = {
    "Double": 8, "Long": 8, "ComplexFloat": 8, "ComplexDouble": 16, "Float": 4, "Int": 4,
    "Half": 2, "BFloat16": 2, "Short": 2, "Char": 1, "Byte": 1, "Bool": 1,
}  # fmt: skip


class Tensor(NamedTuple):
    """A tensor by its name; `storage` is the key of the storage that holds its elements."""

    name: str
    shape: tuple[int, ...]
    storage: str

    @property
    def elements(self) -> int:
        return math.prod(self.shape)


def read_torch_zip(source: Source, archive: zipfile.ZipFile, data: zipfile.ZipInfo) -> Found:
    """Raises Damaged where a storage that a tensor needs is missing or cut."""
    pickled = member_bytes(archive, data, MOST_PICKLE_BYTES)
    machine = Machine(Tape(io.BytesIO(pickled)))
    try:
        root = machine.run()
    except TooLong:
        raise Unread("it has more opcodes than are followed") from None
    folder = data.filename[: -len("data.pkl")]
    members = {member.filename: member for member in archive.infolist()}
    tensors, needed = tensors_in(root)
    sizes = {
        key: members[f"{folder}data/{key}"].file_size
        for key in needed
        if f"{folder}data/{key}" in members
    }
    missing = [key for key, bytes_ in needed.items() if sizes.get(key, -1) < bytes_]
    if missing:
        raise Damaged(f"{len(missing)} of its {len(needed)} storages are missing or cut")
    stored = [members[f"{folder}data/{key}"] for key in needed]
    return _told(machine, root, tensors, _is_zero_zip(archive, stored))


def _is_zero_zip(archive: zipfile.ZipFile, stored: list[zipfile.ZipInfo]) -> bool:
    looked = 0
    for member in stored:
        if looked >= MOST_SAMPLED:
            return False
        with archive.open(member) as file:
            part = file.read(_SAMPLE)
        looked += len(part)
        if any(part):
            return False
    return True


def is_legacy(head: bytes) -> bool:
    """Whether a file begins with the magic number of the older form."""
    return LEGACY_MAGIC.to_bytes(10, "little") in head[:20]


def read_torch_legacy(source: Source) -> Found:
    """Five pickles (magic number, version, system, object, keys), then the storages."""
    source.file.seek(0)
    machine = Machine(Tape(source.file))
    try:
        for _ in range(3):
            machine.run()
        root = machine.run()
        keys = machine.run()
    except TooLong:
        raise Unread("it has more opcodes than are followed") from None
    tensors, needed = tensors_in(root)
    if not isinstance(keys, list):
        raise Damaged("it has no list of storages")
    is_zero = True
    for key in map(str, keys):
        elements = int.from_bytes(source.file.read(8), "little")
        at = source.file.tell()
        size = needed.get(key, elements)
        is_zero = is_zero and not any(source.file.read(min(_SAMPLE, size)))
        if at + size > source.size:
            raise Damaged("its storages are cut")
        source.file.seek(at + size)
    return _told(machine, root, tensors, is_zero)


def tensors_in(root: Any) -> tuple[list[Tensor], dict[str, int]]:
    """(the tensors by name, bytes that each storage must have by its key)."""
    tensors: list[Tensor] = []
    needed: dict[str, int] = {}
    for path, made in contents(root).stored:
        tensor, size = _tensor(path, made)
        if tensor is None:
            continue
        tensors.append(tensor)
        if tensor.storage:
            needed[tensor.storage] = max(size, needed.get(tensor.storage, 0))
    return tensors, needed


def _tensor(path: str, made: Made) -> tuple[Tensor | None, int]:
    """A call of `_rebuild_tensor*`: (storage, offset, shape, stride, ...), storages being
    ("storage", type, key, place, elements)."""
    arguments = made.arguments if isinstance(made.arguments, tuple) else ()
    shape = next(
        (
            value
            for value in arguments
            if isinstance(value, tuple) and all(isinstance(side, int) for side in value)
        ),
        None,
    )
    if shape is None:
        return None, 0
    held = arguments[0]
    key = held.key if isinstance(held, Stored) else None
    if not isinstance(key, tuple) or len(key) < 5 or not isinstance(key[4], int):
        return Tensor(path, shape, ""), 0
    kind = getattr(key[1], "name", "").rsplit(".", 1)[-1].removesuffix("Storage")
    return Tensor(path, shape, str(key[2])), key[4] * _ITEM_SIZES.get(kind, 1)


def _told(machine: Machine, root: Any, tensors: list[Tensor], is_zero: bool) -> Found:
    found = contents(root)
    parameters = sum({(t.storage, t.name): t.elements for t in tensors}.values())
    facts: dict[str, Any] = {
        "class": kind_name(root),
        "keys": [
            str(key)[:80]
            for key, _ in (root.pairs if isinstance(root, Mapping | Made) else [])
            if isinstance(key, str)
        ][:MOST_LISTED],
        "attributes": attributes(root),
        "tensors": len(tensors) + len(found.arrays),
        "parameters": parameters + sum(count(array) for _, array in found.arrays),
        "tensor_names": [tensor.name for tensor in tensors[:MOST_LISTED]],
        "shapes": [f"{tensor.name} {list(tensor.shape)}" for tensor in tensors[:MOST_LISTED]],
        "arrays": [described(path, array) for path, array in found.arrays[:60]],
        "globals": [name for name in machine.names if not name.startswith("torch._utils.")][:200],
        "strings": list(found.strings)[:40],
    }
    text = "\n".join(facts["shapes"])
    if not facts["parameters"]:
        sign = "it holds no parameter"
        return Found("model", "torch", ArtifactState.PLACEHOLDER, facts, text, (sign,))
    if is_zero and tensors and not found.arrays and parameters > 1:
        sign = "every parameter is zero"
        return Found("model", "torch", ArtifactState.PLACEHOLDER, facts, text, (sign,))
    return Found("model", "torch", facts=facts, text=text)
