"""What a data set says of its objects: their frames, and whether their kind was seen in training.

Read from a `meta.json` in the form of YouTube-VOS and LVOS:
`{"videos": {"<sequence>": {"objects": {"<id>": {"category": …, "frames": [...],
"frame_range": {"start": …, "end": …}}}}}}`. Neither says which objects are unseen; that comes from
`"unseen": true` on an object or a video, from a top-level list `"unseen_categories"` or
`"unseen_videos"`, or from a file `unseen_videos.txt` beside it, one sequence a line.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from results.errors import InputError

UNSEEN_VIDEOS = "unseen_videos.txt"


@dataclass(frozen=True)
class ObjectMeta:
    """One object: the frames that name its beginning and end (numbers), and its group."""

    group: str | None
    start: int | None = None
    end: int | None = None
    frames: tuple[str, ...] = ()


@dataclass(frozen=True)
class Meta:
    """(sequence, id) -> what is known; `path` is the file."""

    path: Path
    objects: dict[str, dict[str, ObjectMeta]] = field(default_factory=dict)

    def of(self, sequence: str, object_id: str) -> ObjectMeta | None:
        return self.objects.get(sequence, {}).get(object_id)

    @property
    def has_groups(self) -> bool:
        return any(
            o.group is not None for objects in self.objects.values() for o in objects.values()
        )


def find_meta(given: Path | None, *roots: Path) -> Meta | None:
    """The metadata of --meta, else of a `meta.json` in one of the folders; None without any.

    Raises InputError for a file that is missing, or of another form.
    """
    path = given or next((r / "meta.json" for r in roots if (r / "meta.json").is_file()), None)
    return None if path is None else read_meta(path)


def read_meta(path: Path) -> Meta:
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is no JSON: {error}.") from None
    videos = document.get("videos") if isinstance(document, dict) else None
    if not isinstance(videos, dict):
        raise InputError(
            f'{path} has no object "videos"; it should be as YouTube-VOS and LVOS write it.'
        )
    unseen_categories = _names(document.get("unseen_categories"))
    unseen_videos = _names(document.get("unseen_videos")) | _listed(path.parent / UNSEEN_VIDEOS)
    tells_groups = bool(unseen_categories or unseen_videos)
    objects: dict[str, dict[str, ObjectMeta]] = {}
    for sequence, video in videos.items():
        own = video.get("objects") if isinstance(video, dict) else None
        if not isinstance(own, dict):
            raise InputError(f'{path}: the video {sequence} has no object "objects".')
        for object_id, entry in own.items():
            if not isinstance(entry, dict):
                raise InputError(f"{path}: the object {sequence}/{object_id} is no JSON object.")
            marks = (entry.get("unseen"), video.get("unseen"))
            is_unseen = next((mark for mark in marks if isinstance(mark, bool)), None)
            if is_unseen is None and tells_groups:
                is_unseen = sequence in unseen_videos or entry.get("category") in unseen_categories
            group = None if is_unseen is None else "unseen" if is_unseen else "seen"
            objects.setdefault(str(sequence), {})[_id(object_id)] = _object(
                entry, group, f"{path}: the object {sequence}/{object_id}"
            )
    return Meta(path, objects)


def _object(entry: dict[str, Any], group: str | None, where: str) -> ObjectMeta:
    reach = entry.get("frame_range")
    frames = tuple(sorted(str(name) for name in entry.get("frames") or ()))
    if not isinstance(reach, dict):
        return ObjectMeta(group, frames=frames)
    try:
        start, end = int(reach["start"]), int(reach["end"])
    except (KeyError, TypeError, ValueError):
        raise InputError(
            f'{where} has a "frame_range" without numbers "start" and "end".'
        ) from None
    return ObjectMeta(group, start, end, frames)


def _id(text: str) -> str:
    """An id as counting has it: "001" and "1" are one."""
    return str(int(text)) if text.isdecimal() else text


def _names(listed: object) -> set[str]:
    return {str(name) for name in listed} if isinstance(listed, list) else set()


def _listed(path: Path) -> set[str]:
    return set(path.read_text("utf-8", "replace").split()) if path.is_file() else set()
