"""Bytes to text, in whatever encoding an agent wrote."""

from __future__ import annotations

import re

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_CONTROLS = bytes(set(range(32)) - {7, 8, 9, 10, 11, 12, 13, 27})
_SAMPLE = 16_384
_HIGH_BYTES = re.compile(rb"[\x80-\xff]+")
# Below this many bytes beyond ASCII, no statistics can tell one legacy encoding from another.
_FEW_HIGH_BYTES = 8


def decode(content: bytes, is_cut: bool = False) -> str | None:
    """The text, line ends made `\\n`; None when the bytes are not text.

    `is_cut` says that the bytes go on, so that a last character may be torn.
    """
    text = _decoded(content, is_cut)
    return None if text is None else text.replace("\r\n", "\n").replace("\r", "\n")


def encoding_of(content: bytes) -> str | None:
    """The encoding of the bytes by its Python name; None when they are not text."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return encoding
    head = content[:8192]
    wide = _wide(head)
    if wide is not None:
        return wide
    if b"\0" in head or len(head) - len(head.translate(None, _CONTROLS)) > len(head) * 0.02:
        return None
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return _legacy(content, error.start)
    return "utf-8"


def _decoded(content: bytes, is_cut: bool) -> str | None:
    if is_cut:
        content = _whole_characters(content)
    encoding = encoding_of(content)
    if encoding is None:
        return None
    return content.decode(encoding, "replace").removeprefix("\ufeff")


def _whole_characters(content: bytes) -> bytes:
    """Without the torn UTF-8 character at the end, where there is one."""
    try:
        content[-8:].decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            return content[: len(content) - len(content[-8:]) + error.start]
    return content


def _wide(head: bytes) -> str | None:
    """UTF-16 without a mark: nearly every second byte of mostly Latin text is zero."""
    if len(head) < 8 or b"\0" not in head:
        return None
    half = len(head) // 2
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > half * 0.7 and even < half * 0.05:
        return "utf-16-le"
    if even > half * 0.7 and odd < half * 0.05:
        return "utf-16-be"
    return None


def _legacy(content: bytes, first_fault: int) -> str | None:
    sample = content[max(0, first_fault - _SAMPLE // 2) :][:_SAMPLE]
    runs = [len(run) for run in _HIGH_BYTES.findall(sample)]
    # Accented letters stand alone; in other scripts, high bytes stand side by side.
    if sum(runs) < _FEW_HIGH_BYTES or runs.count(1) > 0.8 * len(runs):
        # cp1252 leaves five bytes undefined; latin-1 has them all.
        return "latin-1" if any(byte in b"\x81\x8d\x8f\x90\x9d" for byte in sample) else "cp1252"
    import charset_normalizer

    best = charset_normalizer.from_bytes(sample).best()
    return None if best is None else best.encoding
