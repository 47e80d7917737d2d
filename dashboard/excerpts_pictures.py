"""Small pictures of a workspace's images, made anew from their pixels by a process of its own.

The bytes of an agent's image never reach a browser. A child without the caller's environment,
under limits of computing time, memory and output, decodes them and writes the pixels as a new PNG;
formats that can start programs or hold markup (EPS, SVG) are not decoded at all.
"""

from __future__ import annotations

import os
import subprocess
import sys
from functools import lru_cache

from judge.workspace import Workspace
from results.errors import JudgeError

LONGEST_SIDE = 900
SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm")
_MOST_BYTES = 32 << 20
_MOST_PNG_BYTES = 8 << 20
_SECONDS = 10
_MEMORY = 1 << 30
_PNG = b"\x89PNG\r\n\x1a\n"


def is_picture(path: str) -> bool:
    """Whether the name is one of an image that can be shown."""
    return path.lower().endswith(SUFFIXES)


def thumbnail(workspace: Workspace, path: str) -> bytes | None:
    """A new PNG of at most 900 pixels a side; None where the file is no image or takes too much."""
    if not is_picture(path) or not workspace.has(path) or workspace.size(path) > _MOST_BYTES:
        return None
    try:
        return _made_anew(workspace.read_bytes(path, _MOST_BYTES))
    except JudgeError:
        return None


@lru_cache(maxsize=32)
def _made_anew(content: bytes) -> bytes | None:
    path = [os.path.abspath(entry) for entry in sys.path]  # noqa: PTH100 -- keeps zip entries
    code = (
        f"import sys; sys.path[:] = {path!r};"
        " from dashboard.excerpts_pictures import serve; serve()"
    )
    try:
        ended = subprocess.run(
            [sys.executable, "-I", "-c", code],
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=3 * _SECONDS,
            cwd="/",
            env={"PATH": os.environ.get("PATH", ""), "OMP_NUM_THREADS": "1"},
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    png = ended.stdout
    is_whole = ended.returncode == 0 and png.startswith(_PNG) and len(png) <= _MOST_PNG_BYTES
    return png if is_whole else None


def serve() -> None:
    """In the child: the image on stdin as a PNG on stdout; anything wrong ends it with a fault."""
    import io
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    from PIL import Image

    from judge.workspace.pictures import FORMATS, MOST_PIXELS

    Image.MAX_IMAGE_PIXELS = None  # the check below goes by the project's own limit
    picture = Image.open(io.BytesIO(sys.stdin.buffer.read(_MOST_BYTES + 1)), formats=FORMATS)
    if picture.width * picture.height > MOST_PIXELS:
        sys.exit(1)
    picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
    shown = picture.convert("RGBA")
    shown.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    paper = Image.new("RGB", shown.size, "white")
    paper.paste(shown, mask=shown.getchannel("A"))
    made = io.BytesIO()
    paper.save(made, format="PNG")
    sys.stdout.buffer.write(made.getvalue())
