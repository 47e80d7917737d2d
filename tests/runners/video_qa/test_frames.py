"""Sampled frames are those that plain decoding gives; what is no video says why."""

from __future__ import annotations

import os
import struct
import wave
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.containers import open_container
from runners.video_qa.frame_cache import FrameCache
from runners.video_qa.frames import FrameSampling, sample_frames, sample_frames_of_all
from runners.video_qa.packets import UnreadableVideo
from tests.speed.frame_sampling import TOLERANCE, apart, by_opencv
from tests.support.made_videos import decoded, frame_of, make_video

DATA = os.environ.get("JUDGE_TEST_DATA")
EIGHT = FrameSampling(count=8)


@pytest.mark.parametrize("count", [1, 2, 8, 29, 30, 64])
def test_a_uniform_sample_is_spread_over_all_frames(tmp_path: Path, count: int) -> None:
    video = make_video(tmp_path / "clip.mp4", 30, rate=10)
    every = decoded(video)
    sampled = sample_frames(video, FrameSampling(count=count))
    numbers = [15] if count == 1 else np.linspace(0, 29, min(count, 30)).astype(int).tolist()
    assert sampled.times == pytest.approx([number / 10 for number in numbers])
    assert sampled.seconds == pytest.approx(3.0)
    for number, picture in zip(numbers, sampled.pictures, strict=True):
        assert np.array_equal(picture, every[number])


@pytest.mark.parametrize(
    ("ending", "codec", "options"),
    [
        ("mp4", "libx264", {"g": "5", "bf": "3"}),
        ("mp4", "libx264", {"g": "6", "bf": "3", "x264-params": "open-gop=1:b-pyramid=strict"}),
        ("mkv", "libx264", {"g": "250", "refs": "4"}),
        ("mp4", "libx265", {"x265-params": "keyint=8:open-gop=1:bframes=4:log-level=none"}),
        ("webm", "libvpx-vp9", {"g": "7"}),
        ("avi", "mpeg4", {"g": "12", "bf": "2"}),
        ("mov", "mjpeg", {}),
    ],
)
def test_groups_that_are_passed_over_change_no_frame(
    tmp_path: Path, ending: str, codec: str, options: dict[str, str]
) -> None:
    pixels = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    video = make_video(tmp_path / f"clip.{ending}", 60, codec=codec, options=options, pixels=pixels)
    every = decoded(video)
    for count in (1, 3, 7, 20):
        sampled = sample_frames(video, FrameSampling(count=count))
        last = len(every) - 1
        numbers = [30] if count == 1 else np.linspace(0, last, count).astype(int).tolist()
        for number, picture in zip(numbers, sampled.pictures, strict=True):
            assert np.array_equal(picture, every[number]), number


def test_several_samplings_are_read_in_one_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samplings = [FrameSampling(count=5), FrameSampling(count=1), FrameSampling(rate=2.0)]
    listed = make_video(tmp_path / "clip.mp4", 45, rate=10, options={"g": "6", "bf": "3"})
    counted = make_video(tmp_path / "clip.h264", 20)
    for video in (listed, counted):
        alone = {each: sample_frames(video, each) for each in samplings}
        opened: list[Path] = []
        with monkeypatch.context() as patch:
            name = "runners.video_qa.packets.open_container"
            patch.setattr(name, _noting(opened, open_container))
            together = sample_frames_of_all(video, [*samplings, samplings[0]])
        assert list(together) == samplings
        for each, sampled in together.items():
            assert sampled.times == alone[each].times
            pairs = zip(sampled.pictures, alone[each].pictures, strict=True)
            assert all(np.array_equal(one, other) for one, other in pairs)
        # To list the packets, and to decode; counting is a pass of its own.
        assert len(opened) == (2 if video is listed else 3)
    with pytest.raises(ValueError, match="one longest_side"):
        sample_frames_of_all(listed, [EIGHT, FrameSampling(count=8, longest_side=9)])


def _noting(opened: list[Path], function: Any) -> Any:
    def noted(path: Path, *arguments: Any, **settings: Any) -> Any:
        opened.append(path)
        return function(path, *arguments, **settings)

    return noted


def test_frames_by_rate_are_those_on_the_screen_at_each_tick(tmp_path: Path) -> None:
    video = make_video(tmp_path / "clip.mp4", 45, rate=10)
    by_second = sample_frames(video, FrameSampling(rate=1.0))
    assert by_second.times == pytest.approx([0, 1, 2, 3, 4])
    assert sample_frames(video, FrameSampling(rate=2.5)).times[:4] == pytest.approx(
        [0, 0.4, 0.8, 1.2]
    )
    thinned = sample_frames(video, FrameSampling(rate=10.0, most=3))
    assert thinned.times == pytest.approx([0, 2.2, 4.4])


