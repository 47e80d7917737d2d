"""What the scores of a chat model come to: shares with intervals, and how quickly it answers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from results.records import Metric, Score, ScoreStatus
from results.statistics import clustered_ratio_interval, wilson
from runners.api_calling.asking import BATCH, CACHED, CUT, REUSED, TO_FIRST
from runners.measures import latencies, peak_memory, size_metrics
from runners.models.language.interface import LanguageModel
from runners.models.memory import peak_bytes


def final(scores: Iterable[Score]) -> tuple[Score, ...]:
    """The scores that count: all but errors."""
    return tuple(score for score in scores if score.status is not ScoreStatus.ERROR)


def share_of(value: str, scores: Sequence[Score], asked: int, *, slice_: str = "") -> Metric:
    """The mean of a value in 0..1 over those scores that have it, as a metric.

    Args:
        value: the name of the value, and of the metric.
        scores: final ones.
        asked: how many samples have or would have this value; those without a score are counted as
            0 in the metric's worst case and as 1 in its best.
        slice_: such as `category=multiple`.

    The interval is Wilson's where every sample is its own cluster and every value 0 or 1, else that
    of a ratio over clusters.
    """
    found = [score for score in scores if value in score.values]
    total = math.fsum(score.values[value] for score in found)
    n, undecided = len(found), max(asked - len(found), 0)
    sums: dict[str, list[float]] = {}
    for score in found:
        cluster = sums.setdefault(score.cluster or score.sample, [0.0, 0.0])
        cluster[0] += score.values[value]
        cluster[1] += 1
    is_plain = len(sums) == n and all(score.values[value] in (0, 1) for score in found)
    return Metric(
        name=value,
        value=total / n if n else None,
        n=n,
        slice=slice_,
        interval=wilson(round(total), n)
        if is_plain
        else clustered_ratio_interval(
            [whole for whole, _ in sums.values()], [count for _, count in sums.values()]
        ),
        worst=total / asked if asked else None,
        best=(total + undecided) / asked if asked else None,
        note=f"{undecided} without a score" if undecided else "",
    )


def speed_of(scores: Sequence[Score]) -> tuple[Metric, ...]:
    """Latency and tokens per second over the replies that were generated, not kept from before.

    The time of a reply is that between question and answer, its waits and retries included.
    """
    fresh = [score for score in scores if not score.measures.get(CACHED) and score.seconds > 0]
    if not fresh:
        return ()
    found = latencies(
        "latency",
        (score.seconds for score in fresh),
        "from question to answer, retries included",
    )
    counted = [score for score in fresh if score.usage.output_tokens > 0]
    if counted:
        tokens = sum(score.usage.output_tokens for score in counted)
        found.append(
            Metric(
                name="output_tokens_per_second",
                value=tokens / math.fsum(score.seconds for score in counted),
                n=len(counted),
                unit="tokens/s",
                note="of one request, the reading of its prompt included",
            )
        )
    return (*found, *_batched(fresh))


def _batched(scores: Sequence[Score]) -> Iterable[Metric]:
    """What only a model in this process tells: the first token, batches, prompts not read again."""
    first = [score.measures[TO_FIRST] for score in scores if TO_FIRST in score.measures]
    yield from latencies("latency_to_first_token", first, "from the beginning of its batch")
    batched = [score for score in scores if score.measures.get(BATCH, 0) > 0]
    # Each reply is charged its share of the batch that it was generated in.
    seconds = math.fsum(score.seconds / score.measures[BATCH] for score in batched)
    if seconds > 0:
        yield Metric(
            name="output_tokens_per_second_batched",
            value=sum(score.usage.output_tokens for score in batched) / seconds,
            n=len(batched),
            unit="tokens/s",
            note="of all replies, each charged its share of its batch's time",
        )
    asked = sum(score.usage.input_tokens for score in batched)
    if asked:
        yield Metric(
            name="prompt_tokens_reused",
            value=math.fsum(score.measures.get(REUSED, 0.0) for score in batched) / asked,
            n=len(batched),
            higher_is_better=None,
            note="share of the prompts' tokens that were read for another prompt",
        )


def size_of(model: LanguageModel | None) -> tuple[Metric, ...]:
    """Parameters, bytes of weights and peak memory of a model in this process."""
    if model is None:
        return ()
    peak = peak_memory([peak_bytes(model.device)], "of the device, or of this process on a CPU")
    return (*size_metrics(model.describe()), peak)


def cut_replies(scores: Iterable[Score]) -> int:
    """How many replies ended at the limit of their length."""
    return sum(bool(score.measures.get(CUT)) for score in scores)
