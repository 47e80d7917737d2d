"""LongVideoBench.

Wu et al., "LongVideoBench: A Benchmark for Long-context Interleaved Video-Language Understanding"
(2407.15754), Table 3. `lvb_val.json` has id, video_id, question, up to five candidates,
correct_choice as a number from 0, duration_group (15, 60, 600 or 3600 seconds) and the category of
the question. Videos are cut from longer ones whose subtitles are released whole:
starting_timestamp_for_subtitles says at which of their seconds the video begins.

In the hub's Parquet form the candidates are option0 to option4, `N/A` where there are fewer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from benchmarks.video_qa.questions import Question, Row

SLICES = ("duration", "task_type")
FILES = (("lvb_val.json",), ("validation-*.parquet",))
_MOST_OPTIONS = 5


def read(rows: Iterable[Row]) -> Iterator[tuple[Question, str | None]]:
    """(question, what a model said to it or None); InputError names the place of a fault."""
    for row in rows:
        if "option0" in row.content:
            given = [row.maybe(f"option{number}") for number in range(_MOST_OPTIONS)]
            options = row.checked([text for text in given if text not in (None, "N/A")])
        else:
            options = row.options("candidates", "options")
        begin = row.content.get("starting_timestamp_for_subtitles")
        yield (
            Question(
                id=row.text("id", "question_id"),
                video=row.text("video_id", "video_path"),
                text=row.text("question"),
                options=options,
                answer=row.answer(options, "correct_choice", "answer"),
                slices={
                    "duration": row.maybe("duration_group") or "",
                    "task_type": row.maybe("question_category") or "",
                },
                files=tuple(filter(None, (row.maybe("video_path"),))),
                subtitles=row.maybe("subtitle_path") or "",
                subtitles_from=float(begin) if isinstance(begin, int | float) else 0.0,
            ),
            row.reply(),
        )
