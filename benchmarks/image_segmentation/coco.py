"""Annotations and detections in COCO's JSON form, which LVIS shares, read without trust.

COCO: https://cocodataset.org/#format-data and #format-results. LVIS v1 adds to a category its
`frequency` (r, c, f) and to an image the categories it certainly lacks (`neg_category_ids`) and
those not marked throughout (`not_exhaustive_category_ids`); it names images by `coco_url` alone.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

from benchmarks.image_segmentation.clicks import Mask
from benchmarks.image_segmentation.masks import Box
from benchmarks.image_segmentation.rle import MOST_PIXELS, BadRleError, checked_each, decoded
from results.errors import InputError, MissingExtra
from results.strict_json import read_small_file

# LVIS's training annotations, the largest there are, take 1.2 GB.
MOST_BYTES = 4 << 30
_FREQUENCIES = ("r", "c", "f")
# Masks that are looked over at once.
_BATCH = 1000


class Category(NamedTuple):
    id: int
    name: str
    frequency: str
    """r, c or f in LVIS (rare, common, frequent: by training images); empty in COCO."""


class CocoImage(NamedTuple):
    id: int
    files: tuple[str, ...]
    """Where it may lie in the folder of images, the likeliest first; relative, never upwards."""
    height: int
    width: int
    absent: tuple[int, ...] = ()
    not_exhaustive: tuple[int, ...] = ()

    def find(self, folder: Path) -> Path:
        """Its file below `folder`; InputError where there is none."""
        for name in self.files:
            if (folder / name).is_file():
                return folder / name
        names = " or ".join(self.files)
        raise InputError(f"Image {self.id} is not in {folder}: there is no {names}.")


class CocoObject(NamedTuple):
    id: int
    image_id: int
    category_id: int
    segmentation: Any
    area: float
    is_crowd: bool


class Detection(NamedTuple):
    """A detector's box (x0, y0, x1, y1) in pixels, and its score."""

    image_id: int
    category_id: int
    box: Box
    score: float


class Instance(NamedTuple):
    """A predicted mask, as COCO's sound run lengths, and its score."""

    image_id: int
    category_id: int
    segmentation: dict[str, Any]
    score: float

    def as_json(self) -> dict[str, Any]:
        return self._asdict()


@dataclass(frozen=True)
class CocoSet:
    """What an annotation file holds."""

    path: Path
    images: Mapping[int, CocoImage]
    categories: Mapping[int, Category]
    objects: tuple[CocoObject, ...]
    by_image: Mapping[int, tuple[CocoObject, ...]] = field(repr=False)

    def mask(self, object_: CocoObject) -> Mask:
        """The object's mask, bool (height, width); BadRleError where it is broken."""
        image = self.images[object_.image_id]
        size = (image.height, image.width)
        if isinstance(object_.segmentation, dict):
            return decoded(object_.segmentation, size)
        return decoded(polygons_as_runs(object_.segmentation, size), size)

    def first(self, n: int | None) -> CocoSet:
        """The same of the first `n` images alone; of all for None."""
        if n is None:
            return self
        images = dict(islice(self.images.items(), n))
        objects = tuple(found for found in self.objects if found.image_id in images)
        by_image = {key: found for key, found in self.by_image.items() if key in images}
        return CocoSet(self.path, images, self.categories, objects, by_image)


def read_annotations(path: Path, *, needs_frequency: bool = False) -> CocoSet:
    """The images, categories and objects of an annotation file.

    Raises InputError naming the entry that is missing or wrong; `needs_frequency` asks of each
    category what LVIS says of it.
    """
    document = _read_json(path)
    if not isinstance(document, dict):
        raise InputError(f"{path} is no COCO annotation file: it holds no object of lists.")
    images = {image.id: image for image in map(_image, _entries(path, document, "images"))}
    categories = {
        category.id: category for category in map(_category, _entries(path, document, "categories"))
    }
    if needs_frequency and (bad := [c for c in categories.values() if not c.frequency]):
        raise InputError(
            f"{path}: category {bad[0].id} has no frequency r, c or f, so this is no LVIS file;"
            " score it as COCO."
        )
    objects = tuple(map(_object, _entries(path, document, "annotations")))
    by_image: dict[int, list[CocoObject]] = {}
    seen: set[int] = set()
    for found in objects:
        if found.id in seen:
            raise InputError(f"{path}: two annotations have the id {found.id}.")
        seen.add(found.id)
        if found.image_id not in images:
            raise InputError(f"{path}: annotation {found.id} is of an image that is not listed.")
        if found.category_id not in categories:
            raise InputError(f"{path}: annotation {found.id} has a category that is not listed.")
        by_image.setdefault(found.image_id, []).append(found)
    grouped = {image_id: tuple(of_image) for image_id, of_image in by_image.items()}
    return CocoSet(path, images, categories, objects, grouped)


