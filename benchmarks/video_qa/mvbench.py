"""MVBench.

Li et al., "MVBench: A Comprehensive Multi-modal Video Understanding Benchmark" (2311.17005),
Table 2. Twenty tasks of 200 questions, a file of JSON each: video, question, candidates, and the
text of the right one as answer. The paper's average is the plain mean over tasks; the mean over
questions is given beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from benchmarks.video_qa.questions import Question, Row

SLICES = ("task_type",)


def read(rows: Iterable[Row]) -> Iterator[tuple[Question, str | None]]:
    """(question, what a model said to it or None); InputError names the place of what is missing.

    A question that has no id of its own is called `<task>/<its number in the task, from 0>`.
    """
    numbers: Counter[str] = Counter()
    for row in rows:
        task = row.maybe("task_type", "task") or row.stem
        options = row.options("candidates", "options")
        question = Question(
            id=row.maybe("question_id", "id") or f"{task}/{numbers[task]}",
            video=row.text("video"),
            text=row.text("question"),
            options=options,
            answer=row.answer(options, "answer"),
            slices={"task_type": task},
            span=row.span(),
        )
        numbers[task] += 1
        yield question, row.reply()
