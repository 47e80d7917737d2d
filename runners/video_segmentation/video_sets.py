"""A video set as a task for a model: its sequences as jobs, and the scores of what was written."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

from benchmarks.vos.datasets import VideoSet
from benchmarks.vos.frame_names import sequence_folders
from benchmarks.vos.scoring import Scores, score
from runners.models.segmentation.interface import PromptKind
from runners.video_segmentation.frames import PictureFolder
from runners.video_segmentation.jobs import SequenceJob, mask_prompt


class VideoTask(Protocol):
    """Sequences to be tracked, and how what comes of it is scored."""

    @property
    def benchmark(self) -> str: ...

    @property
    def split(self) -> str: ...

    @property
    def names(self) -> tuple[str, ...]: ...

    @property
    def protocol(self) -> str: ...

    @property
    def has_ground_truth(self) -> bool: ...

    @property
    def submitted_as(self) -> str | None:
        """The name of the archive that a server scores; None where there is none."""

    @property
    def asks_by(self) -> frozenset[PromptKind]:
        """The kinds of prompts that a model is given."""

    @property
    def fps(self) -> float:
        """Of a film of the pictures."""

    def job(self, name: str) -> SequenceJob:
        """What a sequence asks of a model; InputError says what it lacks."""

    def scores(self, name: str, predictions: Path) -> Scores | None:
        """What a sequence that was written below `predictions` scores; None without ground truth.

        InputError where the ground truth is broken.
        """

    def write_submission(self, predictions: Path, out: Path) -> int: ...


@dataclass(frozen=True)
class SetTask:
    """One of the sets of `benchmarks.vos.datasets`."""

    videos: VideoSet
    keep_ends: bool = False
    asks_by: frozenset[PromptKind] = frozenset({"mask"})
    fps: float = 24.0

    @property
    def benchmark(self) -> str:
        return self.videos.benchmark

    @property
    def split(self) -> str:
        return self.videos.split

    @property
    def names(self) -> tuple[str, ...]:
        return self.videos.names

    @property
    def protocol(self) -> str:
        return self.videos.protocol

    @property
    def submitted_as(self) -> str | None:
        return self.videos.submitted_as

    @cached_property
    def has_ground_truth(self) -> bool:
        return self.videos.has_ground_truth()

    def job(self, name: str) -> SequenceJob:
        sequence = self.videos.sequence(name)
        folders = None
        if self.videos.by_object:
            folders = {first.number: first.object_id for first in sequence.objects}
            # An object that no frame shows has masks all the same: empty ones.
            everything = sequence_folders(self.videos.annotations / name)
            hidden = [each for each in everything if each not in folders.values()]
            folders |= dict(enumerate(hidden, len(folders) + 1))
        return SequenceJob(
            name,
            PictureFolder(sequence.pictures, only=sequence.frames),
            tuple(mask_prompt(first) for first in sequence.objects),
            written=sequence.written,
            folders=folders,
        )

    def scores(self, name: str, predictions: Path) -> Scores | None:
        if not self.has_ground_truth:
            return None
        return score(
            self.videos.annotations,
            predictions,
            self.videos.protocol,
            keep_ends=self.keep_ends,
            meta=self.videos.meta,
            jobs=1,
            only=(name,),
        )

    def write_submission(self, predictions: Path, out: Path) -> int:
        from benchmarks.vos.submission import write_submission

        assert self.videos.submitted_as is not None
        return write_submission(
            self.videos.submitted_as, predictions, self.videos.annotations.parent, out
        )
