"""Probes of pictures: whether they show what was asked, drawn by a program from what it has."""

from __future__ import annotations

import re

from judge.judges.checks.asking import Act, Ask, Demand
from judge.judges.checks.findings import Finding, fails, holds, unknown
from judge.judges.checks.origin import Writer
from judge.judges.checks.provenance_probes import probe_provenance
from judge.judges.checks.scene import Scene
from judge.judges.checks.sight import is_drawing
from judge.judges.checks.vocabulary import Kind
from judge.workspace import Artifact


def probe_picture(scene: Scene, ask: Ask, artifact: Artifact) -> list[Finding]:
    """The findings for a valid image, animation or video."""
    findings = [
        holds(f"{artifact.path} is a picture that shows something", 0.85, scene.measured(artifact))
    ]
    findings += _resolution(scene, ask, artifact)
    writers = scene.origins.writers(artifact.path)
    findings.append(probe_provenance(scene, artifact, writers))
    undrawn = _undrawn(scene, artifact, writers)
    if undrawn is not None:
        findings.append(undrawn)
    for demand in ask.of_kind(Kind.FIGURE):
        findings.append(_subject(scene, demand, artifact, writers))
    for demand in ask.of_kind(Kind.METRIC):
        if ask.places.artifacts and not ask.places.folders:
            findings.append(_recorded(scene, demand))
    return findings


def _undrawn(scene: Scene, artifact: Artifact, writers: tuple[Writer, ...]) -> Finding | None:
    """A figure is saved, but the code that saves it, and what leads there, draws nothing."""
    saving = [w for w in writers if w.is_reached and w.via.endswith("savefig")]
    if not saving or any(
        w.is_reached and not w.via.endswith("savefig") and w.is_exact for w in writers
    ):
        return None
    sight = scene.sight
    for writer in saving:
        own = (writer.path, writer.scope)
        callers = {(c.path, c.scope) for c in sight.graph.callers_of(*own)} if own[1] else set()
        keys = set(sight.with_callees([own]))
        makes_figure = any(
            call.method in ("subplots", "figure", "Figure")
            for call in sight.calls_by_key.get(own, ())
        )
        # A helper that only saves is handed what its callers had drawn elsewhere.
        keys |= callers if makes_figure else sight.with_callees(callers)
        for key in keys:
            for call in sight.calls_by_key.get(key, ()):
                if is_drawing(call) and sight.is_live(call.path, call.line):
                    return None
    first = saving[0]
    return fails(
        f"{first.path} saves {artifact.path} (line {first.line}) without drawing anything on it",
        0.7,
        sight.citation(first.path, first.line),
    )


def _resolution(scene: Scene, ask: Ask, artifact: Artifact) -> list[Finding]:
    asked = re.search(r"\b(\d{3,4})p\b|\b(\d{3,5})\s*[x×]\s*(\d{3,5})\b", ask.plain)
    if asked is None or "height" not in artifact.facts:
        return []
    width, height = int(artifact.facts["width"]), int(artifact.facts["height"])
    if asked.group(1):
        is_met = int(asked.group(1)) in (width, height)
    else:
        is_met = {width, height} == {int(asked.group(2)), int(asked.group(3))}
    text = f"{artifact.path} has {width} x {height} pixels where {asked.group()} is asked"
    made = holds if is_met else fails
    return [made(text, 0.9, scene.measured(artifact))]


def _subject(
    scene: Scene, demand: Demand, artifact: Artifact, writers: tuple[Writer, ...]
) -> Finding:
    """Whether the program computes what the picture is to show."""
    sight = scene.sight
    best = None
    for concept in demand.concepts:
        found = sight.find(concept, sight.everywhere, Act.DO)
        if found is not None and (best is None or found.strength > best.strength):
            best = found
    if best is not None:
        what = " ".join(best.what.split())[:80]
        return holds(
            f"the program makes the {demand.name} ({what} in {best.path}, line {best.line})",
            min(0.8, best.strength),
            sight.citation(best.path, best.line),
        )
    if not any(writer.is_reached for writer in writers):
        return unknown(f"no code was found that draws a {demand.name} into {artifact.path}")
    first = writers[0]
    if not any(concept.is_telling for concept in demand.concepts):
        # A subject without a library call of its own: a plot of computed data may show it.
        return holds(
            f"{first.path} draws what it computes into {artifact.path}",
            0.56,
            sight.citation(first.path, first.line),
        )
    return fails(
        f"the code that writes {artifact.path} draws no {demand.name}",
        0.62,
        sight.citation(first.path, first.line),
    )


def _recorded(scene: Scene, demand: Demand) -> Finding:
    sight = scene.sight
    for concept in demand.concepts:
        found = sight.find(concept, sight.everywhere, Act.DO)
        if found is not None:
            return holds(
                f"{demand.name} is computed in {found.path}, line {found.line}",
                found.strength,
                sight.citation(found.path, found.line),
            )
    return unknown(f"no code was found that computes {demand.name}")
