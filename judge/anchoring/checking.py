"""Judges an anchor where the judge is another than before, and says whether it moved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from judge.anchoring.anchors import Anchor
from judge.anchoring.identity import CODE, changes, hash_of_code
from judge.anchoring.movement import ALPHA, MOST_DROP, Movement, Outcomes, movement
from judge.judges.interface import Judge
from judge.judges.opening import Keeping
from judge.running.execution import Progress
from judge.running.planning import RunRequest, plan_runs
from judge.running.sessions import EXCHANGES, Session, open_requested, resume, run_request
from results.records import Outcome, RunRecord, RunStatus, Value
from results.run_folder import RunFolder, new_run_id


class Check(Value):
    """What a check of an anchor found.

    `status` is `first` where there was nothing to compare with, so that this run is the reference
    from now on; `known` where this very judge had judged the anchor before; `judged` where it did
    so now. `changes` is what of the judge differs from that of the reference.
    """

    anchor: str
    status: Literal["first", "known", "judged"]
    run_id: str
    reference: str
    changes: tuple[str, ...]
    errors: int
    movement: Movement


def check_anchor(
    anchor: Anchor,
    *,
    judge: str = "checks",
    model: str | None = None,
    jobs: int = 1,
    again: bool = False,
    alpha: float = ALPHA,
    most_drop: float = MOST_DROP,
    on_progress: Callable[[Progress], None] | None = None,
) -> Check:
    """Judges the anchor unless this very judge has done so, and compares with the reference.

    With `again` it is judged in any case, which shows what a hosted model does under an unchanged
    name. A run that was broken off is gone on with. Nothing of it goes into the store.
    """
    anchor.check_unchanged()
    request = run_request(
        anchor.tasks,
        anchor.workspaces,
        anchor.trajectories,
        agent=anchor.name,
        judge=judge,
        model=model,
    )
    record = _record(request)
    same = [run for run in anchor.runs() if not changes(run.record, record)]
    ended = [run for run in same if run.status is RunStatus.COMPLETE]
    broken_off = [
        run
        for run in same
        if run.status is not RunStatus.COMPLETE and _asks(run.record) == _asks(record)
    ]
    status: Literal["first", "known", "judged"] = "known"
    if ended and not again:
        run = ended[-1]
    else:
        status = "judged"
        session = resume(broken_off[-1]) if broken_off else _begin(request, anchor.runs_dir)
        if again:
            _ask_afresh(session.judge)
        run = session.execute(jobs, on_progress=on_progress).folder
    reference = anchor.run(anchor.about.accepted) if anchor.about.accepted else None
    errors = sum(outcome is Outcome.ERROR for outcome in outcomes_of(run).values())
    if reference is None:
        status, reference = "first", run
        if not errors:
            anchor.accept(run.run_id)
    return Check(
        anchor=anchor.name,
        status=status,
        run_id=run.run_id,
        reference=reference.run_id,
        changes=changes(reference.record, run.record),
        errors=errors,
        movement=movement(
            anchor.labels,
            outcomes_of(reference),
            outcomes_of(run),
            alpha=alpha,
            most_drop=most_drop,
        ),
    )


def outcomes_of(run: RunFolder) -> Outcomes:
    """(task, requirement id) -> the outcome that stands."""
    return {
        (verdict.task, verdict.requirement_id): verdict.outcome
        for verdict in run.verdicts()
        if not verdict.is_preference
    }


def _record(request: RunRequest, run_id: str = "", keeping: Keeping | None = None) -> RunRecord:
    """What run.json of a run over the anchor says, its judge's code included."""
    (plan,) = plan_runs(request)
    keeping = keeping or Keeping()
    record = plan.record(run_id, open_requested(request, keeping), keeping.nonce)
    return record.model_copy(update={"config": {**record.config, CODE: hash_of_code()}})


def _begin(request: RunRequest, runs_dir: Path) -> Session:
    run_id = new_run_id()
    keeping = Keeping(exchanges=runs_dir / run_id / EXCHANGES)
    folder = RunFolder.create(runs_dir, _record(request, run_id, keeping))
    (plan,) = plan_runs(request)
    return Session(plan, open_requested(request, keeping), folder, plan.notes)


def _ask_afresh(judge: Judge) -> None:
    """Has every model of the judge asked, whatever replies are kept from before."""
    for member in getattr(judge, "members", ()):
        _ask_afresh(member.judge)
    chat = getattr(judge, "chat", None)
    if chat is not None:
        chat.cache = None


def _asks(record: RunRecord) -> Any:
    """What was asked for, paths included: an anchor that was moved is judged from the start."""
    return record.config.get("request")
