"""How long the encoder takes for an image, and the decoder for a prompt.

SAM's design asks an image once and often of it, so the two are kept apart: `set_image` of a
prepared picture is the encoder; `predict`, up to masks at the picture's size, the decoder. The
device is waited for before and after; loading, resizing and the click rules are left out.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from results.records import Metric, Score
from runners.video_segmentation.timing import quartiles, synchronise

ENCODER, DECODER = "encoder_ms", "decoder_ms"
# How many images are shown to a model before its time counts.
WARM_UP = 2


class Clock:
    """Milliseconds of model time on `device`, of what ran in its context since `taken`."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._spans: list[float] = []

    @contextmanager
    def running(self) -> Iterator[None]:
        synchronise(self._device)
        began = time.perf_counter()
        yield
        synchronise(self._device)
        self._spans.append(1000 * (time.perf_counter() - began))

    def taken(self) -> list[float]:
        """The milliseconds of each span since this was asked last."""
        spans, self._spans = self._spans, []
        return spans


def latency_metrics(scores: Sequence[Score]) -> tuple[Metric, ...]:
    """Median milliseconds of the encoder and of the decoder, from the scores' measures."""
    metrics = []
    for name, what in ((ENCODER, "an image"), (DECODER, "a prompt, mean of an object's prompts")):
        values = [score.measures[name] for score in scores if name in score.measures]
        if not values:
            continue
        low, middle, high = quartiles(values)
        metrics.append(
            Metric(
                name=name,
                value=middle,
                n=len(values),
                unit="ms",
                higher_is_better=False,
                note=f"median for {what}, device synchronised, after a warm-up;"
                f" quartiles {low:.3g} and {high:.3g}",
            )
        )
    return tuple(metrics)
