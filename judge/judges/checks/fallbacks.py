"""Code that does something else when an act fails, and whether a run shows that it did."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from judge.code.facts import Key
from judge.inspection import Inspection
from judge.judges.checks.sight import CodeSight

_SAYS = frozenset(
    "print info warning warn error exception debug critical SystemExit exit RuntimeError".split()
)
_ENDS = frozenset("exit _exit quit abort SystemExit".split())
FEWEST_LETTERS = 10
MOST_CALLERS = 60


@dataclass(frozen=True)
class Fallback:
    """Two blocks of which one runs in place of the other; lines are 1-based and inclusive."""

    path: str
    scope: str
    first: tuple[int, int]
    instead: tuple[int, int]
    texts: tuple[str, ...]  # what the second block prints, as far as it is constant
    ends: bool  # the second block ends the program


@dataclass(frozen=True)
class Observed:
    """A step of the trajectory whose observation holds what a fallback prints."""

    fallback: Fallback
    step: int
    quote: str


class Fallbacks:
    """The fallbacks in the Python code of a workspace."""

    def __init__(self, inspection: Inspection, sight: CodeSight) -> None:
        self.inspection = inspection
        self.sight = sight

    @cached_property
    def all(self) -> tuple[Fallback, ...]:
        found: list[Fallback] = []
        for path in self.sight.product_paths:
            tree = self.sight.tree(path)
            if tree is None:
                continue
            for first, instead in _alternatives(tree):
                scope = self.sight.scope_of(path, first[0].lineno)
                found.append(
                    Fallback(
                        path,
                        scope,
                        _span(first),
                        _span(instead),
                        tuple(_texts(instead)),
                        _ends(instead),
                    )
                )
        return tuple(found)

    @cached_property
    def observed(self) -> tuple[Observed, ...]:
        """The fallbacks that a run shows, each with the last step that does."""
        trajectory = self.inspection.trajectory
        if trajectory is None:
            return ()
        found: list[Observed] = []
        for fallback in self.all:
            for step in reversed(trajectory.steps):
                # A step that shows the source file shows its strings too; a run does not.
                shown = "\n".join(
                    line for line in step.observation.splitlines() if "print(" not in line
                )
                text = next((t for t in fallback.texts if t in shown), None)
                if text is not None and text not in step.action:
                    quote = next(line for line in shown.splitlines() if text in line)
                    found.append(Observed(fallback, step.number, quote.strip()[:200]))
                    break
        return tuple(found)

    def around(self, path: str, line: int, scope: str) -> tuple[Fallback, ...]:
        """The fallbacks that take over when this act, or the call that leads to it, fails."""
        places = self._leading_to(path, line, scope)
        return tuple(f for f in self.all if any(_inside(f.path, f.first, p) for p in places))

    def reaching(self, path: str, line: int, scope: str) -> tuple[Fallback, ...]:
        """The fallbacks whose second block leads to this act."""
        places = self._leading_to(path, line, scope)
        return tuple(f for f in self.all if any(_inside(f.path, f.instead, p) for p in places))

    def observation_of(self, fallbacks: Iterable[Fallback]) -> Observed | None:
        wanted = set(fallbacks)
        return next((o for o in self.observed if o.fallback in wanted), None)

    def _leading_to(self, path: str, line: int, scope: str) -> set[tuple[str, int]]:
        """An act's place, and those of the calls that lead to it from outside its scope."""
        places = {(path, line)}
        seen: set[Key] = set()
        pending: list[Key] = [(path, scope)]
        while pending and len(seen) < MOST_CALLERS:
            key = pending.pop()
            if key in seen or not key[1]:
                continue
            seen.add(key)
            for call in self.sight.graph.callers_of(*key):
                places.add((call.path, call.line))
                pending.append((call.path, call.scope))
        return places


def _inside(path: str, span: tuple[int, int], place: tuple[str, int]) -> bool:
    return place[0] == path and span[0] <= place[1] <= span[1]


def _alternatives(tree: ast.AST) -> Iterator[tuple[list[ast.stmt], list[ast.stmt]]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Try) and node.body:
            for handler in node.handlers:
                if handler.body:
                    yield node.body, handler.body
        elif isinstance(node, ast.If) and node.orelse:
            yield node.body, node.orelse
            yield node.orelse, node.body


def _span(block: list[ast.stmt]) -> tuple[int, int]:
    return block[0].lineno, block[-1].end_lineno or block[-1].lineno


def _texts(block: list[ast.stmt]) -> Iterator[str]:
    """The longest constant part of each text that a block shows."""
    for statement in block:
        for node in ast.walk(statement):
            if not isinstance(node, ast.Call):
                continue
            name = (
                node.func.attr
                if isinstance(node.func, ast.Attribute)
                else (node.func.id if isinstance(node.func, ast.Name) else "")
            )
            if name not in _SAYS:
                continue
            parts = [
                part.strip()
                for argument in node.args
                for inner in ast.walk(argument)
                if isinstance(inner, ast.Constant) and isinstance(inner.value, str)
                for part in re.split(r"[\n%{}]", inner.value)
            ]
            best = max(parts, key=len, default="")
            if sum(map(str.isalpha, best)) >= FEWEST_LETTERS:
                yield best


def _ends(block: list[ast.stmt]) -> bool:
    last = block[-1]
    if isinstance(last, ast.Raise):
        return True
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
        function = last.value.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        return name in _ENDS
    return False
