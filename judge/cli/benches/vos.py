"""`judge bench score vos` and `judge bench submit`: video object segmentation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from judge.cli.calling import Call, judge_command

if TYPE_CHECKING:
    from rich.table import Table

    from benchmarks.vos import Scores

# As benchmarks.vos.PROTOCOLS has them; named here so that help imports nothing.
VOS_PROTOCOLS = ("davis", "vos", "sav", "davis-unsupervised", "youtube-vos", "lvos")

# As benchmarks.vos.submission.ARCHIVES has them.
SUBMITTED = ("mose", "lvos", "youtube-vos")


@judge_command(
    "vos",
    example="judge bench score vos --gt DAVIS --pred masks/\n"
    "judge bench score vos --gt sav_val/Annotations_6fps --pred masks/ --protocol sav --json",
    help="J&F of predicted masks. Both folders hold sequence/frame.png label maps (for sav,"
    " sequence/object/frame.png masks); a data set's root will do for --gt.",
)
@click.option("--gt", required=True, type=click.Path(path_type=Path), help="Ground truth.")
@click.option("--pred", required=True, type=click.Path(path_type=Path), help="Predictions.")
@click.option(
    "--protocol",
    type=click.Choice(VOS_PROTOCOLS),
    default="davis",
    show_default=True,
    help="Whose rules: which frames and objects count. MOSE is davis or vos.",
)
@click.option("--keep-ends", is_flag=True, help="Score the first and last frames, too.")
@click.option("--lenient", is_flag=True, help="Leave out what is faulty, and say so.")
@click.option(
    "--meta",
    type=click.Path(path_type=Path),
    help="meta.json for youtube-vos and lvos; that beside the annotations by default.",
)
@click.option("--jobs", type=click.IntRange(min=1), help="Workers; all cores by default.")
def score_vos(
    call: Call,
    *,
    gt: Path,
    pred: Path,
    protocol: str,
    keep_ends: bool,
    lenient: bool,
    meta: Path | None,
    jobs: int | None,
) -> None:
    from benchmarks.vos import score as score_masks

    scores = score_masks(
        gt,
        pred,
        protocol,
        keep_ends=keep_ends,
        lenient=lenient,
        meta=meta,
        jobs=jobs,
        progress=_show_progress if call.shows_progress else None,
    )
    for note in scores.notes:
        call.note(note)
    if call.as_json:
        call.answer(scores.as_json())
    else:
        call.answer(None, _title(scores), _vos_table(scores), *map(str, scores.left_out))


@judge_command(
    "submit",
    example="judge bench submit mose --data MOSE/valid --pred masks/ --out submission.zip",
    help="Write the archive that a benchmark's server scores, once every frame is there.",
)
@click.argument("benchmark", type=click.Choice(SUBMITTED))
@click.option(
    "--data",
    required=True,
    type=click.Path(path_type=Path),
    help="The set's root, with JPEGImages and Annotations.",
)
@click.option("--pred", required=True, type=click.Path(path_type=Path), help="Predictions.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The zip file.")
def submit(call: Call, *, benchmark: str, data: Path, pred: Path, out: Path) -> None:
    from benchmarks.vos.submission import write_submission

    n = write_submission(benchmark, pred, data, out)
    call.answer({"archive": str(out), "frames": n}, f"{out}: {n} masks, to be uploaded as it is.")


def _show_progress(done: int, total: int) -> None:
    click.echo(f"\r{done} of {total} frames", err=True, nl=done == total)


def _title(scores: Scores) -> str:
    return (
        f"J&F by {scores.protocol} ({scores.original}): {len(scores.objects)} objects,"
        f" {scores.n_frames} masks; shares in percent, higher is better but for decay."
    )


def _vos_table(scores: Scores) -> Table:
    from judge.reporting.tables import text_table

    named = [(found.key, found.summary) for found in scores.objects]
    named += [(f"all {name}", summary) for name, summary in scores.groups.items()]
    named.append(("all", scores.overall))
    columns = ("JF", "J", "F", "J_recall", "J_decay", "F_recall", "F_decay")
    rows = [(name, *(_percent(summary.as_json()[c]) for c in columns)) for name, summary in named]
    return text_table(rows, ("object", "J&F", *columns[1:]))


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}"
