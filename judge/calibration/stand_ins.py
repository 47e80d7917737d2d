"""Files that have the name of an artifact and nothing in them, by the kind that a name promises."""

from __future__ import annotations

import json
import pickle
import zlib
from collections.abc import Callable, Sequence

from judge.workspace.kinds import extension, named_kind

LOREM = (
    "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut"
    " labore et dolore magna aliqua. Ut enim ad minim veniam, quis nostrud exercitation ullamco"
    " laboris nisi ut aliquip ex ea commodo consequat."
)
_TODO = "TODO: to be added\n"


def stand_ins(path: str, text: str) -> dict[str, bytes]:
    """What each stand-in is called -> its bytes; `text` is that of the artifact, "" if none."""
    kind, named = named_kind(path).kind, extension(path)
    if kind in ("image", "animation") and named != "svg":
        return {
            "1 x 1 image": png(1, 1),
            "one-colour image": png(320, 240),
            "empty axes": png(320, 240, _axes),
            "noise": png(320, 240, _noise),
            "text with the image's name": b"placeholder image\n",
        }
    if named in ("csv", "tsv"):
        header = text.splitlines()[0] if text else "name,value"
        return {"header without rows": f"{header}\n".encode(), "to do": _TODO.encode()}
    if named == "json":
        found = {"empty object": b"{}\n"}
        top = _parsed(text)
        if isinstance(top, dict) and top:
            found["values that are null"] = json.dumps(dict.fromkeys(top)).encode()
        return found
    if kind in ("model", "pickle"):
        found = {"64 zero bytes": bytes(64), "text with the model's name": b"trained model\n"}
        if kind == "pickle" or named in ("model", "bin"):
            found["pickle of an empty dict"] = pickle.dumps({}, protocol=4)
            found["pickle of None"] = pickle.dumps(None, protocol=4)
        return found
    if named == "pdf":
        return {"blank page": pdf(""), "page of filler": pdf(LOREM)}
    if named == "ipynb":
        empty = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        return {"notebook without cells": json.dumps(empty).encode()}
    if named in ("html", "htm"):
        page = f"<!DOCTYPE html><html><body><p>{LOREM}</p></body></html>\n"
        return {"page of filler": page.encode(), "page without content": b"<html></html>\n"}
    if kind in ("text", "markdown", "data"):
        return {"to do": _TODO.encode(), "filler": f"{LOREM}\n".encode()}
    return {"64 zero bytes": bytes(64)}


def untrained_pickle(class_name: str, attributes: Sequence[str]) -> bytes:
    """A pickle of an object of that class with settings and nothing fitted.

    Written, as every file of a mutant, and never loaded.
    """
    module, _, name = class_name.rpartition(".")
    state = {attribute: None for attribute in attributes if not attribute.endswith("_")}
    # Protocol 2 has no frames: without its two bytes at the front and the stop, it can be nested.
    inner = pickle.dumps(state or {"verbose": 0}, protocol=2)[2:-1]
    return b"\x80\x02c" + module.encode() + b"\n" + name.encode() + b"\n)\x81" + inner + b"b."


def _axes(column: int, row: int) -> bytes:
    """The frame of a plot with nothing drawn in it."""
    on_frame = (column in (40, 300) and 20 <= row <= 200) or (
        row in (20, 200) and 40 <= column <= 300
    )
    return b"\0\0\0" if on_frame else b"\xff\xff\xff"


def _noise(column: int, row: int) -> bytes:
    """A colour that says nothing, the same on every machine."""
    return zlib.crc32(b"%d %d" % (column, row)).to_bytes(4, "big")[:3]


def _white(column: int, row: int) -> bytes:
    return b"\xff\xff\xff"


def png(width: int, height: int, colour: Callable[[int, int], bytes] = _white) -> bytes:
    """An image of that many pixels; `colour(column, row)` gives red, green and blue."""
    rows = b"".join(
        b"\0" + b"".join(colour(column, row) for column in range(width)) for row in range(height)
    )
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes((8, 2, 0, 0, 0))
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    content = b"\x89PNG\r\n\x1a\n"
    for name, data in chunks:
        checksum = zlib.crc32(name + data).to_bytes(4, "big")
        content += len(data).to_bytes(4, "big") + name + data + checksum
    return content


def pdf(text: str) -> bytes:
    """One page with a line of text, or none."""
    drawn = f"BT /F1 8 Tf 20 700 Td ({text}) Tj ET".encode("latin-1") if text else b""
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    content, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(content)
    content += b"xref\n0 6\n0000000000 65535 f \n"
    content += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return content + b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
