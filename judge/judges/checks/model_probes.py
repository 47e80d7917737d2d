"""Probes of saved models: whether they hold fitted values, and of the method asked for."""

from __future__ import annotations

from judge.judges.checks.asking import Ask, Demand
from judge.judges.checks.findings import Finding, fails, holds
from judge.judges.checks.provenance_probes import probe_provenance
from judge.judges.checks.scene import Scene
from judge.judges.checks.vocabulary import METHODS, Kind, matches_call
from judge.workspace import Artifact


def probe_model(scene: Scene, ask: Ask, artifact: Artifact) -> list[Finding]:
    """The findings for a valid model, pickle or array."""
    shown = scene.measured(artifact)
    findings = [holds(f"{artifact.path} is a model file with content", 0.85, shown)]
    named = [str(name) for name in artifact.facts.get("globals", ())]
    library = [name for name in named if name.startswith(("sklearn.", "xgboost.", "lightgbm."))]
    is_boosted = any(name.startswith(("xgboost.", "lightgbm.")) for name in named)
    is_fitted = is_boosted or any("numpy" in name or "Tree" in name for name in named)
    if library and not is_fitted:
        return [fails(f"{artifact.path} holds no fitted values", 0.75, shown)]
    for demand in ask.of_kind(Kind.METHOD):
        other = _other_method(demand, library)
        if other:
            text = f"{artifact.path} holds {other} and not {demand.name}"
            findings.append(fails(text, 0.82, shown))
    findings.append(probe_provenance(scene, artifact, scene.origins.writers(artifact.path)))
    return findings


def _other_method(demand: Demand, named: list[str]) -> str:
    """The method that a pickled estimator is, where it is another than the one asked for."""
    families = {concept.family for concept in demand.concepts}
    if not named or not families & {"estimator", "clustering"}:
        return ""
    if any(matches_call(p, name) for c in demand.concepts for p in c.calls for name in named):
        return ""
    for concept in METHODS:
        if concept.family in families and concept not in demand.concepts:
            for name in named:
                if any(matches_call(pattern, name) for pattern in concept.calls):
                    return name
    return ""
