"""The pictures of the README: every page of the leaderboard over the bundled example.

    python -m tests.measures.screenshots [--out docs/images] [--store FILE]

The bundled example is judged anew, so that the pictures show what `make run` leaves behind. Needs
Chromium. Each picture is at most 200 KB.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from pathlib import Path

from PIL import Image

from tests.support.browser import looking_at
from tests.support.judged_stores import judged_example

MOST_BYTES = 200 * 1024
WIDTH, HEIGHT = 1400, 900
# Name -> (path, whether dark).
PICTURES = {
    "leaderboard": ("", False),
    "leaderboard-dark": ("?bench=sav", True),
    "tradeoffs": ("tradeoffs", False),
    "agents": ("agents", False),
    "judgment": ("judgment", False),
    "judges": ("judges", False),
    "labels": ("labels", False),
    "compare": ("compare", False),
    "runs": ("runs", False),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    parser.add_argument("--store", type=Path, help="a store to show instead")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        take(given.store or judged_example(Path(folder)), given.out)


def take(store: Path, out: Path) -> None:
    """Writes the pictures of a store's leaderboard."""
    out.mkdir(parents=True, exist_ok=True)
    for dark in (False, True):
        with looking_at(
            store, store.parent / "runs", width=WIDTH, height=HEIGHT, dark=dark
        ) as look:
            for name, (path, is_dark) in PICTURES.items():
                if is_dark != dark:
                    continue
                page = look.open(path)
                # Charts grow into their places for a moment after the script has ended.
                page.wait_for_timeout(1_500)
                data = _small(page.screenshot())
                (out / f"{name}.png").write_bytes(data)
                print(f"{out / name}.png, {len(data) / 1024:.0f} KB")
                page.close()


def _small(png: bytes) -> bytes:
    """The picture in as many of 256 colours as keep it below `MOST_BYTES`."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    for colours in (256, 128, 64, 32):
        file = io.BytesIO()
        picture.quantize(colours).save(file, "PNG", optimize=True)
        if file.tell() <= MOST_BYTES:
            break
    return file.getvalue()


if __name__ == "__main__":
    main()
