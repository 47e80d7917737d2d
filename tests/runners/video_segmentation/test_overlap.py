"""Reading ahead and writing behind: in order, bounded, and with errors handed on."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pytest

from results.errors import InputError
from runners.video_segmentation.frames import Pending
from runners.video_segmentation.overlap import FramesAhead, MasksBehind, ReadyFrame

if TYPE_CHECKING:
    from runners.video_segmentation.frames import Picture


@dataclass
class CountedFrame:
    name: str
    source: CountedSource

    def load(self) -> Picture:
        if self.source.broken == int(self.name):
            raise InputError(f"Frame {self.name} cannot be read.")
        # Later frames are quicker, so that without an order they would overtake.
        time.sleep(0.002 if int(self.name) % 3 == 0 else 0)
        return np.full((1, 1, 3), int(self.name) % 256, np.uint8)


@dataclass
class CountedSource:
    """Counts the frames that were taken from it."""

    count: int | None
    broken: int | None = None
    name: str = "counted"
    taken: int = 0
    most_ahead: int = 0
    used: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def frames(self) -> Iterator[Pending]:
        assert self.count is not None
        for k in range(self.count):
            with self.lock:
                self.taken += 1
                self.most_ahead = max(self.most_ahead, self.taken - self.used)
            yield CountedFrame(str(k), self)


def no_preparation(picture: Picture) -> Picture:
    return picture


@pytest.mark.parametrize("window", [0, 1, 5])
def test_frames_come_in_order_and_once(window: int) -> None:
    source = CountedSource(50)
    with FramesAhead(source, no_preparation, window=window, threads=3) as ahead:
        names = [frame.name for frame in ahead]
    assert names == [str(k) for k in range(50)]


@pytest.mark.parametrize("window", [1, 4])
def test_however_long_a_video_is_only_a_window_of_it_is_held(window: int) -> None:
    source = CountedSource(2000)
    with FramesAhead(source, no_preparation, window=window, threads=2) as ahead:
        for frame in ahead:
            assert isinstance(frame, ReadyFrame)
            with source.lock:
                source.used += 1
            if source.used < 20:
                time.sleep(0.005)  # slower than reading, so that reading runs into its bound
    assert source.used == 2000
    # A window is loaded, one frame is in use, and one was asked for.
    assert source.most_ahead <= window + 2


def test_preprocessing_is_done_by_other_threads() -> None:
    threads = set()

    def prepare(picture: Picture) -> int:
        threads.add(threading.current_thread())
        return int(picture[0, 0, 0])

    with FramesAhead(CountedSource(9), prepare, window=4) as ahead:
        assert [frame.prepared for frame in ahead] == list(range(9))
    assert threading.current_thread() not in threads


@pytest.mark.parametrize("window", [0, 4])
def test_a_broken_frame_is_reported_when_its_turn_comes(window: int) -> None:
    with FramesAhead(CountedSource(9, broken=5), no_preparation, window=window) as ahead:
        frames = iter(ahead)
        assert [next(frames).name for _ in range(5)] == list("01234")
        with pytest.raises(InputError, match="Frame 5"):
            next(frames)


def test_leaving_early_ends_the_threads() -> None:
    before = threading.active_count()
    with FramesAhead(CountedSource(10_000), no_preparation, window=4) as ahead:
        next(iter(ahead))
    assert threading.active_count() == before


@pytest.mark.parametrize("window", [0, 1, 8])
def test_everything_is_written_in_order_before_the_end(window: int) -> None:
    written: list[int] = []

    def write(number: int) -> None:
        time.sleep(0.001)
        written.append(number)

    with MasksBehind(write, window=window) as behind:
        for k in range(40):
            behind.put(k)
    assert written == list(range(40))


def test_a_slow_writer_holds_up_rather_than_piling_up() -> None:
    gate = threading.Event()
    started = threading.Event()
    put: list[int] = []

    def write(number: int) -> None:
        started.set()
        gate.wait(10)

    def fill() -> None:
        with MasksBehind(write, window=3) as behind:
            for k in range(20):
                behind.put(k)
                put.append(k)

    filler = threading.Thread(target=fill)
    filler.start()
    started.wait(10)
    time.sleep(0.2)
    # One is being written and three wait.
    assert len(put) <= 4
    gate.set()
    filler.join(10)
    assert len(put) == 20


@pytest.mark.parametrize("window", [0, 2])
def test_a_writing_error_reaches_the_run(window: int) -> None:
    def write(number: int) -> None:
        if number == 3:
            raise InputError("the disk is full")

    with (
        pytest.raises(InputError, match="the disk is full"),
        MasksBehind(write, window=window) as behind,
    ):
        for k in range(100):
            behind.put(k)


def test_after_an_error_elsewhere_what_waits_is_dropped() -> None:
    gate = threading.Event()
    written: list[int] = []

    def write(number: int) -> None:
        gate.wait(10)
        written.append(number)

    with pytest.raises(ZeroDivisionError), MasksBehind(write, window=8) as behind:
        for k in range(6):
            behind.put(k)
        threading.Timer(0.1, gate.set).start()
        raise ZeroDivisionError
    assert len(written) <= 1
