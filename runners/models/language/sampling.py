"""How the next token is chosen from what a model says of all of them."""

from __future__ import annotations

import numpy as np

from runners.models.language.interface import Logits, Sampling


class Chooser:
    """The choices of one request: its own generator, so that they do not depend on its batch."""

    def __init__(self, sampling: Sampling) -> None:
        self._sampling = sampling
        self._generator = np.random.default_rng(sampling.seed)

    def choose(self, logits: Logits) -> int:
        """A token, for logits (vocabulary,); the lowest of equally likely ones when greedy."""
        if self._sampling.temperature <= 0:
            return int(logits.argmax())
        scaled = logits.astype(np.float64) / self._sampling.temperature
        shares = np.exp(scaled - scaled.max())
        shares /= shares.sum()
        if self._sampling.top_p < 1:
            shares = _nucleus(shares, self._sampling.top_p)
        drawn = int(np.searchsorted(shares.cumsum(), self._generator.random(), side="right"))
        return min(drawn, int(shares.nonzero()[0][-1]))


def _nucleus(shares: np.ndarray, top_p: float) -> np.ndarray:
    """The likeliest tokens that together reach `top_p`, and nothing else; sums to 1."""
    order = np.argsort(-shares, kind="stable")
    reached = shares[order].cumsum()
    kept = order[: int(np.searchsorted(reached, top_p)) + 1]
    nucleus = np.zeros_like(shares)
    nucleus[kept] = shares[kept]
    whole: np.ndarray = nucleus / nucleus.sum()
    return whole
