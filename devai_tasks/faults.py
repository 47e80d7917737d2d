"""What is wrong with a task or judgment document: every fault at once, with its place and mend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from devai_tasks import dag
from results.errors import InputError

SHOWN_IN_AN_ERROR = 20


class Fault(BaseModel):
    """One thing that is wrong in a file, where it stands, and how to mend it."""

    model_config = ConfigDict(frozen=True)

    file: str
    place: str
    """A JSON pointer such as `/requirements/3/criteria`, after `line 7` where lines matter."""
    what: str
    mend: str
    is_self_loop: bool = False
    """A requirement that names itself: loading drops that edge and warns."""

    def __str__(self) -> str:
        where = f"{self.file}, {self.place}" if self.place else self.file
        return f"{where}: {self.what}; {self.mend}."


@dataclass(frozen=True)
class Document:
    """One decoded task or judgment, and where it came from."""

    file: str
    place: str
    data: Any

    def fault(self, pointer: str, what: str, mend: str, is_self_loop: bool = False) -> Fault:
        """A fault at `pointer` within this document."""
        if self.place and not self.place.startswith("/"):
            place = f"{self.place} {pointer}".strip()
        else:
            place = f"{self.place}{pointer}"
        return Fault(file=self.file, place=place, what=what, mend=mend, is_self_loop=is_self_loop)


Form = TypeVar("Form", bound=BaseModel)


def read_form(document: Document, form: type[Form]) -> tuple[Form | None, list[Fault]]:
    """The document as `form`, or None, and every fault of its keys, ids and graph."""
    if not isinstance(document.data, dict):
        what = (
            f"a {form.__name__.lower()} should be a JSON object, and this is {_kind(document.data)}"
        )
        return None, [document.fault("", what, "write it as {…} with a name and requirements")]
    faults = _graph_faults(document)
    try:
        value = form.model_validate(document.data)
    except ValidationError as error:
        # Items that fail leave their list short; they are told themselves.
        details = [d for d in error.errors() if not (d["type"] == "too_short" and d["input"])]
        return None, [_key_fault(document, detail) for detail in details] + faults
    return value, faults


def refuse(faults: list[Fault], subject: str) -> None:
    """Raise InputError with all the faults, if there are any."""
    if not faults:
        return
    shown = " ".join(str(fault) for fault in faults[:SHOWN_IN_AN_ERROR])
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    more = len(faults) - SHOWN_IN_AN_ERROR
    raise InputError(f"{subject} has {count}. {shown}" + (f" And {more} more." if more > 0 else ""))


def _graph_faults(document: Document) -> list[Fault]:
    """Faults between requirements, from whatever of them can be read."""
    faults: list[Fault] = []
    faults += _repeated_ids(document, "preferences", "preference_id")
    faults += _repeated_ids(document, "requirements", "requirement_id")
    graph: dict[int, list[int]] = {}
    position: dict[int, int] = {}
    for index, requirement in enumerate(_listed(document.data.get("requirements"))):
        if not isinstance(requirement, Mapping):
            continue
        identifier = requirement.get("requirement_id")
        if not _is_integer(identifier) or identifier in graph:
            continue
        graph[identifier] = [p for p in _listed(requirement.get("prerequisites")) if _is_integer(p)]
        position[identifier] = index

    def pointer(node: int) -> str:
        return f"/requirements/{position[node]}/prerequisites"

    for node in dag.self_loops(graph):
        what = f"requirement {node} names itself as a prerequisite"
        faults.append(document.fault(pointer(node), what, f"take {node} out", is_self_loop=True))
    for node, missing in dag.unknown_prerequisites(graph):
        what = f"requirement {node} names prerequisite {missing}, which does not exist"
        faults.append(document.fault(pointer(node), what, "name a requirement of this task"))
    for cycle in dag.cycles(graph):
        what = f"the requirements wait for each other in a circle: {dag.describe_cycle(cycle)}"
        faults.append(document.fault(pointer(cycle[0]), what, "take one of these edges out"))
    return faults


def _repeated_ids(document: Document, group: str, key: str) -> list[Fault]:
    seen: dict[int, int] = {}
    faults = []
    for index, item in enumerate(_listed(document.data.get(group))):
        identifier = item.get(key) if isinstance(item, Mapping) else None
        if not _is_integer(identifier):
            continue
        if identifier in seen:
            what = f"{key} {identifier} stands already at /{group}/{seen[identifier]}"
            faults.append(document.fault(f"/{group}/{index}/{key}", what, "give it a free number"))
        seen.setdefault(identifier, index)
    return faults


def _key_fault(document: Document, detail: ErrorDetails) -> Fault:
    """A pydantic error in plain words."""
    location = detail["loc"]
    pointer = "".join(f"/{_escaped(part)}" for part in location)
    key = next((str(part) for part in reversed(location) if isinstance(part, str)), "this")
    given = detail["input"]
    kind = detail["type"]
    if kind == "missing":
        return document.fault(pointer, f"`{key}` is missing", f"add {_wanted(key)}")
    if kind == "value_error":
        what = f"`{key}` {detail['ctx']['error']}"
        return document.fault(pointer, what, f"write {_wanted(key)}")
    if kind == "too_short":
        return document.fault(pointer, f"`{key}` is empty", "list at least one")
    if kind == "string_unicode":
        what = f"`{key}` holds half of a surrogate pair, which is no character"
        return document.fault(pointer, what, "write the character itself")
    what = f"`{key}` is {_kind(given)}"
    if kind == "greater_than_equal":
        what = f"`{key}` is {given}"
    return document.fault(pointer, what, f"write {_wanted(key)}")


_WANTED = {
    "name": "a text that can name a file: no slash, no control character, at most 200 bytes",
    "query": "the text that is asked of the agent",
    "criteria": "a text that says what is required",
    "category": "a text, or null",
    "tags": "a list of texts",
    "requirements": "a list of objects with requirement_id, prerequisites and criteria",
    "preferences": "a list of objects with preference_id and criteria",
    "prerequisites": "a list of requirement ids",
    "requirement_id": "a whole number from 0",
    "preference_id": "a whole number from 0",
    "satisfied": "true, false or null",
    "outcome": "satisfied, unsatisfied, abstained or error, in accord with `satisfied`",
    "judge_stats": "a list of objects",
}


def _wanted(key: str) -> str:
    return "true or false" if key.startswith("is_") else _WANTED.get(key, "what the form asks for")


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return f"the number {value!r:.40}"
    if isinstance(value, str):
        return f"the text {value!r:.40}"
    return "a list" if isinstance(value, list | tuple) else "an object"


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_integer(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _escaped(part: int | str) -> str:
    """One step of a JSON pointer (RFC 6901)."""
    return str(part).replace("~", "~0").replace("/", "~1")
