"""Result files scored: which replies pass, why the others do not, and the accuracies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.api_calling.bfcl.categories import (
    CATEGORIES,
    Category,
    Kind,
    Language,
    Overall,
    overall_of,
)
from benchmarks.api_calling.bfcl.dataset import Item, data_folder, read_category
from benchmarks.api_calling.bfcl.decoding import decode
from benchmarks.api_calling.bfcl.replies import WrongReply, shown
from benchmarks.api_calling.bfcl.rules import check_calls
from benchmarks.json_lines import read_json_lines
from results.errors import InputError

_MAX_FILES = 10_000
_NUMBER = re.compile(r"_\d+(-\d+)*(:.*)?$")


@dataclass(frozen=True)
class Scored:
    """One reply: right, or wrong for a reason."""

    id: str
    is_correct: bool
    type: str = ""
    message: str = ""


@dataclass(frozen=True)
class CategoryScores:
    """The replies to a category's items."""

    category: str
    scored: tuple[Scored, ...]
    missing: tuple[str, ...] = ()
    """Items without a reply; they are no part of the accuracy."""
    unknown: tuple[str, ...] = field(default=())
    """Replies to no item of the data."""

    @property
    def n(self) -> int:
        return len(self.scored)

    @property
    def correct(self) -> int:
        return sum(each.is_correct for each in self.scored)

    @property
    def accuracy(self) -> float | None:
        """The share of correct replies, in 0..1; None without replies."""
        return self.correct / self.n if self.n else None


@dataclass(frozen=True)
class FolderScores:
    """All categories of which there are replies."""

    categories: Mapping[str, CategoryScores]
    overall: Overall


def score_reply(
    item: Item, result: object, category: Category, *, underscore_names: bool = False
) -> Scored:
    """One reply judged by its category's rule.

    Irrelevance passes when the reply holds no readable call, relevance when it holds one.
    """
    try:
        if category.has_answers:
            calls = decode(result, category.language)
            check_calls(
                calls, item.functions, item.answers, category, underscore_names=underscore_names
            )
        elif category.kind is Kind.IRRELEVANCE:
            _check_no_call(result)
        else:
            _check_any_call(result)
    except WrongReply as wrong:
        return Scored(item.id, False, wrong.type, wrong.message)
    return Scored(item.id, True)


def _check_no_call(result: object) -> None:
    try:
        calls = decode(result, Language.PYTHON)
    except WrongReply:
        return
    if calls:
        raise WrongReply(
            "irrelevance_error:decoder_success",
            f"{shown(next(iter(calls[0])))} is called, and no function fits.",
        )


def _check_any_call(result: object) -> None:
    try:
        calls = decode(result, Language.PYTHON)
    except WrongReply as wrong:
        raise WrongReply("relevance_error:decoder_failed", wrong.message) from wrong
    if not calls:
        raise WrongReply("relevance_error:decoder_failed", "No function is called.")


def score_category(
    items: tuple[Item, ...],
    replies: Mapping[str, object],
    category: Category,
    *,
    underscore_names: bool = False,
) -> CategoryScores:
    """The replies, by item id, to a category's items."""
    known = {item.id for item in items}
    return CategoryScores(
        category.name,
        tuple(
            score_reply(item, replies[item.id], category, underscore_names=underscore_names)
            for item in items
            if item.id in replies
        ),
        missing=tuple(item.id for item in items if item.id not in replies),
        unknown=tuple(id_ for id_ in replies if id_ not in known),
    )


def score_folder(
    data: Path,
    predictions: Path,
    *,
    only: str | None = None,
    underscore_names: bool = False,
) -> FolderScores:
    """Scores a result file, or a folder of them, against the released data.

    Args:
        data: the folder of the released files.
        predictions: a file of lines `{id, result}`, or a folder that holds, at any depth,
            `<category>.jsonl` or BFCL's own `BFCL_v4_<category>_result.json`.
        only: the one category to score.
        underscore_names: see `check_calls`.

    Raises:
        InputError: a file is missing or malformed, a reply stands twice, or a reply belongs to no
            item of the data.
    """
    folder = data_folder(data)
    found: dict[str, CategoryScores] = {}
    for name, replies in read_predictions(predictions, only).items():
        category = CATEGORIES[name]
        scores = score_category(
            read_category(folder, category), replies, category, underscore_names=underscore_names
        )
        if scores.unknown:
            raise InputError(
                f"{predictions} has replies to what is no item of {name}, such as"
                f" {scores.unknown[0][:80]!r}; take those lines out, or name the data they are of."
            )
        found[name] = scores
    accuracies = {
        name: (scores.accuracy, scores.n)
        for name, scores in found.items()
        if scores.accuracy is not None
    }
    return FolderScores(found, overall_of(accuracies))


def read_predictions(path: Path, only: str | None = None) -> dict[str, dict[str, object]]:
    """{category: {item id: result}} of a result file or a folder of them, in the released order.

    A file's lines are of the category that its name says, or else that their ids say. Raises
    InputError where there is none, or a line is malformed.
    """
    files = _result_files(path) if path.is_dir() else {path: _category_named(path.name)}
    found: dict[str, dict[str, object]] = {}
    lines: dict[str, str] = {}
    for file, of_file in files.items():
        if only is not None and of_file not in (None, only):
            continue
        for number, row in read_json_lines(file):
            id_ = _id_of(row, f"{file}, line {number}")
            name = of_file or only or _category_of(id_)
            if name is None:
                raise InputError(
                    f"{file}, line {number}: the id {id_[:80]!r} says no category; name it with"
                    " --category."
                )
            if only is not None and name != only:
                continue
            if id_ in lines:
                raise InputError(
                    f"{file}, line {number}: {id_[:80]!r} stands in {lines[id_]} already; keep one"
                    " reply an item."
                )
            lines[id_] = f"{file}, line {number}"
            found.setdefault(name, {})[id_] = row["result"]
    if not found:
        what = f"replies of the category {only}" if only else "replies to BFCL's items"
        raise InputError(
            f"{path} holds no {what}; it should be JSON lines {{id, result}}, or a folder of"
            " <category>.jsonl files."
        )
    return {name: found[name] for name in CATEGORIES if name in found}


def _id_of(row: Mapping[str, Any], place: str) -> str:
    if "result" not in row:
        raise InputError(f"{place}: there is no `result`; a line is {{id, result}}.")
    if not isinstance(row.get("id"), str):
        raise InputError(f"{place}: the `id` is no text; it is the id of the item.")
    return str(row["id"])


def _result_files(folder: Path) -> dict[Path, str | None]:
    files: dict[Path, str | None] = {}
    for number, path in enumerate(sorted(folder.rglob("*.json*"))):
        if number >= _MAX_FILES:
            raise InputError(f"{folder} holds more than {_MAX_FILES} JSON files; name one deeper.")
        name = _category_named(path.name)
        if name is not None and path.is_file():
            same = next((other for other, its in files.items() if its == name), None)
            if same is not None:
                raise InputError(
                    f"{same} and {path} are both of the category {name}; name a folder with the"
                    " results of one model."
                )
            files[path] = name
    return files


def _category_named(file_name: str) -> str | None:
    """The category that a file's name says, `multiple.jsonl` or `BFCL_v4_multiple_result.json`."""
    stem = file_name.rsplit(".", 1)[0].removesuffix("_result")
    stem = re.sub(r"^BFCL_v\d+_", "", stem)
    return stem if stem in CATEGORIES else None


def _category_of(id_: str) -> str | None:
    name = _NUMBER.sub("", id_)
    return name if name in CATEGORIES else None
