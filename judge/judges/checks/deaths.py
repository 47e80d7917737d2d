"""Whether a program is known to end before it gets to something."""

from __future__ import annotations

from judge.judges.checks.findings import Finding, fails
from judge.judges.checks.scene import Scene
from judge.judges.checks.sight import Sighting


def death_before(scene: Scene, sighting: Sighting, what: str) -> Finding | None:
    """What ends the program, or ended its last run, before `what` at the sighting; else None."""
    fault = scene.health.blocks(sighting.path)
    if fault is not None:
        return fails(
            f"no program gets as far as {what}: {fault.text}",
            0.8,
            scene.sight.citation(fault.path, fault.line),
        )
    crash = scene.origins.crash_before(sighting.path, sighting.line, sighting.scope)
    if crash is not None:
        return fails(
            f"the last run failed before {what}: {crash.failure}",
            0.7,
            scene.origins.step_citation(crash.step, crash.failure),
        )
    ended = scene.origins.ended_before(sighting.path, sighting.line, sighting.scope)
    if ended is not None:
        return fails(
            f"the run ended before {what}: {ended.quote!r}",
            0.7,
            scene.origins.step_citation(ended.step, ended.quote),
        )
    return None
