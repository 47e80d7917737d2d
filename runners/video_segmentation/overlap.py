"""Decoding, preprocessing and writing beside a model's work, with little of it waiting.

`FramesAhead` has the next frames loaded and prepared by other threads; `MasksBehind` takes away
what is to be written. Both hold a bounded number of frames, so memory does not grow with the length
of a video, and both hand the first error on to the thread that uses them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, Queue
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from runners.video_segmentation.frames import FrameSource, Pending

if TYPE_CHECKING:
    from runners.video_segmentation.frames import Picture

# How often a waiting thread looks whether it is to stop.
_GLANCE = 0.1


class ReadyFrame(NamedTuple):
    """A frame that was loaded, and what the model's own preprocessing made of it."""

    name: str
    picture: Picture
    prepared: Any


class FramesAhead:
    """Iterates over the frames of a source, of which up to `window` are under way or waiting.

    A context: leaving it ends the threads, whether or not all frames were taken. window 0 loads
    each frame when it is asked for, in the asking thread.
    """

    def __init__(
        self,
        source: FrameSource,
        prepare: Callable[[Picture], Any],
        *,
        window: int = 8,
        threads: int = 2,
    ) -> None:
        self._source, self._prepare, self._window = source, prepare, window
        self._places = threading.Semaphore(window)
        self._queue: Queue[Future[ReadyFrame] | Exception | None] = Queue()
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(threads, "frames") if window else None
        self._reader = threading.Thread(target=self._read, name="frame-reader", daemon=True)

    def __enter__(self) -> Self:
        if self._pool is not None:
            self._reader.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        if self._pool is not None:
            self._reader.join()
            self._pool.shutdown(wait=True, cancel_futures=True)

    def __iter__(self) -> Iterator[ReadyFrame]:
        if self._pool is None:
            for pending in self._source.frames():
                yield self._ready(pending)
            return
        while (found := self._queue.get()) is not None:
            if isinstance(found, Exception):
                raise found
            ready = found.result()
            del found
            # The frame in use has its place taken by the next; it is one more than the window.
            self._places.release()
            yield ready
            del ready

    def _read(self) -> None:
        assert self._pool is not None
        try:
            for pending in self._source.frames():
                while not self._places.acquire(timeout=_GLANCE):
                    if self._stop.is_set():
                        return
                if self._stop.is_set():
                    return
                self._queue.put(self._pool.submit(self._ready, pending))
        except Exception as error:  # noqa: BLE001 - handed on, whatever it is
            self._queue.put(error)
        else:
            self._queue.put(None)

    def _ready(self, pending: Pending) -> ReadyFrame:
        picture = pending.load()
        return ReadyFrame(pending.name, picture, self._prepare(picture))


class MasksBehind:
    """Calls `write` for each item put, in order, in another thread; at most `window` wait.

    A context: leaving it without an error waits until all is written, and raises what went wrong;
    with an error, what waits is dropped. window 0 writes in the calling thread.
    """

    def __init__(self, write: Callable[..., None], *, window: int = 8) -> None:
        self._write, self._window = write, window
        self._queue: Queue[tuple[Any, ...] | None] = Queue(max(window, 1))
        self._error: Exception | None = None
        self._stop = threading.Event()
        self._writer = threading.Thread(target=self._work, name="mask-writer", daemon=True)

    def __enter__(self) -> Self:
        if self._window:
            self._writer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._window:
            return
        if kind is not None:
            self._stop.set()
            while True:
                try:
                    self._queue.get_nowait()
                except Empty:
                    break
        self._queue.put(None)
        self._writer.join()
        if kind is None and self._error is not None:
            raise self._error

    def put(self, *item: Any) -> None:
        """Hands an item over, and waits where too many wait already; raises a writing error."""
        if not self._window:
            self._write(*item)
            return
        if self._error is not None:
            raise self._error
        self._queue.put(item)

    def _work(self) -> None:
        while (item := self._queue.get()) is not None:
            # After an error the queue is still emptied, so that nobody waits for ever.
            if self._error is None and not self._stop.is_set():
                try:
                    self._write(*item)
                except Exception as error:  # noqa: BLE001 - handed on, whatever it is
                    self._error = error
            del item
