"""Small sets of the eight commonsense tasks, as the hub has them and as their authors do."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]

CHOICES = {"text": ["The Sun", "a lamp that is lit", "ice"], "label": ["A", "B", "C"]}
# Fields and values as in the datasets that lm-evaluation-harness names.
HUB: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "ai2_arc/ARC-Easy": (
        "test",
        [
            {"id": "e1", "question": "What warms Earth?", "choices": CHOICES, "answerKey": "A"},
            {"id": "e2", "question": "What is cold?", "choices": CHOICES, "answerKey": "C"},
        ],
    ),
    "ai2_arc/ARC-Challenge": (
        "test",
        [
            {
                "id": "c1",
                "question": "Which one melts?",
                "choices": {**CHOICES, "label": ["1", "2", "3"]},
                "answerKey": "3",
            }
        ],
    ),
    "boolq": (
        "validation",
        [
            {"question": "is ice cold", "passage": "Ice is frozen water.", "idx": 0, "label": 1},
            {"question": "is fire cold", "passage": "Fire is hot.", "idx": 1, "label": 0},
        ],
    ),
    "piqa": (
        "validation",
        [{"goal": "Boil water", "sol1": "Heat it.", "sol2": "Wait", "label": 0}],
    ),
    "siqa": (
        "validation",
        [
            {
                "context": "Kai gave Jo a book.",
                "question": "How does Jo feel?",
                "answerA": "thankful",
                "answerB": "hungry",
                "answerC": "as if nothing had happened",
                "label": "1",
            }
        ],
    ),
    "hellaswag": (
        "validation",
        [
            {
                "ind": 4,
                "activity_label": "Baking",
                "ctx_a": "A man mixes flour.",
                "ctx_b": "he",
                "ctx": "A man mixes flour. he",
                "endings": ["bakes [step] bread.", "flies.", "sings a song.", "is a cake."],
                "label": "0",
            }
        ],
    ),
    "openbookqa": (
        "test",
        [{"id": "o1", "question_stem": "Plants need", "choices": CHOICES, "answerKey": "A"}],
    ),
    "winogrande_xl": (
        "validation",
        [
            {
                "sentence": "Ann thanked Bo because _ had helped.",
                "option1": "Ann",
                "option2": "Bo",
                "answer": "2",
            }
        ],
    ),
}


def write_hub_sets(root: Path) -> Path:
    """Parquet for some and JSON lines for others, as `datasets` and the hub save them."""
    arrow: Any = importlib.import_module("pyarrow")
    parquet: Any = importlib.import_module("pyarrow.parquet")
    for number, (name, (split, rows)) in enumerate(HUB.items()):
        folder = root / name
        folder.mkdir(parents=True)
        if number % 2:
            write_lines(folder / f"{split}.jsonl", rows)
        else:
            table = arrow.Table.from_pylist(rows)
            parquet.write_table(table, folder / f"{split}-00000-of-00001.parquet")
        # What is not asked must not be taken for what is.
        write_lines(folder / "train.jsonl", [{"a": "row of another split"}])
    return root


def write_author_sets(root: Path) -> Path:
    """The same items in the form of the authors' own downloads."""

    def nested(row: Row, stem: str) -> dict[str, Any]:
        pairs = zip(row["choices"]["text"], row["choices"]["label"], strict=True)
        choices = [{"text": text, "label": label} for text, label in pairs]
        asked = {"stem": row[stem], "choices": choices}
        return {"id": row["id"], "question": asked, "answerKey": row["answerKey"]}

    def rows_of(name: str) -> list[dict[str, Any]]:
        return HUB[name][1]

    for name, file in (("ARC-Easy", "ARC-Easy-Test"), ("ARC-Challenge", "ARC-Challenge-Test")):
        rows = [nested(row, "question") for row in rows_of(f"ai2_arc/{name}")]
        write_lines(root / "ARC-V1-Feb2018" / name / f"{file}.jsonl", rows)
    write_lines(
        root / "BoolQ" / "dev.jsonl",
        [
            {**{k: row[k] for k in ("question", "passage")}, "answer": bool(row["label"])}
            for row in rows_of("boolq")
        ],
    )
    for name, place in (("piqa", "piqa/valid"), ("siqa", "socialiqa/dev")):
        rows = rows_of(name)
        without = [{key: row[key] for key in row if key != "label"} for row in rows]
        write_lines(root / f"{place}.jsonl", without)
        labels = "".join(f"{row['label']}\n" for row in rows)
        (root / f"{place}-labels.lst").write_text(labels)
    write_lines(
        root / "hellaswag" / "hellaswag_val.jsonl",
        [{**row, "label": int(row["label"])} for row in rows_of("hellaswag")],
    )
    write_lines(
        root / "OpenBookQA-V1-Sep2018" / "OpenBookQA" / "test.jsonl",
        [nested(row, "question_stem") for row in rows_of("openbookqa")],
    )
    write_lines(root / "winogrande" / "dev.jsonl", rows_of("winogrande_xl"))
    return root


def write_lines(path: Path, rows: Iterable[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
