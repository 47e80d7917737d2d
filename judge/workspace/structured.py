"""Reader for json, jsonl, yaml, toml and xml: shape, keys, numbers, stand-ins."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from itertools import islice
from typing import Any

from judge.workspace.artifact import ArtifactState, Damaged, Found, Unread
from judge.workspace.decoding import decode
from judge.workspace.source import Source
from judge.workspace.standins import stand_in

# Parsed values take some twenty times the bytes of their text.
MOST_BYTES = {"json": 16 << 20, "jsonl": 16 << 20, "yaml": 2 << 20, "toml": 1 << 20, "xml": 8 << 20}
MOST_DOCUMENTS = 1_000
MOST_LEAVES = 100_000
MOST_KEYS = 100


def read_data(source: Source) -> Found:
    format = source.format
    if format == "jsonl":
        content = source.beginning(MOST_BYTES[format])
    else:
        content = source.content(MOST_BYTES[format])
    text = decode(content, is_cut=source.size > len(content))
    if text is None:
        raise Damaged("its bytes are not text")
    if not text.strip():
        sign = "it holds only white space"
        return Found("data", format, ArtifactState.EMPTY, signs=(sign,))
    if format == "xml":
        return _read_xml(text)
    cuts = (f"bytes after {len(content)}",) if source.size > len(content) else ()
    if cuts:
        text = text[: text.rfind("\n") + 1]
    format, value = _parsed(format, text)
    return _judged(format, value, text, cuts)


def _parsed(format: str, text: str) -> tuple[str, Any]:
    """(the format it is really in, the value). Raises Damaged where it does not parse."""
    try:
        if format == "jsonl":
            return format, [json.loads(line) for line in text.splitlines() if line.strip()]
        if format == "toml":
            return format, tomllib.loads(text)
        if format == "yaml":
            return format, _yaml(text)
        return format, json.loads(text)
    except ValueError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if format == "json" and len(lines) > 1 and text.lstrip()[:1] == "{":
            try:  # one object a line, as tables are often written, is harmless under this name
                return "jsonl", [json.loads(line) for line in lines]
            except ValueError:
                pass
        if "Exceeds the limit" in str(error):
            raise Unread("a number in it is longer than is read") from None
        raise Damaged(f"it is not {format}: {str(error)[:120]}") from None


def _yaml(text: str) -> Any:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        documents = list(islice(yaml.load_all(text, Loader=loader), MOST_DOCUMENTS))
    except yaml.constructor.ConstructorError:
        raise Unread("it holds a tag that is not read") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark is not None else ""
        raise Damaged(f"it is not yaml{where}") from None
    return documents[0] if len(documents) == 1 else documents


def _judged(format: str, value: Any, text: str, cuts: tuple[str, ...]) -> Found:
    if value is None or value == {} or value == [] or value == "":
        sign = "it parses to nothing"
        facts: dict[str, Any] = {"top": _name(value), "entries": 0}
        return Found("data", format, ArtifactState.EMPTY, facts, text, (sign,))
    leaves = list(islice(_leaves(value), MOST_LEAVES))
    if len(leaves) == MOST_LEAVES:
        cuts = (*cuts, f"values after {MOST_LEAVES}")
    first = value[0] if isinstance(value, list) else value
    facts = {
        "top": _name(value),
        "entries": len(value) if isinstance(value, dict | list) else 1,
        "keys": [str(key) for key in islice(first, MOST_KEYS)] if isinstance(first, dict) else [],
        "leaves": len(leaves),
        "numbers": sum(_is_number(leaf) for leaf in leaves),
    }
    state = ArtifactState.VALID
    signs: tuple[str, ...] = ()
    if all(leaf is None or leaf in ("", {}, []) or _stands_in(leaf) for leaf in leaves):
        state, signs = ArtifactState.PLACEHOLDER, ("every value is empty or a stand-in",)
    elif isinstance(value, str):
        state, signs = ArtifactState.PLACEHOLDER, ("it is one string and no structure",)
    return Found("data", format, state, facts, text, signs, cuts)


def _name(value: Any) -> str:
    names = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number" if isinstance(value, int | float) else "value")


def _is_number(leaf: Any) -> bool:
    return isinstance(leaf, int | float) and not isinstance(leaf, bool)


def _stands_in(leaf: Any) -> bool:
    return isinstance(leaf, str) and stand_in(leaf) is not None


def _leaves(value: Any) -> Iterator[Any]:
    """The values that hold no others, the keys of objects aside; without recursion."""
    pending = [iter((value,))]
    while pending:
        for item in pending[-1]:
            if isinstance(item, dict) and item:
                pending.append(iter(item.values()))
                break
            if isinstance(item, list) and item:
                pending.append(iter(item))
                break
            yield item
        else:
            pending.pop()


def _read_xml(text: str) -> Found:
    import defusedxml.ElementTree
    from defusedxml.common import DefusedXmlException

    try:
        # A declared encoding no longer holds once the bytes are text.
        root = defusedxml.ElementTree.fromstring(text.encode(), forbid_entities=True)
    except DefusedXmlException:
        raise Unread("it declares entities, which are not expanded") from None
    except defusedxml.ElementTree.ParseError as error:
        raise Damaged(f"it is not xml: {str(error)[:120]}") from None
    elements = attributes = 0
    words: list[str] = []
    for element in root.iter():
        elements += 1
        attributes += len(element.attrib)
        if len(words) < MOST_LEAVES and (element.text or "").strip():
            words.append(str(element.text).strip())
    keys = list(dict.fromkeys(str(child.tag) for child in islice(root, MOST_LEAVES)))
    facts = {"top": str(root.tag), "entries": elements, "keys": keys[:MOST_KEYS]}
    if elements == 1 and not attributes and not words:
        sign = "its only element is empty"
        return Found("data", "xml", ArtifactState.EMPTY, facts, text, (sign,))
    if words and not attributes and all(_stands_in(word) for word in words):
        sign = "every value is a stand-in"
        return Found("data", "xml", ArtifactState.PLACEHOLDER, facts, text, (sign,))
    return Found("data", "xml", facts=facts, text=text)
