"""Source files deleted, emptied, renamed, stubbed, never run, or with the work taken out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from posixpath import basename, dirname, join, splitext

from judge.calibration.good import Known
from judge.calibration.mutation import Kind, Mutation
from judge.calibration.python_edits import (
    Definition,
    Stub,
    called,
    commented_out,
    definitions,
    functions,
    parsed,
    renamed_imports,
    stubbed,
    with_calls,
    without_start,
)

_WORD = re.compile(r"[A-Za-z_]\w{2,}")
_QUOTED = re.compile(r"[\"“`](\w[\w .-]*)[\"”`]")
_LOADS = re.compile(r"\b(?:load(?:ed|s|ing)?|downloaded|fetched|read)\b", re.I)
_READING = re.compile(r"^(?:load|fetch|read|open|get_data|download)", re.I)
_TRAINS = re.compile(r"\b(?:train(?:ed|s|ing)?|fitted|fine-?tuned|tuned)\b", re.I)
_VALIDATES = re.compile(
    r"\b(?:cross[- ]validat\w+|hyper-?parameters?|grid[- ]search|tuned|chosen by)\b", re.I
)
_FITS = frozenset({"fit", "fit_transform", "partial_fit", "train", "fit_generator", "backward"})
_CROSS_VALIDATES = frozenset({"cross_val_score", "cross_validate", "cross_val_predict"})
_SEARCHES = re.compile(r"\b(?:cross_val\w+|cross_validate|\w+SearchCV|\w*KFold|optuna|\w+CV)\b")
# What scikit-learn ships under other names than the one that was asked for.
_OTHERS = ("load_wine", "load_iris", "load_breast_cancer", "load_digits")


def code_mutations(known: Known) -> Iterator[Mutation]:
    """Mutations of the Python files that requirements name."""
    for path in known.sources:
        breaks = known.naming_source(path)
        if breaks:
            yield from _of_file(known, path, breaks)
            yield from _of_functions(known, path, breaks)
    for requirement in known.requirements:
        number = requirement.requirement_id
        for path in known.places(number).sources:
            if path in known.sources and number in known.naming_source(path):
                yield from _dataset_swapped(known, number, path)
                yield from _training_skipped(known, number, path)
    yield from _never_called(known)


def _of_file(known: Known, path: str, breaks: frozenset[int]) -> Iterator[Mutation]:
    text = known.text(path)
    tree = parsed(text)
    independent = _standing_alone(known, path)
    yield Mutation(Kind.CODE_DELETED, path, breaks, independent, {path: None})
    yield Mutation(Kind.CODE_EMPTIED, f"{path}: no bytes", breaks, independent, {path: b""})
    yield Mutation(
        Kind.CODE_EMPTIED,
        f"{path}: a docstring that names everything",
        breaks,
        independent,
        {path: _keywords(known, breaks, text).encode()},
    )
    commented = commented_out(text).encode()
    yield Mutation(
        Kind.CODE_EMPTIED, f"{path}: commented out", breaks, independent, {path: commented}
    )
    yield from _renamed(known, path, breaks)
    if tree is None or without_start_leaves_work(tree):
        return
    for stub in Stub:
        edited = stubbed(text, tree, stub)
        if edited != text and parsed(edited) is not None and list(functions(tree)):
            name = f"{path}: every function {stub.value}"
            yield Mutation(Kind.STUBBED, name, breaks, independent, {path: edited.encode()})


def without_start_leaves_work(tree: ast.Module) -> bool:
    """Whether a module does its work outside of functions, where stubs would not reach it."""
    return any(
        isinstance(statement, ast.For | ast.While | ast.With | ast.Try)
        or (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call))
        or (
            isinstance(statement, ast.Assign)
            and any(isinstance(node, ast.Call) for node in ast.walk(statement.value))
        )
        for statement in tree.body
    )


def _keywords(known: Known, numbers: frozenset[int], text: str) -> str:
    """A module that only speaks of what it should do, in the requirements' own words."""
    asked = " ".join(known.plain(number).replace("PATH", "this file") for number in sorted(numbers))
    names = sorted(set(_WORD.findall(text)))[:60]
    said = asked.replace("\\", "/").replace('"', "'")
    return f'"""{said}"""\n\nKEYWORDS = {names!r}\n'


