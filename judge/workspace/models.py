"""Readers for arrays, model files and pickles: their structure only; nothing is ever unpickled."""

from __future__ import annotations

import io
import json
import pickletools
import struct
import zipfile
from typing import Any

from judge.workspace.artifact import ArtifactState, Found

MOST_OPCODES = 200_000
MOST_NAMES = 200


def read_array(content: bytes, path: str, format: str, size: int) -> Found:
    if format == "npz":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            shapes = {}
            for member in archive.infolist()[:MOST_NAMES]:
                with archive.open(member) as file:
                    shapes[member.filename] = _npy_header(file.read(4096))
        facts: dict[str, Any] = {"members": sorted(shapes), "tensors": len(shapes)}
        facts["parameters"] = sum(_count(shape) for shape, _ in shapes.values())
    else:
        shape, kind = _npy_header(content[:4096])
        facts = {"shape": list(shape), "dtype": kind, "parameters": _count(shape)}
    if facts["parameters"] == 0:
        return Found("array", format, ArtifactState.EMPTY, facts, signs=("it holds no element",))
    return Found("array", format, facts=facts)


def _npy_header(head: bytes) -> tuple[tuple[int, ...], str]:
    import numpy as np

    file = io.BytesIO(head)
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    else:
        shape, _, dtype = np.lib.format.read_array_header_2_0(file)
    return shape, str(dtype)


def _count(shape: tuple[int, ...]) -> int:
    total = 1
    for side in shape:
        total *= side
    return total


def read_model(content: bytes, path: str, format: str, size: int) -> Found:
    """pt, pth, ckpt, safetensors, onnx, hdf5, keras, gguf, pickle, joblib, by their content."""
    if content[:8] == b"\x89HDF\r\n\x1a\n":
        return _read_hdf5(content)
    if content[:2] == b"PK":
        return _read_zipped(content, format)
    if format == "safetensors":
        return _read_safetensors(content)
    if format == "onnx":
        return _read_onnx(content)
    if content[:4] == b"GGUF":
        tensors = struct.unpack_from("<Q", content, 8)[0]
        return _with_tensors("gguf", tensors, None, {})
    if content[:1] == b"\x80" or format in ("pickle", "torch"):
        return _read_pickle(content, "pickle" if format in ("pickle", "") else format)
    if content[:2] == b"\x1f\x8b" or content[:1] == b"\x78" or content[:3] == b"BZh":
        return _read_compressed(content, format)
    from judge.workspace.decoding import decode
    from judge.workspace.texts import read_text

    if decode(content) is None:
        return Found("model", format)
    found = read_text(content, path, "text", size)
    state = found.state
    if state is ArtifactState.VALID:
        # XGBoost, LightGBM and libsvm write models as text, and those are full of numbers.
        digits = sum(c.isdigit() for c in found.text[:20_000])
        if digits * 6 < len(found.text[:20_000]) or size < 200:
            sign = "a text where a model should be"
            return Found("text", "text", ArtifactState.BROKEN, found.facts, found.text, (sign,))
    return Found("model", "text", state, found.facts, found.text, found.signs)


def _with_tensors(
    format: str, tensors: int, parameters: int | None, facts: dict[str, Any]
) -> Found:
    facts = {"tensors": tensors, **facts}
    if parameters is not None:
        facts["parameters"] = parameters
    if tensors == 0 or parameters == 0:
        sign = "it holds no parameter"
        return Found("model", format, ArtifactState.PLACEHOLDER, facts, signs=(sign,))
    return Found("model", format, facts=facts)


def _read_safetensors(content: bytes) -> Found:
    length = struct.unpack_from("<Q", content)[0]
    if length > len(content) - 8:
        raise ValueError("the header is cut")
    header = json.loads(content[8 : 8 + length])
    header.pop("__metadata__", None)
    end = max((entry["data_offsets"][1] for entry in header.values()), default=0)
    if 8 + length + end > len(content):
        raise ValueError("the tensors are cut")
    parameters = sum(_count(tuple(entry["shape"])) for entry in header.values())
    names = {"tensor_names": sorted(header)[:MOST_NAMES]}
    return _with_tensors("safetensors", len(header), parameters, names)


def _read_hdf5(content: bytes) -> Found:
    import h5py

    names: list[str] = []
    parameters = 0

    def visit(name: str, item: Any) -> None:
        nonlocal parameters
        if isinstance(item, h5py.Dataset):
            names.append(name)
            parameters += int(item.size or 0)

    with h5py.File(io.BytesIO(content), "r") as file:
        file.visititems(visit)
    return _with_tensors("hdf5", len(names), parameters, {"tensor_names": names[:MOST_NAMES]})


