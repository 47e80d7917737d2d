"""The search module: exact text, regular expressions and ranked (BM25) search over a workspace.

Exact and regular-expression search stream every text file whole, however large. Ranked search
indexes passages of the bounded texts, pdf and office documents included, and the trajectory's
steps; where an endpoint gives embeddings they re-rank what BM25 found.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from judge.inspection import Inspection
from judge.workspace.lines import stream_lines
from results.errors import InputError, ModelError

if TYPE_CHECKING:
    import regex

Embed = Callable[[Sequence[str]], Sequence[Sequence[float]]]

PASSAGE_LINES = 12
MOST_PASSAGES = 20_000
SECONDS_A_SEARCH = 10.0
SECONDS_A_LINE = 0.05
LONGEST_QUERY = 300
_RERANKED = 30


@dataclass(frozen=True, slots=True)
class Hit:
    """A line or passage that was found: in a file, or in a step of the trajectory.

    `step` is the step's number, `field` its part ("thought", "action", "observation"); both are
    None of a file. `line` is 1-based: of the file, or within that part of the step.
    """

    path: str
    line: int
    text: str
    step: int | None = None
    field: str | None = None
    score: float = 0.0

    @property
    def place(self) -> str:
        if self.step is None:
            return f"{self.path}:{self.line}"
        return f"step {self.step}, {self.field}, line {self.line}"


@dataclass(frozen=True, slots=True)
class Found:
    """The hits in order, and what the search did not get to."""

    hits: tuple[Hit, ...]
    left_out: str = ""


class Search:
    """Searches one agent output; the ranked index is made on first use and kept."""

    def __init__(self, inspection: Inspection, embed: Embed | None = None) -> None:
        self._inspection = inspection
        self._embed = embed

    def prepare(self) -> None:
        """Makes the ranked index now, for threads to share."""
        if self._passages:
            _ = self._index

    def exact(self, text: str, limit: int = 20, folder: str = "") -> Found:
        """Lines that contain the text, in any case."""
        wanted = text.casefold().strip()
        if not wanted:
            raise InputError("The search text is empty; give a word or a phrase.")
        return self._scan(lambda line: wanted in line.casefold(), limit, folder)

    def regular(self, pattern: str, limit: int = 20, folder: str = "") -> Found:
        """Lines that match a regular expression, in any case; each line has bounded time."""
        import regex

        if len(pattern) > LONGEST_QUERY:
            raise InputError(f"The pattern is longer than {LONGEST_QUERY} characters; shorten it.")
        try:
            compiled = regex.compile(pattern, regex.IGNORECASE)
        except (regex.error, RecursionError, OverflowError) as error:
            raise InputError(f"The pattern {pattern!r} does not compile: {error}.") from None
        return self._scan(_matches(compiled), limit, folder)

    def ranked(self, query: str, limit: int = 8) -> Found:
        """The passages that are most about the query, best first."""
        if not self._passages:
            return Found(())
        import bm25s

        words = bm25s.tokenize([_split_names(query[:LONGEST_QUERY])], show_progress=False)
        wanted = min(max(limit, _RERANKED if self._embed else 0), len(self._passages))
        found, scores = self._index.retrieve(words, k=wanted, show_progress=False, n_threads=0)
        hits = [
            _rescored(self._passages[int(number)], float(score))
            for number, score in zip(found[0], scores[0], strict=True)
            if score > 0
        ]
        left_out = self._unindexed
        if self._embed is not None and hits:
            try:
                hits = _reranked(query, hits, self._embed)
            except ModelError as error:
                left_out = f"ranked without embeddings: {error}"
        return Found(tuple(hits[:limit]), left_out)

    def _scan(self, is_hit: Callable[[str], bool], limit: int, folder: str) -> Found:
        deadline = time.monotonic() + SECONDS_A_SEARCH
        hits: list[Hit] = []
        for hit in self._lines(folder):
            if is_hit(hit.text):
                hits.append(hit)
                if len(hits) >= limit:
                    return Found(tuple(hits), f"only the first {limit} hits are shown")
            elif time.monotonic() > deadline:
                where = f"{SECONDS_A_SEARCH:.0f} seconds; {hit.place} and what follows"
                return Found(tuple(hits), f"the search stopped after {where} were not searched")
        return Found(tuple(hits))

    def _lines(self, folder: str) -> Iterator[Hit]:
        workspace = self._inspection.workspace
        prefix = folder.strip("/")
        for entry in workspace.files:
            if prefix and entry.path != prefix and not entry.path.startswith(f"{prefix}/"):
                continue
            yield from self._lines_of(entry.path)
        trajectory = self._inspection.trajectory
        if trajectory is None or prefix:
            return
        for step in trajectory.steps:
            parts = {
                "thought": step.thought,
                "action": step.action,
                "observation": step.observation,
            }
            for field, text in parts.items():
                for number, line in enumerate(text.splitlines(), 1):
                    yield Hit("", number, line, step.number, field)

    def _lines_of(self, path: str) -> Iterator[Hit]:
        workspace = self._inspection.workspace
        if workspace.text(path) is not None:
            try:
                for number, line in stream_lines(workspace, path):
                    yield Hit(path, number, line)
            except InputError:
                return
        else:
            for number, line in enumerate(workspace.artifact(path).text.splitlines(), 1):
                yield Hit(path, number, line)

    @cached_property
    def _passages(self) -> list[Hit]:
        passages: list[Hit] = []
        workspace = self._inspection.workspace
        for entry in workspace.files:
            text = workspace.text(entry.path)
            if text is None:
                text = workspace.artifact(entry.path).text
            passages += _passages_of(entry.path, text)
            if len(passages) > MOST_PASSAGES:
                break
        trajectory = self._inspection.trajectory
        for step in trajectory.steps if trajectory is not None else ():
            parts = {"action": step.action, "observation": step.observation}
            passages += [
                Hit("", 1, text[:2_000], step.number, field)
                for field, text in parts.items()
                if text.strip()
            ]
        return passages

    @property
    def _unindexed(self) -> str:
        if len(self._passages) > MOST_PASSAGES:
            return f"only the first {MOST_PASSAGES} passages are ranked"
        return ""

    @cached_property
    def _index(self) -> Any:
        import bm25s

        texts = [f"{hit.path} {_split_names(hit.text)}" for hit in self._passages]
        index = bm25s.BM25()
        index.index(bm25s.tokenize(texts, show_progress=False), show_progress=False)
        return index


def _matches(compiled: regex.Pattern[str]) -> Callable[[str], bool]:
    def is_hit(line: str) -> bool:
        try:
            return compiled.search(line, timeout=SECONDS_A_LINE) is not None
        except TimeoutError:
            return False

    return is_hit


def _passages_of(path: str, text: str) -> list[Hit]:
    lines = text.splitlines()
    return [
        Hit(path, start + 1, "\n".join(lines[start : start + PASSAGE_LINES]))
        for start in range(0, len(lines), PASSAGE_LINES)
        if any(line.strip() for line in lines[start : start + PASSAGE_LINES])
    ]


def _split_names(text: str) -> str:
    """`load_data` and `loadData` are found by the words in them as well."""
    parts: list[str] = []
    before = ""
    for letter in text:
        if letter == "_" or (letter.isupper() and before.islower()):
            parts.append(" ")
        if letter != "_":
            parts.append(letter)
        before = letter
    return f"{text} {''.join(parts)}"


def _rescored(hit: Hit, score: float) -> Hit:
    return Hit(hit.path, hit.line, hit.text, hit.step, hit.field, score)


def _reranked(query: str, hits: list[Hit], embed: Embed) -> list[Hit]:
    """By the cosine of embeddings; as BM25 has them where the endpoint gives none."""
    import numpy as np

    vectors = np.asarray(embed([query, *(hit.text for hit in hits)]), dtype=np.float64)
    lengths = np.linalg.norm(vectors, axis=1)
    lengths[lengths == 0] = 1.0
    scores = (vectors[1:] @ vectors[0]) / (lengths[1:] * lengths[0])
    order = np.argsort(-scores, kind="stable")
    return [_rescored(hits[i], float(scores[i])) for i in order]
