"""MLVU, its multiple-choice tasks.

Zhou et al., "MLVU: Benchmarking Multi-task Long Video Understanding" (2406.04264), Table 2.
Released as a file of JSON a task, such as `1_plotQA.json`: video, duration, question, candidates,
the text of the right one as answer, question_type. The development set has seven such tasks; the
test set nine, in one file with a question_id each. M-Avg is the plain mean of the tasks'
accuracies. The two tasks of the development set that ask for free text are passed over.

The release for lmms-eval writes the options into the question, as lines that begin with `(A)`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from benchmarks.video_qa.questions import Question, Row

SLICES = ("task_type",)
FILES = (
    ("json/*.json",),
    ("MLVU/json/*.json",),
    ("test-ground-truth/test_mcq_gt.json",),
    ("mlvu/*.parquet",),
)
_FREE_TEXT = frozenset({"sub_scene", "subPlot", "summary"})
_OPTION = re.compile(r"^\(([A-Z])\)[ \t]*(.+)$", re.MULTILINE)


def read(rows: Iterable[Row]) -> Iterator[tuple[Question, str | None]]:
    """(question, what a model said to it or None); InputError names the place of what is missing.

    A question that has no id of its own is called `<task>/<its number in the task, from 0>`.
    """
    numbers: Counter[str] = Counter()
    for row in rows:
        task = row.maybe("question_type", "task_type") or re.sub(r"^\d+_", "", row.stem)
        if task in _FREE_TEXT and row.content.get("candidates") is None:
            continue
        text, options = _question(row)
        video = row.text("video", "video_name")
        question = Question(
            id=row.maybe("question_id", "id") or f"{task}/{numbers[task]}",
            video=video,
            text=text,
            options=options,
            answer=row.answer(options, "answer"),
            slices={"task_type": task},
            # The videos of a task have a folder of the name of its file.
            files=(f"{row.stem}/{video}",) if row.stem else (),
        )
        numbers[task] += 1
        yield question, row.reply()


def _question(row: Row) -> tuple[str, tuple[str, ...]]:
    """The question and its options, which may be lines of the question."""
    text = row.text("question")
    if any(row.content.get(key) is not None for key in ("candidates", "options")):
        return text, row.options("candidates", "options")
    found = list(_OPTION.finditer(text))
    letters = [match.group(1) for match in found]
    if len(found) < 2 or letters != [chr(ord("A") + number) for number in range(len(found))]:
        return text, row.options("candidates", "options")
    before = re.sub(r"\s*Options:\s*$", "", text[: found[0].start()])
    return before.removeprefix("Question:").strip(), row.checked([m.group(2) for m in found])
