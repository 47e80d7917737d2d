"""What is asked of a model, which of its answers counts, and what they are worth."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from results.errors import InputError, ModelError
from runners.image_segmentation.prompting import Answers, Prompting, ask_for_object
from runners.image_segmentation.timing import Clock
from tests.runners.image_segmentation.painted import (
    ColourSegmenter,
    PreviousSegmenter,
    picture_of,
    striped,
)

LABELS = striped()
STRIPES = LABELS > 0


def asked(segmenter: ColourSegmenter, prompting: Prompting) -> Answers:
    segmenter.set_image(picture_of(LABELS))
    return ask_for_object(segmenter, STRIPES, "a/b#1", prompting, Clock("cpu"))


def test_each_click_mends_the_deepest_error_until_the_object_is_whole() -> None:
    answers = asked(ColourSegmenter(), Prompting(clicks=(1, 2, 3, 5)))
    # The object's middle lies in the first stripe (20 of 40 columns); then come 12 and 8 more.
    assert answers.values == {
        "iou@1": pytest.approx(20 / 40),
        "iou@1 oracle": pytest.approx(20 / 40),
        "iou@2": pytest.approx(32 / 40),
        "iou@3": 1,
        "iou@5": 1,
        # The commonest colour of the box is that of the widest stripe.
        "iou@box": pytest.approx(20 / 40),
    }
    prompts = json.loads(answers.prompts)
    # After three clicks nothing is left to be mended.
    assert [label for _, _, label in prompts["clicks"]] == [1, 1, 1]
    assert prompts["box"] == [10, 10, 49, 49]


def test_a_negative_click_takes_away_what_is_too_much() -> None:
    segmenter = ColourSegmenter(trusts=0)
    answers = asked(segmenter, Prompting(clicks=(1, 2), box=False))
    # The whole picture was trusted most, so the click goes beside the object.
    assert answers.values["iou@1"] == pytest.approx(1600 / (64 * 96))
    assert answers.values["iou@1 oracle"] == pytest.approx(20 / 40)
    assert [label for _, _, label in json.loads(answers.prompts)["clicks"]] == [1, 0]
    prompt, multimask, _ = segmenter.asked[1]
    assert prompt.labels is not None and prompt.labels.tolist() == [1, 0]
    assert not multimask


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("first", [True, False, False]),
        ("always", [True, True, True]),
        ("never", [False, False, False]),
    ],
)
def test_several_masks_are_asked_for_as_the_rule_says(rule: str, expected: list[bool]) -> None:
    segmenter = ColourSegmenter()
    prompting = Prompting(clicks=(1, 2), multimask=rule)  # type: ignore[arg-type]
    asked(segmenter, prompting)
    assert [multimask for _, multimask, _ in segmenter.asked] == expected


def test_the_previous_answer_goes_in_where_a_model_takes_it() -> None:
    segmenter = PreviousSegmenter()
    asked(segmenter, Prompting(clicks=(1, 3)))
    # The second of three masks was chosen first; then there is one; the box stands alone.
    assert [previous for _, _, previous in segmenter.asked] == [None, 1, 0, None]
    segmenter = PreviousSegmenter()
    asked(segmenter, Prompting(clicks=(1, 3), feed_back=False))
    assert {previous for _, _, previous in segmenter.asked} == {None}
    plain = ColourSegmenter()
    asked(plain, Prompting(clicks=(1, 3)))
    assert {previous for _, _, previous in plain.asked} == {None}


def test_random_clicks_are_the_same_for_the_same_seed_and_sample() -> None:
    uniform = Prompting(clicks=(3,), box=False, first_rule="uniform", next_rule="in-object")
    first, second = asked(ColourSegmenter(), uniform), asked(ColourSegmenter(), uniform)
    assert first.prompts == second.prompts
    other = replace(uniform, seed=1)
    assert asked(ColourSegmenter(), other).prompts != first.prompts


def test_a_model_that_answers_with_no_masks_of_the_image_is_an_error() -> None:
    class Wrong(ColourSegmenter):
        def predict(self, *args: object, **kwargs: object):  # type: ignore[no-untyped-def]
            return np.zeros((1, 3, 3), dtype=bool), np.zeros(1)

    with pytest.raises(ModelError, match="colour answered with bool"):
        asked(Wrong(), Prompting())

    class Doubtful(ColourSegmenter):
        def predict(self, *args: object, **kwargs: object):  # type: ignore[no-untyped-def]
            return np.zeros((1, *LABELS.shape), dtype=bool), np.array([np.nan])

    with pytest.raises(ModelError, match="finite score"):
        asked(Doubtful(), Prompting())


def test_an_empty_object_cannot_be_asked_for() -> None:
    segmenter = ColourSegmenter()
    segmenter.set_image(picture_of(LABELS))
    for prompting in (Prompting(), Prompting(clicks=())):
        with pytest.raises(InputError):
            ask_for_object(segmenter, np.zeros_like(STRIPES), "x", prompting, Clock("cpu"))
