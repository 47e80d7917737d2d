"""Whether a video or sound file is all there, by the sizes its container states.

Libraries play what is left of a cut file; a judge has to know that it was cut.
"""

from __future__ import annotations

from judge.workspace.artifact import Damaged
from judge.workspace.source import Source

_MOST_BOXES = 10_000
_OPEN_ENDED = (0, 0xFFFFFFFF, 0x7FFFFFFF)  # written by programs that stream


def check_whole(source: Source, format: str) -> None:
    """Raises Damaged where the file ends before the container does."""
    checks = {"wav": _riff, "avi": _riff, "mp4": _boxes, "webm": _segment}
    if format in checks:
        checks[format](source)


def _riff(source: Source) -> None:
    """A RIFF file states its length behind its mark."""
    size = int.from_bytes(source.beginning(8)[4:], "little")
    if size not in _OPEN_ENDED and size + 8 > source.size + 1:
        raise Damaged(f"{source.size} of {size + 8} bytes are there")
    if source.beginning(12)[8:] == b"WAVE":
        _wave_data(source)


def _wave_data(source: Source) -> None:
    at = 12
    for _ in range(_MOST_BOXES):
        source.file.seek(at)
        head = source.file.read(8)
        if len(head) < 8:
            return
        size = int.from_bytes(head[4:], "little")
        if head[:4] == b"data":
            if size not in _OPEN_ENDED and at + 8 + size > source.size:
                raise Damaged(f"{source.size - at - 8} of {size} bytes of sound are there")
            return
        at += 8 + size + size % 2


def _boxes(source: Source) -> None:
    """ISO base media: boxes of stated lengths; `moov` describes what `mdat` holds."""
    at = 0
    seen: set[bytes] = set()
    for _ in range(_MOST_BOXES):
        source.file.seek(at)
        head = source.file.read(16)
        if len(head) < 8:
            break
        size = int.from_bytes(head[:4], "big")
        if size == 1:
            size = int.from_bytes(head[8:16], "big")
        elif size == 0:
            size = source.size - at
        if size < 8 or at + size > source.size:
            raise Damaged("it is cut in the midst of a part")
        seen.add(head[4:8])
        at += size
    if b"moov" not in seen:
        raise Damaged("the part that describes its content is missing")


def _segment(source: Source) -> None:
    """Matroska: a header element, then a segment that may state its length."""
    head = source.beginning(4096)
    size, at = _vint(head, 4)
    if size is None or head[at + size : at + size + 4] != b"\x18\x53\x80\x67":
        return
    length, start = _vint(head, at + size + 4)
    if length is not None and start + length > source.size:
        raise Damaged(f"{source.size} of {start + length} bytes are there")


def _vint(content: bytes, at: int) -> tuple[int | None, int]:
    """(a variable-length number, where it ends); None where it says "unknown"."""
    first = content[at] if at < len(content) else 0
    if first == 0:
        return None, at
    width = 9 - first.bit_length()
    value = int.from_bytes(content[at : at + width], "big") & ((1 << 7 * width) - 1)
    return (None if value == (1 << 7 * width) - 1 else value), at + width
