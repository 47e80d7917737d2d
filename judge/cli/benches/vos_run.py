"""`judge bench run davis2017|mose|sav|youtube-vos|lvos|video|pvs`: a model through videos."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from judge.cli.calling import Call, judge_command
from results.errors import InputError, JudgeError

if TYPE_CHECKING:
    from results.run_folder import RunFolder
    from runners.video_segmentation.execution import Executed
    from runners.video_segmentation.requests import VideoRequest
    from runners.video_segmentation.running import How, Progress

LEFT_IN_ERROR, INTERRUPTED = 3, 130
_SHOWN_ERRORS = 5
PATH = click.Path(path_type=Path)
# What a resumed run may be given anew: how quickly it goes, and what is made beside the figures.
BESIDE_RESUME = "resume out visualize prefetch jobs as_json quiet debug store run_dir".split()

Wrapper = Callable[[Callable[..., Any]], Callable[..., Any]]


def _options(*options: Wrapper) -> Wrapper:
    def wrap(body: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            body = option(body)
        return body

    return wrap


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


_MODEL = _options(
    click.option(
        "--model",
        help="hf:<folder or hub id>, official:<sam2|edgetam|efficient_track_anything>:<config>:"
        "<checkpoint>, python:<module>:<factory>.",
    ),
    click.option(
        "--device",
        type=click.Choice(["auto", "cpu", "cuda", "mps"]),
        default="auto",
        show_default=True,
    ),
    click.option(
        "--precision",
        type=click.Choice(["fp32", "bf16", "fp16"]),
        default="fp32",
        show_default=True,
    ),
    click.option("--compile", is_flag=True, help="Compile the image encoder by torch.compile."),
    click.option("--code", type=PATH, help="A checkout of the code base that official: names."),
    click.option("--variant", help="What this form of the model is called in the results."),
    click.option("--keep-ends", is_flag=True, help="Score the first and last frames, too."),
    click.option("--resume", metavar="RUN", help="Go on with a run; it asks what it was asked."),
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
_WRITING = _options(
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
_SET = _options(
    click.option("--data", type=PATH, help="The set's root, as its makers lay it out."),
    click.option("--split", help="The split that papers report by default."),
    click.option("--limit", type=click.IntRange(min=1), help="The first N sequences only."),
    _MODEL,
    _WRITING,
)
_CLIP = _options(
    click.option("--masks", type=PATH, help="A folder of masks, named as the frames are."),
    click.option("--max-frames", type=click.IntRange(min=1), help="The first N frames only."),
)


def _set_command(name: str, example: str, what: str, *more: Wrapper) -> click.Command:
    def run(call: Call, **given: Any) -> int:
        return _run(call, name, given)

    return judge_command(name, touches_store=True, example=example, help=what)(
        _options(*more, _SET)(run)
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
    resume = _resumed(call, given)
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
        return _stopped(call, error, _resume_command(call, benchmark, begun[0]))
    return _concluded(call, executed, out, _resume_command(call, benchmark, begun[0]))


def _resumed(call: Call, given: dict[str, Any]) -> RunFolder | None:
    """The run to go on with, which asks what it was asked at first."""
    from results.run_folder import resolve_run

    if given["resume"] is None:
        return None
    context = click.get_current_context()
    source = click.core.ParameterSource.COMMANDLINE
    for name in context.params:
        if name not in BESIDE_RESUME and context.get_parameter_source(name) is source:
            raise InputError(
                "--resume goes on with what the run was asked, so"
                f" --{name.replace('_', '-')} has no place beside it; leave it out, or start a new"
                " run."
            )
    return resolve_run(given["resume"], call.run_dir, call.store)


def _request(benchmark: str, given: dict[str, Any]) -> VideoRequest:
    from runners.video_segmentation.requests import VideoRequest

    for name in ("model", "data"):
        if given[name] is None:
            example = "hf:yonigozlan/EdgeTAM-hf" if name == "model" else "the folder of the set"
            raise InputError(f"Give --{name}, such as {example}.")
    asked = {name: value for name, value in given.items() if name in VideoRequest.model_fields}
    for name in ("data", "code", "masks", "first_mask"):
        if asked.get(name) is not None:
            asked[name] = str(asked[name].absolute())
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
        for score in found.errors[:_SHOWN_ERRORS]:
            call.note(f"{score.sample}: {score.reason}")
        call.say(f"Sequences in error: {len(found.errors)}. To try them again: {resume}")
        return LEFT_IN_ERROR
    return 0


def _answer(call: Call, executed: Executed) -> None:
    from judge.reporting.tables import text_table
    from runners.video_segmentation.running import PREDICTIONS

    found, record = executed.found, executed.folder.record
    if call.quiet and not call.as_json:
        click.echo(record.run_id)
        return
    predictions = executed.files.absolute() / PREDICTIONS
    document = {
        "run_id": record.run_id,
        "run_dir": str(executed.folder.path.absolute()),
        "store": str(call.store.absolute()),
        "predictions": str(predictions) if predictions.is_dir() else None,
        "submission": None if found.submission is None else str(found.submission.absolute()),
        "benchmark": record.benchmark,
        "split": record.split,
        "model": record.model,
        "variant": record.variant,
        "scorer": record.scorer,
        "scorer_version": record.versions["scorer"],
        "status": str(executed.folder.status),
        **found.as_json(),
    }
    rows = [
        (metric.name, metric.slice, _shown(metric.value, metric.unit), *_about(metric))
        for metric in found.metrics
    ]
    what = " ".join(filter(None, (record.benchmark, record.split)))
    title = f"{what}, {record.model}: {record.scorer}"
    call.answer(
        document,
        text_table(rows, ("metric", "of", "value", "95 %", "n", "unit"), title),
        f"run {record.run_id}, kept in {executed.folder.path} and {call.store}",
        *([f"{found.submission}: to be uploaded as it is."] if found.submission else []),
    )


def _about(metric: Any) -> tuple[str, str, str]:
    bounds = metric.interval
    shown = "" if bounds is None else f"{100 * bounds.low:.1f}–{100 * bounds.high:.1f}"
    return shown, str(metric.n), "%" if metric.unit == "share" else _UNITS.get(metric.unit, "")


_UNITS = {"frames/s": "frames/s", "ms": "ms", "bytes": "MB"}


def _shown(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    scale = {"share": 100.0, "bytes": 1e-6}.get(unit, 1.0)
    return f"{scale * value:.1f}"


def _stopped(call: Call, error: KeyboardInterrupt | JudgeError, resume: str) -> int:
    if isinstance(error, KeyboardInterrupt):
        sentence, status = "Stopped; every sequence so far is kept.", INTERRUPTED
    else:
        sentence, status = str(error), error.exit_status
    call.say(f"{sentence} To go on: {resume}")
    if call.as_json:
        call.answer({"error": sentence, "exit_status": status, "resume": resume})
    return status


def _resume_command(call: Call, benchmark: str, run_id: str) -> str:
    words = ["judge", "bench", "run", benchmark, "--resume", run_id]
    if call.store_given is not None:
        words += ["--store", str(call.store_given)]
    if call.run_dir_given is not None:
        words += ["--run-dir", str(call.run_dir_given)]
    return shlex.join(words)


def _require_new(out: Path) -> None:
    """Better known before hours of work than after."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} is there already; --out takes a new folder.")


@contextmanager
def _progress(call: Call, what: str) -> Iterator[Callable[[Progress], None] | None]:
    """A bar of sequences, the frames of the one under way, and the time left, where one watches."""
    if not call.shows_progress:
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bar

    from judge.reporting.wording import one_line

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
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
