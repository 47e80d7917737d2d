"""A deterministic stand-in for a judge model: reads what it was shown, looks once more, decides.

It follows fixed rules on the text of the request alone: it opens what was cut of the files that
the facts name, takes a measured fault as a reason for `unsatisfied`, and otherwise looks for the
requirement's marked words in the numbered lines it was shown.
"""

from __future__ import annotations

import re
from typing import Any

from tests.support.chat_server import Answer, Asked, calls_tools

_BLOCK = re.compile(r"<<([0-9a-f]{16}) ([^\n]*)\n(.*?)\n\1>>", re.DOTALL)
_FACT = re.compile(r"^([^\n:]+): ([^\n]*)$", re.MULTILINE)
_FAULT = re.compile(r"no such file|no file in it|^(?:empty|broken|placeholder|unreadable) ")
_EXCERPT = re.compile(r"(.+) lines (\d+)-(\d+) of (\d+|\?|many)$")
_LINE = re.compile(r"^(\d+): (.*)$", re.MULTILINE)
_MARKED = re.compile(r"[\"“`]([^\"”`]+)[\"”`]")


def decides_by_rules(asked: Asked) -> Answer:
    """The answer to one request of the `agent` judge."""
    text = asked.text
    requirement = text.rsplit("# Requirement", 1)[-1]
    blocks = {label: body for _, label, body in _BLOCK.findall(requirement)}
    facts = _FACT.findall(blocks.get("facts that code measured", ""))
    fault = next(((p, f) for p, f in facts if _FAULT.search(f)), None)
    if fault is not None:
        path, fact = fault
        cited = {"kind": "artifact", "path": path, "fact": fact.partition(";")[0]}
        return _submit("unsatisfied", f"{path}: {fact}", cited)
    unread = _unread(requirement, [path for path, _ in facts])
    if unread and asked.turn == 1:
        return calls_tools(*(("read_file", {"path": path}) for path in unread))
    found = _telling_line(asked, requirement)
    if found is None:
        return _submit("unsatisfied", "nothing that was shown does it")
    path, number, line = found
    quoted = {"kind": "file", "path": path, "start_line": number, "end_line": number, "quote": line}
    return _submit("satisfied", f"{path} does it", quoted)


def _submit(outcome: str, reason: str, *citations: dict[str, Any]) -> Answer:
    verdict = {"outcome": outcome, "confidence": 0.8, "reason": reason, "citations": citations}
    return calls_tools(("submit_verdict", verdict))


def _unread(requirement: str, named: list[str]) -> list[str]:
    cut = requirement.rpartition("\nCut: ")[2] if "\nCut: " in requirement else ""
    return [path for path in named if path in cut][:4]


def _telling_line(asked: Asked, requirement: str) -> tuple[str, int, str] | None:
    criteria = requirement.partition("\n")[2].partition("\n")[0]
    words = [w.lower() for w in _MARKED.findall(criteria) if "/" not in w and "." not in w]
    for _, label, body in _BLOCK.findall(asked.text):
        excerpt = _EXCERPT.match(label)
        if excerpt is None:
            continue
        for number, line in _LINE.findall(body):
            code = line.partition("#")[0]
            called = "(" in code and not code.lstrip().startswith(('"', "'", "#"))
            if called and any(word.split()[0] in code.lower() for word in words):
                return excerpt.group(1), int(number), line.strip()
    return None
