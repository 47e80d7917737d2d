"""`judge bench`: which benchmarks there are, and where the commands of each stand."""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple

import click

from judge.cli.calling import Call, judge_command


class Bench(NamedTuple):
    """A benchmark's subcommand: where it stands, so that help imports none, and what it is."""

    module: str
    attribute: str
    what: str


# What `judge bench score` can score, and `judge bench run` can run, by the ids commands take.
SCORED = {
    "vos": Bench(
        "judge.cli.benches.vos",
        "score_vos",
        "J&F of video object segmentation (DAVIS, MOSE, SA-V, YouTube-VOS, LVOS)",
    ),
    "bfcl": Bench(
        "judge.cli.benches.bfcl",
        "score_bfcl",
        "function calls, by the Berkeley Function Calling Leaderboard v4's single-turn rules",
    ),
    "api-bank": Bench(
        "judge.cli.benches.api_bank",
        "score_api_bank",
        "calls and replies in dialogues, by API-Bank and MobileLLM",
    ),
    "coco-instances": Bench(
        "judge.cli.benches.image_segmentation_scores",
        "score_coco_instances",
        "AP of instance masks, by COCO's rules",
    ),
    "lvis-instances": Bench(
        "judge.cli.benches.image_segmentation_scores",
        "score_lvis_instances",
        "AP of instance masks, by LVIS's rules",
    ),
    "image-masks": Bench(
        "judge.cli.benches.image_segmentation_scores",
        "score_image_masks",
        "mIoU of masks of images",
    ),
    "video-mme": Bench(
        "judge.cli.benches.video_qa", "score_video_mme", "questions about videos: Video-MME"
    ),
    "mlvu": Bench("judge.cli.benches.video_qa", "score_mlvu", "questions about long videos: MLVU"),
    "egoschema": Bench(
        "judge.cli.benches.video_qa", "score_egoschema", "questions about videos: EgoSchema"
    ),
    "mvbench": Bench(
        "judge.cli.benches.video_qa", "score_mvbench", "questions about videos: MVBench"
    ),
    "longvideobench": Bench(
        "judge.cli.benches.video_qa",
        "score_longvideobench",
        "questions about long videos: LongVideoBench",
    ),
}
RUN: dict[str, Bench] = {
    "sa23": Bench(
        "judge.cli.benches.image_segmentation",
        "run_sa23",
        "mIoU by clicks and box on sets of images with masks (SA-23, SA-1B, SA-V)",
    ),
    "coco": Bench(
        "judge.cli.benches.image_segmentation", "run_coco", "mIoU by clicks and box on COCO"
    ),
    "lvis": Bench(
        "judge.cli.benches.image_segmentation", "run_lvis", "mIoU by clicks and box on LVIS"
    ),
    "coco-instances": Bench(
        "judge.cli.benches.image_segmentation",
        "run_coco_instances",
        "AP of masks on COCO, from a detector's boxes",
    ),
    "lvis-instances": Bench(
        "judge.cli.benches.image_segmentation",
        "run_lvis_instances",
        "AP of masks on LVIS, from a detector's boxes",
    ),
    "commonsense": Bench(
        "judge.cli.benches.language_run",
        "run_commonsense",
        "MobileLLM's eight zero-shot tasks, by lm-evaluation-harness",
    ),
    "bfcl": Bench(
        "judge.cli.benches.bfcl_run",
        "run_bfcl",
        "function calls of a chat model, by BFCL v4's single-turn rules",
    ),
    "api-bank": Bench(
        "judge.cli.benches.api_bank_run",
        "run_api_bank",
        "calls and replies of a chat model in API-Bank's dialogues",
    ),
    **{
        name: Bench(
            "judge.cli.benches.video_qa_run", f"run_{name.replace('-', '_')}", SCORED[name].what
        )
        for name in ("video-mme", "mlvu", "egoschema", "mvbench", "longvideobench")
    },
    **{
        name: Bench("judge.cli.benches.vos_run", f"run_{name.replace('-', '_')}", what)
        for name, what in (
            ("davis2017", "J&F and speed of following objects through DAVIS 2017"),
            ("mose", "the same on MOSE, whose validation a server scores"),
            ("sav", "the same on SA-V"),
            ("youtube-vos", "the same on YouTube-VOS, which a server scores"),
            ("lvos", "the same on LVOS"),
            ("video", "the same on one video or folder of frames"),
            ("pvs", "promptable video segmentation: J&F after clicks on 1 to 8 frames"),
        )
    },
}


class BenchGroup(click.Group):
    """Imports a benchmark's module only when its subcommand is called."""

    def __init__(self, *arguments: Any, benches: dict[str, Bench], **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.benches = benches

    def list_commands(self, context: click.Context) -> list[str]:
        return list(self.benches)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        bench = self.benches.get(name)
        if bench is None:
            return None
        found = getattr(importlib.import_module(bench.module), bench.attribute)
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        if self.benches:
            with formatter.section("Benchmarks"):
                formatter.write_dl([(name, bench.what) for name, bench in self.benches.items()])


class SubmitLater(click.Group):
    """`judge bench`, whose `submit` is imported when it is called."""

    def list_commands(self, context: click.Context) -> list[str]:
        return [*super().list_commands(context), "submit"]

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name == "submit":
            from judge.cli.benches.vos import submit

            return submit
        return super().get_command(context, name)


@click.group(
    "bench", cls=SubmitLater, help="Run models through benchmarks, or score predictions on them."
)
def command() -> None:
    pass


@judge_command(
    "list", example="judge bench list", help="List the benchmarks, with the ids that commands take."
)
def list_benchmarks(call: Call) -> None:
    known = [("score", SCORED), ("run", RUN)]
    document = {
        name: [{"id": key, "what": bench.what} for key, bench in benches.items()]
        for name, benches in known
    }
    if call.as_json:
        call.answer(document)
        return
    from judge.reporting.tables import text_table

    rows = [
        (f"judge bench {name} {key}", bench.what)
        for name, benches in known
        for key, bench in benches.items()
    ]
    call.answer(document, text_table(rows, ("command", "benchmark")))


@click.group(
    "score",
    cls=BenchGroup,
    benches=SCORED,
    help="Score predictions that are there already; no model is needed.",
)
def score() -> None:
    pass


@click.group(
    "run", cls=BenchGroup, benches=RUN, help="Make predictions with a model, then score them."
)
def run() -> None:
    pass


command.add_command(list_benchmarks)
command.add_command(score)
command.add_command(run)
