"""Images, animations, video and sound."""

from __future__ import annotations

import io
import math
import struct
import wave
import zlib
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image, ImageDraw

from judge.workspace import ArtifactState
from tests.judge.workspace.conftest import Read

VALID, BROKEN = ArtifactState.VALID, ArtifactState.BROKEN
EMPTY, PLACEHOLDER = ArtifactState.EMPTY, ArtifactState.PLACEHOLDER
UNREADABLE = ArtifactState.UNREADABLE


def saved(picture: Image.Image, format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, format, **options)
    return file.getvalue()


def plain(size: tuple[int, int] = (100, 80), colour: Any = (200, 10, 10)) -> Image.Image:
    return Image.new("RGB", size, colour)


def drawn(size: tuple[int, int] = (100, 80), shift: int = 0) -> Image.Image:
    picture = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(picture)
    pen.line([(5 + shift, 5), (size[0] - 5, size[1] - 9)], fill="blue", width=3)
    pen.ellipse([20, 20 + shift, 50, 50 + shift], fill="orange")
    return picture


def chart(*, is_empty: bool, format: str = "PNG") -> bytes:
    """Axes with ticks and labels as plotting libraries draw them, with or without a curve."""
    picture = Image.new("RGB", (640, 480), "white")
    pen = ImageDraw.Draw(picture)
    pen.rectangle([80, 58, 576, 427], outline="black")
    for tick in range(80, 577, 62):
        pen.line([(tick, 427), (tick, 431)], fill="black")
        pen.text((tick - 8, 436), f"{tick / 100:.1f}", fill="black")
    pen.text((280, 30), "Accuracy", fill="black")
    if not is_empty:
        pen.line([(100, 400), (300, 200), (560, 90)], fill="black")
    return saved(picture, format)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "BMP", "TIFF", "WEBP", "PPM"])
def test_images_of_every_format_are_measured(read: Read, format: str) -> None:
    name = f"i.{format.lower()}"
    artifact = read(name, saved(drawn(), format))
    assert artifact.state is VALID, artifact.summary()
    assert (artifact.facts["width"], artifact.facts["height"]) == (100, 80)
    assert artifact.facts["mode"] == "RGB"
    assert artifact.facts["colours"] >= 3
    assert artifact.facts["is_blank"] is False
    blank = read(name, saved(plain(), format))
    assert blank.state is PLACEHOLDER
    assert blank.facts["is_blank"] is True


@pytest.mark.parametrize("format", ["PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF"])
def test_a_cut_image_is_broken(read: Read, format: str) -> None:
    noise = Image.frombytes("RGB", (90, 90), np.random.default_rng(1).bytes(90 * 90 * 3))
    content = saved(noise, format)
    assert read(f"i.{format.lower()}", content).state is VALID
    for share in (0.3, 0.9):
        assert read(f"i.{format.lower()}", content[: int(len(content) * share)]).state is BROKEN


@pytest.mark.parametrize(
    "picture",
    [
        Image.effect_noise((28, 28), 60),  # a digit
        drawn((16, 16)),  # an icon
        Image.fromarray(np.pad(np.full((40, 40), 255, "uint8"), 200)),  # a mask
        Image.fromarray(np.pad(np.full((40, 40), True), 200)),
        drawn().convert("P"),
        drawn().convert("RGBA"),
        drawn().convert("CMYK"),
    ],
)
def test_small_black_and_white_and_palette_images_are_valid(
    read: Read, picture: Image.Image
) -> None:
    artifact = read("i.tiff", saved(picture, "TIFF"))
    assert artifact.state is VALID, artifact.summary()


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        (plain((1, 1)), "too small"),
        (plain((300, 1)), "too small"),
        (plain(), "one colour"),
        (Image.new("L", (500, 500), 0), "one colour"),
        (Image.new("RGBA", (50, 50), (0, 0, 0, 0)), "transparent"),
        (Image.new("P", (50, 50), 3), "one colour"),
    ],
)
def test_images_that_show_nothing_are_placeholders(
    read: Read, picture: Image.Image, words: str
) -> None:
    artifact = read("i.png", saved(picture, "PNG"))
    assert artifact.state is PLACEHOLDER
    assert words in "; ".join(artifact.signs)


def test_noise_that_only_differs_where_nothing_shows_is_transparent(read: Read) -> None:
    pixels = np.random.default_rng(2).integers(0, 255, (50, 50, 4), dtype=np.uint8)
    pixels[:, :, 3] = 0
    assert read("i.png", saved(Image.fromarray(pixels), "PNG")).state is PLACEHOLDER


@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_axes_without_a_curve_are_told_from_a_chart(read: Read, format: str) -> None:
    empty = read(f"c.{format.lower()}", chart(is_empty=True, format=format))
    assert empty.state is PLACEHOLDER
    assert empty.signs == ("a frame of axes with nothing in it",)
    full = read(f"c.{format.lower()}", chart(is_empty=False, format=format))
    assert full.state is VALID
    assert full.facts["is_axes_only"] is False


def test_an_image_of_more_pixels_than_are_decoded_is_unreadable(read: Read) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        mark = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + mark

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    content = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 99))
    )
    artifact = read("i.png", content + chunk(b"IEND", b""))
    assert artifact.state is UNREADABLE
    assert artifact.facts["width"] == 60_000


def animation(frames: list[Image.Image], format: str = "GIF") -> bytes:
    return saved(frames[0], format, save_all=True, append_images=frames[1:], duration=100, loop=0)


