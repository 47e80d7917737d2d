"""A gate as Markdown: for a job's summary, and for a comment on a pull request."""

from __future__ import annotations

import os
from pathlib import Path

from results.comparison.values import Flip, GateResult, GateVerdict, RuleResult
from results.errors import InputError
from results.records import Evidence, FileEvidence, TrajectoryEvidence
from results.reports.harmless import code_span, write_whole
from results.reports.lost import lost_units
from results.reports.wording import amount, change

# By it a bot finds its own earlier comment, to put this in its place.
COMMENT_MARK = "<!-- agent-judge gate -->"
# GitHub takes 65,536 characters of a comment, and 1 MiB of a summary.
LONGEST_COMMENT = 60_000
_SHOWN_FLIPS = 20
_SIGNS = {GateVerdict.PASS: "✅", GateVerdict.FAIL: "❌", GateVerdict.INCONCLUSIVE: "❔"}


def write_summary(result: GateResult, path: Path) -> None:
    """Writes the summary; adds it to the file that $GITHUB_STEP_SUMMARY names, if it is that one.

    InputError where it cannot be written.
    """
    text = markdown_summary(result)
    if os.environ.get("GITHUB_STEP_SUMMARY") != str(path):
        write_whole(text, path)
        return
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from error


def write_comment(result: GateResult, path: Path) -> None:
    """Writes the comment; see `markdown_comment`. InputError where it cannot be written."""
    write_whole(markdown_comment(result), path)


def markdown_comment(result: GateResult) -> str:
    """The summary under a mark by which an earlier comment is found, as long as one may be."""
    text = f"{COMMENT_MARK}\n{markdown_summary(result)}"
    if len(text) <= LONGEST_COMMENT:
        return text
    cut = text[:LONGEST_COMMENT].rsplit("\n", 1)[0]
    return f"{cut}\n\nThe rest is left out; the job's summary has it.\n"


def markdown_summary(result: GateResult) -> str:
    """The verdict, a row for each rule with its minimum detectable effect, and what flipped."""
    comparison = result.comparison
    lines = [
        f"## {_SIGNS[result.verdict]} judge gate: {result.verdict.value}",
        "",
        f"{code_span(comparison.candidate)} against {code_span(comparison.baseline)}",
        "",
        "| | rule | baseline | candidate | difference | interval | margin | units"
        " | smallest worsening seen |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *(_row(rule) for rule in result.rules),
        "",
        *(
            f"- {_SIGNS[rule.verdict]} {_rule_name(rule)}: {_sentence(rule.reason)}"
            for rule in result.rules
        ),
    ]
    if comparison.allowed is not None:
        lines += ["", f"Compared although made differently: {code_span(comparison.allowed)}"]
    for warning in comparison.warnings:
        lines += ["", f"⚠ {code_span(warning)}"]
    lines += _flips("Got worse", lost_units(result))
    better = {
        (flip.cluster, flip.key): flip for rule in result.rules for flip in rule.flips.beneficial
    }
    lines += _flips("Got better", tuple(better[key] for key in sorted(better)))
    return "\n".join(lines) + "\n\n"


def _row(rule: RuleResult) -> str:
    span = ""
    if rule.ci is not None:
        span = f"{change(rule.ci.low, rule.unit)} to {change(rule.ci.high, rule.unit)}"
    cells = (
        f"{_SIGNS[rule.verdict]} {rule.verdict.value}",
        _rule_name(rule, in_table=True),
        _cell(amount(rule.baseline, rule.unit)),
        _cell(amount(rule.candidate, rule.unit)),
        _cell(change(rule.difference, rule.unit)),
        _cell(span),
        _cell(rule.limit or amount(rule.margin, rule.unit)),
        f"{rule.n} in {rule.clusters}",
        _cell(amount(rule.minimum_detectable_effect, rule.unit)),
    )
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    """Figures as they are; whatever has another mark than figures need is shown as code."""
    is_plain = all(mark.isalnum() or mark in " .%+-/" for mark in text)
    return text if is_plain else code_span(text, in_table=True)


def _rule_name(rule: RuleResult, *, in_table: bool = False) -> str:
    name = rule.rule or " ".join(filter(None, (rule.metric, rule.slice)))
    return code_span(name, 200, in_table=in_table)


def _sentence(reason: str) -> str:
    """A reason is our own sentence, in which names of strangers may stand."""
    is_plain = all(mark.isalnum() or mark in " .,;:%+-/()" for mark in reason)
    return reason if is_plain and ":/" not in reason else code_span(reason)


def _flips(title: str, flips: tuple[Flip, ...]) -> list[str]:
    if not flips:
        return []
    lines = ["", f"### {title}: {len(flips)}", "", "| task | unit | was | is | why | evidence |"]
    lines.append("| --- | --- | --- | --- | --- | --- |")
    for flip in flips[:_SHOWN_FLIPS]:
        cells = (
            code_span(flip.cluster, 120, in_table=True),
            code_span(flip.key, 120, in_table=True),
            f"{flip.baseline:.4g}",
            f"{flip.candidate:.4g}",
            code_span(flip.candidate_reason, 240, in_table=True),
            code_span(_cited(flip.candidate_evidence), 160, in_table=True),
        )
        lines.append(f"| {' | '.join(cells)} |")
    if len(flips) > _SHOWN_FLIPS:
        lines += ["", f"and {len(flips) - _SHOWN_FLIPS} more"]
    return lines


def _cited(evidence: tuple[Evidence, ...]) -> str:
    if not evidence:
        return ""
    first = evidence[0]
    if isinstance(first, FileEvidence):
        return f"{first.path}:{first.start_line}"
    if isinstance(first, TrajectoryEvidence):
        return f"step {first.step}"
    return str(getattr(first, "path", "") or getattr(first, "command", ""))
