"""GitHub workflow commands: a mark at the file and line of everything that got worse."""

from __future__ import annotations

from pathlib import Path

from results.comparison.values import GateResult, GateVerdict
from results.reports.harmless import showable, write_whole
from results.reports.lost import level_of, lost_units, place_of
from results.reports.wording import rule_text, title_of

# GitHub shows ten annotations of a kind in a step, and fifty in a job.
MOST = 10
_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def write_workflow_commands(result: GateResult, path: Path) -> None:
    """Writes the lines; see `workflow_commands`. InputError where they cannot be written."""
    write_whole("".join(f"{line}\n" for line in workflow_commands(result)), path)


def workflow_commands(result: GateResult, most: int = MOST) -> list[str]:
    """The lines to print, the gate's verdict first; nothing in them starts a command of its own.

    Args:
        result: what the gate found.
        most: how many lines at most.
    """
    command = _COMMANDS[level_of(result)]
    telling = [rule for rule in result.rules if rule.verdict is result.verdict]
    why = f" {telling[0].reason} {rule_text(telling[0])}" if telling else ""
    lines = [_line(command, f"judge gate: {result.verdict.value}", f"{title_of(result)}.{why}")]
    if result.verdict is GateVerdict.PASS:
        return lines[:most]
    for flip in lost_units(result)[: most - 1]:
        place = place_of(flip)
        where = {"file": place.path} if place else {}
        if place and place.start_line is not None:
            where["line"] = str(place.start_line)
            if place.end_line is not None:
                where["endLine"] = str(place.end_line)
        reason = " ".join(flip.candidate_reason.split())
        lines.append(_line(command, f"{flip.cluster} / {flip.key}", reason or "got worse", where))
    return lines[:most]


def _line(command: str, title: str, message: str, where: dict[str, str] | None = None) -> str:
    given = {**(where or {}), "title": title}
    properties = ",".join(f"{name}={_property(value)}" for name, value in given.items())
    return f"::{command} {properties}::{_data(message)}"


def _data(text: str) -> str:
    text = showable(text)
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
