"""Beginnings that prompts share, read once and kept for the prompts that come next."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from runners.models.language.interface import Cache, Logits, Network, Tokens
from runners.models.language.scheduling import (
    SHORTEST_PREFIX,
    Prompt,
    goes_on_from,
    shared_beginning,
)


class PrefixReader:
    """Reads prompts by a network, what they begin with in common once; it holds one beginning."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._held: tuple[Prompt, Cache] | None = None
        self._alone: tuple[Prompt, Cache] | None = None
        self._last: Prompt = ()

    def read(self, prompts: Sequence[Prompt]) -> tuple[Cache, Logits, list[int]]:
        """The prompts' cache, what comes next, and how many tokens of each were not read for it.

        The first prompt pays for what is read for all.
        """
        if not self._network.reads_after:
            return (*self._network.read(*filled(prompts)), [0] * len(prompts))
        shared = self._shared(prompts)
        held: Prompt = self._held[0] if self._held is not None else ()
        is_held = bool(held) and all(goes_on_from(prompt, held) for prompt in prompts)
        if is_held and len(shared) < len(held) + SHORTEST_PREFIX:
            shared = held
        if len(shared) < SHORTEST_PREFIX:
            return (*self._network.read(*filled(prompts)), [0] * len(prompts))
        after = self._read_beginning(shared, extends=is_held)
        rest = [prompt[len(shared) :] for prompt in prompts]
        reused = [len(held) if is_held else 0] + [len(shared)] * (len(prompts) - 1)
        return (*self._network.read(*filled(rest), after=after), reused)

    def read_alone(self, prompt: Prompt) -> Cache:
        """The cache of one prompt, to go on after; kept for when the same prompt comes next."""
        if self._alone is None or self._alone[0] != prompt:
            self._alone = None
            self._alone = (prompt, self.read([prompt])[0])
        return self._alone[1]

    def forget(self) -> None:
        """Frees the memory of what is held."""
        self._held = self._alone = None
        self._last = ()

    def _shared(self, prompts: Sequence[Prompt]) -> Prompt:
        """What all begin with; a prompt alone is compared with the one before it."""
        before, self._last = self._last, prompts[0]
        if len(prompts) > 1:
            return shared_beginning(prompts)
        return shared_beginning([*prompts, before]) if before else ()

    def _read_beginning(self, shared: Prompt, *, extends: bool) -> Cache:
        """The cache of one row that holds this beginning, which from now on is the one held."""
        if self._held is not None and self._held[0] == shared:
            return self._held[1]
        if self._held is not None and extends:
            held, before = self._held
            cache, _ = self._network.read(*filled([shared[len(held) :]]), after=before)
        else:
            # The one held is freed first.
            self._held = None
            cache, _ = self._network.read(*filled([shared]))
        self._held = (shared, cache)
        return cache


def filled(rows: Sequence[Prompt]) -> tuple[Tokens, Tokens]:
    """Rows as one array (rows, longest) filled at the right, and their lengths (rows,)."""
    lengths = np.array([len(row) for row in rows], np.int64)
    tokens = np.zeros((len(rows), int(lengths.max())), np.int64)
    for number, row in enumerate(rows):
        tokens[number, : len(row)] = row
    return tokens, lengths
