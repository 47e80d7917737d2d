"""Where paths of a trajectory lie: the folder a step runs in, the root, and paths against it."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterable

LONGEST_PATH = 1_024
_TAIL = 600
# The last thing many environments print: `user@host:/workspace $`, `(Current directory: /x)`.
_PROMPT = re.compile(
    r"(?:[\w.-]{1,64}@[\w.-]{1,64}:(?P<prompt>[~/][^\s$#]{0,500}) ?[$#]"
    r"|\(?(?:Current|Jupyter current) (?:working )?directory: (?P<told>/[^\s)\]]{0,500}))"
)
# Formats whose shell lives on from step to step, so that a `cd` outlasts its step.
KEEPS_FOLDER = frozenset({"openhands", "swe-agent", "claude-code", "atif"})
# Folders that lie inside a project, so that what stands above them is its root.
_INSIDE = frozenset(
    "src lib results result output outputs models model data datasets tests test scripts app "
    "figures plots reports report notebooks config configs docs saved_models checkpoints logs "
    "static templates utils ui metrics visualizations images public pages components".split()
)


def told_folder(observation: str) -> str | None:
    """The absolute folder that the end of an observation names as the current one, or None."""
    found = None
    for match in _PROMPT.finditer(observation[-_TAIL:]):
        found = match["prompt"] or match["told"]
    return found if found is not None and found.startswith("/") else None


def absolute(path: str, folder: str) -> str:
    """The path from a folder, normalised; "" for what is no usable path."""
    path = path.strip()
    if not path or len(path) > LONGEST_PATH or "\0" in path or "\n" in path:
        return ""
    if path.startswith("~"):
        return path
    is_folder = path.endswith("/")
    joined = posixpath.normpath(posixpath.join(folder, path))
    if joined.startswith("//"):
        joined = joined[1:]
    return f"{joined}/" if is_folder and joined != "/" else joined


def root_of(folders: Iterable[str], written: Iterable[str]) -> str:
    """The absolute folder that is the workspace, or "" where nothing tells.

    The first absolute folder that the environment names counts; else what the absolute paths that
    were written have in common, cut where a folder begins that lies inside projects.
    """
    for folder in folders:
        if folder.startswith("/") and folder != "/":
            return folder.rstrip("/")
    above: Counter[str] = Counter()
    for path in written:
        if path.startswith("/"):
            above[_project_of(posixpath.dirname(path.rstrip("/")))] += 1
    above.pop("", None)
    if not above:
        return ""
    in_projects = {place: n for place, n in above.items() if not _is_system(place)}
    candidates = in_projects or above
    common = posixpath.commonpath(list(candidates))
    if common != "/":
        return common
    return max(candidates, key=lambda place: candidates[place])


def relative(path: str, root: str) -> str:
    """A path against the root: relative to the workspace where it lies there, else as it is."""
    if root and path.startswith("/"):
        if path.rstrip("/") == root:
            return "./"
        if path.startswith(f"{root}/"):
            return path[len(root) + 1 :]
    return path if path == "./" else path.removeprefix("./")


def names_path(found: str, wanted: str) -> bool:
    """Whether a path of a trajectory (relative to its root) is that of a workspace file."""
    if found.endswith("/"):
        return found not in ("./", "/") and wanted.startswith(found)
    return found == wanted


def nested_root(paths: Iterable[str]) -> str:
    """The folder, with a slash, that all relative paths lie in; "" where there is none.

    An agent that makes a project folder for itself leaves that as its workspace.
    """
    tops = {path.split("/", 1)[0] for path in paths if not path.startswith(("/", "~", ".."))}
    if len(tops) != 1:
        return ""
    top = tops.pop()
    held = [path for path in paths if path.startswith(f"{top}/")]
    return f"{top}/" if held and top not in _INSIDE else ""


def _project_of(folder: str) -> str:
    parts = folder.split("/")
    for at, part in enumerate(parts):
        if at >= 2 and part in _INSIDE:
            return "/".join(parts[:at])
    return folder


def _is_system(place: str) -> bool:
    return place.startswith(("/etc", "/usr", "/root/.", "/dev", "/proc", "/var", "/opt"))
