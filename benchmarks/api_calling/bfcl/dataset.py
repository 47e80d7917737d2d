"""BFCL's released files: the items of a category and their allowed answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.api_calling.bfcl.categories import CATEGORIES, Category
from benchmarks.json_lines import read_json_lines
from results.errors import InputError

ANSWERS_FOLDER = "possible_answer"


@dataclass(frozen=True)
class Item:
    """One item: what the user says, the functions on offer, and the calls that are right."""

    id: str
    question: tuple[Mapping[str, str], ...]
    """The messages of its one turn, each with role and content."""
    functions: tuple[Mapping[str, Any], ...]
    """Empty in some items of irrelevance."""
    answers: tuple[Mapping[str, Mapping[str, list[Any]]], ...] = ()
    """Empty for irrelevance and relevance."""


def data_folder(path: Path) -> Path:
    """The folder with the released files: `path` itself, or `data` in it.

    InputError where neither holds any.
    """
    for folder in (path, path / "data"):
        if any((folder / each.file_name).is_file() for each in CATEGORIES.values()):
            return folder
    raise InputError(
        f"{path} holds no file of BFCL, such as BFCL_v4_simple_python.json; name the folder that"
        " has them, with possible_answer beside them."
    )


def read_category(data: Path, category: Category) -> tuple[Item, ...]:
    """The items of a category, in the file's order.

    Raises InputError that names the file and the line of what is missing or malformed.
    """
    path = data / category.file_name
    rows = _rows(path)
    answers: dict[str, list[Any]] = {}
    if category.has_answers:
        answers_path = data / ANSWERS_FOLDER / category.file_name
        # Some released answers are called otherwise than their items, which stand in their order.
        given = list(_rows(answers_path).values())
        if len(given) != len(rows):
            raise InputError(
                f"{answers_path} has {len(given)} answers for the {len(rows)} items of {path};"
                " restore both files from one release."
            )
        for (id_, row), answer in zip(rows.items(), given, strict=True):
            answers[id_] = _answers_of(answers_path, row, answer)
            if not row.get("function"):
                raise InputError(f"{path}: {id_} has an answer and no function; restore the file.")
    return tuple(
        Item(id_, _question(path, row), _functions(path, row), tuple(answers.get(id_, ())))
        for id_, row in rows.items()
    )


def _rows(path: Path) -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for number, row in read_json_lines(path):
        id_ = row.get("id")
        if not isinstance(id_, str) or id_ in rows:
            fault = "stands there twice" if isinstance(id_, str) else "is no text"
            raise InputError(f"{path}, line {number}: the id {str(id_)[:80]!r} {fault}.")
        rows[id_] = row
    if not rows:
        raise InputError(f"{path} is empty; restore it.")
    return rows


def _question(path: Path, row: dict[str, Any]) -> tuple[Mapping[str, str], ...]:
    match row.get("question"):
        case [[*messages]] if all(
            isinstance(message, dict) and isinstance(message.get("content"), str)
            for message in messages
        ):
            return tuple(messages)
    raise InputError(f"{path}: {row['id']} has no question of one turn; restore the file.")


def _functions(path: Path, row: dict[str, Any]) -> tuple[Mapping[str, Any], ...]:
    functions = row.get("function")
    if isinstance(functions, list) and all(map(_is_document, functions)):
        return tuple(functions)
    raise InputError(
        f"{path}: {row['id']} has no `function` list of documents with name and parameters."
    )


def _is_document(value: object) -> bool:
    match value:
        case {"name": str(), "parameters": {"properties": dict() as properties}}:
            return all(isinstance(details, dict) for details in properties.values())
    return False


def _answers_of(path: Path, row: dict[str, Any], answer: dict[str, Any]) -> list[Any]:
    found = answer.get("ground_truth")
    if isinstance(found, list) and found and all(map(_is_answer, found)):
        return found
    raise InputError(f"{path}: the answer to {row['id']} is no `ground_truth` list of calls.")


def _is_answer(value: object) -> bool:
    if not isinstance(value, dict) or len(value) != 1:
        return False
    allowed = next(iter(value.values()))
    return isinstance(allowed, dict) and all(isinstance(each, list) for each in allowed.values())
