"""`judge bench score api-bank`: calls and replies within dialogues."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from judge.cli.calling import Call, judge_command

if TYPE_CHECKING:
    from benchmarks.api_calling.api_bank import ApiBankScores, ScoredTurn

_SHOWN_ERRORS = 20


@judge_command(
    "api-bank",
    example="judge bench score api-bank --data lv1-lv2-samples --predictions mine.jsonl",
    help="API-Bank and MobileLLM's measures over dialogues: the right API (EM_intent), the right"
    " call (EM_structure, accuracy), and ROUGE of replies. Dialogues are API-Bank's files, or lines"
    " {id, apis, turns} of your own. Predictions are JSON lines {id, turn, call|reply}: the"
    " dialogue's file name with its folder and its own id, the 0-based turn, and a text such as"
    " [Name(key='value')], or a reply.",
)
@click.option(
    "--data",
    required=True,
    type=click.Path(path_type=Path),
    help="The dialogues' folder, or a file of them.",
)
@click.option("--predictions", required=True, type=click.Path(path_type=Path), help="The file.")
def score_api_bank(call: Call, *, data: Path, predictions: Path) -> int | None:
    from benchmarks.api_calling.api_bank import score_predictions, turns_of
    from benchmarks.api_calling.dialogues import read_dialogue_set

    scores = score_predictions(turns_of(read_dialogue_set(data)), predictions)
    if scores.missing:
        total = len(scores.scored) + len(scores.missing)
        call.note(
            f"{len(scores.missing)} of {total} turns have no prediction and are left out of every"
            " measure."
        )
    document = _document(scores)
    if call.as_json:
        call.answer(document)
        return None
    from judge.reporting.tables import text_table

    rows = [
        (name, str(n), _percent(document[name]), _span(document["ci"].get(name)))
        for name, n in (
            ("accuracy", document["n"]),
            ("EM_intent", document["n"]),
            ("EM_structure", document["n"]),
            ("ROUGE-1", document["n_replies"]),
            ("ROUGE-L", document["n_replies"]),
        )
    ]
    call.answer(None, text_table(rows, ("measure", "n", "value", "interval")))
    errors = [(name, str(count)) for name, count in document["errors"].items() if count != 0]
    call.answer(None, text_table(errors, ("what is wrong with calls", "n")))
    wrong = [each for each in scores.calls if each.type]
    if wrong:
        shown = [
            (each.turn.dialogue, str(each.turn.number), each.type, each.message)
            for each in wrong[:_SHOWN_ERRORS]
        ]
        more = [f"and {len(wrong) - len(shown)} more; --json lists them all"]
        call.answer(
            None,
            text_table(shown, ("dialogue", "turn", "what is wrong", "why")),
            *(more if len(wrong) > len(shown) else []),
        )
    return None


def _document(scores: ApiBankScores) -> dict[str, Any]:
    from benchmarks.api_calling.api_bank import CHECKED, NOT_CHECKED

    calls, replies = scores.calls, scores.replies
    measures: dict[str, tuple[Sequence[ScoredTurn], Callable[[ScoredTurn], float]]] = {
        "accuracy": (calls, lambda each: float(each.is_structure_right)),
        "EM_intent": (calls, lambda each: float(each.is_intent_right)),
        "EM_structure": (calls, lambda each: float(each.is_structure_right)),
        "ROUGE-1": (replies, lambda each: each.rouge_1),
        "ROUGE-L": (replies, lambda each: each.rouge_l),
    }
    values = {name: _mean(over, measure) for name, (over, measure) in measures.items()}
    return {
        "n": len(calls),
        "n_replies": len(replies),
        **values,
        "ci": {name: _interval(over, measure) for name, (over, measure) in measures.items()},
        "errors": {
            **{name: sum(each.type == name for each in calls) for name in CHECKED},
            **dict.fromkeys(NOT_CHECKED, "not_checked"),
        },
        "turns": [
            {
                "id": each.turn.dialogue,
                "turn": each.turn.number,
                "type": each.type,
                "message": each.message,
            }
            for each in calls
            if each.type
        ],
        "without_prediction": [
            {"id": turn.dialogue, "turn": turn.number} for turn in scores.missing
        ],
        "scorer": "api-bank",
        "scorer_version": "1",
    }


def _mean(over: Sequence[ScoredTurn], measure: Callable[[ScoredTurn], float]) -> float | None:
    return sum(measure(each) for each in over) / len(over) if over else None


def _interval(
    over: Sequence[ScoredTurn], measure: Callable[[ScoredTurn], float]
) -> dict[str, Any] | None:
    """The interval of a mean over turns that come in dialogues."""
    from results.statistics import clustered_ratio_interval

    sums: dict[str, list[float]] = {}
    for each in over:
        found = sums.setdefault(each.turn.dialogue, [0.0, 0.0])
        found[0] += measure(each)
        found[1] += 1
    interval = clustered_ratio_interval(
        [total for total, _ in sums.values()], [count for _, count in sums.values()]
    )
    return interval.model_dump() if interval else None


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"


def _span(interval: dict[str, Any] | None) -> str:
    if interval is None:
        return ""
    low, high = (100 * interval[end] for end in ("low", "high"))
    return f"{low:.1f} % to {high:.1f} %  ({interval['clusters']} dialogues)"
