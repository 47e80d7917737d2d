"""The conventions by which counts become scores: which frames, which objects, which means.

    davis               davis2017-evaluation (Pont-Tuset et al., arXiv 1704.00675)
    davis-unsupervised  the same, DAVIS 2019 unsupervised (Caelles et al., arXiv 1905.00737)
    vos                 vos-benchmark 0.1.0
    sav                 the SA-V evaluator of SAM 2 (Ravi et al., arXiv 2408.00714)
    youtube-vos         YouTube-VOS (Xu et al., arXiv 1809.03327)
    lvos                lvos-evaluation (Hong et al., arXiv 2211.10181)

MOSE is scored as `vos` or `davis`, which agree on its labels. Where frames and objects agree, so
do the originals' figures and these, to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.vos.assignment import best_assignment
from benchmarks.vos.counting import NOTHING, Counts, FrameCounts, Reading
from benchmarks.vos.layout import Remarks, Track
from benchmarks.vos.statistics import mean

if TYPE_CHECKING:
    from benchmarks.vos.meta import Meta

VOID = 255
MOST_PROPOSALS = 20
LVOS_STEP = 5

# id -> the counts of each frame that the object is scored in
Series = dict[str, list[Counts]]


class Counted(NamedTuple):
    """A track whose frames have been counted; a frame that could not be is left out.

    `first` holds the areas of the first annotated frame's labels, where the protocol needs them.
    """

    track: Track
    frames: list[tuple[str, FrameCounts]]
    first: dict[int, int]


class Protocol:
    """`davis`: objects 1..n, n being the highest id in the first annotated frame.

    An id that is missing there counts nonetheless, 1 where both maps lack it. 255 is background
    in the ground truth. The first and last frame are not scored.
    """

    name = "davis"
    original = "davis2017-evaluation, semi-supervised"
    by_object = False
    needs_first_frame = True
    has_groups = False
    has_recall = True

    def __init__(self, keep_ends: bool = False, meta: Meta | None = None) -> None:
        self.keep_ends = keep_ends
        self.meta = meta

    def reading(self, track: Track) -> Reading:
        return Reading(void=VOID)

    def choose(self, sequence: str, names: Sequence[str]) -> Sequence[str]:
        """The frames to be scored, of all that are annotated."""
        return names if self.keep_ends else names[1:-1]

    def series(self, counted: Counted, remarks: Remarks) -> Series:
        """Which objects there are, and what was counted of each; reports what is amiss."""
        highest = max(counted.first, default=0)
        if not highest:
            remarks.fault(counted.track.sequence, "its first annotated frame has no object")
        for name, frame in counted.frames:
            beyond = [p for (_, p), c in frame.items() if c.area_pred and p > highest]
            if beyond and highest:
                remarks.fault(
                    counted.track.sequence,
                    f"the prediction has the id {beyond[0]}, but the ids of the ground truth's"
                    f" first frame end at {highest}",
                    frame=name,
                )
        return {str(i): _of(counted.frames, i) for i in range(1, highest + 1)}

    def group(self, sequence: str, object_id: str) -> str | None:
        """ "seen" or "unseen", where the metadata tells."""
        found = self.meta.of(sequence, object_id) if self.meta and self.has_groups else None
        return found.group if found else None


class Vos(Protocol):
    """`vos`: the ids that the ground truth shows in scored frames.

    Each counts from the first frame that has it in the ground truth or the prediction.
    """

    name = "vos"
    original = "vos-benchmark 0.1.0"
    needs_first_frame = False

    def reading(self, track: Track) -> Reading:
        return Reading()

    def series(self, counted: Counted, remarks: Remarks) -> Series:
        track = counted.track
        # An insertion-ordered set, so that objects come in the order of ids within a frame.
        begun: dict[int, list[Counts]] = {}
        in_gt: set[int] = set()
        for _, frame in counted.frames:
            for label, _ in frame:
                begun.setdefault(label, [])
            in_gt.update(g for (g, _), counts in frame.items() if counts.area_gt)
            for label, series in begun.items():
                series.append(frame.get((label, label), NOTHING))
        if VOID in in_gt and track.object is None:
            remarks.notes.append(
                f"Sequence {track.sequence}: 255 is counted as an object, as vos-benchmark does;"
                " --protocol davis takes it for background."
            )
        if not in_gt:
            cause = "its ground truth is empty in every scored frame"
            remarks.leave_out(track.sequence, cause, object=track.object)
        # In a file of its own, an object is called by its folder's name.
        return {track.object or str(label): begun[label] for label in sorted(in_gt)}


class Sav(Vos):
    """`sav`: `vos` on one folder of masks for each object; any label is the mask."""

    name = "sav"
    original = "sav_evaluator (SAM 2)"
    by_object = True

    def reading(self, track: Track) -> Reading:
        return Reading(masks=track.object is not None)


class Unsupervised(Protocol):
    """`davis-unsupervised`: up to 20 proposals, assigned to objects by their mean of J and F.

    Every frame is scored; 255 in the ground truth is void, and what is predicted there is, too.
    """

    name = "davis-unsupervised"
    original = "davis2017-evaluation, unsupervised"

    def reading(self, track: Track) -> Reading:
        return Reading(every_pair=True, void=VOID, void_hides=True)

    def choose(self, sequence: str, names: Sequence[str]) -> Sequence[str]:
        return names

    def series(self, counted: Counted, remarks: Remarks) -> Series:
        n_objects = max(counted.first, default=0)
        n_proposals = 0
        for name, frame in counted.frames:
            highest = max((p for _, p in frame), default=0)
            n_proposals = max(n_proposals, highest)
            if highest > MOST_PROPOSALS:
                cause = (
                    f"the prediction has the id {highest}; {MOST_PROPOSALS} proposals are allowed"
                )
                remarks.fault(counted.track.sequence, cause, frame=name)
        if not n_objects:
            remarks.fault(counted.track.sequence, "its first annotated frame has no object")
        n_proposals = max(min(n_proposals, MOST_PROPOSALS), n_objects)
        table = [
            [_paired(counted.frames, g, p) for p in range(1, n_proposals + 1)]
            for g in range(1, n_objects + 1)
        ]
        values = [[_mean_jf(series) for series in row] for row in table]
        return {str(i + 1): table[i][p] for i, p in enumerate(best_assignment(values))}


class YouTubeVos(Protocol):
    """`youtube-vos`: each object in the frames after its first; G over seen and unseen."""

    name = "youtube-vos"
    original = "YouTube-VOS evaluation server"
    has_groups = True
    has_recall = False

    def reading(self, track: Track) -> Reading:
        return Reading()

    def choose(self, sequence: str, names: Sequence[str]) -> Sequence[str]:
        return names if self.keep_ends else names[1:]

    def series(self, counted: Counted, remarks: Remarks) -> Series:
        sequence, names = counted.track.sequence, counted.track.names
        begins = dict.fromkeys(counted.first, names[0])
        for name, frame in counted.frames:
            for (label, _), counts in frame.items():
                if counts.area_gt:
                    begins.setdefault(label, name)
        series: Series = {}
        for label in sorted(begins):
            known = self.meta.of(sequence, str(label)) if self.meta else None
            begin = known.frames[0] if known and known.frames else begins[label]
            series[str(label)] = _of(
                [f for f in counted.frames if f[0] > begin or (self.keep_ends and f[0] == begin)],
                label,
            )
        return _without_empty(series, sequence, remarks)


class Lvos(Protocol):
    """`lvos`: every fifth frame from an object's start to its end; the mean over seen and unseen.

    Start and end are the metadata's (the end is not scored itself); without any, an object
    starts where the ground truth first shows it, and ends with the sequence.
    """

    name = "lvos"
    original = "lvos-evaluation"
    needs_first_frame = False
    has_groups = True

    def choose(self, sequence: str, names: Sequence[str]) -> Sequence[str]:
        if self.meta is None:
            return names
        of_number = {int(name): name for name in names if name.isdecimal()}
        wanted: set[int] = set()
        for known in self.meta.objects.get(sequence, {}).values():
            wanted.update(self._numbers(known.start, known.end))
        return [of_number.get(number, f"{number:08d}") for number in sorted(wanted)]

    def series(self, counted: Counted, remarks: Remarks) -> Series:
        sequence = counted.track.sequence
        frames = {int(name): frame for name, frame in counted.frames if name.isdecimal()}
        if len(frames) < len(counted.frames):
            remarks.fault(sequence, "its frames are not named by numbers, which lvos goes by")
        spans: dict[int, Iterable[int]] = {}
        if self.meta is not None:
            for object_id, known in self.meta.objects.get(sequence, {}).items():
                if object_id.isdecimal():
                    spans[int(object_id)] = self._numbers(known.start, known.end)
        else:
            for number, frame in frames.items():
                for (label, _), counts in frame.items():
                    if counts.area_gt:
                        spans.setdefault(label, range(number, max(frames) + 1, LVOS_STEP))
        series = {
            str(label): [
                frames[n].get((label, label), NOTHING) for n in spans[label] if n in frames
            ]
            for label in sorted(spans)
        }
        return _without_empty(series, sequence, remarks)

    def _numbers(self, start: int | None, end: int | None) -> range:
        if start is None or end is None:
            return range(0)
        return range(start, end + self.keep_ends, LVOS_STEP)


PROTOCOLS: dict[str, type[Protocol]] = {
    protocol.name: protocol for protocol in (Protocol, Vos, Sav, Unsupervised, YouTubeVos, Lvos)
}


def _of(frames: Iterable[tuple[str, FrameCounts]], label: int) -> list[Counts]:
    return [frame.get((label, label), NOTHING) for _, frame in frames]


def _paired(frames: Iterable[tuple[str, FrameCounts]], gt: int, pred: int) -> list[Counts]:
    """One object against one proposal; where a frame lacks one of them, only the other counts."""
    series = []
    for _, frame in frames:
        counts = frame.get((gt, pred))
        if counts is None:
            of_gt, of_pred = frame.get((gt, 0), NOTHING), frame.get((0, pred), NOTHING)
            counts = Counts(0, of_gt.area_gt, of_pred.area_pred, of_gt.n_gt, of_pred.n_pred, 0, 0)
        series.append(counts)
    return series


def _mean_jf(series: list[Counts]) -> float:
    if not series:
        return 0.0
    return (mean([c.j for c in series]) + mean([c.f for c in series])) / 2


def _without_empty(series: Series, sequence: str, remarks: Remarks) -> Series:
    for object_id, counts in series.items():
        if not counts:
            remarks.leave_out(sequence, "none of its frames is scored", object=object_id)
    return {object_id: counts for object_id, counts in series.items() if counts}
