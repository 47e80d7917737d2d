"""Runs from end to end: begun from a request or resumed from a folder, judged, then stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from devai_tasks import bundled_example
from judge.judges.interface import Judge
from judge.judges.opening import Keeping, has_price, open_judge
from judge.material import new_nonce
from judge.running.execution import Budget, Progress, RunOutcome, execute
from judge.running.planning import RunPlan, RunRequest, Setting, plan_runs
from judge.running.provenance import differences, versions
from results.errors import InputError
from results.records import RunRecord
from results.run_folder import RunFolder, new_run_id, resolve_run
from results.store import Store

BUNDLED_AGENT = "example"
EXCHANGES = "exchanges"


@dataclass(frozen=True)
class Session:
    """One run that is about to be judged, or to be judged further."""

    plan: RunPlan
    judge: Judge
    folder: RunFolder
    notes: tuple[str, ...] = ()

    def execute(
        self,
        jobs: int = 1,
        budget: Budget | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> RunOutcome:
        """Judges what is not judged yet; see `judge.running.execute`."""
        return execute(
            self.plan,
            self.judge,
            self.folder,
            jobs=jobs,
            budget=budget,
            on_progress=on_progress,
        )


def run_request(
    tasks: Path | str | None = None,
    workspaces: Path | str | None = None,
    trajectories: Path | str | None = None,
    *,
    agent: str | None = None,
    judge: str = "checks",
    model: str | None = None,
    modules: Sequence[str] | None = None,
    planning: str | None = None,
    vision: bool = False,
    embeddings: str | None = None,
    max_steps: int | None = None,
    skip_doomed: bool = False,
    setting: Setting | None = None,
    preferences: bool = False,
    select: Sequence[str] = (),
) -> RunRequest:
    """The request, with paths made absolute; without tasks and workspaces, the bundled example."""
    if tasks is None and workspaces is None:
        example = bundled_example()
        tasks, workspaces = example.tasks, example.workspaces
        trajectories = trajectories or example.trajectories
        agent = agent or BUNDLED_AGENT
    if tasks is None or workspaces is None:
        given, wanted = (
            ("--workspaces", "--tasks") if tasks is None else ("--tasks", "--workspaces")
        )
        raise InputError(f"{given} was given without {wanted}; give both, or neither.")
    try:
        return RunRequest(
            tasks=str(tasks) if str(tasks).startswith("hub:") else _absolute(tasks),
            workspaces=_absolute(workspaces),
            trajectories=None if trajectories is None else _absolute(trajectories),
            agent=agent,
            judge=judge,
            model=model,
            modules=None if modules is None else tuple(modules),
            planning=planning,
            vision=vision,
            embeddings=embeddings,
            max_steps=max_steps,
            skip_doomed=skip_doomed,
            setting=setting,
            preferences=preferences,
            select=tuple(select),
        )
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InputError(f"The run's {place} cannot be used: {first['msg']}.") from error


def open_requested(request: RunRequest, keeping: Keeping | None = None) -> Judge:
    """The judge that a request asks for."""
    return open_judge(
        request.judge,
        request.model,
        modules=request.modules,
        planning=request.planning,
        vision=request.vision,
        embeddings=request.embeddings,
        max_steps=request.max_steps,
        keeping=keeping,
    )


def begin(request: RunRequest, run_dir: Path, budget: Budget | None = None) -> tuple[Session, ...]:
    """A session for each agent, planned and read as a whole; each has its run folder on disk."""
    sessions = []
    for plan in plan_runs(request):
        run_id = new_run_id()
        keeping = Keeping(exchanges=run_dir / run_id / EXCHANGES)
        judge = open_requested(request, keeping)
        _check_budget(judge, budget)
        folder = RunFolder.create(run_dir, plan.record(run_id, judge, keeping.nonce))
        sessions.append(Session(plan, judge, folder, plan.notes))
    return tuple(sessions)


def resume(folder: RunFolder, budget: Budget | None = None) -> Session:
    """The session that goes on with a run.

    InputError when tasks, outputs or judge are no longer those that the run began with, because
    one run would then hold verdicts on different things.
    """
    record = folder.record
    request = request_of(folder)
    keeping = Keeping(nonce_of(record), folder.path / EXCHANGES)
    judge = open_requested(request, keeping)
    _check_budget(judge, budget)
    (plan,) = plan_runs(request.model_copy(update={"agent": record.agent}))
    now = plan.record(record.run_id, judge, keeping.nonce)
    changed = [_described(name) for name in differences(record.hashes, now.hashes)]
    if _settings(now.config["judge"]) != _settings(record.config.get("judge")):
        changed.append("the judge's settings")
    if changed:
        raise InputError(
            f"Run {folder.run_id} cannot go on: {', '.join(changed[:5])} changed since it began;"
            " put that back, or start a new run."
        )
    notes = []
    renewed = differences(record.versions, versions())
    if renewed:
        notes.append(
            f"Run {folder.run_id} goes on with other versions than it began with: "
            f"{', '.join(renewed)}."
        )
    return Session(plan, judge, folder, (*plan.notes, *notes))


def request_of(folder: RunFolder) -> RunRequest:
    """What the run was asked; InputError where its record does not say."""
    try:
        return RunRequest.model_validate(folder.record.config["request"])
    except (KeyError, ValidationError) as error:
        raise InputError(
            f"Run {folder.run_id} does not say how it was begun, so it cannot be judged further."
        ) from error


def nonce_of(record: RunRecord) -> str:
    """The mark that the run's fences carried; a new one where the run had none."""
    nonce = record.config.get("nonce")
    return nonce if isinstance(nonce, str) and nonce else new_nonce()


