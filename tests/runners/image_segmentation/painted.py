"""A segmenter that goes by colour, and painted pictures on which what it answers is known."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.image_segmentation.clicks import Mask
from benchmarks.image_segmentation.rle import decoded, encoded
from runners.models.segmentation.interface import Prepared, Prompt

if TYPE_CHECKING:
    from runners.models.describing import Described
    from runners.models.segmentation.interface import Picture, PromptKind

HEIGHT, WIDTH = 64, 96


class ColourSegmenter:
    """Every pixel of a colour that was clicked on, less the colours clicked beside the object.

    For a box, the commonest colour in it. Of its three answers the middle one is so; the first is
    the whole picture, the last nothing; it trusts the middle one most unless `trusts` says so.
    """

    name = "colour"
    variant = None
    device = "cpu"
    precision = "fp32"
    accepts: frozenset[PromptKind] = frozenset({"points", "box"})

    def __init__(self, trusts: int = 1) -> None:
        self.trusts = trusts
        self.asked: list[tuple[Prompt, bool, int | None]] = []
        self._codes: NDArray[np.int64] | None = None

    def prepare(self, image: Picture) -> Prepared:
        return Prepared(_codes(image), *image.shape[:2])

    def set_image(self, image: Picture | Prepared) -> None:
        self._codes = image.pixels if isinstance(image, Prepared) else _codes(image)

    def predict(
        self, prompt: Prompt, *, multimask: bool, previous: int | None = None
    ) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
        assert self._codes is not None
        self.asked.append((prompt, multimask, previous))
        mask = self._mask(self._codes, prompt)
        if not multimask:
            return mask[None], np.array([0.5], dtype=np.float32)
        masks = np.stack([np.ones_like(mask), mask, np.zeros_like(mask)])
        scores = np.full(3, 0.1, dtype=np.float32)
        scores[self.trusts] = 0.9
        return masks, scores

    def describe(self) -> Described:
        return {"parameters": 0}

    def _mask(self, codes: NDArray[np.int64], prompt: Prompt) -> Mask:
        if prompt.box is not None:
            x0, y0, x1, y1 = (round(n) for n in prompt.box)
            colours, counts = np.unique(codes[y0 : y1 + 1, x0 : x1 + 1], return_counts=True)
            box: Mask = codes == colours[counts.argmax()]
            return box
        assert prompt.points is not None and prompt.labels is not None
        mask = np.zeros(codes.shape, dtype=bool)
        for label in (1, 0):
            for x, y in prompt.points[prompt.labels == label].astype(int):
                mask[codes == codes[y, x]] = label
        return mask


class PreviousSegmenter(ColourSegmenter):
    """The same, and it takes its previous answer."""

    accepts: frozenset[PromptKind] = frozenset({"points", "box", "previous"})


def colour_segmenter(**_: Any) -> ColourSegmenter:
    """What a `python:` spec names."""
    return ColourSegmenter()


class _SlowSegmenter(ColourSegmenter):
    def predict(
        self, prompt: Prompt, *, multimask: bool, previous: int | None = None
    ) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
        time.sleep(0.02)
        return super().predict(prompt, multimask=multimask, previous=previous)


def slow_segmenter(**_: Any) -> ColourSegmenter:
    """The same, slow enough to be stopped in its work."""
    return _SlowSegmenter()


def picture_of(labels: NDArray[np.uint8]) -> Picture:
    """A picture with a colour for each label."""
    wide = labels.astype(int)
    shades = np.stack([wide * 37 % 256, wide * 91 % 256, wide * 13 % 256], axis=-1)
    return shades.astype(np.uint8)


def striped() -> NDArray[np.uint8]:
    """Three stripes of 1, 2, 3 on 0, of 20, 12 and 8 columns."""
    labels = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    labels[10:50, 10:30], labels[10:50, 30:42], labels[10:50, 42:50] = 1, 2, 3
    return labels


def squares(seed: int) -> NDArray[np.uint8]:
    """Three to five squares that do not meet."""
    rng = np.random.default_rng(seed)
    labels = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    for number in range(1, int(rng.integers(4, 7))):
        size = int(rng.integers(5, 15))
        y = int(rng.integers(0, HEIGHT // 2 - size)) + (number % 2) * HEIGHT // 2
        x = (number - 1) // 2 * 32 + int(rng.integers(0, 32 - size))
        labels[y : y + size, x : x + size] = number
    return labels


def write_set(folder: Path, n: int, *, form: str = "maps", first: int = 0) -> None:
    """A set of `n` painted pictures, laid out as `form` says: maps, files, sa1b or coco."""
    images = folder / ("" if form == "sa1b" else "images")
    images.mkdir(parents=True)
    entries: list[dict[str, Any]] = []
    objects: list[dict[str, Any]] = []
    for index in range(first, first + n):
        labels = squares(index)
        name = f"p{index:03d}"
        Image.fromarray(picture_of(labels)).save(images / f"{name}.png")
        numbers = [int(number) for number in np.unique(labels) if number]
        if form == "maps":
            (folder / "masks").mkdir(exist_ok=True)
            Image.fromarray(labels).save(folder / "masks" / f"{name}.png")
        elif form == "files":
            (folder / "masks" / name).mkdir(parents=True)
            for number in numbers:
                file = folder / "masks" / name / f"{number}.png"
                Image.fromarray((labels == number).astype(np.uint8) * 255).save(file)
        of_image = [
            {
                "id": 100 * index + number,
                "image_id": index,
                "category_id": number,
                "iscrowd": 0,
                "area": int((labels == number).sum()),
                "segmentation": encoded(labels == number),
            }
            for number in numbers
        ]
        if form == "sa1b":
            document = {"image": {"file_name": f"{name}.png"}, "annotations": of_image}
            (images / f"{name}.json").write_text(json.dumps(document))
        entries.append({"id": index, "file_name": f"{name}.png", "height": HEIGHT, "width": WIDTH})
        objects += of_image
    if form == "coco":
        categories = [{"id": i, "name": str(i), "frequency": "rcf"[i % 3]} for i in range(1, 7)]
        document = {"images": entries, "annotations": objects, "categories": categories}
        (folder / "annotations.json").write_text(json.dumps(document))


def boxes_of(annotations: Path) -> list[dict[str, Any]]:
    """The annotated boxes as a detector's results, one false box in each image beside them."""
    document = json.loads(annotations.read_text())
    results = []
    for found in document["annotations"]:
        rows, columns = np.nonzero(decoded(found["segmentation"]))
        x, y = int(columns.min()), int(rows.min())
        box = [x, y, int(columns.max()) - x + 1, int(rows.max()) - y + 1]
        results.append(_result(found["image_id"], found["category_id"], box, 0.9))
    for image in document["images"]:
        results.append(_result(image["id"], 1, [60, 55, 10, 8], 0.1))
    return results


def _result(image_id: int, category_id: int, box: list[int], score: float) -> dict[str, Any]:
    return {"image_id": image_id, "category_id": category_id, "bbox": box, "score": score}


def _codes(image: Picture) -> NDArray[np.int64]:
    wide = image.astype(np.int64)
    codes: NDArray[np.int64] = wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]
    return codes
