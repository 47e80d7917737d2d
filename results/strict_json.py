"""JSON objects as journals, run records and the store can all hold them, read from hostile files.

Narrower than JSON: numbers are finite and whole ones fit in 64 bits, and nesting is bounded, so
that whatever is accepted here can be written to DuckDB and read back.
"""

from __future__ import annotations

import codecs
import json
import math
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MAX_DEPTH = 100
_LARGEST = 2**63 - 1


class TooLong(ValueError):
    """What was to be encoded takes more bytes than are allowed."""


def decode_object(data: bytes) -> dict[str, Any]:
    """The JSON object in UTF-8 `data`; ValueError says in a few words what is wrong with it.

    >>> decode_object(b'{"a": [1, 2.5]}')
    {'a': [1, 2.5]}
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError("it is not UTF-8") from error
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"it is not JSON (line {error.lineno}, column {error.colno}: {error.msg})"
        ) from error
    except RecursionError as error:
        raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels") from error
    if not isinstance(value, dict):
        raise ValueError("it is not a JSON object")
    # Counting brackets is cheap and settles almost every case.
    if data.count(b"{") + data.count(b"[") > MAX_DEPTH and _is_deeper(value, MAX_DEPTH):
        raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")
    return value


def encode_object(value: Mapping[str, Any], limit: int) -> bytes:
    """`value` as one line of ASCII JSON, without its line end, of at most `limit` bytes.

    Raises ValueError where `decode_object` would not take the line back, TooLong beyond `limit`.
    """
    try:
        text = _ASCII_ENCODER.encode(value)
    except TypeError as error:
        raise ValueError(f"it holds what JSON cannot ({error})") from error
    except RecursionError as error:
        raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels") from error
    if len(text) > limit:
        raise TooLong(f"it is {len(text):,} bytes long, and {limit:,} are allowed")
    data = text.encode("ascii")
    decode_object(data)
    return data


def encode_visibly(value: Mapping[str, Any]) -> bytes:
    """`value` as one line of UTF-8 JSON in which half surrogate pairs are written out.

    DuckDB refuses them in JSON and in text: a half pair becomes the six characters `\\udc80`.
    """
    return _ENCODER.encode(value).encode("utf-8", "written_out_in_json")


def visible(text: str) -> str:
    """`text` as DuckDB holds it, with half surrogate pairs written out.

    >>> visible("a\\udc80b")
    'a\\\\udc80b'
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def read_small_file(path: Path, limit: int) -> bytes:
    """The bytes of a regular file; ValueError for anything else, or beyond `limit` bytes.

    Opened without blocking, because a pipe in its place would wait for ever.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise ValueError("it is not a regular file")
        data = file.read(limit + 1)
    if len(data) > limit:
        raise ValueError(f"it is larger than {limit:,} bytes")
    return data


def _integer(text: str) -> int:
    # Every number of 18 characters fits; one of more than 20 is not even worth reading.
    if len(text) > 18 and (len(text) > 20 or not -_LARGEST - 1 <= int(text) <= _LARGEST):
        raise ValueError("it holds a whole number beyond 64 bits")
    return int(text)


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("it holds a number that is not finite")
    return value


def _no_constant(text: str) -> float:
    raise ValueError(f"it holds {text}, which is not JSON")


def _is_deeper(value: object, limit: int) -> bool:
    level: list[object] = [value]
    for _ in range(limit):
        inner: list[object] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        if not inner:
            return False
        level = inner
    return any(isinstance(item, dict | list) for item in level)


def _write_out_in_json(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    halves = error.object[error.start : error.end]
    return "".join(f"\\\\u{ord(half):04x}" for half in halves), error.end


_DECODER = json.JSONDecoder(parse_int=_integer, parse_float=_number, parse_constant=_no_constant)
_ASCII_ENCODER = json.JSONEncoder(allow_nan=False, separators=(",", ":"))
_ENCODER = json.JSONEncoder(allow_nan=False, ensure_ascii=False, separators=(",", ":"))
codecs.register_error("written_out_in_json", _write_out_in_json)
