"""Bytes to text, in whatever encoding an agent wrote."""

from __future__ import annotations

_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))
_CONTROLS = bytes(set(range(32)) - {7, 8, 9, 10, 11, 12, 13, 27})


def decode(content: bytes) -> str | None:
    """The text, line ends made `\\n`; None when the bytes are not text."""
    text = _decoded(content)
    return None if text is None else text.replace("\r\n", "\n").replace("\r", "\n")


def _decoded(content: bytes) -> str | None:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding, "replace").lstrip("\ufeff")
    head = content[:8192]
    if b"\0" in head or len(head) - len(head.translate(None, _CONTROLS)) > len(head) * 0.02:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start >= len(content) - 4:
            return content[: error.start].decode("utf-8")
    import charset_normalizer

    best = charset_normalizer.from_bytes(content[:65536]).best()
    if best is None:
        return None
    return content.decode(best.encoding, "replace")
