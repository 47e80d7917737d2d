"""Cutting the texts of verdicts and scores too large to be kept whole, so that every cut shows."""

from __future__ import annotations

from typing import Any

from results.records import Score, Verdict
from results.strict_json import TooLong, encode_object

_TEXT_LIMITS = (100_000, 10_000, 1_000, 100)
_EVIDENCE_KEPT = 100


def shortened(verdict: Verdict, limit: int) -> Verdict:
    """The verdict, too long as it is, with its texts cut until its JSON has `limit` bytes at most.

    Evidence beyond the first hundred pieces is dropped, and the reason then says so. The name of
    the task is what a verdict hangs on and stays whole, however long.
    """
    for longest in _TEXT_LIMITS:
        candidate = _cut(verdict, longest)
        try:
            encode_object(candidate.model_dump(mode="json"), limit)
        except TooLong:
            continue
        break
    return candidate


def shortened_score(score: Score, limit: int) -> Score:
    """The score, too long as it is, with its texts cut until its JSON has `limit` bytes at most.

    The name of the sample is what a score hangs on and stays whole, however long.
    """
    for longest in _TEXT_LIMITS:
        texts = ("prediction", "reference", "reason")
        candidate = score.model_copy(
            update={name: _cut_text(getattr(score, name), longest) for name in texts}
        )
        try:
            encode_object(candidate.model_dump(mode="json"), limit)
        except TooLong:
            continue
        break
    return candidate


def _cut(verdict: Verdict, longest: int) -> Verdict:
    data: dict[str, Any] = verdict.model_dump()
    data["reason"] = _cut_text(verdict.reason, longest)
    dropped = len(verdict.evidence) - _EVIDENCE_KEPT
    if dropped > 0:
        data["reason"] += f" [{dropped:,} more pieces of evidence were left out]"
    data["evidence"] = [
        {
            key: _cut_text(value, longest) if isinstance(value, str) else value
            for key, value in evidence.model_dump().items()
        }
        for evidence in verdict.evidence[:_EVIDENCE_KEPT]
    ]
    return Verdict.model_validate(data)


def _cut_text(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    return f"{text[:longest]}… [cut: {longest:,} of {len(text):,} characters]"
