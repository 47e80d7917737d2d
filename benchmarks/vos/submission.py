"""Archives for the sets whose ground truth only a server has: MOSE, LVOS and YouTube-VOS.

An archive holds sequence/frame.png (for YouTube-VOS below a folder Annotations), each an 8-bit
palette PNG. It is written only once every frame of the set is there and has the set's size.
"""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

from benchmarks.vos.layout import PNG, Remarks, sizes_differ
from benchmarks.vos.png import UnreadableError, davis_palette, read_map, size_of
from results.errors import InputError

# Benchmark -> the folder in the archive that sequences stand in.
ARCHIVES = {"mose": "", "lvos": "", "youtube-vos": "Annotations/"}
_EPOCH = (1980, 1, 1, 0, 0, 0)
_PICTURES = (".jpg", ".jpeg", ".png")


def write_submission(benchmark: str, pred: Path, data: Path, out: Path) -> int:
    """Writes the archive of `pred` to `out`, whole or not at all; returns the number of frames.

    data: the set's root, with JPEGImages/sequence/frame.jpg and, for sizes, Annotations. The
    archive depends on the masks alone, not on when or where it is made. Raises InputError, naming
    sequence, frame and cause.
    """
    if benchmark not in ARCHIVES:
        raise InputError(f"There is no archive for {benchmark!r}; there are {', '.join(ARCHIVES)}.")
    for what, folder in (("predictions", pred), ("pictures", data / "JPEGImages")):
        if not folder.is_dir():
            raise InputError(f"There is no folder of {what} at {folder}.")
    remarks = Remarks(lenient=False)
    frames = _wanted(data)
    if not frames:
        raise InputError(f"{data / 'JPEGImages'} holds no sequences.")
    for sequence, names in frames.items():
        size = _size_of_set(data / "Annotations" / sequence)
        for name in names:
            if cause := _fault(pred / sequence / (name + PNG), size):
                remarks.fault(sequence, cause, frame=name)
    remarks.check()
    temporary = out.with_name(f".{out.name}.{os.getpid()}")
    n = 0
    try:
        # Masks are packed already.
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
            for sequence, names in frames.items():
                for name in names:
                    inside = f"{ARCHIVES[benchmark]}{sequence}/{name}{PNG}"
                    try:
                        mask = _as_palette((pred / sequence / (name + PNG)).read_bytes())
                    except UnreadableError as error:
                        cause = f"the prediction cannot be read: {error}"
                        remarks.fault(sequence, cause, frame=name)
                        remarks.check()
                        raise
                    archive.writestr(zipfile.ZipInfo(inside, _EPOCH), mask)
                    n += 1
        temporary.replace(out)
    finally:
        temporary.unlink(missing_ok=True)
    return n


def _wanted(data: Path) -> dict[str, list[str]]:
    """The frames that the set has pictures of."""
    found = {}
    for folder in sorted((data / "JPEGImages").iterdir()):
        if folder.is_dir():
            pictures = (path for path in folder.iterdir() if path.suffix.lower() in _PICTURES)
            found[folder.name] = sorted(path.stem for path in pictures)
    return found


def _size_of_set(annotations: Path) -> tuple[int, int] | None:
    """The size of a sequence's first annotation, where there is one."""
    first = next(iter(sorted(annotations.glob(f"*{PNG}"))), None)
    if first is None:
        return None
    with first.open("rb") as file:
        return size_of(file.read(24))


def _fault(path: Path, size: tuple[int, int] | None) -> str:
    try:
        with path.open("rb") as file:
            own = size_of(file.read(24))
    except FileNotFoundError:
        return "the predictions lack it"
    except UnreadableError as error:
        return f"the prediction cannot be read: {error}"
    return sizes_differ(size, own) if size not in (None, own) else ""


def _as_palette(source: bytes) -> bytes:
    """The mask as a server reads it: an 8-bit palette PNG, unchanged where it is one already."""
    from PIL import Image

    labels = read_map(source)
    if source[24:26] == b"\x08\x03":
        return source
    highest = int(labels.max(initial=0))
    if highest > 255:
        raise UnreadableError(f"it has the id {highest}, but the server reads ids up to 255")
    image = Image.fromarray(labels.astype("uint8"))
    image.putpalette([value for colour in davis_palette() for value in colour])
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
