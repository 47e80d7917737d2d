"""The sets by id: how their released rows read, what they break down by, how they aggregate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from benchmarks.video_qa import egoschema, longvideobench, mlvu, mvbench, video_mme
from benchmarks.video_qa.questions import Question, Row


@dataclass(frozen=True)
class QaSet:
    """A set of multiple-choice questions about videos."""

    id: str
    what: str
    slices: tuple[str, ...]
    read: Callable[[Iterable[Row]], Iterator[tuple[Question, str | None]]]
    """(question, what a model said to it or None) for each question in released rows, to which
    replies may have been added."""
    means_of: str = ""
    """The slice over whose values the set's headline figure is a plain mean; empty for none."""
    mean_name: str = ""


SETS: dict[str, QaSet] = {
    each.id: each
    for each in (
        QaSet(
            "video-mme",
            "questions about videos: Video-MME",
            video_mme.SLICES,
            video_mme.read,
        ),
        QaSet(
            "mlvu",
            "questions about long videos: MLVU, multiple choice",
            mlvu.SLICES,
            mlvu.read,
            means_of="task_type",
            mean_name="M-Avg",
        ),
        QaSet("egoschema", "questions about videos: EgoSchema", egoschema.SLICES, egoschema.read),
        QaSet(
            "mvbench",
            "questions about videos: MVBench",
            mvbench.SLICES,
            mvbench.read,
            means_of="task_type",
            mean_name="mean_of_tasks",
        ),
        QaSet(
            "longvideobench",
            "questions about long videos: LongVideoBench",
            longvideobench.SLICES,
            longvideobench.read,
        ),
    )
}
