"""Reader for npy and npz: shapes, types and ranges; object arrays are told and never loaded."""

from __future__ import annotations

import io
import math
import zipfile
from typing import Any, BinaryIO, NamedTuple

from judge.workspace.artifact import ArtifactState, Damaged, Found
from judge.workspace.source import Source
from judge.workspace.zips import check_members, member_head, open_zip

MOST_MEMBERS = 500
MOST_SAMPLED = 8 << 20
_HEADER_BYTES = 12_000


class Header(NamedTuple):
    """What an npy file says of its array; `data_at` is where the elements begin, in bytes."""

    shape: tuple[int, ...]
    dtype: Any
    data_at: int

    @property
    def elements(self) -> int:
        return math.prod(self.shape)

    @property
    def described(self) -> str:
        return f"{self.dtype} {list(self.shape)}"


def read_array(source: Source) -> Found:
    if source.format == "npz":
        return _read_npz(source)
    return _read_npy(source)


def npy_header(head: bytes) -> Header:
    """Raises Damaged where the bytes are no npy header."""
    import numpy as np

    file = io.BytesIO(head)
    try:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        else:
            shape, _, dtype = np.lib.format.read_array_header_2_0(file)
    except (ValueError, TypeError, SyntaxError, KeyError, UnicodeDecodeError):
        raise Damaged("it has no whole npy header") from None
    if any(side < 0 for side in shape):
        raise Damaged("a side of its shape is negative")
    return Header(tuple(shape), dtype, file.tell())


def _read_npy(source: Source) -> Found:
    header = npy_header(source.beginning(_HEADER_BYTES))
    facts: dict[str, Any] = {
        "shape": list(header.shape),
        "dtype": str(header.dtype)[:200],
        "parameters": header.elements,
    }
    if header.elements == 0:
        sign = "it holds no element"
        return Found("array", "npy", ArtifactState.EMPTY, facts, signs=(sign,))
    if header.dtype.hasobject:
        facts["objects"] = True
        cut = "its elements are Python objects, which are not loaded"
        sound = source.size > header.data_at + 2 and source.end(1) == b"."
        if not sound:
            raise Damaged("the pickle of its objects is cut")
        return Found("array", "npy", facts=facts, cuts=(cut,))
    wanted = header.elements * header.dtype.itemsize
    if source.size < header.data_at + wanted:
        raise Damaged(f"{source.size - header.data_at} of {wanted} bytes of elements are there")
    source.file.seek(header.data_at)
    facts |= _range_facts(source.file, header)
    cuts = (f"elements after {MOST_SAMPLED} bytes",) if wanted > MOST_SAMPLED else ()
    state, signs = _state(facts)
    return Found("array", "npy", state, facts, signs=signs, cuts=cuts)


def _range_facts(file: BinaryIO, header: Header) -> dict[str, Any]:
    import numpy as np

    if header.dtype.kind not in "biuf" or not header.dtype.itemsize:
        return {}
    count = min(header.elements, MOST_SAMPLED // header.dtype.itemsize)
    values = np.frombuffer(file.read(count * header.dtype.itemsize), dtype=header.dtype)
    if header.dtype.kind == "f":
        missing = int(np.isnan(values).sum())
        if missing == len(values):
            return {"nan_share": 1.0}
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        share = {"nan_share": round(missing / len(values), 4)} if missing else {}
    else:
        low, high = int(values.min()), int(values.max())
        share = {}
    return {"minimum": low, "maximum": high, "is_constant": low == high and count > 1, **share}


def _state(facts: dict[str, Any]) -> tuple[ArtifactState, tuple[str, ...]]:
    if facts.get("nan_share") == 1.0:
        return ArtifactState.PLACEHOLDER, ("every element is NaN",)
    if facts.get("is_constant"):
        if facts["minimum"] == 0:
            return ArtifactState.PLACEHOLDER, ("every element is zero",)
        return ArtifactState.VALID, ("every element is the same",)
    return ArtifactState.VALID, ()


def _read_npz(source: Source) -> Found:
    with open_zip(source) as archive:
        members = archive.infolist()
        shapes: dict[str, Header] = {}
        for member in members[:MOST_MEMBERS]:
            if not member.filename.endswith(".npy"):
                continue
            header = npy_header(member_head(archive, member, _HEADER_BYTES))
            wanted = header.elements * header.dtype.itemsize
            if not header.dtype.hasobject and member.file_size < header.data_at + wanted:
                raise Damaged(f"the elements of {member.filename[:80]} are cut")
            shapes[member.filename.removesuffix(".npy")] = header
        cuts = check_members(archive, members)
        is_zero = _are_zero(archive, members, shapes)
    if len(members) > MOST_MEMBERS:
        cuts = (*cuts, f"members after {MOST_MEMBERS}")
    facts: dict[str, Any] = {
        "members": sorted(shapes),
        "arrays": [f"{name} {header.described}" for name, header in sorted(shapes.items())],
        "tensors": len(shapes),
        "parameters": sum(header.elements for header in shapes.values()),
    }
    if any(header.dtype.hasobject for header in shapes.values()):
        facts["objects"] = True
        cuts = (*cuts, "elements that are Python objects are not loaded")
    if facts["parameters"] == 0:
        sign = "it holds no element"
        return Found("array", "npz", ArtifactState.EMPTY, facts, signs=(sign,))
    if is_zero:
        sign = "every element is zero"
        return Found("array", "npz", ArtifactState.PLACEHOLDER, facts, signs=(sign,), cuts=cuts)
    return Found("array", "npz", facts=facts, cuts=cuts)


def _are_zero(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], shapes: dict[str, Header]
) -> bool:
    """Whether the elements of every array are zeros, as far as is read of each."""
    most = MOST_SAMPLED // max(1, len(shapes))
    for member in members[:MOST_MEMBERS]:
        header = shapes.get(member.filename.removesuffix(".npy"))
        if header is None:
            continue
        data = member_head(archive, member, header.data_at + most)[header.data_at :]
        if any(data):
            return False
    return sum(header.elements for header in shapes.values()) > 1
