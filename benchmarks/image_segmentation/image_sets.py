"""Sets of images with masks, as SA-23 collects them (SAM, arXiv 2304.02643, section 7.1).

A folder holds one set, or a folder for each; a set is laid out in one of these ways:

- `images/<name>.jpg` (or png) with `masks/<name>.png`, a label map, or `masks/<name>/<object>.png`;
- SA-1B's: `<name>.jpg` beside `<name>.json`, in the set's folder or in `images/`;
- `annotations.json` in COCO's or LVIS's form, beside `images/`;
- a video set, each of whose annotated frames is an image: `JPEGImages*/…/<video>/<frame>.jpg` with
  `Annotations*/…/<video>/<frame>.png`, or SA-V's `Annotations_6fps/<video>/<object>/<frame>.png`.

SA-23 itself is 23 public sets, each under its own licence; none is downloaded here. SAM 2 (arXiv
2408.00714) reports its image sets, its video sets and all of them: a folder of each kind gives the
first two, and a folder that links to both kinds' sets the third.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from benchmarks.image_segmentation.coco import CocoSet, coco_drawing, read_annotations
from benchmarks.image_segmentation.sources import (
    CocoMasks,
    LabelMapFile,
    MaskFiles,
    MaskSource,
    RunLengthFile,
)
from results.errors import InputError

IMAGES, MASKS, ANNOTATIONS = "images", "masks", "annotations.json"
PICTURES = (".jpg", ".jpeg", ".png")
_FRAMES = ("JPEGImages_24fps", "JPEGImages")
_FRAME_MASKS = ("Annotations_6fps", "Annotations")
_SCALES = ("480p", "Full-Resolution")


@dataclass(frozen=True)
class MaskedImage:
    """An image, and where the masks of its objects are; `name` is unique in its set."""

    dataset: str
    name: str
    image: Path
    masks: MaskSource

    @property
    def key(self) -> str:
        return f"{self.dataset}/{self.name}"


class ImageSets(NamedTuple):
    """All images, set by set, in order of their names; and what was left out."""

    images: tuple[MaskedImage, ...]
    notes: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(image.dataset for image in self.images))


def open_image_sets(root: Path) -> ImageSets:
    """The sets in a folder; InputError where there is no set that is laid out as said above."""
    if not root.is_dir():
        raise InputError(f"There is no folder {root}.")
    folders = [root]
    if _images_of(root, root.resolve().name, []) is None:
        folders = sorted(child for child in root.iterdir() if child.is_dir())
    images: list[MaskedImage] = []
    notes: list[str] = []
    for folder in folders:
        found = _images_of(folder, folder.resolve().name, notes)
        if found is not None:
            images += found
    if not images:
        raise InputError(
            f"{root} holds no images with masks: give a folder with {IMAGES}/ and {MASKS}/, one"
            f" with SA-1B's .jpg and .json files, with {IMAGES}/ and {ANNOTATIONS}, with"
            " JPEGImages/ and Annotations/, or a folder of such folders."
        )
    return ImageSets(tuple(images), tuple(notes))


def coco_image_set(name: str, annotations: CocoSet, folder: Path) -> ImageSets:
    """The images of an annotation file that have an object other than a crowd.

    Raises InputError where no image of them is in `folder`; MissingExtra where polygons cannot be
    drawn.
    """
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}.")
    if any(isinstance(found.segmentation, list) for found in annotations.objects):
        # What is needed to draw polygons is better missed now than at each image.
        coco_drawing()
    images = []
    absent = 0
    for image in annotations.images.values():
        if all(found.is_crowd for found in annotations.by_image.get(image.id, ())):
            continue
        try:
            path = image.find(folder)
        except InputError:
            absent += 1
            # Its absence is reported as the image's error when its turn comes.
            path = folder / image.files[0]
        images.append(MaskedImage(name, str(image.id), path, CocoMasks(annotations, image.id)))
    if absent == len(images):
        raise InputError(f"{folder} holds none of the images that {annotations.path} lists.")
    notes = (f"{absent} of {len(images)} images are not in {folder}.",) if absent else ()
    return ImageSets(tuple(images), notes)


def _images_of(folder: Path, dataset: str, notes: list[str]) -> list[MaskedImage] | None:
    """The images of one set; None where the folder is laid out in none of the known ways."""
    if (folder / MASKS).is_dir():
        if not (folder / IMAGES).is_dir():
            raise InputError(f"{folder} has {MASKS}/ and no {IMAGES}/ beside it.")
        return _beside_masks(folder, dataset, notes)
    if (folder / ANNOTATIONS).is_file() and (folder / IMAGES).is_dir():
        found = coco_image_set(dataset, read_annotations(folder / ANNOTATIONS), folder / IMAGES)
        notes += found.notes
        return list(found.images)
    frames, masks = _first(folder, _FRAMES), _first(folder, _FRAME_MASKS)
    if frames is not None and masks is not None:
        return _of_videos(frames, masks, dataset, notes)
    for place in (folder / IMAGES, folder):
        if place.is_dir() and (found_here := _beside_json(place, dataset, notes)):
            return found_here
    return None


def _beside_masks(folder: Path, dataset: str, notes: list[str]) -> list[MaskedImage]:
    pictures = _pictures(folder / IMAGES)
    found = []
    for name, path in pictures.items():
        source = mask_source(folder / MASKS, name)
        if source is not None:
            found.append(MaskedImage(dataset, name, path, source))
    _note_rest(notes, dataset, len(pictures) - len(found), "images have no masks")
    there = {path.stem if path.is_file() else path.name for path in (folder / MASKS).iterdir()}
    _note_rest(notes, dataset, len(there - set(pictures)), "masks have no image")
    return found


def mask_source(folder: Path, name: str) -> MaskSource | None:
    """`<folder>/<name>.png` as a label map, or the files of `<folder>/<name>/`; None for neither.

    Raises InputError where both are there.
    """
    one, many = folder / f"{name}.png", folder / name
    if one.is_file() and many.is_dir():
        raise InputError(f"{one} and the folder {many} both claim the masks of {name}.")
    if one.is_file():
        return LabelMapFile(one)
    if many.is_dir():
        paths = tuple(sorted(many.glob("*.png"), key=lambda path: _in_order(path.stem)))
        return MaskFiles(paths) if paths else None
    return None


def _beside_json(folder: Path, dataset: str, notes: list[str]) -> list[MaskedImage]:
    pictures = _pictures(folder)
    found = [
        MaskedImage(dataset, name, path, RunLengthFile(folder / f"{name}.json"))
        for name, path in pictures.items()
        if (folder / f"{name}.json").is_file()
    ]
    if found:
        _note_rest(notes, dataset, len(pictures) - len(found), "images have no .json beside them")
    return found


def _of_videos(frames: Path, masks: Path, dataset: str, notes: list[str]) -> list[MaskedImage]:
    found = []
    without_frame = 0
    for video in sorted(path for path in masks.iterdir() if path.is_dir()):
        pictures = _pictures(frames / video.name) if (frames / video.name).is_dir() else {}
        for frame, source in _sources_of_video(video):
            path = pictures.get(frame)
            if path is None:
                without_frame += 1
            else:
                found.append(MaskedImage(dataset, f"{video.name}/{frame}", path, source))
    _note_rest(notes, dataset, without_frame, "annotated frames have no picture")
    return found


def _sources_of_video(video: Path) -> Iterable[tuple[str, MaskSource]]:
    maps = sorted(video.glob("*.png"), key=lambda path: _in_order(path.stem))
    if maps:
        return [(path.stem, LabelMapFile(path)) for path in maps]
    by_frame: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(video.glob("*/*.png"), key=lambda path: _in_order(path.parent.name)):
        by_frame[path.stem].append(path)
    return [
        (frame, MaskFiles(tuple(by_frame[frame]), by_folder=True))
        for frame in sorted(by_frame, key=_in_order)
    ]


def _first(folder: Path, names: Iterable[str]) -> Path | None:
    for name in names:
        if (folder / name).is_dir():
            scaled = [folder / name / scale for scale in _SCALES]
            return next((path for path in scaled if path.is_dir()), folder / name)
    return None


def _pictures(folder: Path) -> dict[str, Path]:
    """Stem -> file, in natural order; InputError where two files share a stem."""
    found: dict[str, Path] = {}
    files = [path for path in folder.iterdir() if path.suffix.lower() in PICTURES]
    for path in sorted(files, key=lambda path: _in_order(path.stem)):
        if path.stem in found:
            raise InputError(f"{found[path.stem]} and {path.name} are one image by their names.")
        found[path.stem] = path
    return found


def _in_order(name: str) -> tuple[int, str, str]:
    """Numbers by their value, before other names."""
    is_number = name.isascii() and name.isdigit()
    return (0, name.zfill(32), name) if is_number else (1, name, name)


def _note_rest(notes: list[str], dataset: str, n: int, what: str) -> None:
    if n:
        notes.append(f"{dataset}: {n} {what}; they are left out.")
