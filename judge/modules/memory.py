"""The memory module: verdicts on a requirement's own prerequisites, to re-check, never to trust."""

from __future__ import annotations

from collections.abc import Mapping

from results.records import (
    ArtifactEvidence,
    Evidence,
    ExecutionEvidence,
    FileEvidence,
    TrajectoryEvidence,
    Verdict,
)

LONGEST_REASON = 240


def recall(earlier: Mapping[int, Verdict]) -> str:
    """One line for each earlier verdict with its reason and where its evidence stands."""
    return "\n".join(
        f"{number}: {verdict.outcome.value}: {verdict.reason[:LONGEST_REASON]}{_places(verdict)}"
        for number, verdict in sorted(earlier.items())
    )


def _places(verdict: Verdict) -> str:
    places = dict.fromkeys(place(evidence) for evidence in verdict.evidence[:4])
    return f" [{', '.join(places)}]" if places else ""


def place(evidence: Evidence) -> str:
    """Where a citation points, in a few characters."""
    match evidence:
        case FileEvidence():
            return f"{evidence.path}:{evidence.start_line}-{evidence.end_line}"
        case TrajectoryEvidence():
            return f"step {evidence.step}"
        case ArtifactEvidence():
            return evidence.path
        case ExecutionEvidence():
            return evidence.command[:80]