def read_detections(path: Path, annotations: CocoSet) -> dict[int, tuple[Detection, ...]]:
    """A detector's boxes by image: `[{image_id, category_id, bbox: [x, y, w, h], score}]`.

    Raises InputError for an entry that is wrong, or of an image or category not annotated.
    """
    found: dict[int, list[Detection]] = {}
    for place, entry in _results(path, annotations):
        box = entry.get("bbox")
        if not (isinstance(box, list) and len(box) == 4 and all(map(_is_number, box))):
            raise InputError(f"{place} has no bbox of four numbers, [x, y, width, height].")
        x, y, width, height = map(float, box)
        if width < 0 or height < 0:
            raise InputError(f"{place} has a bbox of negative width or height.")
        detection = Detection(
            entry["image_id"],
            entry["category_id"],
            (x, y, x + width, y + height),
            float(entry["score"]),
        )
        found.setdefault(detection.image_id, []).append(detection)
    return {image_id: tuple(of_image) for image_id, of_image in found.items()}


def read_instances(path: Path, annotations: CocoSet) -> tuple[Instance, ...]:
    """Predicted masks: `[{image_id, category_id, segmentation, score}]`, run-length encoded.

    Raises InputError for an entry that is wrong, or of an image or category not annotated.
    """
    found: list[Instance] = []
    results = _results(path, annotations)
    while batch := list(islice(results, _BATCH)):
        images = [annotations.images[entry["image_id"]] for _, entry in batch]
        masks = checked_each(
            [entry.get("segmentation") for _, entry in batch],
            [(image.height, image.width) for image in images],
        )
        for place, entry in batch:
            try:
                runs = next(masks)
            except BadRleError as error:
                raise InputError(f"{place} has a segmentation that is no mask: {error}.") from error
            found.append(
                Instance(entry["image_id"], entry["category_id"], runs, float(entry["score"]))
            )
    return tuple(found)


