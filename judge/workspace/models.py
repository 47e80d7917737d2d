"""Chooses the reader of a model file by its content; reads safetensors, gguf, keras and text."""

from __future__ import annotations

import io
import json
import math
import struct
import zipfile
from typing import Any

from judge.workspace.artifact import ArtifactState, Damaged, Found, Unread
from judge.workspace.decoding import decode
from judge.workspace.hdf5_files import layers_in, read_hdf5, told
from judge.workspace.onnx_graphs import read_onnx
from judge.workspace.pickles import read_pickle
from judge.workspace.source import Source
from judge.workspace.standins import numbers_in, words_in
from judge.workspace.torch_files import is_legacy, read_torch_legacy, read_torch_zip
from judge.workspace.zips import check_members, member_bytes, open_zip

MOST_HEADER = 16 << 20
MOST_WEIGHTS = 96 << 20
MOST_LISTED = 200
_TEXT_HEAD = 200_000
# Formats in which some libraries write models as text.
_MAY_BE_TEXT = frozenset({"model", "bin"})
_ITEM_BITS = {
    "F64": 64, "I64": 64, "U64": 64, "C64": 64, "F32": 32, "I32": 32, "U32": 32, "F16": 16,
    "BF16": 16, "I16": 16, "U16": 16, "F8_E4M3": 8, "F8_E5M2": 8, "I8": 8, "U8": 8, "BOOL": 8,
}  # fmt: skip


def read_model(source: Source) -> Found:
    """pt, pth, ckpt, safetensors, onnx, hdf5, keras, gguf, pickle, joblib, by their content."""
    head = source.beginning(600)
    if head[:8] == b"\x89HDF\r\n\x1a\n":
        return read_hdf5(source)
    if head[:2] == b"PK":
        return _read_zipped(source)
    if head[:4] == b"GGUF":
        return _read_gguf(source)
    if is_legacy(head):
        return read_torch_legacy(source)
    if source.format == "safetensors":
        return _read_safetensors(source)
    packed = head[:2] == b"\x1f\x8b" or head[:3] == b"BZh" or head[:6] == b"\xfd7zXZ\0"
    if source.format == "pickle" or head[:1] == b"\x80" or packed:
        return _as_model(read_pickle(source), source.format)
    text = decode(source.beginning(_TEXT_HEAD), is_cut=source.size > _TEXT_HEAD)
    if text is not None:
        return _read_as_text(source, text)
    if source.format == "onnx":
        return read_onnx(source)
    if source.format in ("torch", "hdf5", "keras", "gguf"):
        raise Damaged(f"its bytes are not those of {source.format}")
    raise Unread("its format is not one that is read")


def _as_model(found: Found, format: str) -> Found:
    """A pickle under a model's name, which promises parameters."""
    if format == "pickle" or found.state is not ArtifactState.VALID or found.cuts:
        return found
    if found.facts.get("parameters") or found.facts.get("numbers"):
        return found
    sign = "it holds no parameter"
    return Found(
        "pickle", "pickle", ArtifactState.PLACEHOLDER, found.facts, found.text, (sign,), found.cuts
    )


def _read_as_text(source: Source, text: str) -> Found:
    """XGBoost, LightGBM, libsvm and word vectors are written as text, full of numbers."""
    facts = {"words": words_in(text), "numbers": numbers_in(text)}
    if not text.strip():
        sign = "it holds only white space"
        return Found("model", source.format, ArtifactState.EMPTY, facts, signs=(sign,))
    if source.format not in _MAY_BE_TEXT or facts["numbers"] < 3:
        sign = "a text where a model should be"
        return Found("model", source.format, ArtifactState.BROKEN, facts, text, (sign,))
    return Found("model", "text", facts=facts, text=text)


