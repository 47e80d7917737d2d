"""`judge bench run sa23|coco|lvis|coco-instances|lvis-instances`: image segmentation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import click

from judge.cli.benches.running import (
    PATH,
    RESUME_OPTION,
    absolute,
    kept_line,
    left_in_error,
    options,
    progress_bar,
    resume_command,
    resumed,
    run_document,
    segmenter_options,
    stopped,
)
from judge.cli.calling import Call, judge_command
from results.errors import InputError, JudgeError

if TYPE_CHECKING:
    from runners.image_segmentation.sessions import Begun, Finished

# As benchmarks.image_segmentation and runners have them; here so that help imports nothing.
FIRST_CLICKS = ("center", "uniform", "salient")
NEXT_CLICKS = ("center", "largest-region", "uniform", "in-object")
MULTIMASKS = ("first", "always", "never")
BOX_CHOICES = ("box-overlap", "confident", "single")
PROMPTS = ("both", "clicks", "box")

_MODEL = options(
    segmenter_options(
        "hf:<folder or hub id>, onnx:<folder>, torchscript:<file>, executorch:<folder>,"
        " official:<package>, python:<module>:<factory>."
    ),
    RESUME_OPTION,
)

_PROMPTING = options(
    click.option(
        "--clicks",
        default="1,3,5",
        show_default=True,
        help="After how many clicks the overlap is taken, by commas.",
    ),
    click.option(
        "--prompt",
        type=click.Choice(PROMPTS),
        default="both",
        show_default=True,
        help="Ask by clicks, by the object's tight box, or one after the other.",
    ),
    click.option(
        "--first-click",
        type=click.Choice(FIRST_CLICKS),
        default="center",
        show_default=True,
        help="SAM's rule, EfficientSAM's, or on what a saliency map marks.",
    ),
    click.option(
        "--next-click",
        type=click.Choice(NEXT_CLICKS),
        default="center",
        show_default=True,
        help="The deepest error (SAM 2's rule), the middle of the largest, any erring pixel, or"
        " any of the object (EfficientSAM's words).",
    ),
    click.option(
        "--multimask",
        type=click.Choice(MULTIMASKS),
        default="first",
        show_default=True,
        help="When the most confident of several masks is taken: at the first click (SAM 2).",
    ),
    click.option(
        "--no-feedback",
        is_flag=True,
        help="Never show the previous answer to the model with the next click.",
    ),
    click.option("--seed", default=0, show_default=True, help="Of rules that draw clicks."),
    click.option(
        "--saliency", type=PATH, help="Grey maps <set>/<image>.png for salient first clicks."
    ),
    click.option("--save-masks", is_flag=True, help="Keep the predicted masks in the run's files."),
)


@judge_command(
    "sa23",
    touches_store=True,
    example="judge bench run sa23 --model hf:facebook/sam2.1-hiera-tiny --data SA-23\n"
    "judge bench run sa23 --model hf:efficient --data sets/ --first-click uniform "
    "--next-click in-object",
    help="mIoU by clicks and box on sets of images with masks: the mean over sets. --data holds"
    " <set>/images/ with <set>/masks/, SA-1B's .jpg and .json files, <set>/images/ with"
    " <set>/annotations.json, or a video set's JPEGImages/ and Annotations/.",
)
@click.option("--data", type=PATH, help="A set, or a folder of sets.")
@click.option("--limit", type=click.IntRange(min=1), help="The first N images of each set.")
@_MODEL
@_PROMPTING
def run_sa23(call: Call, **asked: Any) -> int:
    return _run_interactive(call, "sa23", asked)


@judge_command(
    "coco",
    touches_store=True,
    example="judge bench run coco --model hf:facebook/sam2.1-hiera-tiny --data COCO\n"
    "judge bench run coco --model onnx:efficientsam/ --annotations instances_val2017.json "
    "--images val2017 --first-click uniform --next-click in-object --multimask always",
    help="mIoU by clicks and box on COCO's objects, crowds left out.",
)
@click.option("--data", type=PATH, help="COCO's folder, with annotations/ and val2017/.")
@click.option("--annotations", type=PATH, help="The annotation file.")
@click.option("--images", type=PATH, help="The folder of images.")
@click.option("--limit", type=click.IntRange(min=1), help="The first N images.")
@_MODEL
@_PROMPTING
def run_coco(call: Call, **asked: Any) -> int:
    return _run_interactive(call, "coco", asked)


@judge_command(
    "lvis",
    touches_store=True,
    example="judge bench run lvis --model hf:facebook/sam2.1-hiera-tiny --data COCO",
    help="mIoU by clicks and box on LVIS's objects.",
)
@click.option("--data", type=PATH, help="A folder with lvis_v1_val.json, val2017/, train2017/.")
@click.option("--annotations", type=PATH, help="The annotation file.")
@click.option("--images", type=PATH, help="The folder of val2017/ and train2017/.")
@click.option("--limit", type=click.IntRange(min=1), help="The first N images.")
@_MODEL
@_PROMPTING
def run_lvis(call: Call, **asked: Any) -> int:
    return _run_interactive(call, "lvis", asked)


_INSTANCES = options(
    click.option("--data", type=PATH, help="The folder of annotations and images."),
    click.option("--annotations", type=PATH, help="The annotation file."),
    click.option("--images", type=PATH, help="The folder of images."),
    click.option(
        "--boxes",
        type=PATH,
        help="A detector's results: [{image_id, category_id, bbox [x, y, w, h], score}].",
    ),
    click.option(
        "--choose",
        type=click.Choice(BOX_CHOICES),
        default="box-overlap",
        show_default=True,
        help="Of a box's several masks, that which overlaps it most (EfficientSAM) or the most"
        " confident; or ask for a single one (SAM 2).",
    ),
    click.option("--refine", is_flag=True, help="Show the chosen mask to the model once more."),
    click.option("--limit", type=click.IntRange(min=1), help="The first N images."),
    _MODEL,
)


@judge_command(
    "coco-instances",
    touches_store=True,
    example="judge bench run coco-instances --model hf:facebook/sam2.1-hiera-tiny --data COCO "
    "--boxes vitdet_boxes.json",
    help="AP of masks on COCO, a detector's boxes being the prompts (zero-shot).",
)
@_INSTANCES
def run_coco_instances(call: Call, **asked: Any) -> int:
    return _run_instances(call, "coco", asked)


@judge_command(
    "lvis-instances",
    touches_store=True,
    example="judge bench run lvis-instances --model hf:facebook/sam2.1-hiera-tiny --data COCO "
    "--boxes vitdet_lvis_boxes.json",
    help="AP of masks on LVIS, a detector's boxes being the prompts (zero-shot).",
)
@_INSTANCES
def run_lvis_instances(call: Call, **asked: Any) -> int:
    return _run_instances(call, "lvis", asked)


def _run_interactive(
    call: Call, benchmark: Literal["sa23", "coco", "lvis"], given: dict[str, Any]
) -> int:
    from runners.image_segmentation.asked import InteractiveAsked, asked_before, coco_places
    from runners.image_segmentation.sessions import begin_interactive

    before = resumed(call, given)
    if before is not None:
        return _carry_out(
            call,
            benchmark,
            begin_interactive(
                _same(asked_before(before.record, InteractiveAsked), benchmark), before
            ),
        )
    places: dict[str, str | None] = {"data": absolute(given.get("data"))}
    if benchmark != "sa23":
        annotations, images = coco_places(
            benchmark, given["data"], given["annotations"], given["images"]
        )
        places = {"annotations": str(annotations), "images": str(images)}
    asked = InteractiveAsked(
        benchmark=benchmark,
        **_model(given),
        **places,
        clicks=() if given["prompt"] == "box" else _numbers(given["clicks"]),
        box=given["prompt"] != "clicks",
        first_click=given["first_click"],
        next_click=given["next_click"],
        multimask=given["multimask"],
        feed_back=not given["no_feedback"],
        seed=given["seed"],
        saliency=absolute(given["saliency"]),
        save_masks=given["save_masks"],
    )
    return _carry_out(call, benchmark, begin_interactive(asked))


def _run_instances(call: Call, rules: Literal["coco", "lvis"], given: dict[str, Any]) -> int:
    from runners.image_segmentation.asked import InstancesAsked, asked_before, coco_places
    from runners.image_segmentation.sessions import begin_instances

    benchmark: Any = f"{rules}-instances"
    before = resumed(call, given)
    if before is not None:
        same = _same(asked_before(before.record, InstancesAsked), benchmark)
        return _carry_out(call, benchmark, begin_instances(same, before))
    annotations, images = coco_places(rules, given["data"], given["annotations"], given["images"])
    if given["boxes"] is None:
        raise InputError("Give --boxes, a detector's results in COCO's form.")
    asked = InstancesAsked(
        benchmark=benchmark,
        **_model(given),
        annotations=str(annotations),
        images=str(images),
        boxes=str(given["boxes"].absolute()),
        choose=given["choose"],
        refine=given["refine"],
    )
    return _carry_out(call, benchmark, begin_instances(asked))


def _same(asked: Any, benchmark: str) -> Any:
    if asked.benchmark != benchmark:
        raise InputError(
            f"That run is of {asked.benchmark}: resume it by judge bench run {asked.benchmark}."
        )
    return asked


def _model(given: dict[str, Any]) -> dict[str, Any]:
    if given["model"] is None:
        raise InputError("Give --model, such as hf:facebook/sam2.1-hiera-tiny.")
    return {
        "model": given["model"],
        "device": given["device"],
        "precision": given["precision"],
        "compile": given["compile"],
        "code": absolute(given["code"]),
        "variant": given["variant"],
        "limit": given["limit"],
    }


def _numbers(text: str) -> tuple[int, ...]:
    try:
        numbers = sorted({int(part) for part in text.split(",")})
    except ValueError:
        numbers = []
    if not numbers or not 1 <= numbers[0] <= numbers[-1] <= 100:
        raise InputError(f"--clicks takes numbers from 1 to 100, by commas, not {text!r}.")
    return tuple(numbers)


def _carry_out(call: Call, benchmark: str, begun: Begun) -> int:
    """Runs, and answers; a run that did not end says how to go on."""
    from results.records import ScoreStatus
    from runners.image_segmentation.sessions import carry_out

    for note in begun.notes:
        call.note(note)
    resume = resume_command(call, benchmark, begun.record.run_id)
    try:
        with progress_bar(call, benchmark) as progress:
            finished = carry_out(begun, call.run_dir, call.store, progress)
    except (KeyboardInterrupt, JudgeError) as error:
        return stopped(call, error, resume)
    _answer(call, finished)
    failed = [score for score in finished.scores if score.status is ScoreStatus.ERROR]
    if failed:
        again = f"Units in error: {len(failed)}. To ask them again: {resume}"
        return left_in_error(call, {each.sample: each.reason for each in failed}, again)
    return 0


def _answer(call: Call, finished: Finished) -> None:
    from judge.reporting.benchmarks import metrics_table

    record = finished.record
    document = {
        **run_document(call, record, finished.folder, finished.metrics),
        "n": finished.metrics[0].n if finished.metrics else 0,
        "errors": {s.sample: s.reason for s in finished.scores if s.status.value == "error"},
    }
    if call.quiet and not call.as_json:
        click.echo(record.run_id)
        return
    title = f"{record.benchmark} {record.split}, {record.model}: {record.scorer}"
    kept = kept_line(call, record, finished.folder)
    call.answer(document, metrics_table(finished.metrics, title), kept)
