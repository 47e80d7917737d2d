"""What a run on videos found, as the values that are journalled: scores first, then metrics.

A score stands for an object (`<sequence>/<object>`, with its J and F), another for each sequence
(`<sequence>`, with what it took), which is journalled last and so marks the sequence as done.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from benchmarks.vos.protocols import PROTOCOLS
from benchmarks.vos.scoring import ObjectScore, Scores, Summary, summarised
from results.records import Interval, Metric, Score, ScoreStatus
from results.statistics import clustered_ratio_interval
from runners.video_segmentation.timing import FPS_NOTE, Tracked, quartiles

NO_GROUND_TRUTH = "no ground truth here"
# Names in scores and metrics -> the scorer's.
FIGURES = {
    "J&F": "JF",
    "J": "J",
    "F": "F",
    "J_recall": "J_recall",
    "J_decay": "J_decay",
    "F_recall": "F_recall",
    "F_decay": "F_decay",
}
_OBJECT_MARK = "/"


def object_scores(found: Scores, prediction: str) -> tuple[Score, ...]:
    """A score for each object of a sequence; `prediction`: where its masks lie in the run."""
    return tuple(
        Score(
            sample=each.key,
            cluster=each.sequence,
            values={
                name: value
                for name, key in FIGURES.items()
                if (value := getattr(each.summary, key)) is not None
            },
            slices={"group": each.group} if each.group else {},
            prediction=prediction,
            measures={"scored_frames": len(each.counts)},
        )
        for each in found.objects
    )


def sequence_score(
    name: str, took: Tracked, *, objects: int, peak: int, prediction: str, reason: str = ""
) -> Score:
    """What a sequence took; it has no J and F of its own."""
    model = took.model_seconds
    return Score(
        sample=name,
        cluster=name,
        slices={"unit": "sequence"},
        prediction=prediction,
        reason=reason,
        seconds=took.wall_seconds,
        measures={
            "frames": took.frames,
            "model_frames": len(took.frame_seconds),
            "model_seconds": model,
            "fps": len(took.frame_seconds) / model if model else 0.0,
            "end_to_end_fps": took.frames / took.wall_seconds if took.wall_seconds else 0.0,
            "objects": objects,
            "peak_bytes": peak,
        },
    )


def sequence_error(name: str, cause: str, objects: int) -> Score:
    """A sequence that nothing came of; `objects` as far as they are known."""
    return Score(
        sample=name,
        cluster=name,
        status=ScoreStatus.ERROR,
        slices={"unit": "sequence"},
        reason=cause,
        measures={"objects": objects} if objects else {},
    )


def is_sequence(score: Score) -> bool:
    """Whether a score stands for a whole sequence, rather than for an object of it."""
    return score.slices.get("unit") == "sequence"


def is_final_sequence(score: Score) -> bool:
    """Whether a score says that a whole sequence is done."""
    return is_sequence(score) and score.status is ScoreStatus.SCORED


def found_objects(scores: Iterable[Score]) -> tuple[ObjectScore, ...]:
    """The scorer's values again, from the journal's; in the order in which sets are scored."""
    return tuple(
        ObjectScore(
            score.cluster,
            score.sample.removeprefix(score.cluster + _OBJECT_MARK),
            score.slices.get("group"),
            (),
            Summary(**{key: score.values.get(name) for name, key in FIGURES.items()}),  # type: ignore[arg-type]
        )
        for score in sorted(scores, key=_order)
        if score.status is ScoreStatus.SCORED and not is_sequence(score)
    )


def _order(score: Score) -> tuple[str, tuple[int, int, str]]:
    object_id = score.sample.removeprefix(score.cluster + _OBJECT_MARK)
    if object_id.isdecimal():
        return score.cluster, (0, int(object_id), object_id)
    return score.cluster, (1, 0, object_id)


def metrics_of(
    scores: Sequence[Score], frame_seconds: Sequence[float], *, protocol: str
) -> tuple[Metric, ...]:
    """The run's metrics: J&F and its parts, then speed and memory.

    frame_seconds: the model time of every frame.
    """
    objects = found_objects(scores)
    sequences = [score for score in scores if is_final_sequence(score)]
    lost = sum(int(s.measures.get("objects", 1)) for s in scores if s.status is ScoreStatus.ERROR)
    return (
        *(_accuracy(objects, lost, protocol) if objects else ()),
        *(_speed(sequences, frame_seconds) if sequences else ()),
    )


def _accuracy(objects: Sequence[ObjectScore], lost: int, protocol: str) -> Iterator[Metric]:
    overall, groups = summarised(objects)
    note = f"mean over objects by {protocol}"
    if groups:
        note = f"mean of {' and '.join(groups)} objects by {protocol}"
    elif PROTOCOLS[protocol].has_groups:
        note += "; no metadata tells seen from unseen ones"
    n = len(objects)
    for name, key in FIGURES.items():
        value = getattr(overall, key)
        if value is None:
            continue
        is_mean = not groups and not name.endswith("_decay")
        yield Metric(
            name=name,
            value=value,
            n=n,
            higher_is_better=not name.endswith("_decay"),
            interval=None if groups else _interval(objects, key, name.endswith("_decay")),
            worst=value * n / (n + lost) if is_mean and lost else None,
            best=(value * n + lost) / (n + lost) if is_mean and lost else None,
            note=note,
        )
    for group, summary in groups.items():
        members = [each for each in objects if each.group == group]
        for name, key in FIGURES.items():
            if (value := getattr(summary, key)) is not None:
                yield Metric(
                    name=name,
                    value=value,
                    n=len(members),
                    higher_is_better=not name.endswith("_decay"),
                    slice=f"group={group}",
                    interval=_interval(members, key, name.endswith("_decay")),
                )


def _interval(objects: Sequence[ObjectScore], key: str, is_signed: bool) -> Interval | None:
    """Of the mean over objects, which are alike within a sequence; a signed figure is -1..1."""
    clusters: dict[str, list[float]] = {}
    for each in objects:
        value = getattr(each.summary, key)
        clusters.setdefault(each.sequence, []).append((value + 1) / 2 if is_signed else value)
    found = clustered_ratio_interval(
        [sum(values) for values in clusters.values()],
        [len(values) for values in clusters.values()],
    )
    if found is None or not is_signed:
        return found
    return found.model_copy(update={"low": 2 * found.low - 1, "high": 2 * found.high - 1})


def _speed(sequences: Sequence[Score], frame_seconds: Sequence[float]) -> Iterator[Metric]:
    frames = sum(s.measures["frames"] for s in sequences)
    wall = sum(s.seconds for s in sequences)
    n = len(frame_seconds)
    model = sum(frame_seconds)
    if model:
        yield Metric(
            name="fps", value=n / model, n=n, unit="frames/s", note=f"of all sequences: {FPS_NOTE}"
        )
    if wall:
        yield Metric(
            name="end_to_end_fps",
            value=frames / wall,
            n=int(frames),
            unit="frames/s",
            note="frames / wall time, decoding, resizing and writing included",
        )
    if n:
        low, median, high = quartiles(frame_seconds)
        for name, value, note in (
            ("frame_ms", median, "the median frame's model time"),
            ("frame_ms_q1", low, "lower quartile"),
            ("frame_ms_q3", high, "upper quartile"),
        ):
            yield Metric(
                name=name, value=1000 * value, n=n, unit="ms", higher_is_better=False, note=note
            )
    yield Metric(
        name="peak_bytes",
        value=max(s.measures["peak_bytes"] for s in sequences),
        n=len(sequences),
        unit="bytes",
        higher_is_better=False,
        note="of the process, or of the accelerator's memory",
    )