def _renamed(known: Known, path: str, breaks: frozenset[int]) -> Iterator[Mutation]:
    """The file under another name, with the imports of it mended: the program runs as before."""
    stem = splitext(basename(path))[0]
    for how, new in (("another name", f"{stem}_module"), ("a better name", f"my_{stem}")):
        moved = join(dirname(path), f"{new}.py")
        if known.workspace.has(moved):
            continue
        edits: dict[str, bytes | None] = {}
        for other, text in known.python.items():
            mended = renamed_imports(text, stem, new)
            if other != path and mended != text:
                edits[other] = mended.encode()
        others = frozenset(
            r.requirement_id
            for r in known.requirements
            if path not in known.places(r.requirement_id).sources
            and known.places(r.requirement_id).sources
        )
        yield Mutation(Kind.RENAMED, f"{path}: {how}", breaks, others, edits, {path: moved})


def _standing_alone(known: Known, path: str) -> frozenset[int]:
    """Requirements for a mere definition in a file that does not import the one at `path`."""
    module = splitext(basename(path))[0]
    return frozenset(
        r.requirement_id
        for r in known.requirements
        if (sources := known.places(r.requirement_id).sources)
        and path not in sources
        and not known.is_doing(r.requirement_id)
        and not any(re.search(rf"\b{re.escape(module)}\b", known.text(s)) for s in sources)
    )


def _of_functions(known: Known, path: str, numbers: frozenset[int]) -> Iterator[Mutation]:
    """Only the function stubbed that holds all that shows the requirement."""
    text = known.text(path)
    tree = parsed(text)
    if tree is None or len(definitions(tree)) < 2:
        return
    for number in sorted(numbers):
        holder = _holder(known, path, number, text, tree)
        if holder is None:
            continue
        for stub in Stub:
            edited = stubbed(text, holder, stub)
            if edited != text and parsed(edited) is not None:
                yield Mutation(
                    Kind.STUBBED,
                    f"{path}: {holder.name} {stub.value}",
                    frozenset((number,)),
                    _standing_alone(known, path),
                    {path: edited.encode()},
                )


def _holder(known: Known, path: str, number: int, text: str, tree: ast.Module) -> Definition | None:
    """The one definition in which all cited lines stand, and outside of which nothing is named so.

    What is imported on other lines does not count; a name that another definition uses as well
    leaves room for doubt, and gives None.
    """
    cited = known.cited_lines(number, path)
    holders = [
        node
        for node in definitions(tree)
        if cited and all(node.lineno <= line <= (node.end_lineno or 0) for line in cited)
    ]
    if not holders or not list(functions(ast.Module([holders[0]], []))):
        return None
    holder = holders[0]
    lines = text.splitlines()
    on_cited = {line - 1 for line in cited}
    keys = {word for at in on_cited for word in _WORD.findall(lines[at])} - {"return", "self"}
    outside = [
        line
        for at, line in enumerate(lines, 1)
        if not holder.lineno <= at <= (holder.end_lineno or 0)
        and not re.match(r"\s*(?:from|import)\b", line)
    ]
    called_there = {name for name in keys if re.search(rf"\b{name}\(", "\n".join(outside))}
    calls_here = {name for name in keys if any(f"{name}(" in lines[at] for at in on_cited)}
    return None if called_there & calls_here - {"fit", "print"} else holder


