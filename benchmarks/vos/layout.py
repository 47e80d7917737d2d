"""Finds the sequences and frames of ground truth and prediction, and every fault on the way.

Faults are collected, all before anything is scored: a missing sequence or frame, a stray file, a
file that is no PNG, maps of two sizes. Only what is broken behind a sound header shows later.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from benchmarks.vos.png import UnreadableError, size_of
from results.errors import InputError

PNG = ".png"
# Below a dataset's root: where annotations lie, the likeliest first.
_ANNOTATIONS = (
    "Annotations/480p",
    "Annotations/Full-Resolution",
    "Annotations",
    "valid/Annotations",
    "val/Annotations",
    "480p",
    "Full-Resolution",
)
_UNSUPERVISED = ("Annotations_unsupervised/480p", "Annotations_unsupervised/Full-Resolution")
_BY_OBJECT = ("Annotations_6fps",)
_IMAGE_SETS = ("ImageSets/2017", "ImageSets/2019", "ImageSets")
_SUBSETS = ("val", "test-dev", "test-challenge", "test", "train")


class LeftOut(NamedTuple):
    """What was not scored, and why; the cause is a sentence's end."""

    sequence: str
    object: str | None
    frame: str | None
    cause: str

    def __str__(self) -> str:
        place = f"Sequence {self.sequence}"
        place += f", object {self.object}" if self.object is not None else ""
        place += f", frame {self.frame}" if self.frame is not None else ""
        return f"{place}: {self.cause}"


class Remarks:
    """What is wrong with the input, and what else a reader of the scores must know.

    Strictly, the first fault ends the call; leniently, all are reported and what they concern is
    left out.
    """

    def __init__(self, lenient: bool) -> None:
        self.left_out: list[LeftOut] = []
        self.notes: list[str] = []
        self._lenient = lenient
        self._faults: list[LeftOut] = []

    def fault(
        self, sequence: str, cause: str, *, frame: str | None = None, object: str | None = None
    ) -> None:
        """Something is wrong with the input."""
        self._faults.append(LeftOut(sequence, object, frame, cause))
        self.left_out.append(self._faults[-1])

    def leave_out(self, sequence: str, cause: str, *, object: str | None = None) -> None:
        """The protocol itself leaves something out, which is no fault."""
        self.left_out.append(LeftOut(sequence, object, None, cause))

    def check(self) -> None:
        """Raises InputError for the first fault, unless faults are only to be reported."""
        if self._lenient or not self._faults:
            return
        others = len(self._faults) - 1
        more = f" ({others} more such faults follow)" if others else ""
        raise InputError(
            f"{self._faults[0]}{more}. Mend it, or leave out what is wrong with --lenient."
        )


class Frame(NamedTuple):
    """A frame's name (its file's stem) and its two files."""

    name: str
    gt: str
    pred: str


@dataclass(frozen=True)
class Track:
    """The frames of one sequence or, where each object has its own files, of one object in it.

    `names` are all annotated frames, in order; `frames` those to be scored, whose files are there.
    """

    sequence: str
    object: str | None
    gt: str
    names: tuple[str, ...]
    frames: tuple[Frame, ...]

    def gt_file(self, name: str) -> str:
        return os.path.join(self.gt, name + PNG)  # noqa: PTH118 - thousands of them


# (sequence, all its annotated frames) -> the frames to be scored
Choice = Callable[[str, Sequence[str]], Sequence[str]]


def find_roots(gt: Path, pred: Path, *, unsupervised: bool = False) -> tuple[Path, Path]:
    """The folders whose children are sequences, where dataset roots may be given.

    Raises InputError for a folder that is not there.
    """
    for what, folder in (("ground truth", gt), ("predictions", pred)):
        if not folder.is_dir():
            raise InputError(f"There is no folder of {what} at {folder}.")
    candidates = (*(_UNSUPERVISED if unsupervised else ()), *_ANNOTATIONS, *_BY_OBJECT)
    root = next((gt / below for below in candidates if (gt / below).is_dir()), gt)
    inside = [entry for entry in pred.iterdir() if entry.is_dir()]
    if [entry.name for entry in inside] == ["Annotations"] and not (root / "Annotations").exists():
        pred = inside[0]
    return root, pred


def find_tracks(
    gt: Path,
    pred: Path,
    by_object: bool,
    choose: Choice,
    remarks: Remarks,
    sets_root: Path,
    only: Collection[str] | None = None,
) -> list[Track]:
    """What is to be scored, in the order of names. `choose` says which frames.

    by_object: sequence/object/frame.png rather than sequence/frame.png; a sequence that holds
    frames all the same is taken as it is. only: these sequences, whatever else lies there. Raises
    InputError where there is nothing at all.
    """
    annotated, predicted = _folders(gt), _folders(pred)
    if not annotated:
        hint = "a PNG file lies there" if _has_png(gt) else "it holds no folders"
        raise InputError(
            f"{gt} is no folder of sequences: {hint}; --gt takes the folder above the sequences."
        )
    wanted = _subset(sets_root, annotated, predicted) if only is None else set(only)
    for name in sorted(predicted - wanted) if only is None else ():
        remarks.fault(name, "the ground truth has no such sequence")
    tracks: list[Track] = []
    for name in sorted(wanted):
        if name not in annotated:
            remarks.fault(name, "it is to be scored, but the ground truth lacks it")
        elif name not in predicted:
            remarks.fault(name, "the predictions lack it")
        elif by_object and not _has_png(gt / name):
            tracks += _object_tracks(name, gt / name, pred / name, choose, remarks)
        else:
            tracks += _track(name, None, gt / name, pred / name, choose, remarks)
    return tracks


