"""Checks citations against the workspace and the trajectory before a verdict counts.

A quote holds when it stands word for word, white space folded, within its lines or within two
lines of them. What an agent says of its own work is not evidence, so a trajectory quote must
stand in an action or an observation.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator

from judge.trajectory.steps import Step, Trajectory
from judge.workspace import Workspace
from judge.workspace.lines import read_lines
from results.records import (
    ArtifactEvidence,
    Evidence,
    ExecutionEvidence,
    FileEvidence,
    Outcome,
    TrajectoryEvidence,
    Verdict,
)

NEARBY_LINES = 2
FEWEST_WORD_CHARACTERS = 3
MOST_LINES_CITED = 2_000
SHOWN = 200
UNVERIFIED = "evidence could not be verified"
NO_SUCH_FILE = "no such file"

_ABSENCE = re.compile(
    r"(?:(?:it|the|this|file|folder|path|artifact|is|was|has)\s)*"
    r"(?:no such (?:file|folder|directory|path)(?: or directory)?|missing|absent"
    r"|(?:does not|doesn't|did not) exist|not (?:found|present|there)|no file|not exist)"
    r"(?:\s(?:in|from) the workspace)?"
)


def missing(path: str) -> ArtifactEvidence:
    """The citation of a file that is not there."""
    return ArtifactEvidence(path=path, fact=NO_SUCH_FILE)


def check_citation(
    evidence: Evidence, workspace: Workspace, trajectory: Trajectory | None
) -> str | None:
    """None when the citation holds, else one sentence that says what was found instead.

    An execution is recorded by the sandbox itself and holds. Never raises for what is cited.
    """
    match evidence:
        case FileEvidence():
            return _check_file(evidence, workspace)
        case TrajectoryEvidence():
            return _check_step(evidence, trajectory)
        case ArtifactEvidence():
            return _check_artifact(evidence, workspace)
        case ExecutionEvidence():
            return None


def verified(verdict: Verdict, workspace: Workspace, trajectory: Trajectory | None) -> Verdict:
    """The verdict with only the citations that hold.

    `satisfied` becomes `abstained` where none is left that shows something: an absence shows
    nothing, and neither does a folder, and an artifact that is not valid speaks against it.
    """
    kept: list[Evidence] = []
    faults: list[str] = []
    for evidence in verdict.evidence:
        fault = check_citation(evidence, workspace, trajectory)
        if fault is None:
            kept.append(evidence)
        else:
            faults.append(fault)
    if verdict.outcome is not Outcome.SATISFIED:
        return verdict.model_copy(update={"evidence": tuple(kept)})
    doubt = _doubt(kept, faults, workspace)
    if doubt is None:
        return verdict.model_copy(update={"evidence": tuple(kept)})
    return verdict.model_copy(
        update={
            "outcome": Outcome.ABSTAINED,
            "confidence": 0.0,
            "reason": f"{UNVERIFIED}: {doubt}",
            "evidence": tuple(kept),
        }
    )


def _doubt(kept: list[Evidence], faults: list[str], workspace: Workspace) -> str | None:
    """Why a satisfied verdict cannot stand on the citations that hold, or None."""
    artifacts = [evidence for evidence in kept if isinstance(evidence, ArtifactEvidence)]
    for evidence in artifacts:
        path = _normal(evidence.path)
        if workspace.has(path) and not workspace.artifact(path).is_valid:
            return f"{_shown(path)} is not valid ({workspace.artifact(path).summary()})"
    shows = [
        evidence
        for evidence in kept
        if not isinstance(evidence, ArtifactEvidence) or workspace.has(_normal(evidence.path))
    ]
    if shows:
        return None
    if faults:
        return " ".join(faults[:3])
    return "only absences or folders are cited" if kept else "nothing is cited"


def _check_file(evidence: FileEvidence, workspace: Workspace) -> str | None:
    path = _normal(evidence.path)
    if not workspace.has(path):
        return _absence_sentence(path, workspace)
    quote = _folded(evidence.quote)
    if _is_too_short(quote):
        return f"The quote from {_shown(path)} is too short to show anything."
    start, end = evidence.start_line, evidence.end_line
    if end < start:
        return f"The lines {start} to {end} of {_shown(path)} run backwards."
    if _stands_further_on(quote, path, start, end, workspace):
        return None
    fault = f"{_shown(path)} has no text that can be quoted."
    for lines in _readings(path, workspace):
        first = max(start - 1 - NEARBY_LINES, 0)
        window = lines[first : end + NEARBY_LINES]
        if quote in _folded("\n".join(window)):
            return None
        fault = _found_instead(path, quote, start, end, lines)
    return fault


def _stands_further_on(quote: str, path: str, start: int, end: int, workspace: Workspace) -> bool:
    """Whether the quote stands in its lines of a file that is too long to be held whole."""
    text = workspace.text(path)
    if text is None or len(text) < workspace.limits.max_text_chars:
        return False
    first = max(start - NEARBY_LINES, 1)
    last = min(end, start + MOST_LINES_CITED) + NEARBY_LINES
    return quote in _folded("\n".join(read_lines(workspace, path, first, last)))


def _readings(path: str, workspace: Workspace) -> Iterator[list[str]]:
    """The lines of a file in each way a judge may have been shown them."""
    text = workspace.text(path)
    is_notebook = path.lower().endswith(".ipynb")
    if text is None or is_notebook:
        # Before the raw text, so that a fault speaks of that.
        shown = workspace.artifact(path).text
        if shown:
            yield shown.splitlines()
    if text is None:
        return
    if is_notebook:
        yield _cell_source(text).splitlines()
    by_newline = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    by_any_break = text.splitlines()
    if len(by_any_break) != len(by_newline):
        yield by_any_break  # form feeds and the like count as line ends for some tools
    yield by_newline


def _cell_source(text: str) -> str:
    """The source of all cells of a notebook, joined; "" where it cannot be parsed."""
    try:
        cells = json.loads(text)["cells"]
        sources = [cell["source"] for cell in cells]
        return "\n\n".join(
            source if isinstance(source, str) else "".join(source) for source in sources
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def _found_instead(path: str, quote: str, start: int, end: int, lines: list[str]) -> str:
    elsewhere = _line_of(quote, lines)
    where = f"line {start}" if start == end else f"lines {start} to {end}"
    if elsewhere is not None:
        return f"The quote stands in {_shown(path)} at line {elsewhere}, not in {where}."
    if start > len(lines):
        return f"{_shown(path)} has only {len(lines)} lines, and the quote is in none of them."
    held = _folded("\n".join(lines[start - 1 : end]))
    verb = "holds" if start == end else "hold"
    return f"The quote does not stand in {_shown(path)}; {where} {verb}: {_cut(held)!r}."


def _line_of(quote: str, lines: list[str]) -> int | None:
    """The 1-based line in which a quote begins, wherever it stands; None where it does not."""
    folded = [_folded(line) for line in lines]
    position = " ".join(line for line in folded if line).find(quote)
    if position < 0:
        return None
    for number, line in enumerate(folded, start=1):
        if line:
            if position <= len(line):
                return number
            position -= len(line) + 1
    return None


def _check_step(evidence: TrajectoryEvidence, trajectory: Trajectory | None) -> str | None:
    if trajectory is None:
        return "A trajectory step is cited, and there is no trajectory."
    step = trajectory.step(evidence.step)
    if step is None:
        return f"The trajectory has no step {_cut(str(evidence.step))}: {_numbering(trajectory)}."
    quote = _folded(evidence.quote)
    if _is_too_short(quote):
        return f"The quote from step {step.number} is too short to show anything."
    if quote in _folded(step.action) or quote in _folded(step.observation):
        return None
    if quote in _folded(step.thought) or quote in _folded(step.user_message):
        return (
            f"The quote stands in step {step.number} only in what was said, not in an action or"
            " an observation, so it shows nothing."
        )
    for other in trajectory.steps:
        if quote in _folded(other.action) or quote in _folded(other.observation):
            return f"The quote stands in step {other.number}, not in step {step.number}."
    return f"The quote does not stand in step {step.number}, {_step_shown(step)}."


def _step_shown(step: Step) -> str:
    held = _folded(step.observation) or _folded(step.action)
    return f"which holds: {_cut(held)!r}" if held else "which has no action and no observation"


def _numbering(trajectory: Trajectory) -> str:
    if not trajectory.steps:
        return "it has none"
    return f"its steps go from {trajectory.steps[0].number} to {trajectory.steps[-1].number}"


def _check_artifact(evidence: ArtifactEvidence, workspace: Workspace) -> str | None:
    path = _normal(evidence.path)
    fact = _folded(evidence.fact)
    claims_absence = bool(_ABSENCE.fullmatch(fact.casefold().rstrip(".!")[:SHOWN]))
    measured = _measured(path, workspace)
    if measured is None:
        is_known = _left_out(path, workspace) is None and not _leads_out(path)
        if not (claims_absence and is_known):
            return _absence_sentence(path, workspace)
        return None
    if claims_absence:
        return f"{_shown(path)} is there: {measured}."
    if _is_part_of(fact, _folded(measured)):
        return None
    return f"What was measured of {_shown(path)} is: {measured}."


def _measured(path: str, workspace: Workspace) -> str | None:
    if workspace.has(path):
        return workspace.artifact(path).summary()
    if path in workspace.directories:
        count = sum(1 for entry in workspace.files if entry.path.startswith(f"{path}/"))
        return f"folder, {count} files"
    return None


def _is_part_of(fact: str, measured: str) -> bool:
    """Whether all that a fact says was measured, number for number."""
    parts = [part for part in re.split(r"[,;] ", fact) if part]
    if not parts or sum(map(str.isalnum, fact)) < FEWEST_WORD_CHARACTERS:
        return False
    return _stands_whole(fact, measured) or all(_stands_whole(part, measured) for part in parts)


def _stands_whole(part: str, text: str) -> bool:
    """Whether a text holds a part that is not cut out of a longer word or number."""
    position = text.find(part)
    while position >= 0:
        before, after = text[:position][-2:], text[position + len(part) :][:2]
        if not (_joins(before[-1:], before[:1], part[0]) or _joins(after[:1], after[1:], part[-1])):
            return True
        position = text.find(part, position + 1)
    return False


def _joins(neighbour: str, beyond: str, edge: str) -> bool:
    """Whether the neighbouring character belongs to the word or number at the edge of a part."""
    if not edge.isalnum():
        return False
    return neighbour.isalnum() or (neighbour in (".", ",", "_", "-") and beyond.isalnum())


def _absence_sentence(path: str, workspace: Workspace) -> str:
    if path in workspace.directories:
        return f"{_shown(path)} is a folder."
    reason = _left_out(path, workspace)
    if reason is not None:
        return f"{_shown(path)} was not looked at: {reason}."
    if _leads_out(path):
        return f"{_shown(path)} does not name a place in the workspace."
    return f"There is no file {_shown(path)} in the workspace."


def _left_out(path: str, workspace: Workspace) -> str | None:
    """Why the view of the workspace cannot tell whether this path exists, or None."""
    for cut in workspace.cuts:
        if path == cut.path or path.startswith(f"{cut.path}/"):
            return cut.reason
    return "the list of files was cut" if workspace.is_truncated else None


def _leads_out(path: str) -> bool:
    """Whether a path is none from the workspace's root, so that nothing is known of it."""
    return path in ("", ".") or path.startswith(("/", "~")) or ".." in path.split("/")


def _normal(path: str) -> str:
    """The path as the workspace lists files; one that leads out stays as it is, and unlisted."""
    while path.startswith("./"):
        path = path[2:].lstrip("/")
    return path.rstrip("/")


def _folded(text: str) -> str:
    """Every run of white space as one blank, and characters in their composed form."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.split())


def _is_too_short(quote: str) -> bool:
    return sum(map(str.isalnum, quote)) < FEWEST_WORD_CHARACTERS


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _shown(path: str) -> str:
    return repr(_cut(path))
