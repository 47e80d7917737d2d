"""`--skip-doomed`: a requirement that can no longer count is not judged, but for a sample.

By the dependency-aware reading (DevAI's D) a requirement counts only when its prerequisites are
satisfied. Where one is not, asking about it can change the independent rate alone. A fixed tenth is
judged all the same, so that a person can see whether that would have been another picture.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from judge.judges.interface import Question
from results.records import Outcome, Verdict

AUDITED_SHARE = 0.1
_DOOMED = "not judged, because it can no longer count: requirement"


def doomed_by(question: Question, earlier: Mapping[int, Verdict]) -> int | None:
    """The prerequisite that is not met, itself or by what it builds on; None where all may be."""
    for number, verdict in sorted(earlier.items()):
        if verdict.outcome is Outcome.UNSATISFIED or verdict.reason.startswith(_DOOMED):
            return number
    return None


def is_audited(question: Question) -> bool:
    """Whether a doomed question belongs to the sample that is judged all the same.

    By a hash of the task's name and the number, so that every run has the same sample.
    """
    digest = hashlib.sha256(f"{question.task}\0{question.number}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < AUDITED_SHARE * 2**64


def skipped(question: Question, number: int) -> Verdict:
    """What stands instead of a verdict: abstained, so that rates show it as undecided."""
    return question.verdict(Outcome.ABSTAINED, 0.0, f"{_DOOMED} {number} is not met")
