"""What every image segmenter must do, run over every one there is."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest

from results.errors import InputError
from runners.models.segmentation.interface import ImageSegmenter, Prompt
from tests.runners.segmentation.scenes import HEIGHT, WIDTH, click, noisy_picture, square_mask

# torch reads TorchScript files, and would rather not for ever.
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.load:DeprecationWarning")

ONE_CLICK = click((40, 20, 1))
BOX = Prompt(box=(20, 10, 60, 45))


def test_masks_are_bool_at_the_size_of_the_image(image_segmenter: ImageSegmenter) -> None:
    for height, width in ((HEIGHT, WIDTH), (WIDTH, HEIGHT)):
        image_segmenter.set_image(noisy_picture(1, height, width))
        for multimask in (True, False):
            masks, scores = image_segmenter.predict(click((30, 20, 1)), multimask=multimask)
            assert masks.dtype == np.bool_
            assert masks.shape[1:] == (height, width)
            assert scores.dtype == np.float32
            assert scores.shape == (len(masks),)
            assert np.isfinite(scores).all()


def test_a_single_answer_is_one_mask(image_segmenter: ImageSegmenter) -> None:
    image_segmenter.set_image(noisy_picture())
    masks, _ = image_segmenter.predict(ONE_CLICK, multimask=False)
    assert len(masks) == 1
    many, _ = image_segmenter.predict(ONE_CLICK, multimask=True)
    assert len(many) in (1, 3)


def test_the_same_question_has_the_same_answer(image_segmenter: ImageSegmenter) -> None:
    image_segmenter.set_image(noisy_picture())
    first = image_segmenter.predict(ONE_CLICK, multimask=True)
    image_segmenter.predict(BOX, multimask=True)
    again = image_segmenter.predict(ONE_CLICK, multimask=True)
    image_segmenter.set_image(noisy_picture())
    once_more = image_segmenter.predict(ONE_CLICK, multimask=True)
    for masks, scores in (again, once_more):
        np.testing.assert_array_equal(masks, first[0])
        np.testing.assert_array_equal(scores, first[1])


def test_an_image_prepared_ahead_gives_the_same_masks(image_segmenter: ImageSegmenter) -> None:
    image_segmenter.set_image(noisy_picture())
    masks, scores = image_segmenter.predict(BOX, multimask=True)
    image_segmenter.set_image(image_segmenter.prepare(noisy_picture()))
    ahead, ahead_scores = image_segmenter.predict(BOX, multimask=True)
    np.testing.assert_array_equal(masks, ahead)
    np.testing.assert_array_equal(scores, ahead_scores)


@pytest.mark.parametrize(
    "prompt",
    [
        click((10, 50, 1)),
        click((40, 20, 1), (10, 50, 0)),
        BOX,
        Prompt(box=(20, 10, 60, 45), points=np.array([[30.0, 20.0]]), labels=np.array([1])),
    ],
    ids=["another click", "two clicks", "a box", "a box and a click"],
)
def test_each_kind_of_prompt_tells(image_segmenter: ImageSegmenter, prompt: Prompt) -> None:
    image_segmenter.set_image(noisy_picture())
    _, scores = image_segmenter.predict(ONE_CLICK, multimask=True)
    _, others = image_segmenter.predict(prompt, multimask=True)
    assert not np.array_equal(scores, others)


def test_the_image_tells(image_segmenter: ImageSegmenter) -> None:
    image_segmenter.set_image(noisy_picture(1))
    first, _ = image_segmenter.predict(ONE_CLICK, multimask=True)
    image_segmenter.set_image(noisy_picture(2) // 2)
    second, _ = image_segmenter.predict(ONE_CLICK, multimask=True)
    assert not np.array_equal(first, second)


def test_an_answer_is_refined_where_that_is_taken(image_segmenter: ImageSegmenter) -> None:
    image_segmenter.set_image(noisy_picture())
    image_segmenter.predict(ONE_CLICK, multimask=True)
    if "previous" not in image_segmenter.accepts:
        with pytest.raises(InputError, match="refine"):
            image_segmenter.predict(ONE_CLICK, multimask=False, previous=0)
        return
    masks, _ = image_segmenter.predict(ONE_CLICK, multimask=False)
    image_segmenter.predict(ONE_CLICK, multimask=True)
    refined, _ = image_segmenter.predict(ONE_CLICK, multimask=False, previous=0)
    assert refined.shape == masks.shape
    assert not np.array_equal(refined, masks)
    with pytest.raises(InputError, match="no mask 7"):
        image_segmenter.predict(ONE_CLICK, multimask=False, previous=7)


def test_nothing_is_left_to_refine_in_a_new_image(image_segmenter: ImageSegmenter) -> None:
    image_segmenter.set_image(noisy_picture())
    image_segmenter.predict(ONE_CLICK, multimask=True)
    image_segmenter.set_image(noisy_picture(1))
    with pytest.raises(InputError):
        image_segmenter.predict(ONE_CLICK, multimask=True, previous=0)


REFUSED: dict[str, tuple[Prompt, str]] = {
    "nothing": (Prompt(), "empty"),
    "no points": (Prompt(points=np.zeros((0, 2)), labels=np.zeros(0)), "empty"),
    "labels alone": (Prompt(labels=np.array([1])), "need their points"),
    "points alone": (Prompt(points=np.array([[1, 1]])), "need labels"),
    "too few labels": (Prompt(points=np.ones((2, 2)), labels=np.array([1])), "as many labels"),
    "a label of a box": (click((5, 5, 2)), "and nothing else"),
    "right of the image": (click((WIDTH, 5, 1)), "outside"),
    "left of the image": (click((-1, 5, 1)), "outside"),
    "below the image": (click((5, HEIGHT, 1)), "outside"),
    "not a number": (click((float("nan"), 5, 1)), "finite"),
    "three coordinates": (Prompt(points=np.ones((1, 3)), labels=np.array([1])), r"\(n, 2\)"),
    "a box back to front": (Prompt(box=(60, 10, 20, 45)), "x0 <= x1"),
    "a box upside down": (Prompt(box=(20, 45, 60, 10)), "x0 <= x1"),
    "a box beyond the image": (Prompt(box=(20, 10, WIDTH + 1, 45)), "leaves"),
    "a mask and a box": (Prompt(mask=square_mask(1, 1), box=(1, 1, 9, 9)), "of its own"),
    "a mask of another size": (Prompt(mask=np.ones((5, 5), np.bool_)), "A mask is bool"),
    "a mask of numbers": (Prompt(mask=np.ones((HEIGHT, WIDTH), np.uint8)), "A mask is bool"),
    "an empty mask": (Prompt(mask=np.zeros((HEIGHT, WIDTH), np.bool_)), "empty"),
}


def test_a_prompt_that_makes_no_sense_is_refused(image_segmenter: ImageSegmenter) -> None:
    image_segmenter.set_image(noisy_picture())
    for name, (prompt, why) in REFUSED.items():
        with pytest.raises(InputError) as refused:
            image_segmenter.predict(prompt, multimask=True)
        assert re.search(why, str(refused.value)), name


def test_a_kind_that_is_not_taken_is_refused(image_segmenter: ImageSegmenter) -> None:
    image_segmenter.set_image(noisy_picture())
    prompt = Prompt(mask=square_mask(10, 10))
    if "mask" in image_segmenter.accepts:
        masks, _ = image_segmenter.predict(prompt, multimask=True)
        assert masks.any()
    else:
        with pytest.raises(InputError, match="takes no mask"):
            image_segmenter.predict(prompt, multimask=True)


def test_an_image_comes_first(image_segmenter: ImageSegmenter) -> None:
    with pytest.raises(InputError, match="set_image"):
        image_segmenter.predict(ONE_CLICK, multimask=True)


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((HEIGHT, WIDTH), np.uint8),
        np.zeros((HEIGHT, WIDTH, 4), np.uint8),
        np.zeros((HEIGHT, WIDTH, 3), np.float32),
        np.zeros((0, WIDTH, 3), np.uint8),
        "picture.png",
    ],
    ids=["grey", "with alpha", "of fractions", "without pixels", "a name"],
)
def test_what_is_no_picture_is_refused(image_segmenter: ImageSegmenter, picture: Any) -> None:
    with pytest.raises(InputError, match="A picture is uint8"):
        image_segmenter.set_image(picture)


def test_it_says_what_it_is(image_segmenter: ImageSegmenter) -> None:
    described = image_segmenter.describe()
    assert json.loads(json.dumps(described)) == described
    assert len(str(described["sha256"])) == 64
    assert int(described["bytes"]) > 0
    assert any(key.endswith("_version") for key in described)
    assert image_segmenter.name
    assert image_segmenter.device == "cpu"
    assert image_segmenter.precision == "fp32"
