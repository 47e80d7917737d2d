"""J&F of predicted masks: region similarity J, boundary accuracy F, and the means of both.

`score` finds the files, has every frame counted, and lets the protocol make scores of the counts:
means over frames for each object, then the plain mean over all objects of all sequences (Perazzi
et al., CVPR 2016; Pont-Tuset et al., arXiv 1704.00675). Shares are 0..1, higher is better.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.vos.counting import (
    BadMapError,
    Counts,
    FrameCounts,
    Reading,
    count_file,
    count_files,
    is_compiled,
)
from benchmarks.vos.layout import LeftOut, Remarks, Track, find_roots, find_tracks
from benchmarks.vos.protocols import PROTOCOLS, VOID, Counted, Protocol, Series
from benchmarks.vos.statistics import clustered_bounds, decay, mean, recall
from results.errors import InputError

SCORER_VERSION = "1"
# Frames that a worker counts at a time: enough to hide handing over, few enough to share out.
_CHUNK = 32

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Summary:
    """Scores of an object, or of all; None is what the protocol does not define."""

    J: float
    F: float
    JF: float
    J_recall: float | None
    J_decay: float | None
    F_recall: float | None
    F_decay: float | None

    def as_json(self) -> dict[str, float | None]:
        return dict(self.__dict__)


@dataclass(frozen=True)
class ObjectScore:
    """One object; `counts` has an entry for each frame it is scored in."""

    sequence: str
    object_id: str
    group: str | None
    counts: tuple[Counts, ...]
    summary: Summary

    @property
    def key(self) -> str:
        return f"{self.sequence}/{self.object_id}"


@dataclass(frozen=True)
class Scores:
    """What a prediction scores under a protocol.

    `overall` is over all objects, or for youtube-vos and lvos, where groups are known, the mean of
    the groups. `groups` holds {"seen": …, "unseen": …} then.
    """

    protocol: str
    original: str
    keep_ends: bool
    overall: Summary
    objects: tuple[ObjectScore, ...]
    groups: dict[str, Summary]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]

    @property
    def n_frames(self) -> int:
        """Pairs of an object and a frame."""
        return sum(len(o.counts) for o in self.objects)

    def by_sequence(self) -> dict[str, list[ObjectScore]]:
        sequences: dict[str, list[ObjectScore]] = {}
        for found in self.objects:
            sequences.setdefault(found.sequence, []).append(found)
        return sequences

    def as_json(self) -> dict[str, Any]:
        """The JSON document of `judge bench score vos`."""
        sequences = self.by_sequence()
        return {
            "benchmark": "vos",
            "scorer": self.protocol,
            "scorer_version": SCORER_VERSION,
            "original": self.original,
            "counted_by": "kernel" if is_compiled() else "numpy",
            "keep_ends": self.keep_ends,
            "n": {
                "sequences": len(sequences),
                "objects": len(self.objects),
                "frames": self.n_frames,
            },
            "global": self.overall.as_json(),
            "ci": _intervals(sequences) if not self.groups else None,
            "groups": {name: group.as_json() for name, group in self.groups.items()} or None,
            "sequences": {
                name: {
                    "J": mean([o.summary.J for o in objects]),
                    "F": mean([o.summary.F for o in objects]),
                    "JF": mean([o.summary.JF for o in objects]),
                    "objects": len(objects),
                }
                for name, objects in sequences.items()
            },
            "objects": {
                found.key: {**found.summary.as_json(), "n": len(found.counts)}
                | ({"group": found.group} if found.group else {})
                for found in self.objects
            },
            "left_out": [found._asdict() for found in self.left_out],
            "notes": list(self.notes),
        }


def score(
    gt: Path | str,
    pred: Path | str,
    protocol: str = "davis",
    *,
    keep_ends: bool = False,
    lenient: bool = False,
    meta: Path | str | None = None,
    jobs: int | None = None,
    progress: Progress | None = None,
    only: Collection[str] | None = None,
) -> Scores:
    """Scores a folder of predicted label maps against one of ground truth.

    gt, pred: folders of sequences (sequence/frame.png; for sav sequence/object/frame.png), or a
    data set's root. keep_ends: also the frames that the protocol drops at the ends. lenient:
    reports faults of the input in `left_out`, instead of raising for the first. jobs: workers,
    all cores by default. progress: called with frames done and frames in all. only: these
    sequences, whatever else lies in the folders.

    Raises InputError, naming sequence, frame and cause.
    """
    if protocol not in PROTOCOLS:
        raise InputError(f"There is no protocol {protocol!r}; there are {', '.join(PROTOCOLS)}.")
    if jobs is not None and jobs < 1:
        raise InputError(f"The number of workers must be 1 or more, not {jobs}.")
    kind = PROTOCOLS[protocol]
    given = Path(gt)
    gt_root, pred_root = find_roots(
        given, Path(pred), unsupervised=kind.name == "davis-unsupervised"
    )
    known = None
    if kind.has_groups:
        from benchmarks.vos.meta import find_meta

        known = find_meta(Path(meta) if meta else None, given, gt_root, gt_root.parent)
    elif meta:
        raise InputError(f"--meta has no place with {protocol}; youtube-vos and lvos read it.")
    convention = kind(keep_ends, known)
    remarks = Remarks(lenient)
    if kind.has_groups and (known is None or not known.has_groups):
        remarks.notes.append(
            "Seen and unseen objects are not told apart: no metadata says which are unseen, so"
            " the scores are over all objects."
        )
    tracks = find_tracks(
        gt_root, pred_root, kind.by_object, convention.choose, remarks, given, only
    )
    remarks.check()
    workers = jobs or _cores()
    objects: list[ObjectScore] = []
    for counted in _counted(tracks, convention, remarks, workers, progress):
        _check_labels(counted, remarks)
        series = convention.series(counted, remarks)
        remarks.check()
        objects += _scored(counted.track, series, convention)
    if not objects:
        why = f" {remarks.left_out[0]}." if remarks.left_out else ""
        raise InputError(f"There is nothing to score in {gt_root} and {pred_root}.{why}")
    overall, groups = summarised(objects)
    return Scores(
        protocol=protocol,
        original=kind.original,
        keep_ends=keep_ends,
        overall=overall,
        objects=tuple(objects),
        groups=groups,
        left_out=tuple(remarks.left_out),
        notes=tuple(remarks.notes),
    )


def _counted(
    tracks: list[Track],
    protocol: Protocol,
    remarks: Remarks,
    workers: int,
    progress: Progress | None,
) -> Iterator[Counted]:
    """Each track with its frames counted, in order; a fault in a frame is reported."""
    chunks = [
        (
            [(frame.gt, frame.pred) for frame in track.frames[at : at + _CHUNK]],
            protocol.reading(track),
        )
        for track in tracks
        for at in range(0, len(track.frames), _CHUNK)
    ]
    done, total = 0, sum(len(track.frames) for track in tracks)
    answers = _answers(chunks, workers)
    for track in tracks:
        frames: list[tuple[str, FrameCounts]] = []
        answered = 0
        while answered < len(track.frames):
            for answer in next(answers):
                name = track.frames[answered].name
                answered += 1
                if isinstance(answer, BadMapError):
                    cause = (
                        f"the {answer.side} cannot be read: {answer}"
                        if answer.side
                        else str(answer)
                    )
                    remarks.fault(track.sequence, cause, frame=name, object=track.object)
                else:
                    frames.append((name, answer))
            remarks.check()
            if progress is not None:
                progress(done + answered, total)
        done += answered
        first = _first_areas(track, protocol, remarks) if protocol.needs_first_frame else {}
        remarks.check()
        if frames:
            yield Counted(track, frames, first)


def _answers(
    chunks: list[tuple[list[tuple[str, str]], Reading]], workers: int
) -> Iterator[list[FrameCounts | BadMapError]]:
    if workers == 1 or len(chunks) < 2:
        for pairs, reading in chunks:
            yield count_files(pairs, reading)
        return
    from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor

    # The kernel works without the interpreter's lock; numpy mostly holds it.
    kind: type[Executor] = ThreadPoolExecutor if is_compiled() else ProcessPoolExecutor
    with kind(min(workers, len(chunks))) as pool:  # type: ignore[call-arg]
        try:
            yield from pool.map(count_files, *zip(*chunks, strict=True))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _first_areas(track: Track, protocol: Protocol, remarks: Remarks) -> dict[int, int]:
    """The labels of the first annotated frame, scored or not, and their areas."""
    path = track.gt_file(track.names[0])
    reading = protocol.reading(track)._replace(every_pair=False)
    counts = count_file(path, path, reading)
    if isinstance(counts, BadMapError):
        cause = f"the ground truth cannot be read: {counts}"
        remarks.fault(track.sequence, cause, frame=track.names[0])
        return {}
    return {label: c.area_gt for (label, _), c in counts.items() if c.area_gt}


def _check_labels(counted: Counted, remarks: Remarks) -> None:
    """Reports a prediction that is black and white, and not labels as the ground truth is."""
    if counted.track.object is not None:
        return
    in_gt = {g for _, frame in counted.frames for (g, _), c in frame.items() if c.area_gt}
    if not in_gt or VOID in in_gt:
        return
    for name, frame in counted.frames:
        if {p for (_, p), c in frame.items() if c.area_pred} == {VOID}:
            cause = (
                "the prediction's only label is 255, as in a black-and-white mask; the ground"
                f" truth has the ids {', '.join(map(str, sorted(in_gt)[:8]))}"
            )
            remarks.fault(counted.track.sequence, cause, frame=name)
            return


def _scored(track: Track, series: Series, protocol: Protocol) -> list[ObjectScore]:
    return [
        ObjectScore(
            track.sequence,
            object_id,
            protocol.group(track.sequence, object_id),
            tuple(counts),
            _summary(counts, protocol.has_recall),
        )
        for object_id, counts in series.items()
        if counts
    ]


def _summary(counts: Sequence[Counts], has_recall: bool) -> Summary:
    js, fs = [c.j for c in counts], [c.f for c in counts]
    j, f = mean(js), mean(fs)
    rest = (recall(js), decay(js), recall(fs), decay(fs)) if has_recall else (None,) * 4
    return Summary(j, f, (j + f) / 2, *rest)


def summarised(objects: Sequence[ObjectScore]) -> tuple[Summary, dict[str, Summary]]:
    """(scores over all objects, those of seen and unseen ones where that is known)."""
    groups = _groups(objects)
    return _overall(objects, groups), groups


def _groups(objects: Sequence[ObjectScore]) -> dict[str, Summary]:
    of_group = {
        name: [found for found in objects if found.group == name] for name in ("seen", "unseen")
    }
    return {name: _mean_summary(members) for name, members in of_group.items() if members}


def _overall(objects: Sequence[ObjectScore], groups: dict[str, Summary]) -> Summary:
    plain = _mean_summary(objects)
    if not groups:
        return plain
    j = mean([group.J for group in groups.values()])
    f = mean([group.F for group in groups.values()])
    rest = (plain.J_recall, plain.J_decay, plain.F_recall, plain.F_decay)
    return Summary(j, f, (j + f) / 2, *rest)


def _mean_summary(objects: Sequence[ObjectScore]) -> Summary:
    def over(name: str) -> float | None:
        values = [getattr(found.summary, name) for found in objects]
        return None if None in values else mean(values)

    j, f = mean([o.summary.J for o in objects]), mean([o.summary.F for o in objects])
    rest = (over("J_recall"), over("J_decay"), over("F_recall"), over("F_decay"))
    return Summary(j, f, (j + f) / 2, *rest)


def _intervals(sequences: dict[str, list[ObjectScore]]) -> dict[str, Any]:
    """95 % intervals of the means over objects, which are alike within a sequence."""
    intervals: dict[str, Any] = {}
    for name in ("J", "F", "JF"):
        clusters = [[getattr(o.summary, name) for o in objects] for objects in sequences.values()]
        bounds = clustered_bounds(clusters)
        intervals[name] = bounds and {
            "low": bounds[0],
            "high": bounds[1],
            "level": 0.95,
            "method": "clustered ratio estimator, linearised",
            "clusters": len(clusters),
        }
    return intervals


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
