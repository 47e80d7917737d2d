"""Average precision from its definition, in plain loops, to hold the library's values against.

Masks are matched in order of score, each to the best unmatched object of its image and category at
or above the IoU threshold; precision is made falling from the right and read at 101 recalls.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.image_segmentation.rle import decoded

THRESHOLDS = [round(0.5 + 0.05 * i, 2) for i in range(10)]


def lvis_ap(document: Any, results: list[Any], categories: list[int]) -> float | None:
    """Mean over categories and thresholds, by LVIS's rules; None without any object."""
    values = []
    for category in categories:
        n_objects = sum(found["category_id"] == category for found in document["annotations"])
        if n_objects:
            values += [_ap(document, results, category, t, n_objects) for t in THRESHOLDS]
    return float(np.mean(values)) if values else None


def _ap(document: Any, results: list[Any], category: int, threshold: float, n: int) -> float:
    hits: list[tuple[float, bool]] = []
    for image in sorted(document["images"], key=lambda found: int(found["id"])):
        hits += _hits(document, results, image, category, threshold)
    hits.sort(key=lambda hit: -hit[0])
    found = np.cumsum([is_hit for _, is_hit in hits])
    recalls = found / n
    precisions = found / np.arange(1, len(hits) + 1) if hits else np.array([])
    for i in range(len(precisions) - 1, 0, -1):
        precisions[i - 1] = max(precisions[i - 1], precisions[i])
    total = 0.0
    for wanted in np.linspace(0, 1, 101):
        reached = [p for p, r in zip(precisions, recalls, strict=True) if r >= wanted]
        total += float(reached[0]) if reached else 0.0
    return total / 101


def _hits(
    document: Any, results: list[Any], image: Any, category: int, threshold: float
) -> list[tuple[float, bool]]:
    of_image = [found for found in document["annotations"] if found["image_id"] == image["id"]]
    objects = [
        decoded(found["segmentation"]) for found in of_image if found["category_id"] == category
    ]
    if not objects and category not in image["neg_category_ids"]:
        return []
    predictions = [found for found in results if found["image_id"] == image["id"]]
    best = sorted(predictions, key=lambda found: -found["score"])[:300]
    free = list(range(len(objects)))
    hits = []
    for prediction in best:
        if prediction["category_id"] != category:
            continue
        mask = decoded(prediction["segmentation"])
        overlaps = {i: (mask & objects[i]).sum() / (mask | objects[i]).sum() for i in free}
        matching = [i for i in free if overlaps[i] >= threshold]
        if matching:
            free.remove(max(matching, key=lambda i: (overlaps[i], i)))
            hits.append((prediction["score"], True))
        elif category not in image["not_exhaustive_category_ids"]:
            hits.append((prediction["score"], False))
    return hits
