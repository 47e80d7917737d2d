"""EgoSchema.

Mangalam et al., "EgoSchema: A Diagnostic Benchmark for Very Long-form Video Language Understanding"
(2308.09126), Table 2. Five options; `questions.json` has q_uid, question and `option 0` to
`option 4`, and the answers of a public subset of 500 stand in `subset_answers.json`, as numbers
from 0. The rest is scored by a server.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from benchmarks.video_qa.questions import Question, Row

SLICES: tuple[str, ...] = ()
_N_OPTIONS = 5


def read(rows: Iterable[Row]) -> Iterator[tuple[Question, str | None]]:
    """(question, what a model said to it or None); InputError names the place of a fault."""
    for row in rows:
        if "option 0" in row.content:
            options = row.checked([row.text(f"option {number}") for number in range(_N_OPTIONS)])
        else:
            options = row.options("option", "options", "candidates")
        id_ = row.text("q_uid", "question_id", "id", "video_idx")
        yield (
            Question(
                id=id_,
                video=row.maybe("video_idx", "q_uid") or id_,
                text=row.text("question"),
                options=options,
                answer=row.answer(options, "answer", "truth"),
            ),
            row.reply(),
        )
