"""What a run on videos was asked: kept in its record, and enough to resume it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, ValidationError

from benchmarks.vos.datasets import open_video_set
from benchmarks.vos.prompting import CLICKS_A_FRAME, MOST_FRAMES, Mode
from results.errors import InputError
from results.records import RunRecord, Value
from runners.models.devices import Device, Precision
from runners.video_segmentation.clips import Box, Clip, Point, open_clip
from runners.video_segmentation.video_sets import SetTask, VideoTask

if TYPE_CHECKING:
    from runners.models.segmentation.interface import VideoSegmenter

VIDEO, PVS = "video", "pvs"
# Where a record's config holds the request.
ASKED = "asked"

ClipProtocol = Literal["davis", "vos"]
PvsLayout = Literal["davis", "sav", "mose", "lvos", "folder"]


class VideoRequest(Value):
    """The settings of `judge bench run`, as plain values; paths are absolute.

    benchmark: a video set, `video` or `pvs`. variant: a name for this form of the model, where the
    model's own is not wanted. layout, mode, frames, clicks: of `pvs`.
    """

    benchmark: str
    model: str
    data: str
    split: str | None = None
    device: Device = "auto"
    precision: Precision = "fp32"
    compile: bool = False
    code: str | None = None
    variant: str | None = None
    limit: int | None = Field(default=None, ge=1)
    all_frames: bool = False
    keep_ends: bool = False
    protocol: ClipProtocol = "davis"
    masks: str | None = None
    first_mask: str | None = None
    points: tuple[Point, ...] = ()
    box: Box | None = None
    max_frames: int | None = Field(default=None, ge=1)
    warm_up: int = Field(default=3, ge=0)
    layout: PvsLayout = "davis"
    mode: Mode = "offline"
    frames: int = Field(default=MOST_FRAMES, ge=1)
    clicks: int = Field(default=CLICKS_A_FRAME, ge=1)

    @classmethod
    def of_record(cls, record: RunRecord) -> Self:
        """What a run was asked; InputError where it was no run on videos."""
        try:
            return cls.model_validate(record.config.get(ASKED))
        except ValidationError:
            raise InputError(
                f"Run {record.run_id} is of {record.benchmark or 'another kind'}; it cannot be"
                " resumed as a run on videos."
            ) from None

    def open_segmenter(self) -> VideoSegmenter:
        """The model; InputError and MissingExtra as its adapter has them."""
        from runners.models.segmentation.opening import open_video_segmenter

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
        protocol=request.protocol,
        keep_ends=request.keep_ends,
        most=request.max_frames,
    )


def hash_of_names(names: tuple[str, ...]) -> str:
    """One hash of the sequences that a run is over, so that a resumed run has the same ones."""
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()
