"""The video sets as their makers lay them out: sequences, pictures, first masks, ground truth.

    davis2017    JPEGImages/480p, Annotations/480p, ImageSets/2017/<split>.txt (arXiv 1704.00675)
    mose         <split>/JPEGImages, <split>/Annotations (arXiv 2302.01872); valid: first masks only
    sav          sav_<split>/JPEGImages_24fps, Annotations_6fps/<video>/<object>, sav_<split>.txt
                 (arXiv 2408.00714)
    youtube-vos  <split>/JPEGImages, <split>/Annotations at first appearances, meta.json
                 (arXiv 1809.03327); <split>_all_frames/JPEGImages holds every frame
    lvos         <split>/JPEGImages, <split>/Annotations, <split>_meta.json (arXiv 2211.10181)

Nothing here opens a picture, and a mask only where an object has to be found in it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.vos.appearances import FirstMask, first_in_folders, first_in_maps
from benchmarks.vos.frame_names import PICTURES, frame_names, sequence_folders
from results.errors import InputError


@dataclass(frozen=True)
class VideoSequence:
    """One sequence as a model gets it.

    frames: the names (stems) of all pictures, in order. written: those whose predictions the set
    wants. objects: by the order of their ids. annotated: how many frames have a mask here.
    """

    name: str
    pictures: Path
    frames: tuple[str, ...]
    written: frozenset[str]
    objects: tuple[FirstMask, ...]
    annotated: int = 0

    @property
    def has_ground_truth(self) -> bool:
        """Whether more frames have masks here than those that the model is given."""
        return self.annotated > len({first.frame for first in self.objects})


@dataclass(frozen=True)
class VideoSet:
    """A set on disk.

    pictures, annotations: folders whose children are sequences. protocol: whose rules score it.
    by_object: one folder of masks an object, as SA-V has it, rather than label maps; each object
    is given where it first appears. late: so it is with label maps; else the first map has all.
    submitted_as: the name of the archive that a server scores. required: the folder of the
    pictures whose predictions are wanted, where a model may see more.
    """

    benchmark: str
    split: str
    pictures: Path
    annotations: Path
    names: tuple[str, ...]
    protocol: str
    by_object: bool = False
    late: bool = False
    submitted_as: str | None = None
    meta: Path | None = None
    required: Path | None = None

    def sequence(self, name: str) -> VideoSequence:
        """What is to be done for one sequence; InputError says what it lacks, and where."""
        pictures, annotations = self.pictures / name, self.annotations / name
        frames = frame_names(pictures, PICTURES)
        if not annotations.is_dir():
            raise InputError(f"Sequence {name} has no annotations at {annotations}.")
        if self.by_object:
            objects, annotated = first_in_folders(annotations)
        else:
            objects, annotated = first_in_maps(annotations, late=self.late)
        if not objects:
            raise InputError(f"Sequence {name}: no object is shown in {annotations}.")
        known = set(frames)
        for first in objects:
            if first.frame not in known:
                raise InputError(
                    f"Sequence {name}, frame {first.frame}: {first.file} has no picture in"
                    f" {pictures}."
                )
        written = known
        if self.required is not None:
            written = set(frame_names(self.required / name, PICTURES))
            if missing := sorted(written - known):
                raise InputError(
                    f"Sequence {name}, frame {missing[0]}: {pictures} lacks this picture."
                )
        return VideoSequence(name, pictures, frames, frozenset(written), objects, annotated)

    def has_ground_truth(self) -> bool:
        """Whether there are masks to score against; the first sound sequence tells."""
        for name in self.names:
            try:
                return self.sequence(name).has_ground_truth
            except InputError:
                continue
        return False

    def limited(self, limit: int | None) -> VideoSet:
        """The set with its first `limit` sequences only."""
        return self if limit is None else replace(self, names=self.names[:limit])


def open_davis2017(data: Path, split: str) -> VideoSet:
    root = _root(data, ("", "DAVIS"), ("JPEGImages/480p",), "DAVIS 2017")
    pictures = root / "JPEGImages" / "480p"
    names = _listed(root / "ImageSets" / "2017" / f"{split}.txt")
    annotations = root / "Annotations" / "480p"
    return _checked(VideoSet("davis2017", split, pictures, annotations, names, "davis"))


def open_mose(data: Path, split: str) -> VideoSet:
    root = _root(data, (split, ""), ("JPEGImages",), "MOSE")
    pictures = root / "JPEGImages"
    names = sequence_folders(pictures)
    return _checked(
        VideoSet("mose", split, pictures, root / "Annotations", names, "davis", submitted_as="mose")
    )


def open_sav(data: Path, split: str) -> VideoSet:
    root = _root(data, (f"sav_{split}", ""), ("JPEGImages_24fps",), "SA-V")
    pictures = root / "JPEGImages_24fps"
    lists = [root / f"sav_{split}.txt", root.parent / f"sav_{split}.txt"]
    listed = next((path for path in lists if path.is_file()), None)
    names = _listed(listed) if listed else sequence_folders(pictures)
    annotations = root / "Annotations_6fps"
    return _checked(VideoSet("sav", split, pictures, annotations, names, "sav", by_object=True))


def open_youtube_vos(data: Path, split: str, *, all_frames: bool = False) -> VideoSet:
    """all_frames: the model sees every frame; predictions are written for the sampled ones."""
    root = _root(data, (split, ""), ("JPEGImages",), "YouTube-VOS")
    sampled = root / "JPEGImages"
    pictures, required = sampled, None
    if all_frames:
        places = [
            above / f"{root.name}_all_frames" / "JPEGImages"
            for above in (root.parent, root.parent / "all_frames", root)
        ]
        pictures = next((place for place in places if place.is_dir()), places[0])
        required = sampled
        if not pictures.is_dir():
            raise InputError(
                f"YouTube-VOS has no folder of all frames at {pictures}; unpack it there, or leave"
                " out --all-frames."
            )
    meta = root / "meta.json"
    return _checked(
        VideoSet(
            "youtube-vos",
            split,
            pictures,
            root / "Annotations",
            sequence_folders(sampled),
            "youtube-vos",
            late=True,
            submitted_as="youtube-vos",
            meta=meta if meta.is_file() else None,
            required=required,
        )
    )


def open_lvos(data: Path, split: str) -> VideoSet:
    root = _root(data, (split, ""), ("JPEGImages",), "LVOS")
    pictures = root / "JPEGImages"
    metas = (root / f"{split}_meta.json", root / "meta.json", root.parent / f"{split}_meta.json")
    return _checked(
        VideoSet(
            "lvos",
            split,
            pictures,
            root / "Annotations",
            sequence_folders(pictures),
            "lvos",
            late=True,
            submitted_as="lvos",
            meta=next((path for path in metas if path.is_file()), None),
        )
    )


# Benchmark -> (how it is opened, the split that papers report).
VIDEO_SETS: dict[str, tuple[Callable[[Path, str], VideoSet], str]] = {
    "davis2017": (open_davis2017, "val"),
    "mose": (open_mose, "valid"),
    "sav": (open_sav, "val"),
    "youtube-vos": (open_youtube_vos, "valid"),
    "lvos": (open_lvos, "valid"),
}


def open_video_set(
    benchmark: str, data: Path, split: str | None = None, *, all_frames: bool = False
) -> VideoSet:
    """The set in `data`; InputError says what is not as its makers lay it out.

    split: the one that papers report by default. all_frames: YouTube-VOS only.
    """
    if benchmark not in VIDEO_SETS:
        raise InputError(f"There is no video set {benchmark!r}; there are {', '.join(VIDEO_SETS)}.")
    opened, usual = VIDEO_SETS[benchmark]
    if all_frames:
        if benchmark != "youtube-vos":
            raise InputError("--all-frames belongs to youtube-vos: other sets have one rate.")
        return open_youtube_vos(data, split or usual, all_frames=True)
    return opened(data, split or usual)


def _root(data: Path, below: Iterable[str], holds: Iterable[str], name: str) -> Path:
    """The first folder, of `data` and those below it, that holds what the set has."""
    if not data.is_dir():
        raise InputError(f"There is no folder {data}; --data takes the root of {name}.")
    for place in (data / part for part in below):
        if all((place / part).is_dir() for part in holds):
            return place
    wanted = " and ".join(holds)
    tried = " or ".join(dict.fromkeys(str(data / part) for part in below))
    raise InputError(f"{data} is not laid out as {name}: there is no {wanted} in {tried}.")


def _listed(path: Path) -> tuple[str, ...]:
    """The sequences that an image set names, one a line."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise InputError(f"There is no list of sequences at {path}; see --split.") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as a list of sequences: {error}.") from None
    names = tuple(dict.fromkeys(text.split()))
    for name in names:
        if name.startswith(".") or "/" in name or "\\" in name:
            raise InputError(f"{path} names the sequence {name[:80]!r}, which is no folder's name.")
    return names


def _checked(found: VideoSet) -> VideoSet:
    if not found.annotations.is_dir():
        raise InputError(f"There is no folder of annotations at {found.annotations}.")
    if not found.names:
        raise InputError(f"{found.pictures} holds no sequences.")
    there = next((name for name in found.names if (found.pictures / name).is_dir()), None)
    if there is None:
        raise InputError(
            f"None of the {len(found.names)} sequences of the split {found.split!r} lies in"
            f" {found.pictures}."
        )
    with os.scandir(found.pictures / there) as entries:
        kinds = {entry.is_dir() for entry in entries}
    if kinds == {True}:
        raise InputError(
            f"{found.pictures / there} holds folders, where {found.benchmark} has the frames of a"
            " sequence: this is another set."
        )
    return found
