"""MLVU, its multiple-choice tasks.

Zhou et al., "MLVU: Benchmarking Multi-task Long Video Understanding" (2406.04264), Table 2.
Released as a file of JSON a task, such as `1_plotQA.json`: video, duration, question, candidates,
the text of the right one as answer, question_type. The development set has seven such tasks, the
test set nine; M-Avg is the plain mean of the tasks' accuracies.
"""

from __future__ import annotations

import re
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
        task = row.maybe("question_type", "task_type") or re.sub(r"^\d+_", "", row.stem)
        options = row.options("candidates", "options")
        question = Question(
            id=row.maybe("question_id", "id") or f"{task}/{numbers[task]}",
            video=row.text("video", "video_name"),
            text=row.text("question"),
            options=options,
            answer=row.answer(options, "answer"),
            slices={"task_type": task},
        )
        numbers[task] += 1
        yield question, row.reply()
