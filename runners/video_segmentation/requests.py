"""What a run on videos was asked: kept in its record, and enough to resume it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from benchmarks.vos.datasets import open_video_set
from results.errors import InputError
from runners.video_segmentation.clips import Box, Clip, Point, open_clip
from runners.video_segmentation.video_sets import SetTask, VideoTask

if TYPE_CHECKING:
    from runners.models.segmentation.interface import VideoSegmenter

VIDEO, PVS = "video", "pvs"


@dataclass(frozen=True)
class VideoRequest:
    """The settings of `judge bench run`, as plain values; paths are absolute.

    benchmark: a video set, `video` or `pvs`. variant: a name for this form of the model, where the
    model's own is not wanted. layout, mode, frames, clicks: of `pvs`.
    """

    benchmark: str
    model: str
    data: str
    split: str | None = None
    device: str = "auto"
    precision: str = "fp32"
    compile: bool = False
    code: str | None = None
    variant: str | None = None
    limit: int | None = None
    all_frames: bool = False
    keep_ends: bool = False
    protocol: str | None = None
    masks: str | None = None
    first_mask: str | None = None
    points: tuple[Point, ...] = ()
    box: Box | None = None
    max_frames: int | None = None
    warm_up: int = 3
    layout: str | None = None
    mode: str | None = None
    frames: int | None = None
    clicks: int | None = None

    def as_config(self) -> dict[str, Any]:
        """Plain JSON values, for the run's record."""
        config: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return config

    @classmethod
    def of_config(cls, config: Mapping[str, Any]) -> Self:
        """What `as_config` made; InputError where a record holds something else."""
        known = {field.name for field in fields(cls)}
        missing = {"benchmark", "model", "data"} - config.keys()
        if missing or config.keys() - known:
            odd = sorted(missing or config.keys() - known)[0]
            raise InputError(
                f"The run's record does not say what was asked of videos: see {odd!r}."
            )
        values = dict(config)
        values["points"] = tuple((x, y, int(label)) for x, y, label in config.get("points") or ())
        values["box"] = tuple(config["box"]) if config.get("box") else None
        return cls(**values)

    def open_segmenter(self) -> VideoSegmenter:
        """The model; InputError and MissingExtra as its adapter has them."""
        from runners.models.segmentation import open_video_segmenter

        return open_video_segmenter(
            self.model,
            device=self.device,
            precision=self.precision,
            compile=self.compile,
            code=None if self.code is None else Path(self.code),
        )


def open_task(request: VideoRequest) -> VideoTask:
    """The sequences that are asked for; InputError before any model is opened."""
    if request.benchmark == VIDEO:
        return open_asked_clip(request)
    videos = open_video_set(
        request.benchmark, Path(request.data), request.split, all_frames=request.all_frames
    )
    return SetTask(videos.limited(request.limit), request.keep_ends)


def open_asked_clip(request: VideoRequest) -> Clip:
    """The one video that is asked for; InputError."""
    return open_clip(
        Path(request.data),
        masks=None if request.masks is None else Path(request.masks),
        first_mask=None if request.first_mask is None else Path(request.first_mask),
        points=request.points,
        box=request.box,
        protocol=request.protocol or "davis",
        keep_ends=request.keep_ends,
        most=request.max_frames,
    )


def hash_of_names(names: tuple[str, ...]) -> str:
    """One hash of the sequences that a run is over, so that a resumed run has the same ones."""
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()
