"""What a citation points at, read safely: lines of a file, a trajectory step, what was measured.

Files are read only inside the workspace that a run recorded, through `judge.workspace`, which
follows no link and leaves no folder; and only while its fingerprint is the recorded one, because
lines of a workspace that changed since prove nothing. A run folder that someone sends therefore
shows no file that its maker had not seen.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from dashboard import untrusted
from devai_tasks.models import TaskName
from judge.running.planning import RunRequest
from judge.running.provenance import hash_of_path
from judge.trajectory import Trajectory, find_trajectory, load_trajectory
from judge.trajectory.steps import Step
from judge.workspace import Workspace
from judge.workspace.lines import read_lines
from results.errors import JudgeError
from results.records import RunRecord

_NAME: TypeAdapter[str] = TypeAdapter(TaskName)
AROUND = 6
MOST_LINES = 400
LONGEST_LINE = 400
LONGEST_TEXT = 20_000
_MOST_TRAJECTORY_BYTES = 256 << 20
_MOST_TRAJECTORY_FILES = 2_000
# Shown as a diff, a line with the first mark has a colour, and one with the second has none.
_MARK, _NO_MARK = "> ", "· "


@dataclass(frozen=True)
class Looked:
    """A workspace or trajectory that is still what was judged, or why it is not shown."""

    workspace: Workspace | None = None
    trajectory: Trajectory | None = None
    workspace_fault: str = ""
    trajectory_fault: str = ""


@dataclass(frozen=True)
class Excerpt:
    """Text to be shown as text. `note` says what is odd about it; `text` may be empty."""

    title: str
    text: str
    note: str = ""


def recorded_output(record: RunRecord, task: str) -> Looked:
    """The workspace and trajectory of one task of a run, where they are what the run judged."""
    try:
        request = RunRequest.model_validate(record.config["request"])
        _check_name(task)
    except (KeyError, ValueError):
        fault = "The run does not say where its outputs were."
        return Looked(workspace_fault=fault, trajectory_fault=fault)
    workspace, workspace_fault = _workspace(request, record, task)
    trajectory, trajectory_fault = _trajectory(request, record, task)
    return Looked(workspace, trajectory, workspace_fault, trajectory_fault)


def recorded_trajectory(record: RunRecord, task: str) -> Trajectory | None:
    """The trajectory of one task of a run, where it is what the run judged; else None."""
    try:
        request = RunRequest.model_validate(record.config["request"])
        _check_name(task)
    except (KeyError, ValueError):
        return None
    return _trajectory(request, record, task)[0]


def file_excerpt(
    workspace: Workspace, path: str, first: int, last: int, quote: str = "", around: int = AROUND
) -> Excerpt:
    """Lines `first` to `last` of a file with `around` lines on both sides, the cited ones marked.

    A path that leads out of the workspace, or is none of its files, gives a note and no text.
    """
    title = f"{untrusted.name(path, 200)}, " + (
        f"line {first}" if first == last else f"lines {first} to {last}"
    )
    normal = _normal(path)
    if not workspace.has(normal):
        return Excerpt(title, "", "This is no file of the workspace, so nothing is shown.")
    start = max(1, first - around)
    end = min(max(last, first) + around, start + MOST_LINES)
    lines = _lines(workspace, normal, start, end)
    if not lines:
        return Excerpt(title, "", "The file has no such lines that can be shown as text.")
    cited = range(first, last + 1)
    note = "" if _stands(quote, lines, start, first, last) else "The quote is not in these lines."
    return Excerpt(title, numbered(lines, start, cited), note)


def file_page(workspace: Workspace, path: str, start: int, count: int = MOST_LINES) -> Excerpt:
    """`count` lines of a file from line `start` on, numbered; of what is no text, what it is."""
    title = untrusted.name(path, 200)
    if not workspace.has(path):
        return Excerpt(title, "", "This is no file of the workspace, so nothing is shown.")
    lines = _lines(workspace, path, max(start, 1), max(start, 1) + min(count, MOST_LINES) - 1)
    if lines:
        return Excerpt(title, numbered(lines, max(start, 1), range(0)))
    note = untrusted.name(workspace.artifact(path).summary(), 400)
    return Excerpt(title, "", note if start <= 1 else f"There is no line {start}. {note}")


def numbered(lines: list[str], start: int, cited: range) -> str:
    """Lines with their numbers; the cited ones begin with a mark.

    >>> print(numbered(["a", "b"], 9, range(10, 11)))
    ·  9 │ a
    > 10 │ b
    """
    width = len(str(start + len(lines)))
    return "\n".join(
        f"{_MARK if number in cited else _NO_MARK}{number:>{width}} │ {shown_line(line)}"
        for number, line in enumerate(lines, start)
    )


def shown_line(line: str) -> str:
    """One line as it may be shown: nothing that hides, reorders or controls, and not endless."""
    cut = "" if len(line) <= LONGEST_LINE else " … [the line is longer]"
    return untrusted.shown(line[:LONGEST_LINE]).replace("\n", " ") + cut


def shown_text(text: str, longest: int = LONGEST_TEXT) -> str:
    """A text of several lines as it may be shown, cut after `longest` characters."""
    cut = "" if len(text) <= longest else f"\n… [{len(text) - longest:,} characters more]"
    return "\n".join(shown_line(line) for line in text[:longest].split("\n")) + cut


def step_excerpts(step: Step, quote: str = "") -> tuple[Excerpt, ...]:
    """What a trajectory step holds, part by part; the lines of the quote are marked."""
    parts = (
        ("The user said", step.user_message),
        ("Thought", step.thought),
        ("Action", step.action),
        ("Observation", step.observation),
    )
    return tuple(
        Excerpt(name, _marked(text, quote if name in ("Action", "Observation") else ""))
        for name, text in parts
        if text.strip()
    )


def _marked(text: str, quote: str) -> str:
    """The text; where it holds the quote, with its lines marked and the text around them kept."""
    lines = text.split("\n")
    place = _place(quote, lines)
    if place is None:
        return shown_text(text)
    first, last = place
    start = max(0, first - 40)
    end = min(len(lines), last + 41)
    return numbered(lines[start:end], start + 1, range(first + 1, last + 2))


def _place(quote: str, lines: list[str]) -> tuple[int, int] | None:
    """The 0-based first and last line of a quote, white space folded; None where it is not."""
    wanted = _folded(quote)
    if not wanted:
        return None
    folded = [_folded(line) for line in lines]
    position = " ".join(line for line in folded if line).find(wanted)
    if position < 0:
        return None
    first = last = None
    at = 0
    for number, line in enumerate(folded):
        if not line:
            continue
        end = at + len(line)
        if first is None and position < end:
            first = number
        if at < position + len(wanted):
            last = number
        at = end + 1
    return None if first is None or last is None else (first, last)


def _stands(quote: str, lines: list[str], start: int, first: int, last: int) -> bool:
    if not quote.strip():
        return True
    near = lines[max(first - start - 2, 0) : last - start + 3]
    return _folded(quote) in _folded("\n".join(near))


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _lines(workspace: Workspace, path: str, start: int, end: int) -> list[str]:
    if path.lower().endswith(".ipynb") or workspace.text(path) is None:
        # What a judge is shown of a notebook or a document is its text, cell by cell.
        shown = workspace.artifact(path).text.splitlines()
        return shown[start - 1 : end]
    try:
        return read_lines(workspace, path, start, end)
    except JudgeError:
        return []


def _normal(path: str) -> str:
    while path.startswith("./"):
        path = path[2:].lstrip("/")
    return path


def _check_name(name: str) -> None:
    """ValueError unless it can name a folder inside another."""
    _NAME.validate_python(name)


def _workspace(request: RunRequest, record: RunRecord, task: str) -> tuple[Workspace | None, str]:
    recorded = record.hashes.get(f"workspace:{task}")
    root = Path(request.workspaces)
    places = [root / task]
    try:
        _check_name(record.agent)
        places.append(root / record.agent / task)
    except ValueError:
        pass  # such as `org/agent`: then its outputs are in no folder of that name
    for place in places:
        try:
            workspace = Workspace.open(place)
        except JudgeError:
            continue
        if recorded is not None and workspace.fingerprint() == recorded:
            return workspace, ""
        return None, "The workspace changed since it was judged; only what the run kept is shown."
    return None, "The workspace is no longer where it was judged; only what the run kept is shown."


def _trajectory(request: RunRequest, record: RunRecord, task: str) -> tuple[Trajectory | None, str]:
    if record.setting == "black-box" or request.trajectories is None:
        return None, "The judge was shown no trajectory."
    try:
        path = find_trajectory(request.trajectories, record.agent, task)
        if path is None:
            return None, "The agent left no trajectory of this task, or it is gone."
        if _is_too_large(path):
            return None, "The trajectory is too large to be shown."
        if hash_of_path(path) != record.hashes.get(f"trajectory:{task}"):
            return None, "The trajectory changed since it was judged; only the quote is shown."
        return load_trajectory(path), ""
    except (JudgeError, OSError) as error:
        return None, f"The trajectory cannot be read: {untrusted.name(error, 240)}"


def _is_too_large(path: Path) -> bool:
    """Whether hashing it would take long; a folder is looked through no further than that."""
    if path.is_file():
        return path.stat().st_size > _MOST_TRAJECTORY_BYTES
    total = 0
    for number, file in enumerate(path.rglob("*")):
        total += file.lstat().st_size
        if number >= _MOST_TRAJECTORY_FILES or total > _MOST_TRAJECTORY_BYTES:
            return True
    return False
