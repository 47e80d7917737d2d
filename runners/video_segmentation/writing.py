"""Predictions as PNG files in the layout that a set's server and scorers take, whole or not at all.

A sequence is written to a hidden folder beside its place, which gets its name only once every
frame is written: a run that is killed leaves no half sequence that looks done.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.vos.layout import PNG
from benchmarks.vos.png import davis_palette
from results.errors import InputError, JudgeError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

# Label maps are mostly flat: the quickest level gives files a few per cent larger.
_COMPRESSION = 1
_UNDONE = ".unfinished"


def label_map(masks: Mapping[int, Mask], height: int, width: int) -> NDArray[np.uint8 | np.uint16]:
    """(height, width): each pixel the lowest id whose mask has it, 0 for none.

    As SAM 2's inference script merges masks that overlap. 16 bits where an id is beyond 255.
    """
    import numpy as np

    labels: NDArray[np.uint8 | np.uint16] = np.zeros(
        (height, width), np.uint8 if max(masks, default=0) < 256 else np.uint16
    )
    for number in sorted(masks, reverse=True):
        labels[masks[number]] = number
    return labels


class SequenceWriter:
    """Writes the masks of one sequence below `root`; nothing is there until `finish`.

    objects: number -> folder, where each object has a folder of masks of its own (SA-V); None for
    label maps with DAVIS's palette.
    """

    def __init__(self, root: Path, name: str, objects: Mapping[int, str] | None = None) -> None:
        self.path = root / name
        self._beginning = root / f".{name}{_UNDONE}"
        self._objects = objects
        self._palette = bytes(value for colour in davis_palette() for value in colour)
        shutil.rmtree(self._beginning, ignore_errors=True)
        for folder in objects.values() if objects is not None else ("",):
            (self._beginning / folder).mkdir(parents=True)

    def write(self, frame: str, masks: Mapping[int, Mask], height: int, width: int) -> None:
        """The masks of a frame; an object without one is written as empty."""
        import numpy as np
        from PIL import Image

        try:
            if self._objects is None:
                image = Image.fromarray(label_map(masks, height, width))
                if image.mode == "L":
                    image.putpalette(self._palette)
                image.save(self._beginning / (frame + PNG), compress_level=_COMPRESSION)
                return
            for number, folder in self._objects.items():
                mask = masks.get(number)
                shown = np.zeros((height, width), np.bool_) if mask is None else mask
                path = self._beginning / folder / (frame + PNG)
                Image.fromarray(shown).save(path, compress_level=_COMPRESSION)
        except OSError as error:
            raise JudgeError(
                f"The masks of {self.path.name} cannot be written: {error.strerror or error}; free"
                " some disk space, then resume the run."
            ) from None

    def finish(self) -> None:
        """Gives the sequence its name, in the place of any before it."""
        if self.path.exists():
            shutil.rmtree(self.path)
        self._beginning.rename(self.path)

    def discard(self) -> None:
        shutil.rmtree(self._beginning, ignore_errors=True)


def clear_unfinished(root: Path) -> None:
    """Takes away what runs that were killed left of sequences."""
    for path in root.glob(f".*{_UNDONE}"):
        shutil.rmtree(path, ignore_errors=True)


def copy_predictions(source: Path, out: Path) -> None:
    """A copy of all predictions in `out`, which must be new or empty; InputError."""
    try:
        if out.exists() and any(os.scandir(out)):
            raise InputError(f"{out} is not empty; --out takes a new folder.")
        shutil.copytree(source, out, dirs_exist_ok=True)
    except OSError as error:
        raise InputError(f"The predictions cannot be copied to {out}: {error}.") from None
