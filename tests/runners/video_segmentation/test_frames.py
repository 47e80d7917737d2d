"""Frames of folders and of video files: their order, their turning, and what cannot be read."""

from __future__ import annotations

import os
import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from results.errors import InputError
from runners.video_segmentation.frames import PictureFolder, VideoFile, open_frames
from tests.support.made_videos import make_video


def write_video(path: Path, n: int, size: tuple[int, int] = (32, 48)) -> Path:
    """A clip whose frame k is grey of 4 k, its upper left quarter white."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=Fraction(24))
        stream.height, stream.width = size
        stream.pix_fmt = "yuv420p"
        for k in range(n):
            pixels = np.full((*size, 3), 4 * k, np.uint8)
            pixels[: size[0] // 2, : size[1] // 2] = 255
            for packet in stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


def test_frames_of_a_folder_come_in_the_order_people_count(tmp_path: Path) -> None:
    for name in ("f10.png", "f2.jpg", "f1.JPG", ".f0.png", "notes.txt"):
        Image.new("RGB", (8, 6)).save(tmp_path / name, "PNG") if name[-3:] != "txt" else (
            tmp_path / name
        ).write_text("")
    source = PictureFolder(tmp_path)
    assert [frame.name for frame in source.frames()] == ["f1", "f2", "f10"]
    assert source.count == 3
    assert [f.name for f in PictureFolder(tmp_path, most=2).frames()] == ["f1", "f2"]


def test_a_picture_is_turned_upright_and_made_rgb(tmp_path: Path) -> None:
    image = Image.new("L", (8, 6))
    image.putpixel((0, 0), 200)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by a quarter
    image.save(tmp_path / "1.png", exif=exif)
    (frame,) = PictureFolder(tmp_path).frames()
    pixels = frame.load()
    assert pixels.shape == (8, 6, 3)
    assert pixels[0, 5].tolist() == [200, 200, 200]


def test_a_broken_picture_is_named(tmp_path: Path) -> None:
    whole = tmp_path / "00000.jpg"
    Image.effect_noise((64, 64), 90).save(whole)
    (tmp_path / "00001.jpg").write_bytes(whole.read_bytes()[:400])
    (tmp_path / "00002.jpg").write_bytes(b"")
    first, cut, empty = PictureFolder(tmp_path).frames()
    first.load()
    with pytest.raises(InputError, match=r"Frame 00001 of .*00001.jpg cannot be read"):
        cut.load()
    with pytest.raises(InputError, match=r"Frame 00002"):
        empty.load()


def test_two_files_of_one_frame_are_refused(tmp_path: Path) -> None:
    for name in ("1.png", "1.jpg"):
        Image.new("RGB", (8, 6)).save(tmp_path / name)
    with pytest.raises(InputError, match="the frame 1 twice"):
        PictureFolder(tmp_path)


def test_a_video_is_decoded_from_the_first_frame_to_the_last(tmp_path: Path) -> None:
    video = open_frames(write_video(tmp_path / "clip.mp4", 12))
    assert isinstance(video, VideoFile)
    frames = list(video.frames())
    assert [frame.name for frame in frames] == [f"{k:05d}" for k in range(12)]
    assert video.count == 12
    assert video.fps == 24
    for k, frame in enumerate(frames):
        assert abs(int(frame.load()[-4, -4, 0]) - 4 * k) <= 4


def test_only_so_many_frames_of_a_video_are_read(tmp_path: Path) -> None:
    video = open_frames(write_video(tmp_path / "clip.mp4", 12), 5)
    assert video.count == 5
    assert len(list(video.frames())) == 5


def test_a_video_that_was_filmed_on_its_side_is_turned_upright(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4", 2)
    plain = next(iter(VideoFile(path).frames())).load()
    assert plain.shape == (32, 48, 3)
    data = path.read_bytes()
    upright = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    # Clockwise by a quarter: x' = -y, y' = x.
    turned = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
    track = data.index(b"tkhd")
    place = data.index(upright, track)
    path.write_bytes(data[:place] + turned + data[place + len(turned) :])
    pixels = next(iter(VideoFile(path).frames())).load()
    assert pixels.shape == (48, 32, 3)
    np.testing.assert_array_equal(pixels, np.rot90(plain, -1))


def test_a_video_that_was_cut_off_is_an_error_and_no_short_video(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "clip.mp4", 60, size=(64, 96)).read_bytes()
    # The index goes first, as in files meant for streaming, so that the rest can be cut off.
    index = whole.index(b"moov") - 4
    head, data, moov = whole[: whole.index(b"mdat") - 4], whole[:index], whole[index:]
    assert len(data) > 3000
    moved = bytearray(moov)
    at = moved.index(b"stco") + 8
    (entries,) = struct.unpack_from(">I", moved, at)
    for k in range(entries):
        (old,) = struct.unpack_from(">I", moved, at + 4 + 4 * k)
        struct.pack_into(">I", moved, at + 4 + 4 * k, old + len(moov))
    body = data[len(head) :]
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(head + bytes(moved) + body)
    assert len(list(VideoFile(cut).frames())) == 60
    cut.write_bytes(head + bytes(moved) + body[: len(body) // 2])
    with pytest.raises(InputError, match=r"Frame \d{5} of .*cut.mp4"):
        list(VideoFile(cut).frames())


def test_what_is_no_video_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("hello")
    (tmp_path / "text.txt").write_text("hello")
    with pytest.raises(InputError, match="cannot be read as a video"):
        open_frames(tmp_path / "text.mp4")
    with pytest.raises(InputError, match="neither a folder of frames nor a video"):
        open_frames(tmp_path / "text.txt")
    with pytest.raises(InputError, match="There is no video or folder"):
        open_frames(tmp_path / "nothing.mp4")
    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=8000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        sound.sample_rate = 8000
        for packet in [*stream.encode(sound), *stream.encode()]:
            container.mux(packet)
    with pytest.raises(InputError, match="holds no video"):
        open_frames(tmp_path / "sound.mp4")


@pytest.mark.parametrize(
    "content",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nother.ts\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile other.ts\n",
    ],
)
def test_a_list_of_other_files_is_no_video(tmp_path: Path, content: str) -> None:
    make_video(tmp_path / "other.ts", 5)
    (tmp_path / "clip.mp4").write_text(content)
    with pytest.raises(InputError, match="cannot be read as a video"):
        open_frames(tmp_path / "clip.mp4")


def test_the_real_clips_are_read_whole() -> None:
    data = os.environ.get("JUDGE_TEST_DATA")
    if not data:
        pytest.skip("the real clips are needed; set JUDGE_TEST_DATA")
    for name, n in (("02_hummingbird", 176), ("21_biker", 239)):
        video = open_frames(Path(data) / "video" / f"{name}.mp4")
        assert sum(1 for _ in video.frames()) == video.count == n
