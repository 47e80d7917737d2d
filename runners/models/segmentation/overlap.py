"""Masks of several objects from their logits, each for itself or one object a pixel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runners.models.segmentation.interface import Mask
from runners.models.segmentation.preparing import logits_at


def masks_at(
    logits: Mapping[int, Any], height: int, width: int, *, non_overlapping: bool = False
) -> dict[int, Mask]:
    """Masks at the video's size from logits (1, h, w) of each object, which are above 0 there.

    non_overlapping: a pixel goes to the object of the highest logit alone, as in SAM 2's
    `_apply_non_overlapping_constraints`; on a tie to the lowest object id.
    """
    import torch

    masks: dict[int, Mask] = {}
    highest: Any = None
    owner: Any = None
    for object_id in sorted(logits):
        here = logits_at(logits[object_id], height, width)[0]
        if not non_overlapping:
            masks[object_id] = (here > 0).cpu().numpy()
        elif highest is None:
            highest, owner = here, torch.full_like(here, object_id, dtype=torch.int64)
        else:
            owner[here > highest] = object_id
            highest = torch.maximum(highest, here)
    if non_overlapping:
        masks = {
            object_id: ((owner == object_id) & (highest > 0)).cpu().numpy()
            for object_id in sorted(logits)
        }
    return masks
