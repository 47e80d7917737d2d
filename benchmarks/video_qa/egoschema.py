"""EgoSchema.

Mangalam et al., "EgoSchema: A Diagnostic Benchmark for Very Long-form Video Language Understanding"
(2308.09126), Table 2. Five options; `questions.json` has q_uid, question and `option 0` to
`option 4`, and the answers of a public subset of 500 stand in `subset_answers.json`, as numbers
from 0 by q_uid; both are read where a folder is named. The rest is scored by a server, which takes
the numbers of options by q_uid: predictions of that form are read too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from benchmarks.video_qa.questions import Question, Row

SLICES: tuple[str, ...] = ()
FILES = (("questions.json", "subset_answers.json"), ("Subset/*.parquet",))
_ANSWERS = "subset_answers"
_N_OPTIONS = 5


def read(rows: Iterable[Row]) -> Iterator[tuple[Question, str | None]]:
    """(question, what a model said to it or None); InputError names the place of a fault."""
    questions: list[Row] = []
    answers: dict[str, Row] = {}
    for row in rows:
        if row.stem == _ANSWERS and "question" not in row.content:
            answers[row.text("id")] = row
        else:
            questions.append(row)
    for row in questions:
        if "option 0" in row.content:
            options = row.checked([row.text(f"option {number}") for number in range(_N_OPTIONS)])
        else:
            options = row.options("option", "options", "candidates")
        id_ = row.text("q_uid", "question_id", "id", "video_idx")
        answer = row.answer(options, "answer", "truth")
        if answer is None and id_ in answers:
            answer = answers[id_].answer(options, "response")
        yield (
            Question(
                id=id_,
                video=row.maybe("video_idx", "q_uid") or id_,
                text=row.text("question"),
                options=options,
                answer=answer,
            ),
            row.reply(),
        )
