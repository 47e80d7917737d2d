"""Small video sets in their makers' layouts, painted so that `ColourSegmenter` gets them right."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.benchmarks.vos.scenes import png, scene
from tests.runners.video_segmentation.colour_segmenter import painted

Labels = NDArray[Any]


def moving(
    n_objects: int, n_frames: int, seed: int = 0, size: tuple[int, int] = (48, 80)
) -> list[Labels]:
    """Label maps of objects that are all shown in the first frame."""
    frames = [scene(*size, n_objects, k, seed=seed) for k in range(n_frames)]
    for number in range(1, n_objects + 1):
        # A corner of its own, so that no object is hidden in the first frame.
        frames[0][:4, 8 * number : 8 * number + 6] = number
    return frames


def write_pictures(folder: Path, frames: Iterable[Labels], step: int = 1) -> None:
    """00000.png, … : lossless, so that colours are what they were."""
    folder.mkdir(parents=True)
    for number, labels in enumerate(frames):
        Image.fromarray(painted(labels)).save(folder / f"{number * step:05d}.png")


def write_masks(folder: Path, frames: Mapping[int, Labels]) -> None:
    folder.mkdir(parents=True)
    for number, labels in frames.items():
        (folder / f"{number:05d}.png").write_bytes(png(labels))


def davis(root: Path, sequences: Mapping[str, Sequence[Labels]]) -> Path:
    for name, frames in sequences.items():
        write_pictures(root / "JPEGImages" / "480p" / name, frames)
        write_masks(root / "Annotations" / "480p" / name, dict(enumerate(frames)))
    sets = root / "ImageSets" / "2017"
    sets.mkdir(parents=True)
    (sets / "val.txt").write_text("".join(f"{name}\n" for name in sequences))
    return root


def mose(root: Path, sequences: Mapping[str, Sequence[Labels]], split: str = "valid") -> Path:
    """valid: only the first frame has a mask; train: all have."""
    for name, frames in sequences.items():
        write_pictures(root / split / "JPEGImages" / name, frames)
        shown = dict(enumerate(frames if split == "train" else frames[:1]))
        write_masks(root / split / "Annotations" / name, shown)
    return root


def sav(root: Path, sequences: Mapping[str, Sequence[Labels]]) -> Path:
    """Pictures at 24 fps; every fourth has a mask an object, 0 and 255."""
    folder = root / "sav_val"
    for name, frames in sequences.items():
        write_pictures(folder / "JPEGImages_24fps" / name, frames)
        for number in range(1, max(int(f.max()) for f in frames) + 1):
            masks = {k: (f == number) * 255 for k, f in enumerate(frames) if k % 4 == 0}
            write_masks(folder / "Annotations_6fps" / name / f"{number - 1:03d}", masks)
    (folder / "sav_val.txt").write_text("".join(f"{name}\n" for name in sequences))
    return root


def youtube_vos(root: Path, sequences: Mapping[str, Sequence[Labels]]) -> Path:
    """Every fifth frame is sampled; the masks are those of first appearances, and all frames lie
    beside."""
    videos: dict[str, Any] = {}
    for name, frames in sequences.items():
        write_pictures(root / "valid" / "JPEGImages" / name, frames[::5], step=5)
        write_pictures(root / "valid_all_frames" / "JPEGImages" / name, frames)
        known: set[int] = set()
        masks: dict[int, Labels] = {}
        objects: dict[str, Any] = {}
        for number in range(0, len(frames), 5):
            here = {int(v) for v in np.unique(frames[number]) if v}
            if here - known:
                # The official masks show new objects alone or with the old; here with them.
                masks[number] = frames[number]
            for label in here - known:
                objects[str(label)] = {"category": "thing", "frames": [f"{number:05d}"]}
            known |= here
        write_masks(root / "valid" / "Annotations" / name, masks)
        videos[name] = {"objects": objects}
    (root / "valid" / "meta.json").write_text(json.dumps({"videos": videos}))
    return root


def lvos(root: Path, sequences: Mapping[str, Sequence[Labels]]) -> Path:
    """Every fifth frame has a mask."""
    videos: dict[str, Any] = {}
    for name, frames in sequences.items():
        write_pictures(root / "valid" / "JPEGImages" / name, frames)
        masks = {k: f for k, f in enumerate(frames) if k % 5 == 0}
        write_masks(root / "valid" / "Annotations" / name, masks)
        objects: dict[str, Any] = {}
        for label in range(1, max(int(f.max()) for f in frames) + 1):
            shown = [k for k, f in masks.items() if (f == label).any()]
            reach = {"start": f"{shown[0]:08d}", "end": f"{max(masks):08d}"}
            objects[str(label)] = {"category": "thing", "frame_range": reach}
        videos[name] = {"objects": objects}
    (root / "valid" / "valid_meta.json").write_text(json.dumps({"videos": videos}))
    return root


def late_object(frames: Sequence[Labels], at: int) -> list[Labels]:
    """The same, with one more object from frame `at` on."""
    found = [frame.copy() for frame in frames]
    label = max(int(f.max()) for f in frames) + 1
    for frame in found[at:]:
        frame[-10:, :12] = label
    return found
