"""Sampling frames against OpenCV's sequential reading: `python -m tests.speed.frame_sampling`.

Makes a clip of 300 frames at 720p (or takes --video), picks 32 of them by both, in turns, and
prints the median times, their ratio, and how far the pictures are apart. Both use as many threads
as there are cores. A long clip then shows how much memory sampling takes.
"""

from __future__ import annotations

import argparse
import os
import resource
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


def by_opencv(video: Path, count: int) -> list[Picture]:
    """Every frame grabbed, the wanted ones retrieved."""
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--video", type=Path)
    parser.add_argument("--frames", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--memory-of", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.memory_of is not None:
        sample_frames(given.memory_of, FrameSampling(count=given.frames))
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        return
    cv2.setNumThreads(os.cpu_count() or 1)
    with tempfile.TemporaryDirectory() as folder:
        video = given.video or make_video(
            Path(folder, "clip.mp4"), 300, width=1280, height=720, rate=30
        )
        ours: list[float] = []
        theirs: list[float] = []
        for number in range(given.rounds + 1):
            began = time.perf_counter()
            sampled = sample_frames(video, FrameSampling(count=given.frames)).pictures
            between = time.perf_counter()
            peers = by_opencv(video, given.frames)
            if number:
                # The first round warms the file and both libraries.
                ours.append(between - began)
                theirs.append(time.perf_counter() - between)
        apart = max(
            int(np.abs(a.astype(int) - b).max()) for a, b in zip(sampled, peers, strict=True)
        )
        ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
        print(f"{given.frames} frames of {video.name}, {given.rounds} rounds in turns")
        print(f"  ours    {1000 * statistics.median(ours):7.1f} ms")
        print(f"  OpenCV  {1000 * statistics.median(theirs):7.1f} ms, sequential grab and retrieve")
        print(f"  ratio   {ratio:7.2f}   (below 1: ours is faster)")
        print(f"  largest difference of a pixel: {apart} of 255")
        long = make_video(Path(folder, "long.mp4"), 6_000, width=640, height=360, rate=30)
        for name, path in (("300 frames", video), ("6,000 frames", long)):
            print(f"  peak memory, {name}: {_peak_of(path, given.frames) / 1024:.0f} MiB")


def _peak_of(video: Path, frames: int) -> int:
    """KiB that a process of its own takes at most to sample a video."""
    call = [sys.executable, "-m", "tests.speed.frame_sampling", "--memory-of", str(video)]
    ended = subprocess.run(
        [*call, "--frames", str(frames)], capture_output=True, text=True, check=True
    )
    return int(ended.stdout)


if __name__ == "__main__":
    main()
