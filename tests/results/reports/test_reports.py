"""A gate's reports validate, point at what was cited, and keep hostile text harmless."""

from __future__ import annotations

import json
import os
import re
from io import StringIO
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st

from results.comparison.values import (
    Comparison,
    Flip,
    Flips,
    GateResult,
    GateVerdict,
    MetricComparison,
    RuleResult,
)
from results.errors import InputError
from results.records import ArtifactEvidence, Evidence, FileEvidence, Interval, TrajectoryEvidence
from results.reports import (
    junit_xml,
    markdown_comment,
    markdown_summary,
    sarif_log,
    workflow_commands,
    write_junit,
    write_sarif,
    write_summary,
)
from results.reports.markdown import COMMENT_MARK, LONGEST_COMMENT

SCHEMAS = Path(__file__).parents[2] / "support" / "schemas"
JUNIT = xmlschema.XMLSchema(str(SCHEMAS / "junit.xsd"))
SARIF = jsonschema.Draft4Validator(json.loads((SCHEMAS / "sarif-2.1.0.json").read_text()))
HOSTILE = (
    "<script>alert(1)</script> ![x](http://evil/x.png) [a](http://evil) @team `x` | "
    "\x00\x1b[2J\u202e ]]> &amp; ::error::x\n::set-output name=a::b %0A =cmd|'/c'!A1 \ud800"
)
INTERVAL = Interval(low=-0.3, high=-0.1, level=0.95, method="made up", clusters=3)


def flip(key: str = "0", *evidence: Evidence, **changes: Any) -> Flip:
    given_: dict[str, Any] = {
        "cluster": "01_Task",
        "key": key,
        "baseline": 1.0,
        "candidate": 0.0,
        "candidate_reason": "the file is gone",
        "candidate_evidence": evidence,
    }
    return Flip.model_validate({**given_, **changes})


def gate_result(
    verdict: GateVerdict, *lost: Flip, kind: str = "judgment", **changes: Any
) -> GateResult:
    flips = Flips(harmful=lost)
    rule = RuleResult(
        metric="independent",
        verdict=verdict,
        baseline=0.5,
        candidate=0.3,
        difference=-0.2,
        ci=INTERVAL,
        n=20,
        clusters=3,
        minimum_detectable_effect=0.15,
        reason="Worse beyond the margin.",
        flips=flips,
    )
    name = "independent" if kind == "judgment" else "correct"
    metric = MetricComparison(name=name, baseline=0.5, candidate=0.3, difference=-0.2, flips=flips)
    comparison = Comparison(
        baseline="main", candidate="mine", kind=kind, metrics=(metric,), **changes
    )
    return GateResult(verdict=verdict, rules=(rule,), comparison=comparison)


CITED = FileEvidence(path="src/a b.py", start_line=3, end_line=5, quote="def f(): ...")


def test_sarif_points_at_the_cited_file_and_lines() -> None:
    lost = flip("2", TrajectoryEvidence(step=1, quote="x"), CITED)
    log = sarif_log(gate_result(GateVerdict.FAIL, lost))
    SARIF.validate(log)
    (result,) = log["runs"][0]["results"]
    physical = result["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"] == {"uri": "src/a%20b.py", "uriBaseId": "01_Task"}
    assert physical["region"]["startLine"] == 3
    assert physical["region"]["endLine"] == 5
    assert result["level"] == "error"
    assert "the file is gone" in result["message"]["text"]
    assert log["runs"][0]["originalUriBaseIds"].keys() == {"01_Task"}


def test_sarif_names_an_artifact_and_lets_no_path_lead_out() -> None:
    outside = FileEvidence(path="../../etc/passwd", start_line=1, end_line=1, quote="root")
    missing = ArtifactEvidence(path="models/a.pt", fact="no such file")
    log = sarif_log(
        gate_result(GateVerdict.INCONCLUSIVE, flip("0", outside), flip("1", outside, missing))
    )
    SARIF.validate(log)
    first, second = log["runs"][0]["results"]
    assert "physicalLocation" not in first["locations"][0]
    location = second["locations"][0]["physicalLocation"]
    assert location == {"artifactLocation": {"uri": "models/a.pt", "uriBaseId": "01_Task"}}
    assert first["level"] == "warning"
    assert first["partialFingerprints"] != second["partialFingerprints"]


def test_sarif_holds_each_lost_requirement_once_and_none_where_none_is_lost() -> None:
    log = sarif_log(gate_result(GateVerdict.FAIL, flip("1"), flip("0"), flip("1")))
    assert [r["message"]["text"].split(":")[0] for r in log["runs"][0]["results"]] == [
        "01_Task, 0",
        "01_Task, 1",
    ]
    empty = sarif_log(gate_result(GateVerdict.PASS))
    SARIF.validate(empty)
    assert empty["runs"][0]["results"] == []
    sample = sarif_log(gate_result(GateVerdict.FAIL, flip("q1"), kind="benchmark"))
    assert sample["runs"][0]["results"][0]["ruleId"] == "sample-lost"


