"""Video-MME.

Fu et al., "Video-MME: The First-Ever Comprehensive Evaluation Benchmark of Multi-modal LLMs in
Video Analysis" (2405.21075), Table 2. 900 videos, 300 of each duration, three questions each, four
options; 744 videos have subtitles. Released as a table of questions (a Parquet file whose videoID
names the video's file); predictions in the form that its script takes: a list of videos, each with
its questions, to which `response` is added. Its first template had other names for some columns.

Results are broken down by duration, by domain (six), sub-category (thirty) and task type (twelve).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from benchmarks.video_qa.questions import Question, Row
from results.errors import InputError

SLICES = ("duration", "domain", "sub_category", "task_type")
FILES = (("videomme/*.parquet",),)
_FIRST_NAMES = {
    "duration": "duration_category",
    "domain": "video_category",
    "sub_category": "video_subcategory",
}


def read(rows: Iterable[Row]) -> Iterator[tuple[Question, str | None]]:
    """(question, what a model said to it or None), from videos with questions or from questions.

    Raises InputError that names the place of what is missing.
    """
    for row in rows:
        questions = row.content.get("questions")
        if questions is None:
            yield _question(row, row), row.reply()
            continue
        if not isinstance(questions, list) or not all(isinstance(q, dict) for q in questions):
            raise InputError(f"{row.place}: `questions` should be a list of objects.")
        for number, content in enumerate(questions, start=1):
            of = Row(content, f"{row.place}, question {number}", row.stem)
            yield _question(of, row), of.reply()


def _question(row: Row, video: Row) -> Question:
    options = row.options("options", "choices")
    of = {"duration": video, "domain": video, "sub_category": video, "task_type": row}
    return Question(
        id=row.text("question_id", "id"),
        video=video.text("video_id", "videoID"),
        text=row.text("question"),
        options=options,
        answer=row.answer(options, "answer"),
        slices={
            name: place.maybe(name, _FIRST_NAMES.get(name, name)) or ""
            for name, place in of.items()
        },
        # Released files are named by the video's id at its source.
        files=tuple(filter(None, (video.maybe("videoID"),))),
    )
