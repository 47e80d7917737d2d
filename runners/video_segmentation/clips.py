"""One video of one's own as a task for a model: a file or a folder of frames, masks where known.

    clip.mp4                     with --first-mask, --points or --box
    folder/*.jpg                 the same
    folder/*.jpg, folder/*.png   pictures, and masks of the same names
    folder/frames, folder/masks  the same in two folders (JPEGImages and Annotations will do)

Masks are label maps, or black and white for one object. They are the ground truth where there are
more of them than the model is given.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.vos.appearances import FirstMask, labels_in, read_labels
from benchmarks.vos.frame_names import frame_files
from benchmarks.vos.layout import PNG
from benchmarks.vos.protocols import VOID
from benchmarks.vos.scoring import Scores, score
from results.errors import InputError
from runners.models.segmentation.interface import PromptKind
from runners.video_segmentation.frames import FrameSource, PictureFolder, VideoFile, open_frames
from runners.video_segmentation.jobs import GivenPrompt, SequenceJob, mask_prompt

if TYPE_CHECKING:
    from runners.models.segmentation.interface import Prompt

_FRAMES, _MASKS = ("frames", "JPEGImages", "images"), ("masks", "Annotations")
_JPEG = (".jpg", ".jpeg")
_THE_OBJECT = "1"

Point = tuple[float, float, int]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Clip:
    """A `VideoTask` of one sequence.

    masks: frame name -> file. black_and_white: masks of one object that are not labels; scored by
    `sav`, for which any label is the mask, and written into a folder of the object.
    """

    name: str
    source: FrameSource
    given: tuple[GivenPrompt, ...]
    masks: Mapping[str, Path]
    protocol: str
    black_and_white: bool = False
    keep_ends: bool = False
    fps: float = 24.0
    asks_by: frozenset[PromptKind] = frozenset({"mask"})
    benchmark: str = "video"
    split: str = ""
    submitted_as: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name,)

    @property
    def has_ground_truth(self) -> bool:
        """More masks than the model is given, the ends that are not scored left out."""
        ends = 0 if self.keep_ends else 1
        return len(self.masks) > len({given.frame for given in self.given}) + ends

    def job(self, name: str) -> SequenceJob:
        folders = {1: _THE_OBJECT} if self.black_and_white else None
        return SequenceJob(name, self.source, self.given, folders=folders)

    def scores(self, name: str, predictions: Path) -> Scores | None:
        if not self.has_ground_truth:
            return None
        with tempfile.TemporaryDirectory() as folder:
            # The scorer takes folders of sequences.
            place = Path(folder, name, *([_THE_OBJECT] if self.black_and_white else []))
            place.mkdir(parents=True)
            for frame, file in self.masks.items():
                (place / (frame + PNG)).symlink_to(file.resolve())
            found = score(
                folder, predictions, self.protocol, keep_ends=self.keep_ends, jobs=1, only=(name,)
            )
        # Who points at one of several objects asks for no other.
        asked = {given.object_id for given in self.given}
        return replace(found, objects=tuple(o for o in found.objects if o.object_id in asked))

    def write_submission(self, predictions: Path, out: Path) -> int:
        raise InputError("No server scores a video of one's own.")


def open_clip(
    data: Path,
    *,
    masks: Path | None = None,
    first_mask: Path | None = None,
    points: tuple[Point, ...] = (),
    box: Box | None = None,
    protocol: str = "davis",
    keep_ends: bool = False,
    most: int | None = None,
) -> Clip:
    """The video in `data`; InputError says what is missing or at odds.

    masks: a folder of PNG files named as the frames are (for a video file, by number). first_mask:
    the objects in the first frame. points: (x, y, 1 on the object or 0 beside it) and box: one
    object in the first frame. protocol: `davis` (the objects of the first map) or `vos` (each from
    where it first appears). most: of the frames, only so many.
    """
    frames, masks = _folders(data, masks)
    source: PictureFolder | VideoFile
    if frames.is_dir():
        suffixes = _JPEG if masks == frames else None
        source = PictureFolder(frames, most=most, suffixes=suffixes)
    else:
        source = open_frames(frames, most)
    name = data.stem if data.is_file() else data.resolve().name
    found = {} if masks is None else _masks(masks, source)
    if first_mask is not None and (points or box):
        raise InputError("--first-mask and --points or --box are two answers to one question.")
    black_and_white = _are_black_and_white(found)
    given: tuple[GivenPrompt, ...]
    if points or box:
        number = 1 if black_and_white or not found else _pointed_at(found, points, box)
        given = (GivenPrompt(number, str(number), None, lambda: _prompt(points, box)),)
    elif first_mask is not None:
        given = tuple(
            GivenPrompt(first.number, first.object_id, None, mask_prompt(first).prompt)
            for first in objects_in({"": first_mask}, late=False)
        )
    elif found:
        given = tuple(mask_prompt(first) for first in objects_in(found, late=protocol == "vos"))
    else:
        raise InputError(
            f"Which object of {data} is meant? Give --first-mask, --masks, --points or --box."
        )
    kinds: set[PromptKind] = set()
    if points:
        kinds.add("points")
    if box:
        kinds.add("box")
    if black_and_white and len(given) > 1:
        raise InputError(f"{first_mask} shows {len(given)} objects, but the masks only one.")
    return Clip(
        name,
        source,
        given,
        found,
        "sav" if black_and_white else protocol,
        black_and_white,
        keep_ends,
        (source.fps if isinstance(source, VideoFile) else 0.0) or 24.0,
        frozenset(kinds or {"mask"}),
    )


def _folders(data: Path, masks: Path | None) -> tuple[Path, Path | None]:
    """(the video file or the folder of pictures, the folder of masks)."""
    if not data.is_dir():
        return data, masks
    frames = next((data / name for name in _FRAMES if (data / name).is_dir()), data)
    if masks is not None:
        return frames, masks
    if frames != data:
        return frames, next((data / name for name in _MASKS if (data / name).is_dir()), None)
    kinds = {Path(entry.name).suffix.lower() for entry in os.scandir(data) if entry.is_file()}
    return data, data if PNG in kinds and kinds & set(_JPEG) else None


def _masks(folder: Path, source: PictureFolder | VideoFile) -> dict[str, Path]:
    """Frame name -> mask, of the frames that the source has."""
    files = frame_files(folder, (PNG,))
    if isinstance(source, VideoFile):
        numbered = {}
        for name, file in files.items():
            if not name.isdecimal():
                raise InputError(
                    f"{folder / file} belongs to no frame: masks of a video are named by the"
                    " frame's number, from 0."
                )
            numbered[f"{int(name):05d}"] = folder / file
        most = source.most
        return {n: file for n, file in numbered.items() if most is None or int(n) < most}
    known = {pending.name for pending in source.frames()}
    stray = next((name for name in files if name not in known), None)
    if stray is not None and source.most is None:
        raise InputError(f"{folder / files[stray]} belongs to no frame of {source.path}.")
    return {name: folder / file for name, file in files.items() if name in known}


def objects_in(masks: Mapping[str, Path], *, late: bool) -> tuple[FirstMask, ...]:
    """The objects of the first map that shows any, or of all maps; a white one is the object 1."""
    found: dict[int, FirstMask] = {}
    for frame, file in masks.items():
        labels = labels_in(file)
        if not found and labels == (VOID,):
            return (FirstMask(_THE_OBJECT, 1, frame, file, None),)
        for label in labels:
            if label != VOID:
                found.setdefault(label, FirstMask(str(label), label, frame, file, label))
        if found and not late:
            break
    if not found:
        raise InputError(f"No object is shown in {next(iter(masks.values()))}.")
    return tuple(found[label] for label in sorted(found))


def _are_black_and_white(masks: Mapping[str, Path]) -> bool:
    """Whether the first mask that shows anything shows nothing but white."""
    shown = (labels_in(file) for file in masks.values())
    return next((labels for labels in shown if labels), ()) == (VOID,)


def _pointed_at(masks: Mapping[str, Path], points: tuple[Point, ...], box: Box | None) -> int:
    """The label of the first mask that the first positive point is on, or most of the box."""
    import numpy as np

    first = next(iter(masks.values()))
    labels = read_labels(first)
    point = next(((x, y) for x, y, label in points if label), None)
    if point is not None:
        column, row = round(point[0]), round(point[1])
        inside = 0 <= row < labels.shape[0] and 0 <= column < labels.shape[1]
        number = int(labels[row, column]) if inside else 0
    else:
        x0, y0, x1, y1 = (max(0, round(side)) for side in box or (0, 0, 0, 0))
        within = labels[y0 : y1 + 1, x0 : x1 + 1]
        counts = np.bincount(within[within > 0], minlength=1)
        number = int(counts.argmax()) if within.any() else 0
    if not number:
        raise InputError(f"What is pointed at is no object of {first}.")
    return number


def _prompt(points: tuple[Point, ...], box: Box | None) -> Prompt:
    import numpy as np

    from runners.models.segmentation.interface import Prompt

    if not points:
        return Prompt(box=box)
    return Prompt(
        points=np.array([point[:2] for point in points], np.float32),
        labels=np.array([point[2] for point in points], np.int32),
        box=box,
    )
