"""Judges a finished run again from its own model exchanges, offline, and compares the verdicts."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from judge.judges.opening import Keeping
from judge.running.planning import plan_runs
from judge.running.sessions import EXCHANGES, Session, nonce_of, open_requested, request_of
from results.errors import InputError
from results.records import Value, Verdict
from results.run_folder import RunFolder


class Difference(Value):
    """A verdict that came out otherwise, or is on one side only."""

    task: str
    requirement_id: int
    is_preference: bool
    before: dict[str, Any] | None
    now: dict[str, Any] | None


class Replay(Value):
    """`identical` verdicts are equal byte for byte, but for the seconds they took."""

    run_id: str
    verdicts: int
    identical: int
    differences: tuple[Difference, ...]


def replay(folder: RunFolder, *, jobs: int = 1) -> Replay:
    """Every question of the run judged again without a request leaving the machine.

    InputError when the run's tasks or outputs are gone. A question whose exchange is not kept, or
    whose prompt or requirement changed since, comes out as a difference (`error`: not asked then).
    """
    record = folder.record
    request = request_of(folder)
    described: dict[str, Any] = record.config.get("judge") or {}
    address = _address(described)
    keeping = Keeping(nonce_of(record), folder.path / EXCHANGES, address)
    judge = open_requested(request, keeping)
    plans = plan_runs(request.model_copy(update={"agent": record.agent}))
    if len(plans) != 1:
        raise InputError(f"Run {folder.run_id} judged one agent, but {len(plans)} are there now.")
    before = {_key(v): _comparable(v) for v in folder.verdicts()}
    with tempfile.TemporaryDirectory(prefix="judge-replay-") as scratch:
        again = plans[0].record(folder.run_id, judge, keeping.nonce)
        session = Session(plans[0], judge, RunFolder.create(Path(scratch), again))
        now = {_key(v): _comparable(v) for v in session.execute(jobs=jobs).verdicts}
    keys = sorted(before.keys() | now.keys())
    differences = tuple(
        Difference(
            task=key[0],
            is_preference=key[1],
            requirement_id=key[2],
            before=before.get(key),
            now=now.get(key),
        )
        for key in keys
        if before.get(key) != now.get(key)
    )
    return Replay(
        run_id=folder.run_id,
        verdicts=len(keys),
        identical=len(keys) - len(differences),
        differences=differences,
    )


def _key(verdict: Verdict) -> tuple[str, bool, int]:
    return (verdict.task, verdict.is_preference, verdict.requirement_id)


def _comparable(verdict: Verdict) -> dict[str, Any]:
    return verdict.model_dump(mode="json", exclude={"seconds"})


def _address(described: dict[str, Any]) -> str:
    """Where the questions of the run went: of the judge, or of a panel's first member that asks."""
    members = [described, *described.get("members", ())]
    return next((str(m["endpoint"]) for m in members if m.get("endpoint")), "no endpoint")
