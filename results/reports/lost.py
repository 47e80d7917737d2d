"""What got worse between two runs, each thing once, and where its evidence points."""

from __future__ import annotations

from dataclasses import dataclass

from results.comparison.values import Flip, GateResult, GateVerdict
from results.records import ArtifactEvidence, FileEvidence

# The metric of judgments whose units are requirements taken one by one.
_REQUIREMENTS = "independent"


@dataclass(frozen=True)
class Place:
    """A file in the workspace or data of a cluster, and the lines, where they are known."""

    path: str
    start_line: int | None = None
    end_line: int | None = None


def lost_units(result: GateResult) -> tuple[Flip, ...]:
    """The requirements newly unsatisfied, or the samples of a benchmark that got worse.

    Of judgments those of the plain reading, in which a requirement stands for itself; of benchmarks
    those of every rule. By cluster and key, each once.
    """
    found: dict[tuple[str, str], Flip] = {}
    for metric in result.comparison.metrics:
        if metric.name == _REQUIREMENTS and not metric.slice:
            found = {(flip.cluster, flip.key): flip for flip in metric.flips.harmful}
            break
    else:
        for rule in result.rules:
            for flip in rule.flips.harmful:
                found.setdefault((flip.cluster, flip.key), flip)
    return tuple(found[key] for key in sorted(found))


def place_of(flip: Flip) -> Place | None:
    """Where the candidate's evidence points: lines of a file, else a file; None without either.

    A path that leads out of its workspace is none.
    """
    for evidence in flip.candidate_evidence:
        if isinstance(evidence, FileEvidence) and _stays_inside(evidence.path):
            return Place(evidence.path, evidence.start_line, evidence.end_line)
    for evidence in flip.candidate_evidence:
        if isinstance(evidence, ArtifactEvidence) and _stays_inside(evidence.path):
            return Place(evidence.path)
    return None


def level_of(result: GateResult) -> str:
    """`error` where the gate fails, `warning` where it cannot tell, `note` where it passes."""
    return {
        GateVerdict.FAIL: "error",
        GateVerdict.INCONCLUSIVE: "warning",
        GateVerdict.PASS: "note",
    }[result.verdict]


def _stays_inside(path: str) -> bool:
    parts = path.replace("\\", "/").split("/")
    return bool(path) and not path.startswith("/") and ".." not in parts and ":" not in parts[0]
