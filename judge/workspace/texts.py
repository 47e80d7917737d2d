"""Readers for text: source, prose, html, notebooks, json and its kin."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

from judge.workspace.artifact import ArtifactState, Found
from judge.workspace.decoding import decode

# A whole text that is nothing but one of these stands in for what should be there.
_STAND_IN = re.compile(
    r"^(?:this (?:is|file is) (?:an? )?)?(?:the )?(?:\w+ ){0,3}?"
    r"(?:placeholder|dummy|stub|todo|tbd|fixme|n/?a|none|null|coming soon"
    r"|to be (?:done|added|filled|written|generated|completed|implemented)|lorem ipsum"
    r"|sample (?:text|output|content|data|file)"
    r"|(?:go(?:es)?|will (?:be|go)|would (?:be|go)|should (?:be|go)) here"
    r"|not (?:yet )?implemented)\b"
    r"(?:[\s\w]{0,60})?$",
    re.I,
)
_WORD = re.compile(r"\w+")
_DEPTH_TEXT = 4_000


def read_unknown(content: bytes, path: str, format: str, size: int) -> Found:
    text = decode(content)
    if text is None:
        return Found("binary", format, facts={}, signs=())
    return read_text(content, path, "text", size)


def stand_in(text: str) -> str | None:
    """Why a whole text is a stand-in, or None when it says something of its own."""
    folded = " ".join(_WORD.findall(text)).strip()
    if not folded:
        return "it holds no words"
    plain = re.sub(r"[^\w\s/]+", " ", text).strip()
    plain = " ".join(plain.split())
    if len(plain) <= 120 and _STAND_IN.match(plain):
        return f"the whole text is {plain[:60]!r}"
    return None


def _judged(kind: str, format: str, text: str, facts: dict[str, Any]) -> Found:
    if not text.strip():
        return Found(kind, format, ArtifactState.EMPTY, facts, "", ("it holds only white space",))
    sign = stand_in(text)
    if sign is not None:
        return Found(kind, format, ArtifactState.PLACEHOLDER, facts, text, (sign,))
    return Found(kind, format, ArtifactState.VALID, facts, text)


def _text_or_broken(content: bytes, kind: str, format: str) -> str | Found:
    text = decode(content)
    if text is None:
        return Found(kind, format, ArtifactState.BROKEN, signs=("its bytes are not text",))
    return text


def read_text(content: bytes, path: str, format: str, size: int) -> Found:
    kind = "markdown" if format in ("md", "markdown") else "text"
    text = _text_or_broken(content, kind, format)
    if isinstance(text, Found):
        return text
    facts = {"lines": text.count("\n") + 1, "words": len(_WORD.findall(text))}
    return _judged(kind, format, text, facts)


def read_code(content: bytes, path: str, format: str, size: int) -> Found:
    text = _text_or_broken(content, "code", format)
    if isinstance(text, Found):
        return text
    if not text.strip():
        return Found("code", format, ArtifactState.EMPTY, signs=("it holds only white space",))
    return Found("code", format, facts={"lines": text.count("\n") + 1}, text=text)


def read_html(content: bytes, path: str, format: str, size: int) -> Found:
    from bs4 import BeautifulSoup

    text = _text_or_broken(content, "html", format)
    if isinstance(text, Found):
        return text
    soup = BeautifulSoup(text[:5_000_000], "html.parser")
    tags = soup.find_all(True)
    scripts = sum(len(script.get_text()) for script in soup.find_all("script"))
    for hidden in soup.find_all(["script", "style"]):
        hidden.extract()
    shown = " ".join(soup.get_text(" ").split())
    facts = {
        "words": len(_WORD.findall(shown)),
        "elements": len(tags),
        "images": len(soup.find_all("img")) + len(soup.find_all("svg")),
        "tables": len(soup.find_all("table")),
        "script_chars": scripts,
        "headings": [h.get_text(" ").strip()[:80] for h in soup.find_all(["h1", "h2", "h3"])][:20],
    }
    if not tags:
        sign = "it holds no html element"
        return Found("html", format, ArtifactState.BROKEN, facts, shown, (sign,))
    if scripts < 200 and not facts["images"]:
        judged = _judged("html", format, shown, facts)
        if judged.state is not ArtifactState.VALID:
            return judged
    return Found("html", format, facts=facts, text=shown)


def read_notebook(content: bytes, path: str, format: str, size: int) -> Found:
    notebook = json.loads(content.decode("utf-8-sig"))
    cells = notebook["cells"]
    parts: list[str] = []
    run = images = code = 0
    for cell in cells:
        source = _joined(cell.get("source", ""))
        if not source.strip():
            continue
        parts.append(source)
        if cell.get("cell_type") != "code":
            continue
        code += 1
        run += bool(cell.get("execution_count") or cell.get("outputs"))
        for output in cell.get("outputs") or ():
            data = output.get("data") or {}
            images += any(key.startswith("image/") for key in data)
            shown = _joined(output.get("text", "")) or _joined(data.get("text/plain", ""))
            parts.append("\n".join(f"# > {line}" for line in shown[:_DEPTH_TEXT].splitlines()))
    facts = {"cells": len(cells), "code_cells": code, "cells_run": run, "images": images}
    text = "\n".join(parts)
    if not text.strip():
        sign = "no cell holds anything"
        return Found("notebook", format, ArtifactState.EMPTY, facts, signs=(sign,))
    return Found("notebook", format, facts=facts, text=text)


def read_data(content: bytes, path: str, format: str, size: int) -> Found:
    text = _text_or_broken(content, "data", format)
    if isinstance(text, Found):
        return text
    if not text.strip():
        return Found("data", format, ArtifactState.EMPTY, signs=("it holds only white space",))
    if format == "json":
        value: Any = json.loads(text)
    elif format == "jsonl":
        value = [json.loads(line) for line in text.splitlines() if line.strip()]
    elif format == "toml":
        value = tomllib.loads(text)
    elif format == "xml":
        import defusedxml.ElementTree

        root = defusedxml.ElementTree.fromstring(text)
        elements = sum(1 for _ in root.iter())
        return Found("data", format, facts={"entries": elements}, text=text)
    else:
        import yaml

        # Aliases can make a small file a huge value, and no result file needs them in number.
        if text.count("*") > 1_000:
            sign = "more aliases than are read"
            return Found("data", format, ArtifactState.UNREADABLE, signs=(sign,))
        value = yaml.safe_load(text)
    if value in (None, {}, [], "", 0):
        sign = "it parses to nothing"
        return Found("data", format, ArtifactState.EMPTY, {"entries": 0}, text, (sign,))
    leaves = _leaves(value)
    facts = {"entries": len(value) if isinstance(value, (dict, list)) else 1, "leaves": len(leaves)}
    if leaves and all(leaf in (None, "", {}, []) or _stands_in(leaf) for leaf in leaves):
        sign = "every value is empty or a stand-in"
        return Found("data", format, ArtifactState.PLACEHOLDER, facts, text, (sign,))
    return Found("data", format, facts=facts, text=text)


def _stands_in(leaf: object) -> bool:
    return isinstance(leaf, str) and stand_in(leaf) is not None


def _leaves(value: Any) -> list[Any]:
    found: list[Any] = []
    pending = [value]
    while pending and len(found) < 10_000:
        item = pending.pop()
        if isinstance(item, dict) and item:
            pending.extend(item.values())
        elif isinstance(item, list) and item:
            pending.extend(item)
        else:
            found.append(item)
    return found


def _joined(source: object) -> str:
    return "".join(map(str, source)) if isinstance(source, list) else str(source)
