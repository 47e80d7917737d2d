"""Where each object of a sequence first appears, and its mask there: what a model is given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.vos.counting import BadMapError, Reading, count_file
from benchmarks.vos.frame_names import frame_files, sequence_folders
from benchmarks.vos.layout import PNG
from benchmarks.vos.png import UnreadableError, read_map
from benchmarks.vos.protocols import VOID
from results.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from benchmarks.vos.png import LabelMap


@dataclass(frozen=True)
class FirstMask:
    """An object, and the annotation that first shows it.

    object_id: as the set calls it. number: 1 or more, the label in a prediction. frame: a frame's
    name. label: the object's in the file; None where any label is the object.
    """

    object_id: str
    number: int
    frame: str
    file: Path
    label: int | None

    def read(self) -> NDArray[np.bool_]:
        """The mask, (height, width); InputError where the file is broken."""
        return read_mask(self.file, self.label)


def read_mask(file: Path, label: int | None) -> NDArray[np.bool_]:
    """(height, width), True where the file has the label, or any where it is None; InputError."""
    labels = read_labels(file)
    mask: NDArray[np.bool_] = labels != 0 if label is None else labels == label
    return mask


def read_labels(file: Path) -> LabelMap:
    """The labels, (height, width), of a PNG file; InputError where it cannot be read."""
    try:
        return read_map(file.read_bytes())
    except UnreadableError as error:
        raise InputError(f"The mask {file} cannot be read: {error}.") from None
    except OSError as error:
        raise InputError(f"The mask {file} cannot be read: {error.strerror or error}.") from None


def first_in_maps(folder: Path, *, late: bool) -> tuple[tuple[FirstMask, ...], int]:
    """(objects by id, how many frames are annotated) of a folder of label maps.

    late: the objects of every map, each where it first appears; else those of the first map.
    255 is void, as everywhere in these sets. InputError names a file that cannot be read.
    """
    files = frame_files(folder, (PNG,))
    found: dict[int, FirstMask] = {}
    for frame, name in files.items():
        file = folder / name
        for label in labels_in(file):
            if label != VOID:
                found.setdefault(label, FirstMask(str(label), label, frame, file, label))
        if not late:
            break
    return tuple(found[label] for label in sorted(found)), len(files)


def first_in_folders(folder: Path) -> tuple[tuple[FirstMask, ...], int]:
    """(objects by name, how many frames are annotated) of a folder that has a folder an object.

    An object appears in its first frame that is not empty; those that no frame shows are left out.
    """
    found: list[FirstMask] = []
    frames: set[str] = set()
    for name in sequence_folders(folder):
        files = frame_files(folder / name, (PNG,))
        frames.update(files)
        for frame, file_name in files.items():
            file = folder / name / file_name
            if labels_in(file):
                found.append(FirstMask(name, len(found) + 1, frame, file, None))
                break
    return tuple(found), len(frames)


def labels_in(file: Path) -> tuple[int, ...]:
    """The labels of a map but 0, sorted; InputError where it cannot be read."""
    # Counted against itself: the kernel reads a map many times faster than a picture library.
    counts = count_file(str(file), str(file), Reading())
    if isinstance(counts, BadMapError):
        raise InputError(f"The mask {file} cannot be read: {counts}.")
    return tuple(sorted({label for label, _ in counts if label}))
