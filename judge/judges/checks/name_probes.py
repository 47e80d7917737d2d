"""Probes of names that a requirement marks: fields, tables, keys, statements."""

from __future__ import annotations

import re

from judge.code.facts import Key
from judge.judges.checks.asking import Act, Ask, Demand
from judge.judges.checks.data_access import created_tables, name_pattern
from judge.judges.checks.findings import Finding, fails, holds, unknown
from judge.judges.checks.scene import Scene
from judge.judges.checks.traces import works_at_length
from judge.judges.checks.vocabulary import Kind

_OF_A_DATABASE = re.compile(r"\b(?:database|tables?|schema)\b", re.I)
_WHOLE = re.compile(r"\.items\(|\.values\(|select \*|st\.json\(|to_dict\(|asdict\(", re.I)


def probe_name(scene: Scene, ask: Ask, demand: Demand, keys: frozenset[Key]) -> Finding:
    """Whether code of a region works with a name that the vocabulary does not know."""
    if demand.is_code_name and re.search(r"[()=/ ]", demand.phrase):
        return _snippet(scene, ask, demand, keys)
    is_of_data = not ask.places.sources and not ask.of_kind(Kind.APP)
    if demand.is_code_name and is_of_data and _OF_A_DATABASE.search(ask.plain):
        found = _in_schema(scene, demand)
        if found is not None:
            return found
    return _worked_with(scene, ask, demand, keys)


def _snippet(scene: Scene, ask: Ask, demand: Demand, keys: frozenset[Key]) -> Finding:
    where = " and ".join(ask.places.sources) or "the code"
    wanted = _squeezed(demand.phrase.lower())
    for path, line, _, full in _statements(scene, ask, keys):
        if wanted in _squeezed(full.lower()):
            return holds(
                f"{path} has {demand.name}, line {line}", 0.85, scene.sight.citation(path, line)
            )
    if ask.places.sources:
        return fails(f"{where} does not have {demand.name}", 0.7)
    return unknown(f"{demand.name} is not something that the checks know")


def _in_schema(scene: Scene, demand: Demand) -> Finding | None:
    """A table or column, in the databases that are there or in those that reached code makes."""
    pattern = name_pattern(demand.phrase)
    seen = False
    for path in sorted(scene.paths):
        if not path.lower().endswith((".db", ".sqlite", ".sqlite3")):
            continue
        artifact = scene.workspace.artifact(path)
        if artifact.format != "sqlite" or not artifact.is_valid:
            continue
        seen = True
        if pattern.search(artifact.text):
            shown = scene.measured(artifact)
            return holds(f"the database {path} has {demand.name}", 0.74, shown)
    for path in scene.sight.product_paths:
        tree = scene.sight.tree(path)
        for line, text in created_tables(tree) if tree is not None else ():
            scope = scene.sight.scope_of(path, line)
            if not scene.sight.is_live(path, line) or not scene.sight.graph.is_reached(path, scope):
                continue
            seen = True
            if pattern.search(text):
                citation = scene.sight.citation(path, line)
                return holds(f"{path} makes a table with {demand.name}", 0.7, citation)
    if seen:
        return fails(f"no database that is there or is made has {demand.name}", 0.68)
    return None


def _worked_with(scene: Scene, ask: Ask, demand: Demand, keys: frozenset[Key]) -> Finding:
    where = " and ".join(ask.places.sources) or "the code"
    pattern = name_pattern(demand.phrase)
    spoken: tuple[str, int] | None = None
    hands_on = False
    for path, line, bare, full in _statements(scene, ask, keys):
        hands_on = hands_on or bool(_WHOLE.search(full))
        if not pattern.search(full if demand.is_code_name else bare):
            continue
        if scene.sight.tree(path) is not None:
            works: set[int] = set(
                scene.sight.accesses(path, demand.phrase)
                & set(range(line, scene.sight.end_of(path, line) + 1))
            )
        else:
            works = {line} if _does_something(bare) else set()
        if works and not scene.sight.is_wasted(path, line):
            at = min(works)
            fault = scene.health.blocks(path)
            if fault is not None and ask.act is Act.DO:
                return unknown(
                    f"{path} works with {demand.name}, but no program that uses it runs: "
                    f"{fault.text}",
                    scene.sight.citation(fault.path, fault.line),
                )
            return holds(
                f"{path} works with {demand.name}, line {at}",
                0.62 if demand.is_code_name else 0.58,
                scene.sight.citation(path, at),
            )
        spoken = spoken or (path, line)
    if spoken is not None:
        path, line = spoken
        return unknown(
            f"{path} speaks of {demand.name} (line {line}), which need not be work with it",
            scene.sight.citation(path, line),
        )
    if demand.is_code_name and ask.places.sources:
        if hands_on and works_at_length(scene, keys):
            return unknown(f"whether {where} works with {demand.name} cannot be told")
        return fails(f"no working code in {where} speaks of {demand.name}", 0.66)
    return unknown(f"{demand.name} is not something that the checks know")


def _statements(scene: Scene, ask: Ask, keys: frozenset[Key]) -> list[tuple[str, int, str, str]]:
    """(path, line, bare, full) of the statements of a region that run, as far as is asked."""
    found: list[tuple[str, int, str, str]] = []
    named = set(ask.places.sources)
    for path in sorted({path for path, _ in keys}, key=lambda path: (path not in named, path)):
        for statement in scene.sight.statements(path):
            scope = scene.sight.scope_of(path, statement.line)
            if (path, scope) not in keys:
                continue
            if ask.act is Act.DO and not scene.sight.graph.is_reached(path, scope):
                continue
            found.append((path, statement.line, statement.bare, statement.full))
    return found


def _squeezed(text: str) -> str:
    return re.sub(r"[\s'\"`;]", "", text)


def _does_something(statement: str) -> bool:
    """Whether a statement calls, subscripts or loops, as opposed to a bare list of words."""
    return bool(re.search(r"\w\(|\w\[|^for\b|^with\b|^return\b.*\w\.", statement))
