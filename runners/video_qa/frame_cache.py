"""Sampled frames kept on disk, so that a video that is asked about again is not decoded again.

An entry is a zip archive of arrays (`numpy.savez`), read without pickles. It is named by
a hash of the file's path, size and time of change and of what was sampled, so that another file or
sampling is another entry. Several processes may share a folder: entries are written beside and
renamed. What was not used for longest goes first when the folder is full.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
import zipfile
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from results.errors import InputError
from runners.models.video_language.interface import SampledFrames

if TYPE_CHECKING:
    from runners.video_qa.frames import FrameSampling

DEFAULT_BYTES = 4 << 30
_VERSION = 1
_SUFFIX = ".frames.npz"
_UNFINISHED = ".frames.part"
_OLD_SECONDS = 24 * 3600


class FrameCache:
    """A folder of sampled frames, kept below so many bytes."""

    def __init__(self, folder: Path, max_bytes: int = DEFAULT_BYTES) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"The cache of frames cannot be made at {folder}: {error.strerror}; choose another"
                " folder."
            ) from error
        self._folder = folder
        self._max_bytes = max_bytes
        # What a killed process left.
        for path in folder.glob(f"*{_UNFINISHED}"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _OLD_SECONDS:
                    path.unlink()
        self._bytes = sum(size for _, size, _ in self._entries())

    def get(
        self, video: Path, wanted: FrameSampling, span: tuple[float, float] | None
    ) -> SampledFrames | None:
        """The frames that were kept, or None; a damaged entry counts as none and is removed."""
        try:
            entry = self._entry(video, wanted, span)
        except OSError:
            return None
        try:
            with np.load(entry, allow_pickle=False) as arrays:
                times, seconds = arrays["times"], float(arrays["seconds"])
                pictures = tuple(arrays[f"picture{index}"] for index in range(len(times)))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            entry.unlink(missing_ok=True)
            return None
        if any(each.dtype != np.uint8 or each.ndim != 3 for each in pictures):
            return None
        with suppress(OSError):
            os.utime(entry)
        return SampledFrames(pictures, tuple(map(float, times)), seconds)

    def put(
        self,
        video: Path,
        wanted: FrameSampling,
        span: tuple[float, float] | None,
        frames: SampledFrames,
    ) -> None:
        """Keeps frames; does nothing where there is no room on the disk."""
        arrays = {f"picture{index}": each for index, each in enumerate(frames.pictures)}
        size = sum(each.nbytes for each in frames.pictures)
        if size > self._max_bytes:
            return
        try:
            entry = self._entry(video, wanted, span)
            with tempfile.NamedTemporaryFile(
                dir=self._folder, suffix=_UNFINISHED, delete=False
            ) as file:
                unfinished = Path(file.name)
                try:
                    np.savez(
                        file,
                        allow_pickle=False,
                        times=np.array(frames.times, np.float64),
                        seconds=np.float64(frames.seconds),
                        **arrays,
                    )
                    unfinished.replace(entry)
                except BaseException:
                    unfinished.unlink(missing_ok=True)
                    raise
        except OSError:
            return
        self._bytes += size
        if self._bytes > self._max_bytes:
            self._make_room()

    def _entry(self, video: Path, wanted: FrameSampling, span: tuple[float, float] | None) -> Path:
        about = video.stat()
        key = [
            _VERSION,
            str(video.resolve()),
            about.st_size,
            about.st_mtime_ns,
            asdict(wanted),
            list(span or ()),
        ]
        digest = hashlib.sha256(json.dumps(key).encode("utf-8", "surrogatepass")).hexdigest()
        return self._folder / f"{digest}{_SUFFIX}"

    def _entries(self) -> list[tuple[float, int, Path]]:
        """(last use, bytes, path) of each entry, the longest unused first."""
        found: list[tuple[float, int, Path]] = []
        for path in self._folder.glob(f"*{_SUFFIX}"):
            try:
                about = path.stat()
            except OSError:
                continue
            found.append((about.st_mtime, about.st_size, path))
        return sorted(found)

    def _make_room(self) -> None:
        entries = self._entries()
        self._bytes = sum(size for _, size, _ in entries)
        for _, size, path in entries:
            if self._bytes <= 0.9 * self._max_bytes:
                return
            with suppress(OSError):
                path.unlink(missing_ok=True)
            self._bytes -= size
