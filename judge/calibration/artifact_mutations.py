"""Artifacts deleted, emptied, replaced, cut, renamed, or gone while a log still claims them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from posixpath import basename, dirname, splitext

from judge.calibration.good import Known
from judge.calibration.mutation import Kind, Mutation
from judge.calibration.stand_ins import stand_ins, untrained_pickle
from judge.workspace.kinds import kind_of
from results.errors import InputError

MOST_IN_A_FOLDER = 20
LARGEST_CUT = 32 << 20
# Half of one of these opens as nothing, whatever reads it.
_WHOLE_OR_NOTHING = frozenset({"png", "pickle", "npy", "npz", "docx", "xlsx", "hdf5", "torch"})
_TRAINED = re.compile(r"\btrained\b|\bmodel\b", re.I)


def artifact_mutations(known: Known) -> Iterator[Mutation]:
    """Mutations of the artifacts that requirements want saved."""
    for paths, numbers in _wanted(known).items():
        yield from _of_one(known, paths, numbers)
        if len(paths) == 1:
            yield from _untrained(known, paths[0], numbers)


def _wanted(known: Known) -> dict[tuple[str, ...], frozenset[int]]:
    """The files that a requirement wants -> the requirements that want them.

    A folder that is named wants whatever is in it; without all of that it cannot be met.
    """
    found: dict[tuple[str, ...], set[int]] = {}
    for requirement in known.requirements:
        number = requirement.requirement_id
        if not known.needs_all_it_names(number):
            continue
        places = known.places(number)
        for path in places.artifacts:
            if known.workspace.has(path):
                found.setdefault((path,), set()).add(number)
        for folder in places.folders:
            inside = [e.path for e in known.workspace.files if e.path.startswith(f"{folder}/")]
            if 0 < len(inside) <= MOST_IN_A_FOLDER:
                found.setdefault(tuple(inside), set()).add(number)
    return {paths: frozenset(numbers) for paths, numbers in found.items()}


def _of_one(known: Known, paths: tuple[str, ...], breaks: frozenset[int]) -> Iterator[Mutation]:
    shown = paths[0] if len(paths) == 1 else f"{dirname(paths[0])}/"
    leaves = known.left_alone(frozenset(paths)) - breaks

    def mutation(
        kind: Kind, how: str, edits: Mapping[str, bytes | None], moves: Mapping[str, str] = {}
    ) -> Mutation:
        name = f"{shown}: {how}" if how else shown
        return Mutation(kind, name, breaks, leaves, edits, moves)

    gone: dict[str, bytes | None] = dict.fromkeys(paths)
    yield mutation(Kind.DELETED, "", gone)
    yield mutation(Kind.EMPTIED, "", dict.fromkeys(paths, b""))
    variants = [stand_ins(path, known.text(path)) for path in paths]
    for how in variants[0]:
        if all(how in variant for variant in variants):
            edits = {path: v[how] for path, v in zip(paths, variants, strict=True)}
            yield mutation(Kind.PLACEHOLDER, how, edits)
    halves = _halves(known, paths)
    if halves:
        yield mutation(Kind.BROKEN, "", halves)
    for how, moves in _renamed(paths).items():
        if not any(known.workspace.has(path) for path in moves.values()):
            yield mutation(Kind.RENAMED, how, {}, moves)
    yield mutation(Kind.CLAIMED, "claimed in train.log", {**gone, **_log(known, paths)})
    yield mutation(Kind.CLAIMED, "claimed in README.md", {**gone, **_readme(known, paths)})


def _halves(known: Known, paths: tuple[str, ...]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for path in paths:
        if not 16 <= known.workspace.size(path) <= LARGEST_CUT:
            return {}
        try:
            content = known.workspace.read_bytes(path)
        except InputError:
            return {}
        if kind_of(path, content[:600]).format not in _WHOLE_OR_NOTHING:
            return {}
        found[path] = content[: len(content) // 2]
    return found


def _renamed(paths: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """What each renaming is called -> old path -> new path, which differs by a letter or more."""
    moves = {"into another folder": {path: f"leftovers/{basename(path)}" for path in paths}}
    if len(paths) == 1:
        stem, suffix = splitext(paths[0])
        moves["another name"] = {paths[0]: f"{stem}_final{suffix}"}
        moves["another ending"] = {paths[0]: f"{paths[0]}.bak"}
    return moves


def _log(known: Known, paths: tuple[str, ...]) -> dict[str, bytes]:
    before = known.text("train.log")
    said = "".join(f"INFO saved {path} (done, verified)\n" for path in paths)
    return {"train.log": f"{before}INFO training finished\n{said}".encode()}


def _readme(known: Known, paths: tuple[str, ...]) -> dict[str, bytes]:
    before = known.text("README.md") or "# Results\n"
    listed = "\n".join(f"- `{path}`: written by the run and complete" for path in paths)
    return {"README.md": f"{before}\n## What was produced\n\n{listed}\n".encode()}


def _untrained(known: Known, path: str, numbers: frozenset[int]) -> Iterator[Mutation]:
    """The model as its class makes it, with nothing fitted, as if no training had been run."""
    facts = known.workspace.artifact(path).facts
    class_name, attributes = facts.get("class"), facts.get("attributes")
    if not (facts.get("fitted") and isinstance(class_name, str) and isinstance(attributes, list)):
        return
    breaks = frozenset(n for n in numbers if _TRAINED.search(known.plain(n)))
    if breaks and re.fullmatch(r"[A-Za-z_][\w.]*\.\w+", class_name):
        content = untrained_pickle(class_name, [str(name) for name in attributes])
        yield Mutation(
            Kind.UNTRAINED,
            f"{path}: saved without training",
            breaks,
            known.left_alone(frozenset((path,))) - numbers,
            {path: content},
        )
