"""Results that are missing from their file, or that the code no longer works out."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator

from judge.calibration.good import Known
from judge.calibration.mutation import Kind, Mutation
from judge.calibration.python_edits import called, parsed, with_calls
from judge.workspace.kinds import extension, named_kind

_WORD = re.compile(r"[A-Za-z]{2,}")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_FRACTION = re.compile(r"\b0\.\d{2,}\b")
# Words beside a measure's name that say nothing of which one it is.
_QUALIFIERS = frozenset({"test", "macro", "train", "mean", "score", "final"})
# A measure, as a requirement names it -> scikit-learn's functions that compute it.
_MEASURES = {
    r"accuracy": ("accuracy_score", "balanced_accuracy_score"),
    r"\bf1\b": ("f1_score", "fbeta_score"),
    r"precision": ("precision_score",),
    r"recall": ("recall_score",),
    r"\bauc\b": ("roc_auc_score", "auc"),
    r"mean absolute error|\bmae\b": ("mean_absolute_error",),
    r"mean squared error|\br?mse\b": ("mean_squared_error", "root_mean_squared_error"),
}
_ALL_AT_ONCE = ("classification_report", "precision_recall_fscore_support", "score", "evaluate")


def result_mutations(known: Known) -> Iterator[Mutation]:
    """Mutations of the figures that requirements want saved in a text or JSON file."""
    for requirement in known.requirements:
        number = requirement.requirement_id
        if not known.needs_all_it_names(number):
            continue
        for path in known.places(number).artifacts:
            is_listed = named_kind(path).kind in ("text", "data") and known.workspace.has(path)
            if is_listed and known.cited_lines(number, path):
                yield from _left_out(known, number, path)
                yield from _typed_in(known, number, path)


def _left_out(known: Known, number: int, path: str) -> Iterator[Mutation]:
    """The file without one of the figures that are asked for, or without any number."""
    text = known.text(path)
    lines = text.splitlines()
    leaves = known.left_alone(frozenset((path,))) - {number}
    breaks = frozenset((number,))
    for cited in known.cited_lines(number, path):
        if not 1 <= cited <= len(lines):
            continue
        label = " ".join(_WORD.findall(lines[cited - 1])[:3])
        rest = _without(text, cited, extension(path))
        words = set(label.lower().split()) - _QUALIFIERS
        if rest is not None and words and not any(word in rest.lower() for word in words):
            name = f"{path}: without {label!r}"
            yield Mutation(Kind.LEFT_OUT, name, breaks, leaves, {path: rest.encode()})
    quoted = extension(path) == "json"
    pending = _NUMBER.sub('"TBD"' if quoted else "TBD", text)
    if pending != text:
        name = f"{path}: every number to be filled in"
        yield Mutation(Kind.LEFT_OUT, name, breaks, leaves, {path: pending.encode()})


def _without(text: str, line: int, suffix: str) -> str | None:
    """The text without one line, and still what its name says; None where that cannot be had."""
    lines = text.splitlines()
    if suffix != "json":
        return "\n".join(lines[: line - 1] + lines[line:]) + "\n"
    try:
        top = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(top, dict):
        return None
    kept = {key: value for key, value in top.items() if f'"{key}"' not in lines[line - 1]}
    return json.dumps(kept, indent=2) if 0 < len(kept) < len(top) else None


def _typed_in(known: Known, number: int, path: str) -> Iterator[Mutation]:
    """The library's calls that compute the named measures replaced by a constant.

    Only where no other call is left that could compute one of them.
    """
    plain = known.plain(number)
    names = {
        name
        for measure, computed_by in _MEASURES.items()
        if re.search(measure, plain, re.I)
        for name in computed_by
    }
    figures = _FRACTION.findall(known.text(path))
    if not figures or not names:
        return

    def replacement(call: ast.Call, _: str) -> str | None:
        return figures[0] if called(call) in names else None

    edits: dict[str, bytes | None] = {}
    for source, text in known.python.items():
        tree = parsed(text)
        if tree is None or re.search(rf"\b(?:{'|'.join(_ALL_AT_ONCE)})\(", text):
            return
        edited = with_calls(text, tree, replacement)
        if edited is not None:
            edits[source] = edited.encode()
    if edits:
        name = f"{path}: constants instead of what computes them"
        yield Mutation(Kind.TYPED_IN, name, frozenset((number,)), frozenset(), edits)
