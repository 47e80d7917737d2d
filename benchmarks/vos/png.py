"""Reads label maps from PNG files of any kind, with Pillow."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    LabelMap = NDArray[np.uint8] | NDArray[np.uint16]

# The kernel has the same bound; a header of a few bytes must not claim the memory.
MOST_PIXELS = 1 << 28
_GREY, _COLOUR, _PALETTE, _GREY_ALPHA, _COLOUR_ALPHA = 0, 2, 3, 4, 6
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class UnreadableError(ValueError):
    """What is wrong with a file, as the end of a sentence that names it."""


def size_of(head: bytes) -> tuple[int, int]:
    """(height, width) from the first 24 bytes of a PNG file; UnreadableError where it is none."""
    if not head:
        raise UnreadableError("it is empty")
    if len(head) < 24 or not head.startswith(_SIGNATURE) or head[12:16] != b"IHDR":
        raise UnreadableError("it is no PNG file")
    width, height = int.from_bytes(head[16:20]), int.from_bytes(head[20:24])
    if not width or not height:
        raise UnreadableError("it has no pixels")
    if width * height > MOST_PIXELS:
        raise UnreadableError("it is too large")
    return height, width


def read_map(data: bytes) -> LabelMap:
    """The labels, (height, width), of a PNG file.

    Palette indices and grey samples are taken as they are stored, whatever the depth (Pillow
    stretches grey of 2 and 4 bits; that is undone). A colour image is read where its colours have
    one meaning: all grey, or all of the DAVIS palette. Raises UnreadableError.
    """
    import numpy as np
    from PIL import Image

    size_of(data[:24])
    depth, colour = data[24], data[25]
    try:
        # Opened as a PNG whatever it claims, so that no other reader meets a stranger's file.
        with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            pixels = np.asarray(image)
    except Image.DecompressionBombError:
        raise UnreadableError("it is too large") from None
    except Exception as error:  # noqa: BLE001 - a broken file makes Pillow raise nearly anything
        raise UnreadableError(f"it is broken ({error})") from None
    if colour == _GREY and depth in (2, 4):
        pixels = pixels // (255 // (2**depth - 1))
    if colour in (_GREY, _PALETTE):
        if depth == 16:
            return np.ascontiguousarray(pixels, dtype=np.uint16)
        return np.ascontiguousarray(pixels, dtype=np.uint8)
    if depth == 16:
        raise UnreadableError("it has colours or alpha of 16 bits, which stand for no labels")
    if colour == _GREY_ALPHA:
        return np.ascontiguousarray(pixels[..., 0])
    return _labels_of_colours(pixels[..., :3])


def _labels_of_colours(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    import numpy as np

    wide = pixels.astype(np.uint32)
    codes = wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]
    if (pixels == pixels[..., :1]).all():
        # 64, 128 and 192 alone may be labels, or the colours of objects 56, 7 and 63.
        if pixels.any() and np.isin(pixels[..., 0], (0, 64, 128, 192)).all():
            raise UnreadableError("it is stored in colour and may be read in two ways; save labels")
        return np.ascontiguousarray(pixels[..., 0])
    palette = davis_palette()
    of_code = np.array([r << 16 | g << 8 | b for r, g, b in palette], dtype=np.uint32)
    order = np.argsort(of_code)
    places = np.clip(np.searchsorted(of_code[order], codes), 0, 255)
    labels = order[places]
    if (of_code[labels] != codes).any():
        raise UnreadableError("it is stored in colours that stand for no labels; save label ids")
    return np.ascontiguousarray(labels, dtype=np.uint8)


def davis_palette() -> list[tuple[int, int, int]]:
    """The 256 colours of DAVIS annotations, which are those of PASCAL VOC.

    >>> davis_palette()[:4]
    [(0, 0, 0), (128, 0, 0), (0, 128, 0), (128, 128, 0)]
    """
    # Bits 0, 3, 6 of the index make red, 1, 4, 7 green, 2, 5 blue, from the highest bit down.
    return [(_spread(index), _spread(index >> 1), _spread(index >> 2)) for index in range(256)]


def _spread(bits: int) -> int:
    return (bits & 1) << 7 | (bits >> 3 & 1) << 6 | (bits >> 6 & 1) << 5
