"""Label maps made from nothing but integers, PNG files of every kind, and small data sets.

Needs numpy and the standard library alone, so that peers' environments can use it, too.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[Any]
GREY, PALETTE = 0, 3


class Dice:
    """A linear congruential generator: the same numbers everywhere, for ever."""

    def __init__(self, seed: int) -> None:
        self.state = seed * 2654435761 % 2**32

    def below(self, n: int) -> int:
        """0..n-1; 0 where n is less than 1."""
        self.state = (self.state * 1664525 + 1013904223) % 2**32
        return (self.state >> 8) % max(n, 1)


def scene(height: int, width: int, n_objects: int, frame: int, seed: int = 0) -> Labels:
    """One frame of moving blobs, ids 1..n_objects, with wavy outlines; later ids lie on top."""
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    labels = np.zeros((height, width), np.uint8)
    for label in range(1, n_objects + 1):
        dice = Dice(seed * 1000 + label)
        across, down = width // 12 + dice.below(width // 10), height // 10 + dice.below(height // 7)
        centre_x = dice.below(width) + frame * (dice.below(9) - 4)
        centre_y = dice.below(height) + frame * (dice.below(7) - 3)
        # A triangle wave bends the outline.
        period = 16 + dice.below(48)
        bent = x + np.abs((y + frame) % period - period // 2) // 2
        inside = ((bent - centre_x) * down) ** 2 + ((y - centre_y) * across) ** 2
        labels[inside <= (across * down) ** 2] = label
    return labels


def perturbed(labels: Labels, frame: int) -> Labels:
    """A prediction: the map moved a little, with rough edges, and blocks of wrong labels."""
    height, width = labels.shape
    dice = Dice(frame + 7919 * height)
    dy, dx = frame % 5 - 2, frame % 7 - 3
    rows, columns = np.arange(height) - dy, np.arange(width) - dx
    # Each band of rows is shifted on its own.
    shifts = np.array([dice.below(3) - 1 for _ in range(height // 4 + 1)])
    source_y = np.clip(rows, 0, height - 1)[:, None]
    source_x = np.clip(columns[None, :] + shifts[np.arange(height) // 4][:, None], 0, width - 1)
    moved: Labels = labels[source_y, source_x]
    found = np.unique(labels)
    for _ in range(3):
        top, left = dice.below(height), dice.below(width)
        size = 4 + height // 24
        moved[top : top + size, left : left + size] = found[dice.below(len(found))]
    return moved


def png(labels: Labels, depth: int = 8, colour: int = PALETTE, row_filter: int = 0) -> bytes:
    """A PNG file of these labels: 1, 2, 4, 8 or 16 bits, grey or palette, any row filter."""
    height, width = labels.shape
    bytes_a_label = 2 if depth == 16 else 1
    above = np.zeros(-(-width * depth // 8), np.int64)
    rows = []
    for row in labels:
        if depth == 16:
            packed = np.frombuffer(row.astype(">u2").tobytes(), np.uint8)
        elif depth == 8:
            packed = row.astype(np.uint8)
        else:
            bits = (row[:, None].astype(np.int64) >> np.arange(depth - 1, -1, -1)) & 1
            packed = np.packbits(bits.astype(np.uint8).ravel())
        now = packed.astype(np.int64)
        filtered = (
            _filtered(now, above, bytes_a_label, row_filter) if row_filter else packed.tobytes()
        )
        rows += [bytes([row_filter]), filtered]
        above = now
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    colours = range(2**depth if colour == PALETTE else 0)
    palette = bytes(v for i in colours for v in (i, 255 - i, i * 7 % 256))
    chunks = [
        (b"IHDR", header),
        (b"PLTE", palette),
        (b"IDAT", zlib.compress(b"".join(rows))),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(*each) for each in chunks if each[0] != b"PLTE" or colour == PALETTE
    )


def chunk(kind: bytes, body: bytes) -> bytes:
    """A PNG chunk with its right checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _filtered(now: Labels, above: Labels, step: int, row_filter: int) -> bytes:
    left = np.concatenate([np.zeros(step, np.int64), now[:-step]])[: len(now)]
    corner = np.concatenate([np.zeros(step, np.int64), above[:-step]])[: len(now)]
    estimate = left + above - corner
    to_left, to_above, to_corner = (np.abs(estimate - v) for v in (left, above, corner))
    paeth = np.where(
        (to_left <= to_above) & (to_left <= to_corner),
        left,
        np.where(to_above <= to_corner, above, corner),
    )
    guess = (left, above, (left + above) // 2, paeth)[row_filter - 1]
    return bytes((now - guess).astype(np.uint8))


def write_sequence(folder: Path, frames: Iterable[Labels], **kind: int) -> None:
    """Writes 00000.png, 00001.png, … into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, labels in enumerate(frames):
        (folder / f"{number:05d}.png").write_bytes(png(labels, **kind))


def write_pair(
    root: Path, sequences: Mapping[str, list[Labels]], predicted: Mapping[str, list[Labels]]
) -> tuple[Path, Path]:
    """Writes root/gt and root/pred, and returns both."""
    for name, frames in sequences.items():
        write_sequence(root / "gt" / name, frames)
    for name, frames in predicted.items():
        write_sequence(root / "pred" / name, frames)
    return root / "gt", root / "pred"


def generated(height: int, width: int, n_frames: int) -> dict[str, list[Labels]]:
    """Sequences with 1, 2 and 4 objects; in the last, one appears late and ids have a gap."""
    sequences = {
        f"blobs-{n}": [scene(height, width, n, frame, seed=n) for frame in range(n_frames)]
        for n in (1, 2, 4)
    }
    for frame, labels in enumerate(sequences["blobs-4"]):
        labels[labels == 3] = 9 if frame >= n_frames // 3 else 0
    return sequences


def perturbed_sequences(sequences: Mapping[str, list[Labels]]) -> dict[str, list[Labels]]:
    """A prediction of each sequence."""
    return {
        name: [perturbed(labels, number) for number, labels in enumerate(frames)]
        for name, frames in sequences.items()
    }


def nearest(labels: Labels, height: int, width: int) -> Labels:
    """The map at another size, each pixel that of the nearest."""
    rows = np.arange(height) * labels.shape[0] // height
    columns = np.arange(width) * labels.shape[1] // width
    resized: Labels = labels[rows[:, None], columns[None, :]]
    return resized
