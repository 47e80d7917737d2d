"""Counts the frames of a GIF from its blocks, without decoding one.

The layout: GIF89a specification, sections 17 to 27.
"""

from __future__ import annotations

from typing import NamedTuple

from judge.workspace.artifact import Damaged

_MOST_STRAYS = 1_000


class GifTiming(NamedTuple):
    """How many frames there are, and for how many seconds they are shown in all."""

    frames: int
    seconds: float


def scan_gif(content: bytes) -> GifTiming:
    """Walks the blocks to the trailer. Raises Damaged where they end before it."""
    try:
        return _scan(content)
    except IndexError:
        raise Damaged("its end is missing") from None


def _scan(content: bytes) -> GifTiming:
    at = 13 + _palette_bytes(content[10])
    frames = hundredths = strays = 0
    while True:
        block = content[at]
        if block == 0x3B:
            return GifTiming(frames, hundredths / 100)
        if block == 0x21:
            if content[at + 1] == 0xF9 and content[at + 2] >= 4:
                hundredths += content[at + 4] + 256 * content[at + 5]
            at = _after_data(content, at + 2)
        elif block == 0x2C:
            frames += 1
            at = _after_data(content, at + 11 + _palette_bytes(content[at + 9]))
        elif block == 0 and strays < _MOST_STRAYS:
            at += 1  # a stray terminator, which readers pass over
            strays += 1
        else:
            raise Damaged("its blocks do not follow one another")


def _palette_bytes(flags: int) -> int:
    return 3 * (2 << (flags & 7)) if flags & 0x80 else 0


def _after_data(content: bytes, at: int) -> int:
    while content[at]:
        at += content[at] + 1
    return at + 1
