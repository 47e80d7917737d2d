"""Local copies of the commonsense tasks' data, as the hub or their authors release them.

Below the folder given, each task has a folder of its own name (`arc_easy`, `ARC-Easy`, `piqa`, …)
at any place, with a file whose name tells the split: `test-00000-of-00001.parquet`, `dev.jsonl`,
`hellaswag_val.jsonl`. Nothing is downloaded. The authors' own JSON differs from the hub's in a few
fields, which are put into the hub's form here: nested questions (ARC, OpenBookQA), labels in a
file beside (PIQA, SIQA), and `answer` for BoolQ.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.json_lines import read_json_lines
from benchmarks.language.commonsense import CommonsenseTask
from results.errors import InputError, first_line

Row = dict[str, Any]

_SPLITS = {"test": ("test",), "validation": ("validation", "valid", "val", "dev")}
_SUFFIXES = (".parquet", ".jsonl", ".json")
_DEEPEST = 4
_MOST_FILES = 20_000
# Files that a line of labels belongs to, by what their names end in.
_LABELS = "-labels.lst"


@dataclass(frozen=True)
class TaskData:
    """The rows of a task's split, in the hub's form, and the files that they are from."""

    rows: tuple[Row, ...]
    files: tuple[Path, ...]


def read_task_data(root: Path, task: CommonsenseTask) -> TaskData:
    """The task's data below a folder; InputError, in a sentence, where there is none or it is not
    what the task consists of."""
    files = sorted(_files_of(root, task))
    for suffix in _SUFFIXES:
        chosen = [path for path in files if path.suffix == suffix]
        if chosen:
            break
    else:
        raise InputError(
            f"{root} has no data of {task.name}: a folder {task.name} (or as the hub calls it) with"
            f" a file for the split {task.split}, such as {task.split}.jsonl or"
            f" {task.split}-00000-of-00001.parquet."
        )
    chosen = _of_one_folder(chosen, task)
    if len({path.parent for path in chosen}) > 1:
        places = " and ".join(str(path.parent) for path in chosen[:2])
        raise InputError(f"{task.name} is there twice, in {places}; name the folder of one.")
    rows: list[Row] = []
    labels: list[Path] = []
    for path in chosen:
        of_file = list(_parquet_rows(path) if suffix == ".parquet" else _json_rows(path))
        beside = path.with_name(f"{path.stem}{_LABELS}")
        if beside.is_file():
            labels.append(beside)
            of_file = _labelled(of_file, beside)
        rows += of_file
    if not rows:
        raise InputError(f"{chosen[0]} has no items.")
    for number, row in enumerate(rows):
        rows[number] = _in_the_hubs_form(row, task.name, chosen[0], number)
    return TaskData(tuple(rows), (*chosen, *labels))


def _files_of(root: Path, task: CommonsenseTask) -> Iterator[Path]:
    """Files of the asked split in folders that have the task's name."""
    if not root.is_dir():
        raise InputError(f"There is no folder {root}; --data is the folder of the tasks' data.")
    of_split = re.compile(rf"(^|[^a-z])({'|'.join(_SPLITS[task.split])})([^a-z]|$)")
    seen = 0
    for folder, inner, names in os.walk(root):
        inner.sort()
        place = Path(folder)
        parts = place.relative_to(root).parts
        if len(parts) >= _DEEPEST:
            inner.clear()
        seen += len(names)
        if seen > _MOST_FILES:
            raise InputError(f"{root} holds more than {_MOST_FILES} files; name a smaller folder.")
        if not any(
            re.sub("[^a-z]", "", part.lower()) in task.names for part in (place.name, *parts)
        ):
            continue
        for name in names:
            path = place / name
            if path.suffix in _SUFFIXES and of_split.search(path.stem.lower()) and path.is_file():
                yield path


def _of_one_folder(paths: list[Path], task: CommonsenseTask) -> list[Path]:
    """Of several folders, those whose own name says most: the hub has WinoGrande in six sizes,
    which all have one validation split."""

    def rank(path: Path) -> int:
        name = re.sub("[^a-z]", "", path.parent.name.lower())
        return task.names.index(name) if name in task.names else -1

    most = max(map(rank, paths))
    return [path for path in paths if rank(path) == most]


