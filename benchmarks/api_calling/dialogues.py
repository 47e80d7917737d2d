"""Dialogues with calls of APIs, as their sets have them on disk.

Two forms are read. API-Bank's own is a file of JSON lines for each dialogue, a turn a line: of a
User and of the AI (`text`), and of the API (`api_name`, `param_dict`, `result`). The plain one, for
sets of one's own such as MobileLLM's, has many dialogues in a file, one a line of `.jsonl` or an
element of a list in `.json`:

    {"id": "d1", "apis": [{"name": …, "description": …, "parameters": {JSON Schema}}, …],
     "turns": [{"role": "user", "text": …},
               {"role": "call", "name": …, "arguments": {…}, "result": …},
               {"role": "agent", "text": …}]}

`id`, `apis` and `result` may be left out. Roles are read in any case: user; agent, assistant or ai;
call or api. Names of APIs are letters, digits and underscores, as in the calls that models write.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from benchmarks.json_lines import MAX_BYTES, read_json_lines
from results.errors import InputError
from results.strict_json import read_small_file

MAX_DIALOGUES = 100_000
_NAME = re.compile(r"\w+")
_ROLES: Mapping[str, Literal["user", "agent", "call"]] = {
    "user": "user",
    "agent": "agent",
    "assistant": "agent",
    "ai": "agent",
    "api": "call",
    "call": "call",
}


@dataclass(frozen=True)
class DialogueTurn:
    """What one side said; of a call `name`, `arguments` and what it gave, of the others a text."""

    role: Literal["user", "agent", "call"]
    text: str = ""
    name: str = ""
    arguments: Mapping[str, Any] | None = None
    result: Any = None


@dataclass(frozen=True)
class Dialogue:
    """A dialogue: its turns by their 0-based number, in order.

    id: its file's path within the folder without the ending; in the plain form, where a file has
        many, with the dialogue's own id, or its number, after a slash.
    apis: the documents that come with it; empty in API-Bank's form.
    """

    id: str
    path: Path
    turns: Mapping[int, DialogueTurn]
    apis: tuple[Mapping[str, Any], ...] = ()


def read_dialogue_set(data: Path) -> tuple[Dialogue, ...]:
    """Every dialogue below a folder, or in one file, by the names of their files.

    Raises InputError that names the file and the place of what is malformed.
    """
    if data.is_file():
        root, paths = data.parent, [data]
    elif data.is_dir():
        root, paths = data, sorted(data.rglob("*.jsonl")) or sorted(data.rglob("*.json"))
    else:
        raise InputError(
            f"There is no folder {data}; name the one with the dialogues, or a file of them."
        )
    dialogues: dict[str, Dialogue] = {}
    for path in paths:
        id_ = path.relative_to(root).with_suffix("").as_posix()
        for dialogue in _read(path, id_):
            if dialogue.id in dialogues:
                raise InputError(
                    f"{path} has a dialogue {dialogue.id[:80]!r} that is in"
                    f" {dialogues[dialogue.id].path} as well; give each an id of its own."
                )
            dialogues[dialogue.id] = dialogue
            if len(dialogues) > MAX_DIALOGUES:
                raise InputError(f"{data} holds more than {MAX_DIALOGUES} dialogues; name a part.")
    if not dialogues:
        raise InputError(
            f"{data} holds no dialogue; they are .jsonl files, a turn a line, or a dialogue a line"
            " with its turns."
        )
    return tuple(dialogues.values())


def _read(path: Path, id_: str) -> Iterator[Dialogue]:
    """The dialogues of a file of either form."""
    rows = _listed(path) if path.suffix == ".json" else read_json_lines(path)
    turns: dict[int, DialogueTurn] = {}
    for place, row in rows:
        where = f"{path}, {'entry' if path.suffix == '.json' else 'line'} {place},"
        if "turns" in row and not turns:
            yield _plain(row, path, id_, place, where)
        else:
            turns[place - 1] = _turn(row, where)
    if turns:
        yield Dialogue(id_, path, turns)


def _listed(path: Path) -> Iterable[tuple[int, dict[str, Any]]]:
    try:
        found = json.loads(read_small_file(path, MAX_BYTES).decode("utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is no JSON in UTF-8: {str(error)[:200]}.") from error
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise InputError(f"{path} is no list of dialogues, each an object with its turns.")
    return enumerate(found, start=1)


def _plain(row: Mapping[str, Any], path: Path, id_: str, place: int, where: str) -> Dialogue:
    own = row.get("id", place - 1)
    if isinstance(own, bool) or not isinstance(own, str | int) or not str(own).strip():
        raise InputError(f"{where} has an id that is neither a text nor a number.")
    turns, apis = row["turns"], row.get("apis", [])
    if not isinstance(turns, list):
        raise InputError(f"{where} has `turns` that are no list.")
    if not isinstance(apis, list) or not all(map(_is_document, apis)):
        raise InputError(
            f"{where} has `apis` that are not a list of objects, each with a name of letters,"
            " digits and underscores and, as JSON Schema, its parameters."
        )
    read = {
        number: _turn(turn if isinstance(turn, dict) else {}, f"{where} turn {number},")
        for number, turn in enumerate(turns)
    }
    return Dialogue(f"{id_}/{own}", path, read, tuple(apis))


def _is_document(api: object) -> bool:
    match api:
        case {"name": str() as name, **rest}:
            parameters = rest.get("parameters", {})
            return bool(_NAME.fullmatch(name)) and isinstance(parameters, dict)
    return False


def _turn(row: Mapping[str, Any], where: str) -> DialogueTurn:
    role = _ROLES.get(str(row.get("role")).lower())
    if role == "call":
        name = row.get("name", row.get("api_name"))
        arguments = row.get("arguments", row.get("param_dict"))
        if isinstance(name, str) and _NAME.fullmatch(name) and isinstance(arguments, dict):
            return DialogueTurn(role, name=name, arguments=arguments, result=row.get("result"))
    elif role is not None and isinstance(text := row.get("text"), str):
        return DialogueTurn(role, text)
    raise InputError(
        f"{where} is no turn: it needs a role, User, AI or API, and a text, or an api_name and a"
        " param_dict (user, agent or call, and a name and arguments, in the plain form)."
    )
