"""Archives for servers: whole, in the server's layout, and the same each time."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.vos.png import read_map
from benchmarks.vos.submission import ARCHIVES, write_submission
from judge.cli.benches.vos import SUBMITTED
from results.errors import InputError
from tests.benchmarks.vos.scenes import GREY, png, scene, write_sequence
from tests.support.command import judge

FRAMES = [scene(48, 80, 2, frame) for frame in range(3)]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A set with pictures of three frames of two sequences, annotated in the first."""
    for name in ("a", "b"):
        (tmp_path / "set" / "JPEGImages" / name).mkdir(parents=True)
        for number in range(3):
            (tmp_path / "set" / "JPEGImages" / name / f"{number:05d}.jpg").write_bytes(b"")
        write_sequence(tmp_path / "set" / "Annotations" / name, FRAMES[:1])
        write_sequence(tmp_path / "pred" / name, FRAMES)
    return tmp_path / "set"


@pytest.mark.parametrize("benchmark", SUBMITTED)
def test_the_archive_has_the_servers_layout(benchmark: str, data: Path, tmp_path: Path) -> None:
    arguments = ("--data", data, "--pred", "pred", "--out", "out.zip", "--json")
    ended = judge("bench", "submit", benchmark, *arguments, folder=tmp_path)
    assert ended.json == {"archive": "out.zip", "frames": 6}
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        above = ARCHIVES[benchmark]
        assert sorted(archive.namelist()) == [
            f"{above}{sequence}/{number:05d}.png" for sequence in "ab" for number in range(3)
        ]
        for number, frame in enumerate(FRAMES):
            stored = archive.read(f"{above}a/{number:05d}.png")
            assert (read_map(stored) == frame).all()
    assert tuple(ARCHIVES) == SUBMITTED


def test_masks_of_other_kinds_become_palette_pngs(data: Path, tmp_path: Path) -> None:
    write_sequence(tmp_path / "pred" / "a", FRAMES, depth=16, colour=GREY)
    write_submission("mose", tmp_path / "pred", data, tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        stored = archive.read("a/00001.png")
    with Image.open(io.BytesIO(stored)) as image:
        assert image.mode == "P"
        assert image.getpalette()[:6] == [0, 0, 0, 128, 0, 0]  # type: ignore[index]
        assert (np.asarray(image) == FRAMES[1]).all()


def test_the_same_masks_give_the_same_archive(data: Path, tmp_path: Path) -> None:
    for name in ("one.zip", "two.zip"):
        write_submission("lvos", tmp_path / "pred", data, tmp_path / name)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


@pytest.mark.parametrize(
    ("spoilt", "cause"),
    [
        (None, "the predictions lack it"),
        (b"", "it is empty"),
        (png(np.zeros((8, 8))), "8 x 8 pixels, but the ground truth 80 x 48"),
        (png(FRAMES[1])[:-40], "it is broken"),
        (png(FRAMES[1].astype(int) * 300, 16, GREY), "reads ids up to 255"),
    ],
)
def test_what_is_faulty_is_named_and_nothing_is_written(
    spoilt: bytes | None, cause: str, data: Path, tmp_path: Path
) -> None:
    path = tmp_path / "pred" / "b" / "00001.png"
    path.unlink()
    if spoilt is not None:
        path.write_bytes(spoilt)
    with pytest.raises(InputError, match=f"Sequence b, frame 00001: .*{cause}"):
        write_submission("mose", tmp_path / "pred", data, tmp_path / "out.zip")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pred", "set"]
