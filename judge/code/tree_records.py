"""What was read of a file as plain JSON values and back: it comes from a process of its own."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from judge.code.facts import Body
from judge.code.tree_source import (
    TreeCall,
    TreeDefinition,
    TreeImport,
    TreeScope,
    TreeSource,
    TreeUse,
)

_LISTS: dict[str, type[Any]] = {
    "scopes": TreeScope,
    "definitions": TreeDefinition,
    "imports": TreeImport,
    "calls": TreeCall,
    "uses": TreeUse,
}
_FIELDS = {kind: [each.name for each in fields(kind)] for kind in _LISTS.values()}


def to_record(source: TreeSource) -> dict[str, Any]:
    """The source as values that JSON can hold; sets become sorted lists."""
    record: dict[str, Any] = {}
    for each in fields(source):
        value = getattr(source, each.name)
        kind = _LISTS.get(each.name)
        if kind is not None:
            names = _FIELDS[kind]
            value = [[_plain(getattr(item, name)) for name in names] for item in value]
        record[each.name] = _plain(value)
    return record


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, set) else value


def from_record(record: dict[str, Any]) -> TreeSource:
    """The source that a record was made of."""
    values = dict(record)
    for name, kind in _LISTS.items():
        values[name] = [_restored(kind, row) for row in record[name]]
    values["bindings"] = {name: tuple(bound) for name, bound in record["bindings"].items()}
    values["exports"] = set(record["exports"])
    values["spans"] = [tuple(span) for span in record["spans"]]
    return TreeSource(**values)


def _restored(kind: type[Any], row: list[Any]) -> Any:
    if kind is TreeScope:
        qualified, names, members, programs = row
        return TreeScope(qualified, set(names), set(members), set(programs))
    values = [tuple(value) if isinstance(value, list) else value for value in row]
    if kind is TreeImport:
        place = _FIELDS[TreeImport].index("names")
        values[place] = tuple((name, bound) for name, bound in values[place])
    made = kind(*values)
    if kind is TreeDefinition:
        made.body = Body(made.body)
    return made