def _results(path: Path, annotations: CocoSet) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each entry of a result file, with the words that say where it is."""
    document = _read_json(path)
    if not isinstance(document, list):
        raise InputError(f"{path} is no COCO result file: it holds no list of results.")
    for index, entry in enumerate(document):
        place = f"{path}: result {index}"
        if not isinstance(entry, dict):
            raise InputError(f"{place} is no object.")
        if _id(entry.get("image_id")) not in annotations.images:
            raise InputError(f"{place} has an image_id that {annotations.path.name} does not list.")
        if _id(entry.get("category_id")) not in annotations.categories:
            raise InputError(
                f"{place} has a category_id that {annotations.path.name} does not list."
            )
        if not _is_number(entry.get("score")):
            raise InputError(f"{place} has no score that is a number.")
        yield place, entry


def _read_json(path: Path) -> Any:
    try:
        data = read_small_file(path, MOST_BYTES)
        return json.loads(data, parse_constant=_no_constant)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except RecursionError:
        raise InputError(f"{path} cannot be read: it is nested too deeply.") from None
    except ValueError as error:
        raise InputError(f"{path} cannot be read: {error}.") from error


def _no_constant(text: str) -> float:
    raise ValueError(f"it holds {text}, which is not JSON")


def _entries(path: Path, document: dict[str, Any], key: str) -> Iterator[tuple[str, Any]]:
    entries = document.get(key)
    if not isinstance(entries, list):
        raise InputError(f"{path} is no COCO annotation file: it has no list of {key}.")
    for index, entry in enumerate(entries):
        place = f"{path}: {key}[{index}]"
        if not isinstance(entry, dict) or _id(entry.get("id")) is None:
            raise InputError(f"{place} has no id that is a whole number.")
        yield place, entry


def _image(placed: tuple[str, dict[str, Any]]) -> CocoImage:
    place, entry = placed
    height, width = _id(entry.get("height")), _id(entry.get("width"))
    if not (height and width and 0 < height * width <= MOST_PIXELS and height > 0):
        raise InputError(f"{place} has no height and width that an image can have.")
    return CocoImage(
        entry["id"],
        _files(place, entry),
        height,
        width,
        _ids(entry.get("neg_category_ids")),
        _ids(entry.get("not_exhaustive_category_ids")),
    )


def _files(place: str, entry: dict[str, Any]) -> tuple[str, ...]:
    named, url = entry.get("file_name"), entry.get("coco_url")
    found: list[str] = []
    if isinstance(named, str):
        found += [named, named.rsplit("/", 1)[-1]]
    if isinstance(url, str):
        # LVIS draws from both train2017 and val2017: with its folder first.
        found += ["/".join(url.rsplit("/", 2)[-2:]), url.rsplit("/", 1)[-1]]
    safe = [name for name in dict.fromkeys(found) if _stays_below(name)]
    if not safe:
        raise InputError(f"{place} has no file_name or coco_url that names a file.")
    return tuple(safe)


def _stays_below(name: str) -> bool:
    parts = name.split("/")
    return all(part not in ("", ".", "..") for part in parts) and not set(name) & set("\\:\0")


def _category(placed: tuple[str, dict[str, Any]]) -> Category:
    _, entry = placed
    frequency = entry.get("frequency")
    return Category(
        entry["id"], str(entry.get("name", "")), frequency if frequency in _FREQUENCIES else ""
    )


def _object(placed: tuple[str, dict[str, Any]]) -> CocoObject:
    place, entry = placed
    image_id, category_id = _id(entry.get("image_id")), _id(entry.get("category_id"))
    if image_id is None or category_id is None:
        raise InputError(f"{place} has no image_id and category_id that are whole numbers.")
    area = entry.get("area")
    if not _is_number(area):
        raise InputError(f"{place} has no area that is a number.")
    return CocoObject(
        entry["id"],
        image_id,
        category_id,
        entry.get("segmentation"),
        float(area),
        entry.get("iscrowd", 0) == 1,
    )


def polygons_as_runs(segmentation: Any, size: tuple[int, int]) -> dict[str, Any]:
    """Run lengths of the union of polygons `[[x, y, x, y, …], …]`, drawn by COCO's own rule.

    `size` is (height, width). Raises BadRleError where these are none, or far out of the image.
    """
    height, width = size
    # The drawing allots memory by an outline's length, so it must stay near the image.
    most = 2 * max(height, width) + 16
    if not isinstance(segmentation, list) or not segmentation:
        raise BadRleError("it is neither polygons nor run lengths")
    for polygon in segmentation:
        if not isinstance(polygon, list) or len(polygon) < 6 or len(polygon) % 2:
            raise BadRleError("one of its polygons has not three or more pairs of numbers")
        if not all(_is_number(n) and abs(n) <= most for n in polygon):
            raise BadRleError("one of its polygons is not of numbers in or near the image")
    drawing = coco_drawing()
    merged = drawing.merge(drawing.frPyObjects(segmentation, height, width))
    counts = merged["counts"]
    text = counts.decode("ascii") if isinstance(counts, bytes) else str(counts)
    return {"size": [height, width], "counts": text}


def coco_drawing() -> Any:
    """faster-coco-eval's module of masks; MissingExtra where that is not installed."""
    try:
        from faster_coco_eval import mask
    except ImportError as error:
        raise MissingExtra("Reading COCO's polygons", "segmentation") from error
    return mask


def _id(value: Any) -> int | None:
    return value if type(value) is int and abs(value) < 1 << 62 else None


def _ids(value: Any) -> tuple[int, ...]:
    return tuple(n for n in value if type(n) is int) if isinstance(value, list) else ()


def _is_number(value: Any) -> TypeGuard[float]:
    if type(value) is int:
        return abs(value) < 1 << 62
    return type(value) is float and math.isfinite(value)
