"""Frames of a folder of pictures or of a video file, one after the other, never all at once.

A source yields `Pending` frames: what has to be read in order is read when the frame comes up (a
video's next packet), and `load` does the rest (decoding a picture, turning it upright), which any
thread may do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from benchmarks.vos.frame_names import PICTURES, frame_files
from results.errors import InputError
from runners.containers import open_container

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

VIDEOS = (".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi")
# A header of a few bytes must not claim the memory; 8K video has 33 million pixels.
MOST_PIXELS = 1 << 27
MOST_FRAMES = 1_000_000


class Pending(Protocol):
    """A frame whose turn it is."""

    @property
    def name(self) -> str: ...

    def load(self) -> Picture:
        """RGB, (height, width, 3), upright; InputError, naming file and frame."""


class FrameSource(Protocol):
    """Frames in order; `count` is None where only reading to the end would tell."""

    name: str
    count: int | None

    def frames(self) -> Iterator[Pending]: ...


@dataclass(frozen=True)
class PictureFile:
    """A frame in a file of its own."""

    name: str
    path: Path

    def load(self) -> Picture:
        import numpy as np
        from PIL import Image, ImageOps

        try:
            with Image.open(self.path, formats=["JPEG", "PNG"]) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise _faulty(self.path, self.name, f"it has over {MOST_PIXELS:,} pixels")
                upright = ImageOps.exif_transpose(image) if image.getexif() else image
                return np.asarray(upright.convert("RGB"))
        except InputError:
            raise
        except OSError as error:
            raise _faulty(self.path, self.name, error.strerror or str(error)) from None
        except Exception as error:  # noqa: BLE001 - a broken picture makes Pillow raise anything
            raise _faulty(self.path, self.name, str(error)) from None


@dataclass
class PictureFolder:
    """JPEG and PNG files of a folder, in natural order.

    only: the names of those that are meant, in their order. most: the first so many. suffixes: of
    files that are pictures here.
    """

    path: Path
    only: tuple[str, ...] | None = None
    most: int | None = None
    suffixes: tuple[str, ...] | None = None
    name: str = field(init=False)
    count: int | None = field(init=False)

    def __post_init__(self) -> None:
        self.name = self.path.name
        files = frame_files(self.path, self.suffixes or PICTURES)
        names = files if self.only is None else self.only
        self._files = [(name, files[name]) for name in islice(names, self.most)]
        self.count = len(self._files)

    def frames(self) -> Iterator[Pending]:
        for name, file in self._files:
            yield PictureFile(name, self.path / file)


@dataclass(frozen=True)
class DecodedFrame:
    """A frame of a video, still in the video's own pixel format."""

    name: str
    frame: Any
    width: int
    height: int
    path: Path

    def load(self) -> Picture:
        import numpy as np

        try:
            pixels = self.frame.to_ndarray(format="rgb24", width=self.width, height=self.height)
        except Exception as error:  # noqa: BLE001 - odd pixel formats fail in ways of their own
            raise _faulty(self.path, self.name, str(error)) from None
        turns = round(self.frame.rotation / 90) % 4
        return np.ascontiguousarray(np.rot90(pixels, turns)) if turns else pixels


@dataclass
class VideoFile:
    """The frames of a video file, decoded in sequence; frame names are numbers of five digits.

    Every frame comes at the size of the first one, which is how players show a stream whose size
    changes. InputError for a file without a video, or of a codec that is not known here.
    """

    path: Path
    most: int | None = None
    name: str = field(init=False)
    count: int | None = field(init=False)

    def __post_init__(self) -> None:
        self.name = self.path.stem
        with self._opened() as container:
            said = container.streams.video[0].frames or None
            self.fps = float(container.streams.video[0].average_rate or 0)
        self.count = said if self.most is None or said is None else min(said, self.most)

    def frames(self) -> Iterator[Pending]:
        import av

        number = 0
        with self._opened() as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            size = (0, 0)
            try:
                for frame in islice(_decoded(container, stream), self.most):
                    if number == MOST_FRAMES:
                        raise InputError(
                            f"{self.path} has over {MOST_FRAMES:,} frames; see --max-frames."
                        )
                    size = size if number else (frame.width, frame.height)
                    if size[0] * size[1] > MOST_PIXELS:
                        raise InputError(f"{self.path}: a frame has over {MOST_PIXELS:,} pixels.")
                    yield DecodedFrame(f"{number:05d}", frame, *size, self.path)
                    number += 1
            except (av.FFmpegError, ValueError) as error:
                raise _faulty(self.path, f"{number:05d}", _cause(error)) from None
        if not number:
            raise InputError(f"{self.path} has no frames that can be decoded.")

    def _opened(self) -> Any:
        import av

        try:
            container = open_container(self.path)
        except (av.FFmpegError, OSError, ValueError) as error:
            raise InputError(f"{self.path} cannot be read as a video: {_cause(error)}.") from None
        videos = container.streams.video
        if not videos or videos[0].codec_context is None:
            container.close()
            what = "its codec is not known here" if videos else "it holds no video"
            raise InputError(f"{self.path} cannot be read as a video: {what}.")
        return container


def open_frames(path: Path, most: int | None = None) -> PictureFolder | VideoFile:
    """A folder of pictures, or a video file; InputError for anything else.

    most: of the frames, only so many.
    """
    if path.is_dir():
        return PictureFolder(path, most=most)
    if not path.is_file():
        raise InputError(f"There is no video or folder of frames at {path}.")
    if path.suffix.lower() not in VIDEOS:
        raise InputError(f"{path} is neither a folder of frames nor a video ({', '.join(VIDEOS)}).")
    return VideoFile(path, most)


def _decoded(container: Any, stream: Any) -> Iterator[Any]:
    """Every frame of a stream; ValueError where the file ends before the last that it promises.

    A decoder is content with a file that was cut off, so the packets are counted.
    """
    packets = 0
    for packet in container.demux(stream):
        packets += packet.size > 0
        yield from packet.decode()
    if packets < stream.frames:
        raise ValueError(f"the file is cut off after {packets} of {stream.frames} frames")


def _faulty(path: Path, frame: str, cause: str) -> InputError:
    return InputError(f"Frame {frame} of {path} cannot be read: {cause.rstrip('.')}.")


def _cause(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).rstrip(".")
