"""Probes of where an artifact came from: a program that computes, or hands and constants."""

from __future__ import annotations

from judge.judges.checks.findings import Finding, fails, holds, unknown
from judge.judges.checks.learning import fresh_save
from judge.judges.checks.origin import Writer
from judge.judges.checks.scene import Scene
from judge.workspace import Artifact

PICTURES = frozenset({"image", "animation", "video"})
WRITTEN = frozenset({"text", "markdown", "data", "table", "html", "document", "notebook"})


def probe_provenance(
    scene: Scene,
    artifact: Artifact,
    writers: tuple[Writer, ...],
    *,
    may_be_typed: bool = False,
) -> Finding:
    """Whether a program can have made the artifact; a report may be written by hand."""
    origins, path = scene.origins, artifact.path
    typed = origins.typed_by_hand(path, artifact.text) if artifact.kind in WRITTEN else None
    if typed is not None and not may_be_typed:
        return fails(
            f"{path} was typed in by the agent and computed by no program",
            0.84,
            origins.step_citation(typed.step, typed.content or ""),
        )
    reached = [writer for writer in writers if writer.is_reached]
    constant = next((w for w in reached if w.content is not None and w.is_exact), None)
    if constant is not None and not may_be_typed and len(reached) == 1:
        return fails(
            f"{constant.path} writes {path} from a text that is typed into it",
            0.82,
            origins.citation(constant),
        )
    made_up = _made_up(scene, artifact, reached)
    if made_up is not None:
        return made_up
    taught = _untaught(scene, artifact, reached)
    if taught is not None:
        return taught
    broken = None if may_be_typed else _broken_writer(scene, artifact, reached)
    if broken is not None:
        return broken
    if reached:
        first = reached[0]
        return holds(
            f"{first.path} writes it (line {first.line})",
            0.8 if first.is_exact else 0.72,
            origins.citation(first),
        )
    write = origins.last_write(path)
    if write is not None and write.how in ("program", "python", "download", "copy"):
        return holds(
            f"step {write.step} of the trajectory made {path}",
            0.7,
            origins.step_citation(write.step, path) or scene.measured(artifact),
        )
    if may_be_typed:
        return holds(f"{path} is there as a written text", 0.7, scene.measured(artifact))
    if writers:
        first = writers[0]
        return unknown(f"the code that writes {path} is never reached", origins.citation(first))
    if origins.could_be_written():
        return holds(f"code that runs writes files as {path} is", 0.56, scene.measured(artifact))
    return unknown(f"no code writes {path}", scene.measured(artifact))


_OF_MODELS = frozenset({"model", "pickle"})


def _untaught(scene: Scene, artifact: Artifact, writers: list[Writer]) -> Finding | None:
    """A saved model that was made when it was saved, or that nothing can have taught."""
    if artifact.kind not in _OF_MODELS:
        return None
    for writer in writers:
        tree = scene.sight.tree(writer.path)
        if tree is not None and fresh_save(tree, writer.line):
            return fails(
                f"{writer.path} saves a model that it has just made and not trained "
                f"(line {writer.line})",
                0.74,
                scene.origins.citation(writer),
            )
    reason = scene.untaught
    if reason is not None:
        return fails(
            f"no training lies behind {artifact.path}: {reason.text}",
            0.68,
            scene.sight.citation(reason.path, reason.line),
        )
    return None


def _broken_writer(scene: Scene, artifact: Artifact, writers: list[Writer]) -> Finding | None:
    """All code that writes the artifact fails before it does, or is handed on to empty code."""
    reasons: list[tuple[Writer, str]] = []
    for writer in writers:
        fault = scene.health.blocks(writer.path)
        reason = fault.text if fault is not None else ""
        reason = reason or scene.sight.hollow_reason(writer.path, writer.scope)
        if not reason:
            return None
        reasons.append((writer, reason))
    if reasons:
        writer, reason = reasons[0]
        return fails(
            f"the code that writes {artifact.path} cannot run: {reason}",
            0.62,
            scene.sight.citation(writer.path, writer.line),
        )
    empty = scene.origins.empty_hands(artifact.path)
    if empty is not None:
        call, name = empty
        return fails(
            f"{call.path} hands {artifact.path} to {name}, which does nothing",
            0.64,
            scene.sight.citation(call.path, call.line),
        )
    return None


def _made_up(scene: Scene, artifact: Artifact, writers: list[Writer]) -> Finding | None:
    """The writer's own scope puts nothing into the artifact but constants or chance."""
    is_picture = artifact.kind in PICTURES
    for writer in writers:
        for made in scene.made_up_in(writer.path):
            if (
                made.scope != writer.scope
                or (
                    made.call.startswith("write")
                    or made.call in ("dump", "dumps", "to_csv", "savetxt")
                )
                == is_picture
            ):
                continue
            near = abs(made.line - writer.line) <= 25
            if near:
                return fails(
                    f"what {writer.path} puts into {artifact.path} is {made.how} "
                    f"(line {made.line})",
                    0.7,
                    scene.sight.citation(writer.path, made.line),
                )
    return None
