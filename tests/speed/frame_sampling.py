"""Sampling frames against OpenCV's sequential reading: `python -m tests.speed.frame_sampling`.

Makes a clip of 300 frames at 720p (or takes --video), picks 32 of them by both, in turns, and
prints the median times, their ratio, and how far the pictures are apart; where that is more than
rounding, it ends in an error. OpenCV grabs every frame and retrieves the wanted ones, which is the
quickest that it can; beside it stands reading every frame. FFmpeg decodes for all, with a thread
for each core. Then it prints how much memory sampling takes, of that clip and of one five times as
long.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from runners.models.video_language.interface import Picture
from runners.video_qa.frames import FrameSampling, sample_frames
from tests.support.made_videos import make_video

TOLERANCE = 3
"""Of 255; both turn YUV into RGB by FFmpeg, but may round otherwise."""


def by_opencv(video: Path, count: int) -> list[Picture]:
    """Every frame grabbed in order, the wanted ones retrieved."""
    reader = cv2.VideoCapture(str(video))
    total = int(reader.get(cv2.CAP_PROP_FRAME_COUNT))
    wanted = set(np.linspace(0, total - 1, count).astype(int).tolist())
    pictures: list[Picture] = []
    for number in range(total):
        reader.grab()
        if number in wanted:
            picture = cv2.cvtColor(reader.retrieve()[1], cv2.COLOR_BGR2RGB)
            pictures.append(np.asarray(picture, np.uint8))
    reader.release()
    return pictures


def read_by_opencv(video: Path) -> None:
    """Every frame read, as `read` gives it."""
    reader = cv2.VideoCapture(str(video))
    while reader.read()[0]:
        pass
    reader.release()


def apart(ours: tuple[Picture, ...], theirs: list[Picture]) -> int:
    """The largest difference of a pixel's colour, 0..255; ValueError unless as many pictures."""
    pairs = zip(ours, theirs, strict=True)
    return max(int(np.abs(a.astype(int) - b.astype(int)).max()) for a, b in pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--video", type=Path)
    parser.add_argument("--frames", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--memory-of", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.memory_of is not None:
        before = _peak_kib()
        sample_frames(given.memory_of, FrameSampling(count=given.frames))
        print(before, _peak_kib())
        return
    with tempfile.TemporaryDirectory() as folder:
        video = given.video or make_video(
            Path(folder, "clip.mp4"), 300, width=1280, height=720, rate=30
        )
        ours: list[float] = []
        theirs: list[float] = []
        reading: list[float] = []
        for number in range(given.rounds + 1):
            began = time.perf_counter()
            sampled = sample_frames(video, FrameSampling(count=given.frames)).pictures
            between = time.perf_counter()
            peers = by_opencv(video, given.frames)
            after = time.perf_counter()
            read_by_opencv(video)
            if number:
                # The first round warms the file and both libraries.
                ours.append(between - began)
                theirs.append(after - between)
                reading.append(time.perf_counter() - after)
        difference = apart(sampled, peers)
        print(f"{given.frames} frames of {video.name}, {given.rounds} rounds in turns,", end=" ")
        print(f"{os.cpu_count()} threads each; ratios below 1: ours is faster")
        print(f"  ours                      {1000 * statistics.median(ours):7.1f} ms")
        for name, peer in (("grab and retrieve", theirs), ("read every frame", reading)):
            ratio = statistics.median(a / b for a, b in zip(ours, peer, strict=True))
            took = f"{1000 * statistics.median(peer):7.1f} ms"
            print(f"  OpenCV, {name:18s}{took}   ratio {ratio:.2f}")
        print(f"  largest difference of a pixel: {difference} of 255")
        long = make_video(Path(folder, "long.mp4"), 1_500, width=1280, height=720, rate=30)
        for name, path in ((video.name, video), ("1,500 frames of 720p", long)):
            before, peak = _memory_of(path, given.frames)
            print(f"  peak memory, {name}: {peak} MiB, {before} MiB of them before the first frame")
    if difference > TOLERANCE:
        sys.exit("the frames are not the same")


def _memory_of(video: Path, frames: int) -> tuple[int, int]:
    """MiB that a process of its own takes before it samples a video, and at most."""
    call = [sys.executable, "-m", "tests.speed.frame_sampling", "--memory-of", str(video)]
    ended = subprocess.run(
        [*call, "--frames", str(frames)], capture_output=True, text=True, check=True
    )
    before, peak = (int(number) // 1024 for number in ended.stdout.split())
    return before, peak


def _peak_kib() -> int:
    """The most memory that this program took; not `ru_maxrss`, which counts its parent's."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])


if __name__ == "__main__":
    main()
