"""What people can be asked to label: outputs that runs judged, without a look at what was judged.

Only run records are read here, never verdicts; and outputs only while their fingerprints are those
that the run recorded, so that a run folder from elsewhere shows no other folder of this machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from dashboard import untrusted
from dashboard.agreement_runs import Query, RunLine, run_lines, run_record
from judge.labelling import HUMAN, Study
from judge.labelling.sessions import planned
from judge.running.planning import RunPlan, RunRequest
from judge.running.sessions import BUNDLED_AGENT, run_request
from results.errors import InputError

BUNDLED = "the bundled example"


@dataclass(frozen=True)
class Outputs:
    """One agent's outputs. `hashes` are those that must still hold; None for the bundled ones."""

    name: str
    agent: str
    request: RunRequest
    hashes: Mapping[str, str] | None


def outputs_to_label(query: Query | None) -> tuple[Outputs, ...]:
    """What the runs of the store judged, each once, newest first; the bundled example last."""
    found: dict[tuple[str, str], Outputs] = {}
    bundled = run_request()
    for line in run_lines(query) if query is not None else ():
        outputs = _outputs_of(query, line) if query is not None and line.judge != HUMAN else None
        if outputs is not None and outputs.request.workspaces != bundled.workspaces:
            found.setdefault((line.agent, outputs.request.workspaces), outputs)
    return (*found.values(), Outputs(BUNDLED, BUNDLED_AGENT, bundled, None))


def plan_of(outputs: Outputs) -> RunPlan:
    """The outputs, opened and compared with what the run recorded; InputError where they differ."""
    plan = planned(outputs.request, outputs.agent)
    if outputs.hashes is not None:
        _check(plan, outputs.hashes)
    return plan


def plan_of_study(study: Study) -> RunPlan:
    """The outputs that a study labels, as they were when it began; InputError where they differ."""
    plan = planned(study.request, study.agent)
    sessions = [*study.annotators, *([study.consensus] if study.consensus else [])]
    _check(plan, sessions[0].folder.record.hashes)
    return plan


def _check(plan: RunPlan, hashes: Mapping[str, str]) -> None:
    changed = [name for name, mark in plan.hashes.items() if hashes.get(name) != mark]
    if changed:
        shown = ", ".join(untrusted.name(name, 80) for name in changed[:3])
        raise InputError(
            f"These outputs are no longer what was recorded ({shown}); judge them anew, then label"
            " those."
        )


def _outputs_of(query: Query, line: RunLine) -> Outputs | None:
    record = run_record(query, line.run_id)
    try:
        request = RunRequest.model_validate(record.config["request"]) if record else None
    except (KeyError, ValidationError):
        return None
    if request is None or record is None:
        return None
    name = untrusted.name(f"{line.agent} · {request.workspaces}", 120)
    wanted = {name: mark for name, mark in record.hashes.items() if not name.startswith("prompt:")}
    # A black-box run hashed no trajectories, so its labellers see none either.
    if line.setting == "black-box":
        request = request.model_copy(update={"setting": "black-box", "trajectories": None})
    return Outputs(name, line.agent, request, wanted)
