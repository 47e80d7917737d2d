"""PNG files of every kind become the labels that stand in them, or a clear refusal."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from benchmarks.vos.counting import BadMapError, FrameCounts, count
from benchmarks.vos.png import UnreadableError, davis_palette, read_map
from tests.benchmarks.vos.scenes import GREY, PALETTE, Labels, chunk, perturbed, png, scene

KINDS = [(1, GREY), (2, GREY), (4, GREY), (8, GREY), (16, GREY)]
KINDS += [(1, PALETTE), (2, PALETTE), (4, PALETTE), (8, PALETTE)]


def by_hand(labels: Labels) -> FrameCounts:
    """The counts of a map against itself, read from a plain 16-bit file."""
    source = png(labels, 16, GREY)
    return count(source, source)


@pytest.mark.parametrize("row_filter", range(5))
@pytest.mark.parametrize(("depth", "colour"), KINDS)
@settings(deadline=None, max_examples=12)
@given(data=st.data())
def test_labels_are_what_the_file_stores(
    depth: int, colour: int, row_filter: int, data: st.DataObject
) -> None:
    size = data.draw(st.tuples(st.integers(1, 6), st.integers(1, 40)))
    values = st.sampled_from(sorted({0, 1, 2**depth - 1, 2 ** (depth - 1)}))
    labels = data.draw(arrays(np.uint16, size, elements=values))
    source = png(labels, depth, colour, row_filter)
    assert (read_map(source) == labels).all()
    assert count(source, source) == by_hand(labels)


@pytest.mark.parametrize("mode", ["P", "L", "1", "I;16"])
@pytest.mark.parametrize("optimised", [False, True])
def test_files_that_pillow_writes_are_read(mode: str, optimised: bool) -> None:
    labels = scene(120, 213, 1 if mode == "1" else 3, frame=2)
    image = Image.fromarray(labels > 0) if mode == "1" else Image.fromarray(labels)
    if mode == "P":
        image.putpalette([v for colour in davis_palette() for v in colour])
    if mode == "I;16":
        labels = labels.astype(np.uint16) * 1000
        image = Image.fromarray(labels)
    file = io.BytesIO()
    image.save(file, "PNG", optimize=optimised)
    assert (read_map(file.getvalue()) == labels).all()
    assert count(file.getvalue(), png(labels, 16, GREY)) == by_hand(labels)


def saved(pixels: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", **options)
    return file.getvalue()


def test_colours_of_the_davis_palette_are_its_ids() -> None:
    labels = scene(60, 80, 9, frame=0)
    colours = np.array(davis_palette(), np.uint8)[labels]
    assert count(saved(colours), png(labels)) == by_hand(labels)


def test_grey_in_colour_and_with_alpha_is_taken_as_ids() -> None:
    labels = scene(60, 80, 3, frame=0)
    assert count(saved(np.dstack([labels] * 3)), png(labels)) == by_hand(labels)
    with_alpha = np.dstack([labels, labels, labels, np.full_like(labels, 255)])
    assert count(saved(with_alpha), png(labels)) == by_hand(labels)


@pytest.mark.parametrize(
    ("pixels", "cause"),
    [
        (np.full((3, 3, 3), (10, 20, 30), np.uint8), "stand for no labels"),
        (np.full((3, 3, 3), 128, np.uint8), "in two ways"),
    ],
)
def test_colours_without_one_meaning_are_refused(pixels: Any, cause: str) -> None:
    with pytest.raises(BadMapError, match=cause) as refused:
        count(png(np.zeros((3, 3))), saved(pixels))
    assert refused.value.side == "prediction"


def test_interlaced_files_are_read() -> None:
    # Adam7 of a 1 x 1 picture has one pass, which is the picture.
    source = bytearray(png(np.array([[5]])))
    header = struct.pack(">IIBBBBB", 1, 1, 8, PALETTE, 0, 0, 1)
    source[8:33] = chunk(b"IHDR", header)
    assert read_map(bytes(source))[0, 0] == 5
    assert set(count(bytes(source), png(np.array([[5]])))) == {(5, 5)}


def test_data_in_many_chunks_is_joined() -> None:
    labels = scene(48, 64, 3, frame=0)
    source = png(labels)
    start = source.index(b"IDAT") - 4
    (length,) = struct.unpack(">I", source[start : start + 4])
    body = source[start + 8 : start + 8 + length]
    parts = b"".join(chunk(b"IDAT", body[at : at + 7]) for at in range(0, length, 7))
    split = source[:start] + parts + chunk(b"IDAT", b"") + source[start + 12 + length :]
    assert count(split, source) == by_hand(labels)


BROKEN = {
    "empty": b"",
    "no PNG": b"GIF89a" + bytes(40),
    "a signature alone": png(np.zeros((4, 4)))[:8],
    "cut in its data": png(perturbed(scene(90, 90, 3, 0), 1))[:-60],
    "a wrong checksum": png(np.ones((4, 4))).replace(b"IDAT", b"IDAT", 1)[:-20] + bytes(20),
    "no pixels": b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 0, 4, 8, 0, 0, 0, 0)),
    "a header that claims far too much": b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 8, 0, 0, 0, 0))
    + chunk(b"IDAT", b"x")
    + chunk(b"IEND", b""),
    "a bomb": b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 16384, 16384, 8, 0, 0, 0, 0))
    + chunk(b"IDAT", b"\x78\x9c\x63\x00")
    + chunk(b"IEND", b""),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_is_refused_by_both_readers(kind: str) -> None:
    with pytest.raises(BadMapError) as refused:
        count(png(np.zeros((4, 4))), BROKEN[kind])
    assert refused.value.side == "prediction"
    assert refused.value.cause
    with pytest.raises(UnreadableError):
        read_map(BROKEN[kind])


@settings(deadline=None, max_examples=200)
@given(
    flips=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 7)), min_size=1, max_size=4),
    checksums_are_right=st.booleans(),
    cut=st.integers(0, 10_000) | st.none(),
)
def test_no_damage_does_more_than_be_refused(
    flips: list[tuple[int, int]], checksums_are_right: bool, cut: int | None
) -> None:
    whole = png(perturbed(scene(40, 66, 3, 0), 1), row_filter=4)
    start, end = whole.index(b"IDAT") + 4, whole.index(b"IEND") - 8
    damaged = bytearray(whole[start:end] if checksums_are_right else whole)
    for at, bit in flips:
        damaged[at % len(damaged)] ^= 1 << bit
    body = bytes(damaged)[: None if cut is None else cut % (len(damaged) + 1)]
    if checksums_are_right:
        body = whole[: start - 8] + chunk(b"IDAT", body) + whole[end + 4 :]
    try:
        counted = count(body, whole)
    except BadMapError:
        return
    for c in counted.values():
        assert c.inter <= min(c.area_gt, c.area_pred)
        assert c.matched_gt <= c.n_gt
        assert c.matched_pred <= c.n_pred
