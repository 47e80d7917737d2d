"""Pictures with the predicted objects drawn on them: a tint, and a contour around each."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from benchmarks.vos.layout import PNG
from benchmarks.vos.png import davis_palette
from results.errors import JudgeError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
    Picture = NDArray[np.uint8]

OverlayForm = Literal["png", "mp4"]
_TINT = 0.45
# The palette's colours at half brightness are dull on film; objects are few, so these come first.
_BRIGHT = (
    (230, 60, 60),
    (60, 180, 75),
    (65, 105, 225),
    (245, 190, 40),
    (170, 60, 200),
    (40, 200, 220),
    (250, 120, 30),
    (240, 80, 180),
)


def overlay(picture: Picture, masks: Mapping[int, Mask]) -> Picture:
    """The picture, RGB uint8 (height, width, 3), with each mask tinted and outlined."""
    import numpy as np

    drawn = picture.astype(np.float32)
    width = max(1, round(min(picture.shape[:2]) / 300))
    for number, mask in sorted(masks.items()):
        colour = np.array(_colour(number), np.float32)
        drawn[mask] = (1 - _TINT) * drawn[mask] + _TINT * colour
        drawn[_contour(mask, width)] = colour
    return drawn.round().astype(np.uint8)


def _colour(number: int) -> tuple[int, int, int]:
    if number <= len(_BRIGHT):
        return _BRIGHT[number - 1]
    return davis_palette()[number % 256]


def _contour(mask: Mask, width: int) -> Mask:
    """The pixels of a mask within `width` of one beside it, along rows and columns."""
    import numpy as np

    inner = mask
    for _ in range(width):
        padded = np.pad(inner, 1, mode="edge")
        inner = inner & padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~inner


class OverlayWriter:
    """Writes the overlays of one sequence, `root/<name>/<frame>.png` or `root/<name>.mp4`.

    Nothing is there under that name until `finish`.
    """

    def __init__(self, root: Path, name: str, form: OverlayForm, fps: float = 24.0) -> None:
        self._form = form
        self.path = root / (name if form == "png" else f"{name}.mp4")
        self._beginning = root / f".{self.path.name}.unfinished"
        self._fps = Fraction(fps or 24.0).limit_denominator(1001)
        self._container: Any = None
        self._stream: Any = None
        _remove(self._beginning)
        (self._beginning if form == "png" else root).mkdir(parents=True, exist_ok=True)

    def write(self, frame: str, picture: Picture, masks: Mapping[int, Mask]) -> None:
        from PIL import Image

        drawn = overlay(picture, masks)
        try:
            if self._form == "png":
                Image.fromarray(drawn).save(self._beginning / (frame + PNG), compress_level=1)
            else:
                self._encode(drawn)
        except OSError as error:
            raise JudgeError(
                f"The overlays of {self.path.name} cannot be written: {error}."
            ) from None

    def finish(self) -> None:
        if self._container is not None:
            self._mux(None)
            self._container.close()
            self._container = None
        _remove(self.path)
        if self._beginning.exists():
            self._beginning.rename(self.path)

    def discard(self) -> None:
        if self._container is not None:
            self._container.close()
        _remove(self._beginning)

    def _encode(self, drawn: Picture) -> None:
        import av
        import numpy as np

        # Chroma is stored at half the size, so both sides must be even.
        height, width = drawn.shape[0] // 2 * 2, drawn.shape[1] // 2 * 2
        if self._container is None:
            self._container = av.open(str(self._beginning), "w", format="mp4")
            codec = "libx264" if "libx264" in av.codecs_available else "mpeg4"
            self._stream = self._container.add_stream(codec, rate=self._fps)
            self._stream.width, self._stream.height = width, height
            self._stream.pix_fmt = "yuv420p"
        cut = np.ascontiguousarray(drawn[:height, :width])
        self._mux(av.VideoFrame.from_ndarray(cut, format="rgb24"))

    def _mux(self, frame: Any) -> None:
        for packet in self._stream.encode(frame):
            self._container.mux(packet)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    elif path.exists():
        path.unlink()