def _object_tracks(
    sequence: str, gt: Path, pred: Path, choose: Choice, remarks: Remarks
) -> list[Track]:
    annotated, predicted = _folders(gt), _folders(pred)
    if not annotated:
        remarks.fault(sequence, "its ground truth is empty")
    for stray in sorted({entry.name for entry in gt.iterdir()} - annotated):
        remarks.fault(sequence, f"a stray file, {stray}, lies among the ground truth's objects")
    for name in sorted(predicted - annotated):
        remarks.fault(sequence, "the ground truth has no such object", object=name)
    tracks: list[Track] = []
    for name in sorted(annotated):
        if name not in predicted:
            remarks.fault(sequence, "the predictions lack it", object=name)
        else:
            tracks += _track(sequence, name, gt / name, pred / name, choose, remarks)
    return tracks


def _track(
    sequence: str, object: str | None, gt: Path, pred: Path, choose: Choice, remarks: Remarks
) -> list[Track]:
    def fault(cause: str, frame: str | None = None) -> None:
        remarks.fault(sequence, cause, frame=frame, object=object)

    annotated, strays = _frames(gt)
    predicted, predicted_strays = _frames(pred)
    if not annotated and any((gt / stray).is_dir() for stray in strays):
        fault("its ground truth holds folders, not frames, as SA-V's does (--protocol sav)")
        return []
    for whose, names in (("ground truth", strays), ("predictions", predicted_strays)):
        for stray in names:
            fault(f"a stray file, {stray}, lies among the frames of the {whose}")
    if not annotated:
        fault("its ground truth holds no frames")
        return []
    if not predicted:
        fault("its predictions hold no frames")
        return []
    chosen = choose(sequence, annotated)
    if not chosen:
        fault(f"none of its frames is scored: it has {len(annotated)}")
    there, here = str(gt), str(pred)
    known, present = set(annotated), set(predicted)
    sound: list[Frame] = []
    for name in chosen:
        frame = Frame(name, f"{there}{os.sep}{name}{PNG}", f"{here}{os.sep}{name}{PNG}")
        if name not in known:
            fault("the ground truth lacks it", name)
        elif name not in present:
            fault("the predictions lack it", name)
        elif cause := _fault_of_headers(frame):
            fault(cause, name)
        else:
            sound.append(frame)
    return [Track(sequence, object, there, tuple(annotated), tuple(sound))]


def _fault_of_headers(frame: Frame) -> str:
    sizes = []
    for whose, path in (("ground truth", frame.gt), ("prediction", frame.pred)):
        try:
            handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
            try:
                head = os.read(handle, 24)
            finally:
                os.close(handle)
            sizes.append(size_of(head))
        except UnreadableError as error:
            return f"the {whose} cannot be read: {error}"
        except OSError as error:
            return f"the {whose} cannot be read: {error.strerror or error}"
    return "" if sizes[0] == sizes[1] else sizes_differ(*sizes)


def sizes_differ(gt: tuple[int, int], pred: tuple[int, int]) -> str:
    """The cause that two sizes (height, width) make."""
    return f"the prediction is {pred[1]} x {pred[0]} pixels, but the ground truth {gt[1]} x {gt[0]}"


def _folders(folder: Path) -> set[str]:
    with os.scandir(folder) as entries:
        return {e.name for e in entries if e.is_dir() and not e.name.startswith(".")}


def _has_png(folder: Path) -> bool:
    return any(entry.name.endswith(PNG) for entry in folder.iterdir())


def _frames(folder: Path) -> tuple[list[str], list[str]]:
    """Names of the frames, sorted, and whatever else lies there."""
    names = sorted(entry.name for entry in os.scandir(folder))
    strays = [name for name in names if not name.endswith(PNG)]
    return [name.removesuffix(PNG) for name in names if name.endswith(PNG)], strays


def _subset(root: Path, annotated: Iterable[str], predicted: set[str]) -> set[str]:
    """The sequences to be scored: all, or those of the set that DAVIS-like roots list.

    The set is the first, of val, test and train ones, that has every predicted sequence; val
    where none has.
    """
    listed: list[set[str]] = []
    for folder in _IMAGE_SETS:
        for subset in _SUBSETS:
            file = root / folder / f"{subset}.txt"
            if file.is_file():
                listed.append(set(file.read_text("utf-8", "replace").split()))
    listed = [names for names in listed if names & set(annotated)]
    return next(
        (names for names in listed if predicted <= names), next(iter(listed), set(annotated))
    )
