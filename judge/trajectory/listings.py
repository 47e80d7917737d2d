"""What observations show of which files are there: `ls`, `find`, `wc`, and "no such file"."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from judge.trajectory.history import Happening, History
from judge.trajectory.places import absolute

MOST_LINES = 5_000
_LONG = re.compile(
    r"[-dl][rwxsStT-]{9}[.+@]?\s+\d+\s+\S+\s+\S+\s+(?P<size>\d+)\s+\S+\s+\S+\s+\S+\s+(?P<name>\S.*)"
)
_COUNT = re.compile(r"\s*(?P<size>\d+)\s+(?P<name>\S+)")
_HEAD = re.compile(r"(?P<name>[^\s:][^:\n]{0,300}):")
_MISSING = re.compile(
    r"(?:ls|cat|head|tail|wc|stat|file|open|cp|mv|du): (?:cannot (?:access|open|stat) )?"
    r"['\"‘]?(?P<name>[^'\"’\n:]{1,300})['\"’]?(?: for reading)?: No such file or directory"
)


@dataclass(frozen=True, slots=True)
class Listing:
    """What one answer shows: paths that are there, that are not (or have no bytes), empty folders.

    `quote` is the line that shows what is lacking; paths are against the workspace's root, and
    `suffixes` are those of the paths that are there.
    """

    step: int
    quote: str
    holds: frozenset[str] = frozenset()
    lacks: frozenset[str] = frozenset()
    empty: frozenset[str] = frozenset()
    suffixes: frozenset[str] = frozenset()

    def quote_of(self, folder: str) -> str:
        """The heading under which an empty folder was listed."""
        return f"{folder}:"


def listings_in(happening: Happening, history: History) -> list[Listing]:
    """The listings that the commands of an action gave; empty where it listed nothing.

    Where one action runs several commands, all the output is read in the way of each.
    """
    names = {command.name for command in happening.commands}
    found: list[Listing] = []
    lines = happening.output.lines[:MOST_LINES]
    step = happening.step.number
    folder = happening.folder

    known: dict[tuple[str, str], str] = {}

    def place(path: str, inside: str = "") -> str:
        key = path, inside
        if key not in known:
            known[key] = history.place(absolute(posixpath.join(inside, path.strip()), folder))
        return known[key]

    for line in lines:
        missing = _MISSING.match(line)
        if missing:
            lacks = frozenset({place(missing["name"])})
            found.append(Listing(step, line.strip()[:300], lacks=lacks))
    if not names & {"ls", "find", "wc", "tree", "stat", "du"}:
        return found
    holds: set[str] = set()
    empty: set[str] = set()
    listed = [
        word
        for command in happening.commands
        if command.name == "ls"
        for word in command.words[1:]
        if not word.startswith("-")
    ]
    head = listed[0] if len(listed) == 1 else ""
    opened = ""
    for line in (*lines, "end:"):
        heading = _HEAD.fullmatch(line)
        if heading and "ls" in names:
            if opened:
                empty.add(place(opened))
            head = opened = heading["name"] if line != "end:" else ""
            continue
        entry = _LONG.match(line) or (_COUNT.fullmatch(line) if "wc" in names else None)
        if line.startswith("total "):
            continue
        opened = ""
        if entry:
            inside = head if _LONG.match(line) else ""
            path = place(entry["name"].split(" -> ")[0], inside)
            if int(entry["size"]) == 0 and not line.startswith("d"):
                found.append(Listing(step, line.strip()[:300], lacks=frozenset({path})))
            else:
                holds.add(path)
            continue
        for name in line.split():
            if "." in name or "/" in name:
                holds |= {place(name, head), place(name)} if "/" in name else {place(name, head)}
    # What has no bytes is listed too, and is lacking all the same.
    lacking = frozenset().union(*(listing.lacks for listing in found))
    there = frozenset(holds) - lacking
    suffixes = frozenset(posixpath.splitext(path)[1] for path in there)
    found.insert(0, Listing(step, "", there, frozenset(), frozenset(empty), suffixes))
    return found
