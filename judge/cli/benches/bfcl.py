"""`judge bench score bfcl`: function calls by the Berkeley Function Calling Leaderboard's rules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from judge.cli.calling import Call, judge_command

if TYPE_CHECKING:
    from rich.table import Table

    from benchmarks.api_calling.bfcl.scoring import CategoryScores, FolderScores

_SHOWN_ERRORS = 20


@judge_command(
    "bfcl",
    example="judge bench score bfcl --data bfcl/data --predictions result/my-model\n"
    "judge bench score bfcl --data bfcl/data --predictions multiple.jsonl --json",
    help="BFCL v4, single-turn: calls compared with the allowed ones, by its checker's rules."
    " Predictions are JSON lines {id, result}, where a result is a text of calls or a list"
    ' [{"name": "JSON arguments"}]; or a folder of such files, one a category.',
)
@click.option(
    "--data", required=True, type=click.Path(path_type=Path), help="The released files' folder."
)
@click.option(
    "--predictions", required=True, type=click.Path(path_type=Path), help="A file, or a folder."
)
@click.option("--category", help="Score this one only, such as simple_python.")
@click.option(
    "--underscore-names",
    is_flag=True,
    help="Function names have _ for their dots, as models write them that cannot write dots.",
)
def score_bfcl(
    call: Call, *, data: Path, predictions: Path, category: str | None, underscore_names: bool
) -> int | None:
    from benchmarks.api_calling.bfcl.categories import CATEGORIES
    from benchmarks.api_calling.bfcl.scoring import score_folder
    from results.errors import InputError

    if category is not None and category not in CATEGORIES:
        raise InputError(
            f"There is no category {category!r}; those scored here are {', '.join(CATEGORIES)}."
        )
    scores = score_folder(data, predictions, only=category, underscore_names=underscore_names)
    for found in scores.categories.values():
        if found.missing:
            call.note(
                f"{found.category}: {len(found.missing)} of {found.n + len(found.missing)} items"
                " have no prediction and are left out of its accuracy."
            )
    is_folder = predictions.is_dir()
    if call.as_json:
        call.answer(_document(scores, is_folder=is_folder))
        return None
    call.answer(None, _category_table(scores), *_overall_lines(scores, is_folder))
    wrong = [s for found in scores.categories.values() for s in found.scored if not s.is_correct]
    if wrong:
        from judge.reporting.tables import text_table

        rows = [(each.id, each.type, each.message) for each in wrong[:_SHOWN_ERRORS]]
        left = len(wrong) - len(rows)
        more = [f"and {left} more; --json lists them all"] if left else []
        call.answer(None, text_table(rows, ("item", "what is wrong", "why")), *more)
    return None


def _document(scores: FolderScores, *, is_folder: bool) -> dict[str, Any]:
    from results.statistics import wilson

    found = list(scores.categories.values())
    n, correct = sum(each.n for each in found), sum(each.correct for each in found)
    document: dict[str, Any] = {
        "n": n,
        "correct": correct,
        "accuracy": correct / n if n else None,
        "accuracy_worst": correct / _items(found),
        "ci": interval.model_dump() if (interval := wilson(correct, n)) else None,
        "without_prediction": [id_ for each in found for id_ in each.missing],
        "errors": {
            reply.id: {"type": reply.type, "message": reply.message}
            for each in found
            for reply in each.scored
            if not reply.is_correct
        },
        "scorer": "bfcl",
        "scorer_version": "v4",
    }
    if is_folder:
        overall = scores.overall
        document |= {
            "overall": overall.overall,
            "by_category": {
                each.category: {"n": each.n, "correct": each.correct, "accuracy": each.accuracy}
                for each in found
            },
            "groups": {
                "non_live": overall.non_live,
                "live": overall.live,
                "irrelevance": overall.irrelevance,
                "multi_turn": overall.multi_turn,
                "agentic": overall.agentic,
            },
            "missing": list(overall.missing),
        }
    return document


def _items(found: list[CategoryScores]) -> int:
    return sum(each.n + len(each.missing) for each in found) or 1


def _category_table(scores: FolderScores) -> Table:
    from judge.reporting.tables import text_table

    rows = [
        (name, str(found.n), str(found.correct), _percent(found.accuracy))
        for name, found in scores.categories.items()
    ]
    return text_table(rows, ("category", "n", "correct", "accuracy"))


def _overall_lines(scores: FolderScores, is_folder: bool) -> list[str]:
    if not is_folder:
        return []
    overall = scores.overall
    missing = f"; missing, and counted as 0: {', '.join(overall.missing)}"
    return [
        f"overall {_percent(overall.overall)} = 10 % of non-live {_percent(overall.non_live)},"
        f" 10 % of live {_percent(overall.live)}, 10 % of irrelevance"
        f" {_percent(overall.irrelevance)}, 30 % of multi-turn {_percent(overall.multi_turn)},"
        f" 40 % of agentic {_percent(overall.agentic)}{missing if overall.missing else ''}"
    ]


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.2f} %"
