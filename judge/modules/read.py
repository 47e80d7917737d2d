"""The read module: any kind of file as bounded, numbered text, or as a picture for a model."""

from __future__ import annotations

import io
from itertools import islice

from judge.inspection import Inspection
from judge.modules.excerpts import Excerpt, numbered
from judge.workspace.lines import stream_lines
from results.errors import InputError

LARGEST_SIDE = 768
_PICTURES = frozenset({"image", "animation"})


def read_file(
    inspection: Inspection, path: str, start: int = 1, end: int | None = None, room: int = 6_000
) -> Excerpt:
    """Lines `start`..`end` (1-based, inclusive) of a file, at most `room` characters of them.

    Text comes from the file itself, of other kinds from what its reader found in it; a file
    without text gives its facts in `cut` and no line. InputError when there is no such file.
    """
    workspace = inspection.workspace
    if not workspace.has(path):
        raise InputError(f"There is no file {path!r} in the workspace.")
    start = max(1, start)
    text = workspace.text(path)
    if text is None:
        text = workspace.artifact(path).text
        if not text.strip():
            return Excerpt(path, start, start - 1, 0, "", f"no text: {summary(inspection, path)}")
    if len(text) >= workspace.limits.max_text_chars:
        return _streamed(inspection, path, start, end, room)
    lines = text.splitlines()
    wanted = lines[start - 1 : end]
    shown, last = numbered(wanted, start, room)
    return Excerpt(path, start, last, len(lines), shown)


def _streamed(inspection: Inspection, path: str, start: int, end: int | None, room: int) -> Excerpt:
    """From a file that is too long to be held: what follows the excerpt is not counted."""
    last_wanted = start + room if end is None else end
    lines = stream_lines(inspection.workspace, path)
    wanted = (line for _, line in islice(lines, start - 1, last_wanted))
    shown, last = numbered(wanted, start, room)
    return Excerpt(path, start, last, None, shown)


def summary(inspection: Inspection, path: str) -> str:
    """One line of what code measured in a file; "no such file" where there is none."""
    workspace = inspection.workspace
    return workspace.artifact(path).summary() if workspace.has(path) else "no such file"


def picture(inspection: Inspection, path: str) -> bytes | None:
    """A PNG of at most 768 pixels a side for models that see; None where the file is no picture."""
    workspace = inspection.workspace
    if not workspace.has(path):
        return None
    artifact = workspace.artifact(path)
    if artifact.kind not in _PICTURES or "mode" not in artifact.facts:
        return None
    from PIL import Image

    content = io.BytesIO(workspace.read_bytes(path))
    drawn = io.BytesIO()
    try:
        with Image.open(content) as image:
            shown = image.convert("RGB")
            shown.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
            shown.save(drawn, "PNG")
    except Exception:  # noqa: BLE001 -- a hostile picture may raise anything; then there is none
        return None
    return drawn.getvalue()
