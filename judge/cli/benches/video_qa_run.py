"""`judge bench run video-mme|mlvu|egoschema|mvbench|longvideobench`: a model asked about videos."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import click

from judge.cli.benches.running import (
    PATH,
    PRECISION_OPTION,
    RESUME_OPTION,
    VARIANT_OPTION,
    absolute,
    kept_line,
    left_in_error,
    model_option,
    options,
    progress_bar,
    require,
    resume_command,
    resumed,
    run_document,
    stopped,
)
from judge.cli.benches.video_qa import QA_PARSERS, accuracies_table
from judge.cli.calling import Call, judge_command
from results.errors import InputError, JudgeError

if TYPE_CHECKING:
    from runners.video_qa.sessions import Begun, Finished, How, VideoQaAsked

_SHOWN_UNPARSED = 20
# What only says how quickly it goes, and so may be given anew to a resumed run.
_BESIDE_RESUME = frozenset({"devices", "processes", "batch_size", "decoders", "cache"})

_OPTIONS = options(
    model_option(
        "hf:<folder or hub id>, openai:<model>, litellm:<model>, worker:<adapter>[:<checkpoint>],"
        " python:<module>:<factory>."
    ),
    click.option("--data", type=PATH, help="The released questions: a file, or a folder of them."),
    click.option("--videos", type=PATH, help="The folder of videos."),
    click.option(
        "--subtitles", type=PATH, help="The folder of subtitles; shown are those of the frames."
    ),
    click.option(
        "--frames", type=click.IntRange(1, 4096), help="Frames of a video, spread evenly."
    ),
    click.option(
        "--fps",
        type=click.FloatRange(0, 1000, min_open=True),
        help="Frames a second instead, thinned to --max-frames.",
    ),
    click.option(
        "--max-frames", type=click.IntRange(1, 4096), default=4096, help="The most with --fps."
    ),
    click.option(
        "--longest-side", type=click.IntRange(min=16), help="Make larger frames smaller: pixels."
    ),
    click.option(
        "--baselines",
        default="blind,single-frame",
        show_default=True,
        help="What else each question is asked with: no frames, one frame; or none.",
    ),
    click.option(
        "--parser",
        type=click.Choice(QA_PARSERS),
        default="strict",
        show_default=True,
        help="How the chosen option is read; official is Video-MME's own script.",
    ),
    click.option(
        "--max-tokens",
        type=click.IntRange(min=1),
        default=32,
        show_default=True,
        help="The longest reply.",
    ),
    click.option("--limit", type=click.IntRange(min=1), help="The first N videos only."),
    click.option(
        "--batch-size",
        type=click.IntRange(1, 1024),
        default=8,
        show_default=True,
        help="Questions about one video that are answered together.",
    ),
    click.option(
        "--device",
        "devices",
        multiple=True,
        help="auto, cpu, cuda, mps, or cuda:<number>; repeat it for a model on each.",
    ),
    click.option(
        "--processes",
        type=click.IntRange(1, 64),
        default=1,
        show_default=True,
        help="Models on each device, each in a process of its own.",
    ),
    click.option(
        "--decoders",
        type=click.IntRange(1, 64),
        default=2,
        show_default=True,
        help="Videos that are decoded at once, ahead of the model.",
    ),
    click.option("--cache", type=PATH, help="A folder where sampled frames are kept."),
    PRECISION_OPTION,
    click.option("--code", type=PATH, help="A checkout of the code that a worker imports."),
    click.option("--python", type=PATH, help="The Python of a worker's environment."),
    VARIANT_OPTION,
    RESUME_OPTION,
)


def _run_command(name: str, title: str, data: str) -> click.Command:
    @judge_command(
        name,
        touches_store=True,
        example=f"judge bench run {name} --model hf:HuggingFaceTB/SmolVLM2-500M-Video-Instruct"
        f" --data {data} --videos videos/ --frames 32\n"
        f"judge bench run {name} --model openai:gpt-4o-mini --data {data} --videos videos/"
        " --fps 0.5 --max-frames 64 --baselines none",
        help=f"{title}: a model is asked each question with frames of its video and, as baselines,"
        " without any and with one. Replies are scored as by judge bench score, and kept.",
    )
    @_OPTIONS
    def run(call: Call, **given: Any) -> int:
        return _run(call, name, given)

    return run


run_video_mme = _run_command("video-mme", "Video-MME", "videomme.json")
run_mlvu = _run_command("mlvu", "MLVU, multiple choice", "MLVU/json")
run_egoschema = _run_command("egoschema", "EgoSchema", "egoschema/")
run_mvbench = _run_command("mvbench", "MVBench", "MVBench/json")
run_longvideobench = _run_command("longvideobench", "LongVideoBench", "lvb_val.json")


def _run(call: Call, benchmark: str, given: dict[str, Any]) -> int:
    from runners.video_qa.sessions import asked_before, begin_video_qa, carry_out

    before = resumed(call, given, _BESIDE_RESUME)
    asked = asked_before(before.record, benchmark) if before else _asked(benchmark, given)
    begun = begin_video_qa(asked, _how(given), before)
    resume = resume_command(call, benchmark, begun.record.run_id)
    try:
        with progress_bar(call, benchmark) as progress:
            finished = carry_out(begun, runs_dir=call.run_dir, store=call.store, progress=progress)
    except (KeyboardInterrupt, JudgeError) as error:
        return stopped(call, error, resume)
    _answer(call, begun, finished)
    return _left(call, finished, resume)


def _asked(benchmark: str, given: dict[str, Any]) -> VideoQaAsked:
    from runners.video_qa.conditions import BASELINES, Condition
    from runners.video_qa.sessions import DEFAULT_FRAMES, VideoQaAsked

    require(
        given,
        model="hf:<folder>, or openai:<model>",
        data="the file of the released questions",
        videos="the folder of videos",
    )
    if given["frames"] is not None and given["fps"] is not None:
        raise InputError("--frames and --fps say two things; leave one of them out.")
    named = [each.strip() for each in given["baselines"].split(",") if each.strip()]
    if named == ["none"]:
        named = []
    for each in named:
        if each not in set(BASELINES):
            raise InputError(f"There is no baseline {each!r}; there are blind and single-frame.")
    frames = given["frames"]
    if frames is None and given["fps"] is None:
        frames = DEFAULT_FRAMES
    plain = ("model", "fps", "max_frames", "longest_side", "parser", "max_tokens", "limit")
    return VideoQaAsked(
        benchmark=benchmark,
        frames=frames,
        baselines=tuple(each for each in BASELINES if each in [Condition(n) for n in named]),
        precision=given["precision"],
        variant=given["variant"],
        data=str(given["data"].absolute()),
        videos=str(given["videos"].absolute()),
        subtitles=absolute(given["subtitles"]),
        code=absolute(given["code"]),
        python=absolute(given["python"]),
        **{name: given[name] for name in plain},
    )


def _how(given: dict[str, Any]) -> How:
    from runners.video_qa.sessions import How

    return How(
        devices=tuple(given["devices"]) or ("auto",),
        processes=given["processes"],
        batch_size=given["batch_size"],
        decoders=given["decoders"],
        cache=given["cache"],
    )


def _answer(call: Call, begun: Begun, finished: Finished) -> None:
    from benchmarks.video_qa.sets import SETS
    from judge.reporting.benchmarks import metrics_table
    from runners.benchmark_runs import FILES
    from runners.video_qa.figures import condition_scores
    from runners.video_qa.sessions import PREDICTIONS

    record, asked = begun.record, begun.asked
    of = SETS[asked.benchmark]
    conditions = list(dict.fromkeys(ask.condition for ask in finished.asks))
    by_condition = {
        str(condition): condition_scores(
            [ask for ask in finished.asks if ask.condition is condition],
            finished.scores,
            of,
            asked.parser,
        )
        for condition in conditions
    }
    unparsed = {name: list(scores.unparsed) for name, scores in by_condition.items()}
    place = finished.folder.path.absolute() / FILES / PREDICTIONS
    document = {
        **run_document(call, record, finished.folder.path, finished.metrics),
        "predictions": str(place),
        "status": str(finished.folder.status),
        "unparsed": unparsed,
        "errors": finished.errors,
    }
    if call.quiet and not call.as_json:
        click.echo(record.run_id)
        return
    title = f"{record.benchmark}, {record.split}, {record.model}: {record.scorer}"
    others = [metric for metric in finished.metrics if not metric.slice]
    lines = [
        f"no answer could be read, {name}: {_some(ids)}" for name, ids in unparsed.items() if ids
    ]
    again = shlex.join(
        ["judge", "bench", "score", asked.benchmark, "--predictions", str(place / "full.json")]
    )
    call.answer(
        document,
        accuracies_table(by_condition, title),
        metrics_table(others, "over all questions"),
        *lines,
        kept_line(call, record, finished.folder.path),
        f"score its replies again: {again}",
    )


def _some(ids: list[str]) -> str:
    more = len(ids) - _SHOWN_UNPARSED
    return ", ".join(ids[:_SHOWN_UNPARSED]) + (f" and {more} more" if more > 0 else "")


def _left(call: Call, finished: Finished, resume: str) -> int:
    errors = finished.errors
    if not errors and not finished.missing:
        return 0
    also = [f"Nothing more was asked: {finished.stopped}"] if finished.stopped else []
    left = f"In error: {len(errors)}; not asked: {finished.missing}. To go on: {resume}"
    return left_in_error(call, errors, left, also)