def test_a_span_is_all_that_is_sampled(tmp_path: Path) -> None:
    video = make_video(tmp_path / "clip.mp4", 40, rate=10)
    assert sample_frames(video, FrameSampling(count=3), span=(1.0, 2.0)).times == pytest.approx(
        [1.0, 1.5, 2.0]
    )
    # Between two frames the earlier is on the screen.
    assert sample_frames(video, EIGHT, span=(1.02, 1.04)).times == pytest.approx([1.0])
    with pytest.raises(UnreadableVideo, match=r"shows nothing from 9 to 12 s; it is 3\.9 s long"):
        sample_frames(video, EIGHT, span=(9.0, 12.0))


def test_large_pictures_are_made_smaller_and_small_ones_left(tmp_path: Path) -> None:
    video = make_video(tmp_path / "clip.mp4", 3, width=128, height=64)
    smaller = sample_frames(video, FrameSampling(count=2, longest_side=32))
    assert [each.shape for each in smaller.pictures] == [(16, 32, 3)] * 2
    same = sample_frames(video, FrameSampling(count=2, longest_side=500))
    assert same.pictures[0].shape == (64, 128, 3)


def test_a_stream_without_time_stamps_is_counted(tmp_path: Path) -> None:
    video = make_video(tmp_path / "clip.h264", 20)
    every = decoded(video)
    sampled = sample_frames(video, FrameSampling(count=5))
    for number, picture in zip((0, 4, 9, 14, 19), sampled.pictures, strict=True):
        assert np.array_equal(picture, every[number])


def test_a_folder_of_pictures_is_a_video(tmp_path: Path) -> None:
    from PIL import Image

    for number in range(10):
        Image.new("RGB", (8, 6), (number, 0, 0)).save(tmp_path / f"{number:05d}.png")
    sampled = sample_frames(tmp_path, FrameSampling(count=4))
    assert [int(each[0, 0, 0]) for each in sampled.pictures] == [0, 3, 6, 9]
    assert sampled.times == pytest.approx([0, 1, 2, 3])
    part = sample_frames(tmp_path, FrameSampling(count=4), span=(1.0, 2.0))
    assert [int(each[0, 0, 0]) for each in part.pictures] == [3, 4, 5, 6]