def judge_workspaces(
    tasks: Path | str | None = None,
    workspaces: Path | str | None = None,
    trajectories: Path | str | None = None,
    *,
    agent: str | None = None,
    judge: str = "checks",
    model: str | None = None,
    modules: Sequence[str] | None = None,
    planning: str | None = None,
    vision: bool = False,
    embeddings: str | None = None,
    max_steps: int | None = None,
    skip_doomed: bool = False,
    setting: Setting | None = None,
    preferences: bool = False,
    select: Sequence[str] = (),
    jobs: int = 1,
    budget: Budget | None = None,
    store: Path | str | None = "results.duckdb",
    run_dir: Path | str | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> tuple[RunOutcome, ...]:
    """Judges every task that has a workspace; what was found, one outcome for each agent.

    Without tasks and workspaces, the bundled example. Verdicts are journaled in a folder in
    `run_dir` (default: `runs` beside the store), then stored in `store`, unless that is None.
    Raises InputError before anything is judged for whatever is wrong with the call or its input,
    and BudgetExceeded, which leaves a run that `resume_run` goes on with.
    """
    request = run_request(
        tasks,
        workspaces,
        trajectories,
        agent=agent,
        judge=judge,
        model=model,
        modules=modules,
        planning=planning,
        vision=vision,
        embeddings=embeddings,
        max_steps=max_steps,
        skip_doomed=skip_doomed,
        setting=setting,
        preferences=preferences,
        select=select,
    )
    sessions = begin(request, _run_dir(store, run_dir), budget)
    return _carried_out(sessions, jobs, budget, store, on_progress)


def resume_run(
    run: str,
    *,
    jobs: int = 1,
    budget: Budget | None = None,
    store: Path | str | None = "results.duckdb",
    run_dir: Path | str | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> RunOutcome:
    """Goes on with a run, named by id, unique prefix or folder; asks nothing that was answered."""
    folder = resolve_run(run, _run_dir(store, run_dir), store)
    return _carried_out((resume(folder, budget),), jobs, budget, store, on_progress)[0]


def _carried_out(
    sessions: Sequence[Session],
    jobs: int,
    budget: Budget | None,
    store: Path | str | None,
    on_progress: Callable[[Progress], None] | None,
) -> tuple[RunOutcome, ...]:
    outcomes = tuple(session.execute(jobs, budget, on_progress) for session in sessions)
    if store is not None:
        Store(store).ingest([outcome.folder for outcome in outcomes])
    return outcomes


def _check_budget(judge: Judge, budget: Budget | None) -> None:
    if budget is not None and budget.max_cost is not None and not has_price(judge):
        raise InputError(
            "A cost limit cannot be kept, because the price of the judge's model is not known; add"
            " it to [prices] in the config file, or limit tokens with --max-tokens."
        )


def _run_dir(store: Path | str | None, run_dir: Path | str | None) -> Path:
    if run_dir is not None:
        return Path(run_dir)
    return Path("runs") if store is None else Path(store).parent / "runs"


def _absolute(path: Path | str) -> str:
    return str(Path(path).expanduser().absolute())


def _described(name: str) -> str:
    """A hash's name as a person reads it: `workspace:01_Task` is the workspace of 01_Task."""
    kind, _, of = name.partition(":")
    return f"the {kind} of {of}" if kind in ("workspace", "trajectory") else f"the {name}"


def _settings(described: Any) -> Any:
    """A judge's description as JSON gives it back, without what is drawn anew in every process."""
    if isinstance(described, Mapping):
        return {name: _settings(value) for name, value in described.items() if name != "nonce"}
    if isinstance(described, list | tuple):
        return [_settings(value) for value in described]
    return described
