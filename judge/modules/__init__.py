"""The eight modules of Agent-as-a-Judge (arXiv 2410.10934, section 3), each usable alone.

graph, locate, read, search, retrieve, ask, memory and planning can be switched off one by one, so
that the paper's ablation can be repeated. `ask` gives the verdict and is always on.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from results.errors import InputError


class Module(StrEnum):
    """A part of the `agent` judge."""

    GRAPH = "graph"
    """The structure of the project and its code graph."""
    LOCATE = "locate"
    """The files that a requirement is about."""
    READ = "read"
    """The content of any kind of file."""
    SEARCH = "search"
    """Exact, regular-expression and ranked search over files and steps."""
    RETRIEVE = "retrieve"
    """The steps of the trajectory that a requirement is about."""
    ASK = "ask"
    """The verdict."""
    MEMORY = "memory"
    """Verdicts on the requirement's own prerequisites."""
    PLANNING = "planning"
    """Choosing what to look at first."""


ALL_MODULES = frozenset(Module)


def modules_named(names: Iterable[str]) -> frozenset[Module]:
    """The modules of those names, `ask` included; InputError for an unknown name."""
    chosen = {Module.ASK}
    for name in names:
        cleaned = name.strip().lower()
        if not cleaned:
            continue
        try:
            chosen.add(Module(cleaned))
        except ValueError:
            known = ", ".join(Module)
            raise InputError(f"There is no module {cleaned!r}; choose from {known}.") from None
    return frozenset(chosen)
