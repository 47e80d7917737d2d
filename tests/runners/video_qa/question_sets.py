"""Small sets of questions in their released forms, about clips made on the spot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import av
import numpy as np

LETTERS = "ABCD"
OPTIONS = ["very dark", "dark", "light", "very light"]


def make_grey_clip(path: Path, level: int, *, frames: int = 12) -> Path:
    """A clip that ends in one of four greys, 0 to 3, and begins in another."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=4)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(frames):
            # The middle frame shows the grey too, for those who see it alone.
            grey = 32 + 64 * (level if number >= frames // 2 else 3 - level)
            picture = np.full((48, 64, 3), grey, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def video_mme(folder: Path, levels: list[int], *, subtitles: bool = False) -> Path:
    """Videos with three questions each, as Video-MME has them; gives the file of questions."""
    videos = []
    for number, level in enumerate(levels):
        name = f"yt{number:03d}"
        make_grey_clip(folder / "videos" / f"{name}.mp4", level)
        if subtitles:
            (folder / "subtitles").mkdir(exist_ok=True)
            (folder / "subtitles" / f"{name}.srt").write_text(
                "1\n00:00:00,000 --> 00:00:00,200\n<i>first words</i>\n\n"
                "2\n00:00:02,400 --> 00:00:02,500\nlast words\n"
            )
        videos.append(
            {
                "video_id": f"{number:03d}",
                "videoID": name,
                "duration": ("short", "medium", "long")[number % 3],
                "domain": ("Knowledge", "Sports")[number % 2],
                "sub_category": ("Biology", "Football")[number % 2],
                "questions": [
                    {
                        "question_id": f"{number:03d}-{part}",
                        "task_type": "Attribute Perception" if part == 1 else "Counting Problem",
                        "question": f"How light is it at the end, asked for time {part}?",
                        "options": [f"{a}. {b}" for a, b in zip(LETTERS, OPTIONS, strict=True)],
                        "answer": LETTERS[level],
                    }
                    for part in (1, 2, 3)
                ],
            }
        )
    path = folder / "questions.json"
    path.write_text(json.dumps(videos))
    return path


def other_set(folder: Path, name: str) -> Path:
    """Two videos with a question each in the form of that set; gives its file or folder."""
    levels = [1, 3]
    for number, level in enumerate(levels):
        make_grey_clip(folder / "videos" / f"v{number}.mp4", level)
    rows: list[dict[str, Any]] = []
    for number, level in enumerate(levels):
        question = f"How light is it at the end of video {number}?"
        if name in ("mlvu", "mvbench"):
            rows.append(
                {
                    "video": f"v{number}.mp4",
                    "question": question,
                    "candidates": OPTIONS,
                    "answer": OPTIONS[level],
                    "question_type": "plotQA",
                }
            )
        elif name == "egoschema":
            rows.append(
                {
                    "q_uid": f"v{number}",
                    "question": question,
                    **{f"option {at}": text for at, text in enumerate([*OPTIONS, "none"])},
                    "answer": level,
                }
            )
        else:
            rows.append(
                {
                    "id": f"q{number}",
                    "video_id": f"v{number}",
                    "video_path": f"v{number}.mp4",
                    "question": question,
                    "candidates": OPTIONS,
                    "correct_choice": level,
                    "duration_group": 15,
                    "question_category": "T2A",
                }
            )
    path = folder / "questions.json"
    path.write_text(json.dumps(rows))
    return path
