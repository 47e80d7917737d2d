"""Readers for images and animated pictures: size, mode, colours, blank or not."""

from __future__ import annotations

import io
import warnings

from judge.workspace.artifact import ArtifactState, Found

MOST_PIXELS = 40_000_000
MOST_FRAMES = 2_000
SMALLEST_SIDE = 8
_SAMPLE_SIDE = 512


def read_image(content: bytes, path: str, format: str, size: int) -> Found:
    if format == "svg":
        return _read_svg(content)
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        picture = Image.open(io.BytesIO(content))
        width, height = picture.size
        name = (picture.format or format).lower()
        facts = {"width": width, "height": height, "mode": picture.mode}
        frames = 1
        if width * height > MOST_PIXELS:
            sign = f"more than {MOST_PIXELS} pixels, not decoded"
            return Found("image", name, ArtifactState.UNREADABLE, facts, signs=(sign,))
        frames = min(int(getattr(picture, "n_frames", 1)), MOST_FRAMES)
        picture.load()
        shown = picture.convert("RGBA")
        shown.thumbnail((_SAMPLE_SIDE, _SAMPLE_SIDE), Image.Resampling.NEAREST)
        counted = shown.getcolors(_SAMPLE_SIDE * _SAMPLE_SIDE) or []
        colours = len(counted)
        share = max((n for n, _ in counted), default=0) / max(1, shown.width * shown.height)
        if frames > 1 and colours <= 1:
            picture.seek(frames - 1)
            colours += len(picture.convert("RGBA").getcolors(1 << 24) or [])
    kind = "animation" if frames > 1 else "image"
    facts |= {"colours": colours, "is_blank": colours <= 1}
    if kind == "animation":
        facts["frames"] = frames
    signs: list[str] = []
    if min(width, height) <= SMALLEST_SIDE:
        signs.append("too small to show anything")
    if colours <= 1:
        signs.append("every pixel has one colour")
    elif share > 0.9999 and width * height > 10_000:
        signs.append("nearly every pixel has one colour")
    state = ArtifactState.PLACEHOLDER if signs else ArtifactState.VALID
    return Found(kind, name, state, facts, signs=tuple(signs))


def _read_svg(content: bytes) -> Found:
    import defusedxml.ElementTree

    root = defusedxml.ElementTree.fromstring(content)
    if not root.tag.endswith("svg"):
        return Found("image", "svg", ArtifactState.BROKEN, signs=("its root is not svg",))
    elements = sum(1 for _ in root.iter()) - 1
    words = " ".join("".join(root.itertext()).split())
    facts = {"entries": elements}
    if elements == 0:
        return Found("image", "svg", ArtifactState.EMPTY, facts, signs=("it draws nothing",))
    return Found("image", "svg", facts=facts, text=words)
