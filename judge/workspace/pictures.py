"""Reader for images and animations: size, mode, colours, blank or not, frames that differ."""

from __future__ import annotations

import hashlib
from typing import Any

from judge.workspace.artifact import ArtifactState, Damaged, Found, Unread
from judge.workspace.gifs import scan_gif
from judge.workspace.source import Source
from judge.workspace.standins import stand_in

MOST_PIXELS = 40_000_000
MOST_FRAME_PIXELS = 30_000_000  # decoded in all, of the frames of an animation
MOST_FRAMES = 300
SMALL_SIDE = 8
# Others of Pillow's formats start programs (EPS) or are no picture an agent leaves.
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "ICO", "PPM")
_SAMPLE_SIDE = 1024
_DRAWN = frozenset(
    "path rect circle ellipse line polyline polygon text image use foreignObject".split()
)


def read_image(source: Source) -> Found:
    if source.format == "svg":
        return _read_svg(source)
    from PIL import Image, UnidentifiedImageError

    timing = scan_gif(source.content()) if source.beginning(3) == b"GIF" else None
    Image.MAX_IMAGE_PIXELS = None  # the check of ours below says what was found
    source.file.seek(0)
    try:
        picture = Image.open(source.file, formats=FORMATS)
    except UnidentifiedImageError:
        raise Damaged("it does not open as an image") from None
    name = (picture.format or source.format).lower()
    width, height = picture.size
    facts: dict[str, Any] = {"width": width, "height": height, "mode": picture.mode}
    if width * height > MOST_PIXELS:
        sign = f"more than {MOST_PIXELS} pixels, not decoded"
        return Found("image", name, ArtifactState.UNREADABLE, facts, signs=(sign,))
    cuts: tuple[str, ...] = ()
    if timing is not None:
        facts["frames"] = timing.frames
        if timing.frames > 1:
            facts["duration_s"] = round(timing.seconds, 2)
    else:
        facts["frames"] = min(int(getattr(picture, "n_frames", 1)), 100_000)
    picture.load()
    facts |= _colour_facts(picture)
    if facts["frames"] == 1:
        state, signs = _image_state(facts)
        if timing is None:
            del facts["frames"]
        elif state is ArtifactState.VALID:
            signs = (*signs, "a single frame")
        return Found("image", name, state, facts, signs=signs)
    facts["distinct_frames"], looked, colours = _distinct_frames(picture, facts["frames"])
    if looked < facts["frames"]:
        cuts = (f"frames after {looked} were not compared",)
    state, signs = _animation_state(facts, colours)
    return Found("animation", name, state, facts, signs=signs, cuts=cuts)


def _colour_facts(picture: Any) -> dict[str, Any]:
    """colours (of a sample of at most 1024 x 1024 pixels), the share of the commonest, and whether
    the picture shows anything at all."""
    from PIL import Image

    small = picture
    if max(picture.size) > _SAMPLE_SIDE:
        scale = _SAMPLE_SIDE / max(picture.size)
        size = (max(1, int(picture.width * scale)), max(1, int(picture.height * scale)))
        small = picture.resize(size, Image.Resampling.NEAREST)
    small = small.convert("RGBA" if _has_alpha(picture) else "RGB")
    counted = small.getcolors(_SAMPLE_SIDE * _SAMPLE_SIDE) or []
    share = max((number for number, _ in counted), default=0) / (small.width * small.height)
    extrema = picture.getextrema()
    bands = extrema if isinstance(extrema[0], tuple) else (extrema,)
    # Lossy formats have noise of a few levels where one colour was meant.
    tolerance = 6 if picture.format in ("JPEG", "WEBP") else 0
    is_flat = all(high - low <= tolerance for low, high in bands) and picture.mode != "P"
    is_clear = small.mode == "RGBA" and small.getextrema()[3][1] == 0
    facts: dict[str, Any] = {
        "colours": len(counted),
        "commonest_colour_share": round(share, 4),
        "is_blank": len(counted) <= 1 or is_flat or is_clear,
    }
    if is_clear:
        facts["is_transparent"] = True
    if not facts["is_blank"] and share > 0.5 and min(small.size) >= 64:
        facts["is_axes_only"] = _is_axes_only(small)
    return facts


def _has_alpha(picture: Any) -> bool:
    return picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info


