"""The categories of BFCL v4 and how their accuracies make its overall figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    """The language that a category's calls are written in."""

    PYTHON = "python"
    JAVA = "java"
    JAVASCRIPT = "javascript"


class Kind(StrEnum):
    """How the replies of a category are judged."""

    SIMPLE = "simple"
    """One function on offer, one call."""
    MULTIPLE = "multiple"
    """Several functions on offer, one call."""
    PARALLEL = "parallel"
    """Several calls, in any order."""
    IRRELEVANCE = "irrelevance"
    """No function fits: no call is right."""
    RELEVANCE = "relevance"
    """Some function fits: any call is right."""


@dataclass(frozen=True)
class Category:
    """A single-turn category."""

    name: str
    kind: Kind
    language: Language = Language.PYTHON

    @property
    def has_answers(self) -> bool:
        """Whether calls are compared with allowed ones."""
        return self.kind not in (Kind.IRRELEVANCE, Kind.RELEVANCE)

    @property
    def file_name(self) -> str:
        """The name of the released file of its items, and of that of its answers."""
        return f"BFCL_v4_{self.name}.json"


CATEGORIES: dict[str, Category] = {
    category.name: category
    for category in (
        Category("simple_python", Kind.SIMPLE),
        Category("simple_java", Kind.SIMPLE, Language.JAVA),
        Category("simple_javascript", Kind.SIMPLE, Language.JAVASCRIPT),
        Category("multiple", Kind.MULTIPLE),
        Category("parallel", Kind.PARALLEL),
        Category("parallel_multiple", Kind.PARALLEL),
        Category("irrelevance", Kind.IRRELEVANCE),
        Category("live_simple", Kind.SIMPLE),
        Category("live_multiple", Kind.MULTIPLE),
        Category("live_parallel", Kind.PARALLEL),
        Category("live_parallel_multiple", Kind.PARALLEL),
        Category("live_irrelevance", Kind.IRRELEVANCE),
        Category("live_relevance", Kind.RELEVANCE),
    )
}

_LIVE = ("live_simple", "live_multiple", "live_parallel", "live_parallel_multiple")

# What enters the overall figure and is not scored here: it needs functions to be executed.
NOT_SINGLE_TURN = (
    "multi_turn_base",
    "multi_turn_miss_func",
    "multi_turn_miss_param",
    "multi_turn_long_context",
    "web_search_base",
    "web_search_no_snippet",
    "memory_kv",
    "memory_vector",
    "memory_rec_sum",
)


@dataclass(frozen=True)
class Overall:
    """The leaderboard's figures, shares in 0..1; what is missing counts as 0 in them."""

    overall: float
    non_live: float
    live: float
    irrelevance: float
    multi_turn: float
    agentic: float
    missing: tuple[str, ...]
    """The categories, of this version's whole leaderboard, that have no accuracy."""


def overall_of(found: Mapping[str, tuple[float, int]]) -> Overall:
    """The leaderboard's overall figure from `{category: (accuracy in 0..1, number of items)}`.

    Non-live is the plain mean of simple (itself the mean of Python, Java and JavaScript), multiple,
    parallel and parallel-multiple; live is weighted by the number of items; irrelevance is the mean
    of both its categories; multi-turn and agentic are means as well. They weigh 10, 10, 10, 30 and
    40 % (`eval_runner_helper.py` of bfcl-eval). A category that is missing counts 0.

    >>> found = {name: (1.0, 10) for name in CATEGORIES}
    >>> round(overall_of(found).overall, 3)
    0.3
    """

    def mean(*names: str) -> float:
        return sum(found.get(name, (0.0, 0))[0] for name in names) / len(names)

    simple = mean("simple_python", "simple_java", "simple_javascript")
    singles = ("multiple", "parallel", "parallel_multiple")
    non_live = (simple + sum(mean(name) for name in singles)) / 4
    n_live = sum(found[name][1] for name in _LIVE if name in found)
    correct = sum(found[name][0] * found[name][1] for name in _LIVE if name in found)
    live = correct / n_live if n_live else 0.0
    irrelevance = mean("irrelevance", "live_irrelevance")
    multi_turn = mean(*NOT_SINGLE_TURN[:4])
    agentic = (mean(*NOT_SINGLE_TURN[4:6]) + mean(*NOT_SINGLE_TURN[6:])) / 2
    return Overall(
        overall=0.1 * non_live + 0.1 * live + 0.1 * irrelevance + 0.3 * multi_turn + 0.4 * agentic,
        non_live=non_live,
        live=live,
        irrelevance=irrelevance,
        multi_turn=multi_turn,
        agentic=agentic,
        missing=tuple(name for name in (*CATEGORIES, *NOT_SINGLE_TURN) if name not in found),
    )
