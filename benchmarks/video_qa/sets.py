"""The sets by id: how their released rows read, what they break down by, how they aggregate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.video_qa import egoschema, longvideobench, mlvu, mvbench, video_mme
from benchmarks.video_qa.files import files_of, read_rows
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
    files: tuple[tuple[str, ...], ...] = ()
    """Which files of a released folder hold the questions: patterns below it. The first group that
    is there counts; without one, all of the folder's own files do."""
    means_of: str = ""
    """The slice over whose values the set's headline figure is a plain mean; empty for none."""
    mean_name: str = ""
    replies_are_numbers: bool = False
    """Whether a prediction that is a number in JSON is that of an option, from 0."""

    def files_in(self, data: Path) -> list[Path]:
        """The files that hold the questions: `data` itself, or what a released folder has."""
        if not data.is_dir():
            return [data]
        for patterns in self.files:
            found = [file for pattern in patterns for file in sorted(data.glob(pattern))]
            if found:
                return found
        return files_of(data)

    def read_from(self, data: Path) -> Iterator[tuple[Question, str | None]]:
        """(question, what a model said to it or None) of a file or released folder.

        InputError names the place of what is missing or malformed.
        """
        return self.read(row for file in self.files_in(data) for row in read_rows(file))


SETS: dict[str, QaSet] = {
    each.id: each
    for each in (
        QaSet(
            "video-mme",
            "questions about videos: Video-MME",
            video_mme.SLICES,
            video_mme.read,
            video_mme.FILES,
        ),
        QaSet(
            "mlvu",
            "questions about long videos: MLVU, multiple choice",
            mlvu.SLICES,
            mlvu.read,
            mlvu.FILES,
            means_of="task_type",
            mean_name="M-Avg",
        ),
        QaSet(
            "egoschema",
            "questions about videos: EgoSchema",
            egoschema.SLICES,
            egoschema.read,
            egoschema.FILES,
            replies_are_numbers=True,
        ),
        QaSet(
            "mvbench",
            "questions about videos: MVBench",
            mvbench.SLICES,
            mvbench.read,
            mvbench.FILES,
            means_of="task_type",
            mean_name="mean_of_tasks",
        ),
        QaSet(
            "longvideobench",
            "questions about long videos: LongVideoBench",
            longvideobench.SLICES,
            longvideobench.read,
            longvideobench.FILES,
        ),
    )
}
