"""SARIF 2.1.0: the requirements newly unsatisfied, each at the file and the lines cited for it.

Static Analysis Results Interchange Format, OASIS Standard 2.1.0 with Errata 01.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from results.comparison.values import Flip, GateResult
from results.records import FileEvidence
from results.reports.harmless import showable, write_whole
from results.reports.lost import Place, level_of, lost_units, place_of

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_RULES = {
    "judgment": (
        "requirement-lost",
        "RequirementLost",
        "A requirement that the baseline met is no longer met.",
    ),
    "benchmark": (
        "sample-lost",
        "SampleLost",
        "A sample of the benchmark scores lower than in the baseline.",
    ),
}


def write_sarif(result: GateResult, path: Path) -> None:
    """Writes what got worse as a SARIF log; see `sarif_log`. InputError where it cannot be."""
    text = json.dumps(sarif_log(result), indent=2, ensure_ascii=True, allow_nan=False)
    write_whole(text + "\n", path)


def sarif_log(result: GateResult) -> dict[str, Any]:
    """A SARIF log with a result for each requirement, or sample, that got worse.

    Paths are relative to the workspace of the task, whose name is the base's id. The level is
    `error` where the gate fails, `warning` where it cannot tell, and `note` where it passes.
    """
    id_, name, what = _RULES["benchmark" if result.comparison.kind == "benchmark" else "judgment"]
    lost = lost_units(result)
    level = level_of(result)
    bases = sorted({_base(flip) for flip in lost if place_of(flip) is not None})
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "agent-judge",
                "rules": [
                    {
                        "id": id_,
                        "name": name,
                        "shortDescription": {"text": what},
                        "defaultConfiguration": {"level": "error"},
                    }
                ],
            }
        },
        "automationDetails": {"id": "judge-gate/"},
        "columnKind": "unicodeCodePoints",
        "results": [_result(flip, id_, level) for flip in lost],
        "properties": {
            "verdict": result.verdict.value,
            "baseline": showable(result.comparison.baseline),
            "candidate": showable(result.comparison.candidate),
        },
    }
    if bases:
        run["originalUriBaseIds"] = {
            base: {"description": {"text": f"The workspace of {base}."}} for base in bases
        }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(flip: Flip, rule: str, level: str) -> dict[str, Any]:
    unit = f"{flip.cluster}/{flip.key}"
    said = f"{flip.cluster}, {flip.key}: was {flip.baseline:.4g}, is {flip.candidate:.4g}."
    reason = " ".join(flip.candidate_reason.split())
    location: dict[str, Any] = {
        "logicalLocations": [{"fullyQualifiedName": showable(unit), "kind": "member"}]
    }
    place = place_of(flip)
    if place is not None:
        location["physicalLocation"] = _physical(flip, place)
    return {
        "ruleId": rule,
        "ruleIndex": 0,
        "level": level,
        "message": {"text": _plain(f"{said} {reason}".strip())},
        "locations": [location],
        "partialFingerprints": {"unit/v1": _hash(unit)},
        "properties": {"baseline": flip.baseline, "candidate": flip.candidate},
    }


def _physical(flip: Flip, place: Place) -> dict[str, Any]:
    found: dict[str, Any] = {
        "artifactLocation": {
            "uri": quote(showable(place.path.replace("\\", "/"))),
            "uriBaseId": _base(flip),
        }
    }
    if place.start_line is not None:
        region: dict[str, Any] = {"startLine": place.start_line}
        if place.end_line is not None and place.end_line >= place.start_line:
            region["endLine"] = place.end_line
        for evidence in flip.candidate_evidence:
            if isinstance(evidence, FileEvidence) and evidence.path == place.path:
                region["snippet"] = {"text": showable(evidence.quote)}
                break
        found["region"] = region
    return found


def _base(flip: Flip) -> str:
    return showable(flip.cluster, 200) or "workspace"


def _plain(text: str) -> str:
    """A message in which nothing is a link: SARIF reads `[text](target)` as one (3.11.6)."""
    text = showable(text)
    for mark in ("\\", "[", "]"):
        text = text.replace(mark, f"\\{mark}")
    return text


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
