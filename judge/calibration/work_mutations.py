"""Work taken out of code: another dataset in its place, training skipped, nothing ever called."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from judge.calibration.good import Known
from judge.calibration.mutation import Kind, Mutation
from judge.calibration.python_edits import called, parsed, with_calls, without_start

_QUOTED = re.compile(r"[\"“`](\w[\w .-]*)[\"”`]")
_LOADS = re.compile(r"\b(?:load(?:ed|s|ing)?|downloaded|fetched|read)\b", re.I)
_READING = re.compile(r"^(?:load|fetch|read|open|get_data|download)", re.I)
_TRAINS = re.compile(r"\b(?:train(?:ed|s|ing)?|fitted|fine-?tuned|tuned)\b", re.I)
_VALIDATES = re.compile(
    r"\b(?:cross[- ]validat\w+|hyper-?parameters?|grid[- ]search|tuned|chosen by)\b", re.I
)
_FITS = frozenset("fit partial_fit fit_generator backward train_on_batch apply_gradients".split())
_CROSS_VALIDATES = frozenset({"cross_val_score", "cross_validate", "cross_val_predict"})
_SEARCHES = re.compile(r"\b(?:cross_val\w+|cross_validate|\w+SearchCV|\w*KFold|optuna|\w+CV)\b")
# What scikit-learn ships under other names than the one that was asked for.
_OTHERS = ("load_wine", "load_iris", "load_breast_cancer", "load_digits")

# How made-up data is called -> the import it takes, and what stands for one value or for two.
_MADE_UP = {
    "numpy noise": (
        "",
        '__import__("numpy").random.rand(1000, 64)',
        '(__import__("numpy").random.rand(1000, 64),'
        ' __import__("numpy").random.randint(0, 10, 1000))',
    ),
    "values typed in": (
        "",
        "[[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]",
        "([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], [0, 1])",
    ),
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


def work_mutations(known: Known) -> Iterator[Mutation]:
    """Mutations of what the Python files that requirements name do when they are run."""
    for requirement in known.requirements:
        number = requirement.requirement_id
        for path in known.places(number).sources:
            if path in known.sources and number in known.naming_source(path):
                yield from _dataset_swapped(known, number, path)
                yield from _training_skipped(known, number, path)
    yield from _never_called(known)


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

    for how, (line, made_up, pair) in _MADE_UP.items():
        edited = swapped(made_up, pair)
        if edited is not None:
            yield _of_dataset(known, number, path, how, _with_import(edited, line))
    loads = {called(node) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for load in sorted(loads & set(_OTHERS)):
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
        known.standing_alone(path),
        {path: edited.encode()},
    )


def _with_import(text: str, line: str) -> str:
    """The source with an import in front of its others."""
    lines = text.splitlines(keepends=True)
    imports = [at for at, old in enumerate(lines) if re.match(r"(?:from|import) ", old)]
    future = [at + 1 for at in imports if lines[at].startswith("from __future__")]
    at = max(future) if future else min(imports, default=0)
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
            known.standing_alone(path),
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
