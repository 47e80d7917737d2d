"""`judge bench run davis2017|mose|sav|youtube-vos|lvos|video|pvs`: a model through videos."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from judge.cli.benches.running import (
    PATH,
    RESUME_OPTION,
    Option,
    absolute,
    kept_line,
    left_in_error,
    options,
    resume_command,
    resumed,
    run_document,
    segmenter_options,
    stopped,
)
from judge.cli.calling import Call, judge_command
from judge.cli.progress import counting_bar
from results.errors import InputError, JudgeError

if TYPE_CHECKING:
    from runners.video_segmentation.execution import Executed
    from runners.video_segmentation.requests import VideoRequest
    from runners.video_segmentation.running import How, Progress

# What a resumed run may be given anew: how quickly it goes, and what is made beside the figures.
_BESIDE_RESUME = frozenset({"out", "visualize", "prefetch", "jobs"})


def _numbers(
    what: str, counts: tuple[int, ...]
) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """Reads numbers by commas, so many of them; of a repeated option each."""

    def read(text: str) -> tuple[float, ...]:
        try:
            found = tuple(float(part) for part in text.split(","))
        except ValueError:
            found = ()
        if len(found) not in counts or not all(abs(number) < 1e6 for number in found):
            raise click.BadParameter(f"{text!r} is not {what}.")
        return found

    def convert(context: click.Context, parameter: click.Parameter, given: Any) -> Any:
        if given is None or isinstance(given, str):
            return None if given is None else read(given)
        return tuple(read(text) for text in given)

    return convert


_MODEL = options(
    segmenter_options(
        "hf:<folder or hub id>, official:<sam2|edgetam|efficient_track_anything>:<config>:"
        "<checkpoint>, python:<module>:<factory>."
    ),
    click.option("--keep-ends", is_flag=True, help="Score the first and last frames, too."),
    RESUME_OPTION,
    click.option(
        "--prefetch",
        type=click.IntRange(0, 256),
        default=8,
        show_default=True,
        help="Frames that are read ahead and written behind; 0 does one thing at a time.",
    ),
    click.option(
        "--jobs",
        type=click.IntRange(1, 64),
        default=2,
        show_default=True,
        help="Threads that read and prepare frames.",
    ),
)
_WRITING = options(
    click.option(
        "--warm-up",
        type=click.IntRange(min=0),
        default=3,
        show_default=True,
        help="Frames that the model sees once, unmeasured, before the first sequence.",
    ),
    click.option(
        "--visualize",
        type=click.Choice(["png", "mp4"]),
        help="Draw the objects on the pictures, into the run's files.",
    ),
    click.option("--out", type=PATH, help="A new folder for a copy of the masks."),
)
_SET = options(
    click.option("--data", type=PATH, help="The set's root, as its makers lay it out."),
    click.option("--split", help="The split that papers report by default."),
    click.option("--limit", type=click.IntRange(min=1), help="The first N sequences only."),
    _MODEL,
    _WRITING,
)
_CLIP = options(
    click.option("--masks", type=PATH, help="A folder of masks, named as the frames are."),
    click.option("--max-frames", type=click.IntRange(min=1), help="The first N frames only."),
)


def _set_command(name: str, example: str, what: str, *more: Option) -> click.Command:
    def run(call: Call, **given: Any) -> int:
        return _run(call, name, given)

    return judge_command(name, touches_store=True, example=example, help=what)(
        options(*more, _SET)(run)
    )


_WRITTEN = " Masks are written as PNGs in the layout that is submitted, then scored where there is"
run_davis2017 = _set_command(
    "davis2017",
    "judge bench run davis2017 --model hf:yonigozlan/EdgeTAM-hf --data DAVIS --device cuda",
    "J&F and frames per second on DAVIS 2017: JPEGImages/480p, Annotations/480p, ImageSets/2017."
    f"{_WRITTEN} ground truth.",
)
run_mose = _set_command(
    "mose",
    "judge bench run mose --model hf:yonigozlan/EdgeTAM-hf --data MOSE",
    "MOSE: <split>/JPEGImages and <split>/Annotations. valid is scored by a server, whose archive"
    " is written; train is scored here.",
)
run_sav = _set_command(
    "sav",
    "judge bench run sav --model hf:yonigozlan/EdgeTAM-hf --data SA-V --split test",
    "J&F and frames per second on SA-V: sav_<split>/JPEGImages_24fps, Annotations_6fps. Masks are"
    " written for every frame, a folder an object, and scored at 6 frames per second.",
)
run_youtube_vos = _set_command(
    "youtube-vos",
    "judge bench run youtube-vos --model hf:yonigozlan/EdgeTAM-hf --data YTVOS2019 --all-frames",
    "YouTube-VOS: <split>/JPEGImages, Annotations and meta.json. Objects are given where they first"
    " appear; the server's archive is written.",
    click.option(
        "--all-frames", is_flag=True, help="Show the model <split>_all_frames, at the full rate."
    ),
)
run_lvos = _set_command(
    "lvos",
    "judge bench run lvos --model hf:yonigozlan/EdgeTAM-hf --data LVOS",
    "LVOS: <split>/JPEGImages, <split>/Annotations, <split>_meta.json. Objects are given where they"
    " first appear.",
)


@judge_command(
    "video",
    touches_store=True,
    example="judge bench run video --model hf:yonigozlan/EdgeTAM-hf --data frames-and-masks/\n"
    "judge bench run video --model hf:yonigozlan/EdgeTAM-hf --data clip.mp4 --first-mask first.png"
    " --visualize mp4\n"
    "judge bench run video --model hf:yonigozlan/EdgeTAM-hf --data clip.mp4 --points 320,180",
    help="One video of your own: an mp4, or a folder of frames, with masks where there are any"
    " (beside the frames, or in frames/ and masks/). Without more masks than the first, only"
    " speed is measured.",
)
@click.option("--data", type=PATH, help="A video file, or a folder of frames.")
@_CLIP
@click.option("--first-mask", type=PATH, help="A PNG of the objects in the first frame.")
@click.option(
    "--points",
    multiple=True,
    callback=_numbers("X,Y or X,Y,LABEL, label 1 on the object and 0 beside it", (2, 3)),
    metavar="X,Y[,LABEL]",
    help="A click on the object in the first frame, or (label 0) beside it; repeatable.",
)
@click.option(
    "--box",
    callback=_numbers("X0,Y0,X1,Y1", (4,)),
    metavar="X0,Y0,X1,Y1",
    help="The object in the first frame.",
)
@click.option(
    "--protocol",
    type=click.Choice(["davis", "vos"]),
    default="davis",
    show_default=True,
    help="davis: the objects of the first mask. vos: each from where it first appears.",
)
@_MODEL
@_WRITING
def run_video(call: Call, **given: Any) -> int:
    return _run(call, "video", given)


@judge_command(
    "pvs",
    touches_store=True,
    example="judge bench run pvs --model hf:yonigozlan/EdgeTAM-hf --data DAVIS --mode online\n"
    "judge bench run pvs --model hf:yonigozlan/EdgeTAM-hf --data clip/ --layout folder --frames 4",
    help="Promptable video segmentation as SAM 2 evaluates it: simulated clicks on one frame after"
    " another, J&F after each and its mean.",
)
@click.option("--data", type=PATH, help="The set's root, or one video with --layout folder.")
@click.option(
    "--layout",
    type=click.Choice(["davis", "sav", "mose", "lvos", "folder"]),
    default="davis",
    show_default=True,
)
@click.option("--split", help="The split that papers report by default.")
@click.option("--limit", type=click.IntRange(min=1), help="The first N sequences only.")
@_CLIP
@click.option(
    "--mode",
    type=click.Choice(["offline", "online"]),
    default="offline",
    show_default=True,
    help="Several passes, the worst frame clicked next; or one, clicked where IoU is below 0.75.",
)
@click.option(
    "--frames",
    type=click.IntRange(1, 64),
    default=8,
    show_default=True,
    help="The most frames that are clicked.",
)
@click.option(
    "--clicks", type=click.IntRange(1, 32), default=3, show_default=True, help="On each frame."
)
@_MODEL
def run_pvs(call: Call, **given: Any) -> int:
    return _run(call, "pvs", given)


def _run(call: Call, benchmark: str, given: dict[str, Any]) -> int:
    from runners.video_segmentation.execution import execute
    from runners.video_segmentation.requests import VideoRequest

    out = given.get("out")
    if out is not None:
        _require_new(out)
    resume = resumed(call, given, _BESIDE_RESUME)
    if resume is None:
        request = _request(benchmark, given)
    else:
        request = VideoRequest.of_record(resume.record)
        if request.benchmark != benchmark:
            raise InputError(
                f"Run {resume.run_id} is of {request.benchmark}: resume it by judge bench run"
                f" {request.benchmark}."
            )
    begun = [] if resume is None else [resume.run_id]
    try:
        with _progress(call, benchmark) as on_progress:
            executed = execute(
                request,
                runs_dir=call.run_dir,
                store=call.store,
                how=_how(given, begun, on_progress),
                resume=resume,
            )
    except (KeyboardInterrupt, JudgeError) as error:
        if not begun:
            raise
        return stopped(call, error, resume_command(call, benchmark, begun[0]), "sequence")
    return _concluded(call, executed, out, resume_command(call, benchmark, begun[0]))


def _request(benchmark: str, given: dict[str, Any]) -> VideoRequest:
    from runners.video_segmentation.requests import VideoRequest

    for name in ("model", "data"):
        if given[name] is None:
            example = "hf:yonigozlan/EdgeTAM-hf" if name == "model" else "the folder of the set"
            raise InputError(f"Give --{name}, such as {example}.")
    asked = {name: value for name, value in given.items() if name in VideoRequest.model_fields}
    for name in ("data", "code", "masks", "first_mask"):
        if name in asked:
            asked[name] = absolute(asked[name])
    if "points" in asked:
        asked["points"] = tuple((*point, 1)[:3] for point in asked["points"])
        if any(label not in (0, 1) for _, _, label in asked["points"]):
            raise InputError("The label of --points is 1 on the object, 0 beside it.")
    return VideoRequest(benchmark=benchmark, **asked)


def _how(
    given: dict[str, Any], begun: list[str], on_progress: Callable[[Progress], None] | None
) -> How:
    from runners.video_segmentation.running import How
    from runners.video_segmentation.tracking import Windows

    return How(
        windows=Windows(given["prefetch"], given["prefetch"], given["jobs"]),
        visualize=given.get("visualize"),
        on_begin=begun.append,
        on_progress=on_progress,
    )


def _concluded(call: Call, executed: Executed, out: Path | None, resume: str) -> int:
    found = executed.found
    if out is not None:
        from runners.video_segmentation.running import PREDICTIONS
        from runners.video_segmentation.writing import copy_predictions

        copy_predictions(executed.files / PREDICTIONS, out)
    for note in found.notes:
        call.note(note)
    _answer(call, executed)
    if found.errors:
        again = f"Sequences in error: {len(found.errors)}. To try them again: {resume}"
        return left_in_error(call, {each.sample: each.reason for each in found.errors}, again)
    return 0


def _answer(call: Call, executed: Executed) -> None:
    from judge.reporting.benchmarks import metrics_table
    from runners.video_segmentation.running import PREDICTIONS

    found, record = executed.found, executed.folder.record
    if call.quiet and not call.as_json:
        click.echo(record.run_id)
        return
    predictions = executed.files.absolute() / PREDICTIONS
    document = {
        **run_document(call, record, executed.folder.path, found.metrics),
        "predictions": str(predictions) if predictions.is_dir() else None,
        "submission": None if found.submission is None else str(found.submission.absolute()),
        "scorer_version": record.versions["scorer"],
        "status": str(executed.folder.status),
        **found.as_json(),
    }
    what = " ".join(filter(None, (record.benchmark, record.split)))
    title = f"{what}, {record.model}: {record.scorer}"
    call.answer(
        document,
        metrics_table(found.metrics, title),
        kept_line(call, record, executed.folder.path),
        *([f"{found.submission}: to be uploaded as it is."] if found.submission else []),
    )


def _require_new(out: Path) -> None:
    """Better known before hours of work than after."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} is there already; --out takes a new folder.")


@contextmanager
def _progress(call: Call, what: str) -> Iterator[Callable[[Progress], None] | None]:
    """A bar of sequences, and the frames of the one under way, where a person watches."""
    from judge.reporting.wording import one_line

    with counting_bar(call) as bar:
        if bar is None:
            yield None
            return
        overall = bar.add_task(what, total=None)
        within = bar.add_task("", total=None)
        under_way = ""

        def on_progress(progress: Progress) -> None:
            nonlocal under_way
            if progress.sequence != under_way:
                under_way = progress.sequence
                bar.reset(within)
            bar.update(overall, completed=progress.done, total=progress.total)
            bar.update(
                within,
                description=one_line(progress.sequence, 40),
                completed=progress.frames,
                total=progress.of_frames,
            )

        yield on_progress
