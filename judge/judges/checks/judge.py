"""The `checks` judge: reads a requirement, probes code and artifacts, and concludes."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from judge.evidence import missing, verified
from judge.judges.checks.artifact_probes import probe_artifacts
from judge.judges.checks.asking import Act, Ask, read_requirement
from judge.judges.checks.code_probes import code_demands, code_regions, probe_sources
from judge.judges.checks.findings import Conclusion, Finding, State, conclude, fails, holds, unknown
from judge.judges.checks.places import Places, extension
from judge.judges.checks.scene import Scene, scene_of
from judge.judges.checks.vocabulary import Kind
from judge.judges.interface import Case, Question
from results.records import Outcome, Verdict

VERSION = "1"

_EXTENSIONS = (
    (r"\bhtml\b", ("html", "htm")),
    (r"\bmarkdown\b", ("md",)),
    (r"\bnotebook\b", ("ipynb",)),
    (r"\bpdf\b", ("pdf",)),
    (r"\breport\b", ("md", "html", "pdf", "docx", "ipynb", "txt")),
)


class ChecksJudge:
    """Deterministic probes: no model, no network, nothing of the workspace is executed."""

    name = "checks"

    def describe(self) -> dict[str, Any]:
        return {"judge": self.name, "version": VERSION}

    def judge(self, case: Case, question: Question, earlier: Mapping[int, Verdict]) -> Verdict:
        """The verdict on one question. What a workspace holds never makes it raise."""
        started = time.perf_counter()
        try:
            conclusion = examine(scene_of(case), question)
            verdict = verified(
                question.verdict(
                    conclusion.outcome,
                    conclusion.confidence,
                    conclusion.reason,
                    conclusion.evidence,
                ),
                case.inspection.workspace,
                case.inspection.trajectory,
            )
        except Exception as failure:  # noqa: BLE001 -- one hostile file must not end a run; what
            # was unforeseen is said as an error, never as an opinion on the requirement.
            verdict = question.verdict(
                Outcome.ERROR, 0.0, f"A probe failed: {type(failure).__name__}: {failure}"
            )
        return verdict.model_copy(update={"seconds": time.perf_counter() - started})


def examine(scene: Scene, question: Question) -> Conclusion:
    """All findings on a question, and what follows from them."""
    ask = _placed(scene, question, read_requirement(question.criteria))
    findings = gather(scene, ask)
    if question.is_preference:
        findings = [_softened(finding) for finding in findings]
    return conclude(findings)


def gather(scene: Scene, ask: Ask) -> list[Finding]:
    """The findings that bear on a requirement; a file that is missing ends the search."""
    findings = probe_sources(scene, ask)
    if any(finding.state is State.FAILS for finding in findings):
        return findings
    if ask.places.artifacts or ask.places.folders:
        findings += probe_artifacts(scene, ask)
        if any(f.state is State.FAILS and f.strength >= 0.9 for f in findings):
            return findings
    findings += [_probe_input(scene, ask, path) for path in ask.places.inputs]
    findings += [_probe_repository(scene, name) for name in ask.places.repositories]
    findings += code_demands(scene, ask)
    if not findings or (ask.places.sources and not ask.demands and not ask.places.inputs):
        findings.append(unknown("the requirement names nothing that code can check by itself"))
    return findings


def _placed(scene: Scene, question: Question, ask: Ask) -> Ask:
    """The ask, with the place that the sentence leaves to its neighbours filled in."""
    places = ask.places
    if places.sources and places.folders and ask.of_kind(Kind.APP, Kind.LIBRARY):
        # "a page in X to display the results in folder Y": Y is where it looks.
        return replace(ask, places=replace(places, folders=()))
    if not places.is_empty or not ask.contents:
        return ask
    for words, extensions in _EXTENSIONS:
        if not re.search(words, ask.plain, re.I):
            continue
        order = (*question.prerequisites, *scene.asks)
        for number in order:
            other = scene.asks.get(number)
            for path in other.places.artifacts if other is not None else ():
                if extension(path) in extensions:
                    return replace(ask, places=Places(artifacts=(path,)))
    return ask


def _probe_input(scene: Scene, ask: Ask, path: str) -> Finding:
    """A file that is to be read: it is there, it holds something, and the code reads it."""
    if not scene.workspace.has(path):
        return fails(f"there is no {path} to read", 0.9, missing(path))
    artifact = scene.workspace.artifact(path)
    shown = scene.measured(artifact)
    if not artifact.is_valid:
        return fails(f"{path} holds nothing to read", 0.9, shown)
    _, keys = code_regions(scene, ask)
    where = " and ".join(ask.places.sources) or "the code"
    for source in sorted({source for source, _ in keys}):
        for use in scene.sight.graph.uses_in(source):
            if (source, use.scope) not in keys or use.mode not in ("read", "unknown"):
                continue
            is_it = (
                use.target == path or path.endswith(f"/{use.target}") or use.target.endswith(path)
            )
            if is_it and (ask.act is Act.DEFINE or use.is_reached):
                return holds(
                    f"{source} reads {path}, line {use.line}",
                    0.85,
                    scene.sight.citation(source, use.line),
                    shown,
                )
    return fails(f"nothing that {where} does reads {path}", 0.7, shown)


def _probe_repository(scene: Scene, name: str) -> Finding:
    """A repository that is to be fetched: a folder of its name with files in it."""
    inside = [path for path in sorted(scene.paths) if name.lower() in path.lower().split("/")[:-1]]
    held = [path for path in inside if scene.workspace.artifact(path).is_valid]
    if len(held) >= 2:
        return holds(
            f"{name}/ holds {len(held)} files",
            0.75,
            *(scene.measured(scene.workspace.artifact(path)) for path in held[:2]),
        )
    for run in reversed(scene.origins.all_runs):
        if "clone" in run.command and name.lower() in run.command.lower() and run.ended == "ok":
            cited = scene.origins.step_citation(run.step, run.command)
            return holds(f"step {run.step} cloned {name}", 0.7, cited)
    return fails(f"there is no folder {name} with files of the repository", 0.72)


def _softened(finding: Finding) -> Finding:
    """A preference is not missed for want of one detail that the checks looked for."""
    if finding.state is State.FAILS and finding.strength < 0.7:
        return unknown(finding.text, *finding.evidence)
    return finding
