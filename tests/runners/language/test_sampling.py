"""How the next token is chosen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from runners.models.language.interface import Sampling
from runners.models.language.sampling import Chooser

LOGITS = arrays(np.float32, st.integers(1, 12), elements=st.floats(-30, 30, width=32))


@given(LOGITS, st.floats(0.1, 3), st.floats(0.01, 1), st.integers(0, 2**32), st.data())
def test_only_tokens_of_the_nucleus_that_are_allowed_are_drawn(
    logits: np.ndarray, temperature: float, top_p: float, seed: int, data: st.DataObject
) -> None:
    allowed = data.draw(st.sets(st.integers(0, len(logits) - 1), min_size=1))
    masked = np.full_like(logits, -np.inf)
    masked[list(allowed)] = logits[list(allowed)]
    drawn = Chooser(Sampling(temperature, top_p, seed)).choose(masked)
    assert drawn in allowed
    shares = np.exp(masked.astype(np.float64) / temperature - masked.max() / temperature)
    shares /= shares.sum()
    # What is likelier than the token drawn does not reach top_p by itself.
    assert shares[shares > shares[drawn]].sum() < top_p + 1e-9


def test_draws_follow_the_shares() -> None:
    logits = np.log(np.array([0.5, 0.3, 0.15, 0.05], np.float32))
    chooser = Chooser(Sampling(temperature=1.0, top_p=0.9, seed=3))
    drawn = np.bincount([chooser.choose(logits) for _ in range(8_000)], minlength=4) / 8_000
    # The first three reach 0.9, so that the fourth is left out.
    assert drawn == pytest.approx(np.array([0.5, 0.3, 0.15, 0]) / 0.95, abs=0.02)
    assert drawn[3] == 0
    cool = Chooser(Sampling(temperature=0.5, seed=3))
    drawn = np.bincount([cool.choose(logits) for _ in range(8_000)], minlength=4) / 8_000
    squares = np.array([0.5, 0.3, 0.15, 0.05]) ** 2
    assert drawn == pytest.approx(squares / squares.sum(), abs=0.02)


def test_the_first_of_equally_likely_tokens_is_taken_when_greedy() -> None:
    assert Chooser(Sampling()).choose(np.array([1, 3, 3, 2], np.float32)) == 1