def _read_zipped(content: bytes, format: str) -> Found:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        names = [member.filename for member in members]
        broken = [m.filename for m in members if m.flag_bits & 1]
        data = next((m for m in members if m.filename.endswith("data.pkl")), None)
        if broken:
            sign = "it is encrypted"
            return Found("model", format, ArtifactState.UNREADABLE, signs=(sign,))
        if data is not None and data.file_size < (16 << 20):
            storages = [m for m in members if "/data/" in m.filename]
            pickled = _opcodes(archive.read(data))
            facts = {"tensor_names": pickled["strings"][:MOST_NAMES]}
            volume = sum(m.file_size for m in storages)
            return _with_tensors("torch", len(storages), volume // 4 or None, facts)
        weights = next((m for m in members if m.filename.endswith((".h5", ".hdf5"))), None)
        if weights is not None and weights.file_size < (256 << 20):
            return _read_hdf5(archive.read(weights))
    if not names:
        return Found("model", format, ArtifactState.EMPTY, signs=("an archive without members",))
    return Found("model", format, facts={"members": names[:MOST_NAMES]})


def _read_compressed(content: bytes, format: str) -> Found:
    import bz2
    import zlib

    if content[:3] == b"BZh":
        plain = bz2.BZ2Decompressor().decompress(content, 64 << 20)
    else:
        plain = zlib.decompressobj(47).decompress(content, 64 << 20)
    return _read_pickle(plain, format)


def _opcodes(content: bytes) -> dict[str, Any]:
    """What the opcodes of a pickle name; the pickle itself is not loaded."""
    names: list[str] = []
    strings: list[str] = []
    numbers = payload = count = 0
    is_whole = False
    try:
        for opcode, argument, _ in pickletools.genops(content):
            count += 1
            if opcode.name == "STOP":
                is_whole = True
                break
            if count > MOST_OPCODES:
                is_whole = True
                break
            if opcode.name == "GLOBAL":
                names.append(str(argument).replace(" ", "."))
            elif opcode.name == "STACK_GLOBAL" and len(strings) > 1:
                names.append(f"{strings[-2]}.{strings[-1]}")
            elif isinstance(argument, str):
                strings.append(argument)
            elif isinstance(argument, bytes):
                payload += len(argument)
            elif isinstance(argument, (int, float)) and "PUT" not in opcode.name:
                numbers += opcode.name.startswith(("BIN", "INT", "LONG", "FLOAT"))
    except (ValueError, IndexError, struct.error, EOFError, UnicodeDecodeError):
        # joblib puts raw arrays between the opcodes, which ends the walk in the midst of them.
        is_whole = any("numpy" in name or "joblib" in name for name in names)
    return {
        "names": list(dict.fromkeys(names)),
        "strings": list(dict.fromkeys(s for s in strings if s.isprintable() and len(s) < 120)),
        "numbers": numbers,
        "payload": payload,
        "is_whole": is_whole and count > 1,
    }


def _read_pickle(content: bytes, format: str) -> Found:
    seen = _opcodes(content)
    facts = {"globals": seen["names"][:MOST_NAMES], "strings": seen["strings"][:40]}
    if not seen["is_whole"]:
        sign = "its opcodes end before the pickle does"
        return Found("pickle", format, ArtifactState.BROKEN, facts, signs=(sign,))
    if not seen["names"] and not seen["numbers"] and seen["payload"] < 16:
        sign = "it holds no object, array or number"
        return Found("pickle", format, ArtifactState.PLACEHOLDER, facts, signs=(sign,))
    return Found("pickle", format, facts=facts, text="\n".join(seen["names"]))


def _read_onnx(content: bytes) -> Found:
    """The graph's nodes and initialisers, by the protobuf wire format (ModelProto.graph = 7)."""
    nodes = tensors = parameters = 0
    found = False
    for number, value in _fields(content):
        if number != 7 or not isinstance(value, bytes):
            continue
        found = True
        for inner, part in _fields(value):
            if inner == 1:
                nodes += 1
            elif inner == 5 and isinstance(part, bytes):
                tensors += 1
                parameters += _count(_dimensions(part))
    if not found or nodes == 0:
        sign = "it holds no graph"
        return Found("model", "onnx", ArtifactState.BROKEN, {"nodes": nodes}, signs=(sign,))
    facts = {"nodes": nodes, "tensors": tensors, "parameters": parameters}
    return Found("model", "onnx", facts=facts)


def _dimensions(tensor: bytes) -> tuple[int, ...]:
    sides: list[int] = []
    for number, value in _fields(tensor):
        if number == 1 and isinstance(value, int):
            sides.append(value)
        elif number == 1 and isinstance(value, bytes):
            at = 0
            while at < len(value):
                side, at = _varint(value, at)
                sides.append(side)
    return tuple(sides)


def _fields(content: bytes) -> list[tuple[int, int | bytes]]:
    fields: list[tuple[int, int | bytes]] = []
    at = 0
    while at < len(content):
        tag, at = _varint(content, at)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, at = _varint(content, at)
            fields.append((number, value))
        elif wire == 2:
            length, at = _varint(content, at)
            if at + length > len(content):
                raise ValueError("a field is cut")
            fields.append((number, content[at : at + length]))
            at += length
        elif wire in (1, 5):
            at += 8 if wire == 1 else 4
        else:
            raise ValueError("no protobuf field")
    return fields


def _varint(content: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(content) or shift > 63:
            raise ValueError("a number is cut")
        byte = content[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
