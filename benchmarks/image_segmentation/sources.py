"""Where the masks of an image's objects are kept: label maps, binary files, run lengths, COCO.

Each source gives an object's id and its mask, one at a time, since a picture of 4 megapixels may
have hundreds. Objects without a pixel are left out: nothing in them can be clicked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from benchmarks.image_segmentation.clicks import Mask
from benchmarks.image_segmentation.coco import CocoSet
from benchmarks.image_segmentation.rle import BadRleError, decoded
from benchmarks.vos.png import UnreadableError, read_map
from results.errors import InputError
from results.strict_json import read_small_file

if TYPE_CHECKING:
    from benchmarks.vos.png import LabelMap

VOID = 255
_MOST_BYTES = 1 << 28


class MaskSource(Protocol):
    def objects(self) -> Iterator[tuple[str, Mask]]:
        """(id, bool mask (height, width)) of each object with pixels; InputError, naming file."""


@dataclass(frozen=True)
class LabelMapFile:
    """A PNG whose pixels are object numbers, 0 for none.

    In maps of 8 bits, 255 is void beside other numbers, and the object where it is the only one.
    """

    path: Path

    def objects(self) -> Iterator[tuple[str, Mask]]:
        labels = _read_labels(self.path)
        numbers = [int(n) for n in np.unique(labels) if n]
        if labels.dtype == np.uint8 and len(numbers) > 1 and VOID in numbers:
            numbers.remove(VOID)
        for number in numbers:
            yield str(number), labels == number


@dataclass(frozen=True)
class MaskFiles:
    """A PNG for each object, anything but 0 being the object; the id is the file's stem, or that
    of its folder where `by_folder`."""

    paths: tuple[Path, ...]
    by_folder: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The ids, also of objects without pixels."""
        return tuple(path.parent.name if self.by_folder else path.stem for path in self.paths)

    def objects(self) -> Iterator[tuple[str, Mask]]:
        for name, path in zip(self.names, self.paths, strict=True):
            mask = _read_labels(path) != 0
            if mask.any():
                yield name, mask


@dataclass(frozen=True)
class RunLengthFile:
    """SA-1B's form: a JSON object whose `annotations` have an `id` and a `segmentation`."""

    path: Path

    def objects(self) -> Iterator[tuple[str, Mask]]:
        for entry in _annotations(self.path):
            name = entry.get("id") if isinstance(entry, dict) else None
            if not isinstance(name, int | str):
                raise InputError(f"{self.path}: an annotation has no id.")
            try:
                mask = decoded(entry.get("segmentation"))
            except BadRleError as error:
                raise InputError(f"{self.path}: annotation {name} is no mask: {error}.") from error
            if mask.any():
                yield str(name), mask


@dataclass(frozen=True)
class CocoMasks:
    """The objects of one image of a COCO or LVIS file, without crowds, which are no objects."""

    annotations: CocoSet
    image_id: int

    def objects(self) -> Iterator[tuple[str, Mask]]:
        for found in self.annotations.by_image.get(self.image_id, ()):
            if found.is_crowd:
                continue
            try:
                mask = self.annotations.mask(found)
            except BadRleError as error:
                raise InputError(
                    f"{self.annotations.path}: annotation {found.id} is no mask: {error}."
                ) from error
            if mask.any():
                yield str(found.id), mask


def _read_labels(path: Path) -> LabelMap:
    try:
        return read_map(read_small_file(path, _MOST_BYTES))
    except UnreadableError as error:
        raise InputError(f"{path} is no mask: {error}.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise InputError(f"{path} cannot be read: {error}.") from error


def _annotations(path: Path) -> list[Any]:
    try:
        document = json.loads(read_small_file(path, _MOST_BYTES))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from error
    annotations = document.get("annotations") if isinstance(document, dict) else None
    if not isinstance(annotations, list):
        raise InputError(f"{path} has no list of annotations.")
    return annotations
