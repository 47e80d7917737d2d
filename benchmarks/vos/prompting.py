"""Promptable video segmentation (PVS): a simulated user clicks on frames until the masks are good.

SAM 2 (Ravi et al., arXiv 2408.00714), appendix on the PVS task; objects are taken one at a time:

    offline  Several passes. The first frame is clicked and the object followed through the video;
             then the frame of the lowest IoU with the ground truth is clicked, and the whole video
             is segmented again with all prompts so far, up to N frames.
    online   One pass. Where the IoU of a frame falls below 0.75 it is clicked, which changes what
             comes after it, while there are fewer than N prompted frames.

Three clicks a frame: the first of all at the object's centre, each other at the centre of the
error region. What is reported is J&F for N = 1 to 8 and its mean. The paper leaves open whether a
frame can be chosen twice (here not: it says "new frame"), and which frames count (here, as in the
sets' own rules, the object's first and last annotated frames do not, unless asked for).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchmarks.image_segmentation.clicks import Click, first_click, next_click
from benchmarks.vos.counting import Counts
from benchmarks.vos.statistics import mean

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

Mode = Literal["offline", "online"]

CLICKS_A_FRAME = 3
MOST_FRAMES = 8
GOOD_ENOUGH = 0.75


@dataclass(frozen=True)
class PromptedFrame:
    """A frame that was clicked, by its name, and the clicks in their order."""

    frame: str
    clicks: tuple[Click, ...]


def click_frame(
    truth: Mask,
    segment: Callable[[Sequence[Click]], Mask],
    *,
    clicks: int = CLICKS_A_FRAME,
    predicted: Mask | None = None,
) -> tuple[tuple[Click, ...], Mask | None]:
    """Clicks a frame up to `clicks` times; (the clicks, the mask that came of them).

    truth: bool (height, width). segment: all clicks so far -> the mask. predicted: what stands
    there before the first click; None for the very first prompt of an object. Fewer clicks where
    nothing is left to mend.
    """
    made: list[Click] = []
    mask = predicted
    for _ in range(clicks):
        click = first_click(truth) if mask is None else next_click(truth, mask)
        if click is None:
            break
        made.append(click)
        mask = segment(made)
    return tuple(made), mask


def frame_to_prompt(ious: Mapping[int, float], prompted: Collection[int]) -> int | None:
    """The frame of the lowest IoU that was not prompted yet, the first of several; None where all
    others are perfect.

    >>> frame_to_prompt({0: 0.1, 1: 0.5, 2: 0.5, 3: 1.0}, prompted={0})
    1
    """
    left = [(iou, index) for index, iou in ious.items() if index not in prompted and iou < 1]
    return min(left)[1] if left else None


def j_and_f(counts: Mapping[int, Counts], *, keep_ends: bool) -> tuple[float, float] | None:
    """(J, F) of an object over its annotated frames; None where none is scored.

    counts: by the frame's index, from the first frame that shows the object to its last annotated
    one. Those two are left out unless `keep_ends`.
    """
    frames = sorted(counts)
    scored = frames if keep_ends else frames[1:-1]
    if not scored:
        return None
    return mean([counts[f].j for f in scored]), mean([counts[f].f for f in scored])