def _json_rows(path: Path) -> Iterator[Row]:
    for _, row in read_json_lines(path):
        yield row


def _parquet_rows(path: Path) -> Iterator[Row]:
    try:
        parquet: Any = importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise InputError(
            f"{path} is Parquet, which needs pyarrow: pip install 'agent-judge[language]'."
        ) from None
    try:
        rows: list[Row] = parquet.read_table(path).to_pylist()
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as Parquet: {first_line(error)}.") from None
    yield from rows


def _labelled(rows: list[Row], path: Path) -> list[Row]:
    labels = path.read_text("utf-8").split()
    if len(labels) != len(rows):
        raise InputError(f"{path} has {len(labels)} labels for {len(rows)} items.")
    return [{**row, "label": label} for row, label in zip(rows, labels, strict=True)]


def _in_the_hubs_form(row: Row, task: str, path: Path, number: int) -> Row:
    """The fields that lm-evaluation-harness reads; InputError that names the item and the fault."""
    try:
        return _READERS[task](row)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"{path}, item {number + 1}, is none of {task}: {type(error).__name__}"
            f" {str(error)[:80]}."
        ) from None


def _choices(found: Any) -> Row:
    """{"text": [...], "label": [...]}, also from a list of single choices."""
    if isinstance(found, list):
        found = {name: [choice[name] for choice in found] for name in ("text", "label")}
    texts, labels = list(map(_text, found["text"])), list(map(_text, found["label"]))
    if len(texts) != len(labels) or len(texts) < 2:
        raise ValueError("its choices are not pairs of text and label")
    return {"text": texts, "label": labels}


def _arc(row: Row) -> Row:
    asked = row["question"]
    nested = asked if isinstance(asked, dict) else {"stem": asked, "choices": row["choices"]}
    choices = _choices(nested["choices"])
    return {
        "question": _text(nested["stem"]),
        "choices": choices,
        "answerKey": _one_of(row["answerKey"], choices["label"]),
    }


def _openbookqa(row: Row) -> Row:
    asked = row.get("question")
    nested = asked if isinstance(asked, dict) else {**row, "stem": row.get("question_stem")}
    choices = _choices(nested["choices"])
    return {
        "question_stem": _text(nested["stem"]),
        "choices": choices,
        "answerKey": _one_of(_text(row["answerKey"]).strip(), choices["label"]),
    }


def _boolq(row: Row) -> Row:
    label = row["label"] if "label" in row else row["answer"]
    question = _text(row["question"])
    return {
        "passage": _text(row["passage"]),
        "question": question,
        "label": int(_one_of(int(label), (0, 1))),
    }


def _piqa(row: Row) -> Row:
    texts = {name: _text(row[name]) for name in ("goal", "sol1", "sol2")}
    return {**texts, "label": int(_one_of(int(row["label"]), (0, 1)))}


def _social_iqa(row: Row) -> Row:
    names = ("context", "question", "answerA", "answerB", "answerC")
    return {
        **{name: _text(row[name]) for name in names},
        "label": str(_one_of(int(row["label"]), (1, 2, 3))),
    }


def _hellaswag(row: Row) -> Row:
    endings = list(map(_text, row["endings"]))
    return {
        **{name: _text(row[name]) for name in ("activity_label", "ctx_a", "ctx_b")},
        "endings": endings,
        "label": str(_one_of(int(row["label"]), range(len(endings)))),
    }


def _winogrande(row: Row) -> Row:
    found = {name: _text(row[name]) for name in ("sentence", "option1", "option2")}
    if "_" not in found["sentence"]:
        raise ValueError("its sentence has no gap")
    return {**found, "answer": str(_one_of(str(row["answer"]), ("1", "2")))}


_READERS = {
    "arc_easy": _arc,
    "arc_challenge": _arc,
    "boolq": _boolq,
    "piqa": _piqa,
    "social_iqa": _social_iqa,
    "hellaswag": _hellaswag,
    "openbookqa": _openbookqa,
    "winogrande": _winogrande,
}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{str(value)[:40]!r} is no text")
    return value


def _one_of(value: Any, allowed: Any) -> Any:
    if value not in allowed:
        raise ValueError(f"its answer {str(value)[:40]!r} is none of its options")
    return value
