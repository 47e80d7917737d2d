"""Subtitles are read in their forms; those of the shown frames alone are given."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.video_qa.subtitles import Line, Subtitles, read_subtitles
from results.errors import InputError

SRT = """1
00:00:01,000 --> 00:00:02,500
<i>Hello</i> &amp; welcome
to the show

2
00:01:00,000 --> 00:01:04,000
{\\an8}Later

3
01:00:00,500 --> 01:00:02,000
Much later
"""


def written(folder: Path, name: str, content: str) -> Subtitles:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return read_subtitles(path)


def test_subrip_is_read_without_its_marks(tmp_path: Path) -> None:
    lines = written(tmp_path, "a.srt", SRT).lines
    assert lines == (
        Line(1.0, 2.5, "Hello & welcome to the show"),
        Line(60.0, 64.0, "Later"),
        Line(3600.5, 3602.0, "Much later"),
    )


def test_web_video_text_tracks_are_read(tmp_path: Path) -> None:
    lines = written(
        tmp_path, "a.vtt", "WEBVTT\n\ncue\n00:01.000 --> 00:02.000 align:start\n<v Ann>Hi</v>\n"
    ).lines
    assert lines == (Line(1.0, 2.0, "Hi"),)


def test_both_json_forms_of_longvideobench_are_read(tmp_path: Path) -> None:
    rows = [
        {"timestamp": [3.0, 4.5], "text": "three"},
        {"timestamp": [9.0, None], "text": "open"},
        {"timestamp": [5.0, None], "text": "open till nine"},
        {"start": "00:00:01.500", "end": "00:00:02", "line": "one"},
    ]
    lines = written(tmp_path, "a.json", json.dumps(rows)).lines
    assert lines == (
        Line(1.5, 2.0, "one"),
        Line(3.0, 4.5, "three"),
        Line(5.0, 9.0, "open till nine"),
        Line(9.0, math.inf, "open"),
    )


def test_only_lines_of_shown_frames_are_given_in_order_and_once(tmp_path: Path) -> None:
    subtitles = written(tmp_path, "a.srt", SRT)
    assert subtitles.at([]) == ""
    assert subtitles.at([30.0]) == ""
    assert subtitles.at([2.0, 2.1, 62.0]) == "Hello & welcome to the show\nLater"
    assert subtitles.at([3601.0, 1.0]) == "Hello & welcome to the show\nMuch later"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.srt", "no times here", "holds no subtitles"),
        ("a.json", "{", "is no JSON"),
        ("a.json", "{}", "should be a list"),
        ("a.json", '[{"text": "x"}]', "line 1 has neither"),
        ("a.json", '[{"start": "inf", "end": "nan", "line": "x"}]', "line 1 has neither"),
        ("a.json", '[{"timestamp": [1e400, null], "text": "x"}]', "line 1 has neither"),
    ],
)
def test_what_is_no_subtitles_is_told(tmp_path: Path, name: str, content: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        written(tmp_path, name, content)


def test_an_empty_file_has_no_lines(tmp_path: Path) -> None:
    assert written(tmp_path, "a.srt", "\n").lines == ()


@given(st.lists(st.floats(0, 1e5), max_size=8), st.lists(st.tuples(*[st.floats(0, 1e5)] * 2)))
def test_a_long_line_is_given_exactly_when_a_frame_is_in_it(
    times: list[float], spans: list[tuple[float, float]]
) -> None:
    lines = tuple(
        Line(low, low + 2 + high, str(number)) for number, (low, high) in enumerate(sorted(spans))
    )
    wanted = [line.text for line in lines if any(line.begin <= time <= line.end for time in times)]
    assert Subtitles(lines).at(times).split("\n") == (wanted or [""])
