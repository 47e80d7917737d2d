"""Probes of artifacts: there, valid, with the content asked for, and made by a program."""

from __future__ import annotations

import re
from posixpath import basename, splitext

from judge.evidence import missing
from judge.judges.checks.asking import Ask
from judge.judges.checks.findings import Finding, fails, holds, unknown
from judge.judges.checks.model_probes import probe_model
from judge.judges.checks.picture_probes import probe_picture
from judge.judges.checks.provenance_probes import PICTURES, WRITTEN
from judge.judges.checks.scene import Scene
from judge.judges.checks.vocabulary import Kind
from judge.judges.checks.written_probes import probe_written
from judge.workspace import Artifact

# What kinds of file a folder is to hold, by the kind that the requirement speaks of.
FITTING: dict[str, frozenset[str]] = {
    "model": frozenset({"model", "pickle", "array", "archive", "binary"}),
    "figure": frozenset({"image", "animation", "video", "html", "document"}),
    "video": frozenset({"animation", "video"}),
    "text": frozenset({"text", "data", "table", "markdown", "html", "document"}),
    "notebook": frozenset({"notebook"}),
}
_MODELS = frozenset({"model", "pickle", "array"})


def probe_artifacts(scene: Scene, ask: Ask) -> list[Finding]:
    """The findings for every artifact and folder that the requirement names."""
    findings: list[Finding] = []
    if re.search(r"\bprinted\b", ask.plain):
        findings.append(_printed(scene, ask))
    artifacts = list(ask.places.artifacts)
    for path in artifacts:
        if not scene.workspace.has(path):
            findings.append(_absent(scene, path))
            continue
        findings += probe_artifact(scene, ask, scene.workspace.artifact(path))
    for folder in ask.places.folders:
        findings += _probe_folder(scene, ask, folder)
    return findings


_TO_FILE = re.compile(r"\bfile\s*=\s*(?!sys\.std|None)")
_SHOWS_TEXT = re.compile(
    r"(?:^|\W)(?:print|pprint|log(?:ger|ging)?\.\w+|display|click\.echo|show)\s*\("
)


def _printed(scene: Scene, ask: Ask) -> Finding:
    """Whether something of what is asked for is also printed, by the code or in a run."""
    wanted = {word[:6] for word in re.findall(r"[a-z]{5,}", ask.plain.lower())} - _ACTS_SAID
    names: set[str] = set()
    demands = ask.of_kind(Kind.METRIC, Kind.FIGURE)
    for demand in demands:
        for concept in demand.concepts:
            for path in scene.sight.product_paths:
                names |= scene.sight.bound_to(concept, path)
    printing = [
        (path, statement)
        for path in scene.sight.product_paths
        for statement in scene.sight.statements(path)
        if _SHOWS_TEXT.search(statement.bare) and not _TO_FILE.search(statement.bare)
    ]
    for path, statement in printing:
        text = statement.full.lower()
        is_named = any(
            re.search(rf"(?<!\w){re.escape(name)}(?!\w)", statement.bare) for name in names
        )
        if is_named or any(word in text for word in wanted):
            citation = scene.sight.citation(path, statement.line)
            return holds(f"{path} prints it, line {statement.line}", 0.72, citation)
    if not printing:
        return fails("nothing that the code does prints it", 0.66)
    if not demands:
        path, statement = printing[0]
        return holds(
            f"{path} prints its results, line {statement.line}",
            0.56,
            scene.sight.citation(path, statement.line),
        )
    return fails(f"what the code prints is not {demands[0].name}", 0.62)


_ACTS_SAID = frozenset(
    word[:6] for word in "printed saved under figure results values score which".split()
)


def _absent(scene: Scene, path: str) -> Finding:
    if path in scene.workspace.directories:
        return fails(f"{path} is a folder", 0.9)
    name, stem = basename(path), splitext(basename(path))[0].lower()
    near = [p for p in sorted(scene.paths) if basename(p) == name]
    near = near or [p for p in sorted(scene.paths) if splitext(basename(p))[0].lower() == stem]
    hint = f" (there is {near[0]}, but not at that place)" if near else ""
    return fails(f"there is no {path}{hint}", 0.96, missing(path))


def _probe_folder(scene: Scene, ask: Ask, folder: str) -> list[Finding]:
    inside = [path for path in sorted(scene.paths) if path.startswith(f"{folder}/")]
    if not inside:
        return [fails(f"there is nothing in {folder}/", 0.95, missing(folder))]
    kinds = FITTING.get(ask.kind or "", frozenset().union(*FITTING.values()))
    fitting = [
        artifact for artifact in map(scene.workspace.artifact, inside) if artifact.kind in kinds
    ]
    if not fitting:
        noun = ask.kind or "artifact"
        shown = scene.measured(scene.workspace.artifact(inside[0]))
        return [fails(f"no file in {folder}/ is a {noun}", 0.85, shown)]
    valid = [artifact for artifact in fitting if artifact.is_valid]
    if not valid:
        worst = fitting[0]
        return [
            fails(
                f"{worst.path} in {folder}/ is no real {ask.kind or 'artifact'}: "
                f"{_fault_of(worst)}",
                0.93,
                scene.measured(worst),
            )
        ]
    best: list[Finding] | None = None
    for artifact in _by_likeness(valid, ask)[:6]:
        found = probe_artifact(scene, ask, artifact)
        if all(finding.state.value == "holds" for finding in found):
            return found
        best = best or found
    return best or []


def _by_likeness(artifacts: list[Artifact], ask: Ask) -> list[Artifact]:
    """Those first whose name shares words with the requirement."""
    words = {word[:5] for word in re.findall(r"[a-z]{4,}", ask.plain.lower())}

    def likeness(artifact: Artifact) -> tuple[int, str]:
        name = re.findall(r"[a-z]{4,}", basename(artifact.path).lower())
        return (-sum(part[:5] in words for part in name), artifact.path)

    return sorted(artifacts, key=likeness)


def _fault_of(artifact: Artifact) -> str:
    return "; ".join(artifact.signs) or f"it is {artifact.state.value}"


def probe_artifact(scene: Scene, ask: Ask, artifact: Artifact) -> list[Finding]:
    """The findings for one file that is there."""
    shown = scene.measured(artifact)
    if not artifact.is_valid:
        return [fails(f"{artifact.path} is no real artifact: {_fault_of(artifact)}", 0.95, shown)]
    if artifact.kind == "binary" and ask.kind != "model":
        return [unknown(f"{artifact.path} is of a kind that the checks cannot read", shown)]
    findings: list[Finding]
    if artifact.kind in PICTURES:
        findings = probe_picture(scene, ask, artifact)
    elif artifact.kind in _MODELS:
        findings = probe_model(scene, ask, artifact)
    elif artifact.kind in WRITTEN:
        findings = probe_written(scene, ask, artifact)
    else:
        findings = [holds(f"{artifact.path} is a valid {artifact.kind}", 0.7, shown)]
    return findings