def broken(tmp_path: Path, kind: str) -> Path:
    path = tmp_path / f"{kind}.mp4"
    if kind == "missing":
        return path
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("this is no video\n" * 50)
    elif kind == "audio":
        path = path.with_suffix(".wav")
        with wave.open(str(path), "wb") as sound:
            sound.setparams((1, 2, 8000, 0, "NONE", ""))
            sound.writeframes(bytes(16000))
    elif kind == "no pictures":
        path = path.with_suffix("")
        path.mkdir()
    else:
        whole = make_video(path, 60, container_options={"movflags": "faststart"}).read_bytes()
        if kind == "cut":
            path.write_bytes(whole[: len(whole) * 2 // 3])
        elif kind == "headless":
            path.write_bytes(whole[len(whole) // 3 :])
        elif kind == "odd codec":
            path.write_bytes(whole.replace(b"avc1", b"zzzz"))
    return path


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("missing", r"There is no video missing\.mp4"),
        ("empty", r"empty\.mp4 is empty"),
        ("text", r"text\.mp4 is no video: Invalid data"),
        ("audio", r"audio\.wav holds no video"),
        ("no pictures", "holds no pictures"),
        ("cut", r"cut\.mp4 is cut off after \d+ frames"),
        ("headless", r"headless\.mp4 is no video"),
        ("odd codec", r"The codec of odd codec\.mp4 is not known here"),
    ],
)
def test_what_is_no_video_says_why(tmp_path: Path, kind: str, says: str) -> None:
    with pytest.raises(UnreadableVideo, match=says):
        sample_frames(broken(tmp_path, kind), EIGHT)


@pytest.mark.parametrize(
    ("ending", "codec"),
    [
        ("mp4", "libx264"),
        ("mkv", "libx264"),
        ("webm", "libvpx-vp9"),
        ("flv", "flv"),
        ("avi", "mpeg4"),
    ],
)
def test_a_video_that_is_cut_in_the_middle_says_so(tmp_path: Path, ending: str, codec: str) -> None:
    whole = make_video(
        tmp_path / f"whole.{ending}",
        200,
        rate=25,
        codec=codec,
        container_options={"movflags": "faststart"} if ending == "mp4" else {},
    )
    assert len(sample_frames(whole, EIGHT).times) == 8
    cut = tmp_path / f"cut.{ending}"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(UnreadableVideo, match=r"is cut off after \d+ frames"):
        sample_frames(cut, EIGHT)


def test_what_an_edit_list_takes_away_is_not_shown(tmp_path: Path) -> None:
    content = bytearray(make_video(tmp_path / "whole.mp4", 200, rate=25).read_bytes())
    # Version and flags, how many entries, then the first one's duration in milliseconds.
    at = content.index(b"elst") + 12
    assert struct.unpack_from(">I", content, at) == (8000,)
    struct.pack_into(">I", content, at, 4000)
    video = tmp_path / "edited.mp4"
    video.write_bytes(content)
    shown = decoded(video)
    assert len(shown) == 100
    sampled = sample_frames(video, FrameSampling(count=5))
    assert sampled.seconds == pytest.approx(4)
    for number, picture in zip((0, 24, 49, 74, 99), sampled.pictures, strict=True):
        assert np.array_equal(picture, shown[number])


def test_a_video_that_ends_before_its_sound_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "sound.mkv"
    with av.open(str(path), "w") as container:
        picture: Any = container.add_stream("libx264", rate=10)
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        sound: Any = container.add_stream("aac", rate=8000, layout="mono")
        for number in range(10):
            shown = av.VideoFrame.from_ndarray(frame_of(number, 64, 48), format="rgb24")
            container.mux(picture.encode(shown))
        container.mux(picture.encode())
        for number in range(80):
            silence = av.AudioFrame.from_ndarray(
                np.zeros((1, 1024), np.float32), format="fltp", layout="mono"
            )
            silence.sample_rate, silence.pts = 8000, 1024 * number
            container.mux(sound.encode(silence))
        container.mux(sound.encode())
    assert sample_frames(path, FrameSampling(count=2)).times == pytest.approx([0, 0.9])


@pytest.mark.parametrize("turned", [90, 180, 270])
def test_a_video_that_was_taken_on_its_side_is_upright(tmp_path: Path, turned: int) -> None:
    content = bytearray(make_video(tmp_path / "flat.mp4", 4).read_bytes())
    # The track header's matrix follows 40 bytes of other fields (ISO/IEC 14496-12, 8.3.2).
    at = content.index(b"tkhd") + 44
    one = 1 << 16
    matrices = {90: (0, one, -one, 0), 180: (-one, 0, 0, -one), 270: (0, -one, one, 0)}
    a, b, c, d = matrices[turned]
    struct.pack_into(">9i", content, at, a, b, 0, c, d, 0, 0, 0, 1 << 30)
    video = tmp_path / "turned.mp4"
    video.write_bytes(content)
    (picture,) = sample_frames(video, FrameSampling(count=1)).pictures
    clockwise = turned // 90
    assert np.array_equal(picture, np.rot90(decoded(video)[2], -clockwise))
    # OpenCV turns such videos upright, too.
    reader = cv2.VideoCapture(str(video))
    peer = [reader.read()[1] for _ in range(3)][2]
    assert np.abs(picture[:, :, ::-1].astype(int) - peer).max() < 8


def test_frames_at_uneven_times_have_their_own(tmp_path: Path) -> None:
    path = tmp_path / "uneven.mkv"
    stamps = [0, 100, 150, 1000, 1050, 3000]
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for number, stamp in enumerate(stamps):
            frame = av.VideoFrame.from_ndarray(frame_of(number, 64, 48), format="rgb24")
            frame.pts, frame.time_base = stamp, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    every = decoded(path)
    sampled = sample_frames(path, FrameSampling(rate=1.0))
    # At 2 s the frame of 1.05 s is still on the screen.
    assert sampled.times == pytest.approx([0, 1, 1.05, 3])
    for number, picture in zip((0, 3, 4, 5), sampled.pictures, strict=True):
        assert np.array_equal(picture, every[number])


@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=30),
    st.sampled_from([0.5, 1.0, 2.0, 3.0, 7.5]),
)
def test_sampling_by_rate_takes_what_is_on_the_screen_at_each_tick(
    gaps: list[int], rate: float
) -> None:
    times = [sum(gaps[:number]) / 20 for number in range(len(gaps))]
    shown: list[int] = []
    tick = 0
    while tick / rate <= times[-1] + 1e-9:
        last = max(number for number, time in enumerate(times) if time <= tick / rate + 1e-9)
        shown.append(last)
        tick += 1
    assert FrameSampling(rate=rate).chosen(times) == sorted(set(shown))