def _is_axes_only(small: Any) -> bool:
    """Whether the picture is a frame of axes whose inside has one colour.

    The frame is looked for as the outermost long straight runs of pixels that are not background.
    """
    import numpy as np

    pixels = np.asarray(small.convert("L"), dtype=np.int16)
    background = int(np.bincount(pixels.ravel(), minlength=256).argmax())
    ink = np.abs(pixels - background) > 60
    rows = np.flatnonzero(ink.mean(axis=1) > 0.5)
    columns = np.flatnonzero(ink.mean(axis=0) > 0.5)
    if len(rows) < 2 or len(columns) < 2:
        return False
    top, bottom, left, right = rows[0], rows[-1], columns[0], columns[-1]
    inside = np.abs(pixels[top + 8 : bottom - 7, left + 8 : right - 7] - background)
    is_large = inside.size > 0.2 * pixels.size
    return bool(is_large and int(inside.max()) < 8)


def _image_state(facts: dict[str, Any]) -> tuple[ArtifactState, tuple[str, ...]]:
    width, height = facts["width"], facts["height"]
    if min(width, height) <= 1:
        signs = ["too small to show anything"]
        if facts["is_blank"]:
            signs.append("every pixel has one colour")
        return ArtifactState.PLACEHOLDER, tuple(signs)
    if facts["is_blank"]:
        clear = facts.get("is_transparent")
        sign = "every pixel is transparent" if clear else "every pixel has one colour"
        return ArtifactState.PLACEHOLDER, (sign,)
    if facts.get("is_axes_only"):
        return ArtifactState.PLACEHOLDER, ("a frame of axes with nothing in it",)
    if facts["commonest_colour_share"] >= 0.9999 and width * height > 10_000:
        return ArtifactState.PLACEHOLDER, ("nearly every pixel has one colour",)
    if max(width, height) <= SMALL_SIDE:
        return ArtifactState.VALID, (f"only {width} x {height} pixels",)
    return ArtifactState.VALID, ()


def _distinct_frames(picture: Any, frames: int) -> tuple[int, int, int]:
    """(distinct frames, frames looked at, colours of the frame that has the most)."""
    area = max(1, picture.width * picture.height)
    most = max(2, min(frames, MOST_FRAMES, MOST_FRAME_PIXELS // area))
    seen: set[bytes] = set()
    colours = looked = 0
    for number in range(most):
        try:
            picture.seek(number)
        except EOFError:
            break
        shown = picture.convert("RGBA")
        digest = hashlib.blake2b(shown.tobytes(), digest_size=16).digest()
        if digest not in seen:
            seen.add(digest)
            if colours <= 1:
                colours = max(colours, len(shown.getcolors(1 << 16) or range(1 << 16)))
        looked += 1
    return len(seen), looked, colours


def _animation_state(facts: dict[str, Any], colours: int) -> tuple[ArtifactState, tuple[str, ...]]:
    signs: list[str] = []
    facts["is_blank"] = facts["is_blank"] and colours <= 1
    if min(facts["width"], facts["height"]) <= 1:
        signs.append("too small to show anything")
    if facts["is_blank"]:
        signs.append("every frame has one colour")
    if facts["distinct_frames"] == 1:
        signs.append("every frame is the same")
    return (ArtifactState.PLACEHOLDER if signs else ArtifactState.VALID), tuple(signs)


def _read_svg(source: Source) -> Found:
    import defusedxml.ElementTree
    from defusedxml.common import DefusedXmlException

    try:
        root = defusedxml.ElementTree.fromstring(source.content(8 << 20))
    except DefusedXmlException:
        raise Unread("it declares entities, which are not expanded") from None
    except defusedxml.ElementTree.ParseError:
        raise Damaged("it is not the xml of an svg") from None
    tags = [str(element.tag).rsplit("}", 1)[-1] for element in root.iter()]
    if tags[0] != "svg":
        raise Damaged("its root is not svg")
    drawn = sum(tag in _DRAWN for tag in tags)
    words = " ".join(
        " ".join(element.itertext()).strip()
        for element in root.iter()
        if str(element.tag).endswith("text")
    )
    facts = {"entries": len(tags) - 1, "drawings": drawn}
    if drawn == 0:
        sign = "it draws nothing"
        return Found("image", "svg", ArtifactState.EMPTY, facts, signs=(sign,))
    if drawn == tags.count("text") and stand_in(words) is not None:
        sign = str(stand_in(words))
        return Found("image", "svg", ArtifactState.PLACEHOLDER, facts, words, (sign,))
    return Found("image", "svg", facts=facts, text=words)
