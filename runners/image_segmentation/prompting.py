"""One object asked of a model by clicks and by its box, and the overlap of what it answers.

The first click is ambiguous, so of a model's several masks the most confident is taken (SAM,
arXiv 2304.02643, section 7.1); from the second click on a model gives one mask (`multimask_output`
with `multimask_max_pt_num: 1` in SAM 2's configurations), and so for a box. The previous answer's
logits go in with the next click, as SAM and SAM 2 train and evaluate (`_iter_correct_pt_sampling`
in sam2's training/model/sam2.py), where the model takes them; exported decoders such as
EfficientSAM's do not, and its paper says nothing of it.

`iou@1 oracle` is of the best mask by the truth, which no user could choose.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from benchmarks.image_segmentation.clicks import (
    Click,
    FirstRule,
    NextRule,
    first_click,
    next_click,
    random_of,
)
from benchmarks.image_segmentation.masks import Box, ChoiceRule, chosen, iou, tight_box
from benchmarks.image_segmentation.mean_iou import VALUE
from results.errors import JudgeError, ModelError
from runners.image_segmentation.timing import Clock
from runners.models.segmentation.interface import ImageSegmenter, Prompt

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from benchmarks.image_segmentation.clicks import Mask

MultimaskRule = Literal["first", "always", "never"]
MULTIMASK_RULES: tuple[MultimaskRule, ...] = get_args(MultimaskRule)


@dataclass(frozen=True)
class Prompting:
    """How objects are asked of a model.

    clicks: after how many clicks the overlap is taken; none for boxes alone.
    box: whether the object's tight box is tried, too, by itself.
    multimask: when several masks are asked for and the most confident taken: at the first click
        alone, always (EfficientSAM's decoder always gives three), or never.
    feed_back: whether the previous answer goes in with the next click, if the model takes it.
    """

    clicks: tuple[int, ...] = (1, 3, 5)
    box: bool = True
    first_rule: FirstRule = "center"
    next_rule: NextRule = "center"
    multimask: MultimaskRule = "first"
    feed_back: bool = True
    seed: int = 0


class Answers(NamedTuple):
    """`values` as a Score has them; `masks` by the same names; `prompts` as JSON text."""

    values: dict[str, float]
    masks: dict[str, Mask]
    prompts: str


def ask_for_object(
    segmenter: ImageSegmenter,
    truth: Mask,
    sample: str,
    prompting: Prompting,
    clock: Clock,
    saliency: NDArray[Any] | None = None,
) -> Answers:
    """The overlaps with `truth` after each number of clicks, and for its box.

    The image is set already. `sample` seeds the random rules. Raises ModelError for masks of
    another size than the image's.
    """
    values: dict[str, float] = {}
    masks: dict[str, Mask] = {}
    clicks: list[Click] = []
    prompts: dict[str, Any] = {"clicks": clicks}
    if prompting.clicks:
        steps = _steps(segmenter, truth, sample, prompting, clock, saliency, clicks)
        for n, step in enumerate(steps, start=1):
            if n in prompting.clicks:
                masks[f"{VALUE}@{n}"] = step.mask
                values[f"{VALUE}@{n}"] = iou(step.mask, truth)
            if n == 1 and 1 in prompting.clicks and len(step.found.masks) > 1:
                best = step.found.masks[step.found.choose("oracle", truth=truth)]
                values[f"{VALUE}@1 oracle"] = iou(best, truth)
    if prompting.box:
        box = tight_box(truth)
        several = prompting.multimask == "always"
        found = predicted(segmenter, Prompt(box=box), several, clock, truth.shape)
        name = f"{VALUE}@box"
        masks[name] = found.masks[found.choose("confident")]
        values[name] = iou(masks[name], truth)
        prompts["box"] = box
    written = [[click.x, click.y, click.label] for click in clicks]
    return Answers(values, masks, json.dumps({**prompts, "clicks": written}, separators=(",", ":")))


class _Step(NamedTuple):
    """What the model answered to the clicks so far, and which mask of it is taken."""

    found: Predicted
    choice: int

    @property
    def mask(self) -> Mask:
        mask: Mask = self.found.masks[self.choice]
        return mask


def _steps(
    segmenter: ImageSegmenter,
    truth: Mask,
    sample: str,
    prompting: Prompting,
    clock: Clock,
    saliency: NDArray[Any] | None,
    clicks: list[Click],
) -> Iterator[_Step]:
    """The answer after each click; adds to `clicks`. Once an answer has no fault there is nothing
    to click, and it stands.
    """
    rng = random_of(prompting.seed, sample)
    feeds_back = prompting.feed_back and "previous" in segmenter.accepts
    clicks.append(first_click(truth, rule=prompting.first_rule, rng=rng, saliency=saliency))
    step = _answer(segmenter, clicks, prompting.multimask != "never", clock, truth, None)
    yield step
    for _ in range(1, max(prompting.clicks)):
        click = next_click(truth, step.mask, rule=prompting.next_rule, rng=rng)
        if click is not None:
            clicks.append(click)
            previous = step.choice if feeds_back else None
            several = prompting.multimask == "always"
            step = _answer(segmenter, clicks, several, clock, truth, previous)
        yield step


def _answer(
    segmenter: ImageSegmenter,
    clicks: Sequence[Click],
    several: bool,
    clock: Clock,
    truth: Mask,
    previous: int | None,
) -> _Step:
    import numpy as np

    points = np.array([[click.x, click.y] for click in clicks], dtype=np.float32)
    prompt = Prompt(points=points, labels=np.array([click.label for click in clicks]))
    found = predicted(segmenter, prompt, several, clock, truth.shape, previous=previous)
    return _Step(found, found.choose("confident"))


class Predicted(NamedTuple):
    """A model's masks (k, H, W) and its own scores (k,)."""

    masks: NDArray[np.bool_]
    scores: NDArray[Any]

    def choose(self, rule: ChoiceRule, *, truth: Mask | None = None, box: Box | None = None) -> int:
        return chosen(self.masks, self.scores, rule, truth=truth, box=box)


def predicted(
    segmenter: ImageSegmenter,
    prompt: Prompt,
    several: bool,
    clock: Clock,
    shape: tuple[int, ...],
    *,
    previous: int | None = None,
) -> Predicted:
    """What the model answers, timed; ModelError where that is no mask of `shape`."""
    import numpy as np

    with clock.running():
        masks, scores = segmenter.predict(prompt, multimask=several, previous=previous)
    masks, scores = np.asarray(masks), np.asarray(scores)
    if masks.dtype != np.bool_ or masks.ndim != 3 or not len(masks) or masks.shape[1:] != shape:
        raise ModelError(
            f"{segmenter.name} answered with {masks.dtype} {masks.shape} where masks are bool"
            f" (k, {shape[0]}, {shape[1]})."
        )
    if scores.shape != (len(masks),) or not np.isfinite(scores).all():
        raise ModelError(f"{segmenter.name} gave no finite score for each of its masks.")
    return Predicted(masks, scores)


def cause_of(error: Exception) -> str:
    """Why there is no score, for its reason: a sentence of ours, or a stranger's error by name."""
    return str(error) if isinstance(error, JudgeError) else f"{type(error).__name__}: {error}"
