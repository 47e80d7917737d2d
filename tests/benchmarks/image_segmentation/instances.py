"""Made annotation files in COCO's and LVIS's form, and predictions that half fit them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.image_segmentation.clicks import Mask
from benchmarks.image_segmentation.rle import encoded
from tests.benchmarks.image_segmentation.shapes import blobs

HEIGHT, WIDTH = 120, 160


def made_set(seed: int, *, n_images: int = 12, lvis: bool = False) -> tuple[Any, list[Any]]:
    """A document of annotations, polygons, run lengths and crowds in it, and results."""
    rng = np.random.default_rng(seed)
    categories: list[dict[str, Any]] = [{"id": 3 * i + 1, "name": f"kind {i}"} for i in range(6)]
    if lvis:
        for category, frequency in zip(categories, "rrccff", strict=True):
            category["frequency"] = frequency
    ids = [category["id"] for category in categories]
    images: list[Any] = []
    annotations: list[Any] = []
    results: list[Any] = []
    for image_id in rng.permutation(1000)[:n_images].tolist():
        image: dict[str, Any] = {"id": image_id, "height": HEIGHT, "width": WIDTH}
        image["file_name"] = f"{image_id:06d}.png"
        if lvis:
            image["neg_category_ids"] = rng.choice(ids, 2, replace=False).tolist()
            image["not_exhaustive_category_ids"] = rng.choice(ids, 1).tolist()
        images.append(image)
        for _ in range(int(rng.integers(0, 9))):
            category_id = int(rng.choice(ids[:-1]))
            mask = _object(rng)
            annotation: dict[str, Any] = {
                "id": len(annotations),
                "image_id": image_id,
                "category_id": category_id,
                "area": float(mask.sum()),
                "iscrowd": 0,
                "segmentation": encoded(mask),
            }
            kind = rng.random()
            if kind < 0.15 and not lvis:
                annotation["iscrowd"] = 1
            elif kind < 0.5:
                mask, annotation["segmentation"] = _polygon(rng)
                annotation["area"] = float(mask.sum())
            annotations.append(annotation)
            for _ in range(int(rng.integers(0, 3))):
                results.append(_result(rng, image_id, category_id, _shifted(rng, mask)))
        for _ in range(int(rng.integers(0, 6))):
            results.append(_result(rng, image_id, int(rng.choice(ids)), _object(rng)))
    document = {"images": images, "annotations": annotations, "categories": categories}
    return document, results


def written(folder: Path, document: Any, results: Any) -> tuple[Path, Path]:
    truth, predictions = folder / "annotations.json", folder / "predictions.json"
    truth.write_text(json.dumps(document))
    predictions.write_text(json.dumps(results))
    return truth, predictions


def _object(rng: np.random.Generator) -> Mask:
    mask = np.zeros((HEIGHT, WIDTH), dtype=bool)
    size = int(rng.choice([12, 60, 115]))
    y, x = int(rng.integers(0, HEIGHT - size + 1)), int(rng.integers(0, WIDTH - size + 1))
    mask[y : y + size, x : x + size] = blobs(rng, size, size, 2)
    mask[y + size // 2, x + size // 2] = True
    return mask


def _polygon(rng: np.random.Generator) -> tuple[Mask, list[list[float]]]:
    """A triangle, and about where it lies: its box's left half stands in for predictions."""
    x, y = rng.uniform(0, 100), rng.uniform(0, 80)
    width, height = rng.uniform(8, 60), rng.uniform(8, 40)
    mask = np.zeros((HEIGHT, WIDTH), dtype=bool)
    mask[round(y) : round(y + height), round(x) : round(x + width / 2)] = True
    return mask, [[x, y, x + width, y, x, y + height]]


def _shifted(rng: np.random.Generator, mask: Mask) -> Mask:
    moved: Mask = np.roll(mask, tuple(rng.integers(-3, 4, 2)), axis=(0, 1))
    return moved


def _result(rng: np.random.Generator, image_id: int, category_id: int, mask: Mask) -> Any:
    # Few values, so that scores tie.
    score = round(float(rng.random()), 1)
    return {
        "image_id": image_id,
        "category_id": category_id,
        "score": score,
        "segmentation": encoded(mask),
    }