@pytest.mark.parametrize(
    "content",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nother.ts\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile other.ts\n",
    ],
)
def test_a_list_of_other_files_is_no_video(tmp_path: Path, content: str) -> None:
    make_video(tmp_path / "other.ts", 10)
    video = tmp_path / "clip.mp4"
    video.write_text(content)
    with pytest.raises(UnreadableVideo, match=r"clip\.mp4 is no video"):
        sample_frames(video, EIGHT)


def test_a_damaged_middle_is_an_error_or_harmless_but_never_fewer_frames(tmp_path: Path) -> None:
    whole = make_video(tmp_path / "whole.mp4", 120, container_options={"movflags": "faststart"})
    content = bytearray(whole.read_bytes())
    for at in range(content.index(b"mdat") + 200, len(content), 97):
        content[at] ^= 0xFF
    video = tmp_path / "damaged.mp4"
    video.write_bytes(content)
    try:
        assert len(sample_frames(video, EIGHT).pictures) == 8
    except UnreadableVideo as error:
        assert str(error).startswith("damaged.mp4 ")


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["mp4", "mkv", "avi"])
def test_damage_of_any_kind_is_told_in_one_sentence(tmp_path: Path, ending: str) -> None:
    options = {"movflags": "faststart"} if ending == "mp4" else {}
    whole = make_video(tmp_path / f"whole.{ending}", 40, container_options=options).read_bytes()
    video = tmp_path / f"damaged.{ending}"
    random = Random(1)
    told = 0
    for _ in range(150):
        content = bytearray(whole)
        for _ in range(random.choice((1, 5, 50))):
            content[random.randrange(random.choice((600, len(content))))] = random.randrange(256)
        video.write_bytes(content[: random.choice((len(content), random.randrange(len(content))))])
        try:
            assert len(sample_frames(video, FrameSampling(count=3)).pictures) in (1, 2, 3)
        except UnreadableVideo as error:
            told += 1
            assert "\n" not in str(error) and str(error).endswith(".")
    assert told > 20


@pytest.mark.slow
def test_frames_of_a_larger_clip_are_those_that_opencv_reads(tmp_path: Path) -> None:
    video = make_video(tmp_path / "clip.mp4", 300, width=1280, height=720, rate=30)
    sampled = sample_frames(video, FrameSampling(count=32))
    assert apart(sampled.pictures, by_opencv(video, 32)) <= TOLERANCE


def test_kept_frames_are_the_same_and_go_when_the_video_changes(tmp_path: Path) -> None:
    video = make_video(tmp_path / "clip.mp4", 20)
    cache = FrameCache(tmp_path / "cache")
    first = sample_frames(video, EIGHT, cache=cache)
    kept = cache.get(video, EIGHT, None)
    assert kept is not None
    assert (kept.times, kept.seconds) == (first.times, first.seconds)
    assert all(map(np.array_equal, kept.pictures, first.pictures))
    assert cache.get(video, FrameSampling(count=7), None) is None
    assert cache.get(video, EIGHT, (0.0, 1.0)) is None
    os.utime(video, ns=(1, 1))
    assert cache.get(video, EIGHT, None) is None


def test_a_damaged_entry_is_made_anew(tmp_path: Path) -> None:
    video = make_video(tmp_path / "clip.mp4", 20)
    cache = FrameCache(tmp_path / "cache")
    sample_frames(video, EIGHT, cache=cache)
    (entry,) = (tmp_path / "cache").iterdir()
    entry.write_bytes(entry.read_bytes()[:300])
    assert cache.get(video, EIGHT, None) is None
    assert not entry.exists()


def test_a_full_cache_drops_what_was_not_used_for_longest(tmp_path: Path) -> None:
    videos = [make_video(tmp_path / f"{number}.mp4", 8) for number in range(4)]
    cache = FrameCache(tmp_path / "cache", 3 * 8 * 64 * 48 * 3 + 8_000)
    for number, video in enumerate(videos):
        sample_frames(video, EIGHT, cache=cache)
        for entry in (tmp_path / "cache").iterdir():
            if entry.stat().st_mtime > 1e6:
                os.utime(entry, (number, number))
    kept = [cache.get(video, EIGHT, None) is not None for video in videos]
    assert kept == [False, False, True, True]


@pytest.mark.skipif(DATA is None, reason="JUDGE_TEST_DATA is not set")
@pytest.mark.parametrize("name", ["02_hummingbird.mp4", "21_biker.mp4"])
def test_real_clips_give_the_frames_that_plain_decoding_gives(name: str) -> None:
    assert DATA is not None
    video = Path(DATA, "video", name)
    every = decoded(video)
    sampled = sample_frames(video, FrameSampling(count=9))
    numbers = np.linspace(0, len(every) - 1, 9).astype(int)
    assert all(map(np.array_equal, sampled.pictures, [every[number] for number in numbers]))
