"""The locate module: the files of a workspace that a requirement is about."""

from __future__ import annotations

import re
from dataclasses import dataclass
from posixpath import basename

from judge.inspection import Inspection
from judge.judges.checks.places import take_apart

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]{2,}")
_COMMON = frozenset(
    "the and for are with from that this into using use used been has have should must will not "
    "any all its each than then such via per file files folder directory saved save stored "
    "implemented implement loaded load including included include results result".split()
)


@dataclass(frozen=True, slots=True)
class Located:
    """A file and why it was chosen; a named file that is missing has `exists` False."""

    path: str
    score: float
    why: str
    exists: bool = True


def named_paths(criteria: str) -> tuple[str, ...]:
    """The files, and with a slash at their end the folders, that a sentence names by path."""
    places = take_apart(criteria).places
    folders = [f"{folder}/" for folder in places.folders]
    named = [*places.sources, *places.artifacts, *places.inputs, *folders]
    return tuple(dict.fromkeys(named))


def locate(inspection: Inspection, criteria: str, limit: int = 6) -> list[Located]:
    """The files most about the requirement, best first; named files that are missing come too.

    A path that the sentence names counts most, then the same name elsewhere, then files whose code
    or name shares its words.
    """
    workspace = inspection.workspace
    named = named_paths(criteria)
    found: dict[str, Located] = {}
    for path in named:
        if path.endswith("/"):
            inside = [e.path for e in workspace.files if e.path.startswith(path)]
            for inner in inside[:limit]:
                found.setdefault(inner, Located(inner, 8.0, f"in {path}"))
            if not inside:
                found[path] = Located(path, 10.0, "named", exists=False)
        elif workspace.has(path):
            found[path] = Located(path, 10.0, "named")
        else:
            found[path] = Located(path, 10.0, "named", exists=False)
            for entry in workspace.files:
                if basename(entry.path) == basename(path):
                    why = f"has the name of the missing {path}"
                    found.setdefault(entry.path, Located(entry.path, 6.0, why))
    words = _words(criteria)
    for entry in workspace.files:
        if entry.path in found:
            continue
        score = _likeness(inspection, entry.path, words)
        if score > 0:
            found[entry.path] = Located(entry.path, score, "shares its words")
    for path in _neighbours(inspection, [p for p in named if workspace.has(p)]):
        found.setdefault(path, Located(path, 3.0, "is imported by a named file"))
    ordered = sorted(found.values(), key=lambda item: (-item.score, item.path))
    return ordered[:limit]


def _words(criteria: str) -> frozenset[str]:
    return frozenset(w.lower() for w in _WORD.findall(criteria) if w.lower() not in _COMMON)


def _likeness(inspection: Inspection, path: str, words: frozenset[str]) -> float:
    in_name = {w.lower() for w in _WORD.findall(re.sub(r"([a-z])([A-Z])|_", r"\1 \2", path))}
    score = 1.5 * len(words & in_name)
    if path in inspection.graph.modules:
        names = " ".join(inspection.graph.identifiers(path))
        in_code = {w.lower() for w in _WORD.findall(re.sub(r"([a-z])([A-Z])|_", r"\1 \2", names))}
        score += len(words & in_code) / 2
    return score


def _neighbours(inspection: Inspection, paths: list[str]) -> list[str]:
    """The modules of the workspace that these files import and use."""
    return list(
        dict.fromkeys(
            used.resolved_path
            for path in paths
            for used in inspection.graph.imports_in(path)
            if used.is_local and used.resolved_path and used.is_used
        )
    )
