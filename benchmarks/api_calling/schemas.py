"""BFCL's function documents as a model is shown them, and as tools with a JSON Schema.

BFCL declares types in the words of Python, Java and JavaScript. What each is in a schema, and that
arguments of Java and JavaScript are asked for as texts (its checker reads them so), are facts of
`constants/type_mappings.py` and `utils.py` of bfcl-eval (2026.3.23).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.api_calling.bfcl.categories import Language

JSON_TYPES = {
    "integer": "integer",
    "byte": "integer",
    "short": "integer",
    "long": "integer",
    "Bigint": "integer",
    "number": "number",
    "float": "number",
    "double": "number",
    "boolean": "boolean",
    "bool": "boolean",
    "string": "string",
    "String": "string",
    "char": "string",
    "any": "string",
    "Any": "string",
    "array": "array",
    "list": "array",
    "tuple": "array",
    "Array": "array",
    "ArrayList": "array",
    "Queue": "array",
    "Stack": "array",
    "dict": "object",
    "object": "object",
    "HashMap": "object",
    "Hashtable": "object",
}
"""Declared type -> JSON Schema's; a type that is not here is a string."""

_SYNTAX = {
    Language.PYTHON: "Python 3",
    Language.JAVA: "Java 8",
    Language.JAVASCRIPT: "JavaScript",
}
_LISTS = {Language.JAVA: ("Array", "ArrayList"), Language.JAVASCRIPT: ("array",)}
_NAMES = {Language.JAVA: "Java", Language.JAVASCRIPT: "JavaScript"}
_MAX_DEPTH = 32
MOST_CALLS = 32


@dataclass(frozen=True)
class ToolSchema:
    """A function on offer; `parameters` is the JSON Schema of an object."""

    name: str
    description: str
    parameters: Mapping[str, Any]


def shown_document(document: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """A function's document with the language that its arguments are to be written in.

    Parameters of Java and JavaScript become texts that say which type they spell.
    """
    described = _sentences(
        document.get("description"), f"Its arguments are in {_SYNTAX[language]} syntax."
    )
    parameters = dict(document["parameters"])
    if language is not Language.PYTHON:
        parameters["properties"] = {
            name: _as_text(details, language) for name, details in parameters["properties"].items()
        }
    return {**document, "description": described, "parameters": parameters}


def tool_schema(
    document: Mapping[str, Any], language: Language, *, underscore_names: bool
) -> ToolSchema:
    """A function's document as a tool.

    Args:
        document: of BFCL, with `name` and `parameters`.
        language: see `shown_document`.
        underscore_names: write `_` for the dots of the name, which most endpoints refuse.

    >>> document = {"name": "m.f", "parameters": {"type": "dict", "properties":
    ...     {"x": {"type": "tuple", "items": {"type": "float"}}}, "required": ["x"]}}
    >>> tool = tool_schema(document, Language.PYTHON, underscore_names=True)
    >>> tool.name, tool.parameters["properties"]["x"]["type"]
    ('m_f', 'array')
    """
    shown = shown_document(document, language)
    name = str(shown["name"])
    schema = _schema({**shown["parameters"], "type": "dict"})
    return ToolSchema(
        name.replace(".", "_") if underscore_names else name, shown["description"], schema
    )


def _schema(details: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    """A declaration with JSON Schema's types, in all that it holds."""
    declared = details.get("type")
    type_ = JSON_TYPES.get(declared, "string") if isinstance(declared, str) else "string"
    schema: dict[str, Any] = {**details, "type": type_}
    if declared == "float":
        schema["format"] = "float"
        schema["description"] = _sentences(details.get("description"), "A float.")
    # As a keyword of its own this is no JSON Schema; which are required says it.
    schema.pop("optional", None)
    if isinstance(schema.get("required"), bool):
        del schema["required"]
    if depth > _MAX_DEPTH:
        return {"type": type_}
    properties, items = schema.get("properties"), schema.get("items")
    if isinstance(properties, Mapping):
        schema["properties"] = {
            name: _schema(each if isinstance(each, Mapping) else {}, depth + 1)
            for name, each in properties.items()
        }
    if isinstance(items, Mapping):
        schema["items"] = _schema(items, depth + 1) if items else {}
    elif type_ == "array":
        # Endpoints refuse an array that says nothing of its items.
        schema["items"] = {}
    return schema


def calls_schema(tools: Sequence[ToolSchema]) -> dict[str, Any]:
    """The JSON Schema of `{"calls": [{"name", "arguments"}, …]}` with calls of these tools alone.

    Only what every library of constrained decoding knows is kept of the tools' own schemas: types,
    properties, required ones, items and enumerations. No call at all satisfies it too.
    """
    call = [
        {
            "type": "object",
            "properties": {"name": {"enum": [tool.name]}, "arguments": _strict(tool.parameters)},
            "required": ["name", "arguments"],
            "additionalProperties": False,
        }
        for tool in tools
    ]
    calls: dict[str, Any] = {"type": "array", "items": {"anyOf": call}, "maxItems": MOST_CALLS}
    if not call:
        calls = {"type": "array", "maxItems": 0}
    return {
        "type": "object",
        "properties": {"calls": calls},
        "required": ["calls"],
        "additionalProperties": False,
    }


def _strict(schema: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    type_ = schema.get("type", "string")
    strict: dict[str, Any] = {"type": type_}
    values = schema.get("enum")
    if isinstance(values, list) and values and all(_is_of(value, type_) for value in values):
        return {"enum": values}
    if depth > _MAX_DEPTH:
        return strict
    properties, items = schema.get("properties"), schema.get("items")
    if type_ == "object" and isinstance(properties, Mapping):
        required = schema.get("required")
        named = required if isinstance(required, list) else []
        strict["properties"] = {name: _strict(each, depth + 1) for name, each in properties.items()}
        strict["required"] = [name for name in named if name in properties]
        strict["additionalProperties"] = False
    if type_ == "array" and isinstance(items, Mapping) and items:
        strict["items"] = _strict(items, depth + 1)
    return strict


def _is_of(value: object, type_: object) -> bool:
    kinds: dict[object, tuple[type, ...]] = {
        "string": (str,),
        "integer": (int,),
        "number": (int, float),
        "boolean": (bool,),
    }
    is_bool = isinstance(value, bool)
    return isinstance(value, kinds.get(type_, ())) and is_bool == (type_ == "boolean")


def _as_text(details: Mapping[str, Any], language: Language) -> dict[str, Any]:
    declared, name = str(details.get("type", "")), _NAMES[language]
    said = (
        f"Any {name} value, spelled in a text."
        if declared in ("any", "")
        else f"A {name} {declared}, spelled in a text."
    )
    text = {key: value for key, value in details.items() if key not in ("items", "properties")}
    items = details.get("items")
    if declared in _LISTS[language] and isinstance(items, Mapping):
        said += f" Its items are of type {items.get('type', 'any')}."
    if isinstance(details.get("properties"), Mapping):
        said += f" Its entries: {json.dumps(details['properties'], sort_keys=True)}."
    return {**text, "type": "string", "description": _sentences(details.get("description"), said)}


def _sentences(described: object, more: str) -> str:
    return f"{described} {more}" if isinstance(described, str) and described else more
