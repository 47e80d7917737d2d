"""JUnit XML: a test case for each rule of a gate."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from results.comparison.values import GateResult, GateVerdict, RuleResult
from results.reports.harmless import showable, write_whole
from results.reports.wording import flips_text, rule_text, title_of

_SHOWN_FLIPS = 50


def write_junit(result: GateResult, path: Path) -> None:
    """Writes the gate's result as JUnit XML; see `junit_xml`. InputError where it cannot be."""
    write_whole(junit_xml(result), path)


def junit_xml(result: GateResult) -> str:
    """The gate as a test suite, in the form that Jenkins, GitLab and others read.

    A rule that fails is a failure with what got worse; one that cannot tell is skipped, with why;
    beside one that passes stands the worsening that it would have seen.
    """
    failed = sum(rule.verdict is GateVerdict.FAIL for rule in result.rules)
    skipped = sum(rule.verdict is GateVerdict.INCONCLUSIVE for rule in result.rules)
    tests = str(len(result.rules))
    root = ET.Element(
        "testsuites", name="judge gate", tests=tests, failures=str(failed), errors="0"
    )
    suite = ET.SubElement(
        root,
        "testsuite",
        name=showable(title_of(result)),
        tests=tests,
        failures=str(failed),
        errors="0",
        skipped=str(skipped),
    )
    properties = ET.SubElement(suite, "properties")
    for name, value in (
        ("verdict", result.verdict.value),
        ("baseline", result.comparison.baseline),
        ("candidate", result.comparison.candidate),
    ):
        ET.SubElement(properties, "property", name=name, value=showable(value))
    for rule in result.rules:
        _add_case(suite, rule)
    warnings = [showable(" ".join(warning.split())) for warning in result.comparison.warnings]
    if warnings:
        ET.SubElement(suite, "system-err").text = showable("\n".join(warnings), 100_000)
    ET.indent(root)
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _add_case(suite: ET.Element, rule: RuleResult) -> None:
    name = showable(rule.rule or " ".join(filter(None, (rule.metric, rule.slice))))
    case = ET.SubElement(suite, "testcase", classname="judge.gate", name=name)
    figures = rule_text(rule)
    message = showable(rule.reason)
    if rule.verdict is GateVerdict.FAIL:
        failure = ET.SubElement(case, "failure", type="regression", message=message)
        failure.text = showable(
            "\n".join([figures, *flips_text(rule.flips.harmful[:_SHOWN_FLIPS])]), 100_000
        )
    elif rule.verdict is GateVerdict.INCONCLUSIVE:
        # Jenkins' schema allows no attribute here.
        ET.SubElement(case, "skipped").text = showable(f"{rule.reason} {figures}")
    else:
        ET.SubElement(case, "system-out").text = showable(f"{rule.reason} {figures}")
