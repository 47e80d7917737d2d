"""A run as a Markdown report; text of strangers in it is shown, never rendered."""

from __future__ import annotations

import re

from judge.reporting.judged import JudgedRun, JudgedTask
from judge.reporting.tables import READINGS
from judge.reporting.wording import SIGNS, UNJUDGED, cited, one_line, rate, spent
from results.records import AskedRequirement, Outcome

LONGEST = 2_000
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~$&])")


def report(run: JudgedRun) -> str:
    """The whole run: its rates, then each task with its verdicts, reasons and evidence."""
    record = run.record
    lines = [
        f"# {escaped(run.agent)}, judged by {escaped(run.judge)}",
        "",
        f"- run: {escaped(run.name)}",
    ]
    if record is not None:
        model = f", model {escaped(record.model)}" if record.model else ""
        lines += [f"- {record.setting}{model}, begun {record.started_at}"]
    lines += [f"- {spent(run.usage)}, {run.seconds:.1f} s", ""]
    lines += ["| rate over decided ones (worst to best case) | | n |", "| --- | --- | --- |"]
    for reading, words in READINGS.items():
        value = getattr(run.rates, reading)
        lines.append(f"| {words} | {rate(value)} | {value.n} |")
    for task in run.tasks:
        lines += _section(task)
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """The text on one line, with nothing in it that Markdown or HTML would act on.

    >>> escaped("a *b* <i>")
    'a \\\\*b\\\\* \\\\<i\\\\>'
    """
    return _SPECIAL.sub(r"\\\1", one_line(text, LONGEST))


def _section(task: JudgedTask) -> list[str]:
    outcomes = [flag.outcome for flag in task.flags]
    met = outcomes.count(Outcome.SATISFIED)
    lines = ["", f"## {escaped(task.name)}", "", f"{met} of {len(outcomes)} satisfied", ""]
    for requirement in task.asked.requirements:
        lines += _item(task, requirement)
    return lines


def _item(task: JudgedTask, requirement: AskedRequirement) -> list[str]:
    verdict = task.verdict(requirement)
    kind = "preference " if requirement.is_preference else ""
    title = f"{kind}{requirement.requirement_id}. {escaped(requirement.criteria)}"
    if verdict is None:
        return [] if requirement.is_preference else [f"- {UNJUDGED}: {title}"]
    lines = [
        f"- **{SIGNS[verdict.outcome]} {verdict.outcome.value}** {title}",
        f"  {escaped(verdict.reason)} (confidence {verdict.confidence:.2f})",
    ]
    return lines + [
        f"  - {evidence.kind}: {escaped(cited(evidence))}" for evidence in verdict.evidence
    ]
