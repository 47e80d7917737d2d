"""Frames that a session can still look at: the newest alone, or all of them in a temporary file."""

from __future__ import annotations

import tempfile
from typing import Any, BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from results.errors import InputError


class FrameStore(Protocol):
    """uint8 frames of one shape, by index from 0."""

    def append(self, frame: NDArray[np.uint8]) -> None: ...

    def get(self, index: int) -> NDArray[np.uint8]: ...

    def __len__(self) -> int:
        """How many frames were appended, those out of reach included."""

    def close(self) -> None: ...


class NewestFrame:
    """Holds the newest frame, and says that others are gone."""

    def __init__(self) -> None:
        self._frame: NDArray[np.uint8] | None = None
        self._count = 0

    def append(self, frame: NDArray[np.uint8]) -> None:
        self._frame = frame
        self._count += 1

    def get(self, index: int) -> NDArray[np.uint8]:
        if self._frame is None or index != self._count - 1:
            raise InputError(
                f"Frame {index} is out of reach; start the session with keep_frames to go back."
            )
        return self._frame

    def __len__(self) -> int:
        return self._count

    def close(self) -> None:
        self._frame = None


class SpooledFrames:
    """Holds every frame, in a file without a name that ends with the process."""

    def __init__(self) -> None:
        self._file: BinaryIO | None = None
        self._shape: tuple[int, ...] = ()
        self._count = 0

    def append(self, frame: NDArray[np.uint8]) -> None:
        if self._file is None:
            self._file, self._shape = _opened(), frame.shape
        self._file.seek(0, 2)
        self._file.write(frame.tobytes())
        self._count += 1

    def get(self, index: int) -> NDArray[np.uint8]:

        if self._file is None or not 0 <= index < self._count:
            raise InputError(f"There is no frame {index}: {self._count} were added.")
        size = int(np.prod(self._shape))
        self._file.seek(index * size)
        return np.frombuffer(self._file.read(size), np.uint8).reshape(self._shape)

    def __len__(self) -> int:
        return self._count

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _opened() -> Any:
    return tempfile.TemporaryFile(prefix="judge-frames-")