@pytest.mark.parametrize("verdict", GateVerdict)
def test_junit_validates_and_counts_by_verdict(verdict: GateVerdict) -> None:
    text = junit_xml(gate_result(verdict, flip("0", CITED)))
    JUNIT.validate(StringIO(text))
    failures = int(verdict is GateVerdict.FAIL)
    skipped = int(verdict is GateVerdict.INCONCLUSIVE)
    assert f'failures="{failures}" errors="0" skipped="{skipped}"' in text
    assert ("<failure" in text) == bool(failures)
    assert ("<skipped" in text) == bool(skipped)
    assert "a worsening of 15.0 % is seen with 80 % power" in text
    if failures:
        assert "01_Task / 0: 1 -&gt; 0 the file is gone" in text


def test_junit_holds_all_warnings_in_the_one_place_that_its_schema_has_for_them() -> None:
    text = junit_xml(gate_result(GateVerdict.PASS, warnings=("one", "two\nlines")))
    JUNIT.validate(StringIO(text))
    assert "<system-err>one\ntwo lines</system-err>" in text


def hostile_result(text: str) -> GateResult:
    lost = flip(
        text or "x",
        FileEvidence(path=text or "x", start_line=1, end_line=1, quote=text),
        cluster=text or "x",
        candidate_reason=text,
    )
    result = gate_result(GateVerdict.FAIL, lost, warnings=(text,), allowed=text)
    rule = result.rules[0].model_copy(update={"rule": text, "reason": text})
    return result.model_copy(update={"rules": (rule,)})


@given(st.one_of(st.just(HOSTILE), st.text(max_size=80)))
def test_every_report_is_valid_whatever_the_text(text: str) -> None:
    result = hostile_result(text)
    JUNIT.validate(StringIO(junit_xml(result)))
    SARIF.validate(json.loads(json.dumps(sarif_log(result), allow_nan=False)))
    markdown_summary(result).encode()
    for line in workflow_commands(result):
        assert line.startswith("::error ")
        assert "\n" not in line and "\r" not in line


def test_hostile_text_is_no_markup_in_markdown() -> None:
    summary = markdown_summary(hostile_result(HOSTILE))
    outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", summary)
    for mark in ("<script", "![x]", "[a](", "@team", "\u202e", "\x1b"):
        assert mark not in outside
    rows = [line for line in summary.splitlines() if line.startswith("| `")]
    assert rows and all(len(re.findall(r"(?<!\\)\|", row)) == 7 for row in rows)


def test_hostile_text_starts_no_link_in_sarif_and_no_command_in_a_log() -> None:
    (result,) = sarif_log(hostile_result(HOSTILE))["runs"][0]["results"]
    assert not re.search(r"(?<!\\)\[", result["message"]["text"])
    lines = workflow_commands(hostile_result(HOSTILE))
    assert len(lines) == 2
    assert all(line.count("::error ") == 1 for line in lines)


def test_commands_mark_file_and_line_up_to_what_is_shown() -> None:
    lost = [flip(str(n), CITED) for n in range(30)]
    lines = workflow_commands(gate_result(GateVerdict.FAIL, *lost))
    assert len(lines) == 10
    assert lines[0].startswith("::error title=judge gate%3A FAIL::mine against main.")
    assert lines[1] == (
        "::error file=src/a b.py,line=3,endLine=5,title=01_Task / 0::the file is gone"
    )
    assert workflow_commands(gate_result(GateVerdict.PASS, *lost))[1:] == []
    assert workflow_commands(gate_result(GateVerdict.INCONCLUSIVE))[0].startswith("::warning ")


def test_a_comment_can_be_found_again_and_is_not_too_long() -> None:
    long = "x" * 990
    lost = [flip(long + str(n), CITED, cluster=long, candidate_reason=long) for n in range(20)]
    rules = gate_result(GateVerdict.FAIL, *lost).rules * 200
    result = gate_result(GateVerdict.FAIL, *lost).model_copy(update={"rules": rules})
    comment = markdown_comment(result)
    assert comment.startswith(COMMENT_MARK)
    assert len(comment) <= LONGEST_COMMENT + 100


def test_files_are_written_whole_or_not_at_all(tmp_path: Path) -> None:
    result = gate_result(GateVerdict.FAIL, flip("0", CITED))
    write_junit(result, tmp_path / "new" / "gate.xml")
    write_sarif(result, tmp_path / "gate.sarif")
    JUNIT.validate(str(tmp_path / "new" / "gate.xml"))
    SARIF.validate(json.loads((tmp_path / "gate.sarif").read_text()))
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="cannot be written"):
        write_sarif(result, tmp_path / "folder")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "gate.sarif", "new"]


def test_a_step_summary_is_added_to_and_another_file_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = gate_result(GateVerdict.PASS)
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setitem(os.environ, "GITHUB_STEP_SUMMARY", str(summary))
    write_summary(result, summary)
    assert summary.read_text().startswith("before\n## ✅ judge gate: PASS")
    other = tmp_path / "other.md"
    other.write_text("before\n")
    write_summary(result, other)
    assert other.read_text() == markdown_summary(result)
