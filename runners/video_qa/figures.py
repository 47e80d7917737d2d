"""What the scores of a video-language model come to: accuracies, gains over baselines, efficiency.

Accuracies are those of `judge bench score` on the same replies. Efficiency is over the full
condition alone, so that runs with other baselines compare.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from benchmarks.video_qa.questions import Question
from benchmarks.video_qa.scoring import Figures, QaScores, score_answers
from benchmarks.video_qa.sets import QaSet
from results.records import Metric, Score, ScoreStatus
from results.statistics import paired_interval
from runners.measures import latencies, peak_memory
from runners.video_qa.conditions import Ask, Condition, value_name

CONDITION = "condition"


def run_metrics(
    asks: Sequence[Ask], scores: Mapping[str, Score], of: QaSet, parser: str
) -> tuple[Metric, ...]:
    """All metrics of a run; `scores` holds the standing ones by sample."""
    metrics: list[Metric] = []
    conditions = list(dict.fromkeys(ask.condition for ask in asks))
    for condition in conditions:
        of_condition = [ask for ask in asks if ask.condition is condition]
        metrics += _accuracies(of_condition, scores, of, parser, condition)
    for condition in conditions:
        if condition is not Condition.FULL:
            metrics += _gain(asks, scores, condition)
    metrics += efficiency([scores[ask.sample] for ask in asks if ask.sample in scores])
    return tuple(metrics)


def condition_scores(
    asks: Iterable[Ask], scores: Mapping[str, Score], of: QaSet, parser: str
) -> QaScores:
    """The replies of these asks scored as `judge bench score` scores them, errors left out."""
    pairs: list[tuple[Question, str]] = []
    for ask in asks:
        score = scores.get(ask.sample)
        if score is not None and score.status is not ScoreStatus.ERROR:
            pairs.append((ask.question, score.prediction))
    return score_answers(pairs, of, parser)


def efficiency(scores: Sequence[Score]) -> tuple[Metric, ...]:
    """What answering took, over the full condition's answers: the cost of their accuracy.

    Latencies are of a question's batch, so runs compare at one batch size.
    """
    found = [
        score
        for score in scores
        if score.status is not ScoreStatus.ERROR and score.slices.get(CONDITION) == Condition.FULL
    ]
    metrics = [
        metric
        for name in ("frames", "visual_tokens", "prompt_tokens")
        if (metric := _mean(name, found)) is not None
    ]
    for name, seconds in (
        ("latency_to_first_token", _measures("seconds_to_first", found)),
        ("latency", [score.seconds for score in found if score.seconds > 0]),
    ):
        metrics += latencies(name, seconds)
    timed = [score for score in found if score.seconds > 0 and "output_tokens" in score.measures]
    if timed:
        metrics.append(
            Metric(
                name="output_tokens_per_second",
                value=math.fsum(score.measures["output_tokens"] for score in timed)
                / math.fsum(score.seconds for score in timed),
                n=len(timed),
                unit="tokens/s",
                note="of one question, the reading of its frames and prompt included",
            )
        )
    if peaks := _measures("peak_bytes", found):
        note = "the most while answering; of the device, or of the process on a CPU"
        metrics.append(peak_memory(peaks, note))
    return tuple(metrics)


def _accuracies(
    asks: Sequence[Ask],
    scores: Mapping[str, Score],
    of: QaSet,
    parser: str,
    condition: Condition,
) -> Iterable[Metric]:
    name = value_name(condition)
    scored = condition_scores(asks, scores, of, parser)
    yield _accuracy(name, "", scored.overall, len(asks))
    overall = scored.overall
    yield Metric(
        name=name.replace("accuracy", "accuracy_answered", 1),
        value=overall.accuracy_answered,
        n=overall.answered,
        note="over the questions whose reply could be read",
    )
    yield Metric(
        name=name.replace("accuracy", "unparsed_rate", 1),
        value=(overall.n - overall.answered) / overall.n if overall.n else None,
        n=overall.n,
        higher_is_better=False,
    )
    if of.mean_name:
        yield Metric(
            name=name.replace("accuracy", of.mean_name, 1),
            value=scored.mean_of_slices,
            n=overall.n,
            note=f"plain mean over {of.means_of} values",
        )
    counts: dict[tuple[str, str], int] = {}
    for ask in asks:
        for part, value in ask.question.slices.items():
            counts[part, value] = counts.get((part, value), 0) + 1
    for part, values in scored.by.items():
        for value, figures in values.items():
            yield _accuracy(name, f"{part}={value}", figures, counts[part, value])


def _accuracy(name: str, slice_: str, found: Figures, asked: int) -> Metric:
    undecided = asked - found.n
    return Metric(
        name=name,
        slice=slice_,
        value=found.accuracy,
        n=found.n,
        interval=found.interval,
        worst=found.correct / asked if asked else None,
        best=(found.correct + undecided) / asked if asked else None,
        note=f"{undecided} without an answer" if undecided else "",
    )


def _gain(
    asks: Sequence[Ask], scores: Mapping[str, Score], condition: Condition
) -> Iterable[Metric]:
    """How much better the full condition is than a baseline, on the questions that both have."""
    by_video: dict[str, list[float]] = {}
    for ask in asks:
        if ask.condition is not condition:
            continue
        full = _right(scores.get(ask.question.id), Condition.FULL)
        base = _right(scores.get(ask.sample), condition)
        if full is not None and base is not None:
            by_video.setdefault(ask.question.video, []).append(full - base)
    differences = [math.fsum(each) for each in by_video.values()]
    sizes = [len(each) for each in by_video.values()]
    n = sum(sizes)
    yield Metric(
        name=f"gain_over_{condition.replace('-', '_')}",
        value=math.fsum(differences) / n if n else None,
        n=n,
        interval=paired_interval(differences, sizes, bound=1.0) if n else None,
        note=f"accuracy less that of the {condition} baseline, on the same questions",
    )


def _right(score: Score | None, condition: Condition) -> float | None:
    if score is None or score.status is ScoreStatus.ERROR:
        return None
    return score.values.get(value_name(condition))


def _measures(name: str, scores: Iterable[Score]) -> list[float]:
    return [score.measures[name] for score in scores if name in score.measures]


def _mean(name: str, scores: Sequence[Score]) -> Metric | None:
    values = _measures(name, scores)
    if not values:
        return None
    return Metric(
        name=name,
        value=math.fsum(values) / len(values),
        n=len(values),
        unit="frames" if name == "frames" else "tokens",
        higher_is_better=None if name == "frames" else False,
        note="mean of a question",
    )