def _read_safetensors(source: Source) -> Found:
    """The layout: https://github.com/huggingface/safetensors#format."""
    head = source.beginning(8)
    length = int.from_bytes(head, "little")
    if len(head) < 8 or length > source.size - 8:
        raise Damaged("its header is cut")
    if length > MOST_HEADER:
        raise Unread(f"its header is larger than {MOST_HEADER} bytes")
    try:
        header = json.loads(source.beginning(8 + length)[8:])
        header.pop("__metadata__", None)
        tensors = {
            str(name): (str(entry["dtype"]), tuple(entry["shape"]), *entry["data_offsets"])
            for name, entry in header.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Damaged("its header does not parse") from None
    parameters = 0
    is_zero = True
    for name, (dtype, shape, begin, end) in tensors.items():
        elements = math.prod(shape)
        if end - begin != elements * _ITEM_BITS.get(dtype, 0) // 8 and dtype in _ITEM_BITS:
            raise Damaged(f"{name[:80]} has not the bytes that its shape asks for")
        if begin < 0 or 8 + length + end > source.size:
            raise Damaged(f"the elements of {name[:80]} are cut")
        parameters += elements
        if is_zero:
            source.file.seek(8 + length + begin)
            is_zero = not any(source.file.read(min(end - begin, 1 << 16)))
    facts = {
        "tensors": len(tensors),
        "parameters": parameters,
        "tensor_names": sorted(tensors)[:MOST_LISTED],
        "shapes": [f"{n} {d} {list(s)}" for n, (d, s, _, _) in sorted(tensors.items())],
    }
    return _with_parameters("safetensors", facts, is_zero)


def _with_parameters(format: str, facts: dict[str, Any], is_zero: bool) -> Found:
    text = "\n".join(facts.get("shapes", ())[:MOST_LISTED])
    sign = ""
    if not facts["parameters"]:
        sign = "it holds no parameter"
    elif is_zero and facts["parameters"] > 1:
        sign = "every parameter is zero"
    if sign:
        return Found("model", format, ArtifactState.PLACEHOLDER, facts, text, (sign,))
    return Found("model", format, facts=facts, text=text)


def _read_gguf(source: Source) -> Found:
    """Version, tensors and values, by the first 24 bytes; names and shapes are not read."""
    head = source.beginning(24)
    if len(head) < 24:
        raise Damaged("its header is cut")
    version, tensors, values = struct.unpack_from("<IQQ", head, 4)
    if not 1 <= version <= 8 or tensors > 100_000 or values > 1_000_000:
        raise Damaged("its header does not fit the format")
    # Each tensor takes more than 32 bytes of the header, and some elements.
    if source.size < 24 + tensors * 64:
        raise Damaged("its tensors are cut")
    facts = {"tensors": tensors, "entries": values}
    if tensors == 0:
        sign = "it holds no tensor"
        return Found("model", "gguf", ArtifactState.PLACEHOLDER, facts, signs=(sign,))
    cut = "names, shapes and elements of its tensors"
    return Found("model", "gguf", facts=facts, cuts=(cut,))


def _read_zipped(source: Source) -> Found:
    with open_zip(source) as archive:
        members = archive.infolist()
        if any(member.flag_bits & 1 for member in members):
            raise Unread("it is encrypted")
        if not any(member.file_size for member in members):
            sign = "it has no member that holds anything"
            return Found("model", source.format, ArtifactState.EMPTY, signs=(sign,))
        data = next((m for m in members if m.filename.split("/")[-1] == "data.pkl"), None)
        if data is not None:
            return read_torch_zip(source, archive, data)
        weights = next((m for m in members if m.filename.endswith((".h5", ".hdf5"))), None)
        if weights is not None:
            return _read_keras(archive, weights)
        names = [member.filename for member in members]
        cuts = check_members(archive, members)
    if source.format in ("torch", "keras", "pickle"):
        sign = f"an archive without what makes it a {source.format} file"
        facts: dict[str, Any] = {"members": names[:MOST_LISTED]}
        return Found("archive", "zip", ArtifactState.BROKEN, facts, signs=(sign,))
    return Found("archive", "zip", facts={"members": names[:MOST_LISTED]}, cuts=cuts)


def _read_keras(archive: zipfile.ZipFile, weights: zipfile.ZipInfo) -> Found:
    known: dict[str, Any] = {"members": archive.namelist()[:MOST_LISTED]}
    if "config.json" in archive.namelist():
        config = member_bytes(archive, archive.getinfo("config.json"), 4 << 20)
        known["layers"] = layers_in(config.decode("utf-8", "replace"))
    return told(io.BytesIO(member_bytes(archive, weights, MOST_WEIGHTS)), known)
