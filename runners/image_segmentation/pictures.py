"""Images and saliency maps read from files, ahead of the model that waits for them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from results.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# A header of a few bytes must not claim the memory.
MOST_PIXELS = 1 << 27
SUFFIXES = (".png", ".jpg", ".jpeg")
_Item = TypeVar("_Item")
_Made = TypeVar("_Made")


def read_picture(path: Path) -> NDArray[np.uint8]:
    """RGB, uint8 (height, width, 3), as stored: masks are drawn on pixels that no orientation tag
    has turned. InputError, naming the file, where it is missing or broken.
    """
    picture: NDArray[np.uint8] = _read(path, "RGB")
    return picture


def read_saliency(folder: Path, name: str) -> NDArray[np.uint8]:
    """The grey map `<folder>/<name>.png` (or jpg), uint8 (height, width); InputError."""
    for suffix in SUFFIXES:
        path = folder / f"{name}{suffix}"
        if path.is_file():
            saliency: NDArray[np.uint8] = _read(path, "L")
            return saliency
    raise InputError(f"There is no saliency map {folder / name}.png.")


def ahead(
    items: Iterable[_Item], make: Callable[[_Item], _Made], *, window: int = 2
) -> Iterator[tuple[_Item, Future[_Made]]]:
    """Each item with what `make` gives for it, of which other threads have `window` under way."""
    waiting: deque[tuple[_Item, Future[_Made]]] = deque()
    rest = iter(items)
    with ThreadPoolExecutor(window, "pictures") as pool:
        try:
            for item in islice(rest, window):
                waiting.append((item, pool.submit(make, item)))
            while waiting:
                item, made = waiting.popleft()
                for following in islice(rest, 1):
                    waiting.append((following, pool.submit(make, following)))
                yield item, made
        finally:
            for _, made in waiting:
                made.cancel()


def _read(path: Path, mode: str) -> Any:
    import numpy as np
    from PIL import Image

    try:
        with Image.open(path, formats=["JPEG", "PNG"]) as image:
            if image.width * image.height > MOST_PIXELS:
                raise InputError(f"{path} cannot be read: it has over {MOST_PIXELS:,} pixels.")
            return np.asarray(image.convert(mode))
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from None
    except Exception as error:  # noqa: BLE001 - a broken picture makes Pillow raise anything
        raise InputError(f"{path} cannot be read: {error}.") from None
