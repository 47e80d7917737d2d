"""`judge bench score video-mme`, and the other sets of questions about videos."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from judge.cli.calling import Call, judge_command

if TYPE_CHECKING:
    from rich.table import Table

    from benchmarks.video_qa.scoring import Figures, QaScores

# As benchmarks.video_qa.answers.PARSERS has them; named here so that help imports nothing.
QA_PARSERS = ("strict", "official", "lmms-eval")
_SHOWN_UNPARSED = 20


def _score_command(name: str, title: str) -> click.Command:
    @judge_command(
        name,
        example=f"judge bench score {name} --predictions replies.json\n"
        f"judge bench score {name} --predictions replies.jsonl --data annotations.json"
        " --parser official --json",
        help=f"{title}: accuracy of replies, over all questions and over those whose reply could be"
        " read. Predictions are the released rows with `response` added, or ids and responses"
        " beside --data; JSON, JSON lines, or a folder of such files.",
    )
    @click.option(
        "--predictions", required=True, type=click.Path(path_type=Path), help="The replies."
    )
    @click.option(
        "--data",
        type=click.Path(path_type=Path),
        help="The released file or folder, where the predictions lack questions or answers.",
    )
    @click.option(
        "--parser",
        type=click.Choice(QA_PARSERS),
        default="strict",
        show_default=True,
        help="How the chosen option is read; official is Video-MME's own script.",
    )
    def score(call: Call, *, predictions: Path, data: Path | None, parser: str) -> None:
        from benchmarks.video_qa.scoring import score_file
        from benchmarks.video_qa.sets import SETS

        scores = score_file(SETS[name], predictions, parser, data)
        if scores.without_reply:
            call.note(
                f"{len(scores.without_reply)} questions have no reply and are part of no figure."
            )
        if call.as_json:
            call.answer(_document(scores))
            return
        _show(call, scores)

    return score


score_video_mme = _score_command("video-mme", "Video-MME")
score_mlvu = _score_command("mlvu", "MLVU, multiple choice")
score_egoschema = _score_command("egoschema", "EgoSchema")
score_mvbench = _score_command("mvbench", "MVBench")
score_longvideobench = _score_command("longvideobench", "LongVideoBench")


def _document(scores: QaScores) -> dict[str, Any]:
    from benchmarks.video_qa.scoring import SCORER_VERSION

    document: dict[str, Any] = {
        "overall": _figures(scores.overall),
        "by": {
            name: {value: _figures(found) for value, found in values.items()}
            for name, values in scores.by.items()
        },
        "unparsed": list(scores.unparsed),
        "without_reply": list(scores.without_reply),
        "scorer": scores.parser,
        "scorer_version": SCORER_VERSION,
    }
    if scores.of.mean_name:
        document[scores.of.mean_name] = scores.mean_of_slices
    return document


def _figures(found: Figures) -> dict[str, Any]:
    return {
        "n": found.n,
        "answered": found.answered,
        "correct": found.correct,
        "accuracy": found.accuracy,
        "accuracy_answered": found.accuracy_answered,
        "ci": found.interval.model_dump() if found.interval else None,
    }


def _show(call: Call, scores: QaScores) -> None:
    from judge.reporting.tables import text_table

    rows = [("all", *_cells(scores.overall))]
    for name, values in scores.by.items():
        rows += [(f"{name}: {value}", *_cells(found)) for value, found in values.items()]
    columns = ("questions", "n", "answered", "correct", "accuracy", "of answered", "interval")
    lines = []
    if scores.of.mean_name:
        lines.append(f"{scores.of.mean_name}: {_percent(scores.mean_of_slices)}")
    if scores.unparsed:
        shown = ", ".join(scores.unparsed[:_SHOWN_UNPARSED])
        more = len(scores.unparsed) - _SHOWN_UNPARSED
        lines.append(f"no answer could be read in {shown}{f' and {more} more' if more > 0 else ''}")
    call.answer(None, text_table(rows, columns), *lines)


def accuracies_table(by_condition: Mapping[str, QaScores], title: str) -> Table:
    """Accuracy over all and by slice, a column for each condition in which questions were asked."""
    from judge.reporting.tables import text_table

    first = next(iter(by_condition.values()))
    slices = [(name, value) for name, values in first.by.items() for value in values]
    rows = [
        ("all", str(first.overall.n), *(_spread(each.overall) for each in by_condition.values()))
    ]
    for name, value in slices:
        found = [scores.by.get(name, {}).get(value) for scores in by_condition.values()]
        shown = (_percent(each.accuracy) if each else "" for each in found)
        n = first.by[name][value].n
        rows.append((f"{name}: {value}", str(n), *shown))
    return text_table(rows, ("questions", "n", *by_condition), title)


def _spread(found: Figures) -> str:
    span = _span(found)
    return f"{_percent(found.accuracy)}  [{span}]" if span else _percent(found.accuracy)


def _span(found: Figures) -> str:
    if found.interval is None:
        return ""
    return f"{100 * found.interval.low:.1f} % to {100 * found.interval.high:.1f} %"


def _cells(found: Figures) -> tuple[str, ...]:
    counts = (str(found.n), str(found.answered), str(found.correct))
    return (*counts, _percent(found.accuracy), _percent(found.accuracy_answered), _span(found))


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"