def test_animations_tell_their_frames(read: Read) -> None:
    content = animation([drawn(shift=n) for n in range(12)])
    artifact = read("a.gif", content)
    assert artifact.state is VALID
    assert artifact.kind == "animation"
    assert (artifact.facts["frames"], artifact.facts["distinct_frames"]) == (12, 12)
    assert artifact.facts["duration_s"] == pytest.approx(1.2)
    assert read("a.gif", content[:-20]).state is BROKEN


def test_an_animation_that_does_not_move_is_a_placeholder(read: Read) -> None:
    still = saved(drawn(), "GIF")
    at = still.index(b"\x2c")
    doubled = still[:-1] + still[at:-1] + b";"
    artifact = read("a.gif", doubled)
    assert artifact.facts["frames"] == 2
    assert artifact.state is PLACEHOLDER
    assert "every frame is the same" in artifact.signs


def test_a_gif_of_one_frame_is_an_image_and_says_so(read: Read) -> None:
    artifact = read("a.gif", saved(drawn(), "GIF"))
    assert (artifact.kind, artifact.state) == ("image", VALID)
    assert artifact.signs == ("a single frame",)


def test_a_one_pixel_gif_is_a_placeholder(read: Read) -> None:
    content = b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\1\0\1\0\0\2\2D\1\0;"
    assert read("a.gif", content).state is PLACEHOLDER


def test_svg_states(read: Read) -> None:
    head = '<svg xmlns="http://www.w3.org/2000/svg">'
    assert read("a.svg", head + '<path d="M0 0L9 9"/></svg>').state is VALID
    assert read("a.svg", head + "</svg>").state is EMPTY
    assert read("a.svg", head + "<text>placeholder</text></svg>").state is PLACEHOLDER
    assert read("a.svg", head + "<path").state is BROKEN
    assert read("a.svg", "<html/>").state is BROKEN


def test_a_picture_under_another_picture_s_name_is_harmless(read: Read) -> None:
    artifact = read("i.png", saved(drawn(), "JPEG"))
    assert (artifact.state, artifact.format, artifact.extension_matches) == (VALID, "jpeg", True)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("i.png", b"accuracy 0.9"),
        ("i.png", b"%PDF-1.4\n%%EOF"),
        ("data.csv", saved(drawn(), "PNG")),
        ("report.md", saved(drawn(), "PNG")),
        ("main.py", saved(drawn(), "PNG")),
        ("model.pt", saved(drawn(), "PNG")),
    ],
)
def test_bytes_that_belie_the_name_are_broken(read: Read, name: str, content: bytes) -> None:
    assert read(name, content).state is BROKEN


def video(
    folder: Path, frames: list[Image.Image], format: str = "mp4", codec: str = "mpeg4"
) -> bytes:
    path = folder / f"made.{format}"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=10)
        stream.width, stream.height = frames[0].size
        stream.pix_fmt = "yuv420p"
        for number, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24")
            frame.pts = number
            frame.time_base = Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path.read_bytes()


@pytest.mark.parametrize(
    ("format", "codec"), [("mp4", "mpeg4"), ("avi", "mpeg4"), ("mkv", "mpeg4")]
)
def test_videos_tell_frames_duration_and_size(
    read: Read, tmp_path: Path, format: str, codec: str
) -> None:
    content = video(tmp_path, [drawn((96, 64), n) for n in range(30)], format, codec)
    artifact = read(f"v.{format}", content)
    assert artifact.state is VALID, artifact.summary()
    assert artifact.facts["frames"] == 30
    assert artifact.facts["duration_s"] == pytest.approx(3, abs=0.2)
    assert (artifact.facts["width"], artifact.facts["height"]) == (96, 64)
    assert artifact.facts["distinct_frames"] > 1
    for share in (0.4, 0.9):
        assert read(f"v.{format}", content[: int(len(content) * share)]).state is BROKEN


def test_videos_that_show_nothing_are_placeholders(read: Read, tmp_path: Path) -> None:
    blank = read("v.mp4", video(tmp_path, [plain((96, 64))] * 20))
    assert blank.state is PLACEHOLDER
    assert "every sampled frame has one colour" in blank.signs
    single = read("v.mp4", video(tmp_path, [drawn((96, 64))]))
    assert single.state is PLACEHOLDER
    assert "a single frame" in single.signs
    assert read("v.mp4", b"\0\0\0\x18ftypisom" + b"\1" * 500).state is BROKEN


@pytest.mark.parametrize("name", ["v.mp4", "v.avi", "s.wav", "s.mp3"])
def test_a_playlist_that_names_other_files_is_not_followed(read: Read, name: str) -> None:
    artifact = read(name, "#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n")
    assert artifact.state is BROKEN


def sound(samples: list[int]) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as track:
        track.setnchannels(1)
        track.setsampwidth(2)
        track.setframerate(8_000)
        track.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return file.getvalue()


def test_sound_tells_duration_and_silence(read: Read) -> None:
    tone = [int(9_000 * math.sin(n / 5)) for n in range(16_000)]
    artifact = read("s.wav", sound(tone))
    assert artifact.state is VALID
    assert artifact.facts["duration_s"] == 2
    assert artifact.facts["sample_rate"] == 8_000
    assert artifact.facts["is_silent"] is False
    silent = read("s.wav", sound([0] * 8_000))
    assert silent.state is PLACEHOLDER
    assert silent.signs == ("it is silent",)
    assert read("s.wav", sound(tone)[:-5_000]).state is BROKEN
    assert read("s.wav", sound([])).state is EMPTY
    assert read("s.mp3", "sound").state is BROKEN
