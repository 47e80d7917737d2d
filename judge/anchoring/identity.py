"""What makes a judge the one it is: its name, model, prompts, settings, versions and code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import judge
from results.records import RunRecord

CODE = "code"
# The rooms and modules that a verdict comes from; the others only run judges or show verdicts.
_ROOMS = ("judges", "modules", "workspace", "code", "trajectory", "prompts")
_SHOWN = 60


def identity_of(record: RunRecord) -> dict[str, str]:
    """Part of a judge -> what it is, as the record of a run says it.

    A mark that is drawn anew for every run is no part of the judge, nor is Python's version. The
    hash of the code is known of the runs over an anchor alone.
    """
    described = _without_nonce(record.config.get("judge") or {})
    found = {
        "the judge": record.judge,
        "the model": record.model or "none",
        "the setting": record.setting,
    }
    for name, value in described.items():
        if name not in ("prompts", "model", "judge"):
            found[f"the setting {name}"] = json.dumps(value, sort_keys=True)
    for name, sha in record.hashes.items():
        if name.startswith("prompt:"):
            found[f"the prompt {name.removeprefix('prompt:')}"] = sha
    for name, version in record.versions.items():
        if name != "python":
            found[f"the version of {name}"] = version
    if isinstance(code := record.config.get(CODE), str):
        found["the judge's code"] = code
    return found


def changes(before: RunRecord, now: RunRecord) -> tuple[str, ...]:
    """What of the judge differs between two runs, a clause each; empty for the same judge."""
    first, second = identity_of(before), identity_of(now)
    if not {CODE} <= before.config.keys() & now.config.keys():
        first.pop("the judge's code", None)
        second.pop("the judge's code", None)
    return tuple(
        _clause(name, first.get(name), second.get(name))
        for name in dict.fromkeys((*first, *second))
        if first.get(name) != second.get(name)
    )


@cache
def hash_of_code() -> str:
    """A hash of the code and prompts that verdicts come from."""
    root = Path(judge.__file__).parent
    files = [*root.glob("*.py")]
    for room in _ROOMS:
        files += [file for file in (root / room).rglob("*") if file.suffix in (".py", ".md")]
    total = hashlib.sha256()
    for file in sorted(files):
        total.update(f"{file.relative_to(root).as_posix()}\0".encode())
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def _clause(name: str, before: str | None, now: str | None) -> str:
    if "prompt" in name or "code" in name or before is None or now is None:
        return f"{name} changed"
    return f"{name} was {_short(before)} and is {_short(now)}"


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _without_nonce(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_nonce(part) for name, part in value.items() if name != "nonce"}
    if isinstance(value, list | tuple):
        return [_without_nonce(part) for part in value]
    return value