def _dataset_swapped(known: Known, number: int, path: str) -> Iterator[Mutation]:
    """The named dataset's loading call replaced by made-up data, or by another dataset."""
    plain = known.plain(number)
    names = _QUOTED.findall(known.task.requirement(number).criteria)
    if not (_LOADS.search(plain) and names and re.search(r"\bdata(?:set)?s?\b", plain, re.I)):
        return
    text = known.text(path)
    tree = parsed(text)
    cited = known.cited_lines(number, path)
    if tree is None or not cited:
        return
    pairs = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Tuple)
        and len(node.targets[0].elts) == 2
    }

    def swapped(made_up: str, pair: str) -> str | None:
        def replacement(call: ast.Call, receiver: str) -> str | None:
            if not _READING.match(called(call)):
                return None
            return pair if id(call) in pairs else made_up

        return with_calls(text, tree, replacement)

    swaps = {
        "numpy noise": (
            '__import__("numpy").random.rand(1000, 64)',
            '(__import__("numpy").random.rand(1000, 64),'
            ' __import__("numpy").random.randint(0, 10, 1000))',
        ),
        "values typed in": (
            "[[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]",
            "([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], [0, 1])",
        ),
    }
    imports = {
        "drawn by numpy": (
            "import numpy as np\n",
            "np.random.default_rng(0).normal(size=(1000, 64))",
            "(np.random.default_rng(0).normal(size=(1000, 64)),"
            " np.random.default_rng(1).integers(0, 10, 1000))",
        ),
        "make_classification": (
            "from sklearn.datasets import make_classification\n",
            "make_classification(n_samples=1000, n_features=64)",
            "make_classification(n_samples=1000, n_features=64)",
        ),
    }
    for how, (made_up, pair) in swaps.items():
        edited = swapped(made_up, pair)
        if edited is not None:
            yield _of_dataset(known, number, path, how, edited)
    for how, (line, made_up, pair) in imports.items():
        edited = swapped(made_up, pair)
        if edited is not None:
            yield _of_dataset(known, number, path, how, _with_import(edited, line))
    for load in {called(n) for n in ast.walk(tree) if isinstance(n, ast.Call)} & set(_OTHERS):
        for other in _OTHERS:
            wanted = load.removeprefix("load_")
            if other != load and any(wanted in name.lower() for name in names):
                edited = re.sub(rf"\b{load}\b", other, text)
                yield _of_dataset(known, number, path, f"{other} instead", edited)


def _of_dataset(known: Known, number: int, path: str, how: str, edited: str) -> Mutation:
    return Mutation(
        Kind.DATASET,
        f"{path}: {how}",
        frozenset((number,)),
        _standing_alone(known, path),
        {path: edited.encode()},
    )


def _with_import(text: str, line: str) -> str:
    """The source with an import in front of its first one."""
    lines = text.splitlines(keepends=True)
    at = next((i for i, old in enumerate(lines) if re.match(r"(?:from|import) ", old)), 0)
    at = next((i for i, old in enumerate(lines) if old.startswith("from __future__")), at - 1) + 1
    return "".join([*lines[:at], line, *lines[at:]])


def _training_skipped(known: Known, number: int, path: str) -> Iterator[Mutation]:
    """The calls that fit or cross-validate taken out of the one file that makes them."""
    plain = known.plain(number)
    text = known.text(path)
    tree = parsed(text)
    if tree is None:
        return
    elsewhere = "\n".join(other for name, other in known.python.items() if name != path)
    validates = bool(_VALIDATES.search(plain))
    if validates and _SEARCHES.search(elsewhere):
        return
    if not validates:
        fits_elsewhere = re.search(rf"\.(?:{'|'.join(sorted(_FITS))})\(", elsewhere)
        if not _TRAINS.search(plain) or fits_elsewhere:
            return

    def skipped(scores: str) -> str | None:
        def replacement(call: ast.Call, receiver: str) -> str | None:
            if called(call) in _CROSS_VALIDATES:
                return scores
            return receiver or None if called(call) in _FITS else None

        return with_calls(text, tree, replacement)

    variants = {"no call fits": "[]"}
    if validates:
        variants["scores typed in"] = "[-0.91, -0.93, -0.92]"
    seen: set[str] = set()
    for how, scores in variants.items():
        edited = skipped(scores)
        if edited is None or edited in seen:
            continue
        seen.add(edited)
        yield Mutation(
            Kind.UNTRAINED,
            f"{path}: {how}",
            frozenset((number,)),
            _standing_alone(known, path),
            {path: edited.encode()},
        )


def _never_called(known: Known) -> Iterator[Mutation]:
    """No file starts anything: all is defined and nothing is done."""
    edits: dict[str, bytes | None] = {}
    for path, text in known.python.items():
        tree = parsed(text)
        if tree is None:
            return
        edited = without_start(text, tree)
        if edited is not None:
            edits[path] = edited.encode()
    named = [r.requirement_id for r in known.requirements if known.places(r.requirement_id).sources]
    has_other_code = any(
        entry.path.endswith((".sh", ".ipynb", ".js", ".ts")) for entry in known.workspace.files
    )
    breaks = frozenset(n for n in named if known.is_doing(n) and known.needs_all_it_names(n))
    if edits and breaks and not has_other_code:
        untouched = frozenset(
            n
            for n in named
            if not known.is_doing(n) and not set(known.places(n).sources) & edits.keys()
        )
        yield Mutation(Kind.NEVER_CALLED, "no file starts anything", breaks, untouched, edits)
